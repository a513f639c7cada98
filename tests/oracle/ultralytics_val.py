# SPDX-License-Identifier: Apache-2.0
"""Does Ultralytics score a file of nibble as `nibble eval` does?

usage: ultralytics_val.py NIBBLE IMAGES INSTANCES.json MODEL.onnx [MODEL.onnx ...]      (needs ultralytics, pycocotools, onnxruntime)

Runs YOLO("x.onnx").val() and .predict() on the first 100 images by id, each image's labels written beside a link to it in a
temporary folder with a data.yaml. For each model one row: mAP 50-95 of `nibble eval`; of the detections val() made, by `nibble
score`; the same by pycocotools; val()'s own number (its average precision interpolates otherwise and knows no crowds); of
predict()'s detections (one class for each box). Exits with 1 when val()'s detections score more than 0.003 from `nibble eval`.
"""
import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import onnxruntime
import ultralytics
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from ultralytics import YOLO

COUNT = 100
TOLERANCE = 0.003
SETTINGS = dict(imgsz=640, conf=0.001, iou=0.7, max_det=300, device="cpu", verbose=False, plots=False, save=False)


def write_dataset(folder, images, instances):
    """images/ and labels/ as Ultralytics wants them; returns the data.yaml."""
    (folder / "images").mkdir()
    (folder / "labels").mkdir()
    classes = {category["id"]: k for k, category in enumerate(sorted(instances["categories"], key=lambda c: c["id"]))}
    boxes = {}
    for annotation in instances["annotations"]:
        if not annotation.get("iscrowd"):
            boxes.setdefault(annotation["image_id"], []).append(annotation)
    for image in sorted(instances["images"], key=lambda i: i["id"])[:COUNT]:
        name = image["file_name"]
        os.symlink(pathlib.Path(images, name).resolve(), folder / "images" / name)
        lines = []
        for annotation in boxes.get(image["id"], []):
            x, y, w, h = annotation["bbox"]
            numbers = ((x + w / 2) / image["width"], (y + h / 2) / image["height"], w / image["width"], h / image["height"])
            lines.append(f"{classes[annotation['category_id']]} " + " ".join(f"{n:.6f}" for n in numbers))
        (folder / "labels" / name).with_suffix(".txt").write_text("\n".join(lines) + "\n" if lines else "")
    names = {k: c["name"] for k, c in enumerate(sorted(instances["categories"], key=lambda c: c["id"]))}
    (folder / "data.yaml").write_text(f"path: {folder}\ntrain: images\nval: images\nnames: {json.dumps(names)}\n".replace('{"', '{').replace('": "', ': "').replace(', "', ', '))
    return folder / "data.yaml"


def nibble_map(nibble, *arguments):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run([nibble, *map(str, arguments), "--max-images", str(COUNT), "--json", out.name, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        return json.load(open(out.name))["metrics"]["mAP_50_95"]


def pycocotools_map(instances_path, detections, ids):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(instances_path)
        evaluation = COCOeval(truth, truth.loadRes(str(detections)), "bbox")
        evaluation.params.imgIds = ids
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[0]


def val_detections(model, data, folder, category_ids):
    metrics = YOLO(model, task="detect").val(data=str(data), batch=1, save_json=True, project=str(folder), name=pathlib.Path(model).stem, workers=0, **SETTINGS)
    found = json.load(open(next(pathlib.Path(metrics.save_dir).glob("predictions.json"))))
    first = min(d["category_id"] for d in found)  # data sets that are not called COCO count categories from 1
    assert first in (0, 1), f"category ids start at {first}"
    for detection in found:
        detection["category_id"] = category_ids[detection["category_id"] - 1]
        detection["image_id"] = int(detection["image_id"])
    return found, metrics.box.map


def predict_detections(model, folder, category_ids):
    found = []
    for result in YOLO(model, task="detect").predict(str(folder / "images"), stream=True, **SETTINGS):
        for box in result.boxes:
            x1, y1, x2, y2 = box.xyxy[0].tolist()
            found.append(dict(image_id=int(pathlib.Path(result.path).stem), category_id=category_ids[int(box.cls)], bbox=[x1, y1, x2 - x1, y2 - y1],
                              score=float(box.conf)))
    return found


def main():
    nibble, images, instances_path, *models = sys.argv[1:]
    instances = json.load(open(instances_path))
    category_ids = sorted(c["id"] for c in instances["categories"])
    ids = sorted(i["id"] for i in instances["images"])[:COUNT]
    worst = 0.0
    print(f"ultralytics {ultralytics.__version__}, onnxruntime {onnxruntime.__version__}")
    print("| file | nibble eval | val(), nibble score | val(), pycocotools | val()'s own | predict(), nibble score |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        data = write_dataset(folder, images, instances)
        for model in models:
            expected = nibble_map(nibble, "eval", model, "--images", images, "--annotations", instances_path, "--skip-latency")
            detections, own = val_detections(model, data, folder, category_ids)
            (folder / "val.json").write_text(json.dumps(detections))
            (folder / "predict.json").write_text(json.dumps(predict_detections(model, folder, category_ids)))
            scored = nibble_map(nibble, "score", folder / "val.json", "--annotations", instances_path)
            predicted = nibble_map(nibble, "score", folder / "predict.json", "--annotations", instances_path)
            peer = pycocotools_map(instances_path, folder / "val.json", ids)
            worst = max(worst, abs(scored - expected))
            print(f"| {pathlib.Path(model).stem} | {expected:.4f} | {scored:.4f} | {peer:.4f} | {own:.4f} | {predicted:.4f} |", flush=True)
    print(f"largest difference {worst:.4f}, allowed {TOLERANCE}")
    sys.exit(worst > TOLERANCE)


main()
