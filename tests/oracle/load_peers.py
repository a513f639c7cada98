# SPDX-License-Identifier: Apache-2.0
"""Do others load our files? ONNX's checker with shape inference, OpenVINO (read, compile, one inference against ONNX Runtime), onnxslim
and onnxsim, as a table.

    python tests/oracle/load_peers.py MODEL.onnx...
"""

import importlib.metadata
import pathlib
import sys

import numpy
import onnx
import onnxruntime


def fed(session):
    random = numpy.random.default_rng(0)
    kinds = {"tensor(float)": numpy.float32, "tensor(float16)": numpy.float16}
    return {i.name: random.random([n if isinstance(n, int) else 1 for n in i.shape]).astype(kinds[i.type]) for i in session.get_inputs()}


def answer(model, optimise):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, fed(session))[0]


def distance(a, b):
    """Largest difference; of scores alone for [B,K,6], whose rows may change places on random input."""
    if a.shape[-1] == 6:
        a, b = a[..., 4], b[..., 4]
    return f"{numpy.abs(a.astype(numpy.float64) - b).max():.2g}"


def checker(path):
    onnx.checker.check_model(str(path), full_check=True)
    onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True)
    return "passes"


def runtime(path):
    off, on = answer(str(path), False), answer(str(path), True)
    return f"runs; {distance(off, on)} between optimisation levels"


def openvino(path):
    import openvino

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feed = fed(session)
    core = openvino.Core()
    # Without the second, OpenVINO rounds the activations in front of packed weights to 8 bits at run time.
    exact = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    compiled = core.compile_model(core.read_model(path), "CPU", exact)
    theirs = list(compiled(list(feed.values())).values())[0]
    ours = session.run(None, feed)[0]
    return f"runs; {distance(theirs, ours)} from ONNX Runtime"


def slim(path):
    import onnxslim

    model = onnxslim.slim(onnx.load(path))
    return f"loads; result differs by {distance(answer(model.SerializeToString(), False), answer(str(path), False))}"


def simplifier(path):
    import onnxsim

    model, ok = onnxsim.simplify(onnx.load(path))
    difference = distance(answer(model.SerializeToString(), False), answer(str(path), False))
    return f"loads, own check {ok}; result differs by {difference}"


PEERS = {"onnx": checker, "onnxruntime": runtime, "openvino": openvino, "onnxslim": slim, "onnxsim": simplifier}


def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def main(paths):
    present = {name: check for name, check in PEERS.items() if version(name)}
    missing = [name for name in PEERS if name not in present]
    print("| file | " + " | ".join(f"{name} {version(name)}" for name in present) + " |")
    print("|---" * (len(present) + 1) + "|")
    for path in map(pathlib.Path, paths):
        cells = []
        for check in present.values():
            try:
                cells.append(check(path))
            except Exception as error:  # what a peer cannot do is the result
                cells.append("FAILS: " + " ".join(str(error).split())[-110:])
        print(f"| {path.name} | " + " | ".join(cells) + " |", flush=True)
    if missing:
        print("not installed: " + ", ".join(missing))


if __name__ == "__main__":
    main(sys.argv[1:])
