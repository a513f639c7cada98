// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>

#include "base/log.h"
#include "export/emit.h"
#include "nibble/error.h"
#include "nibble/run.h"
#include "pipeline/output_path.h"
#include "pipeline/ptq.h"
#include "pipeline/qat_data.h"
#include "pipeline/qat_monitor.h"
#include "pipeline/scoring.h"
#include "pipeline/source_model.h"
#include "pipeline/twin_proof.h"
#include "report/environment.h"
#include "report/folder_lock.h"
#include "report/run_dir.h"
#include "train/qat.h"
#include "train/snapshot.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

double now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

class Qat {
 public:
  Qat(const QatOptions& options, Progress& progress)
      : options_(options),
        progress_(progress),
        recipe_(resolved_recipe(options.recipe, options.preset, options.calibration_images)),
        baseline_(read_baseline(options.checkpoint, {.head = parse_head(options.head), .image_size = options.image_size})),
        images_(open_qat_images(options, baseline_.card)),
        stem_(fmt::format("{}-{}", model_name_of(options.checkpoint), recipe_.name)) {}

  std::string run() {
    TrainingLoader loader(images_.training, loader_options());
    const QatSettings settings = settings_for(loader.batches_per_epoch());
    check_snapshot(settings);
    CalibrationResult state = calibrate_recipe(baseline_, recipe_, calibration_set(), options_.runtime, progress_);
    if (!images_.has_labels) label_held_out();
    const QatData data{loader.batches_per_epoch(), [&](std::int64_t epoch, std::int64_t first) { loader.start_epoch(epoch, first); },
                       [&] { return loader.next().value(); }};
    QatMonitor monitor(fmt::format("train {}", recipe_.name), options_.output_dir / "events", now_s, progress_);
    const QatResult trained = train(state.graph, data, settings, monitor.observer());
    progress_.end(
        fmt::format("{} steps, held out mAP {:.4f} -> {:.4f}", trained.fit.steps, *trained.fit.initial_score, *trained.fit.best_score));
    state.graph = trained.graph;
    const std::string text = write(state, trained.fit);
    fs::remove(snapshot());
    return text;
  }

 private:
  fs::path snapshot() const { return options_.output_dir / (stem_ + "-qat.snapshot"); }

  /// Before the calibration, which takes minutes.
  void check_snapshot(const QatSettings& settings) const {
    if (options_.resume) {
      read_snapshot(snapshot(), settings.fit.run);
    } else if (fs::exists(snapshot())) {
      throw Error(ErrorKind::usage, fmt::format("qat: {}: an unfinished training is here; go on with --resume, or remove the file to start "
                                                "again",
                                                snapshot().string()));
    }
  }

  QatResult train(const Graph& start, const QatData& data, const QatSettings& settings, const FitObserver& observer) const {
    try {
      return train_quantized(
          baseline_.graph, start, head(), data, [this](const Graph& graph) { return score(graph); }, settings, observer);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) throw;
      throw Error(error.kind(),
                  fmt::format("interrupted: the training stands in {}; go on with the same command and --resume", snapshot().string()));
    }
  }

  CalibrationSet calibration_set() const {
    const std::int64_t limit = images_wanted(recipe_);
    if (!options_.calibration.empty()) return open_calibration_set(options_.calibration, limit);
    CalibrationSet set{{}, options_.data.string()};
    for (const auto& image : images_.training.images)
      if (static_cast<std::int64_t>(set.files.size()) < limit) set.files.push_back(image.file);
    return set;
  }

  LoaderOptions loader_options() const {
    LoaderOptions loader;
    loader.size_px = options_.image_size;
    loader.batch = options_.batch;
    loader.seed = options_.runtime.seed;
    const AugmentOptions full;
    const double s = options_.augment;
    loader.augment = {s * full.mosaic, full.flip,           s * full.scale,     s * full.translate,
                      s * full.hue,    s * full.saturation, s * full.brightness};
    return loader;
  }

  QatHead head() const {
    const Head kind = baseline_.card.head;
    const LogitValues logits = find_logits(baseline_.graph);
    return {logits.boxes, logits.classes, baseline_.card.strides, kind == Head::one2one || kind == Head::raw_one2one};
  }

  QatSettings settings_for(std::int64_t steps_per_epoch) const {
    QatSettings settings;
    const DistillationRecipe& recipe = recipe_.distillation;
    settings.weight_rate = options_.rate * recipe.code_rate;
    settings.scale_rate = options_.rate * recipe.scale_rate;
    settings.activation_rate = options_.rate * recipe.activation_rate;
    settings.bias_rate = options_.rate * recipe.bias_rate;
    settings.class_weight = options_.imitation_weight * recipe.class_weight;
    settings.box_weight = options_.imitation_weight * recipe.box_weight;
    settings.feature_weight = options_.imitation_weight * recipe.feature_weight;
    settings.label_weight = options_.label_weight;
    settings.threads = options_.runtime.threads;
    FitOptions& fit = settings.fit;
    // Steps alone decide where they are given; epochs are as many as they fill.
    fit.epochs = options_.steps > 0 ? (options_.steps + steps_per_epoch - 1) / steps_per_epoch : options_.epochs;
    fit.max_steps = options_.steps;
    const std::int64_t steps = options_.steps > 0 ? options_.steps : options_.epochs * steps_per_epoch;
    fit.warmup_steps = steps / 20;
    fit.average = {.decay = 0.99, .ramp_steps = static_cast<double>(steps) / 10 + 1};
    fit.adam.epsilon = 1e-12;  // gradients of single weights are as small as 1e-8
    fit.patience = options_.patience;
    fit.snapshot_every_steps = 25;
    fit.snapshot = snapshot();
    fit.resume = options_.resume;
    fit.run = key_of({{"checkpoint", baseline_.card.source_sha256},
                      {"recipe", to_json(recipe_)},
                      {"data", describe(images_)},
                      {"calibration", describe(calibration_set())},
                      {"head", options_.head},
                      {"image_size", options_.image_size},
                      {"epochs", fit.epochs},
                      {"steps", options_.steps},
                      {"batch", options_.batch},
                      {"rate", options_.rate},
                      {"label_weight", options_.label_weight},
                      {"imitation_weight", options_.imitation_weight},
                      {"augment", options_.augment},
                      {"seed", options_.runtime.seed}});
    return settings;
  }

  /// Detections of a file that holds `graph`, on the held-out images.
  ScoringResult score_file(const std::function<void(const fs::path&)>& emit) const {
    const fs::path file = options_.output_dir / (stem_ + "-held-out.onnx");
    fs::create_directories(options_.output_dir);
    emit(file);
    Progress silent;
    ScoringOptions scoring{.model = file,
                           .model_name = file.string(),
                           .title = "",
                           .detect = {},
                           .optimize = true,
                           .skip_latency = true,
                           .runtime = options_.runtime};
    auto result = score_model(scoring, images_.held_out, silent);
    std::error_code ignored;
    fs::remove(file, ignored);
    return result;
  }

  double score(const Graph& graph) const {
    const PtqFile kind = recipe_.weights.granularity == Granularity::block ? PtqFile{"int4", ""} : PtqFile{"qcdq", ""};
    const auto result = score_file([&](const fs::path& file) {
      CalibrationResult state;
      state.graph = graph;
      write_ptq_files(baseline_, state, recipe_, {kind}, {}, [&](const PtqFile&) { return file; });
    });
    return result.document["metrics"]["mAP_50_95"].get<double>();
  }

  /// What the float network is sure of stands in for labels.
  void label_held_out() {
    constexpr double kSure = 0.3;
    const auto result = score_file([&](const fs::path& file) {
      EmitOptions emit;
      emit.metadata = baseline_metadata(baseline_.card, "float32");
      emit_model(baseline_.graph, emit, file);
    });
    auto& annotations = images_.held_out.dataset.annotations;
    for (const auto& detection : result.detections) {
      if (detection.score < kSure) continue;
      const auto& box = detection.box_xywh_px;
      annotations.push_back({static_cast<std::int64_t>(annotations.size()) + 1, detection.image_id, detection.category_id, box,
                             box[2] * box[3], false, false});
    }
  }

  std::string write(const CalibrationResult& state, const FitResult& fit) const {
    const auto files = files_of(recipe_, parse_dialects(options_.dialect));
    const auto path_of = [&](const PtqFile& file) {
      return options_.output_dir / fmt::format("{}-{}-qat{}{}.onnx", stem_, file.dialect, file.suffix.empty() ? "" : "-", file.suffix);
    };
    const auto ranges = ranges_for(files, state, images_of(calibration_set(), options_.image_size), options_.runtime, path_of, progress_);
    write_ptq_files(baseline_, state, recipe_, files, ranges, path_of);
    require_twins(prove_twins(recipe_, files, path_of));
    std::string text =
        fmt::format("{}: {} steps on {} images{}\n  mAP_50_95 on {} held-out images{}: {:.4f} calibrated, {:.4f} trained{}\n", recipe_.name,
                    fit.steps, images_.training.images.size(), fit.stopped_early ? ", stopped early" : "",
                    images_.held_out.dataset.images.size(), images_.has_labels ? "" : " (against the float network)", *fit.initial_score,
                    *fit.best_score, fit.best_epoch < 0 ? " (no epoch was better)" : "");
    for (const auto& file : files)
      text += fmt::format("  {:>9}  {}\n", size_text(static_cast<std::int64_t>(fs::file_size(path_of(file)))), path_of(file).string());
    return text;
  }

  const QatOptions& options_;
  Progress& progress_;
  const Recipe recipe_;
  const Detector baseline_;
  QatImages images_;
  const std::string stem_;
};

}  // namespace

std::string train(const QatOptions& options, Progress& progress) {
  parse_dialects(options.dialect);  // before hours of training
  if (options.output_dir.empty()) throw Error(ErrorKind::usage, "qat: no output folder; give one with -o DIR");
  require_can_be_folder(options.output_dir);
  if (options.imitation_weight == 0 && options.label_weight == 0)
    throw Error(ErrorKind::usage, "qat: --imitation 0 without --labels: nothing to learn from; give one of them a weight");
  if (options.label_weight > 0 && !has_labels(options.data))
    throw Error(ErrorKind::usage,
                fmt::format("qat: {}: a folder or list has no labels; --labels needs a data.yaml or a COCO file", options.data.string()));
  if (options.runtime.provider != "cpu")
    throw Error(ErrorKind::unsupported,
                fmt::format("qat: provider {}: training computes on the CPU; leave --provider out", options.runtime.provider));
  fs::create_directories(options.output_dir);
  const FolderLock lock(options.output_dir);
  return Qat(options, progress).run();
}

}  // namespace nibble
