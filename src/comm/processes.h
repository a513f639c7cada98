// SPDX-License-Identifier: Apache-2.0
// The processes that do one job together. The class itself stands for a single process, which needs no network and exchanges nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "comm/rendezvous.h"

namespace at {
class Tensor;
}

namespace nibble {

/// What one process has exchanged: the calls, and the bytes it handed over and was given.
struct Traffic {
  std::int64_t calls = 0, sent_bytes = 0, received_bytes = 0;
};

/// All processes must call the same functions in the same order, with tensors of the same shape and type. Error(environment)
/// where another process has gone, naming it by its rank, or keeps silent for Rendezvous::work_wait_s.
class Processes {
 public:
  virtual ~Processes() = default;
  virtual int rank() const { return 0; }
  virtual int size() const { return 1; }
  bool is_first() const { return rank() == 0; }

  /// Replaces each process's values by their sum over processes, the same bits in all of them.
  virtual void sum(at::Tensor& values) {}
  virtual void sum(std::span<double> values) {}
  /// Replaces each process's values by those of process 0.
  virtual void broadcast(at::Tensor& values) {}
  virtual void broadcast(std::span<double> values) {}
  /// The same of bytes; those of the other processes may be of any number before.
  virtual void broadcast(std::string& bytes) {}
  /// In process 0: the bytes of all processes by rank, which may differ in number. Empty in the others.
  virtual std::vector<std::string> gather(std::string bytes);

  /// The same error as above where a process is known to have died, else nothing: for long work between two of the calls above.
  virtual void require_all() {}
  virtual Traffic traffic() const { return {}; }
};

/// Waits until all processes are there. For a job of one process it returns at once and does not load LibTorch. Error(environment) where
/// some do not come within join_wait_s, or the port is taken; Error(usage) where two have the same rank.
std::shared_ptr<Processes> join_processes(const Rendezvous& rendezvous);

/// What the shared module nibble_torch offers to join_processes: a C name with this C++ type.
using JoinProcessesFunction = void(const Rendezvous&, std::shared_ptr<Processes>&);
inline constexpr const char* kJoinProcessesSymbol = "nibble_join_processes";

}  // namespace nibble
