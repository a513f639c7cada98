// SPDX-License-Identifier: Apache-2.0
#include "base/loadable_module.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/build_id.h"
#include "base/library_environment.h"
#include "base/library_folder.h"
#include "base/locations.h"
#include "base/memory_room.h"
#include "base/threads.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> search_folders() {
  if (const auto chosen = chosen_locations().modules; !chosen.empty()) return {chosen};
  std::vector<fs::path> folders;
  if (const char* named = std::getenv("NIBBLE_MODULES")) folders.emplace_back(named);
  if (const fs::path own = library_folder(); !own.empty()) folders.push_back(own);
  return folders;
}

[[noreturn]] void throw_missing(const std::string& file, const std::vector<fs::path>& folders) {
  std::vector<std::string> tried;
  for (const auto& folder : folders) tried.push_back(folder.string());
  throw Error(ErrorKind::environment,
              fmt::format("missing part of nibble: {}: not in {}; build or install it beside libnibble_base.so, or name its folder in "
                          "NIBBLE_MODULES",
                          file, fmt::join(tried, ", ")));
}

/// What loading and using a module takes at least, measured as VmPeak (0.49 GB and 0.85 GB for loading alone) and rounded up: below that,
/// OpenBLAS, which comes with both, waits for an allocation that never succeeds.
struct ModuleNeed {
  std::string_view library;
  std::int64_t address_space_mib, per_thread_mib, memory_mib;
};
constexpr std::array<ModuleNeed, 2> kNeeds = {{{"nibble_image", 640, 64, 128}, {"nibble_torch", 1536, 128, 384}}};

/// A module of another build would read this one's values wrongly, at best with a crash.
void require_same_build(void* handle, const fs::path& path) {
  const auto id = reinterpret_cast<ModuleBuildIdFunction*>(::dlsym(handle, kModuleBuildIdSymbol));
  const std::string found = id ? id() : "without a build id";
  if (found == build_id()) return;
  throw Error(ErrorKind::environment, fmt::format("part of nibble does not fit: {}: it is of build {}, nibble itself of build {}; build or "
                                                  "install both together",
                                                  path.string(), found, build_id()));
}

void* load_from(const fs::path& path) {
  const LibraryEnvironment environment;
  // RTLD_LOCAL: the heavy library's symbols stay out of the way of other modules (two protobufs, two OpenMPs).
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Error(ErrorKind::environment,
                fmt::format("cannot load part of nibble: {}: {}; install the library it needs (nibble doctor lists them)", path.string(),
                            ::dlerror()));
  require_same_build(handle, path);
  return handle;
}

void* load_module(const std::string& library) {
  const std::string file = "lib" + library + ".so";
  const auto folders = search_folders();
  std::error_code error;
  for (const auto& folder : folders)
    if (fs::exists(folder / file, error)) {
      require_module_memory(library);
      return load_from(folder / file);
    }
  throw_missing(file, folders);
}

void* handle_of(const std::string& library) {
  static std::mutex mutex;
  static std::map<std::string, void*> handles;
  const std::lock_guard lock(mutex);
  auto& handle = handles[library];
  if (!handle) handle = load_module(library);
  return handle;
}

}  // namespace

void require_module_memory(const std::string& library) {
  constexpr std::int64_t kMebibyte = 1 << 20;
  for (const auto& need : kNeeds)
    if (need.library == library)
      require_memory("loading lib" + library + ".so", (need.address_space_mib + need.per_thread_mib * thread_count(0)) * kMebibyte,
                     need.memory_mib * kMebibyte);
}

void* module_symbol(const std::string& library, const std::string& symbol) {
  void* address = ::dlsym(handle_of(library), symbol.c_str());
  if (!address)
    throw Error(ErrorKind::environment, fmt::format("part of nibble does not fit: lib{}.so: symbol {} is missing; build both from the same "
                                                    "source",
                                                    library, symbol));
  return address;
}

}  // namespace nibble
