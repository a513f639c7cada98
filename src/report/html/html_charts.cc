// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_parts.h"
#include "report/html/svg_chart.h"
#include "report/task_words.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

std::string map_text(const VariantRow& row) { return row.change == "-" ? row.main : row.main + " (" + row.change + ")"; }

Json map_chart(const Report& report) {
  BarChart chart{.title = std::string(words_of(report.task).main_title) + " of each scored file; the dashed line is the float baseline",
                 .bars = {},
                 .reference = {}};
  const auto rows = variant_rows(report);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& artifact = report.artifacts[i];
    if (!artifact.score) continue;
    const double map = artifact.score->main;
    const bool is_baseline = artifact.recipe.empty();
    if (is_baseline && map >= 0) chart.reference = map;
    chart.bars.push_back({artifact.name, map < 0 ? std::nullopt : std::optional(map), map_text(rows[i]), is_baseline});
  }
  return chart.bars.empty() ? Json(false) : Json(bar_chart_svg(chart));
}

Json size_chart(const Report& report) {
  BarChart chart{.title = "size of each file", .bars = {}, .reference = {}};
  const auto rows = variant_rows(report);
  for (std::size_t i = 0; i < rows.size(); ++i)
    chart.bars.push_back({rows[i].name, static_cast<double>(report.artifacts[i].bytes), rows[i].size + " (" + rows[i].ratio + ")",
                          report.artifacts[i].recipe.empty()});
  return chart.bars.empty() ? Json(false) : Json(bar_chart_svg(chart));
}

}  // namespace

Json variant_charts(const Report& report) { return {{"map", map_chart(report)}, {"size", size_chart(report)}}; }

}  // namespace nibble
