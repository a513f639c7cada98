// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "artifacts/float_file.h"
#include "base/log.h"
#include "base/name_list.h"
#include "data/image.h"
#include "scoring/detect.h"
#include "scoring/detector_file.h"
#include "scoring/task_score.h"

namespace nibble {
namespace {

constexpr double kFlat = 8;          // of 255
constexpr double kManyGrey = 0.1;    // of the images
constexpr double kDark = 55;         // mean of 255: what a camera shows of a street at night
constexpr double kManyDark = 0.5;    // of the images
constexpr std::int64_t kFew = 32;    // below, the statistics of a layer hang on single images
constexpr std::int64_t kMany = 128;  // from here on, how well statistics are known is not measured before each calibration
constexpr std::size_t kObjectImages = 32;
constexpr double kSeen = 0.25;             // score of an object
constexpr std::int64_t kLeastObjects = 4;  // fewer say nothing of classes
constexpr double kNearlyAll = 0.8;         // of the objects
constexpr double kMostObjects = 0.5, kNearlyAllImages = 0.95;
constexpr std::int64_t kManyImages = 8;
constexpr double kManyEmpty = 0.5;  // of the images

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

/// Of one class: nearly all objects, or more than half of them on images that nearly all show it.
bool is_one_class(const ShownObjects& shown) {
  if (shown.network_classes < 2 || shown.images < 2 || shown.objects < kLeastObjects) return false;
  const auto& first = shown.classes.front();
  const double of_objects = static_cast<double>(first.objects) / static_cast<double>(shown.objects);
  const double of_images = static_cast<double>(first.images) / static_cast<double>(shown.images);
  return of_objects >= kNearlyAll || (of_objects >= kMostObjects && of_images >= kNearlyAllImages && shown.images >= kManyImages);
}

void add_objections_to(const ShownObjects& shown, std::vector<std::string>& lines) {
  if (static_cast<double>(shown.without_object) > kManyEmpty * static_cast<double>(shown.images))
    lines.push_back(
        fmt::format("on {} of {} calibration images the float network sees no object: what it computes for objects is hardly "
                    "measured; take images like those it will be used on.",
                    shown.without_object, shown.images));
  if (!is_one_class(shown)) return;
  const auto& first = shown.classes.front();
  lines.push_back(
      fmt::format("nearly all calibration images show one class: {} of the {} objects that the float network sees are of {}, on {} "
                  "of {} images; of its {} classes {}: the others are rounded by luck; add images of them.",
                  first.objects, shown.objects, first.name, first.images, shown.images, shown.network_classes,
                  shown.classes.size() == 1 ? "no other is seen" : fmt::format("{} are seen", shown.classes.size())));
}

/// Empty where there are enough.
std::string few_images(const CalibrationFindings& f) {
  const auto count = static_cast<std::int64_t>(f.images.size());
  const auto these = fmt::format("{} calibration image{} few", count, count == 1 ? " is" : "s are");
  if (!f.convergence) {
    if (count >= kFew) return "";
    return fmt::format("{}: what they do not show is rounded badly; give {} or more{}.", these, kFew,
                       f.source.empty() || count < 2 ? "" : fmt::format(" (nibble doctor --calib {} says how many are enough)", f.source));
  }
  const auto& c = *f.convergence;
  if (count >= (c.recommended > 0 ? c.recommended : kFew)) return "";
  const double error = c.worst_error_of(count);
  if (error <= kEnough)  // fewer than the smallest number in the table
    return fmt::format(
        "{}: what they do not show is rounded badly, although what they measure is uncertain by {:.1f} % only; {} or more are "
        "recommended.",
        these, 100 * error, c.recommended);
  return fmt::format(
      "{}: what they measure is uncertain by {:.1f} % in the worst tenth of the layers; {}.", these, 100 * error,
      c.recommended > 0
          ? fmt::format("{} or more are recommended, which leave {:.1f} %", c.recommended, 100 * c.worst_error_of(c.recommended))
          : fmt::format("even {} would leave more than {:.0f} %, take all you have", c.rows.back().images, 100 * kEnough));
}

std::vector<fs::path> readable(const CalibrationFindings& f) {
  return files_where(f, [](const auto& image) { return image.print.has_value(); });
}

/// The images as a data set with the network's own classes.
EvalSet set_of(const std::vector<fs::path>& files, const DetectorFile& detector) {
  EvalSet set;
  for (std::int64_t k = 0; k < detector.class_count; ++k) {
    const auto name = detector.class_names.find(k);
    set.dataset.categories.push_back({k, name == detector.class_names.end() ? std::to_string(k) : name->second});
  }
  const auto count = std::min(files.size(), kObjectImages);
  for (std::size_t i = 0; i < count; ++i)
    set.dataset.images.push_back({static_cast<std::int64_t>(i) + 1, files[i * files.size() / count].string()});
  return set;
}

ShownObjects objects_on(const std::vector<fs::path>& files, const DetectorFile& detector, Progress& progress) {
  const EvalSet set = set_of(files, detector);
  DetectOptions detect;
  detect.confidence = kSeen;
  std::set<std::int64_t> shows_any;
  std::map<std::int64_t, ShownClass> classes;
  std::map<std::int64_t, std::set<std::int64_t>> images_of_class;
  ShownObjects shown{
      .images = static_cast<std::int64_t>(set.dataset.images.size()), .network_classes = detector.class_count, .classes = {}};
  for (const auto& detection : predict_images(detector, set, detect, "look for objects on calibration images", progress)) {
    ++shown.objects;
    ++classes[detection.category_id].objects;
    images_of_class[detection.category_id].insert(detection.image_id);
    shows_any.insert(detection.image_id);
  }
  shown.without_object = shown.images - static_cast<std::int64_t>(shows_any.size());
  for (auto& [id, seen] : classes) {
    seen.name = set.dataset.categories[static_cast<std::size_t>(id)].name;
    seen.images = static_cast<std::int64_t>(images_of_class[id].size());
    shown.classes.push_back(seen);
  }
  std::stable_sort(shown.classes.begin(), shown.classes.end(), [](const auto& a, const auto& b) { return a.objects > b.objects; });
  return shown;
}

}  // namespace

void find_copies(CalibrationFindings& findings) {
  findings.copies = copies_within(findings.images);
  findings.also_scored = copies_between(findings.images, findings.scored);
}

void measure_on(const fs::path& float_file, std::int64_t most, const RuntimeOptions& runtime, Progress& progress,
                CalibrationFindings& findings, const std::optional<ImageSize>& image_size) {
  auto files = readable(findings);
  if (files.empty()) return;
  const auto detector = open_any_task(float_file, runtime, false, {.image_size = image_size, .output_layout = {}});
  if (!detector.is_classifier) findings.objects = objects_on(files, detector, progress);
  files.resize(std::min(files.size(), static_cast<std::size_t>(most)));
  if (files.size() < 2) return;
  const auto input = [&](std::int64_t i) { return network_input(read_input(detector, files[static_cast<std::size_t>(i)]), detector); };
  findings.convergence = measure_convergence(float_file, static_cast<std::int64_t>(files.size()), input, runtime, progress);
}

CalibrationCheck check_before(const CalibrationSet& set, const Detector& baseline, const RuntimeOptions& runtime, Progress& progress) {
  CalibrationFindings findings;
  findings.source = set.name;
  findings.images = survey_images(set.files, "look at calibration images", progress);
  find_copies(findings);
  const bool are_many = static_cast<std::int64_t>(set.files.size()) >= kMany;
  if (baseline.info.task == Task::detect)
    measure_on(FloatFile(baseline).path(), are_many ? 0 : kStatisticsImages, runtime, progress, findings);
  auto check = check_of(findings);
  for (const auto& line : check.objections) log(LogLevel::warning, "calibration: " + line);
  return check;
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
  if (f.objects) add_objections_to(*f.objects, lines);
  if (auto few = few_images(f); !few.empty()) lines.push_back(std::move(few));
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
                         .objects = f.objects,
                         .bad_labels = {},
                         .objections = objections_to(f)};
  for (const auto& image : f.images)
    if (!image.problem.empty()) check.unreadable.push_back({image.file, image.problem});
  return check;
}

}  // namespace nibble
