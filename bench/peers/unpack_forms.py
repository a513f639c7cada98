# SPDX-License-Identifier: Apache-2.0
"""What does a way of storing 4-bit weights cost in this ONNX Runtime: load, first inference, memory, time against the float file?

usage: unpack_forms.py FLOAT.onnx INT4.onnx UNPACK.onnx [--threads N]    (needs onnxruntime, numpy; run it with each version's Python)
       unpack_forms.py --cast INT4.onnx OUT.onnx                         (needs onnx: the INT4 file with Cast, Sub, Mul for DequantizeLinear)

A file OUT.onnx beside UNPACK.onnx, called cast.onnx, is measured as well. Times are of the processor, all threads together, which other
work on the machine changes little; ratios are of medians in turns. Memory: resident, at most and afterwards, of a process of its own for
each file. From 1.29 on the Python package sends telemetry unless ORT_DISABLE_TELEMETRY is set: it is, below.
"""
import os
import pathlib
import subprocess
import sys
import time

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

ROUNDS = 15
FOLDED = {"session.disable_quant_qdq": "1"}


def write_cast_form(source, target):
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load(source)
    graph = model.graph
    initialisers = {tensor.name: tensor for tensor in graph.initializer}
    nodes, widened = [], set()
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in initialisers:
            nodes.append(node)
            continue
        codes, result = node.input[0], node.output[0]
        if any(a.name == "block_size" and a.i for a in node.attribute):
            sys.exit("unpack_forms.py: scales per block are not rewritten here; take a recipe with a scale per channel")
        for name in node.input[1:]:
            if name not in widened and initialisers[name].dims:
                initialisers[name].dims.extend([1, 1, 1])
                widened.add(name)
        nodes.append(helper.make_node("Cast", [codes], [result + "_real"], to=TensorProto.FLOAT))
        steps = result + "_real"
        if len(node.input) > 2:
            nodes += [helper.make_node("Cast", [node.input[2]], [result + "_zero"], to=TensorProto.FLOAT),
                      helper.make_node("Sub", [steps, result + "_zero"], [result + "_steps"])]
            steps = result + "_steps"
        nodes.append(helper.make_node("Mul", [steps, node.input[1]], [result]))
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, target)


def session_of(path, threads, config):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    for key, value in config.items():
        options.add_session_config_entry(key, value)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def image_for(session):
    import numpy

    first = session.get_inputs()[0]
    return {first.name: numpy.random.default_rng(0).random(first.shape, dtype=numpy.float32)}


def resident_mb(key):
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split(key + ":")[1].split()[0]) / 1024


def measure_alone(path, threads, config):
    import onnxruntime  # noqa: F401  (its own memory and time are not the file's)

    before = resident_mb("VmRSS")
    start = time.process_time()
    session = session_of(path, threads, config)
    loaded = time.process_time()
    image = image_for(session)
    begin = time.process_time()
    session.run(None, image)
    print(f"{loaded - start} {time.process_time() - begin} {resident_mb('VmHWM') - before} {resident_mb('VmRSS') - before}")


def alone(path, threads, config):
    flag = "--folded" if config else "--plain"
    done = subprocess.run([sys.executable, __file__, "--alone", path, str(threads), flag], capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()] if done.returncode == 0 else None


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--cast"]:
        return write_cast_form(*arguments[1:])
    if arguments[:1] == ["--alone"]:
        return measure_alone(arguments[1], int(arguments[2]), FOLDED if arguments[3] == "--folded" else {})
    threads = 1
    if "--threads" in arguments:
        at = arguments.index("--threads")
        threads = int(arguments[at + 1])
        del arguments[at:at + 2]
    floating, int4, unpack = arguments
    cast = pathlib.Path(unpack).with_name("cast.onnx")
    forms = {"float": (floating, {}), "INT4": (int4, {}), "INT4, disable_quant_qdq=1": (int4, FOLDED), "unpack": (unpack, {})}
    if cast.exists():
        forms["Cast from INT4"] = (str(cast), {})
    import numpy
    import onnxruntime

    found = {name: alone(path, threads, config) for name, (path, config) in forms.items()}
    sessions = {name: session_of(*[forms[name][0], threads, forms[name][1]]) for name in forms if found[name]}
    image = image_for(sessions["float"])
    outputs, times = {}, {name: [] for name in sessions}
    for round_ in range(ROUNDS + 2):
        for name, session in sessions.items():
            start = time.process_time()
            outputs[name] = session.run(None, image)[0]
            if round_ > 1:
                times[name].append(time.process_time() - start)
    base = numpy.median(times["float"])
    reference = outputs.get("INT4, disable_quant_qdq=1", outputs.get("unpack"))
    for name, (path, _) in forms.items():
        row = f"| {onnxruntime.__version__} | {threads} | {name} | {os.path.getsize(path) / 1e6:.2f} |"
        if name not in sessions:
            print(row + " does not load | | | | |")
            continue
        load, first, peak, after = found[name]
        differs = "" if name == "float" else f"{numpy.abs(outputs[name] - reference).max():.1e}"
        print(row + f" {load * 1e3:.0f} | {first * 1e3:.0f} | {peak:.0f} / {after:.0f} | {numpy.median(times[name]) / base:.2f} | {differs} |", flush=True)


main()
