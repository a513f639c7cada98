// SPDX-License-Identifier: Apache-2.0
#include "commands/predict_documents.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <set>

#include "eval/turned_box.h"
#include "scoring/detection_ids.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// Six digits, each with a space before it.
class LabelLine {
 public:
  explicit LabelLine(std::int64_t class_index) : text_(std::to_string(class_index)) {}
  void add(double number) { fmt::format_to(std::back_inserter(text_), " {:g}", number); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string object_line(const PredictedBox& object, const PredictResult& result, const ImageSize& size, bool with_confidence) {
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  LabelLine line(object.class_index);
  const auto add_point = [&](double x_px, double y_px) {
    line.add(x_px / width);
    line.add(y_px / height);
  };
  if (object.turned) {
    for (const auto& [x, y] : corners_of(*object.turned)) add_point(x, y);
  } else if (result.task == "segment") {
    constexpr std::size_t kFewest = 3;
    if (object.outline_px.size() < kFewest) return "";
    for (const auto& [x, y] : object.outline_px) add_point(x, y);
  } else {
    const auto& [x, y, w, h] = object.box_xywh_px;
    add_point(x + w / 2, y + h / 2);
    add_point(w, h);
  }
  for (const auto& keypoint : object.keypoints) {
    add_point(keypoint.x_px, keypoint.y_px);
    if (result.keypoint_values == 3) line.add(keypoint.confidence);
  }
  if (with_confidence) line.add(object.confidence);
  return line.text() + "\n";
}

const std::string& name_of_class(const PredictResult& result, std::int64_t index) { return result.class_names.at(index); }

std::string class_lines(const PredictedImage& image, const PredictResult& result) {
  std::string lines;
  for (const auto index : best_classes(image.probabilities))
    lines += fmt::format("{:.2f} {}\n", image.probabilities[static_cast<std::size_t>(index)], name_of_class(result, index));
  return lines;
}

/// The number that an image's name is, or the name; with its folders where several images are called so.
Json image_id_of(const fs::path& name, const std::multiset<fs::path>& without_folders) {
  if (without_folders.count(name.filename()) > 1) return name.generic_string();
  const auto text = name.filename().string();
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end && number >= 0 ? Json(number) : Json(text);
}

double rounded(double value, double steps) { return std::round(value * steps) / steps; }
double place_number(double value) { return rounded(value, 1e3); }
double score_number(double value) { return rounded(value, 1e5); }

template <class Numbers>
Json places(const Numbers& numbers) {
  Json list = Json::array();
  for (const double number : numbers) list.push_back(place_number(number));
  return list;
}

void add_object(Json& row, const PredictedBox& object, const ImageSize& size) {
  row["score"] = score_number(object.confidence);
  if (object.turned) {
    const auto& t = *object.turned;
    row["rbox"] = places(std::array{t.x_px, t.y_px, t.width_px, t.height_px, t.angle});
    row["poly"] = Json::array();
    for (const auto& corner : corners_of(t))
      for (const double at : corner) row["poly"].push_back(place_number(at));
    return;
  }
  row["bbox"] = places(object.box_xywh_px);
  if (!object.mask.empty()) row["segmentation"] = {{"size", {size.height, size.width}}, {"counts", object.mask}};
  for (const auto& keypoint : object.keypoints)
    for (const double number : {place_number(keypoint.x_px), place_number(keypoint.y_px), score_number(keypoint.confidence)})
      row["keypoints"].push_back(number);
}

void add_classes(Json& row, const PredictedImage& image, const PredictResult& result) {
  constexpr double kSteps = 1e6;
  row["probabilities"] = Json::array();
  for (const double probability : image.probabilities) row["probabilities"].push_back(rounded(probability, kSteps));
  row["top_5"] = Json::array();
  for (const auto index : best_classes(image.probabilities))
    row["top_5"].push_back({{"class_index", index},
                            {"name", name_of_class(result, index)},
                            {"probability", row["probabilities"][static_cast<std::size_t>(index)]}});
}

}  // namespace

std::string label_lines(const PredictedImage& image, const PredictResult& result, bool with_confidence) {
  if (result.task == "classify") return class_lines(image, result);
  std::string lines;
  for (const auto& object : image.boxes) lines += object_line(object, result, image.size, with_confidence);
  return lines;
}

bool is_coco(const std::map<std::int64_t, std::string>& class_names) {
  const auto is_called = [&](std::int64_t index, const char* name) {
    const auto found = class_names.find(index);
    return found != class_names.end() && found->second == name;
  };
  return class_names.size() == 80 && is_called(0, "person") && is_called(79, "toothbrush");
}

Json predictions_document(const PredictResult& result, const std::vector<fs::path>& names) {
  const auto of_coco = result.category_ids == "coco91" ? coco_ids() : std::vector<std::int64_t>{};
  std::multiset<fs::path> without_folders;
  for (const auto& name : names) without_folders.insert(name.filename());
  Json document = Json::array();
  for (std::size_t i = 0; i < result.images.size(); ++i) {
    const auto& image = result.images[i];
    const Json of_image = {{"image_id", image_id_of(names[i], without_folders)}, {"file_name", image.source.filename().string()}};
    if (result.task == "classify") add_classes(document.emplace_back(of_image), image, result);
    for (const auto& object : image.boxes) {
      auto& row = document.emplace_back(of_image);
      row["category_id"] = of_coco.empty() ? object.class_index + 1 : of_coco.at(static_cast<std::size_t>(object.class_index));
      add_object(row, object, image.size);
    }
  }
  return document;
}

}  // namespace nibble
