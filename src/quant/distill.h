// SPDX-License-Identifier: Apache-2.0
// Distillation: the whole quantised network follows the float network's head on unlabelled images. Codes, scales and biases
// are learned together, by gradient descent through straight-through rounding (exec/net.h).
//
// Latent weights start in the middle of their codes' intervals, so that a code only turns when many images in a row ask for
// it: started at the float weight, a fifth of GPTQ's codes stand at an edge, turn at the first noise, and the compensation of
// rounding errors that GPTQ built is lost.
#pragma once
#include "quant/calibrate.h"

namespace nibble {

/// `quantized`: what calibration made of `baseline`; values keep their ids between the two. Every eighth of the images, at most
/// 16, is held out; the state with the least loss on those is returned, the start being one of the candidates. The same images,
/// recipe, seed and number of threads give the same result. Error(numeric) naming the step when the loss is not finite.
Graph distill(const Graph& baseline, const Graph& quantized, const CalibrationImages& images, const CalibrateOptions& options,
              Progress& progress, DistillationReport& report);

}  // namespace nibble
