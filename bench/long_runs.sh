#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whether long work stays flat: 1000 scorings in one process, a training of 2000 steps and a run over 5000 images (the embedded ones under
# other names, labelled by what the float network sees there). Of each the largest resident memory, open files and threads in the second
# quarter and in the last one. Small inputs, so that it is the count of steps that is long. A quarter of an hour on 2 cores.
# Usage: bench/long_runs.sh; EVALS, STEPS, IMAGES say how many. Files go to tmp/long_runs.
set -euo pipefail
cd "$(dirname "$0")/.."
out=tmp/long_runs
model=assets/yolov10n.pt
images=${IMAGES:-5000}
rm -rf "$out"
mkdir -p "$out/set/images" "$out/set/labels"

# watch NAME COMMAND...: runs it and writes "kB files threads" every second.
watch() {
  local name=$1
  shift
  "$@" >"$out/$name.out" 2>"$out/$name.err" &
  local process=$!
  while kill -0 "$process" 2>/dev/null; do
    awk -v files="$(find "/proc/$process/fd" -type l 2>/dev/null | wc -l)" \
      '$1 == "VmRSS:" {memory = $2} $1 == "Threads:" {print memory, files, $2}' "/proc/$process/status" 2>/dev/null || true
    sleep 1
  done >"$out/$name.samples"
  wait "$process"
}
# row NAME WHAT
row() {
  awk -v what="$2" '{memory[NR] = $1; files[NR] = $2; threads[NR] = $3}
    function largest(of, from, to,   i, found) { for (i = from; i <= to; ++i) if (of[i] > found) found = of[i]; return found }
    END {
      early = int(NR / 4) + 1; middle = int(NR / 2); late = int(3 * NR / 4) + 1
      printf "| %s | %.0f, %.0f | %d, %d | %d, %d |\n", what, largest(memory, early, middle) / 1000, largest(memory, late, NR) / 1000,
        largest(files, early, middle), largest(files, late, NR), largest(threads, early, middle), largest(threads, late, NR)
    }' "$out/$1.samples"
}

echo "| | resident MB, second and last quarter | open files | threads |"
echo "|---|---|---|---|"

build/nibble export "$model" -o "$out/float.onnx" --imgsz 160 --quiet >/dev/null
watch evals build/repeated_evals "$out/float.onnx" "${EVALS:-1000}"
row evals "${EVALS:-1000} scorings in one process"

watch training build/nibble qat "$model" -o "$out/trained" --recipe w4a8 --preset fast --calib-images 4 --imgsz 96 --batch 2 \
  --steps "${STEPS:-2000}" --quiet
row training "training of ${STEPS:-2000} steps"

build/nibble predict "$out/float.onnx" --source assets/coco/val2017 -o "$out/seen" --save-txt --conf 0.3 --quiet >/dev/null
shopt -s nullglob
pictures=(assets/coco/val2017/*.jpg)
for ((i = 0; i < images; ++i)); do
  picture=${pictures[i % ${#pictures[@]}]}
  labels=$out/seen/labels/$(basename "$picture" .jpg).txt
  ln "$picture" "$out/set/images/$i.jpg" 2>/dev/null || cp "$picture" "$out/set/images/$i.jpg"
  if [ -e "$labels" ]; then cp "$labels" "$out/set/labels/$i.txt"; fi
done
{
  printf 'path: .\nval: images\ntrain: images\nnames:\n'
  for ((i = 0; i < 80; ++i)); do echo "  $i: '$i'"; done
} >"$out/set/data.yaml"
watch run build/nibble run "$model" --recipes w4a8 --preset fast --calib-images 4 --imgsz 160 --annotations "$out/set/data.yaml" \
  --max-images "$images" --runs-dir "$out/runs" --run-id long --quiet || [ $? -eq 1 ] # 1: a gate failed, which is not what is asked here
row run "run over $images images"
