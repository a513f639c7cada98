#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The table of recipes in README.md and docs/results.md: each recipe with each preset, calibrated on unlabelled train2017 images and scored
# on the first 128 val2017 images and on 128 labelled train2017 images that did not calibrate: mAP 50-95, the change against float in points
# with its 95 % interval (bootstrap over images), size of the packed file
# (INT4; along a trellis unpack, or integer with 8-bit activations), seconds and peak memory of calibration, and the time of an image
# relative to the float file, one thread, in turns (with float activations of the unpack file, else of the integer form).
# Usage: bench/presets.sh DATA; PRESETS and RECIPES choose. DATA as for bench/seed_evaluation.sh, with coco/train2017. Files go to tmp/presets.
set -euo pipefail
shopt -s inherit_errexit # a failure inside $(...) ends it too
cd "$(dirname "$0")/.."
data=${1:?usage: bench/presets.sh DATA}
coco=$data/coco
out=tmp/presets
mkdir -p "$out"

score() { # FILE NAME SPLIT, with the float model's detections as baseline where there are any -> the text of eval
  local baseline=()
  [ "$2" = float ] || baseline=(--baseline-detections "$out/float-$3-detections.json")
  build/nibble eval "$1" --images "$coco/$3" --annotations "$coco/annotations/instances_$3.json" --max-images 128 --skip-latency --quiet \
    --save-detections "$out/$2-$3-detections.json" "${baseline[@]}" >"$out/$2-$3.txt" 2>"$out/$2-$3.log"
}
# mAP | change [interval], in points
columns_of() {
  awk '$1 == "mAP_50_95" {gsub(/[][,]/, ""); printf "%.4f | ", $2; if (NF > 4) printf "%+.1f [%+.1f, %+.1f]", 100 * $5, 100 * $6, 100 * $7}' "$1"
}
ratio_of() { # FILE: of the float file's time
  build/nibble profile "$out/float.onnx" "$1" --threads 1 --runs 20 --quiet 2>/dev/null | awk '/^times, in turns/ {n = NR} n && NR == n + 2 {print $4; exit}'
}

build/nibble export "$data/weights/yolov10n.pt" -o "$out/float.onnx" >/dev/null
echo "| recipe | preset | val2017 | change, points | train2017 | change, points | bytes | time | seconds | peak GB |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for split in val2017 train2017; do score "$out/float.onnx" float "$split"; done
echo "| float | | $(columns_of "$out/float-val2017.txt") | $(columns_of "$out/float-train2017.txt") | $(stat -c %s "$out/float.onnx") (FP32) | 1.00x | | |"
for preset in ${PRESETS:-default}; do
  for recipe in ${RECIPES:-w8a8 w4a16 w4a16-trellis w4a16-trellis-mixed w3a16-trellis w4a8 w4a8-trellis w4a8-mixed w4a16-block16}; do
    method=ptq
    [ "$preset" = best ] && method=qat # trained on the calibration images
    /usr/bin/time -f "%e %M" -o "$out/time.txt" build/nibble quantize "$data/weights/yolov10n.pt" -o "$out/$preset" --recipe "$recipe" \
      --preset "$preset" --calib "$coco/unlabeled" --dialect all >"$out/$preset-$recipe.txt" 2>"$out/$preset-$recipe.log"
    of() { echo "$out/$preset/yolov10n-$recipe-$1.onnx"; }
    scored=$(of unpack-$method)
    timed=$scored
    packed=$(of int4-$method)
    case $recipe in
    *a16-trellis*) packed=$(of unpack-$method) ;;
    *a8-trellis) packed=$(of integer-$method) ;;
    esac
    case $recipe in *a8*) scored=$(of qcdq-$method-opt) timed=$(of integer-$method) ;; esac
    for split in val2017 train2017; do score "$scored" "$preset-$recipe" "$split"; done
    awk -v recipe="$recipe" -v preset="$preset" -v val="$(columns_of "$out/$preset-$recipe-val2017.txt")" \
      -v other="$(columns_of "$out/$preset-$recipe-train2017.txt")" -v bytes="$(stat -c %s "$packed")" -v ratio="$(ratio_of "$timed")" \
      '{printf "| %s | %s | %s | %s | %s | %s | %.0f | %.1f |\n", recipe, preset, val, other, bytes, ratio, $1, $2 / 1e6}' "$out/time.txt"
  done
done
