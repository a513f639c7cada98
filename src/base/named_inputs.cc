// SPDX-License-Identifier: Apache-2.0
#include "base/named_inputs.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 8> kImages = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".mpo"};

bool is_image(const fs::path& path) { return std::find(kImages.begin(), kImages.end(), lower_extension(path)) != kImages.end(); }

void append_list(const fs::path& list, std::vector<fs::path>& named) {
  constexpr std::size_t kLongest = 4096;  // PATH_MAX of Linux
  std::ifstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.size() > kLongest) continue;
    for (const auto& path : {list.parent_path() / line, fs::path(line)})
      if (seems_there(path)) named.push_back(path);
  }
}

void append_split(const Json& split, const fs::path& root, std::vector<fs::path>& named) {
  if (split.is_array()) {
    for (const auto& entry : split) append_split(entry, root, named);
    return;
  }
  if (!split.is_string()) return;
  auto text = split.get<std::string>();
  std::replace(text.begin(), text.end(), '\\', '/');
  for (const auto& name : {text, text.starts_with("../") ? text.substr(3) : text}) {
    const auto path = root / name;
    if (!seems_there(path)) continue;
    named.push_back(path);
    if (lower_extension(path) == ".txt") append_list(path, named);
    auto labels = path.lexically_normal().string();
    const auto at = labels.rfind("images");
    if (at != std::string::npos) named.emplace_back(labels.replace(at, 6, "labels"));
    return;
  }
}

void append_yaml(const fs::path& yaml, std::vector<fs::path>& named) try {
  const Json data = read_yaml(yaml);
  if (!data.is_object()) return;
  std::vector<fs::path> roots = {yaml.parent_path()};
  if (data.contains("path") && data["path"].is_string()) {
    const fs::path path = data["path"].get<std::string>();
    roots = {yaml.parent_path() / path, path};
  }
  for (const auto* split : {"train", "val", "validation", "test"})
    if (data.contains(split))
      for (const auto& root : roots) append_split(data[split], root, named);
} catch (const Error&) {
  // read_dataset says what is wrong with it.
}

}  // namespace

bool is_data_file(const fs::path& path) {
  if (is_image(path)) return true;
  if (lower_extension(path) != ".txt") return false;
  if (std::find(path.begin(), path.end(), fs::path("labels")) != path.end()) return true;
  return std::any_of(kImages.begin(), kImages.end(),
                     [&](std::string_view extension) { return seems_there(fs::path(path).replace_extension(extension)); });
}

std::vector<fs::path> named_by(const fs::path& input) {
  std::vector<fs::path> named = {input};
  std::error_code code;
  if (!fs::is_regular_file(input, code)) return named;
  if (is_yaml(input)) append_yaml(input, named);
  if (lower_extension(input) == ".txt") append_list(input, named);
  for (const auto* suffix : {".data", "_data"})  // of ONNX files
    if (seems_there(input.string() + suffix)) named.emplace_back(input.string() + suffix);
  return named;
}

}  // namespace nibble
