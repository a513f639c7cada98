// SPDX-License-Identifier: Apache-2.0
#include "ckpt/legacy.h"

#include "ckpt/test_values.h"

namespace nibble::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A dict of two tensors, of which one shares its storage with a view.
std::string small_file(Archive& archive) {
  const std::string key = archive.add_storage<float>({1, 2, 3, 4});
  const Code whole = rebuild_tensor(storage("FloatStorage", key, 4), 0, {2, 2}, {2, 1});
  const Code view = rebuild_tensor(storage("FloatStorage", key, 4), 1, {2}, {2});
  const Code half = archive.tensor<Half>({2}, {to_half(0.5F), to_half(-2.0F)});
  return archive.legacy(whole_pickle(named_dict({{"w", parameter(whole)}, {"v", view}, {"h", half}})));
}

TEST(Legacy, ReadsSharedStoragesAndEveryWidth) {
  Archive archive;
  const auto checkpoint = read_checkpoint(small_file(archive), "old.pt");
  const auto load = [&](const char* name) { return checkpoint.load(get<PickleTensor>(attribute_of(checkpoint.root(), name))); };
  EXPECT_THAT(values_of<float>(load("w")), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(values_of<float>(load("v")), ElementsAre(2, 4));
  EXPECT_THAT(values_of<float>(load("h").to(DType::f32)), ElementsAre(0.5F, -2));
  EXPECT_EQ(checkpoint.entries(), 2U);
}

/// Classes come with the text of their source, which nothing reads.
TEST(Legacy, ReadsClassesThatComeWithTheirSource) {
  Archive archive;
  const Code type = tuple({text("module"), global("m", "Conv"), text("/m.py"), text("import os")}) + "Q";
  const Code instance = type + ")\x81" + named_dict({{"stride", integer(2)}}) + "b";
  const auto checkpoint = read_checkpoint(archive.legacy(whole_pickle(instance)), "old.pt");
  EXPECT_EQ(describe(checkpoint.root()), "m.Conv");
  EXPECT_EQ(get<std::int64_t>(attribute_of(checkpoint.root(), "stride")), 2);
  EXPECT_THAT(refusal_of_file(archive.legacy(whole_pickle(tuple({text("module"), text("m.Conv")}) + "Q"))),
              HasSubstr("the class of a module should be a class or function"));
}

TEST(Legacy, EveryCutIsRefused) {
  Archive archive;
  const std::string whole = small_file(archive);
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THAT(refusal_of_file(whole.substr(0, length)), HasSubstr("test.pt: ")) << length;
  EXPECT_THAT(refusal_of_file(whole + "x"), HasSubstr("1 bytes follow the last storage"));
}

TEST(Legacy, EveryDamagedByteIsReadOrRefused) {
  Archive archive;
  const std::string whole = small_file(archive);
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int flip : {0x01, 0x20, 0x80, 0xFF}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      try {
        const auto checkpoint = read_checkpoint(damaged, "old.pt");
        for (const auto& tensor : tensors_of(checkpoint.root())) checkpoint.load(tensor);
      } catch (const Error& error) {
        EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
      }
    }
}

TEST(Legacy, StoragesThatDoNotFitAreRefused) {
  Archive archive;
  const std::string key = archive.add_storage<float>({1, 2, 3});
  const auto refusal = [&](const Code& root) { return refusal_of_file(archive.legacy(whole_pickle(root))); };
  EXPECT_THAT(refusal(rebuild_tensor(storage("FloatStorage", key, 4), 0, {4}, {1})), HasSubstr("storage '0' has 3 elements at byte"));
  EXPECT_THAT(refusal(rebuild_tensor(storage("FloatStorage", key, INT64_MAX / 16), 0, {1}, {1})), HasSubstr("has 3 elements"));
  EXPECT_THAT(refusal(none()), HasSubstr("nothing refers to the storage '0'"));
  const auto missing = read_checkpoint(archive.legacy(whole_pickle(list({rebuild_tensor(storage("FloatStorage", key, 3), 0, {3}, {1}),
                                                                         rebuild_tensor(storage("FloatStorage", "7", 1), 0, {1}, {1})}))),
                                       "old.pt");
  EXPECT_THAT(refusal_of([&] { missing.load(get<PickleTensor>(get<PickleList>(missing.root()).items.at(1))); }),
              HasSubstr("there is no entry for the storage '7'"));
}

TEST(Legacy, OtherVersionsAndByteOrdersAreRefused) {
  Archive archive;
  EXPECT_THAT(refusal_of_file(archive.legacy(whole_pickle(none()), false), ErrorKind::unsupported), HasSubstr("big-endian"));
  std::string file = archive.legacy(whole_pickle(none()));
  file[file.find("M\xE9") + 1] = '\0';
  EXPECT_THAT(refusal_of_file(file, ErrorKind::unsupported), HasSubstr("the version of its form is int 768, only 1001 is read"));
}

}  // namespace
}  // namespace nibble::test
