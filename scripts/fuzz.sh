#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs libFuzzer targets of a build folder: scripts/fuzz.sh BUILD_FOLDER [SECONDS_EACH [TARGET...]], all of them where none is named. With
# FUZZ_RUNS=1000000 each ends after that many inputs instead. What a target learned stays in BUILD_FOLDER/corpus/NAME, where the next run goes
# on from; an input that ends it is left in BUILD_FOLDER/found. Exit status 1 then.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?usage: scripts/fuzz.sh BUILD_FOLDER [SECONDS_EACH]}
seconds=${2:-60}
shift $(($# < 2 ? $# : 2))
limit=(-max_total_time="$seconds")
what="$seconds s"
if [ -n "${FUZZ_RUNS-}" ]; then
  limit=(-runs="$FUZZ_RUNS")
  what="$FUZZ_RUNS inputs"
fi
mkdir -p "$folder/found"
# Freed memory is kept from use for the last 16 MB of it, more than one input frees; the usual 256 MB fall out of every cache.
export ASAN_OPTIONS=quarantine_size_mb=16${ASAN_OPTIONS:+:$ASAN_OPTIONS}
# -entropic=0: the weights by which libFuzzer chooses what to change are two thirds of the work of fuzz_onnx, and its first 3000 inputs found
# 553 new ways through the code with them and 508 without.
# The files of an input lie in memory where there is such a folder.
if [ -z "${TMPDIR-}" ] && [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
failed=0 targets=0

# Folders of well-formed inputs to start from, where random bytes would not get far.
seeds_of() {
  case $1 in
    fuzz_onnx) printf '%s\n' "$source/tests/golden/brevitas_qcdq" "$source/tests/fuzz/onnx" ;;
    fuzz_recipe) echo "$source/recipes" ;;
    *) ls -d "$source/tests/fuzz/${1#fuzz_}" 2>/dev/null || true ;;
  esac
}

all=("$folder"/fuzz_*)
if (($#)); then all=("${@/#/$folder/}"); fi
for target in "${all[@]}"; do
  [ -f "$target" ] && [ -x "$target" ] || continue
  targets=$((targets + 1))
  name=$(basename "$target")
  mkdir -p "$folder/corpus/$name"
  echo "$name: $what"
  mapfile -t seeds < <(seeds_of "$name")
  words=$source/tests/fuzz/${name#fuzz_}.dict
  dictionary=()
  if [ -f "$words" ]; then dictionary=(-dict="$words"); fi
  if "$target" "$folder/corpus/$name" "${seeds[@]}" "${dictionary[@]}" "${limit[@]}" -max_len=65536 -rss_limit_mb=2048 -timeout=20 -entropic=0 \
    -print_final_stats=1 -artifact_prefix="$folder/found/$name-" >"$folder/$name.log" 2>&1; then
    sed -n 's/^stat::number_of_executed_units: */  inputs tried: /p' "$folder/$name.log"
  else
    tail -n 30 "$folder/$name.log"
    echo "$name: FAILED; the input is in $folder/found, $target FILE runs it again" >&2
    failed=1
  fi
done
if [ "$targets" = 0 ]; then
  echo "fuzz: $folder holds no fuzz target; cmake --preset fuzz && cmake --build --preset fuzz makes them" >&2
  exit 1
fi
exit "$failed"
