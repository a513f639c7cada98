// SPDX-License-Identifier: Apache-2.0
#include "eval/box_changes.h"

#include "eval/pairing.h"

namespace nibble {
namespace {

constexpr double kSamePlace = 0.5;

BoxChange change_of(const Detection& baseline, const Detection& model, double iou) {
  if (baseline.category_id != model.category_id) return BoxChange::other_class;
  return iou < kSamePlace ? BoxChange::moved : BoxChange::none;
}

}  // namespace

BoxChanges box_changes(const std::vector<Detection>& baseline, const std::vector<Detection>& model) {
  BoxChanges changes{std::vector<BoxChange>(baseline.size(), BoxChange::lost), std::vector<BoxChange>(model.size(), BoxChange::added)};
  for (const auto& pair : pair_detections(baseline, model).pairs)
    changes.baseline[pair.a] = changes.model[pair.b] = change_of(baseline[pair.a], model[pair.b], pair.iou);
  return changes;
}

}  // namespace nibble
