// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_template.h"

namespace nibble {

const char* blame_template() {
  return R"html({{#has_blame}}
<h2>What is lost, and where</h2>
{{#is_classifier}}
<p class="small">Each scored file against the float baseline: how many images keep their best class, and where in the network the difference
begins.</p>
{{/is_classifier}}
{{^is_classifier}}
<p class="small">Each scored file against the float baseline. found: same class, {{box_iou}} at least 0.5. faded: in place, but below the confidence. mislocated: IoU
0.1 to 0.5. extra: duplicate of a found object; risen: the baseline sees it below the confidence; background: nothing is there. The lost {{box_map}} is
split by repairing one kind of change at a time towards the baseline, averaged over all orders, so that the parts add up to the loss.</p>
{{/is_classifier}}
{{#blame}}
<section>
<h3>{{name}}</h3>
<p>{{sentence}} {{drift}}</p>
<div class="charts">
{{#costs}}
<figure><figcaption>{{number}} lost by <span class="small">negative: the change did good</span></figcaption>
{{{costs}}}</figure>
{{/costs}}
{{#counts}}
<div class="scroll" tabindex="0"><table>
<thead><tr><th>objects of the baseline</th><th class="n">all</th><th class="n">small</th><th class="n">medium</th><th class="n">large</th></tr></thead>
<tbody>
{{#rows}}
<tr><td class="name">{{name}}</td>{{#cells}}<td class="n">{{.}}</td>{{/cells}}</tr>
{{/rows}}
</tbody></table></div>
{{/counts}}
</div>
{{#layers}}
<figure><figcaption>How the error grows: SQNR of each layer's output <span class="small">against the same layer of the float file, everything before
it quantised too; below: number of the module; marked: the largest drops</span></figcaption>
{{{layers}}}</figure>
<p class="small">{{divergence}}</p>
<ol>
{{#drops}}
<li><code>{{layer}}</code>: {{found}}</li>
{{/drops}}
</ol>
{{/layers}}
<p>What would help:</p>
<ol>
{{#advice}}
<li>{{what}}<br><span class="small">{{why}}</span></li>
{{/advice}}
</ol>
</section>
{{/blame}}
<p class="small"><code>nibble compare BASELINE.onnx FILE.onnx</code> shows more, and tries each part of the network unquantised.</p>
{{/has_blame}}
)html";
}

}  // namespace nibble
