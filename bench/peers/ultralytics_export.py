# SPDX-License-Identifier: Apache-2.0
"""The work of `nibble export CHECKPOINT -o OUT.onnx` in Ultralytics.

usage: ultralytics_export.py CHECKPOINT.pt FOLDER     (needs ultralytics, onnx; the file is left in FOLDER)
"""
import os
import pathlib
import shutil
import sys

os.environ.update(YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false")  # nothing is fetched while the clock runs

from ultralytics import YOLO

checkpoint, folder = map(pathlib.Path, sys.argv[1:3])
copy = shutil.copy(checkpoint, folder / "ultralytics.pt")  # Ultralytics writes beside the checkpoint
YOLO(copy).export(format="onnx", imgsz=640, simplify=False, device="cpu", verbose=False)
