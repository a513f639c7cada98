// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/head_values.h"

#include <algorithm>
#include <array>

#include "quant/statistics/head_loss.h"

namespace nibble {
namespace {

std::vector<ValueId> all_ids(const HeadLogits& head) {
  return {head.boxes, head.classes, head.mask_coefficients, head.prototypes, head.mask_areas, head.keypoints, head.angles};
}

/// k of "vars = (2 k)^2" in COCO's keypoint evaluation (cocodataset.org, "Keypoint Evaluation"), nose to ankles.
constexpr std::array kCocoKeypoints{0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072,
                                    0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089};

}  // namespace

std::vector<ValueId> head_ids(const HeadLogits& head) {
  std::vector<ValueId> ids = all_ids(head);
  std::erase_if(ids, [](ValueId id) { return id < 0; });
  return ids;
}

HeadValues head_values(const HeadLogits& head, const std::vector<at::Tensor>& tensors) {
  HeadValues values;
  const std::array parts{&values.boxes,     &values.classes, &values.mask_coefficients, &values.prototypes, &values.mask_areas,
                         &values.keypoints, &values.angles};
  const std::vector<ValueId> ids = all_ids(head);
  std::size_t next = 0;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (ids[i] >= 0) *parts[i] = tensors.at(next++);
  return values;
}

at::Tensor box_extents(const at::Tensor& boxes) {
  const std::int64_t bins = bins_of(boxes);
  at::Tensor distances = boxes;
  if (bins > 1) {
    const at::Tensor share = at::softmax(boxes.reshape({boxes.size(0), 4, bins, boxes.size(2)}), 2);
    distances = (share * at::arange(bins, boxes.options()).reshape({1, 1, bins, 1})).sum(2);
  }
  return (distances.slice(1, 0, 2) + distances.slice(1, 2, 4)).clamp_min(0);
}

MaskSample sample_masks(const HeadLogits& head, const HeadValues& float_values, const at::Tensor& weight) {
  MaskSample sample;
  std::tie(sample.weight, sample.anchors) = weight.topk(std::min(kMasked, weight.size(1)), 1);
  const at::Tensor index = sample.anchors.unsqueeze(1).expand({-1, 4, -1});
  const std::vector<at::Tensor> side = float_values.mask_areas.gather(2, index).unsqueeze(-1).unsqueeze(-1).unbind(1);  // [B,T,1,1] each
  const at::Tensor left = head.mask_areas_are_corners ? side[0] : side[0] - side[2] / 2;
  const at::Tensor top = head.mask_areas_are_corners ? side[1] : side[1] - side[3] / 2;
  const at::Tensor right = head.mask_areas_are_corners ? side[2] : side[0] + side[2] / 2;
  const at::Tensor bottom = head.mask_areas_are_corners ? side[3] : side[1] + side[3] / 2;
  const auto centres = [&](std::int64_t count) { return (at::arange(count, weight.options()) + 0.5) * head.prototype_step; };
  const at::Tensor x = centres(float_values.prototypes.size(3)).reshape({1, 1, 1, -1});
  const at::Tensor y = centres(float_values.prototypes.size(2)).reshape({1, 1, -1, 1});
  const at::Tensor inside = ((x >= left) & (x <= right) & (y >= top) & (y <= bottom)).to(weight.scalar_type());
  sample.share = inside / inside.sum({2, 3}, true).clamp_min(1);
  return sample;
}

at::Tensor mask_logits(const HeadValues& values, const MaskSample& sample) {
  const at::Tensor& prototypes = values.prototypes;
  const at::Tensor index = sample.anchors.unsqueeze(1).expand({-1, values.mask_coefficients.size(1), -1});
  const at::Tensor coefficients = values.mask_coefficients.gather(2, index).transpose(1, 2);  // [B,T,nm]
  return at::matmul(coefficients, prototypes.flatten(2)).reshape({prototypes.size(0), -1, prototypes.size(2), prototypes.size(3)});
}

at::Tensor keypoint_spread(const at::Tensor& boxes, std::int64_t keypoints) {
  constexpr double kLeastCells = 0.25;
  const at::Tensor side = box_extents(boxes).prod(1).sqrt().unsqueeze(1).unsqueeze(1);  // [B,1,1,A]
  std::vector<double> constants(static_cast<std::size_t>(keypoints), 1 / static_cast<double>(keypoints));
  if (constants.size() == kCocoKeypoints.size()) constants.assign(kCocoKeypoints.begin(), kCocoKeypoints.end());
  const at::Tensor k = at::tensor(constants, at::TensorOptions().dtype(at::kDouble)).to(boxes.options()).reshape({1, -1, 1, 1});
  return 2 * k * side + kLeastCells;
}

at::Tensor angle_spread(const at::Tensor& boxes) {
  constexpr double kLeastCells = 0.25, kShareOfExtent = 0.05;
  const at::Tensor extents = box_extents(boxes);
  const at::Tensor longer = extents.amax({1}, true).clamp_min(1), shorter = extents.amin({1}, true);
  return (shorter * kShareOfExtent + kLeastCells) / (longer / 2);
}

}  // namespace nibble
