// SPDX-License-Identifier: Apache-2.0
#include "run/run_dir.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/leftovers.h"
#include "nibble/error.h"
#include "run/untrusted_run.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kManifest = "run.json";
constexpr const char* kFiles = "files";

std::string with_suffix(const std::string& suffix) { return suffix.empty() ? "" : "-" + suffix; }

void require_plain_name(const std::string& run_id) {
  if (run_id.empty() || run_id == "." || run_id == ".." || run_id.find('/') != std::string::npos)
    throw Error(ErrorKind::usage, fmt::format("bad run id: '{}': must be a plain folder name; leave --run-id away for the time", run_id));
}

void make_folder(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code)
    throw Error(ErrorKind::environment,
                fmt::format("cannot make folder: {}: {}; choose another --runs-dir", folder.string(), code.message()));
}

/// Of a run that was killed; run folders are two deep.
void remove_leftovers_in(const fs::path& root) {
  remove_leftovers(root);
  std::error_code code;
  for (fs::directory_iterator it(root, code), end; !code && it != end; it.increment(code))
    if (it->is_directory(code)) remove_leftovers(it->path());
}

/// Of an attempt that may be anybody's.
Json read_manifest(const fs::path& file) {
  std::error_code code;
  if (const auto bytes = fs::file_size(file, code); !code && bytes > RunLimits::kManifest)
    throw Error(ErrorKind::input, fmt::format("foreign manifest: {}: has {} bytes, at most {} are read; start a new run without --resume",
                                              file.string(), bytes, RunLimits::kManifest));
  Json manifest = read_json(file);
  if (!manifest.is_object() || !manifest.contains(kFiles) || !manifest[kFiles].is_object())
    throw Error(ErrorKind::input,
                fmt::format("foreign manifest: {}: has no object '{}'; start a new run without --resume", file.string(), kFiles));
  return manifest;
}

}  // namespace

std::string RunNames::baseline(const std::string& precision) const { return fmt::format("onnx/{}-baseline-{}.onnx", model, precision); }

std::string RunNames::quantized(const std::string& artifact) const { return fmt::format("onnx/{}-{}.onnx", model, artifact); }

std::string RunNames::metrics(const std::string& recipe, const std::string& suffix, const std::string& method) {
  return fmt::format("{}{}-coco/metrics.json", recipe.empty() ? "baseline" : method + "-" + recipe, with_suffix(suffix));
}

std::string RunNames::detections(const std::string& metrics) { return (fs::path(metrics).parent_path() / "detections.json").string(); }

std::string RunNames::layers(const std::string& recipe) { return fmt::format("ptq-{}-coco/layers.json", recipe); }
std::string RunNames::trial(const std::string& recipe) { return fmt::format("ptq-{}-coco/trial.onnx", recipe); }
std::string RunNames::comparison(const std::string& recipe, const std::string& method) {
  return fmt::format("{}-{}-coco/compare.json", method, recipe);
}
std::string RunNames::beside_comparison(const std::string& recipe, const std::string& file, const std::string& method) {
  return fmt::format("{}-{}-coco/{}", method, recipe, file);
}
std::string RunNames::training(const std::string& recipe, const std::string& file) { return fmt::format("qat-{}-coco/{}", recipe, file); }

PlacedJson read_earlier_json(const fs::path& path) { return {read_json(path), path.string(), "remove it and run again with --resume"}; }

RunDirectory RunDirectory::open(const fs::path& runs_dir, const std::string& run_id, bool resume) {
  require_plain_name(run_id);
  const fs::path root = runs_dir / run_id;
  const bool exists = seems_there(root / kManifest);
  if (exists && !resume)
    throw Error(ErrorKind::usage, fmt::format("run exists: {}: it holds a finished or broken-off run; continue it with --resume, or choose "
                                              "another --run-id",
                                              root.string()));
  if (!exists && resume)
    throw Error(ErrorKind::usage, fmt::format("nothing to resume: {}: has no {}; check --runs-dir and --run-id", root.string(), kManifest));
  if (exists) list_plain_files(root);  // what is written next must not end up elsewhere
  for (const auto* folder : {"onnx", "config", "env", "logs"}) make_folder(root / folder);
  auto lock = std::make_shared<const FolderLock>(root);
  remove_leftovers_in(root);
  RunDirectory directory(root, std::move(lock),
                         exists ? read_manifest(root / kManifest) : Json{{"status", "running"}, {kFiles, Json::object()}});
  directory.save();
  return directory;
}

std::string RunDirectory::recorded_text(const std::string& relative, const char* field) const {
  const Json entry = recorded(relative);
  if (!entry.is_object() || !entry.contains(field) || !entry.at(field).is_string()) return "";
  return entry.at(field).get<std::string>();
}

Json RunDirectory::recorded(const std::string& relative) const {
  const auto& files = manifest_.at(kFiles);
  return files.contains(relative) ? files.at(relative) : Json(nullptr);
}

bool RunDirectory::has(const std::string& relative, const std::string& key) const {
  std::error_code code;
  if (recorded_text(relative, "key") != key || !fs::is_regular_file(path(relative), code)) return false;
  return recorded_text(relative, "sha256") == sha256_of_file(path(relative));
}

void RunDirectory::record(const std::string& relative, const std::string& key) {
  manifest_[kFiles][relative] = {{"bytes", fs::file_size(path(relative))}, {"sha256", sha256_of_file(path(relative))}, {"key", key}};
  save();
}

void RunDirectory::set(const std::string& field, const Json& value) {
  manifest_[field] = value;
  save();
}

void RunDirectory::save() const {
  // The file list grows; keep it last.
  Json ordered = manifest_;
  ordered.erase(kFiles);
  ordered[kFiles] = manifest_.at(kFiles);
  write_json_durably(root_ / kManifest, ordered);
}

}  // namespace nibble
