# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/detection_loss: Ultralytics' E2EDetectLoss and E2ELoss and their gradients on made-up head outputs.

usage: detection_loss.py OUT_DIR      (needs numpy, torch, ultralytics 8.4)

cases.json: per case the image size, classes, images, seed, reach, objects [image, class, x1, y1, x2, y2] and the losses of both branches
[box, cls, dfl or l1] (with gains, not times the batch) and the total; bins where it is not 16; shares of the two branches in the total where
it is E2ELoss (7 candidates of which 1 is kept). NAME.npy: f32 [2 * images, 4 * bins + classes, anchors], the gradient of the total with
respect to the raw one2many output, then the one2one output.

The raw outputs are not stored but made by a formula that src/train/detection_loss_test.cc repeats in double precision:
    u(seed, n)     = (splitmix64(seed * 2^32 + n) >> 11) / 2^53
    distance       = reach * u(seed + 1, (image * 4 + side) * anchors + anchor)
    box logit      = -1.5 * |bin - distance| + 0.5 * u(seed, (image * channels + channel) * anchors + anchor)
                     with 1 bin: distance - 0.25
    class logit    = 8 * u(seed, the same) - 6
with seed for one2many and seed + 10 for one2one.
"""
import json
import pathlib
import sys
from types import SimpleNamespace

import numpy as np
import torch
from ultralytics.utils.loss import E2EDetectLoss, E2ELoss

STRIDES = [8, 16, 32]
BINS = 16
TOGETHER = [[0, 0, 3.3, 5.1, 40.7, 37.2], [0, 2, 20.4, 18.9, 61.3, 60.6], [0, 1, 30.1, 2.2, 47.8, 30.5]]

TINY = [[0, 0, 10.3, 10.4, 11.2, 11.9], [0, 1, 33.3, 20.2, 37.1, 25.3], [1, 1, 50.6, 50.7, 57.2, 60.8], [1, 0, 0.4, 0.2, 6.3, 5.9]]


def crowd(seed, count, side, classes):
    rng = np.random.default_rng(seed)
    objects = []
    for _ in range(count):
        size = rng.uniform(4, 40, 2)
        low = rng.uniform(0, side - size)
        objects.append([0, int(rng.integers(classes)), *np.round([*low, *(low + size)], 2).tolist()])
    return objects


# name, height, width, classes, images, reach, objects
CASES = [
    ("mixed", 64, 64, 4, 3, 4, TOGETHER + [[2, 3, 8.3, 40.2, 24.7, 56.9]]),
    ("tiny", 64, 64, 2, 2, 1, TINY),
    ("border", 32, 96, 3, 1, 4, [[0, 0, 0, 0, 96, 32], [0, 1, 0, 0, 13.3, 9.7], [0, 2, 80.2, 17.7, 96, 32], [0, 2, 90.9, 0, 96, 30.3]]),
    ("classes", 32, 64, 200, 1, 4, [[0, 199, 5.2, 4.4, 30.6, 27.7], [0, 0, 28.3, 6.1, 60.2, 30.9]]),
    ("empty", 32, 32, 3, 2, 4, []),
    ("crowd", 64, 64, 5, 1, 4, crowd(3, 30, 64, 5)),
    ("one_cell", 32, 32, 1, 1, 4, [[0, 0, 2.2, 3.3, 28.8, 30.1]]),
]
# The same with bins, for E2ELoss.
E2E_CASES = [
    ("distances", 64, 64, 4, 3, 4, TOGETHER + [[2, 3, 8.3, 40.2, 24.7, 56.9]], 1),
    ("distances_crowd", 64, 96, 5, 1, 4, crowd(5, 30, 64, 5), 1),
    ("distances_empty", 32, 32, 3, 2, 4, [], 1),
    ("shares_crowd", 64, 64, 3, 1, 4, crowd(6, 30, 64, 3), BINS),
]


def uniform(seed, count):
    with np.errstate(over="ignore"):
        z = (np.uint64(seed) << np.uint64(32)) + np.arange(count, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) / 2.0**53


def raw_output(seed, images, classes, anchors, reach, bins):
    channels = 4 * bins + classes
    noise = uniform(seed, images * channels * anchors).reshape(images, channels, anchors)
    distance = reach * uniform(seed + 1, images * 4 * anchors).reshape(images, 4, 1, anchors)
    boxes = -1.5 * np.abs(np.arange(bins).reshape(1, 1, bins, 1) - distance).reshape(images, 4 * bins, anchors) + 0.5 * noise[:, : 4 * bins]
    if bins == 1:
        boxes = distance[:, :, 0] - 0.25
    raw = np.concatenate((boxes, 8 * noise[:, 4 * bins :] - 6), 1)
    return torch.from_numpy(raw.astype(np.float32)).requires_grad_()


def criterion(kind, classes, bins):
    head = SimpleNamespace(stride=torch.tensor(STRIDES, dtype=torch.float32), nc=classes, reg_max=bins)
    gains = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5)
    return kind(SimpleNamespace(parameters=lambda: iter([torch.zeros(1)]), args=gains, model=[head]))


def batch_of(objects, height, width):
    rows = np.array(objects, np.float64).reshape(-1, 6)
    low, high = rows[:, 2:4], rows[:, 4:6]
    boxes = np.concatenate(((low + high) / 2, high - low), 1) / [width, height, width, height]
    as_tensor = lambda values: torch.from_numpy(np.ascontiguousarray(values).astype(np.float32))
    return {"batch_idx": as_tensor(rows[:, 0]), "cls": as_tensor(rows[:, 1]), "bboxes": as_tensor(boxes)}


def solve(name, height, width, classes, images, reach, objects, bins, seed, kind):
    feats = [torch.zeros(images, 1, height // s, width // s) for s in STRIDES]
    anchors = sum(f.shape[2] * f.shape[3] for f in feats)
    raw = {k: raw_output(seed + more, images, classes, anchors, reach, bins) for k, more in (("one2many", 0), ("one2one", 10))}
    heads = {k: {"boxes": v[:, : 4 * bins], "scores": v[:, 4 * bins :], "feats": feats} for k, v in raw.items()}
    loss, batch = criterion(kind, classes, bins), batch_of(objects, height, width)
    total = loss(heads, batch)[0].sum()
    total.backward()
    parts = {k: [float(x) for x in getattr(loss, k).loss(heads[k], batch)[1].values()] for k in heads}
    case = {"name": name, "height": height, "width": width, "classes": classes, "images": images, "seed": seed, "reach": reach}
    if kind is E2ELoss:
        case |= {"bins": bins, "shares": [loss.o2m, loss.o2o]}
    return {**case, "objects": objects, **parts, "total": total.item()}, torch.cat([v.grad for v in raw.values()]).numpy()


def main(out):
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    cases = []
    kinds = [(E2EDetectLoss, (*case, BINS)) for case in CASES] + [(E2ELoss, case) for case in E2E_CASES]
    for i, (kind, case) in enumerate(kinds):
        answer, gradient = solve(*case, seed=100 * (i + 1), kind=kind)
        cases.append(answer)
        np.save(out / f"{case[0]}.npy", gradient)
        print(case[0], gradient.shape, answer["one2many"], answer["one2one"], answer["total"])
    (out / "cases.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
