// SPDX-License-Identifier: Apache-2.0
// The LibTorch side of train/qat.h, exported from the shared module nibble_torch.
#include "train/qat_island.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "exec/convert.h"
#include "exec/net.h"
#include "nibble/error.h"
#include "quant/head_loss.h"
#include "train/detection_loss.h"
#include "train/fit.h"

namespace nibble {
namespace {

/// Mean over the quantised convolutions of their outputs' squared error relative to the float output's variance.
at::Tensor feature_loss(const std::vector<at::Tensor>& targets, const std::vector<at::Tensor>& found) {
  constexpr std::size_t kFirst = 2;  // after boxes and classes
  at::Tensor sum = at::zeros({});
  for (std::size_t i = kFirst; i < found.size(); ++i) sum = sum + at::mse_loss(found[i], targets[i]) / targets[i].var().clamp_min(1e-12);
  return sum / static_cast<double>(std::max<std::size_t>(1, found.size() - kFirst));
}

class Training {
 public:
  Training(const Graph& baseline, const Graph& quantized, const QatHead& head, const QatData& data, const QatSettings& options)
      : teacher_(baseline), student_(quantized), head_(head), data_(data), settings_(options), wanted_{head.boxes, head.classes} {
    if (options.feature_weight > 0)
      for (const LearnedLayer& layer : student_.layers()) wanted_.push_back(quantized.nodes[layer.node].outputs[0]);
  }

  QatResult run(const std::function<double(const Graph&)>& score, const FitObserver& observer) {
    FitProblem problem;
    problem.groups = groups();
    problem.steps_per_epoch = data_.steps_per_epoch;
    problem.start_epoch = data_.start_epoch;
    problem.loss = [this](std::int64_t) { return loss(data_.next()); };
    problem.constrain = [this] { student_.clamp_latents(); };
    if (score) problem.score = [&] { return score(student_.freeze()); };
    QatResult result;
    result.fit = fit(problem, settings_.fit, observer);
    result.graph = student_.freeze();
    return result;
  }

 private:
  std::vector<ParameterGroup> groups() {
    ParameterGroup weights{"weights", {}, settings_.weight_rate, {}}, scales{"scales", {}, settings_.scale_rate, {}};
    ParameterGroup activations{"activations", {}, settings_.activation_rate, {}}, biases{"biases", {}, settings_.bias_rate, {}};
    for (LearnedLayer& layer : student_.layers()) {
      weights.tensors.push_back(layer.latent.set_requires_grad(true));
      scales.tensors.push_back(layer.log_scale.set_requires_grad(true));
      if (layer.activation_node) activations.tensors.push_back(layer.log_activation_scale.set_requires_grad(true));
      biases.tensors.push_back(layer.bias.set_requires_grad(true));
      constexpr double kLeastBias = 1e-3;  // a layer of zero biases still learns
      biases.factors.push_back(std::max(kLeastBias, layer.bias.detach().square().mean().sqrt().item<double>()));
    }
    std::vector<ParameterGroup> used;
    for (auto& group : {weights, scales, activations, biases})
      if (!group.tensors.empty() && group.rate > 0) used.push_back(group);
    return used;
  }

  StepLoss loss(const TrainingBatch& batch) {
    const at::Tensor images = to_torch(batch.images).to(at::kFloat).div_(255).contiguous(at::MemoryFormat::ChannelsLast);
    const std::vector<at::Tensor> found = student_.forward(images, wanted_);
    StepLoss result{at::zeros({}), {}};
    const auto add = [&](const char* name, const at::Tensor& part, double weight) {
      result.total = result.total + part * weight;
      result.parts.emplace_back(name, part.item<double>());
    };
    if (settings_.class_weight > 0 || settings_.box_weight > 0 || settings_.feature_weight > 0) {
      const std::vector<at::Tensor> targets = teach(images);
      const HeadLoss head = head_loss(targets[0], targets[1], found[0], found[1]);
      const at::Tensor detections = head.detections.clamp_min(static_cast<double>(images.size(0)));
      add("imitate/classes", head.classes / detections, settings_.class_weight);
      add("imitate/boxes", head.boxes / detections, settings_.box_weight);
      if (settings_.feature_weight > 0) add("imitate/features", feature_loss(targets, found), settings_.feature_weight);
    }
    if (settings_.label_weight > 0) {
      const DetectionLoss labels = learn_labels(batch, images, found);
      add("labels/box", labels.box, settings_.label_weight);
      add("labels/classes", labels.classes, settings_.label_weight);
      add("labels/distribution", labels.distribution, settings_.label_weight);
    }
    return result;
  }

  std::vector<at::Tensor> teach(const at::Tensor& images) const {
    const at::NoGradGuard no_gradients;
    return teacher_.forward(images, wanted_);
  }

  DetectionLoss learn_labels(const TrainingBatch& batch, const at::Tensor& images, const std::vector<at::Tensor>& found) const {
    DetectionLossOptions options;
    if (head_.is_one2one) options.assign.candidates = 1;
    const Anchors anchors = make_anchors(images.size(2), images.size(3), head_.strides_px, images.device());
    return detection_loss(at::cat({found[0], found[1]}, 1), anchors,
                          {to_torch(batch.image_of), to_torch(batch.labels), to_torch(batch.boxes_px)}, options);
  }

  const Net teacher_;
  Net student_;
  const QatHead& head_;
  const QatData& data_;
  const QatSettings& settings_;
  std::vector<ValueId> wanted_;  ///< boxes, classes; then the quantised convolutions' outputs where they are imitated
};

}  // namespace
}  // namespace nibble

/// LibTorch's exceptions end here.
extern "C" void nibble_train_quantized(const nibble::Graph& baseline, const nibble::Graph& quantized, const nibble::QatHead& head,
                                       const nibble::QatData& data, const std::function<double(const nibble::Graph&)>& score,
                                       const nibble::QatSettings& options, const nibble::FitObserver& observer, nibble::QatResult& result) {
  try {
    at::set_num_threads(nibble::thread_count(options.threads));
    result = nibble::Training(baseline, quantized, head, data, options).run(score, observer);
  } catch (const c10::Error& error) {
    throw nibble::Error(nibble::ErrorKind::internal, fmt::format("training: LibTorch: {}", error.what_without_backtrace()));
  }
}

static_assert(std::is_same_v<decltype(nibble_train_quantized), nibble::TrainQuantizedFunction>);
