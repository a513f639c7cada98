# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/nms from a network output [1,84,8400] with Ultralytics' non_max_suppression and scale_boxes.

usage: nms.py YOLOV10N_ONE2ONE_84x8400.npy OUT_DIR      (needs numpy, torch, torchvision, ultralytics)

The input's boxes are corners (Ultralytics 8.2 decodes end-to-end heads that way); they are first turned into centre and
size, the form of an exported one2many output.

Files: prediction.npy [1,14,300] (ten classes, 300 anchors of the input), expected_prediction.npy [N,6] x1 y1 x2 y2 score
class, expected_full.npy the same for the whole input, expected_image.npy the whole input's boxes [N,4] x y w h in an
image of 500 x 302 behind the letterbox with ratio 1.28 and border 0, 126.
"""
import pathlib
import sys

import numpy as np
import torch
import torchvision  # noqa: F401  (its NMS is used where it has been imported)
from ultralytics.utils import nms, ops


def suppress(prediction):
    return nms.non_max_suppression(torch.from_numpy(prediction), 0.001, 0.7, multi_label=True, max_det=300, max_time_img=60)[0]


def with_centres(output):
    low, high = output[:, 0:2], output[:, 2:4]
    return np.concatenate([(low + high) / np.float32(2), high - low, output[:, 4:]], axis=1)


def crop(full):
    best = full[0, 4:].max(axis=1)
    classes = np.sort(np.argsort(-best)[:10])
    chosen = full[:, np.r_[0:4, 4 + classes]]
    anchors = np.sort(np.argsort(-chosen[0, 4:].max(axis=0))[:300])
    return np.ascontiguousarray(chosen[:, :, anchors])


def main(source, out):
    out.mkdir(parents=True, exist_ok=True)
    full = with_centres(np.load(source).astype(np.float32).reshape(1, 84, 8400))
    part = crop(full)
    np.save(out / "prediction.npy", part)
    np.save(out / "expected_prediction.npy", suppress(part).numpy())
    kept = suppress(full)
    np.save(out / "expected_full.npy", kept.numpy())
    boxes = ops.scale_boxes((640, 640), kept[:, :4].clone(), (302, 500), ratio_pad=((1.28, 1.28), (0, 126)))
    boxes[:, 2:] -= boxes[:, :2]
    np.save(out / "expected_image.npy", boxes.numpy())
    print(len(part[0, 0]), "anchors ->", len(suppress(part)), "; full ->", len(kept))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
