# SPDX-License-Identifier: Apache-2.0
"""TensorBoard's own view of event files: the bytes it writes, and what it reads.

usage: tensorboard_events.py --bytes     prints the records of src/train/event_file_test.cc, made by TensorBoard (hexadecimal)
       tensorboard_events.py FOLDER      reads the folder that the test left there and checks every point:
           NIBBLE_EVENT_FOLDER=FOLDER build/train_test --gtest_filter=EventFile.ARunThatGoesOn

(needs tensorboard)
"""
import io
import math
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

# What the test writes: a first session with steps 0 to 9, killed; a second one from step 5 with other values up to 11.
WANTED = {
    "loss/box": [(step, step + 0.5) for step in range(5)] + [(step, step + 100.5) for step in range(5, 12)],
    "lr": [(step, math.nan if step == 3 else 2.0**-step) for step in range(12)],
}


class Kept(io.BytesIO):
    def close(self):
        pass


def record(event):
    kept = Kept()
    writer = RecordWriter(kept)
    writer.write(event.SerializeToString())
    writer.flush()
    return kept.getvalue().hex()


def print_bytes():
    values = [Summary.Value(tag="loss/box", simple_value=1.5), Summary.Value(tag="lr", simple_value=-0.25)]
    print("version", record(Event(wall_time=1700000000.25, file_version="brain.Event:2")))
    print("session", record(Event(wall_time=1700000001.0, step=300, session_log=SessionLog(status=SessionLog.START))))
    print("scalars", record(Event(wall_time=1700000002.0, step=2**40, summary=Summary(value=values))))
    print("first  ", record(Event(wall_time=1700000002.0, step=0, summary=Summary(value=values[:1]))))


def check(folder):
    events = EventAccumulator(folder, size_guidance={"scalars": 0})
    events.Reload()
    assert sorted(events.Tags()["scalars"]) == sorted(WANTED), events.Tags()
    for tag, wanted in WANTED.items():
        found = [(e.step, e.value) for e in events.Scalars(tag)]
        same = len(found) == len(wanted) and all(
            a[0] == b[0] and (a[1] == b[1] or math.isnan(a[1]) and math.isnan(b[1])) for a, b in zip(found, wanted)
        )
        assert same, (tag, found, wanted)
        print(tag, len(found), "points as written")


if __name__ == "__main__":
    print_bytes() if sys.argv[1] == "--bytes" else check(sys.argv[1])
