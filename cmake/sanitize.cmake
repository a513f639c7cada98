# SPDX-License-Identifier: Apache-2.0
# NIBBLE_SANITIZE and NIBBLE_FUZZ as compiler flags of everything of ours. A finding ends the program.
if(NIBBLE_SANITIZE)
  add_compile_options(-fsanitize=${NIBBLE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${NIBBLE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-maybe-uninitialized) # g++ 12 cries wolf in <regex> when it instruments
  endif()
endif()
if(NIBBLE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "NIBBLE_FUZZ needs clang's libFuzzer: cmake --preset fuzz, after scripts/setup.sh --dev")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_custom_target(fuzz)
endif()
