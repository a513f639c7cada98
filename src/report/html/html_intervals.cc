// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_parts.h"
#include "report/html/html_template.h"
#include "report/interval_row.h"

namespace nibble {

Json interval_table(const Report& report) {
  Json rows = Json::array();
  for (const auto& row : interval_rows(report))
    rows.push_back({{"name", row.name},
                    {"metric", row.metric},
                    {"value", row.value},
                    {"interval", row.interval},
                    {"change", row.change},
                    {"change_interval", row.change_interval}});
  if (rows.empty()) return false;
  return {{"rows", rows}, {"note", interval_note(report)}};
}

const char* intervals_template() {
  return R"html({{#intervals}}
<h2>How sure the scores are</h2>
<details><summary>{{note}}</summary>
<div class="scroll" tabindex="0"><table class="cards">
<thead><tr><th>file</th><th>number</th><th class="n">found</th><th class="n">between</th><th class="n">change</th><th class="n">between</th></tr></thead>
<tbody>
{{#rows}}
<tr><td class="name">{{name}}</td><td data-label="number">{{metric}}</td><td class="n" data-label="found">{{value}}</td><td class="n" data-label="between">{{interval}}</td><td class="n" data-label="change">{{change}}</td><td class="n" data-label="between">{{change_interval}}</td></tr>
{{/rows}}
</tbody></table></div></details>
{{/intervals}}
)html";
}

}  // namespace nibble
