// SPDX-License-Identifier: Apache-2.0
#include "base/kind_of_file.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace nibble {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kStart = 4096;

/// ModelProto as exporters write it: field 1 (ir_version, a small number), then field 2 (producer) or 7 or 8.
bool is_onnx(std::string_view start) {
  if (start.size() < 8 || start[0] != '\x08' || start[1] < 1 || start[1] > 20) return false;
  return start[2] == '\x12' || start[2] == '\x3a' || start[2] == '\x42';
}

/// Without a byte order mark and blanks; empty for what is no text.
std::string_view text_of(std::string_view start) {
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
  const bool is_text =
      std::all_of(start.begin(), start.end(), [](unsigned char c) { return c >= 0x20 || c == '\n' || c == '\r' || c == '\t'; });
  return is_text ? start : std::string_view();
}

bool has_line_of(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1))
    if (at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r') return true;
  return false;
}

}  // namespace

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::image: return "an image";
    case FileKind::zip: return "a zip archive, as checkpoints (.pt) are";
    case FileKind::onnx: return "an ONNX model";
    case FileKind::data_yaml: return "a data.yaml, which describes a data set";
    case FileKind::coco: return "a COCO file, which describes a data set";
  }
  return "unknown";
}

std::string start_of_file(const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) return "";
  std::ifstream file(path, std::ios::binary);
  std::string start(kStart, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.gcount()));
  return start;
}

std::optional<FileKind> kind_of_file(std::string_view start) {
  constexpr std::array kYamlKeys = {"train:"sv, "val:"sv, "names:"sv};
  constexpr std::array kCocoKeys = {"\"images\""sv, "\"annotations\""sv, "\"info\""sv};
  start = start.substr(0, kStart);
  if (start.starts_with("\xff\xd8\xff") || start.starts_with("\x89PNG")) return FileKind::image;
  if (start.starts_with("PK\x03\x04")) return FileKind::zip;
  if (is_onnx(start)) return FileKind::onnx;
  const auto text = text_of(start);
  if (text.starts_with('{')) {
    const bool is_coco = std::any_of(kCocoKeys.begin(), kCocoKeys.end(), [&](auto key) { return text.find(key) != text.npos; });
    return is_coco ? std::optional(FileKind::coco) : std::nullopt;
  }
  if (std::any_of(kYamlKeys.begin(), kYamlKeys.end(), [&](auto key) { return has_line_of(text, key); })) return FileKind::data_yaml;
  return std::nullopt;
}

}  // namespace nibble
