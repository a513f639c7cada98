// SPDX-License-Identifier: Apache-2.0
#include "training/qat_settings.h"

#include <algorithm>
#include <cmath>

namespace nibble {
namespace {

constexpr std::int64_t kScorings = 6;  // about as many over the course
constexpr double kScoreNoise = 0.005;  // of mAP on 100 images

}  // namespace

LoaderOptions loader_options(const QatCourse& course, const ImageSize& image_size, std::uint64_t seed) {
  LoaderOptions loader;
  loader.image_size = image_size;
  loader.batch = course.batch;
  loader.seed = seed;
  const AugmentOptions full;
  const double s = course.augment;
  loader.augment = {s * full.mosaic, full.flip, s * full.scale, s * full.translate, s * full.hue, s * full.saturation, s * full.brightness};
  return loader;
}

QatSettings qat_settings(const Recipe& recipe, const QatCourse& course, std::int64_t steps_per_epoch) {
  QatSettings settings;
  const DistillationRecipe& follow = recipe.distillation;
  settings.weight_rate = course.rate * follow.code_rate;
  settings.latents_are_weights = follow.code_rate > 0 && recipe.weights.rounding == Rounding::nearest;
  settings.scale_rate = course.rate * follow.scale_rate;
  settings.activation_rate = course.rate * follow.activation_rate;
  settings.bias_rate = course.rate * follow.bias_rate;
  settings.class_weight = course.imitation_weight * follow.class_weight;
  settings.box_weight = course.imitation_weight * follow.box_weight;
  settings.feature_weight = course.imitation_weight * follow.feature_weight;
  settings.label_weight = course.label_weight;
  FitOptions& fit = settings.fit;
  const std::int64_t steps = course.epochs > 0 ? course.epochs * steps_per_epoch : course.steps;
  settings.forced_steps = std::llround(follow.teacher_forcing * static_cast<double>(steps));
  fit.epochs = (steps + steps_per_epoch - 1) / steps_per_epoch;
  fit.max_steps = steps;
  fit.score_every_epochs = std::max<std::int64_t>(1, fit.epochs / kScorings);
  fit.score_margin = kScoreNoise;
  fit.warmup_steps = steps / 20;
  fit.average = {.decay = 0.99, .ramp_steps = static_cast<double>(steps) / 10 + 1};
  fit.adam.epsilon = 1e-12;  // gradients of single weights are as small as 1e-8
  fit.divergence.first_step = settings.forced_steps;
  fit.patience = course.patience;
  fit.snapshot_every_steps = 25;
  return settings;
}

}  // namespace nibble
