#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# nibble and other tools at the same work, in turns on this machine: processor seconds (user and system, children included) and their
# ratio, nibble's over the peer's, as the median of ROUNDS (3) with the lowest and highest. Seconds differ between machines, ratios hardly.
# Two rows need no peer: what an image costs in ONNX Runtime with a quantised file, of what the float file costs (nibble profile).
# Writes tmp/bench/ratios.md and compares it with the committed bench/ratios.md: a ratio whose lowest value is more than a tenth above the
# committed highest is named as a regression. To commit a new table, copy it there.
# Usage: make bench, or bench/side_by_side.sh. The peers (bench/peers/requirements.txt) live in the Python environment NIBBLE_PEERS
# (~/.cache/nibble/peers), which is made where it is missing; without it nibble's own seconds are written, and what was not compared.
# Exit codes: 0 done, compared or not; 1 a ratio regressed; 5 nibble is not built.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${ROUNDS:-3}
peers=${NIBBLE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/nibble/peers}
nibble=build/nibble
checkpoint=assets/yolov10n.pt
images=assets/coco/train2017
out=tmp/bench
table=$out/ratios.md
committed=bench/ratios.md
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 # as nibble's --threads 1

for program in "$nibble" build/coco_map_bench; do
  [ -x "$program" ] || { echo "side_by_side.sh: $program: is not built; run make bench" >&2; exit 5; }
done
rm -rf "$out" && mkdir -p "$out"
if [ ! -x "$peers/bin/python" ]; then
  echo "making $peers with what bench/peers/requirements.txt names (some gigabytes)" >&2
  { python3 -m venv "$peers" && "$peers/bin/pip" install --quiet --requirement bench/peers/requirements.txt; } >"$out/peers.log" 2>&1 || {
    echo "side_by_side.sh: $peers: could not be made: $(tail -n 1 "$out/peers.log"); nothing is compared. Make it yourself, and name it in NIBBLE_PEERS" >&2
    rm -rf "$peers"
  }
fi

# Processor seconds of a command; what it prints goes to $out/last.log.
seconds_of() {
  local TIMEFORMAT='%U %S'
  { time "$@" >"$out/last.log" 2>&1; } 2>"$out/time.txt" || return 1
  awk '{printf "%.3f\n", $1 + $2}' "$out/time.txt"
}
# "median low high" of the numbers on standard input
spread_of() { sort -g | awk '{v[NR] = $1} END {printf "%.3g %.3g %.3g", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2, v[1], v[NR]}'; }
# KEY PEER RATIOS-FILE OURS THEIRS
row() {
  read -r middle low high <<<"$([ -s "$3" ] && spread_of <"$3" || echo "- - -")"
  echo "| $1 | $2 | $4 | $5 | $middle | $low | $high |" >>"$table"
}
median_in() { [ -s "$1" ] && spread_of <"$1" | cut -d ' ' -f 1 || echo -; }

# compare KEY PEER -- OURS... -- THEIRS...: both in turns.
compare() {
  local key=$1 peer=$2 ours=() theirs=() ratios=$out/ratios.txt
  shift 3
  while [ "$1" != -- ]; do ours+=("$1"); shift; done
  shift
  theirs=("$@")
  : >"$out/ours.txt"; : >"$out/theirs.txt"; : >"$ratios"
  echo "$key: $rounds rounds" >&2
  for _ in $(seq "$rounds"); do
    local mine other
    mine=$(seconds_of "${ours[@]}") || { echo "side_by_side.sh: $key: nibble failed: $(tail -n 1 "$out/last.log")" >&2; exit 70; }
    echo "$mine" >>"$out/ours.txt"
    [ -x "$peers/bin/python" ] || continue
    if ! other=$(seconds_of "$peers/bin/python" "${theirs[@]}"); then
      echo "  not compared with $peer: $(tail -n 1 "$out/last.log")" >&2
      continue
    fi
    echo "$other" >>"$out/theirs.txt"
    awk -v a="$mine" -v b="$other" 'BEGIN {print a / b}' >>"$ratios"
  done
  row "$key" "$peer" "$ratios" "$(median_in "$out/ours.txt")" "$(median_in "$out/theirs.txt")"
}

# against_float KEY FILE: time of an image, of the float file's.
against_float() {
  echo "$1: $rounds rounds" >&2
  for _ in $(seq "$rounds"); do
    "$nibble" profile "$out/float.onnx" "$2" --threads 1 --runs 10 --quiet 2>"$out/last.log" |
      awk '/^times, in turns/ {n = NR} n && NR == n + 2 {sub("x", "", $4); print $4}'  # read to the end: nibble would die of a closed pipe
  done >"$out/ratios.txt"
  row "$1" "the float file" "$out/ratios.txt" - -
}

cat >"$table" <<END
| work | against | nibble, s | peer, s | ratio | lowest | highest |
|---|---|---|---|---|---|---|
END
compare "export of YOLOv10n" "Ultralytics" -- "$nibble" export "$checkpoint" -o "$out/float.onnx" -- \
  bench/peers/ultralytics_export.py "$checkpoint" "$out"
compare "w4a8, nearest, 8 images" "Brevitas" -- "$nibble" quantize "$checkpoint" -o "$out" --recipe bench/w4a8-tensor-nearest.yaml \
  --calib "$images" --calib-images 8 --dialect qcdq --threads 1 --quiet -- \
  bench/peers/brevitas_quantise.py "$checkpoint" "$images" 8
build/coco_map_bench --write "$out" >/dev/null
compare "COCO numbers of 5000 images" "pycocotools" -- "$nibble" score "$out/detections.json" --annotations "$out/instances.json" \
  --resamples 0 --threads 1 --quiet -- bench/peers/coco_eval.py "$out/instances.json" "$out/detections.json"

# Speed does not depend on the codes: round to the nearest.
printf 'name: near-%s\nweights: {bits: 4, rounding: nearest}\nactivations: {bits: %s}\n' a16 0 >"$out/near-a16.yaml"
printf 'name: near-%s\nweights: {bits: 4, rounding: nearest}\nactivations: {bits: %s}\n' a8 8 >"$out/near-a8.yaml"
for activations in a16 a8; do
  "$nibble" quantize "$checkpoint" -o "$out" --recipe "$out/near-$activations.yaml" --calib "$images" --calib-images 4 --dialect all --quiet \
    >"$out/last.log" 2>&1 || { echo "side_by_side.sh: near-$activations: $(tail -n 1 "$out/last.log")" >&2; exit 70; }
done
against_float "an image, w4a16 unpack" "$out/yolov10n-near-a16-unpack-ptq.onnx"
against_float "an image, w4a8 integer" "$out/yolov10n-near-a8-integer-ptq.onnx"

cat "$table"
[ -f "$committed" ] || { echo "no committed table to compare with; keep this one: cp $table $committed"; exit 0; }
awk -F ' *[|] *' -v margin=1.1 '
  FNR < 3 || NF < 9 {next}
  NR == FNR {known[$2] = $8; was[$2] = $6; next}
  $6 == "-" {print "not compared: " $2 " (against " $3 "): no peer here"; next}
  !($2 in known) || known[$2] == "-" {print "new: " $2; next}
  $7 > known[$2] * margin {print "REGRESSED: " $2 ": " $6 " (" $7 " to " $8 "), was " was[$2] " (at most " known[$2] ")"; worse = 1}
  END {if (!worse) print "no ratio regressed against " ARGV[1]; exit worse}
' "$committed" "$table"
