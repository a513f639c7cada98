# SPDX-License-Identifier: Apache-2.0
"""Which way of writing an 8-bit activation network does ONNX Runtime's CPU provider compute fastest?

usage: integer_forms.py FLOAT.onnx QCDQ.onnx [MORE.onnx ...]       (needs onnx, onnxruntime; QCDQ.onnx: a -qcdq-ptq-opt file)

Rewrites the QCDQ file into ConvInteger (weights s8 or u8) and into Q/DQ behind every convolution (activations s8 or u8), and times
all of them on one thread in turns. Ratios are of CPU time, which other work on the machine changes little; outputs of the Q/DQ
forms are meaningless here (their scale is a guess), their times are not. MORE: files to time beside them, as they are.
"""
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROUNDS = 9
GUESSED_SCALE = np.float32(0.1)


class Model:
    def __init__(self, path):
        self.proto = onnx.load(path)
        self.graph = self.proto.graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in self.graph.initializer}
        self.producers = {name: node for node in self.graph.node for name in node.output}

    def add(self, values):
        name = f"added_{len(self.graph.initializer)}"
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
        self.constants[name] = np.asarray(values)
        return name

    def codes(self, name):
        node = self.producers.get(name)
        return self.constants[name] if node is None else np.clip(*(self.codes(i) for i in node.input))

    def layer(self, node):
        """Input quantiser, weight codes, weight scales, bias of a quantised Conv; None for others."""
        if node.op_type != "Conv" or any(self.producers.get(name) is None for name in node.input[:2]):
            return None
        x, w = (self.producers[name] for name in node.input[:2])
        if x.op_type != "DequantizeLinear" or w.op_type != "DequantizeLinear":
            return None
        codes = self.codes(w.input[0])
        scales = np.broadcast_to(self.constants[w.input[1]].reshape(-1), (codes.shape[0],))
        return x, codes, scales, self.constants[node.input[2]]

    def make_unsigned(self):
        for node in self.graph.node:
            if node.op_type == "QuantizeLinear" or (node.op_type == "DequantizeLinear" and self.producers.get(node.input[0], node).op_type == "QuantizeLinear"):
                node.input[2] = self.add(np.uint8(128))

    def finish(self, nodes):
        used = {name for node in nodes for name in node.input} | {o.name for o in self.graph.output}
        while any(not used.intersection(n.output) for n in nodes):
            nodes = [n for n in nodes if used.intersection(n.output)]
            used = {name for node in nodes for name in node.input} | {o.name for o in self.graph.output}
        del self.graph.node[:]
        self.graph.node.extend(nodes)
        return self.proto.SerializeToString()


def conv_integer(path, weights):
    model = Model(path)
    model.make_unsigned()
    nodes = []
    for node in model.graph.node:
        layer = model.layer(node)
        if not layer:
            nodes.append(node)
            continue
        x, codes, scales, bias = layer
        inputs = [x.input[0], model.add(codes.astype(np.int8)), x.input[2]]
        if weights == "u8":
            inputs[1:] = [model.add((codes.astype(np.int16) + 128).astype(np.uint8)), x.input[2], model.add(np.uint8(128))]
        y = node.output[0]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        step = (scales * model.constants[x.input[1]]).astype(np.float32)
        nodes += [helper.make_node("ConvInteger", inputs, [y + "_sum"], **attributes), helper.make_node("Cast", [y + "_sum"], [y + "_float"], to=TensorProto.FLOAT),
                  helper.make_node("Mul", [y + "_float", model.add(step.reshape(1, -1, 1, 1))], [y + "_scaled"]),
                  helper.make_node("Add", [y + "_scaled", model.add(bias.reshape(1, -1, 1, 1))], [y])]
    return model.finish(nodes)


def quantised_outputs(path, activations):
    model = Model(path)
    if activations == "u8":
        model.make_unsigned()
    zero = model.add(np.uint8(128) if activations == "u8" else np.int8(0))
    scale, nodes, renamed = model.add(GUESSED_SCALE), [], {}
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
        layer = model.layer(node)
        nodes.append(node)
        if not layer:
            continue
        x, codes, scales, bias = layer
        step = (scales * model.constants[x.input[1]]).astype(np.float32)
        y = node.output[0]
        nodes.insert(-1, helper.make_node("DequantizeLinear", [model.add(np.rint(bias / step).astype(np.int32)), model.add(step)], [y + "_bias"], axis=0))
        node.input[2] = y + "_bias"
        model.producers[node.input[1]].input[0] = model.add(codes.astype(np.int8))
        nodes += [helper.make_node("QuantizeLinear", [y, scale, zero], [y + "_codes"]), helper.make_node("DequantizeLinear", [y + "_codes", scale, zero], [y + "_again"])]
        renamed[y] = y + "_again"
    return model.finish(nodes)


def session_of(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def main():
    floating, qcdq, *more = sys.argv[1:]
    models = {"float": floating, "QCDQ": qcdq}
    for weights in ("s8", "u8"):
        models[f"ConvInteger, u8 x {weights}"] = conv_integer(qcdq, weights)
    for activations in ("s8", "u8"):
        models[f"Q/DQ behind Conv, {activations} x s8"] = quantised_outputs(qcdq, activations)
    sessions = {name: session_of(model) for name, model in (models | {name: name for name in more}).items()}
    first = next(iter(sessions.values())).get_inputs()[0]
    x = np.random.default_rng(0).random(first.shape, dtype=np.float32)
    times = {name: [] for name in sessions}
    for round_ in range(ROUNDS + 1):
        for name, session in sessions.items():
            start = time.process_time()
            session.run(None, {session.get_inputs()[0].name: x})
            if round_:
                times[name].append(time.process_time() - start)
    base = np.median(times["float"])
    print(f"onnxruntime {onnxruntime.__version__}\n| form | CPU ms | ratio |\n|---|---|---|")
    for name, values in times.items():
        print(f"| {name} | {np.median(values) * 1e3:.1f} | {np.median(values) / base:.2f} |")


main()
