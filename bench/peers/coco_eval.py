# SPDX-License-Identifier: Apache-2.0
"""The work of bench/coco_map_bench.cc in pycocotools (and faster-coco-eval where it is installed): seconds (and CPU
seconds) to load and to evaluate, and the twelve numbers.

usage: coco_map_bench --write DIR && python coco_eval.py DIR/instances.json DIR/detections.json
"""
import contextlib
import io
import sys
import time


def clocks():
    return time.perf_counter(), time.process_time()


def spent(start, end):
    return f"{end[0] - start[0]:.2f} s ({end[1] - start[1]:.2f} CPU s)"


def measure(name, coco_class, eval_class, truth_path, detections_path):
    with contextlib.redirect_stdout(io.StringIO()):
        start = clocks()
        truth = coco_class(truth_path)
        detections = truth.loadRes(detections_path)
        loaded = clocks()
        evaluation = eval_class(truth, detections, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        done = clocks()
    numbers = " ".join(f"{float(s):.12f}" for s in evaluation.stats[:12])
    print(f"{name}: load {spent(start, loaded)}, evaluate {spent(loaded, done)}\n  {numbers}")


def main(truth_path, detections_path):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    measure("pycocotools", COCO, COCOeval, truth_path, detections_path)
    try:
        from faster_coco_eval import COCO as FasterCOCO
        from faster_coco_eval import COCOeval_faster
    except ImportError:
        print("faster-coco-eval: not installed")
        return
    measure("faster-coco-eval", FasterCOCO, COCOeval_faster, truth_path, detections_path)


if __name__ == "__main__":
    main(*sys.argv[1:3])
