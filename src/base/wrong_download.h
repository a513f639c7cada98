// SPDX-License-Identifier: Apache-2.0
// Recognises what is saved in the place of a file that was not fetched, so that a refusal can say what to do.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include "base/kind_of_file.h"

namespace nibble {

/// "<why>; <what to do>" for a Git LFS pointer, a web page and a server's XML; nothing for other bytes. `what` is what they stand for, as
/// "the model". Looks at the first 512 bytes.
inline std::optional<std::string> explain_wrong_download(std::string_view bytes, std::string_view what) {
  constexpr std::size_t kSample = 512;
  if (bytes.starts_with("version https://git-lfs.github.com/spec/"))
    return fmt::format("this is a Git LFS pointer, {} itself was not fetched; run `git lfs pull`", what);
  std::string_view sample = bytes.substr(0, kSample);
  if (sample.starts_with("\xef\xbb\xbf")) sample.remove_prefix(3);
  sample.remove_prefix(std::min(sample.find_first_not_of(" \t\r\n"), sample.size()));
  std::string start(sample.substr(0, 64));
  std::transform(start.begin(), start.end(), start.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array kPages = {"<!doctype html", "<html", "<head"};
  if (std::any_of(kPages.begin(), kPages.end(), [&](const char* page) { return start.starts_with(page); }))
    return fmt::format("this is a web page (HTML), probably an error or login page saved in place of {}; download the file again", what);
  if (start.starts_with("<?xml")) return "this is an XML text, probably a server's error message; download the file again";
  return std::nullopt;
}

/// The same for a file that should be ONNX, also for a file of another kind.
inline std::optional<std::string> explain_no_onnx(std::string_view bytes) {
  const auto kind = kind_of_file(bytes);
  if (!kind || *kind == FileKind::onnx) return explain_wrong_download(bytes, "the model");
  const auto* advice = *kind == FileKind::zip     ? "make one with nibble export CHECKPOINT -o OUT.onnx"
                       : *kind == FileKind::image ? "nibble predict MODEL.onnx --source IMAGE -o DIR shows what a model sees on it"
                                                  : "name the model (.onnx) in its place";
  return fmt::format("this is {}, and no ONNX file; {}", name_of(*kind), advice);
}

}  // namespace nibble
