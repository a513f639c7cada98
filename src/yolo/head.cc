// SPDX-License-Identifier: Apache-2.0
#include "yolo/head.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/box_logits.h"
#include "graph/text.h"
#include "yolo/python_integer.h"

namespace nibble {

namespace {

constexpr std::int64_t kMaxClasses = 1 << 16;
constexpr std::int64_t kMaxLevels = 16;
constexpr std::int64_t kMaxExtras = 1 << 12;  // mask coefficients, keypoints
constexpr const char* kBoxes = "boxes";
constexpr const char* kClasses = "classes";
constexpr const char* kDecode = "box decode";
constexpr const char* kDfl = "DFL: box decode";
constexpr const char* kTopK = "top-k of the detections";
constexpr const char* kMasks = "mask_coefficients";
constexpr const char* kPrototypes = "output1";
constexpr const char* kKeypoints = "keypoints";
constexpr const char* kKeypointDecode = "keypoint decode";
constexpr const char* kAngles = "angles";
constexpr const char* kAngleDecode = "angle decode";
constexpr const char* kPixels = "boxes_in_pixels";
constexpr double kPi = 3.14159265358979323846;

/// Appends the head's nodes; `anchors()` is the number of anchor points.
class HeadBuilder {
 public:
  HeadBuilder(Graph& graph, const Module& head, const std::vector<ValueId>& levels, const BuildOptions& options)
      : graph_(graph), head_(head), options_(options), layout_(read_head_layout(head)), levels_(main_levels(levels)) {}

  std::vector<ValueId> build() {
    require_fitting_levels();
    // Prototypes first: calibration computes every node in front of the last convolution, and does not know top-k.
    const auto maps = layout_.task == Task::segment ? prototypes() : -1;
    std::vector<ValueId> outputs{detections()};
    graph_.value(outputs[0]).name = "output0";
    if (maps < 0) return outputs;
    graph_.value(maps).name = kPrototypes;
    outputs.push_back(maps);
    return outputs;
  }

 private:
  /// Without the maps of auxiliary branches, which come first.
  std::vector<ValueId> main_levels(const std::vector<ValueId>& levels) const {
    const auto count = layout_.strides.size(), all = count * static_cast<std::size_t>(layout_.branches);
    if (levels.size() != all)
      head_.fail(ErrorKind::input, fmt::format("it reads {} feature maps, but has {} strides{}", levels.size(), count,
                                               layout_.branches == 1 ? "" : fmt::format(" for each of {} branches", layout_.branches)));
    return {levels.end() - static_cast<std::ptrdiff_t>(count), levels.end()};
  }
  ValueId detections() {
    const bool is_raw = options_.head == Head::raw || options_.head == Head::raw_one2one;
    if (is_raw && layout_.task != Task::detect)
      head_.fail(ErrorKind::unsupported, "raw outputs are of detectors only; take --head one2many or one2one");
    if (is_raw && layout_.bins != kBoxBins)
      head_.fail(ErrorKind::unsupported,
                 fmt::format("raw outputs are of heads with {} bins per side, this one has {}; take --head one2many or "
                             "one2one",
                             kBoxBins, layout_.bins));
    const bool one2one = options_.head == Head::one2one || options_.head == Head::raw_one2one;
    const std::string prefix = one2one ? "one2one_" : "";
    const auto boxes = add_branch(prefix + layout_.boxes_child, kBoxes, 4 * layout_.bins);
    const auto classes = add_branch(prefix + layout_.classes_child, kClasses, layout_.classes);
    if (is_raw) return add("raw", op::Concat{.axis = 1}, {boxes, classes});
    const auto extras = decoded_extras(prefix);  // -1: none
    if (one2one) {
      const auto all_scores = scores(classes);
      return top_k(decoded_boxes(distances(boxes), extras), all_scores, extras);
    }
    std::vector<ValueId> parts{decoded_boxes(distances(boxes), extras)};
    parts.push_back(scores(classes));
    if (extras >= 0) parts.push_back(extras);
    return add("output", op::Concat{.axis = 1}, parts);
  }
  ValueId decoded_boxes(ValueId all_distances, ValueId extras) {
    if (layout_.task == Task::obb) return turned_boxes(all_distances, extras);
    return options_.head == Head::one2one ? corner_boxes(all_distances) : centred_boxes(all_distances);
  }

  ValueId add(const std::string& name, Op op, std::vector<ValueId> inputs, const char* reason = kDecode) {
    return graph_.add(head_.path() + "." + name, std::move(op), std::move(inputs), reason);
  }
  ValueId number(const std::string& name, double value) { return constant(name, Tensor::scalar(static_cast<float>(value))); }
  ValueId constant(const std::string& name, Tensor tensor) { return graph_.add_constant(head_.path() + "." + name, std::move(tensor)); }
  const Shape& shape(ValueId id) const { return graph_.value(id).shape; }

  /// Rows and columns of a level's grid.
  ImageSize cells_of(std::int64_t stride) const { return {options_.image_size->height / stride, options_.image_size->width / stride}; }

  void require_fitting_levels() const {
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const auto cells = cells_of(layout_.strides[i]);
      if (shape(levels_[i])[2] != cells.height || shape(levels_[i])[3] != cells.width)
        head_.fail(ErrorKind::input, fmt::format("feature map {} is {}, but stride {} needs {} x {} cells", i, text_of(shape(levels_[i])),
                                                 layout_.strides[i], cells.height, cells.width));
    }
  }

  /// [B,channels,A]: the branch's convolutions on every level, cells in rows, levels one after the other.
  ValueId add_branch(const std::string& child, const std::string& name, std::int64_t channels) {
    return add_branch(child, name, channels, levels_);
  }
  ValueId add_branch(const std::string& child, const std::string& name, std::int64_t channels, const std::vector<ValueId>& maps) {
    const auto stacks = branch_children(child);
    std::vector<ValueId> flat;
    for (std::size_t i = 0; i < stacks.size(); ++i) {
      const auto logits = add_module(graph_, stacks[i], {maps[i]});
      if (shape(logits)[1] != channels)
        stacks[i].fail(ErrorKind::input,
                       fmt::format("it ends in {} channels, expected {} by the numbers of the head; where its last convolutions were "
                                   "replaced, set its nc, no and reg_max too and save the model again",
                                   shape(logits)[1], channels));
      flat.push_back(add(fmt::format("{}.{}", name, i), op::Reshape{{0, channels, -1}}, {logits}));
    }
    return add(name, op::Concat{.axis = 2}, flat);
  }
  std::vector<Module> branch_children(const std::string& child) const {
    const auto branch = head_.find_child(child);
    if (!branch) {
      std::string there;
      for (const auto head : heads_of(head_)) there += fmt::format("{}{}", there.empty() ? "" : ", ", name_of(head));
      head_.fail(ErrorKind::unsupported, fmt::format("it has no '{}', so the head {} cannot be built; --head can be {}", child,
                                                     name_of(options_.head), there.empty() ? "nothing: it has no branch" : there));
    }
    auto stacks = branch->children();
    if (stacks.size() != levels_.size())
      branch->fail(ErrorKind::input, fmt::format("it has {} members for {} feature maps", stacks.size(), levels_.size()));
    return stacks;
  }

  /// [B,4*bins,A] logits -> [B,4,A] distances left, top, right, bottom of the anchor point, in cells.
  ValueId distances(ValueId boxes) {
    if (layout_.bins == 1) return boxes;
    const auto dfl = head_.child(layout_.dfl_child);
    const auto by_side = add("dfl.sides", op::Reshape{{0, 4, layout_.bins, -1}}, {boxes}, kDfl);
    // Along the last axis, because ONNX Runtime's Softmax over another one takes four times as long: 7 % of the whole network.
    const auto bins_last = add("dfl.bins_last", op::Transpose{{0, 1, 3, 2}}, {by_side}, kDfl);
    const auto weights = add("dfl.softmax", op::Softmax{-1}, {bins_last}, kDfl);
    const auto bins_first = add("dfl.bins_first", op::Transpose{{0, 3, 1, 2}}, {weights}, kDfl);
    const auto expectation = add_conv2d(graph_, dfl.child("conv"), bins_first, kDfl);
    return add("dfl.distances", op::Reshape{{0, 4, -1}}, {expectation}, kDfl);
  }

  /// Cell centres, in cells of the level: [1,2,A], x then y.
  ValueId anchor_points() {
    if (points_ >= 0) return points_;
    std::vector<float> x;
    std::vector<float> y;
    for (const auto stride : layout_.strides) {
      const auto cells = cells_of(stride);
      for (std::int64_t row = 0; row < cells.height; ++row)
        for (std::int64_t column = 0; column < cells.width; ++column) {
          x.push_back(static_cast<float>(column) + 0.5F);
          y.push_back(static_cast<float>(row) + 0.5F);
        }
    }
    const auto count = static_cast<std::int64_t>(x.size());
    x.insert(x.end(), y.begin(), y.end());
    return points_ = constant("anchor_points", Tensor::of<float>({1, 2, count}, std::move(x)));
  }
  /// Pixels per cell of each anchor: [1,1,A].
  ValueId anchor_strides() {
    if (strides_ >= 0) return strides_;
    std::vector<float> values;
    for (const auto stride : layout_.strides) {
      values.insert(values.end(), static_cast<std::size_t>(cells_of(stride).pixels()), static_cast<float>(stride));
    }
    const auto count = static_cast<std::int64_t>(values.size());
    return strides_ = constant("anchor_strides", Tensor::of<float>({1, 1, count}, std::move(values)));
  }

  std::vector<ValueId> sides(ValueId all_distances) {
    return graph_.add_node(head_.path() + ".sides", op::Split{.axis = 1, .sizes = {2, 2}}, {all_distances}, kDecode);
  }
  ValueId in_pixels(ValueId first, ValueId second) {
    const auto cells = add("boxes_in_cells", op::Concat{.axis = 1}, {first, second});
    return add(kPixels, op::Mul{}, {cells, anchor_strides()});
  }
  /// x1, y1, x2, y2.
  ValueId corner_boxes(ValueId all_distances) {
    const auto side = sides(all_distances);
    const auto points = anchor_points();
    const auto top_left = add("top_left", op::Sub{}, {points, side[0]});
    const auto bottom_right = add("bottom_right", op::Add{}, {points, side[1]});
    return in_pixels(top_left, bottom_right);
  }
  /// cx, cy, w, h: the centre is half the difference of the distances away from the anchor point.
  ValueId centred_boxes(ValueId all_distances) {
    const auto side = sides(all_distances);
    const auto difference = add("side_difference", op::Sub{}, {side[1], side[0]});
    const auto shift = add("centre_shift", op::Mul{}, {difference, constant("half", Tensor::scalar(0.5F))});
    const auto centre = add("centre", op::Add{}, {anchor_points(), shift});
    const auto extent = add("extent", op::Add{}, {side[0], side[1]});
    return in_pixels(centre, extent);
  }
  /// cx, cy, w, h: what the centre is away from the anchor point is turned by the angle. Clockwise, because y points down.
  ValueId turned_boxes(ValueId all_distances, ValueId angles) {
    const auto side = sides(all_distances);
    const auto difference = add("side_difference", op::Sub{}, {side[1], side[0]});
    const auto shift = add("centre_shift", op::Mul{}, {difference, constant("half", Tensor::scalar(0.5F))});
    const auto along = graph_.add_node(head_.path() + ".shift", op::Split{.axis = 1, .sizes = {1, 1}}, {shift}, kDecode);
    const auto cosine = add("cosine", op::Cos{}, {angles}), sine = add("sine", op::Sin{}, {angles});
    const auto product = [&](const char* name, ValueId a, ValueId b) { return add(name, op::Mul{}, {a, b}); };
    const auto x = add("turned_x", op::Sub{}, {product("x_cosine", along[0], cosine), product("y_sine", along[1], sine)});
    const auto y = add("turned_y", op::Add{}, {product("x_sine", along[0], sine), product("y_cosine", along[1], cosine)});
    const auto turned = add("turned_shift", op::Concat{.axis = 1}, {x, y});
    const auto centre = add("centre", op::Add{}, {anchor_points(), turned});
    const auto extent = add("extent", op::Add{}, {side[0], side[1]});
    return in_pixels(centre, extent);
  }

  /// What the task adds behind boxes and scores, [B,extras,A] as in the output; -1 of a detector.
  ValueId decoded_extras(const std::string& prefix) {
    const std::string branch = prefix + "cv4";
    switch (layout_.task) {
      case Task::segment: return add_branch(branch, kMasks, layout_.extras);
      case Task::obb: return radians(branch);
      case Task::pose: return keypoints_in_pixels(branch);
      case Task::detect:
      case Task::classify: break;
    }
    return -1;
  }
  /// (sigmoid(x) - 1/4) pi, so from -pi/4 to 3 pi/4; YOLO26 gives radians.
  ValueId radians(const std::string& branch) {
    if (layout_.is_plain) return add_branch(branch, kAngles, layout_.extras);
    const auto share = add("angle_share", op::Sigmoid{}, {add_branch(branch, "angle_logits", layout_.extras)}, kAngleDecode);
    const auto from_quarter = add("angle_from_quarter", op::Sub{}, {share, number("quarter", 0.25)}, kAngleDecode);
    return add(kAngles, op::Mul{}, {from_quarter, number("pi", kPi)}, kAngleDecode);
  }
  /// YOLO26 has one convolution for keypoints behind each stack, beside one for their spread, which only training reads.
  ValueId keypoint_logits(const std::string& branch) {
    if (!layout_.is_plain) return add_branch(branch, kKeypoints, layout_.extras);
    const auto stacks = branch_children(branch);
    std::vector<ValueId> maps;
    for (std::size_t i = 0; i < stacks.size(); ++i) maps.push_back(add_module(graph_, stacks[i], {levels_[i]}));
    return add_branch(branch + "_kpts", kKeypoints, layout_.extras, maps);
  }
  /// x, y = (2 offset + anchor point - 1/2) stride; YOLO26: (offset + anchor point) stride. Visibilities through a sigmoid.
  ValueId keypoints_in_pixels(const std::string& branch) {
    const auto count = layout_.keypoint_shape[0], values = layout_.keypoint_shape[1];
    const auto more = [&](const std::string& name, Op operation, std::vector<ValueId> inputs) {
      return add("keypoint_" + name, std::move(operation), std::move(inputs), kKeypointDecode);
    };
    const auto each = more("values", op::Reshape{{0, count, values, -1}}, {keypoint_logits(branch)});
    std::vector<ValueId> parts{each};
    if (values == 3)
      parts = graph_.add_node(head_.path() + ".keypoint_parts", op::Split{.axis = 2, .sizes = {2, 1}}, {each}, kKeypointDecode);
    auto points = parts[0];
    if (!layout_.is_plain) {
      const auto doubled = more("doubled", op::Mul{}, {points, number("two", 2)});
      points = more("from_corner", op::Sub{}, {doubled, number("keypoint_half", 0.5)});
    }
    const auto cells = more("cells", op::Add{}, {points, anchor_points()});
    const auto pixels = more("pixels", op::Mul{}, {cells, anchor_strides()});
    const auto all = values == 3 ? more("all", op::Concat{.axis = 2}, {pixels, more("visible", op::Sigmoid{}, {parts[1]})}) : pixels;
    return more("rows", op::Reshape{{0, layout_.extras, -1}}, {all});
  }
  /// [B,nm,H/4,W/4]: of the finest map, of all maps in YOLO26.
  ValueId prototypes() {
    const auto proto = head_.child("proto");
    const bool reads_all = proto.class_key() == "ultralytics.Proto26";
    const auto maps = add_module(graph_, proto, reads_all ? levels_ : std::vector{levels_.front()});
    if (shape(maps)[1] != layout_.extras)
      proto.fail(ErrorKind::input, fmt::format("it ends in {} channels, expected {}", shape(maps)[1], layout_.extras));
    return maps;
  }

  ValueId scores(ValueId classes) { return add("scores", op::Sigmoid{}, {classes}); }

  ValueId pick_rows(const std::string& name, ValueId data, ValueId rows) {
    const auto column = add(name + ".column", op::Unsqueeze{-1}, {rows}, kTopK);
    return add(name, op::GatherRows{}, {data, column}, kTopK);
  }
  /// [B,4,A] and [B,nc,A] -> [B,k,6]: the k anchors with the best classes, then the k best (anchor, class) pairs of those. With extras
  /// [B,n,A] (else -1): [B,k,6+n].
  ValueId top_k(ValueId boxes, ValueId all_scores, ValueId extras) {
    const auto k = std::min(options_.max_detections, shape(boxes)[2]);
    const auto best = add("topk.best", op::ReduceMax{1}, {all_scores}, kTopK);
    const auto anchors_kept = graph_.add_node(head_.path() + ".topk.anchors", op::TopK{k}, {best}, kTopK)[1];
    std::vector<ValueId> found{boxes, all_scores};
    std::vector<std::int64_t> sizes{4, layout_.classes};
    if (extras >= 0) {
      found.push_back(extras);
      sizes.push_back(layout_.extras);
    }
    const auto detections = add("detections", op::Concat{.axis = 1}, found);
    const auto by_anchor = add("topk.by_anchor", op::Transpose{{0, 2, 1}}, {detections}, kTopK);
    const auto rows = pick_rows("topk.rows", by_anchor, anchors_kept);
    const auto parts = graph_.add_node(head_.path() + ".topk.parts", op::Split{.axis = 2, .sizes = sizes}, {rows}, kTopK);
    const auto flat = add("topk.flat", op::Reshape{{0, k * layout_.classes}}, {parts[1]}, kTopK);
    const auto pairs = graph_.add_node(head_.path() + ".topk.pairs", op::TopK{k}, {flat}, kTopK);
    const auto count = constant("topk.classes", Tensor::scalar<std::int64_t>(layout_.classes));
    const auto row = add("topk.row", op::Div{}, {pairs[1], count}, kTopK);
    const auto kept = pick_rows("topk.boxes", parts[0], row);
    const auto label = add("topk.label_float", op::Cast{DType::f32}, {add("topk.label", op::Mod{}, {pairs[1], count}, kTopK)}, kTopK);
    const auto score_column = add("topk.score_column", op::Unsqueeze{-1}, {pairs[0]}, kTopK);
    const auto label_column = add("topk.label_column", op::Unsqueeze{-1}, {label}, kTopK);
    std::vector<ValueId> columns{kept, score_column, label_column};
    if (extras >= 0) columns.push_back(pick_rows("topk.extras", parts[2], row));
    return add("output", op::Concat{.axis = 2}, columns, kTopK);
  }

  Graph& graph_;
  const Module& head_;
  const BuildOptions& options_;
  HeadLayout layout_;
  std::vector<ValueId> levels_;
  ValueId points_ = -1, strides_ = -1;  ///< anchor_points and anchor_strides, once made
};

/// A tensor, as Ultralytics has it, or what programs put in its place: numbers in a list, one number where there is one map.
std::vector<double> stored_strides(const Module& head, std::int64_t count) {
  const auto value = head.find("stride");
  if (value == nullptr || value->get_if<PickleTensor>() != nullptr) {
    const Tensor stored = head.tensor("stride", {count});
    return {stored.as<float>().begin(), stored.as<float>().end()};
  }
  const auto* list = value->get_if<PickleList>();
  std::vector<double> strides;
  for (const auto& item : list != nullptr ? list->items : std::vector{value}) {
    const auto stride = real_value(item);
    if (!stride) head.fail(ErrorKind::input, fmt::format("'stride' holds {}, expected pixels", describe(item)));
    strides.push_back(*stride);
  }
  if (strides.size() != static_cast<std::size_t>(count))
    head.fail(ErrorKind::input, fmt::format("it has {} strides for {} feature maps", strides.size(), count));
  return strides;
}

std::vector<std::int64_t> read_strides(const Module& head, std::int64_t count) {
  std::vector<std::int64_t> strides;
  for (const auto stride : stored_strides(head, count)) {
    if (!(stride >= 1 && stride <= 4096) || stride != std::floor(stride))
      head.fail(ErrorKind::input, fmt::format("stride {} is not a whole number of pixels", stride));
    strides.push_back(static_cast<std::int64_t>(stride));
  }
  return strides;
}

struct HeadKind {
  const char* key;  ///< Module::class_key
  Task task;
  bool is_plain = false;
  int branches = 1;  ///< of the same task side by side
};
// "models" is the package of YOLOv9's own repository (and of YOLOv5's, whose Detect has anchors: read_head_layout).
constexpr std::array kHeadKinds{HeadKind{"ultralytics.Detect", Task::detect},
                                HeadKind{"ultralytics.v10Detect", Task::detect},
                                HeadKind{"ultralytics.Segment", Task::segment},
                                HeadKind{"ultralytics.Segment26", Task::segment, true},
                                HeadKind{"ultralytics.Pose", Task::pose},
                                HeadKind{"ultralytics.Pose26", Task::pose, true},
                                HeadKind{"ultralytics.OBB", Task::obb},
                                HeadKind{"ultralytics.OBB26", Task::obb, true},
                                HeadKind{"ultralytics.Classify", Task::classify},
                                HeadKind{"models.Detect", Task::detect},
                                HeadKind{"models.DDetect", Task::detect},
                                HeadKind{"models.DualDetect", Task::detect, false, 2},
                                HeadKind{"models.DualDDetect", Task::detect, false, 2},
                                HeadKind{"models.TripleDetect", Task::detect, false, 3},
                                HeadKind{"models.TripleDDetect", Task::detect, false, 3}};

const HeadKind& kind_of(const Module& head) {
  for (const auto& kind : kHeadKinds)
    if (head.class_key() == kind.key) return kind;
  head.fail(ErrorKind::unsupported,
            "the last layer should be a Detect, v10Detect, Segment, Pose, OBB or Classify; nibble reads models of these tasks");
}

void read_extras(const Module& head, HeadLayout& layout) {
  if (layout.task == Task::segment) layout.extras = head.integer("nm", 1, kMaxExtras);
  if (layout.task == Task::obb) layout.extras = head.integer("ne");
  if (layout.task == Task::obb && layout.extras != 1)
    head.fail(ErrorKind::unsupported, fmt::format("'ne' is {}; boxes with one angle are supported", layout.extras));
  if (layout.task != Task::pose) return;
  layout.keypoint_shape = head.integers("kpt_shape");
  const auto& shape = layout.keypoint_shape;
  if (shape.size() != 2 || shape[0] < 1 || shape[0] > kMaxExtras || (shape[1] != 2 && shape[1] != 3))
    head.fail(
        ErrorKind::unsupported,
        fmt::format("'kpt_shape' is [{}]; expected a number of keypoints, and 2 (x, y) or 3 (x, y, visibility)", fmt::join(shape, ", ")));
  layout.extras = shape[0] * shape[1];
}

}  // namespace

HeadLayout read_head_layout(const Module& head) {
  const auto kind = kind_of(head);
  if (kind.task == Task::classify) {
    HeadLayout layout;
    layout.task = kind.task;
    layout.strides = {1};
    layout.classes = classes_module(head).integer("out_features", 1, kMaxClasses);
    return layout;
  }
  HeadLayout layout;
  layout.task = kind.task;
  layout.classes = head.integer("nc", 1, kMaxClasses);
  layout.bins = head.integer("reg_max");
  layout.strides = read_strides(head, head.integer("nl", 1, kMaxLevels));
  if (layout.bins < 1 || layout.bins > kMaxBoxBins)
    head.fail(ErrorKind::unsupported,
              fmt::format("'reg_max' is {}; heads with 1 to {} bins per side are supported", layout.bins, kMaxBoxBins));
  if (head.integer("no") != layout.classes + 4 * layout.bins)
    head.fail(ErrorKind::input,
              fmt::format("{} classes and {} bins per side do not give {} outputs", layout.classes, layout.bins, head.integer("no")));
  layout.is_plain = kind.is_plain;
  layout.branches = kind.branches;
  if (kind.branches > 1) {
    layout.boxes_child = fmt::format("cv{}", 2 * kind.branches);
    layout.classes_child = fmt::format("cv{}", 2 * kind.branches + 1);
    layout.dfl_child = fmt::format("dfl{}", kind.branches);
  }
  read_extras(head, layout);
  return layout;
}

std::vector<Head> heads_of(const Module& head) {
  std::vector<Head> heads;
  const auto layout = read_head_layout(head);
  const bool has_raw = layout.bins == kBoxBins && layout.task == Task::detect;
  const auto add = [&](const std::string& prefix, Head decoded, Head raw) {
    if (!head.find_child(prefix + layout.boxes_child) || !head.find_child(prefix + layout.classes_child)) return;
    if (layout.task != Task::detect && !head.find_child(prefix + "cv4")) return;
    heads.push_back(decoded);
    if (has_raw) heads.push_back(raw);
  };
  add("one2one_", Head::one2one, Head::raw_one2one);
  add("", Head::one2many, Head::raw);
  return heads;
}

namespace {

/// Notes the value where the node is one of the head's that are found by name.
void note_value(const Node& node, LogitValues& values) {
  const auto is_called = [&](const char* name) { return node.name.ends_with(std::string(".") + name); };
  const bool is_concat = std::holds_alternative<op::Concat>(node.op), is_product = std::holds_alternative<op::Mul>(node.op);
  if (is_concat && is_called(kBoxes)) values.boxes = node.outputs[0];
  if (is_concat && is_called(kClasses)) values.classes = node.outputs[0];
  if (is_concat && is_called(kMasks)) values.mask_coefficients = node.outputs[0];
  if (is_concat && is_called(kKeypoints)) values.keypoints = node.outputs[0];
  if ((is_concat || is_product) && is_called(kAngles)) values.angles = node.outputs[0];
  if (is_product && is_called(kPixels)) values.mask_areas = node.outputs[0];
  if (is_called("keypoint_doubled")) values.keypoint_step = 2;
  if (is_called("top_left")) values.mask_areas_are_corners = true;
  if (is_called(kClassifierLogits)) values.classes = node.outputs[0];
}

}  // namespace

LogitValues find_logits(const Graph& graph) {
  LogitValues logits;
  for (const Node& node : graph.nodes)
    if (!node.float_reason.empty()) note_value(node, logits);
  for (const auto id : graph.outputs)
    if (graph.value(id).name == kPrototypes) logits.prototypes = id;
  const bool is_classifier = logits.classes >= 0 && graph.value(logits.classes).shape.size() == 2;
  if (logits.classes < 0 || (logits.boxes < 0 && !is_classifier))
    throw Error(ErrorKind::internal, "detection head: the graph has no box or class logits");
  if (logits.prototypes < 0) logits.mask_areas = -1;
  return logits;
}

std::vector<ValueId> add_head(Graph& graph, const Module& head, const std::vector<ValueId>& levels, const BuildOptions& options) {
  if (kind_of(head).task == Task::classify) return {add_classify_head(graph, head, levels, options)};
  return HeadBuilder(graph, head, levels, options).build();
}

}  // namespace nibble
