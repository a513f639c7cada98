// SPDX-License-Identifier: Apache-2.0
#include "graph/trellis.h"

#include <gmock/gmock.h>

#include <random>

#include "nibble/error.h"

namespace nibble {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<TrellisCode> all_codes() {
  std::vector<TrellisCode> codes;
  for (const int bits : {3, 4, 5})
    for (const int largest : {127, 63})
      for (int curve = 0; curve < trellis_curves({bits, 0, largest}); ++curve) codes.push_back({bits, curve, largest});
  return codes;
}

TEST(Trellis, LevelsFollowTheCurve) {
  // 32 levels, bend 2: (e^(2 |x|) - 1) / (e^2 - 1) * 127 at x = 1/32, 3/32 .. 31/32.
  const auto levels = trellis_levels({3, 2});
  ASSERT_EQ(levels.size(), 32U);
  EXPECT_THAT(std::vector<std::int8_t>(levels.begin() + 16, levels.begin() + 20), ElementsAre(1, 4, 7, 11));
  EXPECT_EQ(levels[31], 118);
}

TEST(Trellis, ServesAsManyCurvesAsHaveLevelsThatDiffer) {
  const auto curves = [](int bits, int largest) { return trellis_curves({bits, 0, largest}); };
  EXPECT_THAT((std::vector{curves(3, 127), curves(4, 127), curves(5, 127)}), ElementsAre(6, 6, 5));
  EXPECT_THAT((std::vector{curves(3, 63), curves(4, 63), curves(5, 63)}), ElementsAre(6, 5, 3));
}

TEST(Trellis, LevelsAreSymmetricAndDifferWithinAPhase) {
  for (const TrellisCode& code : all_codes()) {
    const auto levels = trellis_levels(code);
    ASSERT_EQ(levels.size(), std::size_t{4} << code.bits);
    for (std::size_t i = 0; i < levels.size(); ++i) EXPECT_EQ(levels[i], -levels[levels.size() - 1 - i]);
    EXPECT_LE(levels.back(), code.largest);
    for (std::size_t i = 4; i < levels.size(); ++i) EXPECT_LT(levels[i - 4], levels[i]) << code.bits << " bits, curve " << code.curve;
  }
}

TEST(Trellis, ThePhaseFollowsFromThreeSymbols) {
  EXPECT_EQ(trellis_phase(0, 0, 0), 0);
  EXPECT_EQ(trellis_phase(1, 0, 0), 2);
  EXPECT_EQ(trellis_phase(0, 1, 0), 1);
  EXPECT_EQ(trellis_phase(0, 0, 1), 2);
  EXPECT_EQ(trellis_phase(1, 3, 1), 3);
  for (int a = 0; a < 16; ++a)
    for (int b = 0; b < 16; ++b)
      for (int c = 0; c < 16; ++c) EXPECT_EQ(trellis_phase(a, b, c), (2 * a + b + 2 * c) % 4) << "as the decoder's taps have it";
}

TEST(Trellis, SymbolsComeBackAndRowsBeginAnew) {
  std::mt19937 random(3);
  for (const TrellisCode& code : all_codes()) {
    std::vector<std::uint8_t> symbols;
    for (int i = 0; i < 5 * 27; ++i) symbols.push_back(static_cast<std::uint8_t>(random() % (1U << code.bits)));
    const auto codes = trellis_codes(symbols, 27, code);
    EXPECT_EQ(trellis_symbols(codes, 27, code, "w"), symbols);
    const std::vector<std::uint8_t> row(symbols.begin() + 27, symbols.begin() + 54);
    EXPECT_EQ(trellis_codes(row, 27, code), std::vector<std::int8_t>(codes.begin() + 27, codes.begin() + 54));
  }
}

TEST(Trellis, TapsAndLevelsByPhaseDecode) {
  const TrellisCode code{3, 1};
  const std::vector<std::uint8_t> symbols{5, 2, 7, 1, 6};
  const auto taps = trellis_taps(code);
  const auto levels = trellis_levels_by_phase(code);
  std::vector<std::int8_t> decoded;
  for (int i = 0; i < 5; ++i) {
    int index = 0;
    for (int k = 0; k < 4; ++k) index += i + k >= 3 ? taps[static_cast<std::size_t>(k)] * symbols[static_cast<std::size_t>(i + k - 3)] : 0;
    decoded.push_back(levels[static_cast<std::size_t>(index) % levels.size()]);
  }
  EXPECT_EQ(decoded, trellis_codes(symbols, 5, code));
}

TEST(Trellis, ACodeBesideTheTrellisIsNamed) {
  const TrellisCode code{4, 2};
  auto codes = trellis_codes(std::vector<std::uint8_t>{3, 9, 12, 1}, 4, code);
  codes[2] = static_cast<std::int8_t>(codes[2] + 1);
  try {
    trellis_symbols(codes, 4, code, "model.0.conv.weight");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("model.0.conv.weight"));
    EXPECT_THAT(error.what(), HasSubstr("at 2"));
  }
}

}  // namespace
}  // namespace nibble
