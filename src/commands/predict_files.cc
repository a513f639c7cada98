// SPDX-License-Identifier: Apache-2.0
#include "commands/predict_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "base/file_identity.h"
#include "base/files.h"
#include "base/output_path.h"
#include "data/image_file.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

bool is_video_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 9> kVideos = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"};
  return std::find(kVideos.begin(), kVideos.end(), lower_extension(path)) != kVideos.end();
}

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

}  // namespace nibble
