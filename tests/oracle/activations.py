# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/activations: small yolov8 checkpoints with other activations than SiLU, and what Ultralytics answers with them.

usage: activations.py OUT_DIR [NAME...]       (needs numpy, torch, ultralytics 8.4)

Files as families.py writes them, for the image of tests/golden/families/input.npy; NAME is that of the activation.
"""
import pathlib
import sys

import torch
from families import CLASSES, SIZE, make, narrow
from ultralytics.nn.modules import Conv
from ultralytics.nn.tasks import DetectionModel, yaml_model_load

ACTIVATIONS = {
    "leaky_relu": "torch.nn.LeakyReLU(0.1)",
    "relu6": "torch.nn.ReLU6()",
    "hardswish": "torch.nn.Hardswish()",
    "mish": "torch.nn.Mish()",
    "prelu": "torch.nn.PReLU()",
}


def main(out, *names):
    out.mkdir(parents=True, exist_ok=True)
    image = torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    image = (image * 255).round() / 255
    usual = Conv.default_act
    for name, activation in ACTIVATIONS.items():
        if names and name not in names:
            continue
        torch.manual_seed(0)
        description = narrow(yaml_model_load("yolov8n.yaml"), 8)
        description["activation"] = activation
        model = DetectionModel(description, ch=3, nc=CLASSES, verbose=False)
        Conv.default_act = usual
        for slope in (m for m in model.modules() if isinstance(m, torch.nn.PReLU)):
            torch.nn.init.constant_(slope.weight, 0.125)
        make(name, model, image, out)
        print(name, (out / f"{name}.pt").stat().st_size, "bytes")


main(pathlib.Path(sys.argv[1]), *sys.argv[2:])
