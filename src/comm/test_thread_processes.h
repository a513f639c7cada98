// SPDX-License-Identifier: Apache-2.0
// Threads that stand for the processes of a job, so that ThreadSanitizer sees all of them: what they exchange lies in memory.
#pragma once
#include <barrier>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "comm/processes.h"

namespace nibble::test {

/// Where they meet: each puts down what it has and then sees what all have.
class MeetingPlace {
 public:
  explicit MeetingPlace(int size) : all_(static_cast<std::size_t>(size)), barrier_(size) {}

  template <class Look>
  void exchange(int rank, std::string bytes, const Look& look) {
    all_[static_cast<std::size_t>(rank)] = std::move(bytes);
    barrier_.arrive_and_wait();
    look(static_cast<const std::vector<std::string>&>(all_));
    barrier_.arrive_and_wait();
  }

 private:
  std::vector<std::string> all_;
  std::barrier<> barrier_;
};

class ThreadProcesses : public Processes {
 public:
  ThreadProcesses(int rank, int size, MeetingPlace& place) : rank_(rank), size_(size), place_(place) {}
  using Processes::broadcast;
  using Processes::sum;
  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void sum(std::span<double> values) override {
    place_.exchange(rank_, bytes_of(values), [&](const auto& all) {
      std::fill(values.begin(), values.end(), 0);
      for (const std::string& bytes : all)
        for (std::size_t i = 0; i < values.size(); ++i) values[i] += reinterpret_cast<const double*>(bytes.data())[i];
    });
  }
  void broadcast(std::string& bytes) override {
    place_.exchange(rank_, bytes, [&](const auto& all) { bytes = all[0]; });
  }
  std::vector<std::string> gather(std::string bytes) override {
    std::vector<std::string> result;
    place_.exchange(rank_, std::move(bytes), [&](const auto& all) {
      if (rank_ == 0) result = all;
    });
    return result;
  }

 private:
  static std::string bytes_of(std::span<const double> values) {
    return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
  }

  const int rank_, size_;
  MeetingPlace& place_;
};

/// Runs `body` in a thread for each rank. It must not throw.
inline void in_threads(int size, const std::function<void(const std::shared_ptr<Processes>&)>& body) {
  MeetingPlace place(size);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank) threads.emplace_back([&, rank] { body(std::make_shared<ThreadProcesses>(rank, size, place)); });
}

}  // namespace nibble::test
