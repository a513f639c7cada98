# SPDX-License-Identifier: Apache-2.0
"""Does Ultralytics find the same with an FP32 ONNX file of nibble (one2one or one2many) as with its checkpoint?

usage: ultralytics_predict.py CHECKPOINT.pt MODEL.onnx IMAGE [CONF]       (needs ultralytics >= 8.4, torchvision, onnxruntime)

Prints IoU and the differences of box and score for each detection of the checkpoint; exits with 1 unless both give equally
many and each has a counterpart of its class with an IoU above 0.9999 and a score within 0.0001. The checkpoint answers
with the file's branch (nms=False is one2one) to the same 640 x 640 input: rect=False, because for a checkpoint Ultralytics
would otherwise pad to the next multiple of the stride only.
"""
import sys

import onnxruntime
import torch
import torchvision
import ultralytics
from ultralytics import YOLO

MIN_IOU = 0.9999
MAX_SCORE_DIFFERENCE = 1e-4
NOT_FOUND = (0.0, float("inf"), float("inf"))


def answers_one2one(model):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.get_modelmeta().custom_metadata_map["end2end"] == "True"


def predict(model, image, confidence, **more):
    results = YOLO(model, task="detect").predict(image, imgsz=640, conf=confidence, rect=False, device="cpu", verbose=False, **more)
    return results[0].boxes


def differences(expected, found):
    """Of each expected detection: IoU, box and score against its best counterpart of the class; each counts once."""
    overlap = torchvision.ops.box_iou(expected.xyxy, found.xyxy) * (expected.cls[:, None] == found.cls[None])
    rows = []
    for i in range(len(expected)):
        best = int(overlap[i].argmax()) if len(found) else 0
        if not len(found) or overlap[i, best] == 0:
            rows.append(NOT_FOUND)
            continue
        box = (expected.xyxy[i] - found.xyxy[best]).abs().max().item()
        rows.append((overlap[i, best].item(), box, (expected.conf[i] - found.conf[best]).abs().item()))
        overlap[:, best] = 0
    return rows


def main(checkpoint, model, image, confidence=0.25):
    print(f"ultralytics {ultralytics.__version__}, torch {torch.__version__}, onnxruntime {onnxruntime.__version__}")
    branch = {"nms": False} if answers_one2one(model) else {}
    expected, found = predict(checkpoint, image, confidence, **branch), predict(model, image, confidence)
    rows = differences(expected, found)
    print(f"{checkpoint}: {len(expected)} detections; {model}: {len(found)}")
    for (iou, box, score), label in zip(rows, expected.cls):
        print(f"  class {int(label):2}: IoU {iou:.6f}, box {box:.5f} px, score {score:.1e}")
    same = len(expected) == len(found) and all(iou > MIN_IOU and score < MAX_SCORE_DIFFERENCE for iou, _, score in rows)
    print("same" if same else "DIFFERENT")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4], *map(float, sys.argv[4:])))
