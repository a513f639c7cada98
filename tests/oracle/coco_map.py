# SPDX-License-Identifier: Apache-2.0
"""Random ground truth and detections with pycocotools' answers.

usage: coco_map.py OUT.json [CASES] [SEED]      (needs numpy, pycocotools)

Boxes have few distinct values, so that overlaps and scores tie; there are crowds, annotation ids 0 and repeated ones,
areas that do not fit their boxes, categories without ground truth, detections of unknown categories, more than 100
detections of a class in an image, and evaluations of a subset of the images.
"""
import contextlib
import copy
import io
import json
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def box(rng):
    size = rng.choice([4, 8, 20, 32, 50, 96, 120, 200], 2) + rng.choice([0, 0, 1, 0.5], 2)
    corner = rng.choice([0, 3, 10, 40, 100], 2)
    return [float(v) for v in (*corner, *size)]


def near(rng, b):
    moved = np.array(b) + rng.choice([0, 0, 1, 2, -1, 5, 0.25], 4)
    return [float(v) for v in (moved[0], moved[1], max(moved[2], 0), max(moved[3], 0))]


def annotation(rng, i, images, categories):
    b = box(rng)
    area = b[2] * b[3] * float(rng.choice([1, 1, 0.57]))
    return {"id": i, "image_id": int(rng.choice(images)), "category_id": int(rng.choice(categories)), "bbox": b, "area": area,
            "iscrowd": int(rng.random() < 0.15)}


def detection(rng, annotations, images, categories):
    if annotations and rng.random() < 0.75:
        a = annotations[rng.integers(len(annotations))]
        image, category, b = a["image_id"], a["category_id"], near(rng, a["bbox"])
    else:
        image, category, b = int(rng.choice(images)), int(rng.choice([*categories, 99])), box(rng)
    score = round(float(rng.random()), int(rng.choice([1, 1, 4])))
    return {"image_id": image, "category_id": category, "bbox": b, "score": score}


def make_case(rng, kind):
    images = sorted(int(i) for i in rng.choice(1000, rng.integers(1, 8), replace=False))
    categories = sorted(int(c) for c in rng.choice(90, rng.integers(1, 5), replace=False))
    few = categories[: max(1, len(categories) - 1)]
    count = int(rng.integers(0 if kind == "empty" else 1, 30))
    annotations = [annotation(rng, i + (kind != "id 0"), images, few) for i in range(0 if kind == "empty" else count)]
    if kind == "repeated ids" and len(annotations) > 2:
        annotations[0]["id"] = annotations[-1]["id"]
        annotations[1]["id"] = annotations[2]["id"]
    detections = [detection(rng, annotations, images, categories) for _ in range(rng.integers(1, 60))]
    if kind == "many":
        images, categories = images[:1], categories[:1]
        annotations = [annotation(rng, i + 1, images, categories) for i in range(12)]
        detections = [detection(rng, annotations, images, categories) for _ in range(180)]
    subset = images[: max(1, len(images) // 2)] if kind == "subset" else images
    order = rng.permutation(len(annotations))
    return {"kind": kind, "images": images, "subset": subset, "categories": categories,
            "annotations": [annotations[i] for i in order], "detections": detections}


def answer(case):
    truth = COCO()
    truth.dataset = {"info": {}, "images": [{"id": i} for i in case["images"]],
                     "categories": [{"id": c, "name": str(c)} for c in case["categories"]],
                     "annotations": copy.deepcopy(case["annotations"])}
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(copy.deepcopy(case["detections"])), "bbox")
    evaluation.params.imgIds = case["subset"]
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    per_class = [precision[:, :, k] for k in range(precision.shape[2])]
    mean = lambda p: float(p[p > -1].mean()) if (p > -1).any() else -1.0  # noqa: E731
    return [float(s) for s in evaluation.stats], [mean(p) for p in per_class], [mean(p[0]) for p in per_class]


def compact(case):
    a = [[x["id"], x["image_id"], x["category_id"], x["iscrowd"], x["area"], *x["bbox"]] for x in case["annotations"]]
    d = [[x["image_id"], x["category_id"], x["score"], *x["bbox"]] for x in case["detections"]]
    return {**case, "annotations": a, "detections": d}


def main(out, count, seed):
    kinds = ["plain", "id 0", "repeated ids", "subset", "many", "empty", "plain", "subset"]
    cases = []
    for i in range(count):
        case = make_case(np.random.default_rng([seed, i]), kinds[i % len(kinds)])
        with contextlib.redirect_stdout(io.StringIO()):
            stats, per_class, per_class_50 = answer(case)
        cases.append({**compact(case), "stats": stats, "per_class": per_class, "per_class_50": per_class_50})
    with open(out, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 16, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
