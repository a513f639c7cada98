// SPDX-License-Identifier: Apache-2.0
#include "report/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/image_size_text.h"
#include "report/evidence.h"
#include "report/gates.h"
#include "report/interval_row.h"
#include "report/runtime_row.h"
#include "report/task_words.h"
#include "report/training_text.h"
#include "report/twin_row.h"
#include "report/variant_row.h"
#include "report/verdict.h"

namespace nibble {
namespace {

/// '|' would end a table cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '|') escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

std::string table_row(const VariantRow& row, bool has_boxes) {
  return fmt::format("| {} | {} | {} | {} |{} {} | {} | {} | {} | {} | {} |\n", cell(row.name), row.main, row.change, row.second,
                     has_boxes ? " " + row.boxes + " |" : "", row.mean_ms, row.p90_ms, row.providers, row.size, row.ratio, cell(row.path));
}

std::string table(const Report& report) {
  const auto& words = words_of(report.task);
  const bool has_boxes = has_boxes_besides(report.task);
  std::string text = fmt::format("| variant | {} | change | {} |{} mean_ms | p90_ms | providers | file size | ratio | path |\n", words.main,
                                 words.second, has_boxes ? " mAP_50_95 of boxes |" : "");
  text += has_boxes ? "|---|---|---|---|---|---|---|---|---|---|---|\n" : "|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& row : variant_rows(report)) text += table_row(row, has_boxes);
  return text;
}

std::string bullets(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "- " + line + "\n";
  return text.empty() ? "none\n" : text;
}

std::string gates_heading(const Report& report) {
  const auto failed = report.failed_gates(), undecided = report.undecided_gates();
  if (failed == 0 && undecided == 0) return fmt::format("All {} passed.\n\n", report.gates.size());
  const auto open = undecided == 0 ? "" : fmt::format("{} of {} have not enough evidence.", undecided, report.gates.size());
  if (failed == 0) return fmt::format("None failed. {}\n\n", open);
  return fmt::format("**{} of {} FAILED.** {}\n\n", failed, report.gates.size(), open);
}

std::string intervals_section(const Report& report) {
  std::string rows;
  for (const auto& row : interval_rows(report))
    rows += fmt::format("| {} | {} | {} | {} | {} | {} |\n", cell(row.name), row.metric, row.value, row.interval, row.change,
                        row.change_interval);
  if (rows.empty()) return "";
  return "| variant | number | found | between | change | between |\n|---|---|---|---|---|---|\n" + rows + "\n" + interval_note(report) +
         "\n";
}

std::string gates_section(const Report& report) {
  if (report.gates.empty()) return "not checked\n";
  std::string text = gates_heading(report);
  text += "| gate | of | result | found |\n|---|---|---|---|\n";
  for (const auto& gate : report.gates)
    text += fmt::format("| {} | {} | {} | {} |\n", gate.gate, cell(gate.subject), outcome_text(gate), cell(gate.detail));
  return text;
}

std::string cost_of(const Blame& blame) {
  std::vector<std::string> parts;
  for (const auto& [what, map] : blame.cost) parts.push_back(fmt::format("{} {:.4f}", what, map));
  return parts.empty() ? "-" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string or_none(const std::string& layer) { return layer.empty() ? "none" : layer; }

/// What became of the objects the baseline sees, what the changes cost, and where it begins.
std::string losses_section(const Report& report) {
  std::string rows;
  for (const auto& artifact : report.artifacts) {
    if (!artifact.blame) continue;
    const auto& b = *artifact.blame;
    if (report.task == Task::classify) {
      rows += fmt::format("| {} | {} of {} | {} | {} |\n", cell(artifact.name), b.found, b.objects, cell(or_none(b.first_diverged)),
                          cell(or_none(b.largest_drop)));
      continue;
    }
    rows += fmt::format("| {} | {} of {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", cell(artifact.name), b.found, b.objects, b.faded,
                        b.wrong_class, b.mislocated, b.missed, b.extra, cost_of(b), cell(or_none(b.first_diverged)),
                        cell(or_none(b.largest_drop)));
  }
  if (rows.empty()) return "";
  if (report.task == Task::classify) return "| variant | same class | first layer below 20 dB | largest drop |\n|---|---|---|---|\n" + rows;
  return fmt::format(
             "| variant | found | faded | wrong class | mislocated | missed | extra | {} lost by | first layer below 20 dB | "
             "largest "
             "drop |\n"
             "|---|---|---|---|---|---|---|---|---|---|\n",
             of_boxes(report.task, "mAP_50_95")) +
         rows + "\nAgainst the objects the baseline sees at confidence 0.25; faded: in place, but below it. `nibble compare` shows more.\n";
}

std::string layers_section(const Report& report) {
  std::string text;
  for (const auto& recipe : report.recipes) {
    text += fmt::format("- {}: {} convolutions quantised on {} images", recipe.name, recipe.quantized_layers, recipe.calibration_images);
    if (!recipe.float_layers.empty()) text += fmt::format("; float: {}", fmt::join(recipe.float_layers, ", "));
    if (!recipe.skipped_layers.empty()) text += fmt::format("; **skipped: {}**", shortened_list(recipe.skipped_layers, "; "));
    if (!recipe.rounded_with_less.empty())
      text += fmt::format("; **rounded with less information: {}**", shortened_list(recipe.rounded_with_less, "; "));
    text += "\n";
  }
  return text;
}

std::string parity_section(const Report& report) {
  std::string text;
  for (const auto& artifact : report.artifacts) {
    for (const auto& parity : artifact.parity)
      text += fmt::format("- {}: {}: scores differ by at most {:.3g}{}\n", artifact.name, parity.what, parity.max_score,
                          report.task == Task::classify ? "" : fmt::format(", boxes by {:.3g} px", parity.max_box_px));
    if (artifact.score && artifact.score->reference_main)
      text += fmt::format("- {}: {} {} with optimisations on, {} off\n", artifact.name, words_of(report.task).main,
                          share_text(artifact.score->main), share_text(*artifact.score->reference_main));
  }
  return text;
}

std::string twins_section(const Report& report) {
  std::string text;
  for (const auto& row : twin_rows(report)) {
    text += fmt::format("- {} and {}: {}", row.artifact, row.reference,
                        row.equal ? row.compared + " are " + row.result : "**DIFFER:** " + row.result);
    if (!row.outputs.empty()) text += fmt::format("; outputs, optimisations off, differ by {}", row.outputs);
    text += "\n";
  }
  return text;
}

std::string levels_text(const std::vector<LevelCell>& levels) {
  std::vector<std::string> cells;
  for (const auto& level : levels)
    cells.push_back(fmt::format("{}: {}", level.where, level.same ? level.found : fmt::format("**{}**", level.found)));
  return fmt::format("{}", fmt::join(cells, "; "));
}

/// Of scored files.
std::string runtime_section(const Report& report) {
  std::string rows, steps;
  for (const auto& row : runtime_rows(report)) {
    rows += fmt::format("| {} | {} | {} | {} | {} |\n", cell(row.name), row.time_ratio, row.nodes, row.operators,
                        row.problem.empty() ? levels_text(row.levels) : "**" + cell(row.problem) + "**");
    if (row.problem.empty()) steps += fmt::format("- {}: {}\n", row.name, row.steps);
  }
  if (rows.empty()) return "";
  return "| file | time | nodes | operators by time | found against optimisations off |\n|---|---|---|---|---|\n" + rows +
         "\nTime: of the FP32 baseline's, in turns with it. Found: in the first image, with a score of at least 0.25.\n"
         "\nCodes of activations, all optimisations against none:\n" +
         steps;
}

std::string training_section(const Report& report) {
  std::string text;
  for (const auto& training : report.trainings) text += "- " + training_text(training, words_of(report.task).main) + "\n";
  return text;
}

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : fmt::format("\n## {}\n{}", title, body);
}

void append_rows(const std::string& section, std::vector<std::string>& lines) {
  for (std::size_t at = 0; at < section.size();) {
    const auto end = std::min(section.find('\n', at), section.size());
    if (section[at] == '|') lines.push_back(section.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

std::vector<std::string> summary_claims(const Report& report) {
  std::vector<std::string> lines;
  for (const auto& section : {table(report), intervals_section(report), gates_section(report)}) append_rows(section, lines);
  return lines;
}

std::string summary_markdown(const Report& report) {
  const auto what = report.task == Task::detect     ? fmt::format("head {}", report.head)
                    : report.task == Task::classify ? std::string(words_of(report.task).things)
                                                    : fmt::format("{}, head {}", words_of(report.task).things, report.head);
  std::string text = fmt::format("# {}: {}, {} px\n\n", report.model, what, text_of(report.image_size));
  if (report.status != "done") text += fmt::format("**This run is not complete: {}.** What was finished stands below.\n\n", report.status);
  if (const auto verdict = verdict_markdown(verdict_of(report)); !verdict.empty()) text += fmt::format("## Verdict\n{}\n", verdict);
  text += table(report);
  text += "\nChange and ratio are against the FP32 baseline. Times: one image, batch 1, warm-up left out. \"-\": not measured.\n";
  text += section("How sure the scores are", intervals_section(report));
  text += section("What is lost", losses_section(report));
  text += section("Data", bullets(report.data));
  if (!report.bad_data.empty()) text += section("Bad data, left out", bullets(report.bad_data));
  text += section("Training", training_section(report));
  text += section("Layers", layers_section(report));
  text += section("Twins", twins_section(report));
  text += section("What the runtime does", runtime_section(report));
  text += section("Numeric parity", parity_section(report));
  text += section("Gates", gates_section(report));
  text += section("Caveats", bullets(report.caveats));
  return text;
}

}  // namespace nibble
