// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <map>

#include "base/image_size_text.h"
#include "text/result_text.h"

namespace nibble {
namespace {

using Counts = std::map<std::int64_t, std::int64_t>;  ///< boxes by class

std::string counted(std::int64_t count, const std::string& thing) { return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s"); }

std::string class_name(const PredictResult& result, std::int64_t index) {
  const auto name = result.class_names.find(index);
  return name == result.class_names.end() ? fmt::format("class {}", index) : name->second;
}

/// "4 persons, 1 bus", in the order of the class numbers.
std::string counts_text(const Counts& counts, const PredictResult& result) {
  std::vector<std::string> parts;
  for (const auto& [index, count] : counts) parts.push_back(counted(count, class_name(result, index)));
  return parts.empty() ? "(no detections)" : fmt::format("{}", fmt::join(parts, ", "));
}

void count_boxes(const std::vector<PredictedBox>& boxes, Counts& counts) {
  for (const auto& box : boxes) ++counts[box.class_index];
}

using Changes = std::array<std::int64_t, kBoxChanges>;

/// Each changed pair once: lost boxes are the baseline's, the others the model's.
void count_changes(const PredictedImage& image, Changes& changes) {
  for (const auto& box : image.boxes) ++changes[static_cast<std::size_t>(box.change)];
  for (const auto& box : image.baseline_boxes)
    if (box.change == BoxChange::lost) ++changes[static_cast<std::size_t>(box.change)];
}

/// "1 lost, 2 new", or "the same".
std::string changes_text(const Changes& changes) {
  std::vector<std::string> parts;
  for (const auto change : {BoxChange::lost, BoxChange::added, BoxChange::other_class, BoxChange::moved})
    if (const auto count = changes[static_cast<std::size_t>(change)]; count > 0)
      parts.push_back(fmt::format("{} {}", count, name_of(change)));
  return parts.empty() ? "the same as the baseline" : fmt::format("against the baseline: {}", fmt::join(parts, ", "));
}

/// "dog 0.92, cat 0.05, ...", best first.
std::string classes_text(const std::vector<double>& probabilities, const PredictResult& result) {
  std::vector<std::string> parts;
  for (const auto index : best_classes(probabilities))
    parts.push_back(fmt::format("{} {:.2f}", class_name(result, index), probabilities[static_cast<std::size_t>(index)]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

bool has_other_class(const PredictedImage& image) {
  return best_classes(image.probabilities).front() != best_classes(image.baseline_probabilities).front();
}

/// A line for each image, and how often each class is the best one.
std::string classifier_lines(const PredictResult& result) {
  const auto size = fmt::format("{}x{}", result.input_size.height, result.input_size.width);
  std::string text;
  Counts best;
  std::int64_t others = 0;
  for (std::size_t i = 0; i < result.images.size(); ++i) {
    const auto& image = result.images[i];
    ++best[best_classes(image.probabilities).front()];
    text += fmt::format("image {}/{} {}: {} {}", i + 1, result.images.size(), image.source.string(), size,
                        classes_text(image.probabilities, result));
    if (result.is_compared && has_other_class(image)) {
      ++others;
      text += fmt::format("; another class than the baseline: {}", classes_text(image.baseline_probabilities, result));
    }
    text += "\n";
  }
  std::vector<std::string> parts;
  for (const auto& [index, count] : best) parts.push_back(fmt::format("{} x {}", count, class_name(result, index)));
  text += fmt::format("total: {}: {}", counted(static_cast<std::int64_t>(result.images.size()), "image"), fmt::join(parts, ", "));
  if (result.is_compared)
    text += others == 0 ? "; the same class as the baseline everywhere" : fmt::format("; {} with another class than the baseline", others);
  return text + "\n";
}

std::string object_lines(const PredictResult& result) {
  const auto size = fmt::format("{}x{}", result.input_size.height, result.input_size.width);
  std::string text;
  Counts all;
  Changes all_changes{};
  for (std::size_t i = 0; i < result.images.size(); ++i) {
    const auto& image = result.images[i];
    Counts counts;
    Changes changes{};
    count_boxes(image.boxes, counts);
    count_boxes(image.boxes, all);
    count_changes(image, changes);
    count_changes(image, all_changes);
    text += fmt::format("image {}/{} {}: {} {}{}\n", i + 1, result.images.size(), image.source.string(), size, counts_text(counts, result),
                        result.is_compared ? "; " + changes_text(changes) : "");
  }
  return text + fmt::format("total: {}: {}{}\n", counted(static_cast<std::int64_t>(result.images.size()), "image"),
                            counts_text(all, result), result.is_compared ? "; " + changes_text(all_changes) : "");
}

std::string places(const PredictResult& result) {
  std::string text;
  if (!result.images.empty()) {
    text += fmt::format("pictures: {} and {} more\n", result.images.front().picture.string(), result.images.size() - 1);
    if (result.images.size() == 1) text = fmt::format("picture: {}\n", result.images.front().picture.string());
    if (!result.images.front().labels.empty()) text += fmt::format("labels: {}, ...\n", result.images.front().labels.string());
  }
  if (!result.json.empty())
    text += fmt::format("predictions: {}{}\n", result.json.string(),
                        result.category_ids.empty() ? "" : fmt::format(" (category ids: {})", result.category_ids));
  return text;
}

}  // namespace

std::string text_of(const PredictResult& result) {
  std::string text = result.task == "classify" ? classifier_lines(result) : object_lines(result);
  if (!result.bad_data.empty()) text += fmt::format("left out: {} as bad data (warnings name them)\n", result.bad_data.size());
  return text + places(result);
}

}  // namespace nibble
