# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/centre_crop: what Ultralytics' classify_transforms makes of the pictures of tests/golden/letterbox.

usage: centre_crop.py LETTERBOX_DIR OUT_DIR     (needs numpy, opencv-python, pillow, torchvision, ultralytics 8.4)

square_NAME.png for an input of 32 x 32 (the middle of the image), rectangle_NAME.png for 24 x 40 (the whole image, out of proportion).
"""
import pathlib
import sys

import cv2
import numpy as np
from PIL import Image
from ultralytics.data.augment import classify_transforms

SHAPES = {"square": 32, "rectangle": (24, 40)}  # height, width
NAMES = ["wide.png", "tall.png", "small.png", "square.png", "grey.png", "plain.jpg"]


def main(source, out):
    out.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        image = Image.fromarray(cv2.cvtColor(cv2.imread(str(source / name)), cv2.COLOR_BGR2RGB))
        for shape, size in SHAPES.items():
            planes = (classify_transforms(size=size)(image).numpy() * 255).round().astype(np.uint8)
            cv2.imwrite(str(out / f"{shape}_{pathlib.Path(name).stem}.png"), planes.transpose(1, 2, 0)[..., ::-1])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
