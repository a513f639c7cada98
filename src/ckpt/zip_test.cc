// SPDX-License-Identifier: Apache-2.0
#include "ckpt/zip.h"

#include "ckpt/test_values.h"
#include "ckpt/text.h"

namespace nibble::test {
namespace {

using ::testing::HasSubstr;

std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

ZipBuilder two_entries() {
  ZipBuilder builder;
  builder.add("a/first", "hello");
  builder.add("a/second", std::string(200, 'x'));
  return builder;
}

std::string content_of(const std::string& file, const std::string& name) {
  const auto directory = read_zip_directory(as_bytes(file), 100);
  const auto content = checked_entry_bytes(as_bytes(file), directory.at(name));
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

std::string refusal_of_zip(const std::string& file, ErrorKind kind = ErrorKind::input) {
  return refusal_of([&] { read_zip_directory(as_bytes(file), 100); }, kind);
}

TEST(Zip, ReadsStoredEntriesWithAndWithoutZip64) {
  const ZipBuilder builder = two_entries();
  for (const auto& file : {builder.bytes(false), builder.bytes(true), builder.bytes(true, true)}) {
    EXPECT_EQ(content_of(file, "a/first"), "hello");
    EXPECT_EQ(content_of(file, "a/second"), std::string(200, 'x'));
  }
}

TEST(Zip, ReadsAnArchiveWithAComment) {
  std::string file = two_entries().bytes();
  file[file.size() - 2] = 3;
  EXPECT_EQ(content_of(file + "abc", "a/first"), "hello");
}

TEST(Zip, EntriesAreAlignedLikePyTorchs) {
  const std::string file = two_entries().bytes();
  for (const auto& [name, entry] : read_zip_directory(as_bytes(file), 100)) EXPECT_EQ(entry.offset % 64, 0U) << name;
}

TEST(Zip, DamagedContentIsRefusedWhenRead) {
  std::string file = two_entries().bytes();
  file[file.find("hello")] = 'j';
  EXPECT_THAT(refusal_of([&] { content_of(file, "a/first"); }), HasSubstr("entry 'a/first' (5 bytes at byte 64) is damaged: CRC-32"));
}

TEST(Zip, CompressedEntriesAreListedAndNotRead) {
  auto builder = two_entries();
  builder.entries()[0].method = 8;
  EXPECT_THAT(refusal_of_zip(builder.bytes()), HasSubstr("method 8 in the directory, 0 in its header"));
  std::string file = builder.bytes();
  file[8] = 8;
  EXPECT_EQ(content_of(file, "a/second").size(), 200U);
  EXPECT_THAT(refusal_of([&] { content_of(file, "a/first"); }, ErrorKind::unsupported),
              HasSubstr("entry 'a/first' is compressed (method 8)"));
}

TEST(Zip, EncryptedEntriesAreRefused) {
  auto builder = two_entries();
  builder.entries()[1].flags |= 1;
  EXPECT_THAT(refusal_of_zip(builder.bytes(), ErrorKind::unsupported), HasSubstr("entry 'a/second' is encrypted"));
}

TEST(Zip, LyingDirectoryIsRefused) {
  const auto refusal_with = [](const auto& lie) {
    auto builder = two_entries();
    lie(builder.entries());
    return refusal_of_zip(builder.bytes());
  };
  EXPECT_THAT(refusal_with([](auto& entries) { entries[0].size = 6; }), HasSubstr("stored entries have one size"));
  EXPECT_THAT(refusal_with([](auto& entries) { entries[1].size = entries[1].stored_size = 5000; }), HasSubstr("reach into the directory"));
  EXPECT_THAT(refusal_with([](auto& entries) { entries[0].size = entries[0].stored_size = 90; }),
              HasSubstr("entries 'a/first' and 'a/second' overlap"));
  EXPECT_THAT(refusal_with([](auto& entries) { entries[0].header_offset = 1; }), HasSubstr("no local header at byte 1"));
  EXPECT_THAT(refusal_with([](auto& entries) { entries[0].header_offset = 1 << 30; }), HasSubstr("its header would be at byte 1073741824"));
  EXPECT_THAT(refusal_with([](auto& entries) { entries[0].name = "a/third"; }), HasSubstr("its local header at byte 0 is named 'a/first'"));
  EXPECT_THAT(refusal_with([](auto& entries) { entries[1] = entries[0]; }), HasSubstr("entry 'a/first' exists twice"));
}

TEST(Zip, MoreEntriesThanTheLimitAreRefused) {
  const std::string file = two_entries().bytes();
  EXPECT_THAT(refusal_of([&] { read_zip_directory(as_bytes(file), 1); }), HasSubstr("2 entries are more than the limit of 1"));
}

TEST(Zip, ContradictingEndRecordsAreRefused) {
  std::string file = two_entries().bytes();
  ++file[file.size() - 22 + 8];
  ++file[file.size() - 22 + 10];
  EXPECT_THAT(refusal_of_zip(file), HasSubstr("the two end records contradict each other"));
}

TEST(Zip, MissingMiddleIsCounted) {
  std::string file = two_entries().bytes();
  file.erase(100, 40);
  EXPECT_THAT(refusal_of_zip(file), HasSubstr("at least 40 bytes are missing from the file"));
  std::string short_file = two_entries().bytes(false);
  short_file.erase(100, 40);
  EXPECT_THAT(refusal_of_zip(short_file), HasSubstr("at least 40 bytes are missing from the file"));
}

TEST(ZipSurvey, NamesTheLastCompleteAndTheCutEntry) {
  const std::string file = two_entries().bytes();
  const auto survey = survey_zip(as_bytes(file.substr(0, file.find("xxxx") + 50)));
  ASSERT_TRUE(survey.last && survey.cut);
  EXPECT_EQ(survey.last->name, "a/first");
  EXPECT_EQ(survey.last->size, 5U);
  EXPECT_EQ(survey.cut->name, "a/second");
  EXPECT_EQ(survey.complete.size(), 1U);
}

TEST(ZipSurvey, NeverFails) {
  const std::string file = two_entries().bytes();
  for (std::size_t length = 0; length < file.size(); ++length) EXPECT_LE(survey_zip(as_bytes(file.substr(0, length))).complete.size(), 2U);
}

TEST(Text, ChecksUtf8) {
  for (const auto* good : {"", "abc", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) EXPECT_TRUE(is_utf8(good)) << good;
  // lone continuation, cut, overlong slash, surrogate, above U+10FFFF, byte that never occurs
  for (const auto* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"})
    EXPECT_FALSE(is_utf8(bad)) << in_quotes(bad);
}

TEST(Text, DecodesRawUnicode) {
  EXPECT_EQ(decode_raw_unicode("a\\u20ac\\U0001f600\xFC"), "a\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xBC");
  EXPECT_THAT(refusal_of([] { decode_raw_unicode("\\u12"); }), HasSubstr("broken escape"));
}

TEST(Text, QuotesForMessages) {
  EXPECT_EQ(in_quotes("a'\n\xFF"), "'a\\x27\\x0a\\xff'");
  EXPECT_EQ(in_quotes("abcdef", 3), "'abc'...");
}

}  // namespace
}  // namespace nibble::test
