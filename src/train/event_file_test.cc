// SPDX-License-Identifier: Apache-2.0
#include "train/event_file.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "base/files.h"
#include "support/full_disk.h"
#include "support/scratch.h"
#include "train/crc32c.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

class EventFile : public test::Scratch {};
using Writer = nibble::EventFile;

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<std::uint8_t>(byte));
  return text;
}

// RFC 3720, B.4, and the check value of the catalogue of CRCs.
TEST(Crc32c, KnownAnswers) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  std::string rising;
  for (char byte = 0; byte < 32; ++byte) rising.push_back(byte);
  EXPECT_EQ(crc32c(rising), 0x46DD794EU);
}

// tests/oracle/tensorboard_events.py --bytes
TEST(EventBytes, AreThoseOfTensorBoard) {
  EXPECT_EQ(hexadecimal(record_of(version_event(1700000000.25))),
            "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9");
  EXPECT_EQ(hexadecimal(record_of(session_event(1700000001.0, 300))), "100000000000000095fbfe180900004040fc54d94110ac023a020801dd381e42");
  EXPECT_EQ(hexadecimal(record_of(scalar_event(1700000002.0, std::int64_t{1} << 40, {{"loss/box", 1.5F}, {"lr", -0.25F}}))),
            "2e00000000000000c5cb57fa0900008040fc54d941108080808080202a1c0a0f0a086c6f73732f626f78150000c03f0a090a026c7215000080be9653dc18");
  EXPECT_EQ(hexadecimal(record_of(scalar_event(1700000002.0, 0, {{"loss/box", 1.5F}}))),
            "1c00000000000000c8c1951d0900008040fc54d9412a110a0f0a086c6f73732f626f78150000c03f86d08735");
}

TEST_F(EventFile, IsWholeAfterEveryPoint) {
  Writer writer(folder() / "made", 1700000000.9, 0);
  EXPECT_EQ(writer.path().filename(), "events.out.tfevents.1700000000.nibble");
  std::string wanted = record_of(version_event(1700000000.9)) + record_of(session_event(1700000000.9, 0));
  EXPECT_EQ(read_file(writer.path()), wanted);
  for (int step = 0; step < 3; ++step) {
    writer.add(1700000001, step, {{"lr", 0.5F}});
    wanted += record_of(scalar_event(1700000001, step, {{"lr", 0.5F}}));
    EXPECT_EQ(read_file(writer.path()), wanted) << step;
  }
}

TEST_F(EventFile, TwoSessionsOfOneSecondHaveFilesOfTheirOwn) {
  const Writer first(folder(), 1700000000, 0), second(folder(), 1700000000.5, 7);
  EXPECT_EQ(second.path().filename(), "events.out.tfevents.1700000000.nibble.0001");
  EXPECT_GT(second.path(), first.path()) << "read in the order of names";
}

/// tests/oracle/tensorboard_events.py reads the folder back.
TEST_F(EventFile, ARunThatGoesOn) {
  const char* named = std::getenv("NIBBLE_EVENT_FOLDER");
  const fs::path runs = named ? fs::path(named) : folder();
  const auto add = [](Writer& writer, std::int64_t step, float more) {
    writer.add(1700000000.0 + static_cast<double>(step), step,
               {{"loss/box", static_cast<float>(step) + more}, {"lr", step == 3 ? NAN : std::ldexp(1.0F, -static_cast<int>(step))}});
  };
  Writer killed(runs, 1700000000, 0);
  for (std::int64_t step = 0; step < 10; ++step) add(killed, step, 0.5F);
  fs::resize_file(killed.path(), fs::file_size(killed.path()) - 3);
  Writer again(runs, 1700000100, 5);
  for (std::int64_t step = 5; step < 12; ++step) add(again, step, 100.5F);
  EXPECT_GT(fs::file_size(again.path()), 0U);
}

TEST_F(EventFile, AFolderThatCannotBeIsAnEnvironmentError) {
  const auto plain = file("plain", "");
  test::expect_error(ErrorKind::environment, {"event file", "plain"}, [&] { Writer writer(plain / "below", 0, 0); });
}

TEST_F(EventFile, AFullDiskIsAnEnvironmentError) {
  Writer writer(folder(), 1, 0);
  const test::FullDisk full(200);
  test::expect_error(ErrorKind::environment, {"event file", "tfevents"}, [&] {
    for (int step = 0; step < 100; ++step) writer.add(1, step, {{"lr", 1.0F}});
  });
}

}  // namespace
}  // namespace nibble
