# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/hostile: small files that end, hold up or fill a program that trusts them.

Needs onnx and numpy. Run in the repository root: python tests/oracle/hostile.py
"""
import pathlib
import struct
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper

FOLDER = pathlib.Path("tests/golden/hostile")


def constant(name, values, dtype):
    return onnx.numpy_helper.from_array(np.array(values, dtype), name)


def save(name, nodes, initialisers=(), metadata=None, producer="test"):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], list(initialisers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name=producer)
    for key, value in (metadata or {}).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())


def endless_loop():
    scalar = lambda name, kind: helper.make_tensor_value_info(name, kind, [])
    image = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8])
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go_out"]), helper.make_node("Identity", ["v_in"], ["v_out"])],
        "body",
        [scalar("i", TensorProto.INT64), scalar("go_in", TensorProto.BOOL), image("v_in")],
        [scalar("go_out", TensorProto.BOOL), image("v_out")],
    )
    return helper.make_node("Loop", ["times", "go", "x"], ["y"], body=body)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    least = np.iinfo(np.int64).min
    save("stride_0", [helper.make_node("Conv", ["x", "w"], ["y"], strides=[0, 0])], [constant("w", np.zeros([1, 3, 3, 3]), np.float32)])
    save(
        "divided_least",
        [helper.make_node("Div", ["a", "b"], ["s"]), helper.make_node("Reshape", ["x", "s"], ["y"])],
        [constant("a", [least], np.int64), constant("b", [-1], np.int64)],
    )
    # The same behind an operator that only the runtime computes.
    save(
        "divided_least_hidden",
        [
            helper.make_node("Neg", ["one"], ["b"]),
            helper.make_node("Div", ["a", "b"], ["s"]),
            helper.make_node("Reshape", ["x", "s"], ["y"]),
        ],
        [constant("a", [least], np.int64), constant("one", [1], np.int64)],
    )
    save(
        "doubled_forty_times",
        [helper.make_node("Concat", [f"c{i}", f"c{i}"], [f"c{i + 1}"], axis=0) for i in range(40)]
        + [helper.make_node("ReduceSum", ["c40"], ["sum"], keepdims=0), helper.make_node("Add", ["x", "sum"], ["y"])],
        [constant("c0", [0], np.float32)],
    )
    save("endless_loop", [endless_loop()], [constant("times", np.iinfo(np.int64).max, np.int64), constant("go", True, bool)])
    save(
        "circle",
        [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Relu", ["a"], ["y"])],
    )
    save("given_twice", [helper.make_node("Add", ["x", "w"], ["y"])], [constant("w", 1, np.float32), constant("w", 2, np.float32)])
    save("no_such_operator", [helper.make_node("NoSuchOperator", ["x"], ["y"])])
    save("terminal_codes", [helper.make_node("Relu", ["x"], ["y"])], metadata={"evil\x1b[31m": "v\x1b]0;title\x07 \u009b2J"}, producer="\x1b[2Jmaker")
    # A PNG whose header says 30000 x 30000 grey pixels; nothing follows it.
    header = b"IHDR" + struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    (FOLDER / "says_900_million_pixels.png").write_bytes(png)


main()
