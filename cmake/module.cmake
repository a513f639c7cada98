# SPDX-License-Identifier: Apache-2.0
# nibble_module(NAME [LIGHT] [PCH kind] SOURCES ... LINK ...): the static library nibble_NAME of src/NAME, warnings as errors. LIGHT: nothing
#   in it computes for long, so that it is optimised little and compiles faster.
# nibble_test(NAME [PCH kind] SOURCES ... LINK ... [LABELS label]): a GoogleTest program, each test a ctest entry, skipped tests shown as
#   skipped. PCH: the precompiled header (cmake/pch.cmake) where it is not the usual one; "none" for none.
# nibble_fuzz(NAME SOURCES ... LINK ...): the libFuzzer program fuzz_NAME (LLVMFuzzerTestOneInput), with NIBBLE_FUZZ only.
add_library(nibble_warnings INTERFACE)
target_compile_options(nibble_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-unused-parameter
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # false alarms of g++ 12 on string concatenation (GCC bug 105651)
  -Werror)

# The kind that was asked for, else the default.
function(nibble_set_pch target asked default)
  if(NOT asked)
    set(asked ${default})
  endif()
  if(NOT asked STREQUAL none)
    nibble_precompile(${target} ${asked})
  endif()
endfunction()

# What a test checks does not depend on how far it is optimised, and compiling tests is half of a build. Numbers do not depend on it
# either: no level changes the order or the precision of floating-point operations.
set(NIBBLE_LIGHT_OPTIONS $<$<CONFIG:Release>:-O1>)
set(NIBBLE_TEST_OPTIONS ${NIBBLE_LIGHT_OPTIONS})

function(nibble_module name)
  cmake_parse_arguments(ARG "LIGHT" "PCH" "SOURCES;LINK" ${ARGN})
  add_library(nibble_${name} STATIC ${ARG_SOURCES})
  target_include_directories(nibble_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(nibble_${name} PUBLIC ${ARG_LINK} PRIVATE nibble_warnings)
  set(pch plain)
  if(ARG_LIGHT)
    target_compile_options(nibble_${name} PRIVATE ${NIBBLE_LIGHT_OPTIONS})
    set(pch light)
  endif()
  nibble_set_pch(nibble_${name} "${ARG_PCH}" ${pch})
endfunction()

function(nibble_test name)
  if(NOT NIBBLE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "LABELS;PCH" "SOURCES;LINK" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  target_compile_options(${name}_test PRIVATE ${NIBBLE_TEST_OPTIONS})
  nibble_set_pch(${name}_test "${ARG_PCH}" test)
  target_link_libraries(${name}_test PRIVATE ${ARG_LINK} nibble_warnings GTest::gmock GTest::gtest_main)
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tests)
  # Tests find their data by these; ../shared is optional and its tests skip without it.
  target_compile_definitions(${name}_test PRIVATE NIBBLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" NIBBLE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  # Beside the loadable modules, so that they are found; exporting the symbols they share with the program (base/loadable_module.h).
  set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} ENABLE_EXPORTS ON)
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${ARG_LABELS}")
endfunction()

function(nibble_fuzz name)
  if(NOT NIBBLE_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE ${ARG_LINK} nibble_warnings)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzz fuzz_${name})
endfunction()
