// SPDX-License-Identifier: Apache-2.0
// Snapshots of a process that is killed, or whose disk is full.
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/full_disk.h"
#include "support/scratch.h"
#include "train/snapshot.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

class SnapshotKill : public test::Scratch {};

/// All tensors hold the counter, so that a mixture of two snapshots would show.
Snapshot numbered(std::int64_t number) {
  Snapshot snapshot;
  snapshot.run = "kill";
  snapshot.counters["number"] = number;
  for (int i = 0; i < 4; ++i)
    snapshot.tensors["w" + std::to_string(i)] = Tensor::of<float>({1 << 16}, std::vector<float>(1 << 16, static_cast<float>(number)));
  return snapshot;
}

std::int64_t number_of_whole(const Snapshot& snapshot) {
  const std::int64_t number = snapshot.counter("number");
  for (const auto& [name, tensor] : snapshot.tensors)
    for (const float value : tensor.as<float>())
      if (value != static_cast<float>(number)) ADD_FAILURE() << name << " holds " << value << " where " << number << " was written";
  return number;
}

/// A child process that writes snapshot after snapshot until it is killed.
pid_t start_writer(const fs::path& path, std::int64_t first) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    for (std::int64_t number = first;; ++number) write_snapshot(path, numbered(number));
  } catch (...) {
  }
  ::_exit(1);
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_F(SnapshotKill, KilledAtAnyMomentItLeavesAWholeSnapshot) {
  const auto path = folder() / "last.snapshot";
  write_snapshot(path, numbered(0));
  std::int64_t last = 0;
  constexpr int kRounds = 30;
  for (int round = 0; round < kRounds; ++round) {
    const auto before = read_file(path);
    const pid_t child = start_writer(path, last + 1);
    ASSERT_GT(child, 0);
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + 1700 * round));
    while (round + 1 == kRounds && read_file(path) == before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    const std::int64_t number = number_of_whole(read_snapshot(path, "kill"));
    EXPECT_GE(number, last);
    if (round + 1 == kRounds) {
      EXPECT_GT(number, last) << "the last writer had the time to finish one";
    }
    last = number;
  }
  write_snapshot(path, numbered(last + 1));
  EXPECT_EQ(entries(folder()), 1U) << "what killed writers left is gone";
}

TEST_F(SnapshotKill, OtherFilesBesideItStay) {
  const auto path = folder() / "last.snapshot";
  constexpr pid_t dead = (1 << 22) + 1;  // no process of Linux has such a number
  const auto living = "other." + std::to_string(::getpid()) + "-3.part", left = "last.snapshot." + std::to_string(dead) + "-3.part";
  for (const auto& name : {std::string("last.snapshot.txt"), std::string("last.snapshot.12-x.part"), living}) file(name, "mine");
  file(left, "left");
  write_snapshot(path, numbered(1));
  EXPECT_EQ(entries(folder()), 4U);
  EXPECT_FALSE(fs::exists(folder() / left));
}

TEST_F(SnapshotKill, AFullDiskKeepsTheOldOne) {
  const auto path = folder() / "last.snapshot";
  write_snapshot(path, numbered(1));
  {
    const test::FullDisk full(1 << 18);
    test::expect_error(ErrorKind::environment, {"last.snapshot"}, [&] { write_snapshot(path, numbered(2)); });
  }
  EXPECT_EQ(number_of_whole(read_snapshot(path, "kill")), 1);
  EXPECT_EQ(entries(folder()), 1U);
}

}  // namespace
}  // namespace nibble
