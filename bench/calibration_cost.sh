#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where the time of calibration goes, as a table: seconds of each phase, the whole in float passes (the time in which ONNX Runtime takes
# the float model over as many images), and peak memory. Compare figures of one run on one machine.
# Usage: bench/calibration_cost.sh CHECKPOINT CALIB; PRESET (default: default), RECIPES (default: "w4a16 w4a8"), THREADS (default: all).
# Files go to tmp/calibration_cost.
set -euo pipefail
cd "$(dirname "$0")/.."
checkpoint=${1:?usage: bench/calibration_cost.sh CHECKPOINT CALIB}
calib=${2:?usage: bench/calibration_cost.sh CHECKPOINT CALIB}
out=tmp/calibration_cost
mkdir -p "$out"

# The seconds in brackets at the end of the line that begins with $1 and has them.
seconds_of() { sed -n "s/^$1.*(\([0-9.]*\) s)\$/\1/p" "$out/log.txt" | tail -n 1; }

echo "| recipe | images | gradients of the head | layers | scores | all | float passes | peak GB |"
echo "|---|---|---|---|---|---|---|---|"
for recipe in ${RECIPES:-w4a16 w4a8}; do
  /usr/bin/time -f "%e %M" -o "$out/time.txt" build/nibble quantize "$checkpoint" -o "$out/files" --recipe "$recipe" \
    --preset "${PRESET:-default}" --calib "$calib" --dialect int4 --threads "${THREADS:-0}" --verbose >"$out/result.txt" 2>"$out/log.txt"
  images=$(sed -n 's/^look at calibration images: \([0-9]*\) images .*/\1/p' "$out/log.txt")
  scored=$(sed -n 's/^scores of float: \([0-9]*\) images, .*/\1/p' "$out/log.txt")
  awk -v recipe="$recipe" -v images="$images" -v scored="$scored" -v gradients="$(seconds_of gradients)" -v layers="$(seconds_of calibrate)" \
    -v float="$(seconds_of 'scores of float')" -v quantised="$(seconds_of "scores of $recipe")" \
    '{printf "| %s | %d | %.1f | %.1f | %.1f | %.1f | %.1f | %.2f |\n", recipe, images, gradients, layers, float + quantised, $1,
      $1 / (float / scored * images), $2 / 1e6}' "$out/time.txt"
done
