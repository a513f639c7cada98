// SPDX-License-Identifier: Apache-2.0
#include "scoring/detection_ids.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/files.h"
#include "data/text_list.h"
#include "eval/coco_match.h"
#include "nibble/error.h"

namespace nibble {
namespace {

// ---- images

/// Images by name; one that several share stands for none.
class NamedImages {
 public:
  explicit NamedImages(const CocoDataset& dataset) : dataset_(dataset), has_made_ids_(has_made_ids(dataset)) {
    for (const auto& image : dataset.images) {
      const std::filesystem::path file = image.file_name;
      for (const auto& name : std::set<std::string>{image.key, image.file_name, file.filename().string(), file.stem().string()})
        add(name, image.id);
      if (const auto number = whole_number(file.stem().string())) add_number(*number, image.id);
      ids_.insert(image.id);
    }
  }

  std::int64_t find(const std::string& name, std::size_t entry) const {
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
      if (!found->second) refuse(entry, fmt::format("\"{}\"", name), "is the name of several images of");
      return *found->second;
    }
    if (const auto number = whole_number(name)) return find(*number, entry);
    refuse(entry, fmt::format("\"{}\"", name), "is not in");
  }
  /// An id where anybody can know it, or the number that is a file's name.
  std::int64_t find(std::int64_t id, std::size_t entry) const {
    if (ids_.contains(id) && !has_made_ids_) return id;
    if (const auto found = by_number_.find(id); found != by_number_.end()) {
      if (!found->second) refuse(entry, std::to_string(id), "is the name of several images of");
      return *found->second;
    }
    refuse(entry, std::to_string(id), "is not in");
  }

 private:
  [[noreturn]] void refuse(std::size_t entry, const std::string& image, const char* what) const {
    throw Error(ErrorKind::input, fmt::format("detections: entry {}: image {} {} {}; use the annotations they were made for", entry, image,
                                              what, dataset_.source.string()));
  }
  void add(const std::string& name, std::int64_t id) {
    if (name.empty()) return;
    const auto [at, is_new] = by_name_.emplace(name, id);
    if (!is_new && at->second != id) at->second = std::nullopt;
  }
  void add_number(std::int64_t number, std::int64_t id) {
    const auto [at, is_new] = by_number_.emplace(number, id);
    if (!is_new && at->second != id) at->second = std::nullopt;
  }
  const CocoDataset& dataset_;
  const bool has_made_ids_;
  std::set<std::int64_t> ids_;
  std::unordered_map<std::string, std::optional<std::int64_t>> by_name_;
  std::unordered_map<std::int64_t, std::optional<std::int64_t>> by_number_;
};

/// Where texts stand for images, their writer names files, and a number is a file's name before it is an id.
std::vector<Detection> with_image_ids(const DetectionsFile& file, const CocoDataset& dataset) {
  const NamedImages images(dataset);
  auto detections = file.detections;
  for (std::size_t i = 0; i < detections.size(); ++i) {
    auto& id = detections[i].image_id;
    const bool is_text = id < 0 && static_cast<std::size_t>(-1 - id) < file.image_names.size();
    id = is_text ? images.find(file.image_names[static_cast<std::size_t>(-1 - id)], i) : images.find(id, i);
  }
  return detections;
}

// ---- categories

struct Reading {
  std::string name;
  std::string meaning;
  std::map<std::int64_t, std::int64_t> category_of;
};

/// Without a parent category of id 0 that nothing is annotated with.
std::vector<std::int64_t> classes_of(const CocoDataset& dataset) {
  std::vector<std::int64_t> ids;
  for (const auto& category : dataset.categories) ids.push_back(category.id);
  const bool zero_is_used =
      std::any_of(dataset.annotations.begin(), dataset.annotations.end(), [](const auto& a) { return a.category_id == 0; });
  if (!is_yaml(dataset.source) && ids.size() > 1 && ids.front() == 0 && !zero_is_used) ids.erase(ids.begin());
  return ids;
}

std::vector<Reading> readings_of(const CocoDataset& dataset) {
  const auto ids = classes_of(dataset);
  Reading own{"annotations", "the ids of the annotations", {}}, class_number{"class", "class numbers from 0", {}};
  Reading counted{"class+1", "class numbers from 1, as Ultralytics writes them", {}}, coco{"coco91", "COCO's 80 of 91 ids", {}};
  for (const auto& category : dataset.categories) own.category_of[category.id] = category.id;
  const auto of_coco = coco_ids();
  for (std::size_t k = 0; k < ids.size(); ++k) {
    class_number.category_of[static_cast<std::int64_t>(k)] = ids[k];
    counted.category_of[static_cast<std::int64_t>(k) + 1] = ids[k];
    if (ids.size() == of_coco.size()) coco.category_of[of_coco[k]] = ids[k];
  }
  std::vector<Reading> readings = {own, class_number, counted};
  if (!coco.category_of.empty()) readings.push_back(coco);
  return readings;
}

std::set<std::int64_t> ids_in(const std::vector<Detection>& detections) {
  std::set<std::int64_t> ids;
  for (const auto& detection : detections) ids.insert(detection.category_id);
  return ids;
}

/// The first id without a category.
std::optional<std::int64_t> unfit_id(const Reading& reading, const std::set<std::int64_t>& ids) {
  for (const auto id : ids)
    if (!reading.category_of.contains(id)) return id;
  return std::nullopt;
}

bool is_same_for(const Reading& a, const Reading& b, const std::set<std::int64_t>& ids) {
  return std::all_of(ids.begin(), ids.end(), [&](auto id) { return a.category_of.at(id) == b.category_of.at(id); });
}

/// Readings that fit, each meaning once.
std::vector<Reading> fitting(const std::vector<Reading>& readings, const std::set<std::int64_t>& ids) {
  std::vector<Reading> fit;
  for (const auto& reading : readings) {
    if (unfit_id(reading, ids)) continue;
    if (std::none_of(fit.begin(), fit.end(), [&](const auto& other) { return is_same_for(other, reading, ids); })) fit.push_back(reading);
  }
  return fit;
}

/// How often detections have the class of what they lie on, weighted by their scores.
struct Agreement {
  double overlapping = 0;          ///< detections that lie on something, weighted
  std::int64_t count = 0;          ///< the same, as a number
  std::vector<double> of_reading;  ///< shares of it
};

Agreement agreement_of(const std::vector<Reading>& readings, const std::vector<Detection>& detections, const CocoDataset& dataset) {
  constexpr double kOverlap = 0.5;
  std::unordered_map<std::int64_t, std::vector<const CocoAnnotation*>> by_image;
  for (const auto& annotation : dataset.annotations)
    if (!annotation.is_crowd) by_image[annotation.image_id].push_back(&annotation);
  Agreement agreement;
  agreement.of_reading.resize(readings.size());
  for (const auto& detection : detections) {
    std::set<std::int64_t> below;
    for (const auto* annotation : by_image[detection.image_id])
      if (coco::overlap_of(detection.box_xywh_px, annotation->box_xywh_px, false) >= kOverlap) below.insert(annotation->category_id);
    if (below.empty()) continue;
    ++agreement.count;
    agreement.overlapping += detection.score;
    for (std::size_t r = 0; r < readings.size(); ++r)
      if (below.contains(readings[r].category_of.at(detection.category_id))) agreement.of_reading[r] += detection.score;
  }
  for (auto& share : agreement.of_reading) share = agreement.overlapping > 0 ? share / agreement.overlapping : 0;
  return agreement;
}

struct Choice {
  Reading reading;
  std::string why;
};

/// The reading the detections speak for, or nothing.
std::optional<Choice> by_agreement(const std::vector<Reading>& fit, const std::vector<Detection>& detections, const CocoDataset& dataset) {
  constexpr double kClear = 2, kMost = 0.5;
  constexpr std::int64_t kFew = 3;
  const auto agreement = agreement_of(fit, detections, dataset);
  const auto& shares = agreement.of_reading;
  const auto best = static_cast<std::size_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
  double second = 0;
  for (std::size_t r = 0; r < shares.size(); ++r)
    if (r != best) second = std::max(second, shares[r]);
  if (agreement.count < kFew || shares[best] <= kMost || shares[best] < kClear * second) return std::nullopt;
  return Choice{fit[best], fmt::format("{:.0f} % of the detections that lie on an object have its class then, at most {:.0f} % otherwise",
                                       100 * shares[best], 100 * second)};
}

[[noreturn]] void refuse_unfit(const std::vector<Reading>& readings, const std::set<std::int64_t>& ids, const CocoDataset& dataset) {
  std::int64_t worst = *ids.begin();
  for (const auto id : ids)
    if (std::none_of(readings.begin(), readings.end(), [&](const auto& r) { return r.category_of.contains(id); })) worst = id;
  const auto first = unfit_id(readings.front(), ids).value_or(worst);
  const bool is_worst = std::none_of(readings.begin(), readings.end(), [&](const auto& r) { return r.category_of.contains(worst); });
  throw Error(ErrorKind::input, fmt::format("detections: category id {} is none of {}'s {} categories, however ids are counted; use the "
                                            "annotations they were made for, or count such detections for nothing with --category-ids "
                                            "annotations",
                                            is_worst ? worst : first, dataset.source.string(), dataset.categories.size()));
}

Choice choose(const std::vector<Reading>& readings, const std::vector<Detection>& detections, const CocoDataset& dataset) {
  const auto ids = ids_in(detections);
  const auto fit = fitting(readings, ids);
  if (fit.empty()) refuse_unfit(readings, ids, dataset);
  if (fit.size() == 1) return {fit.front(), "every id is a category in this reading only"};
  if (auto choice = by_agreement(fit, detections, dataset)) return *choice;
  const bool own_fits = fit.front().name == "annotations";
  if (own_fits && !is_yaml(dataset.source)) return {fit.front(), "as the format says; the detections speak for no other reading"};
  std::vector<std::string> names;
  for (const auto& reading : fit) names.push_back(reading.name == "annotations" ? "class" : reading.name);
  throw Error(ErrorKind::usage,
              fmt::format("detections: category ids {} to {} may count in several ways ({}), and the boxes do not tell which; "
                          "say so with --category-ids",
                          *ids.begin(), *ids.rbegin(), fmt::join(names, ", ")));
}

Choice named_reading(const std::vector<Reading>& readings, const std::string& name, const std::set<std::int64_t>& ids,
                     const CocoDataset& dataset) {
  for (const auto& reading : readings) {
    if (reading.name != name) continue;
    const auto unfit = unfit_id(reading, ids);
    if (unfit && name != "annotations")
      throw Error(ErrorKind::input, fmt::format("detections: category id {} is none of {}'s {} categories with --category-ids {}", *unfit,
                                                dataset.source.string(), dataset.categories.size(), name));
    return {reading, "as --category-ids says"};
  }
  std::vector<std::string> names = {"auto"};
  for (const auto& reading : readings) names.push_back(reading.name);
  throw Error(ErrorKind::usage, fmt::format("--category-ids: '{}' is none of {} for this data set", name, fmt::join(names, ", ")));
}

}  // namespace

std::vector<std::int64_t> coco_ids() {
  static constexpr std::array<std::int64_t, 11> kUnused = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91};
  std::vector<std::int64_t> ids;
  for (std::int64_t id = 1; id <= 91; ++id)
    if (std::find(kUnused.begin(), kUnused.end(), id) == kUnused.end()) ids.push_back(id);
  return ids;
}

ResolvedDetections resolve_ids(const DetectionsFile& file, const CocoDataset& dataset, const std::string& reading) {
  ResolvedDetections resolved{with_image_ids(file, dataset), {}, {}, {}};
  const auto readings = readings_of(dataset);
  const auto choice = reading == "auto" ? choose(readings, resolved.detections, dataset)
                                        : named_reading(readings, reading, ids_in(resolved.detections), dataset);
  resolved.read_as = choice.reading.name;
  resolved.why = fmt::format("{}; {}", choice.reading.meaning, choice.why);
  if (!file.image_names.empty())
    resolved.notes.push_back(fmt::format("image ids: {} texts are read as names of images", file.image_names.size()));
  const auto& category_of = choice.reading.category_of;
  const auto unknown = std::count_if(resolved.detections.begin(), resolved.detections.end(),
                                     [&](const auto& detection) { return !category_of.contains(detection.category_id); });
  if (unknown > 0)
    resolved.notes.push_back(fmt::format("category ids: {} of {} detections have one that {} does not know; they count for nothing",
                                         unknown, resolved.detections.size(), dataset.source.string()));
  for (auto& detection : resolved.detections)
    if (const auto found = category_of.find(detection.category_id); found != category_of.end()) detection.category_id = found->second;
  return resolved;
}

}  // namespace nibble
