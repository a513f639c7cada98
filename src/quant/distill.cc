// SPDX-License-Identifier: Apache-2.0
#include "quant/distill.h"

#include <c10/core/GradMode.h>
#include <fmt/format.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "exec/convert.h"
#include "exec/net.h"
#include "nibble/error.h"
#include "quant/head_loss.h"
#include "quant/image_order.h"

namespace nibble {
namespace {

constexpr double kBetas[] = {0.9, 0.999};
constexpr double kAdamEpsilon = 1e-12;  // gradients of single weights are as small as 1e-8
constexpr double kWarmUp = 0.05;        // of the steps
constexpr int kCheckpoints = 10;        // how often the held-out images are looked at

struct Losses {
  at::Tensor classes, boxes, features;  ///< 0-dimensional
};

/// Cosine from 1 to 0 after a linear warm-up.
double rate_factor(std::int64_t step, std::int64_t steps) {
  const double warm = std::max(1.0, kWarmUp * static_cast<double>(steps));
  const auto now = static_cast<double>(step);
  if (now < warm) return (now + 1) / warm;
  return 0.5 * (1 + std::cos(M_PI * (now - warm) / std::max(1.0, static_cast<double>(steps) - warm)));
}

class Distillation {
 public:
  Distillation(const Graph& baseline, const Graph& quantized, const CalibrationImages& images, const CalibrateOptions& options)
      : teacher_(baseline),
        student_(quantized),
        images_(images),
        options_(options),
        recipe_(options.recipe.distillation),
        steps_(recipe_.steps.value_or(0)),
        held_out_(std::min<std::int64_t>(16, images.count / 8)),
        order_(images.count - held_out_, options.seed),
        wanted_{options.head.boxes, options.head.classes} {
    for (LearnedLayer& layer : student_.layers()) {
      if (recipe_.feature_weight > 0) wanted_.push_back(quantized.nodes[layer.node].outputs[0]);
      add_parameter(layer.latent, recipe_.code_rate);
      add_parameter(layer.log_scale, recipe_.scale_rate);
      // Biases differ in size from layer to layer; their rate is relative to it.
      add_parameter(layer.bias, recipe_.bias_rate * std::max(1e-3, layer.bias.square().mean().sqrt().item<double>()));
      if (layer.activation_node) add_parameter(layer.log_activation_scale, recipe_.activation_rate);
    }
    adam_ = std::make_unique<torch::optim::Adam>(groups_, torch::optim::AdamOptions());
  }

  Graph run(Progress& progress, DistillationReport& report) {
    progress.begin(fmt::format("distill {}", options_.recipe.name), steps_);
    consider(report, 0);
    report.start = report.end;
    for (std::int64_t step = 0; step < steps_; ++step) {
      throw_if_interrupted();
      progress.step(fmt::format("loss {:.4f}", descend(step)));
      if ((step + 1) * kCheckpoints / steps_ > step * kCheckpoints / steps_) consider(report, step + 1);
    }
    report.steps = steps_;
    progress.end(fmt::format("on {} images; held out: classes {:.3f} -> {:.3f}, boxes {:.4f} -> {:.4f} a detection", order_.count(),
                             report.start.classes, report.end.classes, report.start.boxes, report.end.boxes));
    return best_;
  }

 private:
  void add_parameter(at::Tensor& tensor, double rate) {
    if (rate == 0) return;
    auto settings = std::make_unique<torch::optim::AdamOptions>(rate);
    settings->betas({kBetas[0], kBetas[1]}).eps(kAdamEpsilon);
    groups_.emplace_back(std::vector<at::Tensor>{tensor.set_requires_grad(true)}, std::move(settings));
    rates_.push_back(rate);
  }

  at::Tensor load(const std::vector<PickedImage>& picked) const {
    std::vector<at::Tensor> parts;
    for (const PickedImage& image : picked) {
      const at::Tensor pixels = to_torch(images_.load(image.index, 1));
      parts.push_back(image.flipped ? pixels.flip({3}) : pixels);
    }
    return at::cat(parts).contiguous(at::MemoryFormat::ChannelsLast);
  }

  /// Classes and boxes per detection of the float network, features relative to the float features' variance.
  Losses losses_on(const at::Tensor& images) const {
    std::vector<at::Tensor> targets;
    {
      const c10::NoGradGuard no_gradients;
      targets = teacher_.forward(images, wanted_);
    }
    const std::vector<at::Tensor> outputs = student_.forward(images, wanted_);
    const HeadLoss head = head_loss(targets[0], targets[1], outputs[0], outputs[1]);
    const at::Tensor detections = head.detections.clamp_min(static_cast<double>(images.size(0)));
    at::Tensor features = at::zeros({});
    for (std::size_t i = 2; i < outputs.size(); ++i)
      features =
          features + at::mse_loss(outputs[i], targets[i]) / targets[i].var().clamp_min(1e-12) / static_cast<double>(outputs.size() - 2);
    return {head.classes / detections, head.boxes / detections, features};
  }

  template <class Number>
  Number total(const Number& classes, const Number& boxes, const Number& features) const {
    return recipe_.class_weight * classes + recipe_.box_weight * boxes + recipe_.feature_weight * features;
  }

  double descend(std::int64_t step) {
    std::vector<PickedImage> picked;
    for (std::int64_t i = 0; i < recipe_.batch; ++i) picked.push_back(order_.next());
    const Losses losses = losses_on(load(picked));
    const at::Tensor loss = total(losses.classes, losses.boxes, losses.features);
    const double value = loss.item<double>();
    if (!std::isfinite(value))
      throw Error(ErrorKind::numeric,
                  fmt::format("distill: {}: the loss is not finite at step {}; lower the rates", options_.recipe.name, step));
    for (std::size_t g = 0; g < rates_.size(); ++g)
      static_cast<torch::optim::AdamOptions&>(adam_->param_groups()[g].options()).lr(rates_[g] * rate_factor(step, steps_));
    adam_->zero_grad();
    loss.backward();
    adam_->step();
    student_.clamp_latents();
    return value;
  }

  /// Keeps the present state when it is the best so far on the held-out images (on none: the latest).
  void consider(DistillationReport& report, std::int64_t step) {
    const c10::NoGradGuard no_gradients;
    DistillationLosses now;
    for (std::int64_t i = 0; i < held_out_; ++i) {
      const Losses losses = losses_on(load({{order_.count() + i, false}}));
      now.classes += losses.classes.item<double>() / static_cast<double>(held_out_);
      now.boxes += losses.boxes.item<double>() / static_cast<double>(held_out_);
      now.features += losses.features.item<double>() / static_cast<double>(held_out_);
    }
    const double loss = total(now.classes, now.boxes, now.features);
    if (step > 0 && held_out_ > 0 && !(loss < best_loss_)) return;
    best_loss_ = loss;
    best_ = student_.freeze();
    report.end = now;
    report.best_step = step;
  }

  const Net teacher_;
  Net student_;
  const CalibrationImages& images_;
  const CalibrateOptions& options_;
  const DistillationRecipe& recipe_;
  std::int64_t steps_;
  std::int64_t held_out_;  ///< the last images
  ImageOrder order_;
  std::vector<ValueId> wanted_;
  std::vector<torch::optim::OptimizerParamGroup> groups_;
  std::vector<double> rates_;
  std::unique_ptr<torch::optim::Adam> adam_;
  double best_loss_ = std::numeric_limits<double>::infinity();
  Graph best_;
};

}  // namespace

Graph distill(const Graph& baseline, const Graph& quantized, const CalibrationImages& images, const CalibrateOptions& options,
              Progress& progress, DistillationReport& report) {
  return Distillation(baseline, quantized, images, options).run(progress, report);
}

}  // namespace nibble
