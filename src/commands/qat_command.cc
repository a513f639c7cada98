// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "artifacts/source_model.h"
#include "base/check_options.h"
#include "base/image_size_text.h"
#include "base/json.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "calibration/budget.h"
#include "calibration/calibration_check.h"
#include "calibration/compute_device.h"
#include "calibration/resolve_recipe.h"
#include "comm/processes.h"
#include "commands/quantize_result.h"
#include "nibble/error.h"
#include "nibble/quantize.h"
#include "run/folder_lock.h"
#include "train/snapshot.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

class Qat {
 public:
  Qat(const QatOptions& options, std::shared_ptr<Processes> processes, int local_rank, Progress& progress)
      : options_(options),
        progress_(progress),
        recipe_(resolved_recipe(options.recipe, choice_of(options))),
        baseline_(read_baseline(options.checkpoint, {.head = parse_head(options.head), .image_size = options.image_size})),
        job_{baseline_, recipe_, options.course, options.runtime,      open_images(),
             places(),  "",      options.resume, std::move(processes), local_rank} {
    job_.run = key_of({{"start", start_key()}, {"course", describe(options.course, job_.images)}});
  }

  QuantizeResult run() {
    check_snapshot();
    const CalibrationSet images = calibration_set();
    const VariantJob job{
        .calibration = {baseline_, recipe_, images, options_.judge, job_.places.scored, options_.runtime},
        .files = files_of(recipe_, wanted_dialects(options_.dialect, recipe_)),
        .path_of = [&](const VariantFile& file) { return place(artifact_name(recipe_, file, "qat") + ".onnx"); },
        .layers = place(recipe_.name + "-layers.json"),
        .start = {job_.places.start, start_key()},
        .training = &job_,
    };
    std::optional<CalibrationCheck> check;
    if (job_.processes->is_first()) check = check_before(images, baseline_, options_.runtime, progress_);
    auto variant = make(job);
    if (!variant) return {};
    const auto training = report_of(job_, *variant->numbers.fit, job_.places.curve.string());
    auto result = quantize_result(job, std::move(*variant));
    result.training = training;
    result.images = check;
    result.bad_data = reasons_of(job_.images.held_out.dataset.bad);
    remove_state(job_.places);
    return result;
  }

 private:
  QatImages open_images() const {
    ImageSource source{options_.data, options_.images, {}};
    if (source.data.empty()) {
      const auto all = list_calibration_images(options_.calibration);
      source = {all.name, options_.images, all.files};
    }
    source.on_bad_data = rule();
    return open_qat_images(source, options_.course.held_out, options_.runtime.seed, baseline_.info);
  }

  OnBadData rule() const { return parse_on_bad_data(options_.on_bad_data, OnBadData::skip_few); }

  fs::path place(const std::string& name) const {
    return options_.output_dir / fmt::format("{}-{}", model_name_of(options_.checkpoint), name);
  }

  QatPlaces places() const {
    const auto file = [&](const char* suffix) { return place(recipe_.name + suffix); };
    return {file("-qat-start.snapshot"), file("-qat.snapshot"), file("-qat-training.csv"), options_.output_dir / "events",
            file("-held-out.onnx")};
  }

  std::string start_key() const {
    return key_of({{"checkpoint", baseline_.info.source_sha256},
                   {"recipe", to_json(recipe_)},
                   {"calibration", describe(calibration_set())},
                   {"judge", options_.judge.data.string()},
                   {"head", options_.head},
                   {"image_size", to_json(baseline_.info.image_size)},
                   {"seed", options_.runtime.seed}});
  }

  /// Before the calibration, which takes minutes.
  void check_snapshot() const {
    if (!job_.processes->is_first()) return;
    const auto& snapshot = job_.places.snapshot;
    if (options_.resume) {
      read_snapshot(snapshot, job_.run);
    } else if (fs::exists(snapshot)) {
      throw Error(ErrorKind::usage, fmt::format("qat: {}: an unfinished training is here; go on with --resume, or remove the file to start "
                                                "again",
                                                snapshot.string()));
    }
  }

  std::optional<Variant> make(const VariantJob& job) const {
    try {
      return make_variant(job, progress_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted || !fs::exists(job_.places.snapshot)) throw;
      throw Error(error.kind(), fmt::format("interrupted: the training stands in {}; go on with the same command and --resume",
                                            job_.places.snapshot.string()));
    }
  }

  /// No held-out image is among them: seen by calibration, it would judge the start too well.
  CalibrationSet calibration_set() const {
    CalibrationSet set{{}, job_.images.held_out.annotations_name};
    if (options_.calibration.empty())
      for (const auto& image : job_.images.training.images) set.files.push_back(image.file);
    else
      set = without(list_calibration_images(options_.calibration), job_.images.held_out);
    if (set.files.empty())
      throw Error(ErrorKind::usage,
                  fmt::format("calibration: {}: all its images are held out of the training to judge it by; give others by "
                              "--calib, or a lower --held-out",
                              set.name));
    if (!options_.calibration.empty()) return first_readable(std::move(set), images_wanted(recipe_), rule());
    set.files.resize(std::min(set.files.size(), static_cast<std::size_t>(images_wanted(recipe_))));
    return set;
  }

  const QatOptions& options_;
  Progress& progress_;
  const Recipe recipe_;
  const Detector baseline_;
  QatJob job_;
};

}  // namespace

QuantizeResult train(const QatOptions& options, Progress& listener) {
  check_options(options);
  WatchedProgress progress(listener);
  if (!options.dialect.empty()) parse_dialects(options.dialect);  // before hours of training
  parse_on_bad_data(options.on_bad_data, OnBadData::stop);
  if (options.output_dir.empty()) throw Error(ErrorKind::usage, "qat: no output folder; give one with -o DIR");
  check_paths(paths_of(options));
  const QatCourse& course = options.course;
  if (course.imitation_weight == 0 && course.label_weight == 0)
    throw Error(ErrorKind::usage, "qat: --imitation 0 without --labels: nothing to learn from; give one of them a weight");
  if (course.label_weight > 0 && !has_labels(options.data))
    throw Error(ErrorKind::usage,
                fmt::format("qat: {}: a folder or list has no labels; --labels needs a data.yaml or a COCO file", options.data.string()));
  require_use_of(options.judge, resolved_recipe(options.recipe, choice_of(options)));
  require_compute_provider(options.runtime);
  const Rendezvous place = environment_rendezvous();
  if (course.batch % place.size != 0)
    throw Error(ErrorKind::usage, fmt::format("qat: --batch {}: does not divide among {} processes; give a multiple of {}", course.batch,
                                              place.size, place.size));
  const auto processes = join_processes(place);
  if (!processes->is_first()) {
    Progress silent;
    return Qat(options, processes, place.local_rank, silent).run();
  }
  if (course.label_weight > 0) require_label_loss(read_model_info(options.checkpoint), "qat");  // before the folder is made
  std::error_code ignored;                                                                      // the lock says what is wrong
  fs::create_directories(options.output_dir, ignored);
  const FolderLock lock(options.output_dir);
  return Qat(options, processes, place.local_rank, progress).run();
}

}  // namespace nibble
