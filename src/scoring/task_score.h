// SPDX-License-Identifier: Apache-2.0
// What `eval` does alike for every task that finds objects in images.
#pragma once
#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/image.h"
#include "scoring/detector_file.h"
#include "scoring/eval_set.h"

namespace nibble {

/// Boxes on an image whose size is not the annotations' would be scored against the wrong pixels: Error(input). A side the
/// annotations do not tell (0) fits.
void require_annotated_size(const CocoImage& image, const Letterbox& letterbox, const EvalSet& set);

/// Takes what one run gave; returns how many objects were found.
using TakeOutputs = std::function<std::size_t(const CocoImage& image, const NetworkImage& input, const std::vector<Tensor>& outputs)>;
/// The image as the file's task sees it: the middle cut out for classifiers, else the whole of it in a letterbox.
NetworkImage read_input(const DetectorFile& model, const std::filesystem::path& image);
/// Runs the file on every image of the set, in order; decoding the next one overlaps with inference. Error(input) for an image of another
/// size than the annotations say.
void run_on_images(const DetectorFile& model, const EvalSet& set, const std::string& title, Progress& progress, const TakeOutputs& take);

/// The numbers behind the box that `row` is (eval/decode_rows.h); `output`: f32, [B,values,A] or of one2one [B,K,values].
std::vector<float> extras_at(const Tensor& output, const DetectorFile& model, std::int64_t row);
/// The box itself as x1, y1, x2, y2 in pixels of the network's input, not cut to it.
std::array<float, 4> corners_at(const Tensor& output, const DetectorFile& model, std::int64_t row);

}  // namespace nibble
