// SPDX-License-Identifier: Apache-2.0
#include "exec/fake_quant.h"

#include <gtest/gtest.h>

#include <cmath>

#include "exec/convert.h"

namespace nibble {
namespace {

QuantParams per_tensor(const QuantSpec& spec, float scale, std::int8_t zero_point = 0) {
  return {spec, Tensor::scalar(scale), Tensor::scalar(zero_point)};
}

std::vector<float> values_of(const at::Tensor& tensor) {
  const Tensor host = from_torch(tensor);
  const auto view = host.as<float>();
  return {view.begin(), view.end()};
}

TEST(FakeQuant, RoundsHalfToEvenAndSaturates) {
  const QuantParams params = per_tensor({.bits = 4}, 0.5F);
  const at::Tensor x = at::tensor({0.25F, 0.75F, 1.25F, 1.75F, -0.25F, -0.75F, 9.0F, -9.0F});
  EXPECT_EQ(values_of(quantize(x, params)), (std::vector<float>{0, 2, 2, 4, 0, -2, 7, -8}));
  EXPECT_EQ(values_of(fake_quantize(x, params)), (std::vector<float>{0, 1, 1, 2, 0, -1, 3.5F, -4}));
}

/// Every width, sign and range mode: the code ends are reached and not passed, codes map onto themselves.
TEST(FakeQuant, CodeRangeOfEveryKind) {
  for (int bits = 2; bits <= 8; ++bits)
    for (const bool is_signed : {true, false})
      for (const bool narrow : {true, false}) {
        if (narrow && !is_signed) continue;
        const QuantSpec spec{.bits = bits, .is_signed = is_signed, .narrow = narrow};
        const QuantParams params = per_tensor(spec, 0.25F);
        const at::Tensor codes = quantize(at::tensor({-1e6F, 1e6F}), params);
        EXPECT_EQ(codes[0].item<float>(), static_cast<float>(spec.min_code()));
        EXPECT_EQ(codes[1].item<float>(), static_cast<float>(spec.max_code()));
        const at::Tensor all = at::arange(spec.min_code(), spec.max_code() + 1, at::kFloat);
        EXPECT_TRUE(at::equal(quantize(dequantize(all, params), params), all)) << bits << is_signed << narrow;
      }
}

TEST(FakeQuant, ZeroPointShiftsCodes) {
  const QuantParams params = per_tensor({.bits = 8}, 0.1F, 20);
  EXPECT_FLOAT_EQ(quantize(at::tensor({1.0F}), params).item<float>(), 30);
  EXPECT_FLOAT_EQ(dequantize(at::tensor({30.0F}), params).item<float>(), 1.0F);
}

/// The loop for activations against the operators, which take parameters of any granularity.
TEST(FakeQuant, OnePassGivesTheBitsOfTheOperators) {
  const at::Tensor x = at::randn({2, 5, 7, 3}).mul(40).contiguous(at::MemoryFormat::ChannelsLast);
  for (const std::int8_t zero_point : {std::int8_t{-128}, std::int8_t{0}, std::int8_t{17}}) {
    const QuantParams params = per_tensor({.bits = 8}, 0.37F, zero_point);
    const at::Tensor found = fake_quantize(x, params);
    EXPECT_TRUE(at::equal(found, dequantize(quantize(x, params), params)));
    EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_TRUE(at::equal(fake_quantize(x.slice(3, 0, 2), params), found.slice(3, 0, 2))) << "a part of a tensor";
  }
  EXPECT_TRUE(std::isnan(fake_quantize(at::full({1}, NAN), per_tensor({.bits = 8}, 1)).item<float>()));
}

TEST(FakeQuant, ChannelScalesRunAlongAxis0) {
  const QuantParams params{
      {.bits = 8, .granularity = Granularity::channel}, Tensor::of<float>({2}, {1, 10}), Tensor::of<std::int8_t>({2}, {0, 0})};
  const at::Tensor x = at::full({2, 1, 1, 2}, 12.0F);
  EXPECT_EQ(values_of(fake_quantize(x, params)), (std::vector<float>{12, 12, 10, 10}));
}

TEST(FakeQuant, BlockScalesRunAlongAxis1) {
  const QuantParams params{{.bits = 8, .granularity = Granularity::block, .block = 2},
                           Tensor::of<float>({1, 2, 1, 1}, {1, 10}),
                           Tensor::of<std::int8_t>({1, 2, 1, 1}, {0, 0})};
  const at::Tensor x = at::full({1, 3, 1, 1}, 12.0F);  // the last block is half full
  EXPECT_EQ(values_of(fake_quantize(x, params)), (std::vector<float>{12, 12, 10}));
}

}  // namespace
}  // namespace nibble
