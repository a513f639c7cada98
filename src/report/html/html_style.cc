// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_template.h"

namespace nibble {

const char* adaptive_style() {
  return R"css(
body { max-width: 80rem; }
.take { list-style: none; padding: 0; }
.take li { padding: .45rem .8rem; margin: .35rem 0; border-left: .3rem solid #0072b2; background: #f5f5f5; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: .6rem 1.5rem; }
.pictures figure { margin: .3rem 0; }
.pictures img { display: block; width: 100%; height: auto; }
.pictures figcaption { font-weight: normal; font-size: .88rem; margin-top: .3rem; }
.pictures .small { text-transform: uppercase; letter-spacing: .03em; }
.legend { font-size: .85rem; columns: 18rem; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
:focus-visible { outline: 3px solid #d55e00; outline-offset: 2px; }
td.name { white-space: normal; min-width: 9rem; overflow-wrap: anywhere; }
@media (max-width: 45rem) {
  table.cards thead { position: absolute; left: -99rem; }
  table.cards, table.cards tbody, table.cards tr, table.cards td { display: block; width: 100%; }
  table.cards tr { border: 1px solid #ccc; margin: .5rem 0; padding: .3rem .5rem; }
  table.cards td, table.cards td.n { border: 0; padding: .12rem 0; text-align: left; white-space: normal; position: static; min-width: 0; }
  table.cards td:first-child { font-weight: bold; }
  table.cards td[data-label]::before { content: attr(data-label) ": "; color: #555; }
}
@media (prefers-color-scheme: dark) {
  :root { color-scheme: dark; }
  body { background: #14171a; color: #e4e6e8; }
  a, summary, .passed-text { color: #6db9ea; }
  .failed-text { color: #ff9d5c; }
  .small, dt, table.cards td[data-label]::before { color: #a9b0b6; }
  h2 { border-color: #3a4046; }
  pre, .verdict, .take li { background: #20252a; }
  .verdict.passed { background: #12293a; }
  .verdict.failed { background: #3a2113; }
  th, td, table.cards tr { border-color: #3a4046; }
  tr.scored td, .scroll tr.scored td:first-child { background: #172530; }
  .scroll td:first-child, .scroll th:first-child { background: #14171a; }
  svg[fill="#1A1A1A"], svg [fill="#1A1A1A"] { fill: #e4e6e8; }
  svg [stroke="#1A1A1A"] { stroke: #e4e6e8; }
  svg [stroke="#DDDDDD"] { stroke: #343a40; }
  svg [stroke="#fff"] { stroke: #14171a; }
  svg [fill="#0072B2"] { fill: #3d9fdc; }
  svg [stroke="#0072B2"] { stroke: #3d9fdc; }
  svg [fill="#D55E00"] { fill: #ff8a3d; }
}
@media print {
  :root { color-scheme: light; }
  body { max-width: none; background: #fff; color: #000; }
  .pictures { grid-template-columns: 1fr 1fr; }
  .pictures figure { break-inside: avoid; }
  table { font-size: 8pt; }
  th, td { padding: .15rem .3rem; }
  td.name, td.wide { min-width: 0; }
  .skip { display: none; }
}
)css";
}

}  // namespace nibble
