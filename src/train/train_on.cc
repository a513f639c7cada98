// SPDX-License-Identifier: Apache-2.0
#include "train/train_on.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "exec/convert.h"
#include "exec/net.h"
#include "quant/statistics/head_loss.h"
#include "quant/statistics/head_values.h"
#include "train/batch_totals.h"
#include "train/detection_loss.h"
#include "train/fit.h"
#include "train/fit_together.h"
#include "train/learned_parameters.h"

namespace nibble {
namespace {

/// Mean over the quantised convolutions of their outputs' squared error relative to the float output's variance.
/// `first`: where they begin among the wanted values.
at::Tensor feature_loss(const std::vector<at::Tensor>& targets, const std::vector<at::Tensor>& found, std::size_t first,
                        const BatchTotals& totals) {
  at::Tensor sum = at::zeros({}, found.front().options());
  for (std::size_t i = first; i < found.size(); ++i) {
    const auto& whole = totals.outputs[i - first];
    const double share = static_cast<double>(found[i].numel()) / whole.number;
    sum = sum + at::mse_loss(found[i], targets[i]) * share / whole.variance.clamp_min(1e-12);
  }
  return sum / static_cast<double>(std::max<std::size_t>(1, found.size() - first));
}

/// Images of a batch, with their objects.
struct Samples {
  at::Tensor images, image_of, labels, boxes_px;  ///< as in TrainingBatch
  std::int64_t count() const { return images.size(0); }
};

/// At most `at_once` images each; one empty part of an empty batch.
std::vector<Samples> parts_of(const TrainingBatch& batch, std::int64_t at_once) {
  const Samples all{to_torch(batch.images), to_torch(batch.image_of), to_torch(batch.labels), to_torch(batch.boxes_px)};
  if (all.count() <= at_once) return {all};
  std::vector<Samples> parts;
  for (std::int64_t first = 0; first < all.count(); first += at_once) {
    const at::Tensor own = all.image_of.ge(first).logical_and(all.image_of.lt(first + at_once)).nonzero().reshape({-1});
    parts.push_back({all.images.slice(0, first, first + at_once), all.image_of.index_select(0, own) - first,
                     all.labels.index_select(0, own), all.boxes_px.index_select(0, own)});
  }
  return parts;
}

/// Images through both networks; all undefined where there are none.
struct Seen {
  std::int64_t images = 0;
  std::vector<at::Tensor> found, targets;  ///< the wanted values of the student and of the teacher
  HeadLoss head;
  DetectionLoss labels;
};

double value_of(const at::Tensor& scalar) { return scalar.defined() ? scalar.item<double>() : 0; }

class Training {
 public:
  Training(const at::Device& device, const Graph& baseline, const Graph& quantized, const QatHead& head, const QatData& data,
           const QatSettings& options)
      : device_(device),
        teacher_(baseline, device),
        student_(quantized, device),
        head_(head),
        data_(data),
        settings_(options),
        wanted_(head_ids(head.logits)),
        first_feature_(wanted_.size()) {
    if (options.latents_are_weights) student_.start_from_weights(baseline);
    if (options.feature_weight > 0)
      for (const LearnedLayer& layer : student_.layers()) wanted_.push_back(quantized.nodes[layer.node].outputs[0]);
    taught_ = wanted_;
    if (options.forced_steps > 0)
      for (const ValueId id : student_.layer_inputs()) taught_.push_back(id);
  }

  QatResult run(const std::function<double(const Graph&)>& score, const FitObserver& observer) {
    FitProblem problem;
    problem.groups = learned_parameters(student_, settings_);
    problem.steps_per_epoch = data_.steps_per_epoch;
    problem.start_epoch = data_.start_epoch;
    problem.loss = [this](std::int64_t step) {
      forced_share_ = step < settings_.forced_steps ? 1 - static_cast<double>(step) / static_cast<double>(settings_.forced_steps) : 0;
      return loss(data_.next());
    };
    problem.constrain = [this] { student_.clamp_latents(); };
    problem.processes = settings_.processes;
    for (LearnedLayer& layer : student_.layers()) settings_.processes->broadcast(layer.zero_point);
    if (score) problem.score = [&] { return score(student_.freeze()); };
    QatResult result;
    result.fit = fit(problem, settings_.fit, observer);
    result.graph = student_.freeze();
    return result;
  }

 private:
  bool imitates_features() const { return settings_.feature_weight > 0; }
  bool imitates() const { return settings_.class_weight > 0 || settings_.box_weight > 0 || imitates_features(); }

  /// With more images than go through the network at once, gradients of the parts are added up here, and the total has none.
  StepLoss loss(const TrainingBatch& batch) {
    const std::vector<Samples> parts = parts_of(batch, settings_.images_at_once);
    BatchCounter counter(wanted_.size() - first_feature_);
    if (parts.size() == 1) {
      const Seen seen = look_at(parts.front());
      count(seen, counter);
      return loss_of(seen, counter.sum(*settings_.processes));
    }
    count_ahead(parts, counter);
    const BatchTotals totals = counter.sum(*settings_.processes);
    StepLoss whole{at::zeros({}, device_), {}};
    for (const Samples& part : parts) add_gradients(loss_of(look_at(part), totals), whole);
    return whole;
  }

  static void add_gradients(const StepLoss& part, StepLoss& whole) {
    if (part.total.requires_grad()) part.total.backward();
    whole.total += part.total.detach();
    if (whole.parts.empty())
      whole.parts = part.parts;
    else
      for (std::size_t i = 0; i < whole.parts.size(); ++i) whole.parts[i].second += part.parts[i].second;
  }

  void count_ahead(const std::vector<Samples>& parts, BatchCounter& counter) const {
    const at::NoGradGuard no_gradients;
    for (const Samples& part : parts) count(look_at(part), counter);
  }

  StepLoss loss_of(const Seen& seen, const BatchTotals& totals) const {
    StepLoss result{at::zeros({}, device_), {}};
    const auto add = [&](const char* name, const at::Tensor& part, double weight) {
      if (part.defined()) result.total = result.total + part * weight;
      result.parts.emplace_back(name, value_of(part));
    };
    if (imitates()) {
      const at::Tensor detections = at::scalar_tensor(std::max(totals.detections, totals.images), at::kFloat);
      const auto per_detection = [&](const at::Tensor& sum) { return sum.defined() ? sum / detections : sum; };
      add("imitate/classes", per_detection(seen.head.classes), settings_.class_weight);
      if (head_.logits.boxes >= 0) add("imitate/boxes", per_detection(seen.head.boxes), settings_.box_weight);
    }
    if (imitates_features())
      add("imitate/features", seen.found.empty() ? at::Tensor() : feature_loss(seen.targets, seen.found, first_feature_, totals),
          settings_.feature_weight);
    if (settings_.label_weight > 0) {
      const double share = std::max(value_of(seen.labels.targets), 1.0) / std::max(totals.targets, 1.0);
      const auto of_whole = [&](const at::Tensor& own) { return own.defined() ? own * share : own; };
      add("labels/box", of_whole(seen.labels.box), settings_.label_weight);
      add("labels/classes", of_whole(seen.labels.classes), settings_.label_weight);
      add("labels/distances", of_whole(seen.labels.distances), settings_.label_weight);
    }
    return result;
  }

  Seen look_at(const Samples& samples) const {
    if (samples.count() == 0) return {};
    const at::Tensor images = samples.images.to(device_).to(at::kFloat).div_(255).contiguous(at::MemoryFormat::ChannelsLast);
    Seen seen;
    seen.images = samples.count();
    if (imitates() || forced_share_ > 0) seen.targets = teach(images);
    seen.found = student_.forward(images, wanted_, forcing(seen.targets));
    if (imitates()) {
      seen.head = head_loss(head_.logits, values_of(seen.targets), values_of(seen.found));
    }
    if (settings_.label_weight > 0) seen.labels = learn_labels(samples, images, seen.found);
    return seen;
  }

  /// The head's values, which stand before the others.
  HeadValues values_of(const std::vector<at::Tensor>& tensors) const {
    return head_values(head_.logits, {tensors.begin(), tensors.begin() + static_cast<std::ptrdiff_t>(first_feature_)});
  }

  void count(const Seen& seen, BatchCounter& counter) const {
    std::vector<at::Tensor> features;
    if (imitates_features() && !seen.targets.empty())
      features.assign(seen.targets.begin() + static_cast<std::ptrdiff_t>(first_feature_),
                      seen.targets.begin() + static_cast<std::ptrdiff_t>(wanted_.size()));
    counter.add({static_cast<double>(seen.images), value_of(seen.head.detections), value_of(seen.labels.targets), {}}, features);
  }

  std::vector<at::Tensor> teach(const at::Tensor& images) const {
    const at::NoGradGuard no_gradients;
    return teacher_.forward(images, forced_share_ > 0 ? taught_ : wanted_);
  }

  TeacherForcing forcing(const std::vector<at::Tensor>& targets) const {
    TeacherForcing result{forced_share_, {}};
    if (forced_share_ > 0)
      for (std::size_t i = wanted_.size(); i < taught_.size(); ++i) result.inputs[taught_[i]] = targets[i];
    return result;
  }

  DetectionLoss learn_labels(const Samples& samples, const at::Tensor& images, const std::vector<at::Tensor>& found) const {
    DetectionLossOptions options;
    if (head_.is_one2one) options.assign = {.candidates = 7, .kept = 1};
    const Anchors anchors = make_anchors(images.size(2), images.size(3), head_.strides_px, images.device());
    const HeadValues values = values_of(found);
    return detection_loss(values.boxes, values.classes, anchors, {samples.image_of, samples.labels, samples.boxes_px}, options);
  }

  const at::Device device_;
  const Net teacher_;
  Net student_;
  const QatHead& head_;
  const QatData& data_;
  const QatSettings& settings_;
  double forced_share_ = 0;          ///< of the float network's inputs, in this step
  std::vector<ValueId> taught_;      ///< wanted_, then what the layers read where they are forced
  std::vector<ValueId> wanted_;      ///< the head's values; then the quantised convolutions' outputs where they are imitated
  const std::size_t first_feature_;  ///< where those begin
};

}  // namespace

QatResult train_on(const at::Device& device, const Graph& baseline, const Graph& quantized, const QatHead& head, const QatData& data,
                   const std::function<double(const Graph&)>& score, const QatSettings& options, const FitObserver& observer) {
  require_same_run(*options.processes, c10::DeviceTypeName(device.type()));
  return Training(device, baseline, quantized, head, data, options).run(score, observer);
}

}  // namespace nibble
