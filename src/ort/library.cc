// SPDX-License-Identifier: Apache-2.0
#include "ort/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <mutex>
#include <optional>

#include "base/library_folder.h"
#include "base/locations.h"
#include "base/log.h"
#include "base/shared_data.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr const char* kAdvice =
    "run `make setup`, or set NIBBLE_ONNXRUNTIME to a libonnxruntime.so of version 1.21 or newer (it is in the onnxruntime and "
    "onnxruntime-gpu wheels, folder onnxruntime/capi)";

std::filesystem::path file_of(void* symbol, const std::filesystem::path& asked) {
  Dl_info info{};
  return dladdr(symbol, &info) != 0 && info.dli_fname ? std::filesystem::path(info.dli_fname) : asked;
}

/// The library at `path`, or why not in `why`.
std::optional<OrtLibrary> try_load(const std::filesystem::path& path, std::string& why) {
  // RTLD_LOCAL: its bundled protobuf and the process's own must not see each other.
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    why = dlerror();
    return std::nullopt;
  }
  void* symbol = dlsym(handle, "OrtGetApiBase");
  if (!symbol) {
    why = "is not ONNX Runtime (no OrtGetApiBase)";
    return std::nullopt;
  }
  const OrtApiBase* base = reinterpret_cast<const OrtApiBase* (*)()>(symbol)();
  const OrtApi* api = base->GetApi(ORT_API_VERSION);
  if (!api) {
    why = fmt::format("is version {}, older than 1.{}", base->GetVersionString(), ORT_API_VERSION);
    return std::nullopt;
  }
  return OrtLibrary{api, base->GetVersionString(), file_of(symbol, path)};
}

}  // namespace

std::vector<std::filesystem::path> ort_candidates(const char* named, const std::filesystem::path& library_folder) {
  if (named && *named) return {named};
  std::vector<std::filesystem::path> candidates;
  if (!library_folder.empty()) candidates.push_back(library_folder / "libonnxruntime.so.1");
  if (!NIBBLE_ORT_IN_SOURCE_TREE || is_build_folder(library_folder)) candidates.emplace_back(NIBBLE_ORT_LIBRARY);
  candidates.emplace_back("libonnxruntime.so.1");
  candidates.emplace_back("libonnxruntime.so");
  return candidates;
}

OrtLibrary load_ort(const std::vector<std::filesystem::path>& candidates) {
  // Some builds of the runtime upload usage data unless this is set before they are loaded.
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  std::string tried;
  for (const auto& path : candidates) {
    std::string why;
    if (auto library = try_load(path, why)) return *library;
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : " | ", path.string(), why);
  }
  throw Error(ErrorKind::environment, fmt::format("ONNX Runtime: not found: tried {}; {}", tried, kAdvice));
}

/// What the runtime says goes to the log as other messages do: on standard error it would hold names of the file as they are, and come
/// twice, for errors are thrown as well.
void ORT_API_CALL to_log(void*, OrtLoggingLevel, const char*, const char*, const char*, const char* message) {
  log(LogLevel::debug, fmt::format("ONNX Runtime: {}", message));
}

const OrtLibrary& ort_library() {
  static std::mutex mutex;
  static std::optional<OrtLibrary> loaded;
  const std::lock_guard lock(mutex);
  if (!loaded) {
    const auto chosen = chosen_locations().runtime;
    loaded = load_ort(ort_candidates(chosen.empty() ? std::getenv("NIBBLE_ONNXRUNTIME") : chosen.c_str(), library_folder()));
    Ort::InitApi(loaded->api);
  }
  return *loaded;
}

Ort::Env& ort_environment() {
  ort_library();
  static auto* environment = new Ort::Env(ORT_LOGGING_LEVEL_ERROR, "nibble", to_log, nullptr);
  return *environment;
}

}  // namespace nibble
