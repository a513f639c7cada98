// SPDX-License-Identifier: Apache-2.0
// A random function of a head's logits whose gradient says how much the head notices of errors in them.
#pragma once
#include <ATen/ATen.h>

#include "quant/recipe.h"
#include "quant/statistics/head_values.h"

namespace nibble {

/// A scalar that is linear in the logits. Over the random signs, its gradient g with respect to the logits has mean 0 and the Fisher
/// information of the head's distributions as its covariance, so that for a small error e of the logits E[(g . e)^2] / 2 is class_weight
/// times the classes' and box_weight times the rest of the divergence (head_loss.h). Parts of a head are drawn independently.
at::Tensor random_loss(const HeadLogits& head, HeadValues values, const DistillationRecipe& weights, at::Generator& random);

}  // namespace nibble
