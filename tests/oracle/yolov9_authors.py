# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/families/yolov9-authors*: small networks with the modules of YOLOv9's own repository, and what they answer.

usage: yolov9_authors.py OUT_DIR       (needs numpy, torch)

The modules below stand under the names that checkpoints of that repository have (models.common.RepNCSPELAN4, models.yolo.DualDDetect, ...)
and hold the same children and attributes; what they compute is written from the paper (Wang et al. 2024, arXiv 2402.13616) and from what such checkpoints
hold. NAME.pt has random weights and its archive compressed; NAME_one2many.npy is the decoded output [1, 4 + classes, anchors] of the branch that
detects, the last one, for input.npy of that folder. yolov9-authors: DualDDetect with its auxiliary branch, BatchNorms unfused;
yolov9-authors-triple: TripleDDetect; yolov9-authors-fused: DDetect, convolutions fused with their BatchNorms. yolov9-authors-detect, -detect-dual and
-detect-triple: Detect, DualDetect and TripleDetect, whose convolutions have no groups, behind the blocks of the small sizes (AConv, ELAN1).
"""
import pathlib
import sys
import types
import zipfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SIZE, CLASSES, BINS, WIDTH = 64, 2, 16, 8
COMMON, YOLO = types.ModuleType("models.common"), types.ModuleType("models.yolo")
sys.modules.update({"models": types.ModuleType("models"), "models.common": COMMON, "models.yolo": YOLO})


def under(package):
    def register(cls):
        cls.__module__, cls.__qualname__ = package.__name__, cls.__name__
        setattr(package, cls.__name__, cls)
        return cls

    return register


@under(COMMON)
class Conv(nn.Module):
    def __init__(self, c1, c2, k=1, s=1, g=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, k // 2, groups=g, bias=False)
        self.bn = nn.BatchNorm2d(c2, eps=1e-3)
        self.act = nn.SiLU() if act else nn.Identity()

    def forward(self, x):
        y = self.conv(x)
        return self.act(self.bn(y) if hasattr(self, "bn") else y)


@under(COMMON)
class RepConvN(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        self.bn = None
        self.conv1, self.conv2 = Conv(c1, c2, 3, act=False), Conv(c1, c2, 1, act=False)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.conv(x) if hasattr(self, "conv") else self.conv1(x) + self.conv2(x))


@under(COMMON)
class RepNBottleneck(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.cv1, self.cv2, self.add = RepConvN(c, c), Conv(c, c, 3), True

    def forward(self, x):
        return x + self.cv2(self.cv1(x))


@under(COMMON)
class RepNCSP(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        half = c2 // 2
        self.cv1, self.cv2, self.cv3 = Conv(c1, half), Conv(c1, half), Conv(2 * half, c2)
        self.m = nn.Sequential(RepNBottleneck(half))

    def forward(self, x):
        return self.cv3(torch.cat([self.m(self.cv1(x)), self.cv2(x)], 1))


@under(COMMON)
class RepNCSPELAN4(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        self.c = c2 // 2
        self.cv1 = Conv(c1, c2)
        self.cv2 = nn.Sequential(RepNCSP(self.c, c2), Conv(c2, c2, 3))
        self.cv3 = nn.Sequential(RepNCSP(c2, c2), Conv(c2, c2, 3))
        self.cv4 = Conv(3 * c2, c2)

    def forward(self, x):
        first, second = self.cv1(x).chunk(2, 1)
        third = self.cv2(second)
        return self.cv4(torch.cat([first, second, third, self.cv3(third)], 1))


@under(COMMON)
class ELAN1(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        self.c = c2 // 2
        self.cv1, self.cv2, self.cv3 = Conv(c1, c2), Conv(self.c, self.c, 3), Conv(self.c, self.c, 3)
        self.cv4 = Conv(4 * self.c, c2)

    def forward(self, x):
        first, second = self.cv1(x).chunk(2, 1)
        third = self.cv2(second)
        return self.cv4(torch.cat([first, second, third, self.cv3(third)], 1))


@under(COMMON)
class AConv(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        self.cv1 = Conv(c1, c2, 3, 2)

    def forward(self, x):
        return self.cv1(F.avg_pool2d(x, 2, 1))


@under(COMMON)
class ADown(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        self.c = c2 // 2
        self.cv1, self.cv2 = Conv(c1 // 2, self.c, 3, 2), Conv(c1 // 2, self.c)

    def forward(self, x):
        left, right = F.avg_pool2d(x, 2, 1).chunk(2, 1)
        return torch.cat([self.cv1(left), self.cv2(F.max_pool2d(right, 3, 2, 1))], 1)


@under(COMMON)
class SP(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.m = nn.MaxPool2d(k, 1, k // 2)

    def forward(self, x):
        return self.m(x)


@under(COMMON)
class SPPELAN(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        self.c = c2 // 2
        self.cv1, self.cv2, self.cv3, self.cv4 = Conv(c1, self.c), SP(5), SP(5), SP(5)
        self.cv5 = Conv(4 * self.c, c2)

    def forward(self, x):
        parts = [self.cv1(x)]
        for pool in (self.cv2, self.cv3, self.cv4):
            parts.append(pool(parts[-1]))
        return self.cv5(torch.cat(parts, 1))


@under(COMMON)
class Concat(nn.Module):
    def __init__(self):
        super().__init__()
        self.d = 1

    def forward(self, x):
        return torch.cat(x, self.d)


@under(COMMON)
class Silence(nn.Module):
    def forward(self, x):
        return x


@under(COMMON)
class CBLinear(nn.Module):
    def __init__(self, c1, c2s):
        super().__init__()
        self.c2s = c2s
        self.conv = nn.Conv2d(c1, sum(c2s), 1)

    def forward(self, x):
        return self.conv(x).split(self.c2s, 1)


@under(COMMON)
class CBFuse(nn.Module):
    def __init__(self, idx):
        super().__init__()
        self.idx = idx

    def forward(self, xs):
        size = xs[-1].shape[2:]
        return xs[-1] + sum(F.interpolate(x[i], size, mode="nearest") for x, i in zip(xs, self.idx))


@under(COMMON)
class DFL(nn.Module):
    def __init__(self, bins):
        super().__init__()
        self.c1 = bins
        self.conv = nn.Conv2d(bins, 1, 1, bias=False)

    def forward(self, x):  # [B, 4 bins, A] -> [B, 4, A]
        return self.conv(x.unflatten(1, (4, self.c1)).transpose(1, 2).softmax(1)).squeeze(1)


class Heads(nn.Module):
    """One set of convolutions for each branch: cv2 and cv3, cv4 and cv5, cv6 and cv7."""

    groups = 1  # of the convolutions for boxes

    def __init__(self, widths, branches):
        super().__init__()
        self.nc, self.nl, self.reg_max = CLASSES, len(widths) // branches, BINS
        self.no = CLASSES + 4 * BINS
        self.stride = torch.tensor([8.0, 16.0, 32.0])
        for branch in range(branches):
            maps = widths[branch * self.nl : (branch + 1) * self.nl]
            boxes = nn.ModuleList(nn.Sequential(Conv(c, 16, 3), Conv(16, 16, 3, g=self.groups), nn.Conv2d(16, 4 * BINS, 1, groups=self.groups)) for c in maps)
            classes = nn.ModuleList(nn.Sequential(Conv(c, 8, 3), Conv(8, 8, 3), nn.Conv2d(8, CLASSES, 1)) for c in maps)
            setattr(self, f"cv{2 * branch + 2}", boxes)
            setattr(self, f"cv{2 * branch + 3}", classes)
            setattr(self, "dfl" if branch == 0 else f"dfl{branch + 1}", DFL(BINS))

    def forward(self, xs):
        """What the last branch detects: cx, cy, w, h in pixels, and class scores."""
        last = len(xs) // self.nl
        boxes, classes, dfl = (getattr(self, name) for name in (f"cv{2 * last}", f"cv{2 * last + 1}", "dfl" if last == 1 else f"dfl{last}"))
        logits, scores, points, strides = [], [], [], []
        for box, label, x, stride in zip(boxes, classes, xs[-self.nl :], self.stride.tolist()):
            logits.append(box(x).flatten(2))
            scores.append(label(x).flatten(2).sigmoid())
            rows, columns = torch.meshgrid(torch.arange(x.shape[2]) + 0.5, torch.arange(x.shape[3]) + 0.5, indexing="ij")
            points.append(torch.stack([columns.flatten(), rows.flatten()]))
            strides.append(torch.full((rows.numel(),), stride))
        near, far = dfl(torch.cat(logits, 2)).chunk(2, 1)
        points = torch.cat(points, 1)
        boxes = torch.cat([points + (far - near) / 2, near + far], 1) * torch.cat(strides)
        return torch.cat([boxes, torch.cat(scores, 2)], 1)


@under(YOLO)
class Detect(Heads):
    pass


@under(YOLO)
class DualDetect(Heads):
    pass


@under(YOLO)
class TripleDetect(Heads):
    pass


@under(YOLO)
class DDetect(Heads):
    groups = 4


@under(YOLO)
class DualDDetect(Heads):
    groups = 4


@under(YOLO)
class TripleDDetect(Heads):
    groups = 4


@under(YOLO)
class DetectionModel(nn.Module):
    def __init__(self, lines, file):
        """lines: (from, module); their yaml names the classes alone, which is what its readers compare."""
        super().__init__()
        named = [[where, 1, ("nn." if type(m).__module__.startswith("torch") else "") + type(m).__name__, []] for where, m in lines]
        self.yaml = {"nc": CLASSES, "depth_multiple": 1.0, "width_multiple": 1.0, "anchors": 3, "backbone": named[:-1], "head": named[-1:], "ch": 3}
        self.yaml_file = file
        for i, (where, module) in enumerate(lines):
            module.i, module.f, module.type, module.np = i, where, type(module).__name__, sum(p.numel() for p in module.parameters())
        self.model = nn.Sequential(*(module for _, module in lines))
        self.names = [f"class {i}" for i in range(CLASSES)]
        self.stride = self.model[-1].stride
        self.inplace = True

    def forward(self, image):
        results = []
        for module in self.model:
            places = module.f if isinstance(module.f, list) else [module.f]
            inputs = [(results[p] if p >= 0 or results else image) for p in places]
            results.append(module(inputs if isinstance(module.f, list) else inputs[0]))
        return results[-1]


def network(heads, branches):
    """A main way with all blocks, and in front of the head as many auxiliary maps from a second way as branches ask for."""
    w = WIDTH
    Block, Down = (RepNCSPELAN4, ADown) if heads[0] is DDetect else (ELAN1, AConv)
    main = [
        (-1, Silence()),
        (-1, Conv(3, w, 3, 2)),
        (-1, Conv(w, w, 3, 2)),
        (-1, Block(w, w)),
        (-1, Down(w, w)),
        (-1, Block(w, w)),  # 5: stride 8
        (-1, Down(w, w)),
        (-1, Block(w, w)),  # 7: stride 16
        (-1, Down(w, w)),
        (-1, SPPELAN(w, w)),  # 9: stride 32
        (-1, nn.Upsample(None, 2, "nearest")),
        ([-1, 7], Concat()),
        (-1, Block(2 * w, w)),  # 12: stride 16
    ]
    if branches == 1:
        return [*main, ([5, 12, 9], heads[0]([w] * 3, 1))]
    second = [
        (5, CBLinear(w, [w])),  # 13
        (12, CBLinear(w, [w, w])),  # 14
        (9, CBLinear(w, [w, w, w])),  # 15
        (0, Conv(3, w, 3, 2)),
        (-1, Conv(w, w, 3, 2)),
        (-1, Down(w, w)),
        ([13, 14, 15, -1], CBFuse([0, 0, 0])),  # 19: stride 8
        (-1, Down(w, w)),
        ([14, 15, -1], CBFuse([1, 1])),  # 21: stride 16
        (-1, Down(w, w)),
        ([15, -1], CBFuse([2])),  # 23: stride 32
    ]
    auxiliary = [19, 21, 23] * (branches - 1)
    head = heads[branches - 1]([w] * 3 * branches, branches)
    return [*main, *second, (auxiliary + [5, 12, 9], head)]


def fused(conv, norm):
    """One convolution for a convolution without bias and the BatchNorm behind it."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    one = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, groups=conv.groups)
    one.weight.copy_(conv.weight * scale.reshape(-1, 1, 1, 1))
    one.bias.copy_(norm.bias - norm.running_mean * scale)
    return one


def fuse(model):
    for module in model.modules():
        if isinstance(module, Conv):
            module.conv = fused(module.conv, module.bn)
            del module.bn
    for module in [m for m in model.modules() if isinstance(m, RepConvN)]:
        both = module.conv1.conv
        both.weight += F.pad(module.conv2.conv.weight, [1, 1, 1, 1])
        both.bias += module.conv2.conv.bias
        module.conv = both
        del module.conv1, module.conv2
    return model


def randomise(model, generator):
    def random(like, scale, offset=0.0):
        like.copy_(offset + scale * torch.randint(-1, 2, like.shape, generator=generator))

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            random(module.weight, 1.5 / module.weight[0].numel() ** 0.5)
            if module.bias is not None:
                random(module.bias, 0.5)
        elif isinstance(module, nn.BatchNorm2d):
            module.num_batches_tracked = None
            random(module.running_mean, 0.25)
            random(module.running_var, 0.25, 1)
            random(module.weight, 0.25, 1)
            random(module.bias, 0.25)
    for module in model.modules():
        if isinstance(module, DFL):
            module.conv.weight.copy_(torch.arange(BINS).reshape(1, -1, 1, 1))


def save(model, path):
    options = {"imgsz": SIZE, "weights": "", "save_dir": pathlib.PosixPath("runs/train/exp")}
    torch.save({"epoch": -1, "best_fitness": np.float64(0.5), "model": model.half(), "ema": None, "updates": None, "optimizer": None, "opt": options, "git": None}, path)
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


@torch.no_grad()
def main(out):
    image = torch.from_numpy(np.load(out / "input.npy"))
    with_groups, without_groups = (DDetect, DualDDetect, TripleDDetect), (Detect, DualDetect, TripleDetect)
    for suffix, heads, branches in (
        ("", with_groups, 2),
        ("-triple", with_groups, 3),
        ("-fused", with_groups, 1),
        ("-detect", without_groups, 1),
        ("-detect-dual", without_groups, 2),
        ("-detect-triple", without_groups, 3),
    ):
        name = f"yolov9-authors{suffix}"
        torch.manual_seed(0)
        model = DetectionModel(network(heads, branches), f"yolov9-authors{suffix}.yaml").eval().requires_grad_(False)
        randomise(model, torch.Generator().manual_seed(branches))
        if suffix == "-fused":
            model = fuse(model)
        save(model, out / f"{name}.pt")
        np.save(out / f"{name}_one2many.npy", model.float()(image).numpy())
        print(name, (out / f"{name}.pt").stat().st_size, "bytes")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
