// SPDX-License-Identifier: Apache-2.0
#include "report/environment.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

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

int usable_cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

Json machine_facts() {
  utsname names{};
  ::uname(&names);
  const auto memory = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  return {{"os", field_of("/etc/os-release", "PRETTY_NAME", '=')},
          {"kernel", names.release},
          {"architecture", names.machine},
          {"cpu", field_of("/proc/cpuinfo", "model name", ':')},
          {"cpu_flags", vector_flags()},
          {"cores", usable_cores()},
          {"memory_bytes", memory},
          {"gpu_driver", gpu_driver()}};
}

std::string size_text(std::int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes >= 1'000'000'000) return fmt::format("{:.2f} GB", value / 1e9);
  if (bytes >= 1'000'000) return fmt::format("{:.2f} MB", value / 1e6);
  if (bytes >= 1'000) return fmt::format("{:.1f} kB", value / 1e3);
  return fmt::format("{} B", bytes);
}

}  // namespace nibble
