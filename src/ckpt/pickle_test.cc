// SPDX-License-Identifier: Apache-2.0
#include "ckpt/pickle.h"

#include <cmath>
#include <limits>

#include "ckpt/test_values.h"

namespace nibble::test {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::int64_t> integers_in(const PickleRef& value) {
  std::vector<std::int64_t> result;
  for (const auto& item : get<PickleList>(value).items) result.push_back(get<std::int64_t>(item));
  return result;
}

TEST(Pickle, ReadsScalarsOfProtocol2) {
  EXPECT_TRUE(value_of(none())->is_none());
  EXPECT_TRUE(get<bool>(value_of(boolean(true))));
  EXPECT_FALSE(get<bool>(value_of(boolean(false))));
  EXPECT_EQ(get<double>(value_of(number(-0.15625))), -0.15625);
  EXPECT_EQ(get<std::string>(value_of(text("Z\xC3\xBCrich"))), "Z\xC3\xBCrich");
}

TEST(Pickle, ReadsIntegersOfEveryWidth) {
  EXPECT_EQ(get<std::int64_t>(value_of("K\xFF")), 255);
  EXPECT_EQ(get<std::int64_t>(value_of("M\xFF\xFF")), 65535);
  EXPECT_EQ(get<std::int64_t>(value_of("J\xFE\xFF\xFF\xFF")), -2);
  EXPECT_EQ(get<std::int64_t>(value_of("\x8A\0"s)), 0);
  EXPECT_EQ(get<std::int64_t>(value_of("\x8A\1\x80"s)), -128);
  EXPECT_EQ(get<std::int64_t>(value_of("\x8A\2\xFF\0"s)), 255);
  EXPECT_EQ(get<std::int64_t>(value_of(integer(std::numeric_limits<std::int64_t>::min()))), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(get<std::int64_t>(value_of("\x8B\2\0\0\0\0\1"s)), 256);
}

TEST(Pickle, KeepsIntegersBeyond64BitsAsData) {
  const auto large = value_of("\x8A\x09\0\0\0\0\0\0\0\0\1"s);
  EXPECT_EQ(describe(large), "builtins.int");
  EXPECT_EQ(get<std::string>(get<PickleObject>(large).arguments.at(0)), "0x010000000000000000");
}

TEST(Pickle, ReadsProtocol0) {
  const auto value = unpickle_text("(lp0\nI1\naI01\naL-5L\naF0.5\naV\\u00fc\naS'a\\x62\\n'\na.").root;
  const auto& items = get<PickleList>(value).items;
  ASSERT_EQ(items.size(), 6U);
  EXPECT_EQ(get<std::int64_t>(items[0]), 1);
  EXPECT_TRUE(get<bool>(items[1]));
  EXPECT_EQ(get<std::int64_t>(items[2]), -5);
  EXPECT_EQ(get<double>(items[3]), 0.5);
  EXPECT_EQ(get<std::string>(items[4]), "\xC3\xBC");
  EXPECT_EQ(get<std::string>(items[5]), "ab\n");
}

TEST(Pickle, ReadsInstancesOfProtocol0) {
  const auto old = value_of("(I7\nimodule\nOld\n}b");
  EXPECT_EQ(describe(old), "module.Old");
  EXPECT_EQ(get<std::int64_t>(get<PickleObject>(old).arguments.at(0)), 7);
  const auto rebuilt = value_of(call("copy_reg", "_reconstructor", {global("module", "New"), global("__builtin__", "object"), none()}) +
                                named_dict({{"n", integer(3)}}) + "b");
  EXPECT_EQ(describe(rebuilt), "module.New");
  EXPECT_EQ(get<std::int64_t>(attribute_of(rebuilt, "n")), 3);
}

TEST(Pickle, ReadsProtocol4) {
  const std::string body = "\x8C\1m\x94\x8C\1C\x94\x93)\x81\x8F(K\1K\2\x90"s;
  const auto value = unpickle_text("\x80\4\x95"s + u64(body.size() + 2) + body + "b.").root;
  EXPECT_EQ(describe(value), "m.C");
  EXPECT_EQ(describe(get<PickleObject>(value).state), "set of 2");
}

TEST(Pickle, KeepsBytesApartFromText) {
  const auto bytes = value_of("C\2\xFF\0"s);
  EXPECT_EQ(describe(bytes), "builtins.bytes");
  EXPECT_EQ(get<std::string>(get<PickleObject>(bytes).arguments.at(0)), "\xFF\0"s);
  EXPECT_THAT(refusal_of_pickle("\x80\2X\1\0\0\0\xFF."s), HasSubstr("byte 2, opcode BINUNICODE: the string '\\xff' is not UTF-8"));
}

TEST(Pickle, ReadsContainers) {
  EXPECT_THAT(integers_in(value_of(list({integer(1), integer(2)}))), ElementsAre(1, 2));
  EXPECT_EQ(describe(value_of(tuple({}))), "tuple of 0");
  EXPECT_EQ(describe(value_of("K\1K\2K\3\x87")), "tuple of 3");
  EXPECT_EQ(describe(value_of(set_of({integer(4)}))), "set of 1");
  const auto ordered = value_of(named_ordered_dict({{"a", integer(1)}, {"b", integer(2)}}));
  EXPECT_EQ(describe(ordered), "dict of 2");
  EXPECT_EQ(get<std::int64_t>(attribute_of(ordered, "b")), 2);
  EXPECT_EQ(attribute_of(ordered, "c"), nullptr);
}

TEST(Pickle, LastOfTwoEqualKeysCounts) {
  const auto value = value_of(named_dict({{"a", integer(1)}, {"a", integer(2)}}));
  EXPECT_EQ(get<std::int64_t>(attribute_of(value, "a")), 2);
}

TEST(Pickle, KeepsListAndDictSubclassesAsObjects) {
  const auto deque = value_of(call("collections", "deque", {}) + "(K\1K\2e");
  EXPECT_EQ(get<PickleObject>(deque).elements.size(), 2U);
  const auto counts = value_of(call("collections", "defaultdict", {global("__builtin__", "list")}) + text("k") + "K\5s");
  EXPECT_EQ(get<std::int64_t>(attribute_of(counts, "k")), 5);
}

TEST(Pickle, FindsAttributesInSlots) {
  const auto value = value_of(global("m", "C") + ")\x81" + tuple({none(), named_dict({{"slot", integer(9)}})}) + "b");
  EXPECT_EQ(get<std::int64_t>(attribute_of(value, "slot")), 9);
}

// The alias in the list is made before BUILD; whoever copies memo entries loses its state.
TEST(Pickle, AliasesSeeStateThatComesLater) {
  const Code shared = put(1, global("m", "Conv") + ")\x81");
  const auto value = value_of("](" + shared + named_dict({{"stride", integer(2)}}) + "b" + get(1) + "e");
  const auto& items = get<PickleList>(value).items;
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0], items[1]);
  const auto early = value_of("](" + put(1, global("m", "Conv") + ")\x81") + get(1) + named_dict({{"stride", integer(2)}}) + "be");
  EXPECT_EQ(get<std::int64_t>(attribute_of(get<PickleList>(early).items[0], "stride")), 2);
}

TEST(Pickle, CallsNothing) {
  const auto unpickled = unpickle_text(whole_pickle(call("os", "system", {text("touch /tmp/nibble-was-here")})));
  EXPECT_EQ(describe(unpickled.root), "os.system");
  EXPECT_EQ(get<std::string>(get<PickleObject>(unpickled.root).arguments.at(0)), "touch /tmp/nibble-was-here");
  EXPECT_THAT(unpickled.globals, ElementsAre("os system"));
}

TEST(Pickle, KeepsTrainingArgumentsAsData) {
  const auto path = value_of(call("pathlib", "PosixPath", {text("/"), text("runs")}));
  EXPECT_EQ(describe(path), "pathlib.PosixPath");
  const auto scalar = value_of(call(
      "numpy.core.multiarray", "scalar",
      {call("numpy", "dtype", {text("f8"), boolean(false), boolean(true)}), call("_codecs", "encode", {text("abc"), text("latin1")})}));
  EXPECT_EQ(describe(scalar), "numpy.core.multiarray.scalar");
  const auto method = value_of(call("__builtin__", "getattr", {global("m", "C"), text("f")}) + ")R");
  EXPECT_EQ(describe(method), "<call>");
}

TEST(Pickle, RefusesWhatItCannotRead) {
  EXPECT_THAT(refusal_of_pickle("\x80\2\xF0."s), HasSubstr("test.pkl: byte 2: 0xf0 is no opcode"));
  EXPECT_THAT(refusal_of_pickle("\x80\6N."s, {}, ErrorKind::unsupported), HasSubstr("pickle protocol 6 is newer than 5"));
  EXPECT_THAT(refusal_of_pickle("\x80\2P1\n."s, {}, ErrorKind::unsupported), HasSubstr("opcode PERSID: this opcode is not read"));
  EXPECT_THAT(refusal_of_pickle("\x80\2N"s), HasSubstr("the data ends at byte 3"));
  EXPECT_THAT(refusal_of_pickle("\x80\2N.N"s), HasSubstr("1 bytes follow the end"));
  EXPECT_THAT(refusal_of_pickle("\x80\2NN."s), HasSubstr("1 values are left over"));
  EXPECT_THAT(refusal_of_pickle("\x80\2."s), HasSubstr("the stack is empty"));
  EXPECT_THAT(refusal_of_pickle("\x80\2h\7."s), HasSubstr("memo entry 7 does not exist"));
  EXPECT_THAT(refusal_of_pickle("\x80\2)Na."s), HasSubstr("items are added to tuple of 0"));
  EXPECT_THAT(refusal_of_pickle("\x80\2K"s), HasSubstr("byte 2, opcode BININT1: 1 bytes are needed at byte 3"));
}

TEST(Pickle, RefusesMarksThatDoNotMatch) {
  EXPECT_THAT(refusal_of_pickle("\x80\2Nt."s), HasSubstr("there is no mark"));
  EXPECT_THAT(refusal_of_pickle("\x80\2](N}(NNu."s), HasSubstr("values are left over"));
  EXPECT_THAT(refusal_of_pickle("\x80\2N(a."s), HasSubstr("the stack is empty"));
}

}  // namespace
}  // namespace nibble::test
