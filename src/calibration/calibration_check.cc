// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/name_list.h"

namespace nibble {
namespace {

constexpr double kFlat = 8;        // of 255
constexpr double kManyGrey = 0.1;  // of the images
constexpr double kDark = 55;       // mean of 255: what a camera shows of a street at night
constexpr double kManyDark = 0.5;  // of the images
constexpr std::size_t kFew = 32;   // below, the statistics of a layer hang on single images

namespace fs = std::filesystem;

std::string name_of(const SurveyedImage& image) { return image.file.filename().string(); }

std::vector<fs::path> files_where(const CalibrationFindings& findings, const std::function<bool(const SurveyedImage&)>& is_meant) {
  std::vector<fs::path> files;
  for (const auto& image : findings.images)
    if (is_meant(image)) files.push_back(image.file);
  return files;
}

std::vector<fs::path> unreadable(const CalibrationFindings& f) {
  return files_where(f, [](const auto& image) { return !image.problem.empty(); });
}
std::vector<fs::path> small(const CalibrationFindings& f) {
  return files_where(f, [](const auto& image) { return image.print && std::min(image.width_px, image.height_px) < kSmallSidePx; });
}
std::vector<fs::path> grey(const CalibrationFindings& f) {
  return files_where(f, [](const auto& image) { return image.print && image.print->is_grey; });
}
std::vector<fs::path> dark(const CalibrationFindings& f) {
  return files_where(f, [](const auto& image) { return image.print && image.brightness < kDark; });
}
std::vector<fs::path> flat(const CalibrationFindings& f) {
  return files_where(f, [](const auto& image) { return image.print && image.print->contrast < kFlat; });
}

std::string some_of(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.filename().string());
  return some_names(names);
}

std::vector<ImageCopy> pairs_of(const std::vector<Copy>& copies, const std::vector<SurveyedImage>& from,
                                const std::vector<SurveyedImage>& to) {
  std::vector<ImageCopy> pairs;
  for (const auto& copy : copies) pairs.push_back({from[copy.first].file, to[copy.second].file, copy.distance});
  return pairs;
}

std::vector<std::string> pairs_text(const std::vector<Copy>& copies, const std::vector<SurveyedImage>& from,
                                    const std::vector<SurveyedImage>& to) {
  std::vector<std::string> texts;
  for (const auto& copy : copies) texts.push_back(fmt::format("{} = {}", name_of(from[copy.first]), name_of(to[copy.second])));
  return texts;
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
        f.also_scored.size(), some_names(pairs_text(f.also_scored, f.images, f.scored))));
  if (!f.copies.empty())
    lines.push_back(fmt::format("{} calibration images are copies of others ({}): they count twice; leave them out.", f.copies.size(),
                                some_names(pairs_text(f.copies, f.images, f.images))));
  if (const auto names = unreadable(f); !names.empty())
    lines.push_back(fmt::format("{} calibration images cannot be read ({}).", names.size(), some_of(names)));
  if (const auto names = small(f); !names.empty())
    lines.push_back(fmt::format("{} calibration images are smaller than {} px ({}): enlarged, they are smoother than what is detected on.",
                                names.size(), kSmallSidePx, some_of(names)));
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

CalibrationCheck check_of(const CalibrationFindings& f) {
  CalibrationCheck check{.source = f.source,
                         .scored_source = f.scored_source,
                         .images = static_cast<std::int64_t>(f.images.size()),
                         .scored_images = static_cast<std::int64_t>(f.scored.size()),
                         .unreadable = {},
                         .copies = pairs_of(f.copies, f.images, f.images),
                         .also_scored = pairs_of(f.also_scored, f.images, f.scored),
                         .small = small(f),
                         .grey = grey(f),
                         .flat = flat(f),
                         .dark = dark(f),
                         .convergence = f.convergence,
                         .bad_labels = {},
                         .objections = objections_to(f)};
  for (const auto& image : f.images)
    if (!image.problem.empty()) check.unreadable.push_back({image.file, image.problem});
  return check;
}

}  // namespace nibble
