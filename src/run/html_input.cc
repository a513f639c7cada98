// SPDX-License-Identifier: Apache-2.0
#include "run/html_input.h"

#include <array>

#include "base/files.h"
#include "run/run_dir.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// Written by every run; summary and gates are already there when the page is made.
constexpr std::array kAlways = {"summary.md",       "run.json",           "gates.json",          "logs/nibble.log",
                                "env/machine.json", "env/libraries.json", "config/image-ids.txt"};

std::vector<std::string> records_of(const fs::path& root, const Json& manifest) {
  std::vector<std::string> files;
  for (const auto* file : kAlways)
    if (fs::exists(root / file)) files.emplace_back(file);
  if (!manifest.contains("files")) return files;
  for (const auto& [path, entry] : manifest.at("files").items())
    if ((path.ends_with(".json") || path.ends_with(".csv")) && path != "gates.json" && fs::exists(root / path)) files.push_back(path);
  return files;
}

/// Those whose files are there.
std::vector<HtmlPicture> pictures_of(const fs::path& root, const PlacedJson& document) {
  std::vector<HtmlPicture> pictures;
  for (const auto& row : document.at("pictures").list()) {
    const fs::path file = row.at("file").get<std::string>();
    const bool is_inside = file.is_relative() && file.lexically_normal().begin()->string() != "..";
    if (std::error_code code; is_inside && fs::is_regular_file(root / file, code)) pictures.push_back({row, read_file(root / file)});
  }
  return pictures;
}

}  // namespace

HtmlInput gather_html_input(const fs::path& root, const Report& report, const Json& manifest) {
  HtmlInput input{.report = report,
                  .manifest = manifest,
                  .machine = Json::object(),
                  .layers = {},
                  .metrics = {},
                  .comparisons = {},
                  .curves = {},
                  .pictures = {},
                  .precision = {},
                  .files = {}};
  if (const auto machine = root / "env/machine.json"; fs::exists(machine)) input.machine = read_json(machine);
  for (const auto& recipe : report.recipes)
    if (const auto file = root / RunNames::layers(recipe.name); fs::exists(file)) input.layers[recipe.name] = read_earlier_json(file);
  for (const auto& artifact : report.artifacts)
    if (artifact.score && fs::exists(root / artifact.score->metrics_path))
      input.metrics[artifact.name] = read_earlier_json(root / artifact.score->metrics_path);
  for (const auto& artifact : report.artifacts)
    if (artifact.blame && fs::exists(root / artifact.blame->path))
      input.comparisons[artifact.name] = read_earlier_json(root / artifact.blame->path);
  for (const auto& artifact : report.artifacts) {
    if (!artifact.blame) continue;
    const auto folder = (root / artifact.blame->path).parent_path();
    if (fs::exists(folder / "pictures.json"))
      input.pictures[artifact.name] = pictures_of(root, read_earlier_json(folder / "pictures.json"));
    if (fs::exists(folder / "curves.json")) input.precision[artifact.name] = read_earlier_json(folder / "curves.json");
  }
  for (const auto& training : report.trainings)
    if (fs::exists(root / training.curve_path)) input.curves[training.recipe] = read_training_curve(root / training.curve_path);
  input.files = records_of(root, manifest);
  return input;
}

}  // namespace nibble
