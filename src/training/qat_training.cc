// SPDX-License-Identifier: Apache-2.0
#include "training/qat_training.h"

#include <fmt/format.h>

#include <chrono>

#include "base/threads.h"
#include "calibration/compute_device.h"
#include "calibration/head_logits.h"
#include "calibration/judge.h"
#include "data/training_loader.h"
#include "report/task_words.h"
#include "train/qat.h"
#include "training/qat_monitor.h"
#include "training/qat_settings.h"

namespace nibble {
namespace {

double now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

QatHead head_of(const Detector& baseline) {
  const Head kind = baseline.info.head;
  return {head_logits(baseline), baseline.info.strides, kind == Head::one2one || kind == Head::raw_one2one};
}

}  // namespace

Json describe(const QatCourse& course, const QatImages& images) {
  return {{"data", describe(images)},
          {"epochs", course.epochs},
          {"steps", course.steps},
          {"batch", course.batch},
          {"rate", course.rate},
          {"label_weight", course.label_weight},
          {"imitation_weight", course.imitation_weight},
          {"augment", course.augment},
          {"patience", course.patience}};
}

QatOutcome train_job(QatJob& job, const Graph& start, Progress& progress) {
  const ComputeDevice device = compute_device(job.runtime, job.local_rank);
  LoaderOptions options = loader_options(job.course, job.baseline.info.image_size, job.runtime.seed);
  options.centre_crop = job.baseline.info.task == Task::classify;
  if (device.kind != DeviceKind::cpu) options.threads = thread_count(job.runtime.threads);  // the cores are free, and the GPU is quick
  options.shares = job.processes->size();
  options.share = job.processes->rank();
  TrainingLoader loader(job.images.training, options);
  const QatData data{loader.batches_per_epoch(), [&](std::int64_t epoch, std::int64_t first) { loader.start_epoch(epoch, first); },
                     [&] { return loader.next().value(); }};
  QatSettings settings = qat_settings(job.recipe, job.course, loader.batches_per_epoch());
  settings.threads = job.runtime.threads;
  settings.device = device;
  if (device.kind != DeviceKind::cpu) settings.images_at_once = job.course.batch;
  settings.fit.snapshot = job.places.snapshot;
  settings.fit.resume = job.resume;
  settings.fit.run = job.run;
  settings.processes = job.processes;
  Progress silent;
  Judge held_out(job.baseline, job.recipe, job.images.held_out, job.places.scored, job.runtime, silent, {}, nullptr, job.float_findings);
  if (!job.images.has_labels && job.processes->is_first()) held_out.label();
  QatMonitor monitor(fmt::format("train {}", job.recipe.name), job.baseline.info.task, job.places.events, job.places.curve, now_s,
                     progress);
  const QatResult trained = train_quantized(
      job.baseline.graph, start, head_of(job.baseline), data, [&](const Graph& graph) { return held_out.score(graph); }, settings,
      job.processes->is_first() ? monitor.observer() : FitObserver{});
  progress.end(fmt::format("{} steps, held out {} {:.4f} -> {:.4f}", trained.fit.steps, words_of(job.baseline.info.task).main_title,
                           *trained.fit.initial_score, *trained.fit.best_score));
  return {trained.graph, trained.fit};
}

void remove_state(const QatPlaces& places) {
  for (const auto& path : {places.snapshot, places.start}) std::filesystem::remove(path);
}

TrainingReport report_of(const QatJob& job, const FitResult& fit, const std::string& curve) {
  TrainingReport report;
  report.recipe = job.recipe.name;
  report.steps = fit.steps;
  report.images = static_cast<std::int64_t>(job.images.training.images.size());
  report.held_out_images = static_cast<std::int64_t>(job.images.held_out.dataset.images.size());
  report.has_labels = job.images.has_labels;
  report.initial_score = *fit.initial_score;
  report.best_score = *fit.best_score;
  report.best_epoch = fit.best_epoch;
  report.stopped_early = fit.stopped_early;
  report.rollbacks = fit.rollbacks;
  report.curve_path = curve;
  return report;
}

}  // namespace nibble
