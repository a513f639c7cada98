// SPDX-License-Identifier: Apache-2.0
// Where the processes of one job meet, told by the environment variables that torchrun, and most batch systems, set.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace nibble {

struct Rendezvous {
  int rank = 0;               ///< RANK: 0 to size - 1
  int size = 1;               ///< WORLD_SIZE; 1: nobody to meet, the rest is not looked at
  int local_rank = 0;         ///< LOCAL_RANK: among the processes of this machine; where it is not set, RANK
  int local_size = 1;         ///< LOCAL_WORLD_SIZE: processes of this machine; where it is not set, WORLD_SIZE
  std::string address;        ///< MASTER_ADDR: where process 0 listens
  std::uint16_t port = 0;     ///< MASTER_PORT
  std::string interface;      ///< GLOO_SOCKET_IFNAME ("eth0"): which network carries the sums; empty: the one of the host's name
  double join_wait_s = 300;   ///< for all to come
  double work_wait_s = 7200;  ///< for one that scores or calibrates while the others wait; one that died is noticed at once
};

/// Of an environment variable; nullptr where it is not set.
using Variables = std::function<const char*(const char* name)>;

/// Neither RANK nor WORLD_SIZE, or a WORLD_SIZE of 1: one process. Error(usage) naming the variable that is missing or makes no
/// sense.
Rendezvous read_rendezvous(const Variables& variables);

}  // namespace nibble
