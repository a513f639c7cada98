// SPDX-License-Identifier: Apache-2.0
#include "data/yolo_layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/yaml_place.h"
#include "data/text_list.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& yaml, const std::string& key, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("data set: {}: {}: {}", yaml_place(yaml, key), key, why));
}

std::vector<fs::path> roots_of(const Json& data, const fs::path& yaml) {
  if (!data.contains("path") || data["path"].is_null()) return {yaml.parent_path()};
  if (!data["path"].is_string()) fail(yaml, "path", "expected a folder");
  auto text = data["path"].get<std::string>();
  std::error_code code;  // a name that the system finds too long is none
  if (!fs::exists(yaml.parent_path() / text, code)) std::replace(text.begin(), text.end(), '\\', '/');
  const fs::path path = text;
  if (path.is_absolute()) return {path};
  return {(yaml.parent_path() / path).lexically_normal(), path, fs::path("datasets") / path, fs::path("../datasets") / path};
}

/// What a split may mean below a root.
std::vector<std::string> spellings_of(const std::string& entry) {
  const bool goes_up = entry.starts_with("../") || entry.starts_with("..\\");
  return goes_up ? std::vector<std::string>{entry, entry.substr(3)} : std::vector<std::string>{entry};
}

struct Found {
  fs::path path, root;
};

Found find_entry(const std::string& entry, const std::vector<fs::path>& roots, const fs::path& yaml, const std::string& split) {
  std::vector<std::string> tried;
  for (const auto& root : roots)
    for (const auto& name : spellings_of(entry)) {
      if (auto path = existing_path(root, name)) return {*path, root};
      tried.push_back((root / name).string());
    }
  fail(yaml, split, fmt::format("there is no folder or list {}; mend `path` or `{}`", fmt::join(tried, ", nor "), split));
}

/// The key under which the split stands.
std::string key_of_split(const Json& data, const std::string& split) {
  const auto has = [&](const std::string& key) { return data.contains(key) && !data[key].is_null(); };
  return split == "val" && !has("val") && has("validation") ? "validation" : split;
}

/// "val/1.jpg" and "./val/../val/1.jpg" are one image; links of other names are images of their own.
void drop_other_spellings(std::vector<fs::path>& files) {
  std::map<fs::path, fs::path> real;  // of folders
  std::set<fs::path> seen;
  std::erase_if(files, [&](const fs::path& file) {
    const auto [folder, is_new] = real.try_emplace(file.parent_path());
    std::error_code code;
    if (is_new) folder->second = fs::weakly_canonical(fs::absolute(file.parent_path(), code), code);
    return !seen.insert(folder->second / file.filename()).second;
  });
}

}  // namespace

std::vector<fs::path> images_of_split(const Json& data, const fs::path& yaml, const std::string& split, std::vector<BadDatum>& bad) {
  const std::string key = key_of_split(data, split);
  if (!data.contains(key) || data[key].is_null()) fail(yaml, key, "the key is missing; expected a folder, a list file or several");
  const auto roots = roots_of(data, yaml);
  const Json sources = data[key].is_array() ? data[key] : Json::array({data[key]});
  std::vector<fs::path> files;
  for (const auto& source : sources) {
    if (!source.is_string()) fail(yaml, key, "expected a folder or a list file");
    const auto [path, root] = find_entry(source.get<std::string>(), roots, yaml, key);
    const auto found = list_image_files(path, 0, &bad, root);
    files.insert(files.end(), found.begin(), found.end());
  }
  std::sort(files.begin(), files.end());
  drop_other_spellings(files);
  return files;
}

std::vector<fs::path> list_split_images(const fs::path& yaml, const std::string& split, std::vector<BadDatum>& bad) {
  const Json data = read_yaml(yaml);
  if (!data.is_object()) fail(yaml, "top level", "expected keys like path, val and names");
  return images_of_split(data, yaml, split, bad);
}

fs::path label_file_of(const fs::path& image) {
  auto beside = fs::path(image).replace_extension(".txt");
  for (const auto& path : {image, fs::absolute(image).lexically_normal()}) {
    std::vector<fs::path> parts(path.begin(), path.end());
    const auto last = std::find(parts.rbegin(), parts.rend(), fs::path("images"));
    if (last == parts.rend()) continue;
    *last = "labels";
    fs::path label;
    for (const auto& part : parts) label /= part;
    label.replace_extension(".txt");
    std::error_code code;
    return fs::exists(label, code) || !fs::exists(beside, code) ? label : beside;
  }
  return beside;
}

}  // namespace nibble
