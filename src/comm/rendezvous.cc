// SPDX-License-Identifier: Apache-2.0
#include "comm/rendezvous.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void refuse(const char* name, const std::string& why) {
  throw Error(ErrorKind::usage,
              fmt::format("several processes: {}: {}; each needs RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun "
                          "sets them",
                          name, why));
}

bool is_set(const char* value) { return value != nullptr && *value != '\0'; }

std::string text(const Variables& variables, const char* name) {
  const char* value = variables(name);
  if (!is_set(value)) refuse(name, "is not set");
  return value;
}

std::int64_t number(const Variables& variables, const char* name, std::int64_t least, std::int64_t most) {
  const std::string value = text(variables, name);
  std::int64_t result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc() || end != value.data() + value.size() || result < least || result > most)
    refuse(name, fmt::format("\"{}\" is no number from {} to {}", value, least, most));
  return result;
}

}  // namespace

Rendezvous read_rendezvous(const Variables& variables) {
  constexpr std::int64_t kMostProcesses = 65536, kMostPort = 65535;
  Rendezvous result;
  if (!is_set(variables("RANK")) && !is_set(variables("WORLD_SIZE"))) return result;
  result.size = static_cast<int>(number(variables, "WORLD_SIZE", 1, kMostProcesses));
  if (result.size == 1) return result;
  result.rank = static_cast<int>(number(variables, "RANK", 0, result.size - 1));
  const auto local = [&](const char* name, std::int64_t least, std::int64_t most, int otherwise) {
    return is_set(variables(name)) ? static_cast<int>(number(variables, name, least, most)) : otherwise;
  };
  result.local_size = local("LOCAL_WORLD_SIZE", 1, result.size, result.size);
  result.local_rank = local("LOCAL_RANK", 0, result.size - 1, result.rank);
  result.address = text(variables, "MASTER_ADDR");
  result.port = static_cast<std::uint16_t>(number(variables, "MASTER_PORT", 1, kMostPort));
  if (const char* interface = variables("GLOO_SOCKET_IFNAME"); is_set(interface)) result.interface = interface;
  return result;
}

}  // namespace nibble
