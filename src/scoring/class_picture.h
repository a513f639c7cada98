// SPDX-License-Identifier: Apache-2.0
// The classes of a classifier on its image.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/pixels.h"

namespace nibble {

/// The five best classes in the upper left corner, one below the other: name and probability, and under them a bar in the class's colour
/// whose length is the probability. `line_px` gives the size of letters; where `is_changed`, the best class says so.
void draw_class_bars(Pixels& pixels, const std::vector<double>& probabilities, const std::map<std::int64_t, std::string>& class_names,
                     int line_px, bool is_changed);

}  // namespace nibble
