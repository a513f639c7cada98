# SPDX-License-Identifier: Apache-2.0
# Headers that most files parse are parsed once, per kind of compilation:
#   plain       libraries: the standard library, fmt, JSON
#   light       the same for libraries that are optimised little (cmake/module.cmake)
#   onnx        the same as light and ONNX's protobuf classes
#   torch       libraries with LibTorch: plain and ATen
#   test        test programs: plain and GoogleTest
#   test_torch  test programs with LibTorch
# nibble_precompile(TARGET KIND) makes a target use one of them. A source file still includes whatever it uses: -DNIBBLE_PCH=OFF (and the
# tidy preset, whose compiler cannot read what g++ wrote) builds without.
option(NIBBLE_PCH "parse common headers once" ON)
if(NIBBLE_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options(-fpch-preprocess)  # ccache needs it to look inside
endif()

set(NIBBLE_PCH_PLAIN <algorithm> <array> <chrono> <cmath> <cstdint> <filesystem> <fstream> <functional> <map> <memory> <optional> <random>
  <regex> <set> <span> <sstream> <string> <string_view> <unordered_map> <variant> <vector> <fmt/format.h> <fmt/ranges.h> <nlohmann/json.hpp>)
set(NIBBLE_PCH_TORCH <ATen/ATen.h> <ATen/Parallel.h> <torch/csrc/autograd/autograd.h>)
set(NIBBLE_PCH_TEST <gmock/gmock.h> <gtest/gtest.h>)

# The target that owns the precompiled header of one kind; made when it is first asked for.
function(nibble_pch_owner kind)
  if(TARGET nibble_pch_${kind})
    return()
  endif()
  set(headers)
  set(source ${PROJECT_BINARY_DIR}/nibble_pch_${kind}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "int main() { return 0; }\n")
  # Programs are compiled with -fPIE and libraries with -fPIC, and a precompiled header serves one of them.
  if(kind MATCHES test)
    add_executable(nibble_pch_${kind} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(nibble_pch_${kind} PRIVATE GTest::gmock)
    target_compile_options(nibble_pch_${kind} PRIVATE ${NIBBLE_TEST_OPTIONS})
    list(APPEND headers ${NIBBLE_PCH_TEST})
  else()
    add_library(nibble_pch_${kind} OBJECT ${source})
    target_link_libraries(nibble_pch_${kind} PRIVATE nibble_hardening)
  endif()
  if(kind MATCHES "light|onnx")
    target_compile_options(nibble_pch_${kind} PRIVATE ${NIBBLE_LIGHT_OPTIONS})
  endif()
  if(kind STREQUAL onnx)
    target_link_libraries(nibble_pch_${kind} PRIVATE dep_onnx)
    list(APPEND headers <onnx/onnx_pb.h>)
  endif()
  if(kind MATCHES torch)
    target_link_libraries(nibble_pch_${kind} PRIVATE dep_torch)
    list(APPEND headers ${NIBBLE_PCH_TORCH})
  endif()
  target_link_libraries(nibble_pch_${kind} PRIVATE fmt::fmt spdlog::spdlog nlohmann_json::nlohmann_json nibble_warnings)
  target_precompile_headers(nibble_pch_${kind} PRIVATE ${headers} ${NIBBLE_PCH_PLAIN})
  set_target_properties(nibble_pch_${kind} PROPERTIES DEFINE_SYMBOL "")
endfunction()

function(nibble_precompile target kind)
  if(NOT NIBBLE_PCH)
    return()
  endif()
  nibble_pch_owner(${kind})
  if(NOT kind MATCHES test)
    target_link_libraries(${target} PRIVATE nibble_hardening)  # one header, one set of options
  endif()
  target_precompile_headers(${target} REUSE_FROM nibble_pch_${kind})
  set_target_properties(${target} PROPERTIES DEFINE_SYMBOL "")  # a macro of its own would spoil the header's
endfunction()
