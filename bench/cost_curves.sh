#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What calibration costs against the number of images, the size of the network and the number of threads: processor time, wall time, peak
# memory, and the most that temporary files took on the disk. Small inputs, so that ten thousand images are done in minutes; an image of
# 640 px takes (640 / IMGSZ)^2 times as much of everything that grows with images.
# Usage: bench/cost_curves.sh CALIB CHECKPOINT...: images and threads with the first checkpoint, sizes with all of them.
# IMAGES ("10 100 1000 10000"; those of CALIB under other names where it has fewer), IMGSZ (160), RECIPE (w4a16), THREADS ("1 2"),
# PARTS ("images threads sizes"). Files go to tmp/cost_curves.
set -euo pipefail
cd "$(dirname "$0")/.."
calib=${1:?usage: bench/cost_curves.sh CALIB CHECKPOINT...}
shift
: "${1:?usage: bench/cost_curves.sh CALIB CHECKPOINT...}"
out=$PWD/tmp/cost_curves recipe=${RECIPE:-w4a16} pixels=${IMGSZ:-160}
rm -rf "$out"
mkdir -p "$out/temporary"
shopt -s nullglob
pictures=("$calib"/*.jpg "$calib"/*.png)
[ ${#pictures[@]} -gt 0 ] || { echo "cost_curves.sh: $calib: holds no .jpg or .png" >&2; exit 3; }

# row WHAT CHECKPOINT IMAGES THREADS: measures one calibration.
row() {
  local what=$1 checkpoint=$2 count=$3 threads=$4 most=0 now
  local set=$out/set-$count
  if [ ! -d "$set" ]; then
    mkdir "$set"
    for ((i = 0; i < count; ++i)); do
      local picture=${pictures[i % ${#pictures[@]}]}
      ln -s "$(realpath "$picture")" "$set/$(printf %06d "$i").${picture##*.}"
    done
  fi
  TMPDIR=$out/temporary /usr/bin/time -f "%U %S %e %M" -o "$out/time.txt" build/nibble quantize "$checkpoint" -o "$out/files" \
    --recipe "$recipe" --preset default --calib "$set" --calib-images "$count" --imgsz "$pixels" --dialect int4 --threads "$threads" \
    --quiet >"$out/result.txt" 2>"$out/log.txt" &
  local timer=$!
  while kill -0 "$timer" 2>/dev/null; do  # temporary files have no names: they are seen as open files only
    now=0
    for process in $(pgrep -P "$timer" || true); do
      now=$({ find "/proc/$process/fd" -lname "$out/temporary/*" -exec stat -L -c %b {} + 2>/dev/null || true; } |
        awk '{blocks += $1} END {print blocks + 0}')
    done
    if ((now > most)); then most=$now; fi
    sleep 0.2
  done
  wait "$timer" || { tail -n 3 "$out/log.txt" >&2; exit 1; }
  awk -v what="$what" -v blocks="$most" '{printf "| %s | %.1f | %.1f | %.2f | %.2f |\n", what, $1 + $2, $3, $4 / 1e6, blocks * 512 / 1e9}' \
    "$out/time.txt"
}

echo "| $recipe, $pixels px | processor s | wall s | peak GB | temporary files GB |"
echo "|---|---|---|---|---|"
for part in ${PARTS:-images threads sizes}; do
  case $part in
    images) for count in ${IMAGES:-10 100 1000 10000}; do row "$count images" "$1" "$count" 1; done ;;
    threads) for threads in ${THREADS:-1 2}; do row "100 images, threads: $threads" "$1" 100 "$threads"; done ;;
    sizes) for checkpoint in "$@"; do row "$(basename "$checkpoint" .pt), 16 images" "$checkpoint" 16 1; done ;;
    *) echo "cost_curves.sh: PARTS: $part: images, threads or sizes" >&2; exit 2 ;;
  esac
done
