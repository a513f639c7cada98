#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Draws docs/recipes.svg: size against change of mAP of every recipe, from the table "Shipped recipes" in docs/results.md.
# Each recipe is a bar from its change on val2017 (circle) to that on train2017 (square); both sets together tell about a point apart.
# Usage: bench/plot_recipes.sh [RESULTS.md] > docs/recipes.svg
set -euo pipefail
cd "$(dirname "$0")/.."
awk -F' *[|] *' '
  function x_of(bytes) { return 70 + (bytes / 1e6 - 1.0) / 1.7 * 640 }
  function y_of(points) { return 40 + (0.5 - points) / 4.0 * 300 }
  function text(x, y, anchor, what) { printf "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, what }
  /^## / { in_table = /^## Shipped recipes/ }
  !in_table || NF < 11 || $3 != "default" { next }
  { name[++count] = $2; val[count] = $5 + 0; train[count] = $7 + 0; bytes[count] = $8 + 0 }
  END {
    if (count == 0) { print "plot_recipes: the table of recipes was not found" > "/dev/stderr"; exit 1 }
    print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 400\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"size against change of mAP of every recipe\">"
    print "<!-- made by bench/plot_recipes.sh from docs/results.md -->"
    print "<rect width=\"760\" height=\"400\" fill=\"white\"/>"
    for (points = 0; points >= -3; --points) {
      printf "<path d=\"M70 %.1fH710\" stroke=\"%s\"/>\n", y_of(points), points == 0 ? "#333" : "#ddd"
      text(62, y_of(points) + 4, "end", points)
    }
    for (size = 10; size <= 26; size += 2) text(x_of(size * 1e5), 358, "middle", sprintf("%.1f", size / 10))
    text(390, 385, "middle", "MB of the packed file; the float file has 9.35")
    text(70, 24, "start", "points of mAP 50-95 against the float file: circle val2017, square train2017, 128 images each")
    for (i = 1; i <= count; ++i) {
      x = x_of(bytes[i]); colour = name[i] ~ /trellis/ ? "#b3460b" : name[i] ~ /a8/ ? "#1f6f8b" : "#444"
      printf "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\" stroke-width=\"2\"/>\n", x, y_of(val[i]), y_of(train[i]), colour
      printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n", x, y_of(val[i]), colour
      printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"9\" height=\"9\" fill=\"%s\"/>\n", x - 4.5, y_of(train[i]) - 4.5, colour
      # Beside the bar, below labels that are there already.
      label_x = x + 10
      label_y = y_of((val[i] + train[i]) / 2) + 4
      for (again = 1; again;) {
        again = 0
        for (k = 1; k < i; ++k)
          if (label_x - at_x[k] < 110 && at_x[k] - label_x < 110 && label_y - at_y[k] < 14 && at_y[k] - label_y < 14) {
            label_y = at_y[k] + 14
            again = 1
          }
      }
      at_x[i] = label_x
      at_y[i] = label_y
      printf "<text x=\"%.0f\" y=\"%.0f\" fill=\"%s\">%s</text>\n", label_x, label_y, colour, name[i]
    }
    print "</svg>"
  }' "${1:-docs/results.md}"
