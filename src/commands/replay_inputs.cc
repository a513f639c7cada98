// SPDX-License-Identifier: Apache-2.0
#include "commands/replay_inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/files.h"
#include "base/image_size_text.h"
#include "base/shared_data.h"
#include "calibration/calibration_set.h"
#include "data/coco.h"
#include "nibble/error.h"
#include "run/run_dir.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kEmbedded = "assets/";

bool is_regular(const fs::path& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

/// Of a file that cannot be read: none.
std::string hash_or_none(const fs::path& path) {
  try {
    return is_regular(path) ? sha256_of_file(path) : "";
  } catch (const Error&) {
    return "";
  }
}

struct Wanted {
  std::string what, option;  ///< "checkpoint", "--model"
  std::string recorded;      ///< the path that the run had
  std::string sha256;
};

/// `asked`: the file, or a folder in which it is; empty: where the run had it. An input of other content is taken with `allow_other` alone.
fs::path find_file(const Wanted& wanted, const fs::path& asked, bool allow_other, std::vector<std::string>& reasons) {
  std::vector<fs::path> candidates;
  if (!asked.empty() && is_folder(asked)) {
    for (const auto& entry : fs::directory_iterator(asked))
      if (is_regular(entry.path())) candidates.push_back(entry.path());
    std::sort(candidates.begin(), candidates.end());
  } else if (!asked.empty()) {
    candidates.push_back(asked);
  } else {
    candidates.push_back(wanted.recorded.starts_with(kEmbedded) ? shared_data(wanted.recorded) : fs::path(wanted.recorded));
  }
  for (const auto& candidate : candidates)
    if (hash_or_none(candidate) == wanted.sha256) return candidate;
  if (allow_other && candidates.size() == 1 && is_regular(candidates.front())) {
    reasons.push_back(fmt::format("{}: {} has other content than the run's {}", wanted.what, candidates.front().string(), wanted.recorded));
    return candidates.front();
  }
  throw Error(ErrorKind::input, fmt::format("replay: {}: {}: not found with sha256 {}; say with {} where it is", wanted.what,
                                            wanted.recorded, wanted.sha256, wanted.option));
}

// ---- calibration images

struct HashedImage {
  std::string file, sha256;
};

std::vector<HashedImage> images_in(const PlacedJson& rows) {
  std::vector<HashedImage> images;
  for (const auto& row : rows.list()) images.push_back({row.at("file"), row.at("sha256")});
  return images;
}

/// Those of the recipe with most of them: the others take the first of the same list.
std::vector<HashedImage> longest_list(const PlacedJson& by_recipe) {
  std::vector<HashedImage> longest;
  for (const auto& [recipe, rows] : by_recipe.members())
    if (auto images = images_in(rows); images.size() > longest.size()) longest = std::move(images);
  return longest;
}

/// A list of the run's images as they lie in `folder`, by name where the content is the run's, else by content.
fs::path list_images(const std::vector<HashedImage>& wanted, const fs::path& folder, bool allow_other, const TemporaryFolder& scratch,
                     std::vector<std::string>& reasons) {
  std::unordered_map<std::string, fs::path> by_name, by_hash;
  const auto files = list_image_files(folder);
  for (const auto& file : files) by_name.emplace(file.filename().string(), file);
  const auto by_content = [&](const std::string& sha256) -> fs::path {
    if (by_hash.empty())
      for (const auto& file : files) by_hash.emplace(hash_or_none(file), file);
    const auto found = by_hash.find(sha256);
    return found == by_hash.end() ? fs::path() : found->second;
  };
  std::string list;
  for (const auto& image : wanted) {
    const auto named = by_name.find(image.file);
    fs::path file = named == by_name.end() ? fs::path() : named->second;
    const bool is_same = !file.empty() && hash_or_none(file) == image.sha256;
    if (!is_same) {
      if (const auto found = by_content(image.sha256); !found.empty()) {
        file = found;
      } else if (allow_other && !file.empty()) {
        reasons.push_back(fmt::format("image: calibration image {} has other content", image.file));
      } else {
        throw Error(ErrorKind::input, fmt::format("replay: calibration image: {}: not in {} with sha256 {}; say with --calib where it is",
                                                  image.file, folder.string(), image.sha256));
      }
    }
    list += fs::absolute(file).string() + "\n";
  }
  const auto place = scratch.path() / "calibration-images.txt";
  write_file(place, list);
  return place;
}

/// Whether the first images of `source` are the run's, so that it can be named as the run named it.
bool holds_images(const fs::path& source, const std::vector<HashedImage>& wanted) {
  try {
    const auto set = open_calibration_set(source, static_cast<std::int64_t>(wanted.size()));
    return std::equal(set.files.begin(), set.files.end(), wanted.begin(), wanted.end(),
                      [](const fs::path& file, const HashedImage& image) { return hash_or_none(file) == image.sha256; });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return false;
  }
}

fs::path find_calibration(const UntrustedRun& run, const ReplayOptions& options, const TemporaryFolder& scratch,
                          std::vector<std::string>& reasons) {
  const auto wanted = longest_list(run.json(RunNames::kImages).at("calibration"));
  const fs::path recorded = run.manifest().at("settings").at("calibration").get<std::string>();
  if (!options.calibration.empty()) return list_images(wanted, options.calibration, options.allow_other_inputs, scratch, reasons);
  if (holds_images(recorded, wanted)) return recorded;
  if (is_folder(recorded)) return list_images(wanted, recorded, options.allow_other_inputs, scratch, reasons);
  throw Error(ErrorKind::input,
              fmt::format("replay: calibration images: {}: are not there as the run had them; say with --calib which folder "
                          "they are in",
                          recorded.string()));
}

// ---- the rest

void take_data(const UntrustedRun& run, const ReplayOptions& options, ReplayInputs& inputs) {
  const auto evaluation = run.manifest().at("inputs").at("evaluation");
  const auto annotations = evaluation.at("annotations").get<std::string>();
  const auto images = evaluation.at("images").get<std::string>();
  auto& data = inputs.run.data;
  data.on_bad_data = run.manifest().at("settings").at("on_bad_data").get<std::string>();
  data.image_ids_list = run.file("config/image-ids.txt", RunLimits::kText);
  if (annotations.empty()) {  // class folders
    if (!options.annotations.empty())
      throw Error(ErrorKind::usage, "replay: --annotations: the run's labels are the folders of --images; leave it out");
    data.images = !options.images.empty() ? options.images : fs::path(images);
    return;
  }
  const auto file = find_file({"annotations", "--annotations", annotations, evaluation.at("annotations_sha256")}, options.annotations,
                              options.allow_other_inputs, inputs.reasons);
  const bool is_embedded = annotations.starts_with(kEmbedded) && options.annotations.empty() && options.images.empty();
  if (is_embedded) return;
  data.annotations = file;
  if (!options.images.empty())
    data.images = options.images;
  else if (!is_yaml(file))  // beside a data.yaml, earlier versions recorded a folder that they did not read
    data.images = images.starts_with(kEmbedded) ? shared_data(images) : fs::path(images);
}

void take_checkpoint(const UntrustedRun& run, const ReplayOptions& options, ReplayInputs& inputs) {
  const auto checkpoint = run.manifest().at("inputs").at("checkpoint");
  const auto recorded = checkpoint.at("path").get<std::string>();
  const auto file =
      find_file({"checkpoint", "--model", recorded, checkpoint.at("sha256")}, options.model, options.allow_other_inputs, inputs.reasons);
  const bool is_embedded = recorded.starts_with(kEmbedded) && options.model.empty();
  if (!is_embedded) inputs.run.checkpoint = file;
  if (file.filename() != fs::path(recorded).filename())
    inputs.reasons.push_back(fmt::format("name of the checkpoint: {} then, {} now; it stands in every ONNX file",
                                         fs::path(recorded).filename().string(), file.filename().string()));
}

void take_training(const UntrustedRun& run, const ReplayOptions& options, RunOptions& wanted) {
  const auto qat = run.manifest().at("qat");
  if (qat.is_null()) {
    if (!options.qat_data.empty() || !options.qat_images.empty())
      throw Error(ErrorKind::usage, fmt::format("replay: {}: the run trained nothing; leave it out",
                                                options.qat_data.empty() ? "--qat-images" : "--qat-data"));
    return;
  }
  wanted.qat = qat.at("recipes").texts();
  wanted.qat_course.epochs = qat.at("epochs");
  wanted.qat_course.steps = qat.at("steps");
  const fs::path recorded = qat.at("data").is_null() ? "" : qat.at("data").get<std::string>();
  wanted.qat_data = options.qat_data.empty() ? recorded : options.qat_data;
  wanted.qat_images = options.qat_images;
  // Only a COCO file needs a folder; earlier versions recorded others, and did not read them.
  if (wanted.qat_images.empty() && wanted.qat_data.extension() == ".json")
    wanted.qat_images = run.manifest().at("settings").at("qat_images").get<std::string>();
}

void take_settings(const UntrustedRun& run, const ReplayOptions& options, ReplayInputs& inputs) {
  const auto& manifest = run.manifest();
  const auto settings = manifest.at("settings");
  auto& wanted = inputs.run;
  wanted.head = manifest.at("head").get<std::string>();
  const auto size = manifest.at("imgsz");
  wanted.image_size =
      size.is_array() ? ImageSize(size.at(0).get<std::int64_t>(), size.at(1).get<std::int64_t>()) : ImageSize(size.get<std::int64_t>());
  wanted.smoke = settings.at("smoke");
  wanted.reference = settings.at("reference").get<bool>() && !wanted.smoke;  // earlier versions recorded both, and scored nothing
  wanted.resamples = settings.at("resamples");
  wanted.strict_gates = settings.at("strict_gates");
  wanted.gates = run.config(RunNames::kGateLimits);
  wanted.recipes.clear();
  for (const auto& recipe : manifest.at("recipes").texts())
    wanted.recipes.push_back(run.config(fmt::format("config/{}.json", recipe)).string());
  auto& runtime = wanted.runtime;
  runtime.seed = manifest.at("seed");
  runtime.provider = manifest.at("runtime").at("provider").get<std::string>();
  runtime.allow_cpu_fallback = manifest.at("runtime").at("allow_cpu_fallback");
  runtime.threads = manifest.at("runtime").at("threads");
  runtime.session_options = settings.at("session_options").get<std::map<std::string, std::string>>();
  if (!options.provider.empty() && options.provider != runtime.provider) {
    inputs.reasons.push_back(fmt::format("provider: {} then, {} now", runtime.provider, options.provider));
    runtime.provider = options.provider;
  }
  if (options.threads > 0 && options.threads != runtime.threads) {
    inputs.reasons.push_back(fmt::format("threads: {} then, {} now", runtime.threads, options.threads));
    runtime.threads = options.threads;
  }
}

}  // namespace

ReplayInputs find_inputs(const UntrustedRun& run, const ReplayOptions& options, const TemporaryFolder& scratch) {
  ReplayInputs inputs;
  take_settings(run, options, inputs);
  take_checkpoint(run, options, inputs);
  take_data(run, options, inputs);
  take_training(run, options, inputs.run);
  inputs.run.calibration = find_calibration(run, options, scratch, inputs.reasons);
  inputs.run.runs_dir = fs::absolute(options.output).parent_path();
  inputs.run.run_id = fs::absolute(options.output).filename().string();
  inputs.run.command = {"nibble", "replay", options.run_dir.string(), "-o", options.output.string()};
  return inputs;
}

}  // namespace nibble
