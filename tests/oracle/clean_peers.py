# SPDX-License-Identifier: Apache-2.0
"""`nibble clean` beside onnxoptimizer and onnxslim, as a table: nodes, initialisers, bytes, quantisers, and whether the outputs stay
equal bit for bit in ONNX Runtime with optimisations off.

    python tests/oracle/clean_peers.py build/nibble MODEL.onnx...
"""

import collections
import importlib.metadata
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxoptimizer
import onnxruntime
import onnxslim


def answers(model):
    """Outputs for seeded random input; a text where the file does not run."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        random = numpy.random.default_rng(0)
        kinds = {"tensor(float)": numpy.float32, "tensor(float16)": numpy.float16}
        feed = {
            each.name: random.random([n if isinstance(n, int) else 1 for n in each.shape]).astype(kinds[each.type])
            for each in session.get_inputs()
        }
        return session.run(None, feed)
    except Exception as error:  # a peer's result may be anything
        return str(error).splitlines()[0][:60]


def verdict(before, after):
    if isinstance(after, str):
        return f"does not run: {after}"
    if isinstance(before, str):
        return "not compared"
    same = all(a.tobytes() == b.tobytes() for a, b in zip(before, after))
    largest = max(float(numpy.abs(a.astype(numpy.float64) - b.astype(numpy.float64)).max()) for a, b in zip(before, after))
    return "yes" if same else f"no, by up to {largest:.2g}"


def row(name, how, model, before):
    ops = collections.Counter(node.op_type for node in model.graph.node)
    print(
        f"| {name} | {how} | {len(model.graph.node)} | {len(model.graph.initializer)} | {model.ByteSize():,} | "
        f"{ops['QuantizeLinear']} / {ops['DequantizeLinear']} | {verdict(before, answers(model))} |",
        flush=True,
    )


def nibble_clean(nibble, path):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "clean.onnx"
        subprocess.run([nibble, "clean", path, "-o", out, "--threads", "1"], check=True, stdout=subprocess.DEVNULL)
        return onnx.load(out)


def attempt(name, how, make, before):
    try:
        row(name, how, make(), before)
    except Exception as error:
        print(f"| {name} | {how} | fails: {str(error).splitlines()[0][:80]} | | | | |", flush=True)


def main(nibble, paths):
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("onnx", "onnxruntime", "onnxoptimizer", "onnxslim"))
    print(f"{versions}\n\n| file | cleaned by | nodes | initialisers | bytes | Q / DQ | outputs equal |\n|---|---|---|---|---|---|---|")
    for path in paths:
        model = onnx.load(path)
        before = answers(model)
        name = pathlib.Path(path).name
        row(name, "-", model, before)
        attempt(name, "nibble clean", lambda: nibble_clean(nibble, path), before)
        attempt(name, "onnxoptimizer", lambda: onnxoptimizer.optimize(model, fixed_point=True), before)
        attempt(name, "onnxslim", lambda: onnxslim.slim(onnx.load(path)), before)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
