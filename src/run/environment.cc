// SPDX-License-Identifier: Apache-2.0
#include "run/environment.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/threads.h"

namespace nibble {
namespace {

/// Text behind the colon of the first line that starts with `key`, or "unknown".
std::string field_of(const std::filesystem::path& file, const std::string& key, char separator) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(key)) continue;
    const auto at = line.find(separator);
    if (at == std::string::npos) continue;
    const auto begin = line.find_first_not_of(" \t\"", at + 1);
    const auto end = line.find_last_not_of(" \t\"");
    return begin == std::string::npos ? "" : line.substr(begin, end - begin + 1);
  }
  return "unknown";
}

/// Vector extensions: they decide which kernels a library takes, and with them the last bits of a sum.
std::vector<std::string> vector_flags() {
  std::istringstream words(field_of("/proc/cpuinfo", "flags", ':'));
  std::vector<std::string> flags;
  for (std::string word; words >> word;)
    if (word.starts_with("avx") || word.starts_with("amx") || word == "fma" || word == "f16c" || word == "sse4_2") flags.push_back(word);
  return flags;
}

Json gpu_driver() {
  const std::filesystem::path version = "/proc/driver/nvidia/version";
  std::ifstream stream(version);
  std::string line;
  return std::getline(stream, line) ? Json(line) : Json(nullptr);
}

}  // namespace

Json machine_facts() {
  utsname names{};
  ::uname(&names);
  const auto memory = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  return {{"os", field_of("/etc/os-release", "PRETTY_NAME", '=')},
          {"kernel", names.release},
          {"architecture", names.machine},
          {"cpu", field_of("/proc/cpuinfo", "model name", ':')},
          {"cpu_flags", vector_flags()},
          {"cores", thread_count(0)},
          {"memory_bytes", memory},
          {"gpu_driver", gpu_driver()}};
}

}  // namespace nibble
