# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/mask_map/cases.json: masks as pycocotools reads and scores them, and as Ultralytics assembles them.

usage: mask_map.py OUT.json [CASES] [SEED]      (needs numpy, pycocotools 2.0.11, torch, ultralytics 8.4.190)

`cases`: annotations of COCO's format whose outlines are polygons, run lengths as numbers and run lengths as text, crowds included; results with a
mask; `areas`, the pixels of each annotation's mask; `stats`, the twelve numbers of COCOeval with iouType "segm". `assembled`: prototypes, coefficients
and boxes of the network's input, and the masks that SegmentationValidator writes of them with save_json: process_mask_native at the input's size,
then scale_masks to the image, as run lengths.
"""
import contextlib
import io
import json
import pathlib
import sys

import numpy as np
import torch
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from ultralytics.utils import ops


def numbers(values, digits=2):
    return [round(float(v), digits) for v in values]


def polygon(rng, centre, size):
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 9)))
    radius = size / 2 * rng.uniform(0.5, 1.2, len(angles))
    return numbers(np.stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)], 1).ravel())


def text_of(rle):
    return {"size": rle["size"], "counts": rle["counts"].decode()}


def runs_as_numbers(rle):
    pixels = coco_mask.decode(rle).ravel(order="F")
    edges = np.flatnonzero(np.diff(pixels)) + 1
    counts = np.diff(np.concatenate([[0], edges, [len(pixels)]])).tolist()
    return {"size": rle["size"], "counts": ([0] if pixels[0] else []) + counts}


def outline(rng, polygons, height, width):
    """The polygons in one of the three forms."""
    rle = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    return [polygons, runs_as_numbers(rle), text_of(rle)][rng.integers(0, 3)], rle


def case(rng):
    images = [{"id": i + 1, "file_name": f"{i + 1}.jpg", "height": int(rng.integers(60, 200)), "width": int(rng.integers(60, 200))} for i in range(rng.integers(1, 4))]
    annotations, results, areas = [], [], []
    for image in images:
        height, width = image["height"], image["width"]
        for _ in range(rng.integers(0, 7)):
            centre, size = rng.uniform(0, [width, height]), float(rng.choice([16, 50, 130]))
            polygons = [polygon(rng, centre, size)] + ([polygon(rng, centre + size * 0.6, size * 0.5)] if rng.random() < 0.3 else [])
            is_crowd = int(rng.random() < 0.15)
            segmentation, rle = outline(rng, polygons, height, width)
            if is_crowd and isinstance(segmentation, list):
                segmentation = runs_as_numbers(rle)
            category = int(rng.choice([1, 3]))
            areas.append(int(coco_mask.area(rle)))
            annotations.append({"id": len(annotations) + 1, "image_id": image["id"], "category_id": category, "bbox": numbers(coco_mask.toBbox(rle)), "area": float(areas[-1]), "iscrowd": is_crowd, "segmentation": segmentation})
            for _ in range(rng.integers(0, 4)):
                moved = [numbers(np.array(p) + rng.normal(0, size * rng.choice([0.01, 0.05]), len(p))) for p in polygons]
                found = coco_mask.merge(coco_mask.frPyObjects(moved, height, width))
                if coco_mask.area(found) > 0:
                    results.append({"image_id": image["id"], "category_id": category, "segmentation": text_of(found), "score": round(float(rng.random()), 1 if rng.random() < 0.3 else 4)})
        for _ in range(rng.integers(0, 5)):
            found = coco_mask.frPyObjects([polygon(rng, rng.uniform(0, [width, height]), 40)], height, width)[0]
            if coco_mask.area(found) > 0:
                results.append({"image_id": image["id"], "category_id": int(rng.choice([1, 3])), "segmentation": text_of(found), "score": round(float(rng.random()), 4)})
    return {"images": images, "categories": [{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}], "annotations": annotations}, results, areas


def evaluate(document, results):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = json.loads(json.dumps({**document, "info": {}}))
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(json.loads(json.dumps(results))), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(value) for value in evaluation.stats]


def assembled(rng, height, width, side=64, prototypes=4, count=5):
    protos = rng.normal(0, 1, (prototypes, side // 4, side // 4)).round(3).astype(np.float32)
    for axis in (1, 2):  # smooth: masks have insides
        protos = (protos + np.roll(protos, 1, axis) + np.roll(protos, -1, axis)) / 2
    protos = protos.round(3)
    coefficients = rng.normal(0, 1, (count, prototypes)).round(3).astype(np.float32)
    corners = np.sort(rng.uniform(-4, side + 4, (count, 2, 2)), 1).reshape(count, 4).round(2).astype(np.float32)  # x1, y1, x2, y2
    masks = ops.process_mask_native(torch.tensor(protos), torch.tensor(coefficients), torch.tensor(corners), (side, side))
    gain = min(side / height, side / width)
    resized = max(round(height * gain), 1), max(round(width * gain), 1)
    pad_x, pad_y = round((side - resized[1]) / 2 - 0.1), round((side - resized[0]) / 2 - 0.1)
    masks = ops.scale_masks(masks[None], (height, width), ratio_pad=((gain, gain), (pad_x, pad_y)))[0].byte().numpy()
    return {"height": height, "width": width, "ratio": gain, "pad_x": pad_x, "pad_y": pad_y, "side": side, "prototypes": [numbers(p.ravel(), 3) for p in protos], "coefficients": [numbers(c, 3) for c in coefficients],
            "boxes": [numbers(b) for b in corners], "masks": [text_of(coco_mask.encode(np.asfortranarray(m))) for m in masks]}


def main(out, cases=10, seed=1):
    rng = np.random.default_rng(int(seed))
    made = []
    while len(made) < int(cases):
        document, results, areas = case(rng)
        if results and document["annotations"]:
            made.append({"ground_truth": document, "results": results, "areas": areas, "stats": evaluate(document, results)})
    # PyTorch resizes to less than about 64 x 64 px by another kernel, whose sums round otherwise: a blend of ones may be 1 - 6e-8 there, and 0 as a byte.
    sizes = [(90, 150, 64), (64, 64, 64), (80, 60, 128), (201, 97, 64)]
    document = {"cases": made, "assembled": [assembled(rng, *size) for size in sizes]}
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(out).write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
