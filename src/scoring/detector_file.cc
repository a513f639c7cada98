// SPDX-License-Identifier: Apache-2.0
#include "scoring/detector_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "base/box_logits.h"
#include "base/image_size_text.h"
#include "base/log.h"
#include "data/input_tensor.h"
#include "nibble/error.h"
#include "ort/random_run.h"
#include "yolo/model_metadata.h"

namespace nibble {
namespace {

constexpr std::int64_t kMaxSizePx = 8192, kMaxBatch = 99999;  // what nibble itself writes at most; products of them do not overflow

std::string shape_text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

/// Of a file whose sides are known at run time only; 640 where its metadata does not say.
ImageSize size_from_metadata(const Session& session, const std::filesystem::path& model) {
  constexpr std::int64_t kMostPx = 2048;  // memory for more is not taken at a file's word
  const auto found = session.metadata().find("imgsz");
  const ImageSize size = found == session.metadata().end() ? 640 : parse_image_size(found->second).value_or(640);
  if (std::max(size.height, size.width) > kMostPx)
    throw Error(ErrorKind::usage,
                fmt::format("image size: {}: takes images of any size, and its metadata says {} px; say with --imgsz which is meant",
                            model.string(), text_of(size)));
  return size;
}

const TensorInfo& image_input(const Session& session, const std::filesystem::path& model) {
  if (session.inputs().size() != 1)
    throw Error(ErrorKind::unsupported,
                fmt::format("not a detector: {}: has {} inputs; expected one image input", model.string(), session.inputs().size()));
  const auto& input = session.inputs()[0];
  const auto& shape = input.shape;
  const bool fits = shape.size() == 4 && (shape[1] == 3 || shape[1] == -1 || shape[3] == 3);
  if (!fits)
    throw Error(ErrorKind::unsupported, fmt::format("not a detector: {}: input '{}' has shape {}; expected [B,3,H,W] or [B,H,W,3]",
                                                    model.string(), input.name, shape_text(shape)));
  if (input.dtype != DType::f32 && input.dtype != DType::f16 && input.dtype != DType::u8)
    throw Error(ErrorKind::unsupported, fmt::format("not a detector: {}: input '{}' is {}; expected float32, float16, or uint8 pixels",
                                                    model.string(), input.name, name_of(input.dtype)));
  return input;
}

/// Channels are last only where that cannot be mistaken: three of them, and not in second place.
InputForm input_form_of(const TensorInfo& input) { return {input.dtype == DType::u8, input.shape[3] == 3 && input.shape[1] != 3}; }

ImageSize image_size_of(const DetectorFile& detector, const std::filesystem::path& model, const std::optional<ImageSize>& asked) {
  const auto& shape = detector.session.inputs()[0].shape;
  const std::size_t height_axis = detector.input.channels_last ? 1 : 2;
  const bool is_open = shape[height_axis] <= 0 || shape[height_axis + 1] <= 0;
  ImageSize size = asked ? *asked : is_open ? size_from_metadata(detector.session, model) : ImageSize(640);
  if (shape[height_axis] > 0) size.height = shape[height_axis];
  if (shape[height_axis + 1] > 0) size.width = shape[height_axis + 1];
  if (asked && size != *asked)
    throw Error(ErrorKind::usage, fmt::format("image size: {}: takes images of {} px only, not {}; leave --imgsz out", model.string(),
                                              text_of(size), text_of(*asked)));
  if (std::min(size.height, size.width) < 1 || std::max(size.height, size.width) > kMaxSizePx || shape[0] > kMaxBatch)
    throw Error(ErrorKind::unsupported,
                fmt::format("not a detector: {}: input '{}' has shape {} and {} px; expected at most {} images of 1 to {} px a side",
                            model.string(), detector.session.inputs()[0].name, shape_text(shape), text_of(size), kMaxBatch, kMaxSizePx));
  return size;
}

/// The model's own word counts; whether the data set has these classes is for data/class_match.h to say.
std::int64_t class_count_of(const DetectorFile& detector, std::int64_t categories) {
  const auto named = static_cast<std::int64_t>(detector.class_names.size());
  return named == 0 ? categories : named;
}

void require_detection_task(const Metadata& metadata, const std::filesystem::path& model) {
  const auto task = metadata.find("task");
  if (task == metadata.end() || task->second.empty() || task->second == "detect") return;
  throw Error(ErrorKind::unsupported,
              fmt::format("not a detector: {}: its metadata says task '{}', and this takes detectors only; "
                          "export, quantize, inspect, clean and profile take it, eval and compare take some, too (models/README.md)",
                          model.string(), task->second));
}

std::string task_of(const Metadata& metadata) {
  const auto task = metadata.find("task");
  return task == metadata.end() || task->second.empty() ? "detect" : task->second;
}

/// Behind each box of the file: what its prototypes, its metadata or its task say.
std::int64_t extras_of(const Session& session, const KeypointForm& keypoints) {
  const auto task = task_of(session.metadata());
  if (task == "obb") return 1;
  if (task == "pose") return keypoints.count * keypoints.values;
  if (task != "segment" || session.outputs().size() < 2 || session.outputs()[1].shape.size() != 4) return 0;
  return std::max<std::int64_t>(0, session.outputs()[1].shape[1]);
}

/// [B,rows,A] -> [B,rows-extras,A], or [B,K,columns] -> [B,K,columns-extras]: the first of them.
Tensor without_extras(const Tensor& output, std::int64_t extras, bool in_columns) {
  const auto& shape = output.shape();
  Shape kept = shape;
  kept[in_columns ? 2 : 1] -= extras;
  const Tensor whole = output.to(DType::f32);
  const auto from = whole.as<float>();
  const auto run = static_cast<std::size_t>(in_columns ? kept[2] : kept[1] * shape[2]);
  const auto step = static_cast<std::size_t>(in_columns ? shape[2] : shape[1] * shape[2]);
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(count_of(kept)));
  for (std::size_t at = 0; at < from.size(); at += step) values.insert(values.end(), from.begin() + at, from.begin() + at + run);
  return Tensor::of<float>(kept, std::move(values));
}

/// [B,nc] -> [B,4+nc,1]: cx, cy, w, h of the whole image, then the probabilities.
Tensor as_one_box(const Tensor& probabilities, const ImageSize& size) {
  const Tensor whole = probabilities.to(DType::f32);
  const auto from = whole.as<float>();
  const auto bad = std::find_if_not(from.begin(), from.end(), is_score);
  if (bad != from.end())
    throw Error(ErrorKind::unsupported,
                fmt::format("network output: the probability of a class is {}; expected 0 to 1; export the model with its softmax", *bad));
  const auto batch = whole.shape().at(0), classes = whole.shape().at(1);
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  std::vector<float> values;
  for (std::int64_t image = 0; image < batch; ++image) {
    values.insert(values.end(), {width / 2, height / 2, width, height});
    values.insert(values.end(), from.begin() + image * classes, from.begin() + (image + 1) * classes);
  }
  return Tensor::of<float>({batch, 4 + classes, 1}, std::move(values));
}

/// Rows [B,K,6] of a file of others whose score says that they are detections: one network may give an odd box, other columns are odd in
/// all.
void require_corners(const Tensor& output) {
  constexpr float kSure = 0.25F, kTinyPx = 2;
  const Tensor whole = output.to(DType::f32);
  const auto values = whole.as<float>();
  std::size_t sure = 0, tiny = 0, swapped = 0;
  std::span<const float> odd;
  for (std::size_t at = 0; at + 6 <= values.size(); at += 6) {
    const auto row = values.subspan(at, 6);
    if (row[4] < kSure) continue;
    const bool is_tiny = std::max({row[0], row[1], row[2], row[3]}) <= kTinyPx, is_swapped = row[2] < row[0] - 1 || row[3] < row[1] - 1;
    sure += 1;
    tiny += is_tiny ? 1 : 0;
    swapped += is_swapped ? 1 : 0;
    if (is_tiny || is_swapped) odd = row;
  }
  if (odd.empty() || (tiny < sure && 2 * swapped <= sure)) return;
  throw Error(
      ErrorKind::unsupported,
      fmt::format(
          "network output: a detection is {}, {}, {}, {} with a score of {}, others are likewise; expected x1, y1, x2, y2 in pixels "
          "of the input{}",
          odd[0], odd[1], odd[2], odd[3], odd[4],
          tiny == sure ? "; are these shares of its sides?" : "; are these centre, width and height?"));
}

/// Ultralytics writes `end2end`, and with its NMS inside the file also "'nms': True" among `args`.
std::optional<bool> is_end2end(const Metadata& metadata) {
  const auto args = metadata.find("args");
  if (args != metadata.end() && args->second.find("'nms': True") != std::string::npos) return true;
  const auto found = metadata.find("end2end");
  if (found == metadata.end()) return std::nullopt;
  return found->second == "True" || found->second == "true";
}

/// What nibble.head says, in the words of layouts.
std::string layout_of_head(const Metadata& metadata) {
  const auto found = metadata.find("nibble.head");
  if (found == metadata.end()) return "";
  return found->second == "raw_one2one" ? "raw" : found->second;
}

bool is_open(const Shape& shape) {
  return shape.empty() || std::any_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent < 0; });
}

/// The first output of three extents; files of YOLOv5 and v7 carry feature maps behind it.
std::size_t detections_index(const std::vector<Shape>& shapes) {
  const auto found = std::find_if(shapes.begin(), shapes.end(), [](const Shape& shape) { return shape.size() == 3; });
  return found == shapes.end() ? 0 : static_cast<std::size_t>(found - shapes.begin());
}

/// Finds out which output holds the detections and how, by running the file once where its own words leave that open.
class LayoutFinder {
 public:
  LayoutFinder(const DetectorFile& detector, const std::filesystem::path& model, std::string asked)
      : detector_(detector), model_(model), asked_(std::move(asked)) {
    for (const auto& output : detector.session.outputs()) shapes_.push_back(output.shape);
    if (shapes_.empty()) throw Error(ErrorKind::unsupported, fmt::format("not a detector: {}: has no output", model.string()));
    // The batch is known: it is what the file is given.
    const auto open = [](const Shape& shape) { return shape.size() != 3 ? shape.empty() : is_open({shape[1], shape[2]}); };
    if (std::any_of(shapes_.begin(), shapes_.end(), open)) answer();
  }

  std::size_t index() const { return detections_index(shapes_); }

  OutputLayout find() {
    auto layouts = possible_layouts(facts());
    if (layouts.empty()) refuse_shape();
    if (!detector_.is_own) answer();
    if (layouts.size() > 1 || (layouts.front().has_objectness && asked_.empty())) {
      answer();
      auto fitting = layouts_fitting(layouts, outputs_[index()]);
      if (fitting.size() != 1) ask(fitting.empty() ? layouts : fitting);
      layouts = std::move(fitting);
    }
    if (layouts.size() > 1) ask(layouts);
    if (!detector_.is_own && !has_boxes_in_pixels(layouts.front(), outputs_[index()], detector_.image_size))
      throw Error(ErrorKind::unsupported,
                  fmt::format("network output: {}: '{}' {}: its boxes are not in pixels of the input; export it with decoded boxes",
                              model_.string(), name(), shape_text(shape())));
    return layouts.front();
  }

 private:
  const Shape& shape() const { return shapes_[index()]; }
  const std::string& name() const { return detector_.session.outputs()[index()].name; }

  void answer() {
    if (!outputs_.empty()) return;
    outputs_ = detector_.session.run(random_inputs(detector_.session, 0, detector_.image_size));
    for (std::size_t i = 0; i < shapes_.size(); ++i) shapes_[i] = outputs_[i].shape();
  }

  OutputFacts facts() const {
    const auto& metadata = detector_.session.metadata();
    OutputFacts facts{shape(), detector_.class_count, detector_.image_size, {}, is_end2end(metadata), asked_};
    if (metadata.contains("nibble.strides")) facts.strides = detector_.strides;
    if (facts.name.empty()) facts.name = layout_of_head(metadata);
    facts.is_own = detector_.is_own;
    return facts;
  }

  [[noreturn]] void refuse_shape() const {
    const auto classes = detector_.class_count > 0 ? std::to_string(detector_.class_count) : "an unknown number of";
    if (!asked_.empty())
      throw Error(ErrorKind::usage, fmt::format("output layout: {}: '{}' {} is not {} with {} classes; leave --output-layout out",
                                                model_.string(), name(), shape_text(shape()), asked_, classes));
    throw Error(ErrorKind::unsupported,
                fmt::format("network output: {}: '{}' {} with {} classes: not a YOLO detection output; expected [B,K,6], [B,4+classes,A], "
                            "[B,64+classes,A] or [B,A,5+classes]",
                            model_.string(), name(), shape_text(shape()), classes));
  }

  [[noreturn]] void ask(const std::vector<OutputLayout>& layouts) const {
    std::vector<std::string> readings;
    for (const auto& layout : layouts)
      readings.push_back(layout.class_count > 0 ? fmt::format("{} ({} classes)", name_of(layout), layout.class_count)
                                                : std::string(name_of(layout)));
    throw Error(ErrorKind::unsupported,
                fmt::format("output layout: {}: '{}' {} could be {}; say which with --output-layout (one of {})", model_.string(), name(),
                            shape_text(shape()), fmt::join(readings, " or "), layout_names()));
  }

  const DetectorFile& detector_;
  const std::filesystem::path& model_;
  std::string asked_;
  std::vector<Shape> shapes_;
  std::vector<Tensor> outputs_;  ///< of one run; empty: it was not needed
};

/// Classes that only the shape tells must be the data set's.
void require_classes_fit(const OutputLayout& layout, const std::filesystem::path& model, std::int64_t categories) {
  if (categories == 0 || layout.class_count == 0 || layout.class_count == categories) return;
  throw Error(
      ErrorKind::input,
      fmt::format("classes do not match: {}: its {} output has {} classes, the annotations have {} categories; use the annotations the "
                  "model was trained for",
                  model.string(), name_of(layout), layout.class_count, categories));
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
  std::error_code code;
  if (!std::filesystem::exists(model, code)) throw_missing_file(model, "cannot read file");
  return Session(model, session_options(runtime, optimize));
}

namespace {

/// Error(input) where the classes are not numbered from 0 on; a warning where names are there and cannot be read.
void check_names(const DetectorFile& detector, const std::filesystem::path& model) {
  const auto found = detector.session.metadata().find("names");
  if (detector.class_names.empty() && found != detector.session.metadata().end() && !found->second.empty())
    log_once(
        LogLevel::warning,
        fmt::format("{}: its metadata's names cannot be read; expected {{0: 'person', ...}}. Classes go by their numbers", model.string()));
  std::int64_t next = 0;
  for (const auto& [index, name] : detector.class_names)
    if (index != next++)
      throw Error(ErrorKind::input,
                  fmt::format("class names: {}: its metadata gives the name '{}' to the class {}; expected the numbers 0 to {}",
                              model.string(), name, index, detector.class_names.size() - 1));
}

/// What is known without looking at the outputs.
void describe_file(DetectorFile& detector, const std::filesystem::path& model, const DetectorFileOptions& file) {
  const auto& metadata = detector.session.metadata();
  detector.class_names = class_names_of(metadata);
  check_names(detector, model);
  const auto& input = image_input(detector.session, model);
  detector.input = input_form_of(input);
  detector.image_size = image_size_of(detector, model, file.image_size);
  detector.batch = input.shape[0] > 0 ? input.shape[0] : 1;
  detector.is_own = metadata.contains("nibble.head");
  detector.strides = strides_of(metadata);
  if (!std::is_sorted(detector.strides.begin(), detector.strides.end(), std::less_equal<>()))
    throw Error(ErrorKind::input, fmt::format("strides: {}: its metadata says {}; expected ascending numbers, as the anchors are ordered",
                                              model.string(), fmt::join(detector.strides, " ")));
  if (detector.session.outputs().empty())
    throw Error(ErrorKind::unsupported, fmt::format("not a detector: {}: has no output", model.string()));
}

DetectorFile detector_of(Session session, const std::filesystem::path& model, std::int64_t categories, const DetectorFileOptions& file) {
  DetectorFile detector{.session = std::move(session), .class_names = {}, .strides = {}};
  require_detection_task(detector.session.metadata(), model);
  describe_file(detector, model, file);
  detector.class_count = class_count_of(detector, categories);
  LayoutFinder finder(detector, model, file.output_layout.empty() ? "" : parse_layout_name(file.output_layout));
  detector.layout = finder.find();
  detector.output = finder.index();
  if (detector.class_names.empty()) require_classes_fit(detector.layout, model, categories);
  if (detector.class_count == 0) detector.class_count = detector.layout.class_count;
  detector.kind = detector.layout.kind;
  return detector;
}

/// Of a task other than detection.
DetectorFile other_task_of(Session session, const std::filesystem::path& model, const DetectorFileOptions& file) {
  DetectorFile detector{.session = std::move(session), .class_names = {}, .strides = {}};
  const auto& metadata = detector.session.metadata();
  const auto task = task_of(metadata);
  describe_file(detector, model, file);
  detector.class_count = static_cast<std::int64_t>(detector.class_names.size());
  detector.is_classifier = task == "classify";
  if (task == "pose") detector.keypoints = keypoint_form_of(metadata);
  detector.extras = extras_of(detector.session, detector.keypoints);
  const auto& shape = detector.session.outputs()[0].shape;
  const auto asked = file.output_layout.empty() ? "" : parse_layout_name(file.output_layout);
  const bool one2one = is_end2end(metadata).value_or(asked == "one2one");
  detector.kind = one2one ? OutputKind::one2one : OutputKind::one2many;
  const bool has_rows = shape.size() == 3 && shape[one2one ? 2 : 1] == (one2one ? 6 : 4 + detector.class_count) + detector.extras;
  const bool fits = detector.is_classifier ? shape.size() == 2 && shape[1] == detector.class_count : detector.extras > 0 && has_rows;
  if (!fits || detector.class_count == 0)
    throw Error(ErrorKind::unsupported,
                fmt::format("network output: {}: '{}' {}: not what a model of the task '{}' with {} classes gives{}", model.string(),
                            detector.session.outputs()[0].name, shape_text(shape), task, detector.class_count,
                            asked.empty() ? "" : fmt::format(" as {}", asked)));
  const auto layout = detector.is_classifier ? "a row of class probabilities" : name_of(detector.kind);
  if (!asked.empty() && asked != layout)
    throw Error(ErrorKind::usage,
                fmt::format("output layout: {}: '{}' of this model of the task '{}' is {}, not {}; leave --output-layout out",
                            model.string(), detector.session.outputs()[0].name, task, layout, asked));
  detector.layout.kind = detector.kind;
  detector.layout.class_count = detector.class_count;
  return detector;
}

}  // namespace

std::map<std::int64_t, std::string> class_names_of(const Metadata& metadata) {
  const auto found = metadata.find("names");
  return found == metadata.end() ? std::map<std::int64_t, std::string>{}
                                 : parse_names(found->second).value_or(std::map<std::int64_t, std::string>{});
}

KeypointForm keypoint_form_of(const Metadata& metadata) {
  const auto found = metadata.find("kpt_shape");
  long long count = 0, values = 0;
  if (found == metadata.end() || std::sscanf(found->second.c_str(), " [ %lld , %lld ]", &count, &values) != 2) return {};
  if (count <= 0 || count >= kMaxSizePx || (values != 2 && values != 3)) return {};
  return {count, values};
}

DetectorFile open_detector(Session session, const std::filesystem::path& model, std::int64_t categories, const DetectorFileOptions& file) {
  return detector_of(std::move(session), model, categories, file);
}

DetectorFile open_detector(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize, std::int64_t categories,
                           const DetectorFileOptions& file) {
  return detector_of(open_session(model, runtime, optimize), model, categories, file);
}

DetectorFile open_any_task(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize,
                           const DetectorFileOptions& file) {
  return open_any_task(open_session(model, runtime, optimize), model, file);
}

DetectorFile open_any_task(Session session, const std::filesystem::path& model, const DetectorFileOptions& file) {
  const bool detects = task_of(session.metadata()) == "detect";
  return detects ? detector_of(std::move(session), model, 0, file) : other_task_of(std::move(session), model, file);
}

DetectorFile with_session(const DetectorFile& like, Session session) {
  return {std::move(session), like.kind, like.class_count, like.class_names,   like.strides, like.image_size, like.batch,
          like.layout,        0,         like.input,       like.is_classifier, like.extras,  like.keypoints,  like.is_own};
}

Tensor network_input(const NetworkImage& image, const DetectorFile& detector) {
  const std::vector<NetworkImage> images(static_cast<std::size_t>(detector.batch), image);
  const Tensor planes = detector.input.is_pixels ? stack_pixels(images) : stack_images(images);
  return detector.input.channels_last ? with_channels_last(planes) : planes;
}

Tensor detections_output(const DetectorFile& detector, const std::vector<Tensor>& outputs) {
  if (!detector.is_own && detector.kind == OutputKind::one2one && detector.extras == 0 && !detector.is_classifier)
    require_corners(outputs.at(detector.output));
  if (detector.is_classifier) return as_one_box(outputs.at(0), detector.image_size);
  if (detector.extras > 0)
    return in_standard_form(without_extras(outputs.at(0), detector.extras, detector.kind == OutputKind::one2one), detector.layout);
  return in_standard_form(outputs.at(detector.output), detector.layout);
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
