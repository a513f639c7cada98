# SPDX-License-Identifier: Apache-2.0
"""Trains a small detector from random weights with Ultralytics, for measurements on trained networks of families without public files.

usage: train_small.py COCO OUT NAME [IMAGES] [EPOCHS]   (needs torch, ultralytics 8.4; NAME: "yolo11n", "yolo26n", ...)

COCO: a folder with train2017 and annotations/instances_train2017.json, of which the first IMAGES (default 32) by id are taken. Two classes,
"person" and "thing" (everything else), so that minutes on one core are enough for detections that are sure: the network learns these
images by heart, which is what shows the errors of quantisation. OUT/NAME.pt is the checkpoint, OUT/data the labels as YOLO txt files.
"""
import json
import pathlib
import shutil
import sys

import torch
from ultralytics import YOLO

SIZE = 160


def write_data(coco, out, count):
    instances = json.load(open(coco / "annotations" / "instances_train2017.json"))
    images = sorted((i for i in instances["images"] if (coco / "train2017" / i["file_name"]).exists()), key=lambda i: i["id"])[:count]
    lines = {image["id"]: [] for image in images}
    sizes = {image["id"]: (image["width"], image["height"]) for image in images}
    for a in instances["annotations"]:
        if a["image_id"] not in lines or a.get("iscrowd"):
            continue
        (x, y, w, h), (width, height) = a["bbox"], sizes[a["image_id"]]
        if w * h < 0.03 * width * height:  # too small to see at this size
            continue
        lines[a["image_id"]].append(f"{int(a['category_id'] != 1)} {(x + w / 2) / width} {(y + h / 2) / height} {w / width} {h / height}")
    for part in ("images", "labels"):
        (out / "data" / part).mkdir(parents=True, exist_ok=True)
    for image in images:
        shutil.copy(coco / "train2017" / image["file_name"], out / "data" / "images")
        stem = pathlib.Path(image["file_name"]).stem
        (out / "data" / "labels" / f"{stem}.txt").write_text("\n".join(lines[image["id"]]) + "\n")
    yaml = out / "data" / "data.yaml"
    yaml.write_text(f"path: {out.resolve() / 'data'}\ntrain: images\nval: images\nnames: {{0: person, 1: thing}}\n")
    return yaml


def main(coco, out, name, images=32, epochs=90):
    torch.set_num_threads(1)
    out = pathlib.Path(out)
    data = write_data(pathlib.Path(coco), out, int(images))
    model = YOLO(f"{name}.yaml")
    model.train(data=str(data), imgsz=SIZE, epochs=int(epochs), batch=8, nbs=8, optimizer="AdamW", lr0=2e-3, lrf=0.05, cos_lr=True, warmup_epochs=2,
                weight_decay=1e-4, mosaic=0, scale=0.1, translate=0.05, hsv_h=0, hsv_s=0.1, hsv_v=0.1, erasing=0, seed=0, device="cpu", workers=0,
                amp=False, val=False, plots=False, project=str(out / "runs"), name=name, exist_ok=True)  # fmt: skip
    shutil.copy(out / "runs" / name / "weights" / "last.pt", out / f"{name}.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
