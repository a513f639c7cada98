// SPDX-License-Identifier: Apache-2.0
// How much damage the quantisation of a single layer does to the detections: measured on the float network with this one layer replaced.
#pragma once
#include <map>
#include <vector>

#include "quant/calibrate.h"
#include "quant/statistics/paired_run.h"

namespace nibble {

/// A convolution of the float network, by its index in Graph::nodes, and what takes its place with few and with many bits.
struct LayerForms {
  std::size_t node = 0;
  SubstituteConv low, high;
};

/// 0 or more each, per detection of the float network.
struct LayerDamage {
  double low = 0, high = 0;
};

/// For each layer alone in place: the divergence of the head from the float network's (quant/statistics/head_loss.h: classes plus
/// boxes, divided by the float network's detections) on the first `image_count` images, computed on `device`. That of the high form,
/// mostly a hundredth of the other, is measured on one of each four of these images and multiplied by what the low form's damage on all of
/// them is of its damage on those (a ratio estimate: Cochran 1977, chapter 6). The processes of options share the images; sums are made
/// in the order of the images.
std::vector<LayerDamage> measure_damage(const at::Device& device, const Graph& baseline, const std::vector<LayerForms>& layers,
                                        const CalibrationImages& images, std::int64_t image_count, const CalibrateOptions& options,
                                        Progress& progress);
/// In the other processes: takes part in that loop. Layers and number of images come from process 0.
void help_to_measure_damage(const at::Device& device, const Graph& baseline, const CalibrationImages& images,
                            const CalibrateOptions& options);

}  // namespace nibble
