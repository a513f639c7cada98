#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The accuracy figures of docs/results.md: the four recipes on the seed evaluation (first 100 val2017 images), calibrated on
# unlabelled train2017 images. Usage: bench/seed_evaluation.sh DATA [more options of nibble run]
# RECIPES chooses others. DATA holds weights/yolov10n.pt and coco/{val2017,unlabeled,annotations}. Run directories go to tmp/seed.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${1:?usage: bench/seed_evaluation.sh DATA [options of nibble run]}
shift
build/nibble run "$data/weights/yolov10n.pt" --recipes "${RECIPES:-w8a16,w8a8,w4a16,w4a8}" \
  --calib "$data/coco/unlabeled" \
  --images "$data/coco/val2017" --annotations "$data/coco/annotations/instances_val2017.json" --max-images 100 \
  --runs-dir tmp/seed "$@"
