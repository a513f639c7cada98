// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_template.h"

namespace nibble {

const char* pictures_template() {
  return R"html({{#has_pictures}}
<h2>What it looks like</h2>
{{#is_classifier}}
<p class="small">On the left the five best classes of the float model, on the right those of the quantised file; the length of a bar is the
probability. Where another class is the best one, it says CHANGED. First the images that changed most, then typical ones.</p>
{{/is_classifier}}
{{^is_classifier}}
<p class="small">On the left the float model, on the right the quantised file, at a confidence of 0.25. Thin boxes are the same in both. Dashed boxes
changed, and say how: LOST (the float model's alone), NEW (the quantised file's alone), CLASS CHANGED, MOVED ({{box_overlap}} below 0.5). First the images that
changed most, then typical ones.</p>
{{/is_classifier}}
{{#pictures}}
<section>
<h3>{{name}}</h3>
<div class="pictures">
{{#pictures}}
<figure><a href="{{link}}"><img src="{{source}}" alt="{{alt}}" loading="lazy"></a>
<figcaption><span class="small">{{kind}}</span> {{caption}}</figcaption></figure>
{{/pictures}}
</div>
{{#left_out}}<p class="small">{{text}}</p>{{/left_out}}
</section>
{{/pictures}}
{{/has_pictures}}
)html";
}

const char* verdict_template() {
  return R"html({{#take}}
<section aria-labelledby="take">
<h2 id="take">Which file to take</h2>
<ul class="take">
{{#recommendations}}
<li><strong>{{purpose}}</strong>: {{#artifact}}<a href="{{link}}">{{artifact}}</a>: {{/artifact}}{{reason}}</li>
{{/recommendations}}
</ul>
{{#has_losses}}
<h3>What is lost, in words</h3>
<ul>
{{#losses}}
<li>{{artifact}}: {{sentence}}</li>
{{/losses}}
</ul>
{{/has_losses}}
</section>
{{/take}}
)html";
}

const char* distributions_template() {
  return R"html({{#distributions}}
{{#scatter}}
<h2>Accuracy, size and time</h2>
<div class="charts">
<figure><figcaption>Accuracy against size <span class="small">{{main_title}} over MB; higher and further left is better; bars: intervals, where there are any</span></figcaption>
{{{scatter}}}
<ol class="legend">
{{#points}}
<li value="{{rank}}">{{name}}: {{text}}</li>
{{/points}}
</ol></figure>
{{#spread}}
<figure><figcaption>Times of single images <span class="small">each mark one run; bar: the middle 80 %; line: median</span></figcaption>
{{{spread}}}</figure>
{{/spread}}
</div>
{{/scatter}}
{{#has_curves}}
<h2>Precision and recall</h2>
<p class="small">With {{overlap}} of at least 0.5, the mean over the classes; {{second_title}} is the mean of it. Pale: the float model.</p>
<div class="charts">
{{#curves}}
<figure><figcaption>{{name}}</figcaption>
{{{chart}}}</figure>
{{/curves}}
</div>
{{/has_curves}}
{{/distributions}}
{{#sizes}}
<h2>Sizes of objects</h2>
<div class="scroll" tabindex="0" role="region" aria-label="{{main_title}} by size of objects"><table class="cards">
<thead><tr><th>variant</th>{{#columns}}<th class="n">{{.}}</th><th class="n">change</th>{{/columns}}</tr></thead>
<tbody>
{{#rows}}
<tr><td class="name">{{name}}</td>{{#cells}}<td class="n" data-label="{{size}}">{{map}}</td><td class="n" data-label="change">{{change}}</td>{{/cells}}</tr>
{{/rows}}
</tbody></table></div>
<p class="small">{{main_title}} of objects below 32 x 32 px, up to 96 x 96 px, and above, as COCO counts them.</p>
{{/sizes}}
)html";
}

const char* class_changes_template() {
  return R"html({{#has_class_changes}}
<h2>Classes that changed most</h2>
<p class="small">Against the float model, up to five losses and five gains of each file, on one scale. Changes of classes with few objects say little.</p>
<div class="charts">
{{#class_changes}}
<figure><figcaption>{{name}}</figcaption>
{{{chart}}}</figure>
{{/class_changes}}
</div>
{{/has_class_changes}}
)html";
}

}  // namespace nibble
