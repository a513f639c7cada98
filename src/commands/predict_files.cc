// SPDX-License-Identifier: Apache-2.0
#include "commands/predict_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>

#include "base/file_identity.h"
#include "base/files.h"
#include "data/coco.h"
#include "data/image_file.h"
#include "nibble/error.h"
#include "scoring/detection_ids.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

bool is_video_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 9> kVideos = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"};
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kVideos.begin(), kVideos.end(), extension) != kVideos.end();
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  std::error_code code;
  const auto inner = fs::weakly_canonical(path, code), outer = fs::weakly_canonical(folder, code);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
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

}  // namespace

std::vector<fs::path> source_images(const fs::path& source, std::vector<BadDatum>* bad) {
  const bool is_one_file = !is_folder(source);
  if (is_one_file && is_video_name(source))
    throw Error(ErrorKind::unsupported, fmt::format("source: {}: videos are not read; write its frames as images first, for example with "
                                                    "'ffmpeg -i {} frames/%06d.jpg', and give their folder",
                                                    source.string(), source.string()));
  if (!is_one_file || !is_image_name(source)) return list_image_files(source, 0, bad);
  if (!is_file(source)) throw_missing_file(source, "source");
  return {source};
}

std::vector<fs::path> output_names(const std::vector<fs::path>& images, const fs::path& source) {
  const bool has_folders = is_folder(source);
  std::set<fs::path> taken;
  std::vector<fs::path> names;
  for (const auto& image : images) {
    auto name = has_folders ? image.lexically_relative(source) : image.filename();
    if (name.empty() || *name.begin() == "..") name = image.filename();
    const auto own = name.replace_extension();
    for (int i = 2; !taken.insert(name).second; ++i) name = own.string() + fmt::format("-{}", i);
    names.push_back(name);
  }
  return names;
}

void refuse_to_replace_images(const PredictOptions& options, const std::vector<fs::path>& images, const std::vector<fs::path>& names) {
  const auto& output = options.output;
  if (is_folder(options.source) && lies_in(output, options.source))
    throw Error(ErrorKind::usage, fmt::format("output would overwrite a file in use: {}: lies in {}, which is read; give another folder",
                                              output.string(), options.source.string()));
  std::set<FileIdentity> read;
  for (const auto& image : images)
    if (const auto identity = identity_of(image)) read.insert(*identity);
  for (const auto& name : names)
    for (const auto& file : {output / (name.string() + ".jpg"), output / "labels" / (name.string() + ".txt")})
      if (const auto identity = identity_of(file); identity && read.contains(*identity))
        throw Error(ErrorKind::usage,
                    fmt::format("output would overwrite a file in use: {}: is one of the images of {}; give another folder", file.string(),
                                options.source.string()));
}

std::string label_lines(const PredictedImage& image, bool with_confidence) {
  const auto width = static_cast<double>(image.size.width), height = static_cast<double>(image.size.height);
  std::string lines;
  for (const auto& box : image.boxes) {
    const auto& [x, y, w, h] = box.box_xywh_px;
    lines += fmt::format("{} {:g} {:g} {:g} {:g}", box.class_index, (x + w / 2) / width, (y + h / 2) / height, w / width, h / height);
    if (with_confidence) lines += fmt::format(" {:g}", box.confidence);
    lines += "\n";
  }
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
  for (std::size_t i = 0; i < result.images.size(); ++i)
    for (const auto& box : result.images[i].boxes) {
      Json corner_and_size = Json::array();
      for (const double value : box.box_xywh_px) corner_and_size.push_back(rounded(value, 1e3));
      document.push_back({{"image_id", image_id_of(names[i], without_folders)},
                          {"file_name", result.images[i].source.filename().string()},
                          {"category_id", of_coco.empty() ? box.class_index + 1 : of_coco.at(static_cast<std::size_t>(box.class_index))},
                          {"bbox", corner_and_size},
                          {"score", rounded(box.confidence, 1e5)}});
    }
  return document;
}

}  // namespace nibble
