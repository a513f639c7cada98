# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/predict: what Ultralytics' predict says of a picture with the checkpoints of tests/golden/tasks.

usage: predict_tasks.py TASKS_DIR OUT_DIR      (needs numpy, opencv-python, torch, ultralytics 8.4)

picture.png, 90 x 61 px of random blots: its letterbox into 64 x 64 has a ratio that rounds differently along the two axes.
cases.json: of each checkpoint in its branches: conf, iou, and of each image `objects` {class, confidence, box (x1, y1, x2, y2), outline (x, y
of the mask's polygon), keypoints, corners}, whichever its task has, or `probabilities`; all in pixels of the picture, from FP32.
Objects whose mask is empty are left out, which are all of yolo26-seg's: its random weights give boxes with negative sides.
`label` is the text that save_txt writes with save_conf (cut at 80 letters).
"""
import json
import pathlib
import sys
import tempfile

import cv2
import numpy as np
from ultralytics import YOLO

SIZE, IOU = 64, 0.7
TASKS = {"seg": "segment", "pose": "pose", "obb": "obb", "cls": "classify"}
# checkpoint -> (branch, confidence)
CASES = [
    ("yolov8-seg", "one2many", 0.25),
    ("yolo11-seg", "one2many", 0.6675),
    ("yolo26-seg", "one2many", 0.25),
    ("yolo26-seg", "one2one", 0.25),
    ("yolov8-pose", "one2many", 0.25),
    ("yolo11-pose", "one2many", 0.4),
    ("yolo26-pose", "one2one", 0.5),
    ("yolov8-obb", "one2many", 0.25),
    ("yolo26-obb", "one2many", 0.5),
    ("yolo26-obb", "one2one", 0.6),
    ("yolov8-cls", "one2many", 0.25),
    ("yolo26-cls", "one2many", 0.25),
]


def picture():
    rng = np.random.default_rng(5)
    small = rng.integers(0, 256, (8, 11, 3)).astype(np.uint8)
    return cv2.resize(small, (90, 61), interpolation=cv2.INTER_CUBIC) // 4 * 4  # few values: a small file


def rounded(values, digits=3):
    return np.asarray(values, dtype=np.float64).round(digits).tolist()


def objects(result):
    boxes = result.obb if result.obb is not None else result.boxes
    found = []
    for i in range(len(boxes)):
        row = {"class": int(boxes.cls[i]), "confidence": round(float(boxes.conf[i]), 6)}
        if result.obb is not None:
            row["corners"] = rounded(boxes.xyxyxyxy[i].numpy().ravel())
        else:
            row["box"] = rounded(boxes.xyxy[i].numpy())
        if result.masks is not None:
            row["outline"] = rounded(result.masks.xy[i].ravel(), 2)
        if result.keypoints is not None:
            row["keypoints"] = rounded(result.keypoints.data[i].numpy().ravel(), 4)
        found.append(row)
    return found


def predict(checkpoint, branch, confidence, image):
    task = TASKS[pathlib.Path(checkpoint).stem.split("-")[1]]
    model = YOLO(checkpoint)
    model.task = model.model.task = model.overrides["task"] = task  # the small checkpoints do not say
    result = model.predict(image, imgsz=SIZE, conf=confidence, iou=IOU, rect=False, nms=branch == "one2many", verbose=False, device="cpu")[0]
    case = {"checkpoint": pathlib.Path(checkpoint).stem, "branch": branch, "conf": confidence, "iou": IOU}
    if result.probs is not None:
        case["probabilities"] = rounded(result.probs.data.numpy(), 6)
    else:
        case["objects"] = objects(result)
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder) / "label.txt"
        result.save_txt(text, save_conf=True)
        case["label"] = [line[:80] for line in text.read_text().splitlines()] if text.exists() else []
    return case


def main(tasks, out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / "picture.png"), picture(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    cases = []
    for name, branch, confidence in CASES:
        cases.append(predict(str(pathlib.Path(tasks) / f"{name}.pt"), branch, confidence, str(out / "picture.png")))
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (out / "cases.json").write_text(f"[\n{lines}\n]\n")
    for case in cases:
        print(case["checkpoint"], case["branch"], len(case.get("objects", case.get("probabilities"))))


if __name__ == "__main__":
    main(*sys.argv[1:])
