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
  double lost_after_s = 4;    ///< a process that gives no sign of life for so many seconds counts as dead
  double work_wait_s = 7200;  ///< how many seconds the others wait for one that scores or calibrates; one that died is noticed at once
};

/// Returns the value of an environment variable, nullptr where it is not set.
using Variables = std::function<const char*(const char* name)>;

/// Reads the variables. Where neither RANK nor WORLD_SIZE is set, those of a Slurm step stand in (slurm.schedmd.com/srun.html, "output
/// environment variables"): SLURM_PROCID, SLURM_STEP_NUM_TASKS and SLURM_LOCALID; MASTER_ADDR is then the first host of
/// SLURM_STEP_NODELIST and MASTER_PORT one that job and step decide, unless they are set. Without these, or where the size is 1, the job
/// has one process. Error(usage) naming the variable that is missing or makes no sense.
Rendezvous read_rendezvous(const Variables& variables);
/// The same of this process's environment.
Rendezvous environment_rendezvous();

/// The first host of a list as Slurm writes it: "node[03-06,9],other" is node03, "a,b" is a.
std::string first_host(const std::string& list);

}  // namespace nibble
