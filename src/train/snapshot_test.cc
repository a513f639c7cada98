// SPDX-License-Identifier: Apache-2.0
#include "train/snapshot.h"

#include <sys/stat.h>

#include <limits>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

class SnapshotFile : public test::Scratch {};

Snapshot example() {
  Snapshot snapshot;
  snapshot.run = "w4a8 seed 0";
  snapshot.counters = {{"epoch", 3}, {"step", std::numeric_limits<std::int64_t>::max()}};
  snapshot.texts = {{"best", "epoch 2 \xC3\xA4"}, {"empty", ""}};
  snapshot.tensors["weight"] = Tensor::of<float>({2, 2}, {1, -0.0F, std::numeric_limits<float>::quiet_NaN(), 1e-45F});
  snapshot.tensors["codes"] = Tensor::of<std::int8_t>({3}, {-8, 0, 7});
  snapshot.tensors["none"] = Tensor::of<float>({0, 4}, {});
  snapshot.tensors["half"] = Tensor::of<Half>({1}, {to_half(0.5F)});
  snapshot.tensors["mask"] = Tensor::from_bytes(DType::boolean, {2}, std::vector<std::byte>{std::byte{1}, std::byte{0}});
  snapshot.set_number("loss", -std::numeric_limits<double>::infinity());
  return snapshot;
}

TEST_F(SnapshotFile, ComesBackBitForBit) {
  const auto path = folder() / "run" / "last.snapshot";
  write_snapshot(path, example());
  const Snapshot back = read_snapshot(path, "w4a8 seed 0");
  const Snapshot wanted = example();
  EXPECT_EQ(back.run, wanted.run);
  EXPECT_EQ(back.counters, wanted.counters);
  EXPECT_EQ(back.texts, wanted.texts);
  ASSERT_EQ(back.tensors.size(), wanted.tensors.size());
  for (const auto& [name, tensor] : wanted.tensors) EXPECT_TRUE(identical(back.tensor(name), tensor)) << name;
  EXPECT_EQ(back.number("loss"), -std::numeric_limits<double>::infinity());
}

TEST_F(SnapshotFile, TheSameStateGivesTheSameBytes) {
  write_snapshot(folder() / "a", example());
  write_snapshot(folder() / "b", example());
  EXPECT_EQ(read_file(folder() / "a"), read_file(folder() / "b"));
}

TEST_F(SnapshotFile, NamesAnEntryThatIsMissingOrOfAnotherKind) {
  const Snapshot snapshot = example();
  expect_error(ErrorKind::input, {"counter \"lap\""}, [&] { snapshot.counter("lap"); });
  expect_error(ErrorKind::input, {"text \"lap\""}, [&] { snapshot.text("lap"); });
  expect_error(ErrorKind::input, {"tensor \"lap\""}, [&] { snapshot.tensor("lap"); });
  expect_error(ErrorKind::input, {"tensor \"weight\"", "number"}, [&] { snapshot.number("weight"); });
}

TEST_F(SnapshotFile, RefusesAnotherRun) {
  write_snapshot(folder() / "a", example());
  expect_error(ErrorKind::input, {"a: ", "another run", "w4a8 seed 0", "w4a16"}, [&] { read_snapshot(folder() / "a", "w4a16"); });
}

TEST_F(SnapshotFile, RefusesWhatIsMissingOrForeign) {
  expect_error(ErrorKind::input, {"gone"}, [&] { read_snapshot(folder() / "gone", ""); });
  for (const std::string content : {"PK\x03\x04 and so on", "{}", "NIBBSNIP"})
    expect_error(ErrorKind::input, {"other", "not a snapshot"}, [&] { read_snapshot(file("other", content), ""); });
}

TEST_F(SnapshotFile, WaitsForNoPipe) {
  ASSERT_EQ(::mkfifo((folder() / "pipe").c_str(), 0600), 0);
  expect_error(ErrorKind::input, {"pipe", "no file"}, [&] { read_snapshot(folder() / "pipe", ""); });
  std::filesystem::create_directory(folder() / "nested");
  expect_error(ErrorKind::input, {"nested", "a folder"}, [&] { read_snapshot(folder() / "nested", ""); });
}

TEST_F(SnapshotFile, RefusesAnotherVersion) {
  write_snapshot(folder() / "a", example());
  std::string bytes = read_file(folder() / "a");
  bytes[8] = 2;
  expect_error(ErrorKind::input, {"version 2 where 1"}, [&] { read_snapshot(file("b", bytes), "w4a8 seed 0"); });
}

TEST_F(SnapshotFile, RefusesACutFileAndOneTooLong) {
  write_snapshot(folder() / "a", example());
  const std::string whole = read_file(folder() / "a");
  for (std::size_t size = 0; size < whole.size(); size += 5)
    expect_error(ErrorKind::input, {"cut at byte " + std::to_string(size)},
                 [&] { read_snapshot(file("cut", whole.substr(0, size)), "w4a8 seed 0"); });
  expect_error(ErrorKind::input, {"1 bytes behind"}, [&] { read_snapshot(file("long", whole + "x"), "w4a8 seed 0"); });
}

TEST_F(SnapshotFile, RefusesADamagedFile) {
  write_snapshot(folder() / "a", example());
  const std::string whole = read_file(folder() / "a");
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const auto path = file("damaged", damaged);
    EXPECT_THROW(read_snapshot(path, "w4a8 seed 0"), Error) << "damage at byte " << at;
  }
}

/// A header that lies, with a hash that fits.
TEST_F(SnapshotFile, RefusesAHeaderThatAsksForTooMuch) {
  const auto with_header = [&](const std::string& header) {
    std::string bytes = "NIBBSNAP" + std::string("\x01\0\0\0", 4);
    for (std::size_t i = 0; i < 8; ++i) bytes.push_back(static_cast<char>((header.size() >> (8 * i)) & 0xFFU));
    return bytes + sha256_of(std::as_bytes(std::span(header))) + header;
  };
  const auto with_tensor = [&](const std::string& tensor) {
    return with_header(R"({"run":"r","counters":{},"texts":{},"tensors":[)" + tensor + "]}");
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {with_tensor(R"({"name":"w","dtype":"float32","shape":[-1],"sha256":""})"), "extent of -1"},
      {with_tensor(R"({"name":"w","dtype":"float32","shape":[4611686018427387904,4],"sha256":""})"), "extent of 4611686018427387904"},
      {with_tensor(R"({"name":"w","dtype":"float32","shape":[90,90],"sha256":""})"), "larger than the file"},
      {with_tensor(R"({"name":"w","dtype":"float32","shape":[2],"sha256":""})"), "cut"},
      {with_tensor(R"({"name":"w","dtype":"int3","shape":[0],"sha256":""})"), "unknown type int3"},
      {with_tensor(R"({"name":"w","dtype":"float32","sha256":""})"), "tensors[0]: has no 'shape'"},
      {with_tensor(R"({"name":"w","dtype":"float32","shape":[3.9e19],"sha256":""})"), "shape[0]: expected a whole number"},
      {with_tensor("3"), "tensors[0]: expected an object"},
      {with_header("{}"), "has no 'run'"},
      {with_header(std::string(200'000, '[')), "levels deep"},
      {with_header(R"({"run":"r","counters":{"step":"1"},"texts":{},"tensors":[]})"), "counters.step: expected a whole number"},
      {with_header(R"({"run":["r"],"counters":{},"texts":{},"tensors":[]})"), "run: expected a text"},
      {with_header("{"), "its header: byte 2: not JSON"}};
  for (const auto& [bytes, why] : cases)
    expect_error(ErrorKind::input, {"lie", why}, [&, content = bytes] { read_snapshot(file("lie", content), "r"); });
}

}  // namespace
}  // namespace nibble
