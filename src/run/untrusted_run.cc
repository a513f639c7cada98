// SPDX-License-Identifier: Apache-2.0
#include "run/untrusted_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kManifest = "run.json";

[[noreturn]] void refuse(const fs::path& folder, const std::string& what, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("run directory: {}: {}: {}; nothing in it is trusted", folder.string(), what, why));
}

}  // namespace

std::vector<std::string> list_plain_files(const fs::path& root) {
  std::vector<std::string> files;
  std::error_code code;
  fs::recursive_directory_iterator entries(root, fs::directory_options::none, code);
  if (code) refuse(root, "folder", code.message());
  for (const fs::recursive_directory_iterator end; entries != end; entries.increment(code)) {
    if (code) refuse(root, "folder", code.message());
    const auto status = entries->symlink_status(code);
    const auto name = entries->path().lexically_relative(root).generic_string();
    if (code) refuse(root, name, code.message());
    if (fs::is_symlink(status)) refuse(root, name, "is a link, which a run never makes");
    if (!fs::is_directory(status) && !fs::is_regular_file(status)) refuse(root, name, "is neither a file nor a folder");
    if (fs::is_regular_file(status)) files.push_back(name);
    if (files.size() > RunLimits::kFiles) refuse(root, "folder", fmt::format("holds more than {} files", RunLimits::kFiles));
  }
  std::sort(files.begin(), files.end());
  return files;
}

UntrustedRun UntrustedRun::open(const fs::path& folder) {
  UntrustedRun run;
  std::error_code code;
  run.root_ = fs::canonical(folder, code);
  if (code || !is_folder(run.root_))
    throw Error(ErrorKind::input, fmt::format("run directory: {}: no such folder; name the folder that has run.json", folder.string()));
  run.files_ = list_plain_files(run.root_);
  if (!run.has(kManifest))
    throw Error(ErrorKind::input, fmt::format("run directory: {}: has no {}; name the folder of a run", folder.string(), kManifest));
  run.manifest_ = run.json(kManifest, RunLimits::kManifest);
  const Json& manifest = run.manifest_.json();
  if (!manifest.is_object() || !manifest.contains("files") || !manifest.at("files").is_object())
    refuse(run.root_, kManifest, "is no manifest of a run");
  if (manifest.at("files").size() > RunLimits::kFiles)
    refuse(run.root_, kManifest, fmt::format("lists more than {} files", RunLimits::kFiles));
  const auto status = manifest.find("status");
  if (status == manifest.end() || *status != "done")
    refuse(run.root_, kManifest,
           fmt::format("says status {}, only a run that is done can be checked",
                       status == manifest.end() ? "nothing" : status->dump(-1, ' ', true)));
  return run;
}

bool UntrustedRun::has(const std::string& relative) const { return std::binary_search(files_.begin(), files_.end(), relative); }

void UntrustedRun::require_inside(const std::string& relative) const {
  const fs::path name(relative);
  if (relative.empty() || name.is_absolute() || name.lexically_normal().generic_string() != relative || *name.begin() == "..")
    refuse(root_, relative, "is no plain name inside the folder");
}

fs::path UntrustedRun::file(const std::string& relative, std::uintmax_t most) const {
  require_inside(relative);
  if (!has(relative)) refuse(root_, relative, "is not there");
  const auto place = root_ / relative;
  std::error_code code;
  const auto bytes = fs::file_size(place, code);
  if (code) refuse(root_, relative, code.message());
  if (bytes > most) refuse(root_, relative, fmt::format("has {} bytes, at most {} are read", bytes, most));
  return place;
}

PlacedJson UntrustedRun::json(const std::string& relative, std::uintmax_t most) const {
  const auto place = file(relative, most);
  return {read_json(place), place.string(), "it is of another version of nibble, or damaged"};
}

std::string UntrustedRun::text(const std::string& relative) const { return read_file(file(relative, RunLimits::kText)); }

fs::path UntrustedRun::config(const std::string& relative) const {
  json(relative, RunLimits::kConfig);
  return file(relative, RunLimits::kConfig);
}

}  // namespace nibble
