# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/keypoint_map/cases.json: random small evaluations of keypoints and the ten numbers that pycocotools gives them.

usage: keypoint_map.py OUT.json [CASES] [SEED]      (needs numpy, pycocotools 2.0.11)

Each case: the annotations document of COCO's format (crowds, objects without any annotated keypoint, sizes from small to large), results with box
and keypoints, and `stats`; every other case has 17 keypoints with COCO's constants, the others 4 with 1/4.
"""
import contextlib
import io
import json
import pathlib
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def numbers(values):
    return [round(float(v), 2) for v in values]


def keypoints_of(rng, box, count):
    x, y = box[0] + rng.random(count) * box[2], box[1] + rng.random(count) * box[3]
    return np.stack([x, y, rng.integers(0, 3, count)], 1)


def case(rng, count):
    images = [{"id": i + 1, "file_name": f"{i + 1}.jpg"} for i in range(rng.integers(1, 5))]
    categories = [{"id": 1, "name": "person"}, {"id": 3, "name": "horse"}]
    annotations, results = [], []
    for image in images:
        for _ in range(rng.integers(0, 7)):
            size = float(rng.choice([20, 60, 150]))
            box = np.array([*rng.random(2) * 300, *(size * (0.7 + 0.6 * rng.random(2)))])
            points = keypoints_of(rng, box, count)
            if rng.random() < 0.15:
                points[:, 2] = 0
            category = int(rng.choice([1, 3], p=[0.8, 0.2]))
            annotations.append({"id": len(annotations) + 1, "image_id": image["id"], "category_id": category, "bbox": numbers(box), "area": round(float(box[2] * box[3] * 0.6), 2), "iscrowd": int(rng.random() < 0.1), "keypoints": numbers(points.ravel()), "num_keypoints": int((points[:, 2] > 0).sum())})
            for _ in range(rng.integers(0, 4)):
                moved = points.copy()
                moved[:, :2] += rng.normal(0, size * rng.choice([0.01, 0.05, 0.2]), (count, 2))
                moved[:, 2] = rng.random(count)
                result_box = box + rng.normal(0, size * 0.05, 4)
                result_box[2:] = np.maximum(result_box[2:], 1)
                results.append({"image_id": image["id"], "category_id": category, "bbox": numbers(result_box), "keypoints": numbers(moved.ravel()), "score": round(float(rng.random()), 1 if rng.random() < 0.3 else 4)})
        for _ in range(rng.integers(0, 25) if rng.random() < 0.3 else 0):  # more than 20 of an image
            box = np.array([*rng.random(2) * 300, 60, 60])
            points = keypoints_of(rng, box, count)
            results.append({"image_id": image["id"], "category_id": 1, "bbox": numbers(box), "keypoints": numbers(points.ravel()), "score": round(float(rng.random()), 4)})
    return {"images": images, "categories": categories, "annotations": annotations}, results


def evaluate(document, results, count):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = json.loads(json.dumps({**document, "info": {}}))
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(json.loads(json.dumps(results))), "keypoints")
        if count != 17:
            evaluation.params.kpt_oks_sigmas = np.full(count, 1 / count)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(value) for value in evaluation.stats]


def main(out, cases=12, seed=1):
    rng = np.random.default_rng(int(seed))
    made = []
    while len(made) < int(cases):
        count = 17 if len(made) % 2 == 0 else 4
        document, results = case(rng, count)
        if results:
            made.append({"keypoints": count, "ground_truth": document, "results": results, "stats": evaluate(document, results, count)})
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(out).write_text(json.dumps({"cases": made}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
