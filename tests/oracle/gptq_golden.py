# SPDX-License-Identifier: Apache-2.0
"""Codes of a small layer by plain GPTQ (Frantar et al., arXiv 2210.17323, algorithm 1), as a golden for src/quant/rounding.

    python tests/oracle/gptq_golden.py tests/golden/gptq              (needs numpy)
    python tests/oracle/gptq_golden.py tests/golden/gptq --brevitas   (also torch and brevitas: its GPTQ must give the same codes)

Written from the paper alone, in double precision and without its lazy batches, which change the order of work and not the result:
H = 2 X X^T + damping * mean(diag(H)) * I; columns in their own order or by falling diag(H); with U the upper Cholesky factor of H^-1, the
error of column j, divided by U_jj, times row j of U is taken from the columns behind it.

Files: weights.npy [rows, columns] and inputs.npy [samples, columns], float32; cases.json: for each case its settings, the order of the columns,
the scale and zero point of each row, the codes in the layer's own order of columns, and the error trace(D H D^T) / (2 samples) without damping, D the
errors of the weights. No number that is rounded comes nearer than 2e-4 steps to the middle between two codes, so that float32 gives the same.
"""
import importlib.metadata
import json
import pathlib
import sys

import numpy as np

ROWS, COLUMNS, SAMPLES = 12, 36, 160
SAFE = 2e-4
# bits, whether -2^(bits-1) is left out, whether the zero point is 0, order by diag(H), damping
CASES = [
    ("natural_order", 4, True, True, False, 0.01),
    ("act_order", 4, True, True, True, 0.01),
    ("strong_damping", 4, False, True, True, 0.1),
    ("three_bits", 3, False, True, True, 0.01),
    ("zero_points", 4, False, False, True, 0.01),
    ("eight_bits", 8, True, True, True, 0.01),
]


def layer(seed):
    """Inputs whose columns are correlated and of different power, as those of a convolution are."""
    random = np.random.default_rng(seed)
    weights = random.normal(size=(ROWS, COLUMNS)) * 0.1
    common = random.normal(size=(SAMPLES, 3)) @ random.normal(size=(3, COLUMNS))
    inputs = (random.normal(size=(SAMPLES, COLUMNS)) + common) * random.uniform(0.3, 2, size=COLUMNS)
    return weights.astype(np.float32), inputs.astype(np.float32)


def grids(weights, low, high, symmetric):
    """Scale and zero point of each row, from its ends; the scale is a float32."""
    if symmetric:
        scales = np.abs(weights).max(axis=1).astype(np.float64) / high
        return scales.astype(np.float32), np.zeros(len(weights), int)
    least, most = np.minimum(weights.min(axis=1), 0).astype(np.float64), np.maximum(weights.max(axis=1), 0).astype(np.float64)
    scales = ((most - least) / (high - low)).astype(np.float32)
    return scales, np.clip(np.rint(low - least / scales), low, high).astype(int)


def gptq(weights, inputs, low, high, scales, zero_points, by_power, damping):
    hessian = 2 * inputs.astype(np.float64).T @ inputs.astype(np.float64)
    order = np.argsort(-np.diag(hessian), kind="stable") if by_power else np.arange(COLUMNS)
    damped = hessian + damping * np.diag(hessian).mean() * np.eye(COLUMNS)
    upper = np.linalg.cholesky(np.linalg.inv(damped[np.ix_(order, order)])).T
    left = weights.astype(np.float64)[:, order]
    codes = np.zeros((ROWS, COLUMNS), int)
    nearest_tie = 1.0
    scale = scales.astype(np.float64)
    for j in range(COLUMNS):
        steps = left[:, j] / scale + zero_points
        codes[:, j] = np.clip(np.rint(steps), low, high)
        nearest_tie = min(nearest_tie, np.abs(steps - np.floor(steps) - 0.5).min())
        error = (left[:, j] - (codes[:, j] - zero_points) * scale) / upper[j, j]
        left[:, j + 1 :] -= np.outer(error, upper[j, j + 1 :])
    natural = np.empty_like(codes)
    natural[:, order] = codes
    difference = (natural - zero_points[:, None]) * scale[:, None] - weights
    error = np.einsum("ri,ij,rj->", difference, hessian, difference) / (2 * SAMPLES)
    return order, natural, error, nearest_tie


def by_brevitas(weights, inputs, bits, narrow, by_power, damping):
    """The codes that Brevitas leaves in a linear layer; symmetric, a scale for each row from its largest weight."""
    import torch
    from brevitas import nn as qnn
    from brevitas.graph.gptq import gptq_mode
    from brevitas.quant import Int8WeightPerChannelFloat

    class Weight(Int8WeightPerChannelFloat):
        bit_width = bits
        narrow_range = narrow

    linear = qnn.QuantLinear(COLUMNS, ROWS, bias=False, weight_quant=Weight)
    model = torch.nn.Sequential(linear).eval()
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weights))
        # The scale follows the weights; what GPTQ moves must not move it.
        frozen = linear.quant_weight().scale.clone()
        linear.weight_quant.tensor_quant.scaling_impl.forward = lambda *_: frozen
        with gptq_mode(model, act_order=by_power, use_quant_activations=False) as mode:
            mode.model(torch.from_numpy(inputs))
            for each in mode.gpxq_layers.values():
                plain = each.single_layer_update
                each.single_layer_update = lambda plain=plain: plain(percdamp=damping)
            mode.update()
        return linear.quant_weight().int().numpy().astype(int), frozen.numpy().ravel()


def settled_layer():
    """The first seed whose numbers stay away from ties in every case."""
    for seed in range(1000):
        weights, inputs = layer(seed)
        ties = []
        for _, bits, narrow, symmetric, by_power, damping in CASES:
            high = 2 ** (bits - 1) - 1
            low = -high if narrow else -high - 1
            ties.append(gptq(weights, inputs, low, high, *grids(weights, low, high, symmetric), by_power, damping)[3])
        if min(ties) > SAFE:
            return seed, weights, inputs
    raise SystemExit("no layer without ties")


def main(folder, check):
    folder.mkdir(parents=True, exist_ok=True)
    seed, weights, inputs = settled_layer()
    np.save(folder / "weights.npy", weights)
    np.save(folder / "inputs.npy", inputs)
    cases = []
    for name, bits, narrow, symmetric, by_power, damping in CASES:
        high = 2 ** (bits - 1) - 1
        low = -high if narrow else -high - 1
        scales, zero_points = grids(weights, low, high, symmetric)
        order, codes, error, tie = gptq(weights, inputs, low, high, scales, zero_points, by_power, damping)
        told = f"{name}: error {error:.6g}, nearest tie {tie:.2g}"
        if check and symmetric and narrow:
            theirs, their_scales = by_brevitas(weights, inputs, bits, narrow, by_power, damping)
            assert np.allclose(their_scales, scales, rtol=1e-6), name
            assert (theirs == codes).all(), f"{name}: {(theirs != codes).sum()} codes differ from Brevitas'"
            told += f"; Brevitas {importlib.metadata.version('brevitas')} gives the same {codes.size} codes"
        print(told)
        cases.append({"name": name, "bits": bits, "narrow": narrow, "symmetric": symmetric, "damping": damping, "order": order.tolist(),
                      "scales": scales.tolist(), "zero_points": zero_points.tolist(), "error": error, "codes": codes.tolist()})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (folder / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(f"seed {seed}, numpy {np.__version__}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), "--brevitas" in sys.argv[2:])
