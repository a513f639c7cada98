# SPDX-License-Identifier: Apache-2.0
# nibble_module(NAME [LIGHT] [SHARED] [PCH kind] SOURCES ... [APART ...] LINK ...): the library nibble_NAME of src/NAME, static unless
#   SHARED, warnings as errors. LIGHT: nothing in it computes for long, so that it is optimised little and compiles faster. Its files are
#   compiled several at once (NIBBLE_UNITY); APART: those of them that give a name to something that another one gives to something else.
# nibble_test(NAME [PCH kind] SOURCES ... [APART ...] LINK ... [LABELS label]): a GoogleTest program, each test a ctest entry, skipped tests
#   shown as skipped. PCH: the precompiled header (cmake/pch.cmake) where it is not the usual one; "none" for none.
# nibble_test_library(NAME [PCH kind] SOURCES ... LINK ...): what several test programs share, compiled once.
# nibble_fuzz(NAME SOURCES ... LINK ...): the libFuzzer program fuzz_NAME (LLVMFuzzerTestOneInput) with NIBBLE_FUZZ; else it is compiled only.
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

# Most of what a file costs is what its headers and templates cost, and files of a folder use the same ones.
option(NIBBLE_UNITY "compile several files of a folder at once" ON)
function(nibble_unite target)
  if(NIBBLE_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    if(ARGN)
      set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endif()
endfunction()

# A shared library for other programs shows what is marked, without instances of the standard library's templates.
function(nibble_show_own_names target)
  target_link_options(${target} PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
endfunction()

function(nibble_module name)
  cmake_parse_arguments(ARG "LIGHT;SHARED" "PCH" "SOURCES;APART;LINK" ${ARGN})
  if(ARG_SHARED)
    add_library(nibble_${name} SHARED ${ARG_SOURCES})
    nibble_show_own_names(nibble_${name})
  else()
    add_library(nibble_${name} STATIC ${ARG_SOURCES})
  endif()
  nibble_unite(nibble_${name} ${ARG_APART})
  target_include_directories(nibble_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(nibble_${name} PUBLIC ${ARG_LINK} PRIVATE nibble_warnings nibble_hardening)
  set(pch plain)
  if(ARG_LIGHT)
    target_compile_options(nibble_${name} PRIVATE ${NIBBLE_LIGHT_OPTIONS})
    set(pch light)
  endif()
  nibble_set_pch(nibble_${name} "${ARG_PCH}" ${pch})
endfunction()

# Tests find their data by these; ../shared is optional and its tests skip without it.
set(NIBBLE_TEST_FOLDERS NIBBLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" NIBBLE_BINARY_DIR="${PROJECT_BINARY_DIR}")

# Tests run side by side: see base/library_environment.h.
set(NIBBLE_TEST_ENVIRONMENT GOMP_SPINCOUNT=2000)

function(nibble_test name)
  if(NOT NIBBLE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "LABELS;PCH" "SOURCES;APART;LINK" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  nibble_unite(${name}_test ${ARG_APART})
  target_compile_options(${name}_test PRIVATE ${NIBBLE_TEST_OPTIONS})
  nibble_set_pch(${name}_test "${ARG_PCH}" test)
  target_link_libraries(${name}_test PRIVATE ${ARG_LINK} nibble_warnings GTest::gmock GTest::gtest_main)
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name}_test PRIVATE ${NIBBLE_TEST_FOLDERS})
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST
    PROPERTIES ENVIRONMENT "${NIBBLE_TEST_ENVIRONMENT}" LABELS "${ARG_LABELS}")
endfunction()

function(nibble_test_library name)
  if(NOT NIBBLE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;LINK" ${ARGN})
  add_library(nibble_${name} STATIC ${ARG_SOURCES})
  target_compile_options(nibble_${name} PRIVATE ${NIBBLE_TEST_OPTIONS})
  target_include_directories(nibble_${name} PUBLIC ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_compile_definitions(nibble_${name} PRIVATE ${NIBBLE_TEST_FOLDERS})
  target_link_libraries(nibble_${name} PUBLIC ${ARG_LINK} PRIVATE nibble_warnings nibble_hardening GTest::gmock)
  nibble_set_pch(nibble_${name} "${ARG_PCH}" light)
endfunction()

function(nibble_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  if(NOT NIBBLE_FUZZ)
    if(NIBBLE_TESTS)  # compiled with everything else, so that a change cannot break it unseen
      add_library(fuzz_${name}_test OBJECT ${ARG_SOURCES})
      target_link_libraries(fuzz_${name}_test PRIVATE ${ARG_LINK} nibble_warnings)
    endif()
    return()
  endif()
  add_executable(fuzz_${name} ${ARG_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE ${ARG_LINK} nibble_warnings)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzz fuzz_${name})
endfunction()
