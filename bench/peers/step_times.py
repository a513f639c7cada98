#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long the steps of a training took, from its TensorBoard event files.

Usage: step_times.py FOLDER [FOLDER ...]   (what `nibble qat -o` wrote: FOLDER/events/*)
Prints the median over pairs of consecutive steps; the first of an epoch waits for images and scores, which the median does not see.
"""
import pathlib
import statistics
import struct
import sys


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        shift += 7
        at += 1
        if byte < 128:
            return value


def first_times(path):
    """Step -> time of its first event. An event begins with its time (tag 9, a double) and its step (tag 16, a varint)."""
    data, at, times = path.read_bytes(), 0, {}
    while at + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        event = data[at + 12 : at + 12 + length]
        at += 16 + length
        if len(event) > 10 and event[0] == 9 and event[9] == 16:
            times.setdefault(varint(event, 10), struct.unpack_from("<d", event, 1)[0])
    return times


for folder in sys.argv[1:] or sys.exit(__doc__):
    for path in sorted(pathlib.Path(folder).glob("events/*")):
        times = first_times(path)
        gaps = [times[step] - times[step - 1] for step in times if step - 1 in times]
        if gaps:
            print(f"{path}: {len(gaps)} steps, median {statistics.median(gaps):.4f} s, mean {statistics.mean(gaps):.4f} s")
