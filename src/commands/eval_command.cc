// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <functional>
#include <vector>

#include "base/check_options.h"
#include "base/json.h"
#include "base/output_path.h"
#include "nibble/run.h"
#include "report/metrics_json.h"
#include "scoring/score_model.h"

namespace nibble {
namespace {

std::string latency_line(const Json& latency) {
  if (latency.is_null()) return "";
  return fmt::format("{:<12} mean {:.1f} ms, median {:.1f} ms, p90 {:.1f} ms\n", "latency", latency["mean_ms"].get<double>(),
                     latency["median_ms"].get<double>(), latency["p90_ms"].get<double>());
}

}  // namespace

std::string evaluate(const EvalOptions& options, Progress& progress) {
  check_options(options);
  const auto& data = options.data;
  check_paths(paths_of(options));
  auto set = open_eval_set(data);
  require_readable(set, data.on_bad_data, options.runtime.threads);
  const ScoringOptions scoring{.model = options.model,
                               .model_name = options.model.string(),
                               .title = "evaluate " + options.model.filename().string(),
                               .detect = options.detect,
                               .file = options.file,
                               .optimize = options.optimize,
                               .skip_latency = options.skip_latency,
                               .runtime = options.runtime};
  auto result = score_model(scoring, set, progress);
  result.document["bad_data"] = reasons_of(set.dataset.bad);
  const auto text =
      metrics_text(result.document["metrics"]) + latency_line(result.document["latency"]) + left_out_line(set.dataset.bad.size());
  std::vector<std::function<void()>> writers;
  if (!options.json.empty()) writers.emplace_back([&] { write_json(options.json, result.document); });
  if (!options.save_detections.empty()) writers.emplace_back([&] { write_detections(options.save_detections, result.detections); });
  write_or_show(text, writers);
  return text;
}

}  // namespace nibble
