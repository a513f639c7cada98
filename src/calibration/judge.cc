// SPDX-License-Identifier: Apache-2.0
#include "calibration/judge.h"

#include <fmt/format.h>

#include "artifacts/float_file.h"
#include "artifacts/variant_files.h"
#include "base/scratch_file.h"
#include "eval/task_labels.h"
#include "nibble/error.h"
#include "scoring/detector_file.h"
#include "scoring/find_by_task.h"

namespace nibble {
namespace fs = std::filesystem;

void Judge::with_file(const Emit& emit, const std::function<void(const fs::path&)>& act) const {
  std::error_code ignored;  // writing says what is wrong
  if (file_.has_parent_path()) fs::create_directories(file_.parent_path(), ignored);
  const ScratchFile scratch(file_);
  emit(scratch.at);
  act(scratch.at);
}

double Judge::score_file(const Emit& emit) const {
  ScoringOptions scoring;
  scoring.model_name = file_.string();
  scoring.title = title_;
  scoring.skip_latency = true;
  scoring.runtime = runtime_;
  scoring.processes = processes_;
  double number = 0;
  with_file(emit, [&](const fs::path& path) {
    scoring.model = path;
    number = number_of(score_model(scoring, images_, progress_).numbers);
  });
  return number;
}

double Judge::number_of(const TaskNumbers& numbers) const {
  const double number = main_number(numbers);
  if (number < 0)
    throw Error(ErrorKind::input, fmt::format("images to judge by: {}: {} images show no object; give more or others",
                                              images_.annotations_name, images_.dataset.images.size()));
  return number;
}

double Judge::score(const Graph& graph) const {
  const VariantFile kind = recipe_.weights.granularity == Granularity::block ? VariantFile{"int4", ""} : VariantFile{"qcdq", ""};
  return score_file([&](const fs::path& path) {
    write_variant_files(baseline_, {graph}, recipe_, {kind}, {}, [&](const VariantFile&) { return path; });
  });
}

double Judge::score_baseline() const {
  return score_file([&](const fs::path& path) { write_float_file(baseline_, path); });
}

Findings Judge::found_by_float() const {
  const auto categories = static_cast<std::int64_t>(images_.dataset.categories.size());
  Findings findings;
  with_file([&](const fs::path& path) { write_float_file(baseline_, path); },
            [&](const fs::path& path) {
              const auto model = baseline_.info.task == Task::detect ? open_detector(path, runtime_, true, categories)
                                                                     : open_any_task(open_session(path, runtime_, true), path, {});
              findings = find_by_task(model, images_, {}, title_, progress_);
            });
  return findings;
}

double Judge::label() {
  constexpr double kSure = 0.3;
  const Findings findings = kept_ ? kept_->on(images_, [&] { return found_by_float(); }) : found_by_float();
  TaskLabels labels = label_by_findings(images_.dataset, findings, baseline_.info.task, kSure);
  images_.dataset = std::move(labels.dataset);
  images_.truth = std::move(labels.truth);
  return number_of(evaluate_task(images_.dataset, images_.truth, findings, {0, runtime_.seed, runtime_.threads}));
}

}  // namespace nibble
