# SPDX-License-Identifier: Apache-2.0
"""Tiny QCDQ files as Brevitas writes them: one chain of 1x1 convolutions with weights of 2 to 8 bits per file, narrow or full range,
one scale per tensor or per channel, the first three with 8-bit inputs.

    python tests/oracle/brevitas_qcdq.py tests/golden/brevitas_qcdq
"""

import importlib.metadata
import pathlib
import sys

import torch

# Brevitas 0.12.1 looks for the exporter's globals where torch had them before 2.9.
if not hasattr(torch.onnx, "_globals"):
    from torch.onnx._internal.torchscript_exporter import _globals

    torch.onnx._globals = _globals
    sys.modules["torch.onnx._globals"] = _globals

from brevitas import nn as qnn
from brevitas.export import export_onnx_qcdq
from brevitas.quant import Int8ActPerTensorFloat, Int8WeightPerTensorFloat


def convolution(bits, narrow, per_channel, quantised_input):
    class Weight(Int8WeightPerTensorFloat):
        bit_width = bits
        narrow_range = narrow
        scaling_per_output_channel = per_channel

    return qnn.QuantConv2d(
        2,
        2,
        1,
        bias=True,
        weight_quant=Weight,
        input_quant=Int8ActPerTensorFloat if quantised_input else None,
        return_quant_tensor=False,
    )


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for narrow in (True, False):
        for per_channel in (True, False):
            torch.manual_seed(7)
            chain = torch.nn.Sequential(*(convolution(bits, narrow, per_channel, bits < 5) for bits in range(2, 9)))
            x = torch.rand(1, 2, 2, 2)
            chain(x)  # in training mode: ranges of the inputs
            chain.eval()
            name = f"{'narrow' if narrow else 'full'}_{'channel' if per_channel else 'tensor'}.onnx"
            export_onnx_qcdq(chain, args=x, export_path=str(folder / name), opset_version=13, dynamo=False)
            print(name, (folder / name).stat().st_size)
    print(", ".join(f"{each} {importlib.metadata.version(each)}" for each in ("brevitas", "torch", "onnx")))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
