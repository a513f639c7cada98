// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

namespace nibble {
namespace {

constexpr std::int64_t kTinySide = 160;  // px: enlarged fourfold by a 640 px letterbox
constexpr double kFlat = 8;              // of 255
constexpr double kManyGrey = 0.1;        // of the images
constexpr double kDark = 55;             // mean of 255: what a camera shows of a street at night
constexpr double kManyDark = 0.5;        // of the images
constexpr std::size_t kFew = 32;         // below, the statistics of a layer hang on single images
constexpr std::size_t kShown = 5;

std::string name_of(const SurveyedImage& image) { return image.file.filename().string(); }

/// "a.jpg, b.jpg and 3 more"
std::string some_of(const std::vector<std::string>& names) {
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown));
  return fmt::format("{}{}", fmt::join(names.begin(), end, ", "),
                     names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

std::vector<std::string> names_where(const CalibrationFindings& findings, const std::function<bool(const SurveyedImage&)>& is_meant) {
  std::vector<std::string> names;
  for (const auto& image : findings.images)
    if (is_meant(image)) names.push_back(name_of(image));
  return names;
}

std::vector<std::string> unreadable(const CalibrationFindings& f) {
  return names_where(f, [](const auto& image) { return !image.problem.empty(); });
}
std::vector<std::string> tiny(const CalibrationFindings& f) {
  return names_where(f, [](const auto& image) { return image.print && std::min(image.width_px, image.height_px) < kTinySide; });
}
std::vector<std::string> grey(const CalibrationFindings& f) {
  return names_where(f, [](const auto& image) { return image.print && image.print->is_grey; });
}
std::vector<std::string> flat(const CalibrationFindings& f) {
  return names_where(f, [](const auto& image) { return image.print && image.print->contrast < kFlat; });
}
std::vector<std::string> dark(const CalibrationFindings& f) {
  return names_where(f, [](const auto& image) { return image.print && image.brightness < kDark; });
}

std::vector<std::string> pairs_text(const std::vector<Copy>& copies, const std::vector<SurveyedImage>& from,
                                    const std::vector<SurveyedImage>& to) {
  std::vector<std::string> texts;
  for (const auto& copy : copies) texts.push_back(fmt::format("{} = {}", name_of(from[copy.first]), name_of(to[copy.second])));
  return texts;
}

std::string row(const std::string& what, const std::vector<std::string>& names) {
  return fmt::format("  {:<34}{:>6}  {}\n", what, names.size(), some_of(names));
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

std::string recommendation(const CalibrationFindings& f) {
  if (!f.convergence) return "";
  const auto& c = *f.convergence;
  const auto kept = static_cast<std::int64_t>(f.images.size() - unreadable(f).size() - f.copies.size());
  if (c.recommended == 0)
    return fmt::format("take as many as you have, over {}: the worst tenth of the layers does not settle before\n", c.rows.back().images);
  const auto verdict = kept >= c.recommended ? "these are enough" : "these are too few";
  return fmt::format(
      "{} images or more (the worst tenth of the layers is then known to {:.0f} %); {} different readable ones are here: {}\n",
      c.recommended, 100 * kEnough, kept, verdict);
}

}  // namespace

void find_copies(CalibrationFindings& findings) {
  findings.copies = copies_within(findings.images);
  findings.also_scored = copies_between(findings.images, findings.scored);
}

std::vector<std::string> objections_to(const CalibrationFindings& f) {
  std::vector<std::string> lines;
  if (!f.also_scored.empty())
    lines.push_back(fmt::format(
        "**{} calibration images show what is also scored ({}): the quantised scores are flattered.** Calibrate on other images.",
        f.also_scored.size(), some_of(pairs_text(f.also_scored, f.images, f.scored))));
  if (!f.copies.empty())
    lines.push_back(fmt::format("{} calibration images are copies of others ({}): they count twice; leave them out.", f.copies.size(),
                                some_of(pairs_text(f.copies, f.images, f.images))));
  if (const auto names = unreadable(f); !names.empty())
    lines.push_back(fmt::format("{} calibration images cannot be read ({}).", names.size(), some_of(names)));
  if (const auto names = tiny(f); !names.empty())
    lines.push_back(fmt::format("{} calibration images are smaller than {} px ({}): enlarged, they are smoother than what is detected on.",
                                names.size(), kTinySide, some_of(names)));
  if (const auto names = flat(f); !names.empty())
    lines.push_back(fmt::format("{} calibration images show hardly anything ({}).", names.size(), some_of(names)));
  if (const auto names = grey(f); static_cast<double>(names.size()) > kManyGrey * static_cast<double>(f.images.size()))
    lines.push_back(fmt::format("{} of {} calibration images are grey ({}): ranges of coloured images may be larger.", names.size(),
                                f.images.size(), some_of(names)));
  if (const auto names = dark(f); static_cast<double>(names.size()) > kManyDark * static_cast<double>(f.images.size()))
    lines.push_back(fmt::format("{} of {} calibration images are dark ({}): ranges of images by day may be larger; add some.", names.size(),
                                f.images.size(), some_of(names)));
  if (f.convergence && static_cast<std::int64_t>(f.images.size()) < f.convergence->recommended)
    lines.push_back(fmt::format("{} calibration images are few: {} or more are recommended.", f.images.size(), f.convergence->recommended));
  return lines;
}

std::vector<std::string> warnings_about(const std::string& source, const std::vector<std::filesystem::path>& files, Progress& progress) {
  CalibrationFindings findings;
  findings.source = source;
  findings.images = survey_images(files, "look at calibration images", progress);
  find_copies(findings);
  auto lines = objections_to(findings);
  if (files.size() < kFew)
    lines.push_back(
        fmt::format("{} calibration image{} few: what they do not show is rounded badly; nibble doctor --calib {} says how many "
                    "are enough for this model.",
                    files.size(), files.size() == 1 ? " is" : "s are", source));
  return lines;
}

std::string text_of(const CalibrationFindings& f) {
  std::string text = fmt::format("{} calibration images of {}{}\n\n", f.images.size(), f.source,
                                 f.scored.empty() ? "" : fmt::format(", {} scored ones of {}", f.scored.size(), f.scored_source));
  text += row("unreadable", unreadable(f));
  text += row("copies of another (or mirrored)", pairs_text(f.copies, f.images, f.images));
  if (!f.scored.empty()) text += row("also among the scored images", pairs_text(f.also_scored, f.images, f.scored));
  text += row(fmt::format("smaller than {} px", kTinySide), tiny(f));
  text += row("grey", grey(f)) + row("hardly any contrast", flat(f)) + row("dark", dark(f));
  for (const auto& image : f.images)
    if (!image.problem.empty()) text += fmt::format("  {}\n", image.problem);
  if (f.convergence) text += convergence_text(*f.convergence);
  text += "\nRECOMMENDED: " + (f.convergence ? recommendation(f) : std::string("see above\n"));
  for (const auto& line : objections_to(f)) text += "  - " + line + "\n";
  return text;
}

}  // namespace nibble
