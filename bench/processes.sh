#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several processes over a slow network: each in a network namespace of its own, joined by a bridge over links of RATE (100mbit) and DELAY
# (1ms). Scores a float file and quantises with head gradients, alone and together, compares what was written and prints what process 0
# exchanged, which docs/processes.md computes with.
# Usage, as root: bench/processes.sh [PROCESSES]   (2; IMGSZ 320, IMAGES 16, RATE, DELAY; the build in build/)
# Exit codes: 0 the same bytes; 1 others; 5 something is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
size=${1:-2} pixels=${IMGSZ:-320} images=${IMAGES:-16} rate=${RATE:-100mbit} delay=${DELAY:-1ms}
nibble=$PWD/build/nibble checkpoint=$PWD/assets/yolov10n.pt
out=$PWD/tmp/processes
bridge=nbl$$ name=nibble-$$

[ -x "$nibble" ] || { echo "processes.sh: $nibble: is not built; run make build" >&2; exit 5; }
for tool in ip tc; do
  command -v "$tool" >/dev/null || { echo "processes.sh: missing: $tool; apt-get install iproute2" >&2; exit 5; }
done
[ "$(id -u)" = 0 ] || { echo "processes.sh: network namespaces need root" >&2; exit 5; }

clean_up() {
  for ((rank = 0; rank < size; ++rank)); do ip netns del "$name-$rank" 2>/dev/null || true; done
  ip netns del "$name" 2>/dev/null || true
}
trap clean_up EXIT
# The bridge stands in a namespace, too: the machine's own network is not touched.
ip netns add "$name"
ip -n "$name" link add "$bridge" type bridge
ip -n "$name" link set "$bridge" up
for ((rank = 0; rank < size; ++rank)); do
  ip netns add "$name-$rank"
  ip -n "$name" link add "port$rank" type veth peer name eth0 netns "$name-$rank"
  ip -n "$name" link set "port$rank" master "$bridge" up
  ip -n "$name-$rank" addr add "10.77.0.$((rank + 1))/24" dev eth0
  ip -n "$name-$rank" link set lo up
  ip -n "$name-$rank" link set eth0 up
  # Both directions of each link; where the kernel has no netem, tbf alone limits it.
  for end in "$name-$rank eth0" "$name port$rank"; do
    read -r space device <<<"$end"
    ip netns exec "$space" tc qdisc add dev "$device" root handle 1: tbf rate "$rate" burst 64kb latency 200ms
    ip netns exec "$space" tc qdisc add dev "$device" parent 1:1 netem delay "$delay" 2>/dev/null || delay=none
  done
done

rm -rf "$out" && mkdir -p "$out"
# together NAME ARGUMENTS...: in all namespaces; process 0's log goes to NAME.log
together() {
  local log=$out/$1 pids=() failed=0
  shift
  for ((rank = size - 1; rank >= 0; --rank)); do
    WORLD_SIZE=$size RANK=$rank MASTER_ADDR=10.77.0.1 MASTER_PORT=29500 GLOO_SOCKET_IFNAME=eth0 \
      ip netns exec "$name-$rank" "$nibble" "$@" --threads 1 --verbose >"$log-$rank.txt" 2>"$log-$rank.log" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  [ "$failed" = 0 ] || { tail -n 1 "$log"-*.log >&2; exit 1; }
  echo "${log##*/}: $(grep -o 'several processes: .*exchanged.*' "$log-0.log")"
}
same() { cmp "$1" "$2" || { echo "processes.sh: differ: $1 $2" >&2; exit 1; }; }

cat >"$out/gradients.yaml" <<END
name: gradients
weights: {bits: 4, scale_search: max}
activations: {bits: 8, range: minmax}
calibration: {images: $images, batch: 8}
END
echo "$size processes, links of $rate, delay $delay, $pixels px, $images images"
"$nibble" export "$checkpoint" -o "$out/float.onnx" --imgsz "$pixels" --quiet
evaluate=(eval "$out/float.onnx" --images assets/coco/val2017 --annotations assets/coco/instances_val2017_32.json --skip-latency)
"$nibble" "${evaluate[@]}" --threads 1 --quiet --save-detections "$out/alone.json" >/dev/null
together eval "${evaluate[@]}" --save-detections "$out/together.json"
same "$out/alone.json" "$out/together.json"
quantize=(quantize "$checkpoint" --recipe "$out/gradients.yaml" --imgsz "$pixels" --dialect int4)
"$nibble" "${quantize[@]}" --threads 1 --quiet -o "$out/alone" >/dev/null 2>"$out/alone.log"
together quantize "${quantize[@]}" -o "$out/together"
same "$out/alone/yolov10n-gradients-int4-ptq.onnx" "$out/together/yolov10n-gradients-int4-ptq.onnx"
echo "the same bytes as alone"
