# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/training_samples: what Ultralytics' augmentation makes of the pictures of tests/golden/letterbox.

usage: training_samples.py PICTURE_DIR OUT_DIR      (needs numpy, opencv-python, ultralytics)

cases.json: the plan of each sample (fields of SamplePlan, with pictures by name), the boxes given per picture [class, x1, y1, x2, y2]
in its pixels, and the boxes that came out, in pixels of the 64 x 64 sample. NAME.png: the sample's pixels. The transforms are
Ultralytics' own (Mosaic, RandomPerspective, RandomHSV, RandomFlip); only their random numbers are given.
"""
import json
import pathlib
import random
import sys
from types import SimpleNamespace
from unittest import mock

import cv2
import numpy as np
from ultralytics.data.augment import Mosaic, RandomFlip, RandomHSV, RandomPerspective
from ultralytics.data.base import BaseDataset
from ultralytics.utils.instance import Instances

SIZE = 64
BOXES = {
    "wide.png": [[0, 10.5, 5.25, 40, 30], [1, 60, 2, 88.5, 36], [2, 30, 10, 33, 13], [3, -5, 20, 12, 45]],
    "tall.png": [[4, 2, 10, 30, 95], [5, 5, 60.5, 20, 70]],
    "small.png": [[6, 1, 1, 22, 19]],
    "square.png": [[7, 20, 30, 60, 50], [8, 0, 0, 64, 64], [9, 40.2, 1.7, 44.9, 9.9]],
}
FOUR = ["wide.png", "tall.png", "small.png", "square.png"]
# name: pictures, join, scale, centre, flip, colour (hue, saturation, brightness)
CASES = {
    "still_mosaic": (FOUR, [0.9, 1.1], 1.0, [0.5, 0.5], False, [0, 0, 0]),
    "mosaic": (FOUR, [0.7, 1.25], 0.8, [0.55, 0.42], False, [0, 0, 0]),
    "large_mosaic": (FOUR[::-1], [1.31, 0.61], 1.45, [0.41, 0.58], True, [0.01, -0.5, 0.3]),
    "small_mosaic": (["square.png", "square.png", "wide.png", "wide.png"], [1.02, 0.98], 0.55, [0.5, 0.5], True, [-0.014, 0.6, -0.35]),
    "shrunk": (["wide.png"], None, 0.6, [0.45, 0.6], False, [0, 0, 0]),
    "grown": (["tall.png"], None, 1.4, [0.6, 0.4], True, [0, 0, 0]),
    "coloured": (["square.png"], None, 0.9, [0.5, 0.5], False, [0.3, 0.7, -0.4]),
}


def load(folder, name):
    """As a data set gives it: longer side SIZE, boxes inside the picture in fractions of it."""
    path = folder / name
    stub = SimpleNamespace(ims=[None], im_files=[str(path)], npy_files=[path.with_suffix(".none")], cache=None, imgsz=SIZE, augment=False,
                           cv2_flag=cv2.IMREAD_COLOR, channels=3, prefix="")
    image, (height, width), _ = BaseDataset.load_image(stub, 0)
    rows = np.array(BOXES[name], np.float64)
    corners = rows[:, 1:].clip(0, [width, height, width, height]) / [width, height, width, height]
    instances = Instances(corners.astype(np.float32), np.zeros((0, 1000, 2), np.float32), None, bbox_format="xyxy", normalized=True)
    return {"img": image, "cls": rows[:, :1], "instances": instances, "im_file": name, "ori_shape": (height, width),
            "resized_shape": image.shape[:2]}


def given(*values):
    left = list(values)
    return lambda low, high: left.pop(0)


def sample(folder, names, join, scale, centre, flip, colour):
    labels = load(folder, names[0])
    if join:
        data = SimpleNamespace(get_image_and_label=lambda i: load(folder, names[i]), buffer=[1, 2, 3], cache=None)
        mosaic = Mosaic(data, imgsz=SIZE, p=1.0)
        with mock.patch.object(random, "uniform", given(0, join[1] * SIZE, join[0] * SIZE)), mock.patch.object(random, "choices", lambda b, k: b):
            labels = mosaic(labels)
    numbers = given(0, 0, 0, scale, 0, 0, *centre)  # perspective twice, angle, scale, shear twice, translation
    with mock.patch.object(random, "uniform", numbers):
        labels = RandomPerspective(degrees=0, translate=0.5, scale=0.5, shear=0, perspective=0, size=(SIZE, SIZE))(labels)
    if any(colour):
        with mock.patch.object(np.random, "uniform", lambda low, high, count: np.array(colour)):
            labels = RandomHSV(1, 1, 1)(labels)
    with mock.patch.object(random, "random", lambda: 0.0 if flip else 1.0):
        labels = RandomFlip(p=0.5, direction="horizontal")(labels)
    labels["instances"].convert_bbox("xyxy")
    labels["instances"].denormalize(SIZE, SIZE)
    return labels["img"], np.concatenate((labels["cls"], labels["instances"].bboxes), 1)


def main(folder, out):
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, case in CASES.items():
        image, boxes = sample(folder, *case)
        cv2.imwrite(str(out / f"{name}.png"), image)
        keys = ("pictures", "join", "scale", "centre", "flip", "colour")
        rows.append(json.dumps({"name": name, **dict(zip(keys, case)), "boxes": np.round(boxes.astype(float), 4).tolist()}))
        print(rows[-1])
    given_boxes = json.dumps(BOXES)
    (out / "cases.json").write_text('{"given": ' + given_boxes + ',\n"samples": [\n' + ",\n".join(rows) + "\n]}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
