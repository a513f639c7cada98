// SPDX-License-Identifier: Apache-2.0
// Where the processes of one job meet, read from the environment variables that torchrun and most batch systems set.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace nibble {

struct Rendezvous {
  int rank = 0;               ///< RANK: 0 to size - 1
  int size = 1;               ///< WORLD_SIZE; where it is 1 there is nobody to meet, and the rest is not looked at
  int local_rank = 0;         ///< LOCAL_RANK: this one's number among the processes of its machine; where it is not set, RANK
  int local_size = 1;         ///< LOCAL_WORLD_SIZE: how many processes its machine has; where it is not set, WORLD_SIZE
  std::string address;        ///< MASTER_ADDR: where process 0 listens
  std::uint16_t port = 0;     ///< MASTER_PORT
  std::string interface;      ///< GLOO_SOCKET_IFNAME ("eth0"): the network that carries the sums; empty: the one of the host's name
  double join_wait_s = 300;   ///< how many seconds all have to come
  double work_wait_s = 7200;  ///< how many seconds the others wait for one that scores or calibrates; one that died is noticed at once
};

/// Returns the value of an environment variable, nullptr where it is not set.
using Variables = std::function<const char*(const char* name)>;

/// Reads the variables. Where neither RANK nor WORLD_SIZE is set, or WORLD_SIZE is 1, the job has one process. Error(usage) naming the
/// variable that is missing or makes no sense.
Rendezvous read_rendezvous(const Variables& variables);

}  // namespace nibble
