// SPDX-License-Identifier: Apache-2.0
#include "data/run_length_text.h"

namespace nibble {

std::string text_of_runs(const RunLengths& mask) {
  constexpr int kBits = 5, kGroup = 0x1F, kSign = 0x10, kMore = 0x20, kFirst = 48;
  std::string text;
  for (std::size_t i = 0; i < mask.counts.size(); ++i) {
    std::int64_t number = mask.counts[i];
    if (i > 2) number -= mask.counts[i - 2];
    for (bool is_more = true; is_more;) {
      auto group = static_cast<int>(number & kGroup);
      number >>= kBits;
      // What is left is the sign alone where the group's own highest bit says the same.
      is_more = (group & kSign) != 0 ? number != -1 : number != 0;
      if (is_more) group |= kMore;
      text.push_back(static_cast<char>(group + kFirst));
    }
  }
  return text;
}

}  // namespace nibble
