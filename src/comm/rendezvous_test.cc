// SPDX-License-Identifier: Apache-2.0
#include "comm/rendezvous.h"

#include <map>

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

Rendezvous read(const std::map<std::string, std::string>& set) {
  return read_rendezvous([&](const char* name) {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  });
}

TEST(Rendezvous, WithoutVariablesOneProcess) {
  EXPECT_EQ(read({}).size, 1);
  EXPECT_EQ(read({{"RANK", ""}, {"WORLD_SIZE", ""}}).size, 1);
  EXPECT_EQ(read({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).size, 1) << "a batch system's job of one: nobody to meet";
}

TEST(Rendezvous, IsReadFromTorchrunsVariables) {
  const auto place = read({{"RANK", "3"},
                           {"WORLD_SIZE", "4"},
                           {"LOCAL_RANK", "1"},
                           {"LOCAL_WORLD_SIZE", "2"},
                           {"MASTER_ADDR", "node1"},
                           {"MASTER_PORT", "29500"},
                           {"GLOO_SOCKET_IFNAME", "eth1"}});
  EXPECT_EQ(place.rank, 3);
  EXPECT_EQ(place.size, 4);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.local_size, 2);
  EXPECT_EQ(place.address, "node1");
  EXPECT_EQ(place.port, 29500);
  EXPECT_EQ(place.interface, "eth1");
}

TEST(Rendezvous, IsReadFromSlurmsVariables) {
  const std::map<std::string, std::string> step = {
      {"SLURM_STEP_NUM_TASKS", "6"},         {"SLURM_PROCID", "5"},  {"SLURM_LOCALID", "1"}, {"SLURM_STEP_TASKS_PER_NODE", "2(x3)"},
      {"SLURM_STEP_NODELIST", "gpu[07-09]"}, {"SLURM_JOB_ID", "41"}, {"SLURM_STEP_ID", "3"}};
  const auto place = read(step);
  EXPECT_EQ(place.rank, 5);
  EXPECT_EQ(place.size, 6);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.local_size, 2);
  EXPECT_EQ(place.address, "gpu07");
  EXPECT_EQ(place.port, 20290) << "20000 + 41 * 7 + 3";
  auto with_own = step;
  with_own["MASTER_ADDR"] = "10.0.0.1";
  with_own["MASTER_PORT"] = "29500";
  EXPECT_EQ(read(with_own).address, "10.0.0.1");
  EXPECT_EQ(read(with_own).port, 29500);
  with_own["RANK"] = "0";
  with_own["WORLD_SIZE"] = "2";
  EXPECT_EQ(read(with_own).size, 2) << "torchrun in a task of Slurm";
  EXPECT_EQ(read({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}).size, 1) << "a batch script itself";
  auto without = step;
  without.erase("SLURM_STEP_NODELIST");
  expect_error(ErrorKind::usage, {"SLURM_STEP_NODELIST: is not set", "srun"}, [&] { read(without); });
}

TEST(Rendezvous, TakesTheFirstHostOfAList) {
  EXPECT_EQ(first_host("a"), "a");
  EXPECT_EQ(first_host("a,b[1-2]"), "a");
  EXPECT_EQ(first_host("node[03-06,9],other"), "node03");
  EXPECT_EQ(first_host("node[5]"), "node5");
  EXPECT_EQ(first_host("rack[1-2]x,b"), "rack1x");
}

TEST(Rendezvous, NamesTheVariableThatIsMissingOrWrong) {
  const std::map<std::string, std::string> whole = {
      {"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29500"}};
  EXPECT_EQ(read(whole).rank, 1);
  EXPECT_EQ(read(whole).local_rank, 1) << "all on one machine, for all that is said";
  EXPECT_EQ(read(whole).local_size, 2);
  for (const auto& [name, value] : whole) {
    auto without = whole;
    without.erase(name);
    expect_error(ErrorKind::usage, {name + ": is not set", "torchrun"}, [&] { read(without); });
  }
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"RANK", "2"},
                                                                                    {"WORLD_SIZE", "0"},
                                                                                    {"MASTER_PORT", "65536"},
                                                                                    {"MASTER_PORT", "http"},
                                                                                    {"RANK", "-1"},
                                                                                    {"WORLD_SIZE", "2 "},
                                                                                    {"LOCAL_RANK", "2"}}) {
    auto wrong = whole;
    wrong[name] = value;
    expect_error(ErrorKind::usage, {name + ": \"" + value + "\" is no number from"}, [&] { read(wrong); });
  }
}

}  // namespace
}  // namespace nibble
