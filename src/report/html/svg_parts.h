// SPDX-License-Identifier: Apache-2.0
// What the charts are made of: colours, measures, lines, a vertical axis.
#pragma once
#include <string>

namespace nibble {

constexpr const char* kBlue = "#0072B2";
constexpr const char* kVermilion = "#D55E00";
constexpr const char* kFaint = "#9CC9E3";
constexpr const char* kGrey = "#8C8C8C";
constexpr const char* kLight = "#DDDDDD";
constexpr const char* kInk = "#1A1A1A";

constexpr double kPlotTop = 18, kPlotHeight = 190, kAxisHeight = 22;
/// The plot's share of the width; the rest holds the numbers of the axis.
constexpr double kPlotLeft = 0.07, kPlotWidth = 0.93;
/// Wider, for numbers with several decimals.
constexpr double kLinesLeft = 0.12;

/// The numbers on a vertical axis, and the pixel row y of a value.
struct Scale {
  double low = 0, high = 1, step = 1;
  double y(double value) const { return kPlotTop + kPlotHeight * (high - value) / (high - low); }
};

/// 1, 2 or 5 times a power of ten, so that about five fit.
double nice_step(double range);

std::string svg_open(const std::string& title, double height);
/// Horizontal places as svg_percent writes them, vertical ones in pixels; `more`: further attributes.
std::string svg_line(const std::string& x1, double y1, const std::string& x2, double y2, const char* color, const char* more = "");
/// "12.50%"
std::string svg_percent(double share);
/// Lines across at the scale's steps with their numbers, from `left` on.
std::string svg_grid(const Scale& scale, const std::string& unit, double left);

}  // namespace nibble
