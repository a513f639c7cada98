// SPDX-License-Identifier: Apache-2.0
#include "quant/image_order.h"

#include <algorithm>
#include <numeric>

namespace nibble {

PickedImage ImageOrder::next() {
  if (left_.empty()) {
    left_.resize(static_cast<std::size_t>(count_));
    std::iota(left_.begin(), left_.end(), 0);
    std::shuffle(left_.begin(), left_.end(), random_);
  }
  const PickedImage picked{left_.back(), random_() % 2 == 0};
  left_.pop_back();
  return picked;
}

}  // namespace nibble
