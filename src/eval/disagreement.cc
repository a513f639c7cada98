// SPDX-License-Identifier: Apache-2.0
#include "eval/disagreement.h"

#include "eval/pairing.h"

namespace nibble {
namespace {
double square(double value) { return value * value; }
}  // namespace

double disagreement(const std::vector<Detection>& a, const std::vector<Detection>& b) {
  const auto pairing = pair_detections(a, b);
  double sum = 0;
  for (const auto& pair : pairing.pairs) {
    const auto& from = a[pair.a];
    const auto& to = b[pair.b];
    sum += from.category_id == to.category_id ? square(from.score - to.score * pair.iou) : square(from.score) + square(to.score);
  }
  for (const auto i : pairing.only_a) sum += square(a[i].score);
  for (const auto i : pairing.only_b) sum += square(b[i].score);
  return sum;
}

}  // namespace nibble
