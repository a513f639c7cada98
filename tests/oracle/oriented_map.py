# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/oriented/cases.json: oriented boxes as Ultralytics suppresses, matches and scores them.

usage: oriented_map.py OUT.json [CASES] [SEED]      (needs numpy, torch, ultralytics 8.4.190)

Each case: `objects` [image, class, corners (8 numbers, px)], `boxes` (what xyxyxyxy2xywhr makes of the corners), `detections` [image, class, score,
cx, cy, w, h, angle], and `map_50_95`, `map_50`, `map_75`, `per_class` of OBBValidator. `nms`: an output [4+nc+1,A] and what non_max_suppression
with rotated=True leaves of it, at a confidence of 0.25 and an IoU of 0.45, for several labels a box and for the best alone.
"""
import json
import math
import pathlib
import sys

import numpy as np
import torch
from ultralytics.models.yolo.obb.val import OBBValidator
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import xywhr2xyxyxyxy, xyxyxyxy2xywhr

CLASSES = 3


def numbers(values, digits=3):
    return [round(float(v), digits) for v in values]


def random_boxes(rng, count):
    return np.stack([*rng.uniform(30, 300, (2, count)), *rng.uniform(8, 90, (2, count)), rng.uniform(-math.pi / 4, 3 * math.pi / 4, count)], 1)


def case(rng):
    objects, detections = [], []
    for image in range(rng.integers(1, 5)):
        boxes = random_boxes(rng, rng.integers(0, 8))
        for box in boxes:
            label = int(rng.integers(0, CLASSES))
            corners = xywhr2xyxyxyxy(torch.tensor(box)[None])[0].numpy()
            if rng.random() < 0.2:  # drawn by hand: no rectangle
                corners = corners + rng.normal(0, 2, (4, 2))
            objects.append([image, label, numbers(corners.ravel())])
            for _ in range(rng.integers(0, 4)):
                moved = box + rng.normal(0, 1, 5) * np.array([3, 3, 3, 3, 0.05]) * rng.choice([0.1, 1, 3])
                moved[2:4] = np.maximum(moved[2:4], 2)
                if rng.random() < 0.2:
                    moved = np.array([*moved[:2], moved[3], moved[2], moved[4] + math.pi / 2])  # the same box, told otherwise
                detections.append([image, label if rng.random() < 0.9 else int(rng.integers(0, CLASSES)), round(float(rng.random()), 6), *numbers(moved, 4)])
        for box in random_boxes(rng, rng.integers(0, 6)):
            detections.append([image, int(rng.integers(0, CLASSES)), round(float(rng.random()), 6), *numbers(box, 4)])
    return objects, detections


def evaluate(objects, detections):
    validator = OBBValidator(args={"task": "obb", "plots": False})
    validator.metrics.names = {k: str(k) for k in range(CLASSES)}
    validator.iouv = torch.linspace(0.5, 0.95, 10)
    boxes = xyxyxyxy2xywhr(torch.tensor([o[2] for o in objects], dtype=torch.float32).view(-1, 4, 2))
    for image in sorted({row[0] for row in objects + detections}):
        mine = [i for i, o in enumerate(objects) if o[0] == image]
        found = sorted((d for d in detections if d[0] == image), key=lambda d: -d[2])
        truth = {"cls": torch.tensor([float(objects[i][1]) for i in mine]), "bboxes": boxes[mine]}
        preds = {"cls": torch.tensor([float(d[1]) for d in found]), "bboxes": torch.tensor([d[3:] for d in found]).view(-1, 5)}
        cls = truth["cls"].numpy()
        validator.metrics.update_stats({**validator._process_batch(preds, truth), "target_cls": cls, "target_img": np.unique(cls), "conf": np.array([d[2] for d in found], dtype=np.float32),
                                        "pred_cls": preds["cls"].numpy(), "im_name": str(image)})
    validator.metrics.process(save_dir=pathlib.Path("."), plot=False)
    box = validator.metrics.box
    per_class = {str(int(k)): [float(box.ap50[i]), float(box.ap[i])] for i, k in enumerate(box.ap_class_index)}
    return {"boxes": [numbers(b, 6) for b in boxes.tolist()], "map_50_95": float(box.map), "map_50": float(box.map50), "map_75": float(box.map75), "per_class": per_class}


def suppression(rng):
    anchors = 60
    boxes = random_boxes(rng, anchors)
    boxes[anchors // 2:] = boxes[: anchors // 2] + rng.normal(0, 1, (anchors // 2, 5)) * np.array([4, 4, 4, 4, 0.1])
    boxes[:, 2:4] = np.maximum(boxes[:, 2:4], 4)
    output = np.concatenate([boxes[:, :4], rng.random((anchors, CLASSES)) ** 3, boxes[:, 4:]], 1).T.astype(np.float32).round(4)
    made = {"output": [numbers(row, 4) for row in output]}
    for name, many in (("several", True), ("best", False)):
        kept = non_max_suppression(torch.tensor(output)[None], 0.25, 0.45, multi_label=many, nc=CLASSES, rotated=True)[0]
        made[name] = [numbers(row, 4) for row in kept.tolist()]  # cx, cy, w, h, score, class, angle
    return made


def main(out, cases=8, seed=1):
    rng = np.random.default_rng(int(seed))
    made = []
    while len(made) < int(cases):
        objects, detections = case(rng)
        if objects and detections:
            made.append({"objects": objects, "detections": detections, **evaluate(objects, detections)})
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(out).write_text(json.dumps({"cases": made, "nms": suppression(rng)}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
