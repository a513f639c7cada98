#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What building costs: configures build-times/ anew as `make build` does, without ccache, and compiles first the program, then the rest.
# Prints the processor time of both and the steps that took longest. scripts/build_times.sh [JOBS]
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(scripts/jobs.sh)}
folder=build-times
export CCACHE_DISABLE=1

rm -rf "$folder"
cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release --log-level=WARNING >/dev/null
TIMEFORMAT='user %U s, system %S s, wall %R s'
for target in nibble all; do
  echo "target $target, $jobs jobs$([ $target = nibble ] || echo ', what it has beside nibble'):"
  time cmake --build "$folder" --parallel "$jobs" --target $target >>"$folder/build.log"
done
echo "the longest steps:"
awk -F'\t' '!/^#/ { seconds[$4] = ($2 - $1) / 1000 } END { for (step in seconds) printf "%7.1f s  %s\n", seconds[step], step }' \
  "$folder/.ninja_log" | sort -rn | sed -n '1,20p'
