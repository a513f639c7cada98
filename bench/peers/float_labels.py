#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a COCO annotation file of what the float network detects, so that others can be scored by it.

Usage: float_labels.py DETECTIONS.json ANNOTATIONS.json OUT.json [THRESHOLD]
DETECTIONS: `nibble eval FLOAT.onnx ... --save-detections`; ANNOTATIONS: for its images and categories; THRESHOLD: of the score (0.3).
Then: `nibble eval QUANTISED.onnx ... --save-detections Q.json`, `nibble score Q.json --annotations OUT.json`.
"""
import json
import sys

if len(sys.argv) not in (4, 5):
    sys.exit(__doc__)
detections, annotations = (json.load(open(path)) for path in sys.argv[1:3])
threshold = float(sys.argv[4]) if len(sys.argv) == 5 else 0.3
sure = [detection for detection in detections if detection["score"] >= threshold]
annotations["annotations"] = [
    {
        "id": number,
        "image_id": detection["image_id"],
        "category_id": detection["category_id"],
        "bbox": detection["bbox"],
        "area": detection["bbox"][2] * detection["bbox"][3],
        "iscrowd": 0,
    }
    for number, detection in enumerate(sure, 1)
]
with open(sys.argv[3], "w") as out:
    json.dump(annotations, out)
print(f"{len(sure)} labels")
