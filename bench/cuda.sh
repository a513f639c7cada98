#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All that a machine with a GPU can tell, in one results file: builds against the CUDA LibTorch and runs the tests labelled gpu; loads and
# runs every dialect in ONNX Runtime's CUDA provider with no node on the CPU, compares the outputs with the CPU provider's and times the
# files in turns with the float file; runs the main job and a training there. A step that fails is a row of the file, and the others go on.
# Usage: bench/cuda.sh [--provider cuda|cpu]. cpu is the rehearsal: the same steps, without a GPU, on the build in build/.
# With cuda, TORCH_WHEEL is the torch folder of a PyPI wheel with CUDA, NIBBLE_ONNXRUNTIME the library of the onnxruntime-gpu wheel.
# STEPS (200; rehearsal 2): of the training. RUNS (50; rehearsal 3): timed runs of a file. IMGSZ (640; rehearsal 96): pixels of the input.
# Writes tmp/cuda/results.md (rehearsal: tmp/cuda-rehearsal/results.md), and the output of each step beside it.
# Exit codes: 0 all steps succeeded; 1 one failed; 2 usage; 5 something is missing, one line for each thing.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 70
provider=cuda
case "$*" in
  "" | "--provider cuda") ;;
  "--provider cpu") provider=cpu ;;
  *) echo "cuda.sh: usage: bench/cuda.sh [--provider cuda|cpu]" >&2; exit 2 ;;
esac
if [ "$provider" = cuda ]; then
  build=build-cuda out=tmp/cuda steps=${STEPS:-200} runs=${RUNS:-50} size=${IMGSZ:-640} images=40
else
  build=build out=tmp/cuda-rehearsal steps=${STEPS:-2} runs=${RUNS:-3} size=${IMGSZ:-96} images=2
fi
nibble=$build/nibble
checkpoint=assets/yolov10n.pt
results=$out/results.md

missing=0
need() { # WHAT HOW-TO-GET-IT COMMAND...: a line unless the command succeeds
  local what=$1 how=$2
  shift 2
  "$@" >/dev/null 2>&1 && return
  echo "cuda.sh: missing: $what; $how" >&2
  missing=1
}
provider_library() { [ -f "$(dirname "${NIBBLE_ONNXRUNTIME:-/none/x}")/libonnxruntime_providers_cuda.so" ]; }
if [ "$provider" = cuda ]; then
  need "a GPU that nvidia-smi sees" "run this on a machine with one and its driver, or rehearse with --provider cpu" nvidia-smi -L
  need "LibTorch with CUDA" "TORCH_WHEEL=.../site-packages/torch of a CUDA wheel" test -f "${TORCH_WHEEL:-}/lib/libtorch_cuda.so"
  need "ONNX Runtime with CUDA" "NIBBLE_ONNXRUNTIME=.../onnxruntime/capi/libonnxruntime.so.VERSION of the onnxruntime-gpu wheel" provider_library
  need "cmake" "scripts/setup.sh" cmake --version
else
  need "$nibble" "make build" test -x "$nibble"
fi
[ "$missing" = 0 ] || exit 5

rm -rf "$out" && mkdir -p "$out"
failed=0
step() { # NAME COMMAND...: its output goes to NAME.txt, its outcome to the results; gives back its exit code
  local name=$1 code=0 start=$SECONDS
  shift
  echo "$name" >&2
  "$@" >"$out/$name.txt" 2>"$out/$name.log" || code=$?
  if [ "$code" = 0 ]; then
    echo "| $name | done | $((SECONDS - start)) | |" >>"$results"
  else
    failed=1
    echo "| $name | **failed, $code** | $((SECONDS - start)) | $(cat "$out/$name.txt" "$out/$name.log" | grep -v '^$' | tail -n 1 | tr '|' '/') |" >>"$results"
  fi
  return "$code"
}
build_cuda() { cmake --preset cuda && cmake --build --preset cuda --parallel "$(scripts/jobs.sh)"; }

{
  if [ "$provider" = cuda ]; then
    echo "# What a GPU tells"
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
  else
    echo "# Rehearsal on a CPU: no number here is a measurement"
  fi
  echo "Commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), input $size px, $(nproc) cores"
  printf '\n| step | outcome | seconds | last line |\n|---|---|---|---|\n'
} >"$results"
if [ "$provider" = cuda ]; then
  step build build_cuda || { cat "$results"; exit 1; }
  step gpu_tests ctest --test-dir "$build" -L gpu --output-on-failure --no-tests=error
else
  echo "| build, gpu_tests | not rehearsed | | |" >>"$results"
fi
step doctor "$nibble" doctor --provider "$provider"

# The files of every dialect. What a kernel does depends on no code: rounded to the nearest, on few images.
recipe() { # NAME WEIGHTS ACTIVATION-BITS
  printf 'name: %s\nweights: {%s, rounding: nearest}\nactivations: {bits: %s}\n' "$1" "$2" "$3" >"$out/$1.yaml"
}
recipe w8a16 "bits: 8" 0
recipe w4a16 "bits: 4" 0
recipe w4a8 "bits: 4" 8
recipe w4a16-block16 "bits: 4, granularity: block, block: 16" 0
for head in one2many one2one; do
  files=$out/$head
  step "$head-float" "$nibble" export "$checkpoint" -o "$files/float.onnx" --head "$head" --imgsz "$size"
  step "$head-float-fp16" "$nibble" export "$checkpoint" -o "$files/float-fp16.onnx" --head "$head" --imgsz "$size" --half
  for name in w8a16 w4a16 w4a8 w4a16-block16; do
    step "$head-$name" "$nibble" quantize "$checkpoint" -o "$files" --recipe "$out/$name.yaml" --head "$head" --imgsz "$size" \
      --calib-images "$images" --dialect all --quiet
  done
done

step main_job "$nibble" run "$checkpoint" --provider "$provider" --preset fast --calib-images "$images" --max-images "$images" --imgsz "$size" \
  --runs-dir "$out/runs" --run-id main
step training "$nibble" qat "$checkpoint" -o "$out/qat" --recipe "$out/w4a8.yaml" --steps "$steps" --calib-images "$images" --imgsz "$size" \
  --provider "$provider"

# Every file alone, so that one without a kernel hides no other: it fails here when a node would go to the CPU.
for head in one2many one2one; do
  for file in "$out/$head"/*.onnx; do
    name=$head-$(basename "$file" .onnx)
    step "runs-$name" "$nibble" profile "$out/$head/float.onnx" "$file" --provider "$provider" --runs "$runs" --quiet
  done
done
# From the reports of these: the file's row of "times, in turns" and the row that compares its outputs, optimisations on.
{
  printf '\n| file | median ms, p90, of the float time, nodes | outputs against the CPU, optimisations off |\n|---|---|---|\n'
  for text in "$out"/runs-*.txt; do
    name=$(basename "$text" .txt)
    awk -v name="${name#runs-}" -v row="^  $provider, optimisations all" '
      /^times, in turns/ {start = NR}
      start && NR == start + 2 {$1 = ""; times = $0}
      $0 ~ row {sub(/^ *[^ ]+ optimisations all */, ""); outputs = $0}
      END {if (times) printf "| %s |%s | %s |\n", name, times, outputs}' "$text"
  done
} >>"$results"
cat "$results"
exit "$failed"
