// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_parts.h"
#include "report/runtime_row.h"
#include "report/twin_row.h"

namespace nibble {

Json runtime_table(const Report& report) {
  Json list = Json::array();
  for (const auto& row : runtime_rows(report)) {
    Json levels = Json::array();
    for (const auto& level : row.levels)
      levels.push_back({{"where", level.where}, {"found", level.found}, {"state", level.same ? "passed" : "failed"}});
    list.push_back({{"name", row.name},
                    {"time_ratio", row.time_ratio},
                    {"nodes", row.nodes},
                    {"operators", row.operators},
                    {"levels", levels},
                    {"steps", row.problem.empty() ? row.steps : ""},
                    {"problem", row.problem}});
  }
  return list;
}

Json twin_table(const Report& report) {
  Json list = Json::array();
  for (const auto& row : twin_rows(report))
    list.push_back({{"artifact", row.artifact},
                    {"reference", row.reference},
                    {"compared", row.compared},
                    {"state", row.equal ? "passed" : "failed"},
                    {"result", (row.equal ? "\u2713 " : "\u2717 DIFFER: ") + row.result},
                    {"outputs", row.outputs.empty() ? "-" : row.outputs}});
  return list;
}

}  // namespace nibble
