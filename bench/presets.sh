#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The table of presets in docs/results.md: each recipe with each preset, calibrated on unlabelled train2017 images, scored on the
# seed evaluation (first 100 val2017 images), on all 128 val2017 images and on 128 other ones (labelled train2017, not used for
# calibration).
# Usage: bench/presets.sh DATA; PRESETS and RECIPES choose. DATA as for bench/seed_evaluation.sh, with coco/train2017. Files go to tmp/presets.
set -euo pipefail
shopt -s inherit_errexit # a failure inside $(...) ends it too
cd "$(dirname "$0")/.."
data=${1:?usage: bench/presets.sh DATA}
coco=$data/coco
out=tmp/presets
mkdir -p "$out"

map_of() { sed -n 's/.*"mAP_50_95": \([0-9.]*\).*/\1/p' "$1" | head -n 1; }
score() { # FILE NAME -> "seed val other"
  build/nibble eval "$1" --images "$coco/val2017" --annotations "$coco/annotations/instances_val2017.json" --max-images 128 \
    --skip-latency --quiet --save-detections "$out/$2-detections.json" --json "$out/$2-val.json" >"$out/$2-val.txt"
  build/nibble score "$out/$2-detections.json" --annotations "$coco/annotations/instances_val2017.json" --max-images 100 \
    --json "$out/$2-seed.json" >"$out/$2-seed.txt"
  build/nibble eval "$1" --images "$coco/train2017" --annotations "$coco/annotations/instances_train2017.json" \
    --skip-latency --quiet --json "$out/$2-other.json" >"$out/$2-other.txt"
  echo "$(map_of "$out/$2-seed.json") | $(map_of "$out/$2-val.json") | $(map_of "$out/$2-other.json")"
}

build/nibble export "$data/weights/yolov10n.pt" -o "$out/float.onnx" >/dev/null
echo "| recipe | preset | seed | val | other | seconds |"
echo "|---|---|---|---|---|---|"
scores=$(score "$out/float.onnx" float) # not inside echo: a failure must end the script
echo "| float | | $scores | |"
for preset in ${PRESETS:-default}; do
  for recipe in ${RECIPES:-w4a16 w4a8 w4a16-mixed w4a8-mixed w4a16-block16}; do
    method=ptq
    [ "$preset" = best ] && method=qat # trained on the calibration images
    dialect=qcdq file=qcdq-$method-opt
    case $recipe in *block*) dialect=int4 file=int4-$method ;; esac
    start=$SECONDS
    build/nibble quantize "$data/weights/yolov10n.pt" -o "$out/$preset" --recipe "$recipe" --preset "$preset" --calib "$coco/unlabeled" \
      --dialect $dialect >"$out/$preset-$recipe.txt" 2>"$out/$preset-$recipe.log"
    seconds=$((SECONDS - start))
    scores=$(score "$out/$preset/yolov10n-$recipe-$file.onnx" "$preset-$recipe")
    echo "| $recipe | $preset | $scores | $seconds |"
  done
done
