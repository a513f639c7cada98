// SPDX-License-Identifier: Apache-2.0
// What `predict` writes about what it found: label files and predictions.json.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "nibble/predict.h"

namespace nibble {

/// A line for each object, as Ultralytics' Results.save_txt writes it for the result's task; numbers of six digits, places as shares of
/// the image's width and height:
///   detect    class cx cy w h
///   segment   class x1 y1 x2 y2 ...      (the mask's outline; an object whose outline has fewer than three points has no line)
///   pose      class cx cy w h x1 y1 [confidence1] ...
///   obb       class x1 y1 x2 y2 x3 y3 x4 y4
/// with the confidence behind where asked for. Of a classifier the five best classes: probability of two decimals, name.
std::string label_lines(const PredictedImage& image, const PredictResult& result, bool with_confidence);

/// COCO's 80 classes by their first and last name.
bool is_coco(const std::map<std::int64_t, std::string>& class_names);

/// [{image_id, file_name, category_id, score, ...}] as Ultralytics' validators write them. image_id is the number that the name of the
/// image is, else the name, with its folders where several images have one name; category_id as PredictResult::category_ids says; places
/// have three decimals, scores and confidences five. Objects have `bbox` (x, y, width, height) and of segmentation models `segmentation`
/// {size, counts} (COCO's compressed run lengths), of pose models `keypoints` (x, y, confidence of each); oriented boxes have `rbox` (cx,
/// cy, width, height, angle) and `poly` (four corners) instead. Classifiers have an entry for each image: `probabilities` by class index
/// (six decimals), and `top_5` [{class_index, name, probability}].
Json predictions_document(const PredictResult& result, const std::vector<std::filesystem::path>& names);

}  // namespace nibble
