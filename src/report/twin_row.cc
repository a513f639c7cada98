// SPDX-License-Identifier: Apache-2.0
#include "report/twin_row.h"

#include <fmt/format.h>

namespace nibble {
namespace {

std::string compared_text(const TwinReport& twin) {
  const auto what = twin.weights > 0 ? fmt::format("{} integers and {} dequantised numbers", twin.codes, twin.weights)
                                     : fmt::format("{} integers (scales rounded to float16)", twin.codes);
  return fmt::format("{} of {} layers", what, twin.layers);
}

std::string outputs_text(const std::optional<Parity>& outputs) {
  return outputs ? fmt::format("{:.3g} in scores and {:.3g} px", outputs->max_score, outputs->max_box_px) : "";
}

}  // namespace

std::vector<TwinRow> twin_rows(const Report& report) {
  std::vector<TwinRow> rows;
  for (const auto& twin : report.twins) {
    const bool equal = twin.difference.empty();
    rows.push_back({twin.artifact, twin.reference, compared_text(twin), equal ? "equal bit for bit" : twin.difference, equal,
                    outputs_text(twin.outputs)});
  }
  return rows;
}

}  // namespace nibble
