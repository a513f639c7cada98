# SPDX-License-Identifier: Apache-2.0
"""The work of `nibble quantize --recipe bench/w4a8-tensor-nearest.yaml --dialect qcdq` in Brevitas: every convolution gets 4-bit weights
with a scale per layer, rounded to the nearest, and 8-bit inputs with ranges from N images. No file is written here: the QCDQ export of this version needs an older torch.

usage: brevitas_quantise.py CHECKPOINT.pt IMAGES N     (needs brevitas, ultralytics, onnx, onnxscript, onnxoptimizer, pillow)
"""
import os
import pathlib
import sys

os.environ.update(YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false")  # nothing is fetched while the clock runs

import numpy as np
import torch
from brevitas.graph.calibrate import calibration_mode
from brevitas.nn import QuantConv2d
from brevitas.quant import Int8ActPerTensorFloat, Int8WeightPerTensorFloat
from PIL import Image
from ultralytics import YOLO

SIZE = 640


def pixels(path):
    image = Image.open(path).convert("RGB").resize((SIZE, SIZE))
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def quantise(module):
    for name, child in module.named_children():
        if type(child) is not torch.nn.Conv2d:
            quantise(child)
            continue
        layer = QuantConv2d(
            child.in_channels, child.out_channels, child.kernel_size, child.stride, child.padding, child.dilation, child.groups,
            bias=child.bias is not None, weight_quant=Int8WeightPerTensorFloat, weight_bit_width=4, input_quant=Int8ActPerTensorFloat,
        )
        layer.load_state_dict(child.state_dict(), strict=False)
        setattr(module, name, layer.eval())


checkpoint, images, count = sys.argv[1:4]
model = YOLO(checkpoint).model.float().fuse().eval()
quantise(model)
files = sorted(pathlib.Path(images).glob("*.jpg"))[: int(count)]
with torch.no_grad():
    with calibration_mode(model):
        for file in files:
            model(pixels(file))
    model(pixels(files[0]))
