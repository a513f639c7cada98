// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_template.h"

namespace nibble {

const char* runtime_template() {
  return R"html({{#has_runtime}}
<h2>What the runtime does</h2>
<div class="scroll" tabindex="0"><table class="cards">
<thead><tr><th>file</th><th class="n">time</th><th>nodes</th><th>operators by time</th><th>found against optimisations off</th><th>codes of activations, all against off</th></tr></thead>
<tbody>
{{#runtime}}
<tr><td class="name">{{name}}</td><td class="n" data-label="time">{{time_ratio}}</td><td data-label="nodes">{{nodes}}</td><td data-label="operators by time">{{operators}}</td><td class="wide" data-label="found against optimisations off">{{#levels}}{{where}}: <span class="{{state}}-text">{{found}}</span><br>{{/levels}}<span class="failed-text">{{problem}}</span></td><td class="wide" data-label="codes of activations">{{steps}}</td></tr>
{{/runtime}}
</tbody></table></div>
<p class="small">Time: of the FP32 baseline's, in turns with it. What is found: in the first image, with a score of at least 0.25. A quantised network
answers to rounding: one code that falls to the other side changes codes behind it. Where codes first move by more than one step, the runtime computed
something else before that quantiser, or many single steps added up.</p>
{{/has_runtime}}
{{#has_twins}}
<h2>Twins</h2>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>file</th><th>against</th><th>compared</th><th>weights</th><th>outputs differ by</th></tr></thead>
<tbody>
{{#twins}}
<tr><td class="name">{{artifact}}</td><td class="name">{{reference}}</td><td>{{compared}}</td><td class="{{state}}-text">{{result}}</td><td>{{outputs}}</td></tr>
{{/twins}}
</tbody></table></div>
<p class="small">All files of a recipe are printed from the same integers; this reads them back. Outputs: of one image, optimisations off; "-": not
compared, because one of the two computes in other numbers.</p>
{{/has_twins}}
)html";
}

}  // namespace nibble
