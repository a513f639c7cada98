# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/yolov10n_heads: what both branches of assets/yolov10n.pt answer, in FP32, at some anchors.

usage: yolov10n_heads.py WEIGHTS.pt IMAGE OUT_DIR [SIZE]       (needs numpy, opencv-python, torch, ultralytics)

The checkpoint's own modules run, BatchNorms and parallel convolutions unfused. A file holds one tensor [1, rows, anchors]:
    anchors.npy        [1, 1, N]    which anchors of the network's 8400: every 61st, and the 20 with the best one2one scores
    BRANCH_raw.npy     [1, 144, N]  64 box-distribution logits, 80 class logits
    BRANCH_decoded.npy [1, 84, N]   box and 80 class scores; box: x1,y1,x2,y2 of one2one, cx,cy,w,h of one2many
    input.sha256                    of the letterboxed u8 planes R, G, B
"""
import hashlib
import pathlib
import sys

import cv2
import numpy as np
import torch
from ultralytics import YOLO

from letterbox import letterbox

STEP = 61
BEST = 20
BRANCHES = {"one2one": True, "one2many": False}  # name -> the head's end2end, which decides the form of the boxes


def network_planes(path, size):
    boxed = letterbox(cv2.imread(str(path)), size)
    return np.ascontiguousarray(boxed[..., ::-1].transpose(2, 0, 1))


def answers(model, planes):
    """branch -> (raw, decoded), all anchors."""
    head = model.model[-1]
    images = torch.from_numpy(planes)[None].float() / 255
    with torch.no_grad():
        _, logits = model(images)
        result = {}
        for branch, end2end in BRANCHES.items():
            head.end2end = end2end
            raw = torch.cat((logits[branch]["boxes"], logits[branch]["scores"]), 1)
            result[branch] = (raw.numpy(), head._inference(logits[branch]).numpy())
    return result


def chosen_anchors(decoded):
    best = decoded[0, 4:].max(axis=0).argsort()[::-1][:BEST]
    return np.union1d(np.arange(0, decoded.shape[2], STEP), best)


def main(weights, image, out, size=640):
    out.mkdir(parents=True, exist_ok=True)
    planes = network_planes(image, size)
    (out / "input.sha256").write_text(hashlib.sha256(planes.tobytes()).hexdigest() + "\n")
    found = answers(YOLO(weights).model.float().eval(), planes)
    anchors = chosen_anchors(found["one2one"][1])
    np.save(out / "anchors.npy", anchors.astype(np.float32)[None, None])
    for branch, (raw, decoded) in found.items():
        np.save(out / f"{branch}_raw.npy", np.ascontiguousarray(raw[:, :, anchors]))
        np.save(out / f"{branch}_decoded.npy", np.ascontiguousarray(decoded[:, :, anchors]))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), *map(int, sys.argv[4:]))
