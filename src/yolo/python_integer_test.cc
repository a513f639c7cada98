// SPDX-License-Identifier: Apache-2.0
#include "yolo/python_integer.h"

#include "ckpt/test_values.h"

namespace nibble {
namespace {

using namespace test;
using namespace std::string_literals;

Code scalar(const std::string& type, const Code& bytes, const std::string& module = "numpy.core.multiarray") {
  return call(module, "scalar", {call("numpy", "dtype", {text(type), boolean(false), boolean(true)}), bytes});
}
Code bytes(const std::string& content) { return "C" + std::string(1, static_cast<char>(content.size())) + content; }
Code latin1(const std::string& utf8) { return call("_codecs", "encode", {text(utf8), text("latin1")}); }

TEST(PythonInteger, ReadsNumPyScalarsOfEveryWidth) {
  EXPECT_EQ(integer_value(value_of(integer(-7))), -7);
  EXPECT_EQ(integer_value(value_of(scalar("i8", bytes("\5\0\0\0\0\0\0\0"s)))), 5);
  EXPECT_EQ(integer_value(value_of(scalar("i8", bytes("\5\0\0\0\0\0\0\0"s), "numpy._core.multiarray"))), 5);
  EXPECT_EQ(integer_value(value_of(scalar("i4", bytes("\xFE\xFF\xFF\xFF")))), -2);
  EXPECT_EQ(integer_value(value_of(scalar("u2", bytes("\xFE\xFF")))), 65534);
  EXPECT_EQ(integer_value(value_of(scalar("i1", latin1("\xC2\x80")))), -128);
  EXPECT_EQ(integer_value(value_of(scalar("u1", latin1("\xC3\xBF")))), 255);
  EXPECT_EQ(integer_key(value_of(text("79"))), 79);
}

TEST(PythonInteger, ReadsWhatTheByteOrderSays) {
  const Code big = call("numpy", "dtype", {text("i2"), boolean(false), boolean(true)}) + tuple({integer(3), text(">")}) + "b";
  EXPECT_EQ(integer_value(value_of(call("numpy.core.multiarray", "scalar", {big, bytes("\1\2")}))), 258);
}

TEST(PythonInteger, ReadsTextOfNumPy) {
  EXPECT_EQ(text_value(value_of(text("a"))), "a");
  EXPECT_EQ(text_value(value_of(scalar("U2", latin1("a\0\0\0\xC3\xA9\0\0\0"s)))), "a\xC3\xA9");
  EXPECT_EQ(text_value(value_of(scalar("U3", bytes("a\0\0\0\x25\xF5\1\0\0\0\0\0"s)))), "a\xF0\x9F\x94\xA5");
  const Code big = call("numpy", "dtype", {text("U1"), boolean(false), boolean(true)}) + tuple({integer(3), text(">")}) + "b";
  EXPECT_EQ(text_value(value_of(call("numpy.core.multiarray", "scalar", {big, bytes("\0\0\0a"s)}))), "a");
  for (const auto& code : {none(), integer(3), scalar("U1", bytes("a\0\0"s)), scalar("S1", bytes("abcd")),
                           scalar("U1", bytes("\0\xD8\0\0"s)), scalar("U1", none()), scalar("i8", bytes("12345678"))})
    EXPECT_FALSE(text_value(value_of(code))) << describe(value_of(code));
}

TEST(PythonInteger, ReadsNumbersOfEveryType) {
  EXPECT_EQ(real_value(value_of(number(0.25))), 0.25);
  EXPECT_EQ(real_value(value_of(integer(-3))), -3);
  EXPECT_EQ(real_value(value_of(scalar("u1", bytes("\x07")))), 7);
  EXPECT_EQ(real_value(value_of(scalar("f4", bytes("\0\0\x20\x40"s)))), 2.5);
  EXPECT_EQ(real_value(value_of(scalar("f8", bytes("\0\0\0\0\0\0\xF0\xBF"s)))), -1);
  for (const auto& code : {none(), text("1"), boolean(true), scalar("f2", bytes("\0\x3C"s)), scalar("f8", bytes("1234"))})
    EXPECT_FALSE(real_value(value_of(code))) << describe(value_of(code));
  EXPECT_FALSE(real_value(nullptr));
}

TEST(PythonInteger, OtherValuesAreNone) {
  for (const auto& code : {none(), text("7"), number(7), scalar("f8", bytes("12345678")), scalar("i8", bytes("1234")),
                           scalar("u8", bytes("\0\0\0\0\0\0\0\x80"s)), scalar("i3", bytes("123")), scalar("i2", latin1("\xE2\x82\xAC")),
                           scalar("i8", none()), call("numpy.core.multiarray", "scalar", {}),
                           call("numpy.core.multiarray", "scalar", {none(), none()}), call("m", "scalar", {none(), none()})})
    EXPECT_FALSE(integer_value(value_of(code))) << describe(value_of(code));
  for (const auto* key : {"", "7a", "seven", "99999999999999999999", "1.0"}) EXPECT_FALSE(integer_key(value_of(text(key)))) << key;
  EXPECT_FALSE(integer_value(nullptr));
}

}  // namespace
}  // namespace nibble
