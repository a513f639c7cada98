// SPDX-License-Identifier: Apache-2.0
#include "report/html/report_html.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/image_size_text.h"
#include "base/name_list.h"
#include "nibble/version.h"
#include "report/evidence.h"
#include "report/html/html_origin.h"
#include "report/html/html_parts.h"
#include "report/html/html_template.h"
#include "report/html/render.h"
#include "report/task_words.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

/// Longer findings (a list of all layers) stand complete in gates.json and in the layers' section.
constexpr std::size_t kLongestFinding = 180;

/// Of all pictures together, as they stand in the page.
constexpr std::size_t kPictureBytes = 2'000'000;

std::string shortened(const std::string& text) {
  if (text.size() <= kLongestFinding) return text;
  auto end = kLongestFinding;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a UTF-8 letter
  return text.substr(0, end) + " ... (all of it: gates.json)";
}

std::string count_text(std::int64_t count, const std::string& what) { return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s"); }

std::string scored_text(const Report& report) {
  std::int64_t scored = 0, images = 0;
  for (const auto& artifact : report.artifacts) {
    if (!artifact.score) continue;
    ++scored;
    images = artifact.score->images;
  }
  if (scored == 0) return "none of them was scored";
  return fmt::format("{} of them {} scored on {}", scored, scored == 1 ? "was" : "were", count_text(images, "image"));
}

std::string sentence(const Report& report) {
  std::vector<std::string> recipes;
  for (const auto& recipe : report.recipes) recipes.push_back(recipe.name);
  const auto what = report.task == Task::classify ? std::string("classes")
                    : report.task == Task::detect ? fmt::format("head {}", report.head)
                                                  : fmt::format("{}, head {}", words_of(report.task).things, report.head);
  const auto made = recipes.empty() ? "no recipe was finished" : fmt::format("finished recipes: {}", enumeration(recipes));
  return fmt::format("nibble {} wrote {} from {} ({}, input {} px; {}); {}.", kVersion,
                     count_text(static_cast<std::int64_t>(report.artifacts.size()), "ONNX file"), report.model, what,
                     text_of(report.image_size), made, scored_text(report));
}

std::string gates_text(const Report& report) {
  const auto all = report.gates.size();
  const auto failed = report.failed_gates(), undecided = report.undecided_gates();
  if (all == 0) return "no gate was checked";
  if (failed == 0 && undecided == 0) return fmt::format("all {} gates passed", all);
  const auto text = failed == 0 ? fmt::format("no gate of {} failed", all) : fmt::format("{} of {} gates FAILED", failed, all);
  return undecided == 0 ? text : fmt::format("{}, {} have not enough evidence", text, undecided);
}

/// A run that broke off is never "passed", whatever its gates say.
Json verdict(const Report& report, const Json& manifest) {
  const auto failed = report.failed_gates();
  const bool complete = report.status == "done";
  auto text = gates_text(report);
  text = complete ? fmt::format("Finished: {}.", text) : fmt::format("Not complete: {}; so far {}.", report.status, text);
  const auto has_score = [](const auto& artifact) { return artifact.score.has_value(); };
  if (complete && std::none_of(report.artifacts.begin(), report.artifacts.end(), has_score))
    text += " Nothing was scored, so this says nothing about accuracy.";
  const bool passed = complete && failed == 0 && report.undecided_gates() == 0 && !report.gates.empty();
  const auto state = passed ? "passed" : (failed > 0 || report.status == "failed" ? "failed" : "open");
  Json failures = Json::array();
  for (const auto& gate : report.gates)
    if (!gate.passed && !gate.undecided)
      failures.push_back({{"gate", gate.gate}, {"subject", gate.subject}, {"detail", shortened(gate.detail)}});
  Json reason = false;
  if (manifest.contains("error") && manifest.at("error").is_string() && !complete) reason = {{"reason", manifest.at("error")}};
  return {{"state", state},
          {"mark", passed ? "\u2713" : (std::string(state) == "open" ? "?" : "\u2717")},
          {"text", text},
          {"reason", reason},
          {"failures", failures}};
}

Json variants(const Report& report) {
  const auto rows = variant_rows(report);
  Json list = Json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    list.push_back({{"name", row.name},
                    {"main", row.main},
                    {"boxes", has_boxes_besides(report.task) ? Json{{"map", row.boxes}} : Json(false)},
                    {"change", row.change},
                    {"second", row.second},
                    {"mean_ms", row.mean_ms},
                    {"p90_ms", row.p90_ms},
                    {"size", row.size},
                    {"ratio", row.ratio},
                    {"link", relative_link(row.path)},
                    {"scored", report.artifacts[i].score.has_value()}});
  }
  return list;
}

Json gates(const Report& report) {
  Json list = Json::array();
  for (const auto& gate : report.gates)
    list.push_back({{"gate", gate.gate},
                    {"subject", gate.subject},
                    {"state", outcome_state(gate)},
                    {"result", (gate.passed      ? "\u2713 "
                                : gate.undecided ? "? "
                                                 : "\u2717 ") +
                                   outcome_text(gate)},
                    {"detail", shortened(gate.detail)}});
  return list;
}

Json parity(const Report& report) {
  Json list = Json::array();
  for (const auto& artifact : report.artifacts)
    for (const auto& row : artifact.parity)
      list.push_back({{"name", artifact.name},
                      {"what", row.what},
                      {"score", fmt::format("{:.3g}", row.max_score)},
                      {"box", fmt::format("{:.3g}", row.max_box_px)}});
  return list;
}

Json caveats(const Report& report) {
  Json list = Json::array();
  for (const auto& caveat : report.caveats) list.push_back({{"parts", emphasis_parts(caveat)}});
  return list;
}

Json files(const HtmlInput& input) {
  Json list = Json::array();
  for (const auto& path : input.files) list.push_back({{"path", path}, {"link", relative_link(path)}});
  return list;
}

std::string when_text(const HtmlInput& input) {
  auto text = fmt::format("Took {:.1f} s", input.report.seconds);
  if (input.manifest.contains("started_utc")) text += fmt::format(", started {}", input.manifest.at("started_utc").get<std::string>());
  return text + ". A run directory is never overwritten: leave --run-id away or give another.";
}

Json values_of(const HtmlInput& input) {
  const auto& report = input.report;
  const auto& words = words_of(report.task);
  Json values = {{"main_title", words.main_title},
                 {"second_title", words.second_title},
                 {"has_boxes", has_boxes_besides(report.task)},
                 {"is_classifier", report.task == Task::classify},
                 {"overlap", words.overlap},
                 {"box_iou", of_boxes(report.task, "IoU")},
                 {"box_map", of_boxes(report.task, "mAP")},
                 {"box_overlap", of_boxes(report.task, "overlap")},
                 {"title", fmt::format("{}: quantisation report", report.model)},
                 {"sentence", sentence(report)},
                 {"verdict", verdict(report, input.manifest)},
                 {"take", verdict_values(report)},
                 {"pictures", picture_sections(report, input.pictures, kPictureBytes)},
                 {"variants", variants(report)},
                 {"distributions", distribution_charts(report, input.precision)},
                 {"sizes", size_table(report, input.metrics)},
                 {"class_changes", class_changes(report, input.metrics)},
                 {"charts", variant_charts(report)},
                 {"blame", blame_sections(report, input.comparisons)},
                 {"trainings", training_sections(report, input.curves)},
                 {"runtime", runtime_table(report)},
                 {"twins", twin_table(report)},
                 {"recipes", layer_sections(report, input.layers)},
                 {"classes", class_table(report, input.metrics)},
                 {"gates", gates(report)},
                 {"intervals", interval_table(report)},
                 {"gates_open", report.failed_gates() + report.undecided_gates() > 0},
                 {"parity", parity(report)},
                 {"caveats", caveats(report)},
                 {"data", data_lines(input)},
                 {"environment", environment_rows(input)},
                 {"command", shell_text(input.manifest.value("command", std::vector<std::string>{}))},
                 {"when", when_text(input)},
                 {"files", files(input)}};
  for (const auto* list :
       {"variants", "pictures", "class_changes", "blame", "trainings", "runtime", "twins", "recipes", "gates", "parity", "caveats"})
    values[fmt::format("has_{}", list)] = !values[list].empty();
  values["gates_heading"] = gates_text(report);
  return values;
}

}  // namespace

std::string report_html(const HtmlInput& input) { return render_template(report_template(), values_of(input)); }

}  // namespace nibble
