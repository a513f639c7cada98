// SPDX-License-Identifier: Apache-2.0
#include "nibble/verdict.h"
#include "report/html/html_origin.h"
#include "report/html/html_parts.h"

namespace nibble {

Json verdict_values(const Report& report) {
  const auto verdict = verdict_of(report);
  if (verdict.recommendations.empty() && verdict.losses.empty()) return false;
  Json recommendations = Json::array(), losses = Json::array();
  for (const auto& row : verdict.recommendations) {
    Json file = false;
    if (!row.artifact.empty()) file = {{"artifact", row.artifact}, {"link", relative_link(row.path)}};
    recommendations.push_back({{"purpose", row.purpose}, {"artifact", file}, {"reason", row.reason}});
  }
  for (const auto& loss : verdict.losses) losses.push_back({{"artifact", loss.artifact}, {"sentence", loss.sentence}});
  return {{"recommendations", recommendations}, {"losses", losses}, {"has_losses", !losses.empty()}};
}

}  // namespace nibble
