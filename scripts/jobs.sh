#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How many compilers may run at once: one per core, but 1.3 GB of free memory each (what a LibTorch source file takes).
set -eu
cores=$(nproc)
free_kb=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
if [ -r /sys/fs/cgroup/memory.max ]; then # a container may have less than the machine
  limit=$(cat /sys/fs/cgroup/memory.max)
  if [ "$limit" != max ] && [ $((limit / 1024)) -lt "$free_kb" ]; then free_kb=$((limit / 1024)); fi
fi
jobs=$((free_kb / 1300000))
if [ "$jobs" -gt "$cores" ]; then jobs=$cores; fi
if [ "$jobs" -lt 1 ]; then jobs=1; fi
echo "$jobs"
