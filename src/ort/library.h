// SPDX-License-Identifier: Apache-2.0
// libonnxruntime, found and loaded once per process.
#pragma once
#include <onnxruntime_cxx_api.h>

#include <filesystem>
#include <string>
#include <vector>

namespace nibble {

struct OrtLibrary {
  const OrtApi* api = nullptr;
  std::string version;
  std::filesystem::path path;  ///< the file the loader opened
};

/// The loaded runtime; the C++ wrapper (namespace Ort) works after the first call. Thread-safe. Error(environment) with
/// every place tried, why each failed, and how to get the library. A failed search is repeated at the next call.
const OrtLibrary& ort_library();

/// The one environment of the process, made at first use, never torn down: threads of the runtime may outlive main.
Ort::Env& ort_environment();

/// Places to look, in order. `named` is the user's $NIBBLE_ONNXRUNTIME: when set, it is the only one, so that a typing
/// error does not silently measure another runtime. The path compiled in is left out where it lies in the source tree and
/// libnibble_base.so, in `library_folder`, is not in its build folder.
std::vector<std::filesystem::path> ort_candidates(const char* named, const std::filesystem::path& library_folder);

/// Loads the first of `candidates` that is there and new enough. Error(environment) as ort_library.
OrtLibrary load_ort(const std::vector<std::filesystem::path>& candidates);

}  // namespace nibble
