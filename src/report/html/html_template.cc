// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_template.h"

namespace nibble {
namespace {

constexpr const char* kStyle = R"css(
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 3rem; max-width: 62rem; background: #fff; color: #1a1a1a;
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; padding-top: .5rem; border-top: 1px solid #ddd; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .4rem 0; }
a { color: #00568a; }
code, pre, .id { font: .88em/1.45 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
pre { background: #f5f5f5; padding: .7rem; margin: .4rem 0; white-space: pre-wrap; }
.lead { font-size: 1.05rem; }
.small { font-size: .85rem; color: #555; }
.verdict { margin: 1rem 0; padding: .7rem 1rem; border-left: .5rem solid #666; background: #f5f5f5; overflow-wrap: anywhere; }
.verdict strong { font-size: 1.15rem; }
.verdict.passed { border-color: #0072b2; background: #edf5fa; }
.verdict.failed { border-color: #d55e00; background: #fdf1e9; }
.verdict ul { margin: .4rem 0 0; }
.verdict li { font-size: .9rem; }
.passed-text { color: #00568a; }
.open-text { font-weight: bold; }
.failed-text { color: #a84300; font-weight: bold; }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #e2e2e2; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #888; vertical-align: bottom; }
td.n, th.n { text-align: right; }
td.n { white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.scored td { background: #f3f8fb; }
td.wide { min-width: 14rem; overflow-wrap: anywhere; }
td.name { white-space: nowrap; }
.scroll td:first-child, .scroll th:first-child { position: sticky; left: 0; background: #fff; }
.scroll tr.scored td:first-child { background: #f3f8fb; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem 2.5rem; }
figure { margin: .8rem 0; }
figcaption { font-weight: bold; margin-bottom: .4rem; }
figcaption .small { font-weight: normal; }
svg { display: block; font-family: inherit; }
ul, ol { padding-left: 1.4rem; margin: .3rem 0; }
li { overflow-wrap: anywhere; }
.long { columns: 22rem; font-size: .85rem; }
details { margin: .6rem 0; }
summary { cursor: pointer; padding: .35rem 0; font-weight: bold; color: #00568a; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .2rem 1rem; margin: .4rem 0; font-size: .92rem; }
dt { color: #555; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 32rem) { dl { display: block; } dd { margin-bottom: .4rem; } th, td { padding: .3rem .4rem; } }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .scroll { overflow: visible; }
  td.name, td.n { white-space: normal; }
  tr, figure, .verdict { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
)css";

constexpr const char* kHead = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<style>)html";

constexpr const char* kResults = R"html(</style>
</head>
<body>
<a class="skip" href="#content">Skip to the results</a>
<header>
<h1>{{title}}</h1>
<p class="lead">{{sentence}}</p>
<div class="verdict {{verdict.state}}">
<strong>{{verdict.mark}} {{verdict.text}}</strong>
{{#verdict.reason}}
<p>{{reason}}</p>
{{/verdict.reason}}
<ul>
{{#verdict.failures}}
<li><code>{{gate}}</code> {{subject}}: {{detail}}</li>
{{/verdict.failures}}
</ul>
</div>
</header>
<main id="content">
)html";

constexpr const char* kFiles = R"html({{#has_variants}}
<h2>Files</h2>
<div class="scroll" tabindex="0"><table class="cards">
<thead><tr><th>variant</th><th class="n">{{main_title}}</th><th class="n">change</th><th class="n">{{second_title}}</th>{{#has_boxes}}<th class="n">box mAP 50-95</th>{{/has_boxes}}<th class="n">mean ms</th><th class="n">p90 ms</th><th class="n">size</th><th class="n">ratio</th><th>file</th></tr></thead>
<tbody>
{{#variants}}
<tr{{#scored}} class="scored"{{/scored}}><td class="name">{{name}}</td><td class="n" data-label="{{main_title}}">{{main}}</td><td class="n" data-label="change">{{change}}</td><td class="n" data-label="{{second_title}}">{{second}}</td>{{#boxes}}<td class="n" data-label="box mAP 50-95">{{map}}</td>{{/boxes}}<td class="n" data-label="mean ms">{{mean_ms}}</td><td class="n" data-label="p90 ms">{{p90_ms}}</td><td class="n" data-label="size">{{size}}</td><td class="n" data-label="ratio">{{ratio}}</td><td><a href="{{link}}">onnx</a></td></tr>
{{/variants}}
</tbody></table></div>
<p class="small">Change and ratio are against the FP32 baseline. Times: one image, batch 1, warm-up left out. "-": not measured.</p>
<div class="charts">
{{#charts.map}}
<figure><figcaption>{{main_title}} <span class="small">dashed: float baseline</span></figcaption>
{{{charts.map}}}</figure>
{{/charts.map}}
{{#charts.size}}
<figure><figcaption>File size <span class="small">and how many times smaller than FP32</span></figcaption>
{{{charts.size}}}</figure>
{{/charts.size}}
</div>
{{/has_variants}}
)html";

constexpr const char* kLayers = R"html({{#has_recipes}}
<h2>Layers</h2>
<p class="small">SQNR: power of a layer's output on the calibration images over the power of the error that quantising its weights makes
there, in decibels. Higher is better; 6 dB are about one bit. All charts have the same scale.</p>
{{#recipes}}
<section>
<h3>{{name}}: {{heading}}</h3>
{{#chart}}
<figure><figcaption>Output SQNR of each convolution <span class="small">in network order; below: number of the module (model.N)</span></figcaption>
{{{chart}}}</figure>
<p>Lowest:</p>
<ol>
{{#worst}}
<li><code>{{layer}}</code>: {{found}}</li>
{{/worst}}
</ol>
{{/chart}}
{{^chart}}
<p>There is nothing to draw: no layer of this recipe has a measured output.</p>
{{/chart}}
{{#mixed}}
{{#chart}}
<figure><figcaption>What more bits would save <span class="small">predicted damage over average bits per weight, the dot is what was chosen; damage: divergence of the detections with one layer quantised, summed over layers</span></figcaption>
{{{chart}}}</figure>
{{/chart}}
<p>{{text}}.</p>
{{/mixed}}
{{#skipped_layers}}
<details><summary class="failed-text">{{count}} layers did not get what the recipe asked for</summary><ul class="long">
{{#items}}
<li>{{.}}</li>
{{/items}}
</ul></details>
{{/skipped_layers}}
{{#float_layers}}
<details><summary>{{count}} kept float, with the reason</summary><ul class="long">
{{#items}}
<li>{{.}}</li>
{{/items}}
</ul></details>
{{/float_layers}}
{{#has_rows}}
<details><summary>All {{row_count}} layers</summary>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>layer</th><th class="n">weight bits</th><th class="n">input bits</th><th>method</th><th class="n">weight SQNR dB</th><th class="n">output SQNR dB</th><th class="n">clipped %</th><th class="n">zeroed %</th><th>note</th></tr></thead>
<tbody>
{{#rows}}
<tr><td class="name">{{layer}}</td><td class="n">{{weight_bits}}</td><td class="n">{{activation_bits}}</td><td>{{method}}</td><td class="n">{{sqnr}}</td><td class="n">{{output_sqnr}}</td><td class="n">{{clipped}}</td><td class="n">{{zeroed}}</td><td class="wide">{{note}}</td></tr>
{{/rows}}
</tbody></table></div></details>
{{/has_rows}}
</section>
{{/recipes}}
{{/has_recipes}}
)html";

constexpr const char* kChecks = R"html({{#classes}}
<h2>Classes</h2>
<details><summary>AP 50-95 of {{count}} classes, greatest loss first</summary>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>class</th><th class="n">objects</th><th class="n">baseline</th>{{#variants}}<th class="n">{{.}}</th><th class="n">change</th>{{/variants}}</tr></thead>
<tbody>
{{#rows}}
<tr><td class="name">{{name}}</td><td class="n">{{instances}}</td><td class="n">{{baseline}}</td>{{#cells}}<td class="n">{{ap}}</td><td class="n">{{change}}</td>{{/cells}}</tr>
{{/rows}}
</tbody></table></div>
{{#left_out}}<p class="small">Left out: {{left_out}} classes without an object in the scored images.</p>{{/left_out}}
</details>
{{/classes}}
<h2>Gates</h2>
{{^has_gates}}
<p>Not checked.</p>
{{/has_gates}}
{{#has_gates}}
<details{{#gates_open}} open{{/gates_open}}><summary>{{gates_heading}}</summary>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>gate</th><th>of</th><th>result</th><th>found</th></tr></thead>
<tbody>
{{#gates}}
<tr><td class="name">{{gate}}</td><td class="name">{{subject}}</td><td class="{{state}}-text">{{result}}</td><td class="wide">{{detail}}</td></tr>
{{/gates}}
</tbody></table></div></details>
{{/has_gates}}
{{#has_parity}}
<details><summary>Numeric parity between files and executions</summary>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>file</th><th>compared</th><th class="n">scores differ by</th>{{^is_classifier}}<th class="n">boxes by px</th>{{/is_classifier}}</tr></thead>
<tbody>
{{#parity}}
<tr><td class="name">{{name}}</td><td>{{what}}</td><td class="n">{{score}}</td>{{^is_classifier}}<td class="n">{{box}}</td>{{/is_classifier}}</tr>
{{/parity}}
</tbody></table></div></details>
{{/has_parity}}
)html";

constexpr const char* kOrigin = R"html({{#has_caveats}}
<h2>Caveats</h2>
<ul>
{{#caveats}}
<li>{{#parts}}{{#strong}}<strong>{{text}}</strong>{{/strong}}{{^strong}}{{text}}{{/strong}}{{/parts}}</li>
{{/caveats}}
</ul>
{{/has_caveats}}
<h2>Data</h2>
<ul>
{{#data}}
<li>{{.}}</li>
{{/data}}
</ul>
<h2>Environment</h2>
<dl>
{{#environment}}
<dt>{{name}}</dt><dd>{{value}}</dd>
{{/environment}}
</dl>
<h2>To repeat it</h2>
<pre>{{command}}</pre>
<p class="small">{{when}}</p>
<h2>Records</h2>
<ul>
{{#files}}
<li><a class="id" href="{{link}}">{{path}}</a></li>
{{/files}}
</ul>
</main>
</body>
</html>
)html";

}  // namespace

const std::string& report_template() {
  static const std::string page = std::string(kHead) + kStyle + adaptive_style() + kResults + verdict_template() + pictures_template() +
                                  kFiles + distributions_template() + intervals_template() + blame_template() + training_template() +
                                  runtime_template() + kLayers + class_changes_template() + kChecks + kOrigin;
  return page;
}

}  // namespace nibble
