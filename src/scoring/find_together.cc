// SPDX-License-Identifier: Apache-2.0
#include "scoring/find_together.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/progress.h"
#include "scoring/findings_bytes.h"
#include "scoring/found_objects.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 8;  ///< images that a process looks at between two exchanges

std::int64_t blocks_of(const EvalSet& set) { return static_cast<std::int64_t>((set.dataset.images.size() + kBlock - 1) / kBlock); }

EvalSet block_of(const EvalSet& set, std::int64_t number) {
  EvalSet block;
  block.images_dir = set.images_dir;
  block.annotations_name = set.annotations_name;
  block.truth.task = set.truth.task;
  block.dataset.source = set.dataset.source;
  block.dataset.categories = set.dataset.categories;
  const auto& images = set.dataset.images;
  const std::size_t first = static_cast<std::size_t>(number) * kBlock, last = std::min(first + kBlock, images.size());
  for (std::size_t i = first; i < last; ++i) block.dataset.images.push_back(images[i]);
  return block;
}

Json to_json(const OpenedFile& file, const EvalSet& set, const DetectOptions& detect) {
  Json images = Json::array(), categories = Json::array();
  for (const auto& image : set.dataset.images)
    images.push_back({image.id, fs::absolute(image_path(set, image)).string(), image.width_px, image.height_px});
  for (const auto& category : set.dataset.categories) categories.push_back({category.id, category.name});
  const auto& [model, path, optimize, runtime] = file;
  return {{"model", fs::absolute(path).string()},
          {"optimize", optimize},
          {"is_detector", task_of(model) == "detect"},
          {"layout", name_of(model.layout)},
          {"image_size", {model.image_size.height, model.image_size.width}},
          {"threads", runtime.threads},
          {"provider", runtime.provider},
          {"allow_cpu_fallback", runtime.allow_cpu_fallback},
          {"session_options", runtime.session_options},
          {"confidence", detect.confidence},
          {"iou", detect.iou},
          {"max_detections", detect.max_detections},
          {"task", static_cast<int>(set.truth.task)},
          {"annotations", set.annotations_name},
          {"source", set.dataset.source.string()},
          {"categories", std::move(categories)},
          {"images", std::move(images)}};
}

EvalSet set_of(const Json& task) {
  EvalSet set;
  set.truth.task = static_cast<Task>(task.at("task").get<int>());
  set.annotations_name = task.at("annotations").get<std::string>();
  set.dataset.source = task.at("source").get<std::string>();
  for (const auto& row : task.at("categories"))
    set.dataset.categories.push_back({row.at(0).get<std::int64_t>(), row.at(1).get<std::string>()});
  for (const auto& row : task.at("images"))
    set.dataset.images.push_back(
        {row.at(0).get<std::int64_t>(), row.at(1).get<std::string>(), row.at(2).get<std::int64_t>(), row.at(3).get<std::int64_t>()});
  return set;
}

DetectorFile open_file(const Json& task, const EvalSet& set) {
  const fs::path path = task.at("model").get<std::string>();
  RuntimeOptions runtime;
  runtime.threads = task.at("threads").get<int>();
  runtime.provider = task.at("provider").get<std::string>();
  runtime.allow_cpu_fallback = task.at("allow_cpu_fallback").get<bool>();
  runtime.session_options = task.at("session_options").get<std::map<std::string, std::string>>();
  DetectorFileOptions file;
  file.image_size = ImageSize(task.at("image_size").at(0).get<std::int64_t>(), task.at("image_size").at(1).get<std::int64_t>());
  const bool optimize = task.at("optimize").get<bool>();
  if (!task.at("is_detector").get<bool>()) return open_any_task(path, runtime, optimize, file);
  file.output_layout = task.at("layout").get<std::string>();
  return open_detector(path, runtime, optimize, static_cast<std::int64_t>(set.dataset.categories.size()), file);
}

}  // namespace

Findings find_together(Processes* processes, const OpenedFile& file, const EvalSet& set, const DetectOptions& detect,
                       const std::string& title, Progress& progress) {
  if (!processes || processes->size() == 1) return find_by_task(file.model, set, detect, title, progress);
  start_task(*processes, kFindDuty, to_json(file, set, detect));
  progress.begin(title, static_cast<std::int64_t>(set.dataset.images.size()));
  Progress silence;
  Findings all;
  share_units(
      *processes, blocks_of(set),
      [&](std::int64_t block) { return to_bytes(find_by_task(file.model, block_of(set, block), detect, title, silence)); },
      [&](std::int64_t block, std::string bytes) {
        append(all, findings_from_bytes(bytes));
        for (const auto& image : block_of(set, block).dataset.images) progress.step(image.file_name);
      });
  progress.end(fmt::format("{} images, {} detections", set.dataset.images.size(), all.boxes.size()));
  return all;
}

void help_to_find(const Json& task, Processes& processes) {
  const EvalSet set = set_of(task);
  const DetectOptions detect{task.at("confidence").get<double>(), task.at("iou").get<double>(),
                             task.at("max_detections").get<std::int64_t>()};
  std::optional<DetectorFile> model;  // opened in the loop, where an error of it is handed over
  Progress silence;
  share_units(processes, blocks_of(set),
              [&](std::int64_t block) {
                if (!model) model.emplace(open_file(task, set));
                return to_bytes(find_by_task(*model, block_of(set, block), detect, "", silence));
              },
              {});
}

}  // namespace nibble
