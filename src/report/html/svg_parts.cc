// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_parts.h"

#include <fmt/format.h>

#include <cmath>

#include "report/html/svg_chart.h"

namespace nibble {

std::string svg_open(const std::string& title, double height) {
  return fmt::format(
      "<svg role=\"img\" width=\"100%\" height=\"{:.0f}\" font-size=\"13\" fill=\"{}\" overflow=\"visible\"><title>{}</title>\n", height,
      kInk, escape_markup(title));
}

std::string svg_line(const std::string& x1, double y1, const std::string& x2, double y2, const char* color, const char* more) {
  return fmt::format("<line x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\" stroke=\"{}\"{}/>\n", x1, y1, x2, y2, color, more);
}

std::string svg_percent(double share) { return fmt::format("{:.2f}%", 100 * share); }

double nice_step(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power * 5 >= range) return factor * power;
  return 10 * power;
}

std::string svg_grid(const Scale& scale, const std::string& unit, double left) {
  std::string svg;
  for (int i = 0; scale.low + i * scale.step <= scale.high + scale.step / 2; ++i) {
    const double value = scale.low + i * scale.step, y = scale.y(value);
    const bool is_zero = std::abs(value) < scale.step / 2;
    svg += svg_line(svg_percent(left), y, "100%", y, is_zero ? kGrey : kLight);
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" font-size=\"11\">{:g}</text>\n", svg_percent(left - 0.01), y + 4,
                       is_zero ? 0 : value);
  }
  return svg + fmt::format("<text x=\"0\" y=\"10\" font-size=\"11\">{}</text>\n", escape_markup(unit));
}

std::string escape_markup(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += letter;
    }
  }
  return escaped;
}

}  // namespace nibble
