# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/jpeg: one small picture as JPEG files of several scans and with restart markers, and a plain one whose last byte is 0.

usage: jpeg_scans.py OUT_DIR    (needs numpy and opencv-python; letterbox.py beside it makes the picture)
"""
import pathlib
import sys

import cv2
import numpy as np

from letterbox import picture

FILES = {
    "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    "restarts": [cv2.IMWRITE_JPEG_RST_INTERVAL, 2],
    "progressive_restarts": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 2],
}

if __name__ == "__main__":
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, options in FILES.items():
        file = cv2.imencode(".jpg", picture(48, 80, 9), [cv2.IMWRITE_JPEG_QUALITY, 85, *options])[1]
        (out / f"{name}.jpg").write_bytes(file.tobytes())
    plain = cv2.imencode(".jpg", np.full((24, 24, 3), 128, np.uint8))[1].tobytes()
    assert plain.endswith(bytes(1) + b"\xff\xd9")
    (out / "plain_zero.jpg").write_bytes(plain)
