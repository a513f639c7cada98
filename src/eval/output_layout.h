// SPDX-License-Identifier: Apache-2.0
// How the output of a detector holds its detections, told by shape, metadata and values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "eval/detection.h"
#include "nibble/image_size.h"

namespace nibble {

/// Names, as --output-layout takes them:
///  one2one   [B,K,6]     x1, y1, x2, y2 in input pixels, score, class; also called end2end
///  one2many  [B,4+nc,A]  cx, cy, w, h, nc class scores; also [B,A,4+nc]
///  raw       [B,64+nc,A] box-distribution logits, class logits
///  yolov5    [B,A,5+nc]  cx, cy, w, h, objectness, nc class scores (YOLOv5, v6, v7); also [B,5+nc,A]
struct OutputLayout {
  OutputKind kind = OutputKind::one2many;  ///< after in_standard_form
  bool has_objectness = false;             ///< yolov5: one2many once the class scores are multiplied by the objectness
  bool anchors_first = false;              ///< one row per anchor
  std::int64_t class_count = 0;            ///< one2one: 0 where nobody says
  bool operator==(const OutputLayout&) const = default;
};
std::string_view name_of(const OutputLayout& layout);
/// All names, for messages: "one2one, one2many, raw, yolov5".
std::string layout_names();
/// "end2end" becomes "one2one". Error(usage) listing the names.
std::string parse_layout_name(std::string_view name);

/// What is known of an output before its values are looked at.
struct OutputFacts {
  Shape shape;                   ///< as the runtime gives it: no extent is open
  std::int64_t class_count = 0;  ///< of names or data set; 0: unknown
  ImageSize image_size;
  std::vector<std::int64_t> strides;  ///< where the metadata says
  std::optional<bool> is_end2end;     ///< where the metadata says
  std::string name;                   ///< of the layout, where the metadata or the user says
  bool is_own = false;                ///< nibble wrote the file: anchors are never first
};
/// Layouts that fit: of three extents, with the classes, and where more than one is left, with as many anchors as grids of the usual
/// strides have cells. yolov5, and classes that nobody knows, which are counted off the shape, always need a grid: one anchor a cell, of
/// yolov5 three (in rows of one anchor also one, as YOLOv6 writes it).
std::vector<OutputLayout> possible_layouts(const OutputFacts& facts);

/// Those that `output`, the answer to any image, does not contradict. Rows of one2one come best first, with whole numbers as classes
/// and corners in order; scores lie in 0..1, logits do not, widths and heights are not negative.
std::vector<OutputLayout> layouts_fitting(const std::vector<OutputLayout>& layouts, const Tensor& output);

/// Whether box centres of one2many reach over the image, in pixels. False: they are relative to its sides, or offsets that were not
/// decoded.
bool has_boxes_in_pixels(const OutputLayout& layout, const Tensor& output, const ImageSize& image_size);

/// f32 [B,values,A], or [B,K,6] of one2one: what decode_output reads. Scores become objectness * class score, as in YOLOv5's
/// non_max_suppression (general.py).
Tensor in_standard_form(const Tensor& output, const OutputLayout& layout);

}  // namespace nibble
