// SPDX-License-Identifier: Apache-2.0
#include "scoring/detector_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/box_logits.h"
#include "base/image_size_text.h"
#include "nibble/error.h"
#include "yolo/model_metadata.h"

namespace nibble {
namespace {

constexpr std::int64_t kMaxSizePx = 8192, kMaxBatch = 99999;  // what nibble itself writes at most; products of them do not overflow

std::string shape_text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

/// Of a file whose sides are known at run time only; 640 where its metadata does not say.
ImageSize size_from_metadata(const Session& session) {
  const auto found = session.metadata().find("imgsz");
  return found == session.metadata().end() ? 640 : parse_image_size(found->second).value_or(640);
}

ImageSize image_size_of(const Session& session, const std::filesystem::path& model, const std::optional<ImageSize>& asked) {
  if (session.inputs().size() != 1)
    throw Error(ErrorKind::unsupported,
                fmt::format("not a detector: {}: has {} inputs; expected one image input", model.string(), session.inputs().size()));
  const auto& shape = session.inputs()[0].shape;
  const bool fits = shape.size() == 4 && (shape[1] == 3 || shape[1] == -1);
  if (!fits)
    throw Error(ErrorKind::unsupported, fmt::format("not a detector: {}: input '{}' has shape {}; expected [B,3,H,W]", model.string(),
                                                    session.inputs()[0].name, shape_text(shape)));
  ImageSize size = asked.value_or(size_from_metadata(session));
  if (shape[2] > 0) size.height = shape[2];
  if (shape[3] > 0) size.width = shape[3];
  if (asked && size != *asked)
    throw Error(ErrorKind::usage, fmt::format("image size: {}: takes images of {} px only, not {}; leave --imgsz out", model.string(),
                                              text_of(size), text_of(*asked)));
  if (std::min(size.height, size.width) < 1 || std::max(size.height, size.width) > kMaxSizePx || shape[0] > kMaxBatch)
    throw Error(ErrorKind::unsupported,
                fmt::format("not a detector: {}: input '{}' has shape {} and {} px; expected at most {} images of 1 to {} px a side",
                            model.string(), session.inputs()[0].name, shape_text(shape), text_of(size), kMaxBatch, kMaxSizePx));
  return size;
}

/// The model's own word counts; whether the data set has these classes is for data/class_match.h to say.
std::int64_t class_count_of(const DetectorFile& detector, std::int64_t categories) {
  const auto named = static_cast<std::int64_t>(detector.class_names.size());
  return named == 0 ? categories : named;
}

/// Rows of [B,rows,A] tell the class count of a model without names.
void require_classes_fit(const Shape& shape, const std::filesystem::path& model, std::int64_t categories) {
  const bool is_map = shape.size() == 3 && shape[2] != 6 && shape[1] > 4;
  if (!is_map || shape[1] == categories + 4 || shape[1] == categories + kBoxLogits) return;
  throw Error(ErrorKind::input,
              fmt::format("classes do not match: {}: output {} would have {} (or, raw, {}) classes, the annotations have {} "
                          "categories; use the annotations the model was trained for",
                          model.string(), shape_text(shape), shape[1] - 4, shape[1] - kBoxLogits, categories));
}

}  // namespace

void require_provider(const std::string& name) {
  if (parse_provider(name) == Provider::cpu) return;
  const auto info = onnx_runtime_info();
  if (std::find(info.providers.begin(), info.providers.end(), "CUDAExecutionProvider") == info.providers.end())
    throw Error(ErrorKind::environment,
                fmt::format("provider cuda: {}: is not in this ONNX Runtime; take the onnxruntime-gpu build and name its library in "
                            "NIBBLE_ONNXRUNTIME, or use --provider cpu",
                            info.library.string()));
}

SessionOptions session_options(const RuntimeOptions& runtime, bool optimize) {
  SessionOptions options;
  options.provider = parse_provider(runtime.provider);
  options.threads = runtime.threads;
  options.optimize = optimize;
  options.allow_cpu_fallback = runtime.allow_cpu_fallback;
  options.config = runtime.session_options;
  return options;
}

Session open_session(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize) {
  if (!std::filesystem::exists(model))
    throw Error(ErrorKind::input, fmt::format("cannot read file: {}: no such file; check the path", model.string()));
  return Session(model, session_options(runtime, optimize));
}

DetectorFile open_detector(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize, std::int64_t categories,
                           const DetectorFileOptions& file) {
  DetectorFile detector{open_session(model, runtime, optimize), OutputKind::one2many, 0, {}, {}, 640, 1};
  const auto& metadata = detector.session.metadata();
  if (const auto names = metadata.find("names"); names != metadata.end())
    detector.class_names = parse_python_dict(names->second).value_or(std::map<std::int64_t, std::string>{});
  detector.image_size = image_size_of(detector.session, model, file.image_size);
  const auto batch = detector.session.inputs()[0].shape[0];
  detector.batch = batch > 0 ? batch : 1;
  detector.strides = strides_of(metadata);
  if (detector.session.outputs().empty())
    throw Error(ErrorKind::unsupported, fmt::format("not a detector: {}: has no output", model.string()));
  detector.class_count = class_count_of(detector, categories);
  const auto& output = detector.session.outputs()[0].shape;
  if (detector.class_names.empty() && categories > 0) require_classes_fit(output, model, categories);
  detector.kind = output_kind_of(output, detector.class_count);
  return detector;
}

std::string_view name_of(OutputKind kind) {
  switch (kind) {
    case OutputKind::one2one: return "one2one";
    case OutputKind::one2many: return "one2many";
    case OutputKind::raw: return "raw";
  }
  return "unknown";
}

std::vector<std::string> differing_names(const DetectorFile& detector, const CocoDataset& dataset) {
  std::vector<std::string> differences;
  for (const auto& [index, name] : detector.class_names) {
    if (index < 0 || index >= static_cast<std::int64_t>(dataset.categories.size())) continue;
    const auto& category = dataset.categories[static_cast<std::size_t>(index)].name;
    if (category != name) differences.push_back(fmt::format("{}: '{}', data set '{}'", index, name, category));
  }
  return differences;
}

}  // namespace nibble
