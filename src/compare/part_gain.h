// SPDX-License-Identifier: Apache-2.0
// Measures, by the detections, what would be gained if a part of the network were not quantised: B is run with A's layers in that part.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "scoring/detector_file.h"
#include "scoring/eval_set.h"

namespace nibble {

struct PartGain {
  std::string part;                 ///< "model.8", in the module the outputs come from "model.23.cv3"
  std::vector<std::string> layers;  ///< its layers that are quantised otherwise in B than in A
  double gain = 0;                  ///< fraction of B's disagreement with A that A's layers take away; may be negative
  /// The same where the inputs stay quantised, so that it is the cost of the weights alone. Measured for the best parts of a file with
  /// quantised inputs only.
  std::optional<double> gain_of_weights;
  std::int64_t weights = 0;          ///< number of elements in these layers
  int weight_bits = 32;              ///< the fewest bits of B's weights in these layers
  bool has_quantized_input = false;  ///< whether B quantises the input of one of them
};
struct PartGains {
  double disagreement = 0;      ///< how much B disagrees with A over all images (eval/disagreement.h)
  std::vector<PartGain> parts;  ///< largest gain first
  std::int64_t images = 0;
};

/// The first `depth` words of a name, divided by '.' or '/': "model.8.m.0.cv1.conv" at 2 is "model.8", "/model.8/cv1/Conv" is
/// "/model.8".
std::string part_of(const std::string& layer, std::size_t depth);

/// `shared`: layers that both files have under this name; `ends`: those of them no other convolution follows. `images`: the first
/// so many of the set. Error(unsupported) when B computes in FP16.
PartGains measure_part_gains(const DetectorFile& detector_a, const std::filesystem::path& a, const std::filesystem::path& b,
                             const std::vector<std::string>& shared, const std::vector<std::string>& ends, EvalSet set, std::int64_t images,
                             const RuntimeOptions& runtime, Progress& progress);

}  // namespace nibble
