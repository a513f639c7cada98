# SPDX-License-Identifier: Apache-2.0
# The build id: the version, and a hash of all that decides how values lie in memory. libnibble_base.so and each loadable module hold it, and
# a module of another build is refused (base/loadable_module.h). Configuring hashes compiler and options; building hashes the headers, in
# build_id_step.cmake, so that it is always that of the files as they are. Paths and times are no part of it.
string(TOUPPER "${CMAKE_BUILD_TYPE}" NIBBLE_BUILD_TYPE)
string(SHA256 NIBBLE_BUILD_OPTIONS "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}|${CMAKE_CXX_STANDARD}|${CMAKE_CXX_FLAGS} \
${CMAKE_CXX_FLAGS_${NIBBLE_BUILD_TYPE}}|${NIBBLE_SANITIZE}")
set(NIBBLE_GENERATED ${PROJECT_BINARY_DIR}/generated)
file(GLOB_RECURSE NIBBLE_HEADERS CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include/nibble/*.h
  ${PROJECT_SOURCE_DIR}/src/*.h)
list(TRANSFORM NIBBLE_HEADERS PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE NIBBLE_HEADER_PATHS)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/build_id_headers.txt CONTENT "${NIBBLE_HEADERS}")
add_custom_command(OUTPUT ${NIBBLE_GENERATED}/base/build_id_value.h
  COMMAND ${CMAKE_COMMAND} "-DVERSION=${PROJECT_VERSION}" "-DOPTIONS=${NIBBLE_BUILD_OPTIONS}" "-DFOLDER=${PROJECT_SOURCE_DIR}"
    "-DHEADERS_FILE=${PROJECT_BINARY_DIR}/build_id_headers.txt" "-DOUTPUT=${NIBBLE_GENERATED}/base/build_id_value.h"
    -P ${PROJECT_SOURCE_DIR}/cmake/build_id_step.cmake
  DEPENDS ${NIBBLE_HEADER_PATHS} ${PROJECT_BINARY_DIR}/build_id_headers.txt ${PROJECT_SOURCE_DIR}/cmake/build_id_step.cmake
  COMMENT "build id" VERBATIM)
add_custom_target(nibble_build_id_header DEPENDS ${NIBBLE_GENERATED}/base/build_id_value.h)

# What each loadable module is linked with, so that it can say its build id.
add_library(nibble_module_build_id OBJECT ${PROJECT_SOURCE_DIR}/src/base/module_build_id.cc)
target_include_directories(nibble_module_build_id PRIVATE ${NIBBLE_GENERATED} ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(nibble_module_build_id PRIVATE nibble_warnings nibble_hardening)
add_dependencies(nibble_module_build_id nibble_build_id_header)

# nibble_loadable(TARGET): a loadable module, which shares the base library with the program and says its build id.
function(nibble_loadable target)
  target_link_libraries(${target} PRIVATE nibble_base nibble_module_build_id nibble_warnings nibble_hardening)
endfunction()
