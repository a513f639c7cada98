# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/families: small checkpoints of each family of detectors with random weights, and what Ultralytics answers with them.

usage: families.py OUT_DIR [NAME...]       (needs numpy, torch, ultralytics 8.4; whole sizes: families_whole.py)

For each NAME: NAME.pt, a checkpoint as Ultralytics writes it, its archive compressed; NAME_HEAD.npy, the decoded output [1, 4 + classes,
anchors] of each branch (one2many: cx, cy, w, h; one2one: x1, y1, x2, y2) in FP32 for the image input.npy [1, 3, size, size]. Weights take
three values, so that the files are small; statistics of BatchNorm are away from 0 and 1, so that folding them shows.
"""
import pathlib
import sys
import zipfile

import numpy as np
import torch
from ultralytics.nn.modules import Detect
from ultralytics.nn.tasks import DetectionModel, yaml_model_load

SIZE, CLASSES = 64, 2
# name -> (Ultralytics' yaml, most channels of a layer)
SMALL = {
    "yolov3-tiny": ("yolov3-tiny.yaml", 8),
    "yolov8": ("yolov8n.yaml", 8),
    "yolov8-ghost": ("yolov8n-ghost.yaml", 8),
    "yolov9t": ("yolov9t.yaml", 8),
    "yolov9e": ("yolov9e.yaml", 8),
    "yolo11": ("yolo11n.yaml", 16),
    "yolo12": ("yolo12n.yaml", 8),
    "yolo26": ("yolo26n.yaml", 16),
}
KEEPS_NUMBERS = {"nn.Upsample", "nn.MaxPool2d", "nn.ZeroPad2d", "Concat", "Detect", "v10Detect", "CBFuse", "CBLinear"}


def narrow(description, channels):
    """The yaml with at most so many channels in any layer, and no block repeated."""
    for part in ("backbone", "head"):
        for line in description[part]:
            line[1] = 1
            if line[2] == "CBLinear":
                line[3][0] = [min(c, channels) for c in line[3][0]]
            elif line[2].startswith("RepNCSPELAN"):
                line[3] = [channels] * 3 + [1]
            elif line[2] not in KEEPS_NUMBERS:
                most = 64 if line[2] == "A2C2f" else channels  # heads of attention have 32 channels each
                line[3] = [min(a, most) if isinstance(a, int) and not isinstance(a, bool) and a > 15 else a for a in line[3]]
    description.pop("scales", None)
    return description


def randomise(model, generator):
    def random(like, scale, offset=0.0):
        levels = torch.randint(-1, 2, like.shape, generator=generator)
        like.copy_(offset + scale * levels)

    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.Conv2d):
                random(module.weight, 1.5 / module.weight[0].numel() ** 0.5)
                if module.bias is not None:
                    random(module.bias, 0.5)
            elif isinstance(module, torch.nn.BatchNorm2d):
                module.num_batches_tracked = None
                random(module.running_mean, 0.25)
                random(module.running_var, 0.25, 1)
                random(module.weight, 0.25, 1)
                random(module.bias, 0.25)
        for module in model.modules():
            if hasattr(module, "dfl") and module.reg_max > 1:
                module.dfl.conv.weight.copy_(torch.arange(module.reg_max).reshape(1, -1, 1, 1))


def save(model, path, is_small):
    torch.save({"model": model.half().eval(), "train_args": {"imgsz": SIZE}}, path)
    if not is_small:
        return
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


def answers(model, image):
    """branch -> decoded output."""
    head = model.model[-1]
    with torch.no_grad():
        _, predictions = model(image)
        if "one2many" not in predictions:
            return {"one2many": head._inference(predictions).numpy()}
        found = {}
        for branch in ("one2many", "one2one"):
            head.end2end = branch == "one2one"
            found[branch] = head._inference(predictions[branch]).numpy()
        return found


def make(name, model, image, out, is_small=True):
    generator = torch.Generator().manual_seed(len(name))
    randomise(model, generator)
    model.names = {i: f"class {i}" for i in range(model.yaml["nc"])}
    save(model, out / f"{name}.pt", is_small)
    for branch, output in answers(model.float().eval(), image).items():
        np.save(out / f"{name}_{branch}.npy", output)


def random_image(size):
    image = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    return (image * 255).round() / 255


def main(arguments):
    out = pathlib.Path(arguments[0])
    out.mkdir(parents=True, exist_ok=True)
    image = random_image(SIZE)
    np.save(out / "input.npy", image.numpy())
    for name in arguments[1:] or SMALL:
        torch.manual_seed(0)
        file, channels = SMALL[name]
        model = DetectionModel(narrow(yaml_model_load(file), channels), ch=3, nc=CLASSES, verbose=False)
        assert isinstance(model.model[-1], Detect)
        make(name, model, image, out)
        print(name, sum(p.numel() for p in model.parameters()), "parameters,", (out / f"{name}.pt").stat().st_size, "bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
