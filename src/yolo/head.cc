// SPDX-License-Identifier: Apache-2.0
#include "yolo/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/box_logits.h"
#include "graph/text.h"

namespace nibble {

namespace {

constexpr std::int64_t kMaxClasses = 1 << 16;
constexpr std::int64_t kMaxLevels = 16;
constexpr const char* kBoxes = "boxes";
constexpr const char* kClasses = "classes";
constexpr const char* kDecode = "box decode";
constexpr const char* kDfl = "DFL: box decode";
constexpr const char* kTopK = "top-k of the detections";

/// Appends the head's nodes; `anchors()` is the number of anchor points.
class HeadBuilder {
 public:
  HeadBuilder(Graph& graph, const Module& head, const std::vector<ValueId>& levels, const BuildOptions& options)
      : graph_(graph), head_(head), levels_(levels), options_(options), layout_(read_head_layout(head)) {}

  ValueId build() {
    require_fitting_levels();
    const bool is_raw = options_.head == Head::raw || options_.head == Head::raw_one2one;
    if (is_raw && layout_.bins != kBoxBins)
      head_.fail(ErrorKind::unsupported,
                 fmt::format("raw outputs are of heads with {} bins per side, this one has {}; take --head one2many or "
                             "one2one",
                             kBoxBins, layout_.bins));
    const bool one2one = options_.head == Head::one2one || options_.head == Head::raw_one2one;
    const std::string prefix = one2one ? "one2one_" : "";
    const auto boxes = add_branch(prefix + "cv2", kBoxes, 4 * layout_.bins);
    const auto classes = add_branch(prefix + "cv3", kClasses, layout_.classes);
    switch (options_.head) {
      case Head::raw:
      case Head::raw_one2one: return add("raw", op::Concat{.axis = 1}, {boxes, classes});
      case Head::one2many: return add("output", op::Concat{.axis = 1}, {centred_boxes(distances(boxes)), scores(classes)});
      case Head::one2one: return top_k(corner_boxes(distances(boxes)), scores(classes));
    }
    throw Error(ErrorKind::internal, "detection head: unknown form");
  }

 private:
  ValueId add(const std::string& name, Op op, std::vector<ValueId> inputs, const char* reason = kDecode) {
    return graph_.add(head_.path() + "." + name, std::move(op), std::move(inputs), reason);
  }
  ValueId constant(const std::string& name, Tensor tensor) { return graph_.add_constant(head_.path() + "." + name, std::move(tensor)); }
  const Shape& shape(ValueId id) const { return graph_.value(id).shape; }

  /// Rows and columns of a level's grid.
  ImageSize cells_of(std::int64_t stride) const { return {options_.image_size.height / stride, options_.image_size.width / stride}; }

  void require_fitting_levels() const {
    if (levels_.size() != layout_.strides.size())
      head_.fail(ErrorKind::input, fmt::format("it reads {} feature maps, but has {} strides", levels_.size(), layout_.strides.size()));
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const auto cells = cells_of(layout_.strides[i]);
      if (shape(levels_[i])[2] != cells.height || shape(levels_[i])[3] != cells.width)
        head_.fail(ErrorKind::input, fmt::format("feature map {} is {}, but stride {} needs {} x {} cells", i, text_of(shape(levels_[i])),
                                                 layout_.strides[i], cells.height, cells.width));
    }
  }

  /// [B,channels,A]: the branch's convolutions on every level, cells in rows, levels one after the other.
  ValueId add_branch(const std::string& child, const std::string& name, std::int64_t channels) {
    const auto stacks = branch_children(child);
    std::vector<ValueId> flat;
    for (std::size_t i = 0; i < stacks.size(); ++i) {
      const auto logits = add_module(graph_, stacks[i], {levels_[i]});
      if (shape(logits)[1] != channels)
        stacks[i].fail(ErrorKind::input, fmt::format("it ends in {} channels, expected {}", shape(logits)[1], channels));
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
    const auto dfl = head_.child("dfl");
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
    return constant("anchor_points", Tensor::of<float>({1, 2, count}, std::move(x)));
  }
  /// Pixels per cell of each anchor: [1,1,A].
  ValueId anchor_strides() {
    std::vector<float> values;
    for (const auto stride : layout_.strides) {
      values.insert(values.end(), static_cast<std::size_t>(cells_of(stride).pixels()), static_cast<float>(stride));
    }
    const auto count = static_cast<std::int64_t>(values.size());
    return constant("anchor_strides", Tensor::of<float>({1, 1, count}, std::move(values)));
  }

  std::vector<ValueId> sides(ValueId all_distances) {
    return graph_.add_node(head_.path() + ".sides", op::Split{.axis = 1, .sizes = {2, 2}}, {all_distances}, kDecode);
  }
  ValueId in_pixels(ValueId first, ValueId second) {
    const auto cells = add("boxes_in_cells", op::Concat{.axis = 1}, {first, second});
    return add("boxes_in_pixels", op::Mul{}, {cells, anchor_strides()});
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
  ValueId scores(ValueId classes) { return add("scores", op::Sigmoid{}, {classes}); }

  ValueId pick_rows(const std::string& name, ValueId data, ValueId rows) {
    const auto column = add(name + ".column", op::Unsqueeze{-1}, {rows}, kTopK);
    return add(name, op::GatherRows{}, {data, column}, kTopK);
  }
  /// [B,4,A] and [B,nc,A] -> [B,k,6]: the k anchors with the best classes, then the k best (anchor, class) pairs of those.
  ValueId top_k(ValueId boxes, ValueId all_scores) {
    const auto k = std::min(options_.max_detections, shape(boxes)[2]);
    const auto best = add("topk.best", op::ReduceMax{1}, {all_scores}, kTopK);
    const auto anchors_kept = graph_.add_node(head_.path() + ".topk.anchors", op::TopK{k}, {best}, kTopK)[1];
    const auto detections = add("detections", op::Concat{.axis = 1}, {boxes, all_scores});
    const auto by_anchor = add("topk.by_anchor", op::Transpose{{0, 2, 1}}, {detections}, kTopK);
    const auto rows = pick_rows("topk.rows", by_anchor, anchors_kept);
    const auto parts = graph_.add_node(head_.path() + ".topk.parts", op::Split{.axis = 2, .sizes = {4, layout_.classes}}, {rows}, kTopK);
    const auto flat = add("topk.flat", op::Reshape{{0, k * layout_.classes}}, {parts[1]}, kTopK);
    const auto pairs = graph_.add_node(head_.path() + ".topk.pairs", op::TopK{k}, {flat}, kTopK);
    const auto count = constant("topk.classes", Tensor::scalar<std::int64_t>(layout_.classes));
    const auto kept = pick_rows("topk.boxes", parts[0], add("topk.row", op::Div{}, {pairs[1], count}, kTopK));
    const auto label = add("topk.label_float", op::Cast{DType::f32}, {add("topk.label", op::Mod{}, {pairs[1], count}, kTopK)}, kTopK);
    const auto score_column = add("topk.score_column", op::Unsqueeze{-1}, {pairs[0]}, kTopK);
    const auto label_column = add("topk.label_column", op::Unsqueeze{-1}, {label}, kTopK);
    return add("output", op::Concat{.axis = 2}, {kept, score_column, label_column}, kTopK);
  }

  Graph& graph_;
  const Module& head_;
  const std::vector<ValueId>& levels_;
  const BuildOptions& options_;
  HeadLayout layout_;
};

std::vector<std::int64_t> read_strides(const Module& head, std::int64_t count) {
  std::vector<std::int64_t> strides;
  const Tensor stored = head.tensor("stride", {count});
  for (const auto stride : stored.as<float>()) {
    if (!(stride >= 1 && stride <= 4096) || stride != std::floor(stride))
      head.fail(ErrorKind::input, fmt::format("stride {} is not a whole number of pixels", stride));
    strides.push_back(static_cast<std::int64_t>(stride));
  }
  return strides;
}

}  // namespace

HeadLayout read_head_layout(const Module& head) {
  if (head.class_key() != "ultralytics.Detect" && head.class_key() != "ultralytics.v10Detect")
    head.fail(ErrorKind::unsupported, "the last layer should be a Detect or v10Detect; nibble reads detection models");
  const HeadLayout layout{head.integer("nc", 1, kMaxClasses), head.integer("reg_max"),
                          read_strides(head, head.integer("nl", 1, kMaxLevels))};
  if (layout.bins < 1 || layout.bins > kMaxBoxBins)
    head.fail(ErrorKind::unsupported,
              fmt::format("'reg_max' is {}; heads with 1 to {} bins per side are supported", layout.bins, kMaxBoxBins));
  if (head.integer("no") != layout.classes + 4 * layout.bins)
    head.fail(ErrorKind::input,
              fmt::format("{} classes and {} bins per side do not give {} outputs", layout.classes, layout.bins, head.integer("no")));
  return layout;
}

std::vector<Head> heads_of(const Module& head) {
  std::vector<Head> heads;
  const bool has_bins = read_head_layout(head).bins == kBoxBins;
  const auto add = [&](const std::string& prefix, Head decoded, Head raw) {
    if (!head.find_child(prefix + "cv2") || !head.find_child(prefix + "cv3")) return;
    heads.push_back(decoded);
    if (has_bins) heads.push_back(raw);
  };
  add("one2one_", Head::one2one, Head::raw_one2one);
  add("", Head::one2many, Head::raw);
  return heads;
}

LogitValues find_logits(const Graph& graph) {
  LogitValues logits{-1, -1};
  for (const Node& node : graph.nodes) {
    if (node.float_reason != kDecode || !std::holds_alternative<op::Concat>(node.op)) continue;
    if (node.name.ends_with(std::string(".") + kBoxes)) logits.boxes = node.outputs[0];
    if (node.name.ends_with(std::string(".") + kClasses)) logits.classes = node.outputs[0];
  }
  if (logits.boxes < 0 || logits.classes < 0) throw Error(ErrorKind::internal, "detection head: the graph has no box or class logits");
  return logits;
}

ValueId add_head(Graph& graph, const Module& head, const std::vector<ValueId>& levels, const BuildOptions& options) {
  const auto output = HeadBuilder(graph, head, levels, options).build();
  graph.value(output).name = "output0";
  return output;
}

}  // namespace nibble
