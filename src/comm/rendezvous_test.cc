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
