// SPDX-License-Identifier: Apache-2.0
// Hostile input: whatever the bytes, the reader gives a value or throws nibble::Error, in bounded memory and stack.
#include <cstdlib>

#include "ckpt/pickle_tensor.h"
#include "ckpt/test_values.h"

namespace nibble::test {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

/// A small archive with every kind of value a checkpoint has.
std::string small_archive() {
  Archive archive;
  const std::string shared = archive.add_storage<float>({1, 2, 3, 4, 5, 6});
  const Code weight = parameter(rebuild_tensor(storage("FloatStorage", shared, 6), 0, {2, 3}, {3, 1}));
  const Code view = rebuild_tensor(storage("FloatStorage", shared, 6), 1, {2, 2}, {1, 2});
  const Code conv =
      put(1, module("torch.nn.modules.conv", "Conv2d", {{"stride", integers({1, 1})}}, {{"weight", weight}, {"bias", none()}}));
  return archive.bytes(named_dict({{"model", conv}, {"ema", get(1)}, {"view", view}, {"names", set_of({text("a")})}, {"lr", number(0.5)}}));
}

/// True if the bytes were read; anything but Error escapes and fails the test.
bool read_all(const std::string& bytes) {
  try {
    const auto checkpoint = read_checkpoint(bytes, "hostile.pt");
    for (const auto& tensor : tensors_of(checkpoint.root())) checkpoint.load(tensor);
    return true;
  } catch (const Error& error) {
    EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("hostile.pt"));
    return false;
  }
}

TEST(Hostile, IntactArchiveIsRead) { EXPECT_TRUE(read_all(small_archive())); }

TEST(Hostile, EveryTruncationIsRefused) {
  const std::string whole = small_archive();
  for (std::size_t length = 0; length < whole.size(); ++length) EXPECT_FALSE(read_all(whole.substr(0, length))) << length;
}

TEST(Hostile, EveryDamagedByteIsReadOrRefused) {
  const std::string whole = small_archive();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      refused += read_all(damaged) ? 0 : 1;
    }
  }
  EXPECT_GT(refused, whole.size());  // all but padding and unused header fields
}

// The CRC-32 hides damaged pickles from the reader above, so the same is done behind it.
TEST(Hostile, EveryDamagedPickleByteIsReadOrRefused) {
  Archive archive;
  const Code weight = parameter(archive.tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const std::string whole = whole_pickle(named_dict(
      {{"m", put(1, module("m", "C", {{"k", integers({1, 2})}}, {{"weight", weight}}))}, {"again", get(1)}, {"lr", number(0.5)}}));
  std::size_t read = 0, refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(byte);
      ++(read_all(archive.zip(damaged).bytes()) ? read : refused);
    }
  }
  EXPECT_GT(read, whole.size()) << "each byte as it was, and other names and numbers";
  EXPECT_GT(refused, 100 * whole.size());
}

TEST(Hostile, EveryCutPickleIsRefused) {
  Archive archive;
  const std::string whole = whole_pickle(named_dict({{"w", archive.tensor<float>({2}, {1, 2})}}));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(read_all(archive.zip(whole.substr(0, length)).bytes())) << length;
}

TEST(Hostile, LengthsBeyondTheDataTakeNoMemory) {
  for (const auto* code : {"X\xFF\xFF\xFF\xFF", "B\xFF\xFF\xFF\x7F", "T\xFF\xFF\xFF\xFF", "\x8B\xFF\xFF\xFF\xFF"})
    EXPECT_THAT(refusal_of_pickle("\x80\2"s + code + "."), HasSubstr("bytes are needed at byte"));
  for (const auto* code : {"\x8D", "\x8E", "\x96"})
    EXPECT_THAT(refusal_of_pickle("\x80\5"s + code + "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F."), HasSubstr("bytes are needed at byte"));
  EXPECT_THAT(refusal_of_pickle("\x80\4\x95\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7FN."s), HasSubstr("a frame of"));
}

std::string repeated(const std::string& code, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += code;
  return result;
}

TEST(Hostile, DeepNestingIsRefusedWithoutRecursion) {
  constexpr std::size_t kDepth = 300000;
  EXPECT_THAT(refusal_of_pickle("\x80\2]"s + repeated("\x85", kDepth) + "."), HasSubstr("nested deeper than 1000"));
  EXPECT_THAT(refusal_of_pickle("\x80\2"s + repeated("]", kDepth) + repeated("a", kDepth - 1) + "."), HasSubstr("nested deeper than 1000"));
  // dropped half-way, by POP and by an error
  EXPECT_THAT(refusal_of_pickle("\x80\2"s + repeated("]", kDepth) + repeated("a", kDepth - 1) + "0N."), HasSubstr("nested deeper"));
  EXPECT_THAT(refusal_of_pickle("\x80\2"s + repeated("]", kDepth) + repeated("a", kDepth - 1)), HasSubstr("the data ends"));
}

// Each list is filled only after it was put into its parent, so no depth counted while building would see it.
TEST(Hostile, DepthThatGrowsFromTheInsideIsRefused) {
  constexpr std::uint32_t kDepth = 5000;
  std::string code;
  for (std::uint32_t i = 0; i < kDepth; ++i) code += put(i, "]") + "0";
  for (std::uint32_t i = 0; i + 1 < kDepth; ++i) code += get(i) + get(i + 1) + "a0";
  EXPECT_THAT(refusal_of_pickle("\x80\2" + code + get(0) + "."), HasSubstr("nested deeper than 1000"));
}

TEST(Hostile, DepthLimitIsExact) {
  const auto nested = [](std::size_t depth) {
    return "\x80\2]N"
           "a"s +
           repeated("\x85", depth - 1) + ".";
  };
  EXPECT_NO_THROW(unpickle_text(nested(1000)));
  EXPECT_THAT(refusal_of_pickle(nested(1001)), HasSubstr("nested deeper than 1000"));
}

// Each comes back as the value it is, and nothing of it is left once the root is gone.
TEST(Hostile, SelfContainingValuesAreReadAndDropped) {
  const Code made = put(1, global("m", "C") + ")\x81");
  const std::vector<Code> codes = {
      "]q\1h\1a",                                                    // a list in itself
      "}q\1(X\1\0\0\0ah\1u"s,                                        // a dict in itself
      "]q\1}q\2(h\1h\2ua",                                           // as key and as value, through another
      "]q\1h\1\x85q\2a0h\2",                                         // a tuple in itself
      made + named_dict({{"self", get(1)}}) + "b",                   // an object in its state
      made + tuple({none(), named_dict({{"self", get(1)}})}) + "b",  // in its slots
      made + named_dict({{"forward", call("builtins", "getattr", {get(1), text("forward_fuse")})}}) + "b",
      put(2, "]") + "0" + global("m", "C") + "(" + get(2) + "t" + "R" + put(3, "") + get(2) + get(3) + "a0",  // in its arguments
      put(1, call("collections", "deque", {})) + "(" + get(1) + get(1) + "e",                                 // in its elements
      put(1, call("collections", "defaultdict", {})) + text("k") + get(1) + "s",                              // in its items
      put(1, set_of({})) + "(" + get(1) + "\x90",                                                             // in a set
  };
  for (const auto& code : codes) {
    std::weak_ptr<const PickleValue> left;
    {
      const auto value = value_of(code);
      left = value;
      EXPECT_TRUE(tensors_of(value).empty());
      EXPECT_FALSE(describe(value).empty());
    }
    EXPECT_TRUE(left.expired()) << describe(value_of(code));
  }
}

TEST(Hostile, AReferenceBackIsTheValueItself) {
  const auto list = value_of("]q\1h\1a");
  EXPECT_EQ(get<PickleList>(list).items.at(0), list);
  const auto object = value_of(put(1, global("m", "C") + ")\x81") +
                               named_dict({{"n", integer(7)}, {"forward", call("builtins", "getattr", {get(1), text("f")})}}) + "b");
  const auto forward = attribute_of(object, "forward");
  EXPECT_EQ(get<PickleObject>(forward).arguments.at(0), object);
  EXPECT_EQ(get<std::int64_t>(attribute_of(get<PickleObject>(forward).arguments.at(0), "n")), 7);
}

// B stands before its owner A, and refers back to it: whichever is reached first, A still has its child.
TEST(Hostile, NothingIsLostWhereTheWayRoundIsUnusual) {
  const Code child = put(1, global("m", "B") + ")\x81"), parent = put(2, global("m", "A") + ")\x81");
  const auto root = value_of(child + "0" + parent + named_dict({{"child", get(1)}}) + "b0" + get(1) + named_dict({{"parent", get(2)}}) +
                             "b0" + named_dict({{"first", get(1)}, {"second", get(2)}}));
  const auto second = attribute_of(root, "second");
  EXPECT_EQ(describe(second), "m.A");
  EXPECT_EQ(attribute_of(second, "child"), attribute_of(root, "first"));
  EXPECT_EQ(attribute_of(attribute_of(root, "first"), "parent"), second);
}

TEST(Hostile, CyclesOutOfSightAreDropped) {
  EXPECT_TRUE(value_of("]q\1h\1a0N")->is_none());
  EXPECT_EQ(describe(value_of("]q\1h\1]q\2aa0h\2")), "list of 0");
  EXPECT_THAT(refusal_of_pickle("\x80\2]q\1]q\2h\1ah\1h\2a."s), HasSubstr("values are left over"));
}

// A ring is as deep as it is long, from wherever it is entered.
TEST(Hostile, LongRingsAreRefusedWithoutRecursion) {
  const auto ring = [](std::uint32_t length) {
    std::string code;
    for (std::uint32_t i = 0; i < length; ++i) code += put(i, "]") + "0";
    for (std::uint32_t i = 0; i < length; ++i) code += get(i) + get((i + 1) % length) + "a0";
    return "\x80\2" + code + get(length / 2) + ".";
  };
  EXPECT_NO_THROW(unpickle_text(ring(1000)));
  EXPECT_THAT(refusal_of_pickle(ring(1001)), HasSubstr("nested deeper than 1000"));
  EXPECT_THAT(refusal_of_pickle(ring(200000)), HasSubstr("nested deeper than 1000"));
}

// Every list holds every list: 300^2 references, of which half lead back.
TEST(Hostile, DenseCyclesTakeTimeOfTheirSize) {
  constexpr std::uint32_t kLists = 300;
  std::string code;
  for (std::uint32_t i = 0; i < kLists; ++i) code += put(i, "]") + "0";
  for (std::uint32_t i = 0; i < kLists; ++i) {
    code += get(i) + "(";
    for (std::uint32_t j = 0; j < kLists; ++j) code += get(j);
    code += "e0";
  }
  const auto value = unpickle_text("\x80\2" + code + get(7) + ".").root;
  EXPECT_EQ(get<PickleList>(value).items.size(), kLists);
  EXPECT_TRUE(tensors_of(value).empty());
}

// 60 lists, each holding the one before twice: 2^60 paths, 60 values.
TEST(Hostile, SharedValuesStayShared) {
  std::string code = put(0, "]");
  for (std::uint32_t i = 1; i < 60; ++i) code += put(i, "](" + get(i - 1) + get(i - 1) + "e");
  code = "(" + code + "t";
  const auto value = value_of(code);
  EXPECT_EQ(get<PickleList>(value).items.size(), 60U);
}

TEST(Hostile, CountsAreCapped) {
  EXPECT_THAT(refusal_of_pickle("\x80\2"s + repeated("]0", 2000) + "N.", {.max_objects = 1000}), HasSubstr("more than 1000 values"));
  EXPECT_THAT(refusal_of_pickle("\x80\2"s + repeated("]0", 20000) + "N.", {.max_value_bytes = 1 << 20}),
              HasSubstr("more than 1048576 bytes"));
  // arguments copied again and again, a long name in every instance, references pushed and popped
  const std::string wide = "\x80\2(" + repeated("N", 1000) + "tq\1cm\n" + std::string(900, 'C') + "\nq\2";
  EXPECT_THAT(refusal_of_pickle(wide + repeated("h\2h\1R0", 2000) + "0.", {.max_value_bytes = 8 << 20}), HasSubstr("bytes of memory"));
  EXPECT_THAT(refusal_of_pickle(wide +
                                    repeated("h\2)\x81"
                                             "0",
                                             20000) +
                                    "0.",
                                {.max_value_bytes = 8 << 20}),
              HasSubstr("bytes of memory"));
  EXPECT_THAT(refusal_of_pickle(wide + repeated("h\1", 100000) + ".", {.max_value_bytes = 1 << 20}), HasSubstr("bytes of memory"));
  EXPECT_THAT(refusal_of_pickle("\x80\2" + global("m", std::string(1001, 'C')) + "."), HasSubstr("longer than 1000 bytes"));
}

PickleTensor tensor_of(std::int64_t elements, std::int64_t offset, Shape shape, Shape strides) {
  return {"0", DType::f32, elements, offset, std::move(shape), std::move(strides)};
}

TEST(Hostile, LayoutsOutsideTheStorageAreRefused) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const auto refusal = [](const PickleTensor& tensor) { return refusal_of([&] { check_layout(tensor); }); };
  EXPECT_NO_THROW(check_layout(tensor_of(6, 0, {2, 3}, {3, 1})));
  EXPECT_THAT(refusal(tensor_of(5, 0, {2, 3}, {3, 1})), HasSubstr("its last element would be number 5"));
  EXPECT_THAT(refusal(tensor_of(6, 1, {2, 3}, {3, 1})), HasSubstr("its last element would be number 6"));
  EXPECT_THAT(refusal(tensor_of(6, -1, {2, 3}, {3, 1})), HasSubstr("negative offset"));
  EXPECT_THAT(refusal(tensor_of(6, 3, {2}, {-1})), HasSubstr("negative stride"));
  EXPECT_THAT(refusal(tensor_of(6, 0, {-1}, {1})), HasSubstr("negative extent"));
  EXPECT_THAT(refusal(tensor_of(6, 0, {kHuge, kHuge}, {0, 0})), HasSubstr("too many elements"));
  EXPECT_THAT(refusal(tensor_of(6, 0, {3}, {kHuge})), HasSubstr("the strides overflow"));
  EXPECT_THAT(refusal(tensor_of(6, INT64_MAX, {2}, {1})), HasSubstr("the strides overflow"));
  EXPECT_THAT(refusal(tensor_of(-1, 0, {0}, {1})), HasSubstr("impossible storage size"));
  EXPECT_THAT(refusal(tensor_of(6, 0, {2}, {1, 1})), HasSubstr("ranks do not match"));
  EXPECT_THAT(refusal(tensor_of(1, 0, {1 << 20, 1 << 20}, {0, 0})), HasSubstr("it repeats elements to"));
}

TEST(Hostile, StrideOfAnExtentOfOneMayBeAnything) {
  Archive archive;
  const std::string key = archive.add_storage<float>({1, 2, 3, 4});
  const auto checkpoint =
      read_checkpoint(archive.bytes(rebuild_tensor(storage("FloatStorage", key, 4), 0, {2, 1, 2}, {1, INT64_MAX, 2})), "t.pt");
  EXPECT_THAT(values_of<float>(checkpoint.load(get<PickleTensor>(checkpoint.root()))), ::testing::ElementsAre(1, 3, 2, 4));
}

TEST(Hostile, StorageThatPromisesMoreThanItsEntryIsRefused) {
  Archive archive;
  const std::string key = archive.add_storage<float>({1, 2});
  const auto checkpoint = read_checkpoint(archive.bytes(rebuild_tensor(storage("FloatStorage", key, 1 << 30), 0, {1 << 30}, {1})), "t.pt");
  EXPECT_THAT(refusal_of([&] { checkpoint.load(get<PickleTensor>(checkpoint.root())); }),
              HasSubstr("t.pt: entry 'tiny/data/0' has 8 bytes, its 1073741824 elements of 4 bytes need 4294967296"));
}

/// Whatever a byte of the pickle makes is paid for: 100,000 bytes must not take more than the limit without a word.
TEST(Hostile, MarksAndSharedValuesCountTowardsMemory) {
  PickleLimits limits;
  limits.max_value_bytes = 1 << 20;
  const auto expect_refused = [&](const std::string& bytes) {
    try {
      unpickle_text(bytes, limits);
      ADD_FAILURE() << "read";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_THAT(error.what(), HasSubstr("need more than 1048576 bytes"));
    }
  };
  const std::string header = "\x80\x02", many(100'000, '('), nones(60'000, 'N');
  expect_refused(header + many + "N.");
  expect_refused(header + "(" + nones + "t.");
  limits.max_value_bytes = 4 << 20;
  EXPECT_EQ(get<PickleList>(unpickle_text(header + "(" + nones + "t.", limits).root).items.size(), nones.size());
}

}  // namespace
}  // namespace nibble::test
