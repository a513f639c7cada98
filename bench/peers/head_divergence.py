#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far one2many files are from the float file: divergence of class scores and 1 - IoU of boxes, per detection of the float network.

Usage: head_divergence.py FLOAT.onnx QUANTISED.onnx [QUANTISED.onnx ...] --images DIR [DIR ...] [--max-images N]
Wants numpy, Pillow and onnxruntime. The first N images by name of each folder are read (default: 40).
"""
import argparse
import pathlib

import numpy as np
import onnxruntime as ort
from PIL import Image

SIZE = 640


def letterboxed(path):
    image = Image.open(path).convert("RGB")
    ratio = SIZE / max(image.size)
    width, height = (round(side * ratio) for side in image.size)
    canvas = np.full((SIZE, SIZE, 3), 114, np.uint8)
    top, left = (SIZE - height) // 2, (SIZE - width) // 2
    canvas[top : top + height, left : left + width] = np.asarray(image.resize((width, height), Image.BILINEAR))
    return canvas.transpose(2, 0, 1)[None].astype(np.float32) / 255


def overlap(a, b):
    """IoU of boxes cx, cy, w, h in columns."""
    low = np.maximum(a[:2] - a[2:4] / 2, b[:2] - b[2:4] / 2)
    high = np.minimum(a[:2] + a[2:4] / 2, b[:2] + b[2:4] / 2)
    common = np.clip(high - low, 0, None).prod(0)
    return common / (a[2:4].prod(0) + b[2:4].prod(0) - common)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("models", nargs="+")
parser.add_argument("--images", nargs="+", required=True)
parser.add_argument("--max-images", type=int, default=40)
arguments = parser.parse_args()
sessions = [ort.InferenceSession(model, providers=["CPUExecutionProvider"]) for model in arguments.models]
sums = np.zeros((len(sessions), 2))
detections = 0.0
for folder in arguments.images:
    for path in sorted(pathlib.Path(folder).glob("*.jpg"))[: arguments.max_images]:
        outputs = [session.run(None, {session.get_inputs()[0].name: letterboxed(path)})[0][0] for session in sessions]
        p = outputs[0][4:].clip(1e-9, 1 - 1e-7)
        weight = p.max(0)
        detections += weight.sum()
        for k, output in enumerate(outputs):
            q = output[4:].clip(1e-9, 1 - 1e-7)
            sums[k, 0] += (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))).sum()
            sums[k, 1] += (weight * (1 - overlap(outputs[0], output))).sum()
for model, (divergence, distance) in zip(arguments.models, sums / detections):
    print(f"{model}: divergence {divergence:.3f}, 1 - IoU {distance:.4f}")
