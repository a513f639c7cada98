// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_template.h"

namespace nibble {

const char* training_template() {
  return R"html({{#has_trainings}}
<h2>Training</h2>
{{#trainings}}
<section>
<p>{{text}}</p>
<div class="charts">
{{#scores}}
<figure><figcaption>{{main_title}} on the held-out images <span class="small">step 0: calibrated</span></figcaption>
{{{scores}}}</figure>
{{/scores}}
{{#losses}}
<figure><figcaption>{{name}} <span class="small">{{note}}</span></figcaption>
{{{chart}}}</figure>
{{/losses}}
</div>
<p class="small">The numbers: <a href="{{curve_link}}">{{curve}}</a>. Parts of the loss are shown before they are weighted.</p>
</section>
{{/trainings}}
{{/has_trainings}}
)html";
}

}  // namespace nibble
