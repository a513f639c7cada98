// SPDX-License-Identifier: Apache-2.0
#include "comm/rendezvous.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::int64_t kMostProcesses = 65536, kMostPort = 65535;

[[noreturn]] void refuse(const char* name, const std::string& why) {
  throw Error(ErrorKind::usage,
              fmt::format("several processes: {}: {}; each needs RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun "
                          "sets them, or be a task of srun",
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

/// Outside of srun, in a batch script, SLURM_STEP_NUM_TASKS is not set: there is one process, whatever the job may start later.
Rendezvous read_slurm(const Variables& variables) {
  constexpr std::int64_t kFirstPort = 20000, kPorts = 12000;  // below those that Linux gives away itself
  Rendezvous result;
  result.size = static_cast<int>(number(variables, "SLURM_STEP_NUM_TASKS", 1, kMostProcesses));
  if (result.size == 1) return result;
  result.rank = static_cast<int>(number(variables, "SLURM_PROCID", 0, result.size - 1));
  result.local_rank = static_cast<int>(number(variables, "SLURM_LOCALID", 0, result.size - 1));
  result.local_size = result.size;
  if (const char* tasks = variables("SLURM_STEP_TASKS_PER_NODE");
      is_set(tasks))  // "4(x2)": of the first host; where others differ, of no use
    std::from_chars(tasks, tasks + std::string_view(tasks).size(), result.local_size);
  result.address = is_set(variables("MASTER_ADDR")) ? variables("MASTER_ADDR") : first_host(text(variables, "SLURM_STEP_NODELIST"));
  const auto most = std::int64_t{1} << 40;
  result.port = static_cast<std::uint16_t>(
      is_set(variables("MASTER_PORT"))
          ? number(variables, "MASTER_PORT", 1, kMostPort)
          : kFirstPort + (number(variables, "SLURM_JOB_ID", 0, most) * 7 + number(variables, "SLURM_STEP_ID", 0, most)) % kPorts);
  if (const char* interface = variables("GLOO_SOCKET_IFNAME"); is_set(interface)) result.interface = interface;
  return result;
}

}  // namespace

std::string first_host(const std::string& list) {
  const auto bracket = list.find('['), comma = list.find(',');
  if (bracket == std::string::npos || comma < bracket) return list.substr(0, comma);
  const auto end = list.find_first_of(",-]", bracket), close = list.find(']', bracket);
  if (close == std::string::npos) return list;
  const auto rest = list.find(',', close);
  return list.substr(0, bracket) + list.substr(bracket + 1, end - bracket - 1) +
         list.substr(close + 1, rest == std::string::npos ? rest : rest - close - 1);
}

Rendezvous environment_rendezvous() {
  return read_rendezvous([](const char* name) -> const char* { return std::getenv(name); });
}

Rendezvous read_rendezvous(const Variables& variables) {
  Rendezvous result;
  if (!is_set(variables("RANK")) && !is_set(variables("WORLD_SIZE")))
    return is_set(variables("SLURM_STEP_NUM_TASKS")) ? read_slurm(variables) : result;
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
