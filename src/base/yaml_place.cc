// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_place.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <optional>

#include "base/files.h"
#include "nibble/error.h"

namespace nibble {
namespace {

std::optional<YAML::Mark> mark_at(const YAML::Node& node, std::string_view path);

/// `rest`: what of the path follows a key or an item, whose own mark and value are given.
std::optional<YAML::Mark> mark_below(const YAML::Mark& mark, const YAML::Node& value, std::string_view rest) {
  if (rest.empty()) return mark;
  if (rest.front() == '.') return mark_at(value, rest.substr(1));
  return rest.front() == '[' ? mark_at(value, rest) : std::nullopt;
}

/// A key may hold dots itself, so each that the path begins with is tried.
std::optional<YAML::Mark> mark_at(const YAML::Node& node, std::string_view path) {
  if (node.IsMap()) {
    for (const auto& entry : node) {
      const auto& key = entry.first;
      if (!key.IsScalar() || key.Scalar().empty() || !path.starts_with(key.Scalar())) continue;
      if (const auto mark = mark_below(key.Mark(), entry.second, path.substr(key.Scalar().size()))) return mark;
    }
  }
  if (node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      for (const auto& index : {fmt::format("[{}]", i), fmt::format("{}", i)}) {
        if (!path.starts_with(index)) continue;
        if (const auto mark = mark_below(node[i].Mark(), node[i], path.substr(index.size()))) return mark;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::string yaml_place(const std::filesystem::path& file, std::string_view path) {
  try {
    const auto mark = path.empty() ? std::nullopt : mark_at(YAML::Load(read_file(file)), path);
    if (mark && !mark->is_null()) return fmt::format("{}:{}:{}", file.string(), mark->line + 1, mark->column + 1);
  } catch (const YAML::Exception&) {
    return file.string();
  } catch (const Error&) {
    return file.string();
  }
  return file.string();
}

}  // namespace nibble
