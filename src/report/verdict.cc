// SPDX-License-Identifier: Apache-2.0
#include "report/verdict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/name_list.h"
#include "base/size_text.h"
#include "report/task_words.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

/// A quantised file that may be recommended.
struct Candidate {
  const ArtifactReport* file = nullptr;
  const ArtifactReport* scored = nullptr;            ///< the file itself, or the one whose outputs are its own
  std::vector<const GateResult*> failed, undecided;  ///< gates on the file, on its recipe, and on the scores of `scored`
  double map() const { return scored->score->main; }
};

const ArtifactReport* find_artifact(const Report& report, const std::string& name) {
  const auto found = std::find_if(report.artifacts.begin(), report.artifacts.end(), [&](const auto& row) { return row.name == name; });
  return found == report.artifacts.end() ? nullptr : &*found;
}

bool has_equal_outputs(const TwinReport& twin) {
  return twin.difference.empty() && twin.outputs && twin.outputs->max_score == 0 && twin.outputs->max_box_px == 0;
}

/// The file, or a twin, a twin's twin and so on, that has a score and the same outputs; null where there is none.
const ArtifactReport* scored_like(const Report& report, const ArtifactReport& artifact) {
  std::vector<std::string> ways = {artifact.name};
  std::set<std::string> seen = {artifact.name};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const auto* file = find_artifact(report, ways[i]);
    if (file && file->score) return file;
    for (const auto& twin : report.twins) {
      if (!has_equal_outputs(twin) || (twin.artifact != ways[i] && twin.reference != ways[i])) continue;
      const auto& other = twin.artifact == ways[i] ? twin.reference : twin.artifact;
      if (seen.insert(other).second) ways.push_back(other);
    }
  }
  return nullptr;
}

double allowed_drop(const Report& report, const ArtifactReport& artifact) {
  const auto found =
      std::find_if(report.recipes.begin(), report.recipes.end(), [&](const auto& row) { return row.name == artifact.recipe; });
  return found == report.recipes.end() ? 1 : found->max_map_drop;
}

/// Of the file that was scored in its place only what is about its outputs counts, not its bytes and times.
bool is_about(const GateResult& gate, const Candidate& candidate) {
  if (gate.subject == candidate.file->name || gate.subject == candidate.file->recipe) return true;
  return gate.subject == candidate.scored->name &&
         (gate.gate == "map_drop" || gate.gate == "min_map" || is_sampled(gate.gate.substr(0, gate.gate.find(' '))));
}

void add_gates(const Report& report, Candidate& candidate) {
  for (const auto& gate : report.gates) {
    if (!is_about(gate, candidate)) continue;
    if (gate.undecided) candidate.undecided.push_back(&gate);
    if (!gate.undecided && !gate.passed) candidate.failed.push_back(&gate);
  }
}

/// A gate of the run may allow more than the recipe does; where none decided, the recipe's own limit holds.
bool loses_too_much(const Report& report, const Candidate& candidate, double float_map) {
  const bool was_allowed = std::any_of(report.gates.begin(), report.gates.end(), [&](const auto& gate) {
    return gate.gate == "map_drop" && gate.subject == candidate.scored->name && gate.passed && !gate.undecided;
  });
  return !was_allowed && float_map - candidate.map() > allowed_drop(report, *candidate.file);
}

std::string names_of(const std::vector<const GateResult*>& gates) {
  std::vector<std::string> names;
  for (const auto* gate : gates)
    if (std::find(names.begin(), names.end(), gate->gate) == names.end()) names.push_back(gate->gate);
  return fmt::format("the gate{} {}", names.size() == 1 ? "" : "s", fmt::join(names, ", "));
}

std::vector<Candidate> candidates_of(const Report& report) {
  std::vector<Candidate> candidates;
  for (const auto& artifact : report.artifacts) {
    if (artifact.recipe.empty() || !artifact.loads || !artifact.finite) continue;
    const auto* scored = scored_like(report, artifact);
    if (scored && scored->score->main >= 0) add_gates(report, candidates.emplace_back(Candidate{&artifact, scored, {}, {}}));
  }
  return candidates;
}

/// What every reason says: the accuracy, and by which file it was measured.
std::string accuracy_text(const Candidate& candidate, const ArtifactReport& baseline) {
  const double change = candidate.map() - baseline.score->main;
  const auto against = std::abs(change) < 5e-5 ? std::string("the same as float")
                                               : fmt::format("{:.4f} {} float", std::abs(change), change < 0 ? "below" : "above");
  const auto through =
      candidate.scored == candidate.file ? "" : fmt::format(", measured on {}, whose outputs are the same", candidate.scored->name);
  return fmt::format("{} {}, {}{}", words_of(candidate.scored->score->task).main_title, share_text(candidate.map()), against, through);
}

std::string size_against(const ArtifactReport& file, const ArtifactReport& baseline) {
  return fmt::format("{}, {:.2f} times smaller than float", size_text(file.bytes),
                     static_cast<double>(baseline.bytes) / static_cast<double>(std::max<std::int64_t>(file.bytes, 1)));
}

Recommendation recommend(const std::string& purpose, const ArtifactReport& file, const std::string& reason) {
  return {purpose, file.name, file.path, reason};
}

/// Of two equal ones the smaller file, then the earlier one.
template <class Better>
const Candidate* best_of(const std::vector<Candidate>& candidates, Better better) {
  const Candidate* best = nullptr;
  for (const auto& candidate : candidates)
    if (!best || better(candidate, *best) || (!better(*best, candidate) && candidate.file->bytes < best->file->bytes)) best = &candidate;
  return best;
}

bool is_more_accurate(const Candidate& a, const Candidate& b) { return a.map() > b.map(); }

struct Choice {
  const Candidate* best = nullptr;  ///< of those that failed no gate; null where there is none
  std::string note;                 ///< what gates have to say of this choice, to follow the reason
};

/// `word`: what a better one is, "smaller". A better file that failed a gate is not taken, and named.
template <class Better>
Choice choose(const std::vector<Candidate>& candidates, const char* word, Better better) {
  std::vector<Candidate> refused;
  Choice choice;
  for (const auto& candidate : candidates) {
    if (!candidate.failed.empty()) refused.push_back(candidate);
    const bool is_better = !choice.best || better(candidate, *choice.best) ||
                           (!better(*choice.best, candidate) && candidate.file->bytes < choice.best->file->bytes);
    if (candidate.failed.empty() && is_better) choice.best = &candidate;
  }
  if (!choice.best) return choice;
  if (const auto& open = choice.best->undecided; !open.empty()) {
    choice.note += fmt::format("; not enough evidence for {}", names_of(open));
    const auto images =
        (*std::max_element(open.begin(), open.end(), [](auto* a, auto* b) { return a->images_needed < b->images_needed; }))->images_needed;
    if (images > 0) choice.note += fmt::format(", about {} images would decide", images);
  }
  const auto* other = best_of(refused, better);
  if (other && better(*other, *choice.best))
    choice.note += fmt::format("; {} is {}, but failed {}", other->file->name, word, names_of(other->failed));
  return choice;
}

bool is_smaller(const Candidate& a, const Candidate& b) { return a.file->bytes < b.file->bytes; }

Recommendation smallest(const std::vector<Candidate>& candidates, const ArtifactReport& baseline) {
  const auto [best, note] = choose(candidates, "smaller", is_smaller);
  return recommend("smallest", *best->file,
                   fmt::format("{}; {}{}.", size_against(*best->file, baseline), accuracy_text(*best, baseline), note));
}

Recommendation most_accurate(const std::vector<Candidate>& candidates, const ArtifactReport& baseline) {
  const auto [best, note] = choose(candidates, "more accurate", is_more_accurate);
  return recommend("most accurate", *best->file,
                   fmt::format("{}; {}{}.", accuracy_text(*best, baseline), size_against(*best->file, baseline), note));
}

/// Nothing where no quantised file was timed beside the float one.
std::optional<Recommendation> fastest(const std::vector<Candidate>& candidates, const ArtifactReport& baseline) {
  constexpr const char* kPurpose = "fastest in ONNX Runtime";
  constexpr double kAsFast = 1.05;  // what times scatter by, even in turns
  std::vector<Candidate> timed;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(timed),
               [](const auto& candidate) { return candidate.file->runtime && candidate.file->runtime->time_ratio; });
  const auto [best, note] =
      choose(timed, "faster", [](const auto& a, const auto& b) { return *a.file->runtime->time_ratio < *b.file->runtime->time_ratio; });
  if (!best) return std::nullopt;
  const double ratio = *best->file->runtime->time_ratio;
  if (ratio > kAsFast)
    return recommend(kPurpose, baseline,
                     fmt::format("no quantised file is as fast here: the best of them, {}, takes {:.2f} of this float file's time{}.",
                                 best->file->name, ratio, note));
  const auto speed = ratio < 1 / kAsFast ? fmt::format("takes {:.2f} of the float file's time", ratio)
                                         : fmt::format("as fast as the float file ({:.2f} of its time)", ratio);
  return recommend(kPurpose, *best->file,
                   fmt::format("{}; {}; {}{}.", speed, accuracy_text(*best, baseline), size_against(*best->file, baseline), note));
}

/// Nothing where there is no cleaned QCDQ file.
std::optional<Recommendation> for_other_tools(const std::vector<Candidate>& candidates, const ArtifactReport& baseline) {
  std::vector<Candidate> plain;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(plain), [](const auto& candidate) {
    return candidate.file->name.find("-qcdq-") != std::string::npos && candidate.file->name.ends_with("-opt");
  });
  const auto [best, note] = choose(plain, "more accurate", is_more_accurate);
  if (!best) return std::nullopt;
  const bool is_symmetric = best->file->recipe.find("symmetric") != std::string::npos;
  return recommend(
      "TensorRT, Brevitas and other readers of Q/DQ", *best->file,
      fmt::format("standard QuantizeLinear and DequantizeLinear only, a byte for each weight; {}; {}{}{}.", accuracy_text(*best, baseline),
                  size_against(*best->file, baseline),
                  is_symmetric ? "" : "; TensorRT takes zero points of 0 alone, which the recipes named ...-symmetric give", note));
}

std::vector<Recommendation> recommendations_of(const Report& report) {
  const auto* baseline = baseline_of(report);
  if (!baseline || !baseline->score) return {};
  const double map = baseline->score->main;
  const auto* title = words_of(report.task).main_title;
  const auto none = [](const std::string& reason) { return std::vector<Recommendation>{{"none yet", "", "", reason}}; };
  if (map <= 0)
    return none(fmt::format("the float file itself finds nothing on the scored images ({} {}), so nothing can be told by them.", title,
                            share_text(map)));
  auto candidates = candidates_of(report);
  if (candidates.empty()) return none("no quantised file was scored.");
  const Candidate best = *best_of(candidates, is_more_accurate);
  std::erase_if(candidates, [&](const auto& candidate) { return loses_too_much(report, candidate, map); });
  if (candidates.empty())
    return none(
        fmt::format("every quantised file loses more than its recipe allows; the best, {}, loses {:.4f} of {} {}, and {:.4f} "
                    "is allowed.",
                    best.file->name, map - best.map(), title, share_text(map), allowed_drop(report, *best.file)));
  if (std::all_of(candidates.begin(), candidates.end(), [](const auto& candidate) { return !candidate.failed.empty(); })) {
    const auto* closest = best_of(candidates, is_more_accurate);
    return none(fmt::format("every quantised file failed a gate; the best, {}, failed {} ({}).", closest->file->name,
                            names_of(closest->failed), closest->failed.front()->detail));
  }
  std::vector<Recommendation> list = {smallest(candidates, *baseline)};
  if (auto found = fastest(candidates, *baseline)) list.push_back(std::move(*found));
  list.push_back(most_accurate(candidates, *baseline));
  if (auto found = for_other_tools(candidates, *baseline)) list.push_back(std::move(*found));
  return list;
}

std::string sentence_of(const Blame& blame, Task task) {
  if (task == Task::classify)
    return fmt::format("Of {} image{}, {} {} the class that the float model gives {}.", blame.objects, blame.objects == 1 ? "" : "s",
                       blame.found, blame.found == 1 ? "keeps" : "keep", blame.objects == 1 ? "it" : "them");
  const auto was = [](std::int64_t count) { return count == 1 ? "was" : "were"; };
  std::string text;
  if (blame.objects == 0) {
    text = fmt::format("The float model sees nothing at a confidence of {:g}.", blame.confidence);
  } else {
    std::vector<std::string> parts = {fmt::format("{} {} found again", blame.found, blame.found == 1 ? "is" : "are")};
    if (blame.faded > 0) parts.push_back(fmt::format("{} fell below the confidence of {:g}", blame.faded, blame.confidence));
    if (blame.wrong_class > 0) parts.push_back(fmt::format("{} {} taken for another class", blame.wrong_class, was(blame.wrong_class)));
    if (blame.mislocated > 0) parts.push_back(fmt::format("{} {} put in another place", blame.mislocated, was(blame.mislocated)));
    if (blame.missed > 0) parts.push_back(fmt::format("{} {} missed", blame.missed, was(blame.missed)));
    text = fmt::format("Of {} object{} that the float model sees, {}.", blame.objects, blame.objects == 1 ? "" : "s", enumeration(parts));
  }
  if (blame.extra > 0) text += fmt::format(" {} object{} new.", blame.extra, blame.extra == 1 ? " is" : "s are");
  return text;
}

}  // namespace

Verdict verdict_of(const Report& report) {
  Verdict verdict{recommendations_of(report), {}};
  for (const auto& artifact : report.artifacts)
    if (artifact.blame) verdict.losses.push_back({artifact.name, sentence_of(*artifact.blame, report.task)});
  return verdict;
}

std::string verdict_markdown(const Verdict& verdict) {
  std::string text;
  for (const auto& row : verdict.recommendations)
    text += row.artifact.empty() ? fmt::format("- **{}**: {}\n", row.purpose, row.reason)
                                 : fmt::format("- **{}**: `{}`: {}\n", row.purpose, row.path, row.reason);
  for (const auto& loss : verdict.losses) text += fmt::format("- {}: {}\n", loss.artifact, loss.sentence);
  return text;
}

Json to_json(const Verdict& verdict) {
  Json json = {{"recommendations", Json::array()}, {"losses", Json::array()}};
  const auto or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  for (const auto& row : verdict.recommendations)
    json["recommendations"].push_back(
        {{"purpose", row.purpose}, {"artifact", or_null(row.artifact)}, {"path", or_null(row.path)}, {"reason", row.reason}});
  for (const auto& loss : verdict.losses) json["losses"].push_back({{"artifact", loss.artifact}, {"sentence", loss.sentence}});
  return json;
}

}  // namespace nibble
