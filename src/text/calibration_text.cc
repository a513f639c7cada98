// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/name_list.h"
#include "text/result_text.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.filename().string());
  return names;
}

std::vector<std::string> names_of(const std::vector<UnreadableImage>& images) {
  std::vector<std::string> names;
  for (const auto& image : images) names.push_back(image.file.filename().string());
  return names;
}

std::vector<std::string> names_of(const std::vector<ImageCopy>& copies) {
  std::vector<std::string> names;
  for (const auto& copy : copies) names.push_back(fmt::format("{} = {}", copy.file.filename().string(), copy.of.filename().string()));
  return names;
}

std::string row(const std::string& what, const std::vector<std::string>& names) {
  return fmt::format("  {:<34}{:>6}  {}\n", what, names.size(), some_names(names));
}

std::string convergence_text(const Convergence& c) {
  std::string text = fmt::format(
      "\nHOW MANY ARE ENOUGH: inputs of {} convolutions of the float network on {} images\n"
      "  {:>8}{:>22}{:>22}{:>22}{:>22}\n",
      c.layers, c.images, "images", "moments, median", "moments, worst tenth", "range, median", "range, worst tenth");
  for (const auto& r : c.rows)
    text += fmt::format("  {:>8}{:>20.1f} %{:>20.1f} %{:>20.0f} %{:>20.0f} %{}\n", r.images, 100 * r.median_error, 100 * r.worst_error,
                        100 * r.median_range, 100 * r.worst_range, r.images == c.recommended ? "  <- enough" : "");
  return text +
         "  moments: relative sampling error of the second moments per channel, which GPTQ weighs its errors by; falls with the root of "
         "the\n"
         "  number, so it is known beyond the images given. range: the largest magnitude of so many images, as a share of that of all.\n";
}

std::string objects_text(const ShownObjects& shown) {
  std::vector<std::string> classes;
  for (const auto& seen : shown.classes) classes.push_back(fmt::format("{} {} on {}", seen.name, seen.objects, seen.images));
  return fmt::format("\nWHAT THEY SHOW: the float network sees {} objects of {} of its {} classes on {} images (on {} none)\n  {}\n",
                     shown.objects, shown.classes.size(), shown.network_classes, shown.images, shown.without_object,
                     classes.empty() ? "nothing" : some_names(classes));
}

std::string recommendation(const CalibrationCheck& check) {
  const auto& c = *check.convergence;
  if (c.recommended == 0)
    return fmt::format("take as many as you have, over {}: the worst tenth of the layers does not settle before\n", c.rows.back().images);
  const auto verdict = check.usable() >= c.recommended ? "these are enough" : "these are too few";
  return fmt::format(
      "{} images or more (what they measure is then uncertain by at most {:.0f} % in nine of ten layers); {} different readable ones are "
      "here: {}\n",
      c.recommended, 100 * kEnough, check.usable(), verdict);
}

}  // namespace

std::string text_of(const CalibrationCheck& check) {
  const bool looked_at_scored = check.scored_images > 0;
  std::string text = fmt::format("{} calibration images of {}{}\n\n", check.images, check.source,
                                 looked_at_scored ? fmt::format(", {} scored ones of {}", check.scored_images, check.scored_source) : "");
  text += row("unreadable", names_of(check.unreadable));
  text += row("copies of another (or mirrored)", names_of(check.copies));
  if (looked_at_scored) text += row("also among the scored images", names_of(check.also_scored));
  text += row(fmt::format("smaller than {} px", kSmallSidePx), names_of(check.small));
  text += row("grey", names_of(check.grey)) + row("hardly any contrast", names_of(check.flat)) + row("dark", names_of(check.dark));
  for (const auto& image : check.unreadable) text += fmt::format("  {}\n", image.problem);
  if (check.objects) text += objects_text(*check.objects);
  if (check.convergence) text += convergence_text(*check.convergence);
  text += "\nRECOMMENDED: " + (check.convergence ? recommendation(check) : std::string("see above\n"));
  for (const auto& line : check.objections) text += "  - " + line + "\n";
  if (check.bad_labels.empty()) return text;
  return text + fmt::format(
                    "\nBAD LABELS of {} images; calibration does not read them, training and scoring stop at them or leave the images out\n"
                    "  {}\n",
                    check.bad_labels.size(), fmt::join(check.bad_labels, "\n  "));
}

}  // namespace nibble
