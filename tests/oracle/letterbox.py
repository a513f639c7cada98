# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/letterbox: small pictures and what Ultralytics' LetterBox makes of them.

usage: letterbox.py OUT_DIR             writes the goldens (needs numpy, opencv-python, ultralytics)
       letterbox.py --hash DIR SIZE     prints "name sha256 width height left top" of every image in DIR: the letterboxed
                                        planes R, G, B, for comparison with a build on real images
"""
import hashlib
import pathlib
import sys

import cv2
import numpy as np
from ultralytics.data.augment import LetterBox

SIZE = 64
RECTANGLE = (48, 80)  # height, width


def picture(height, width, seed):
    """Smooth colours with noise and edges, so that resizing has something to get wrong."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / 5.0 + seed), 127 + 90 * np.cos(y / 4.0), (x * 7 + y * 3) % 256]
    image = np.stack(planes, axis=-1) + rng.normal(0, 12, (height, width, 3))
    image[height // 3 : height // 2, width // 4 : width // 2] = (250, 10, 40)
    return image.clip(0, 255).astype(np.uint8)


def with_orientation(jpeg, orientation):
    """The JPEG with an EXIF segment (TIFF, big-endian, one entry: tag 0x112) behind its first marker."""
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0\0\0\0\0"
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


def letterbox(image, size):
    """`size`: the side of a square, or (height, width)."""
    shape = (size, size) if isinstance(size, int) else size
    return LetterBox(shape, auto=False, scaleup=True)(image=image)


def write_goldens(out):
    out.mkdir(parents=True, exist_ok=True)
    shapes = {"wide": (37, 90), "tall": (101, 33), "small": (20, 23), "thin": (2, 200), "square": (64, 64)}
    files = {name: cv2.imencode(".png", picture(*shape, i))[1].tobytes() for i, (name, shape) in enumerate(shapes.items())}
    files = {f"{name}.png": data for name, data in files.items()}
    files["grey.png"] = cv2.imencode(".png", picture(30, 50, 7)[..., 0])[1].tobytes()
    rgba = np.dstack([picture(40, 31, 8), np.full((40, 31), 90, np.uint8)])
    files["alpha.png"] = cv2.imencode(".png", rgba)[1].tobytes()
    jpeg = cv2.imencode(".jpg", picture(48, 80, 9), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    files["plain.jpg"] = jpeg
    files["turned.jpg"] = with_orientation(jpeg, 6)
    for name, data in files.items():
        (out / name).write_bytes(data)
        image = cv2.imread(str(out / name))
        cv2.imwrite(str(out / f"expected_{pathlib.Path(name).stem}.png"), letterbox(image, SIZE))
        cv2.imwrite(str(out / f"rectangle_{pathlib.Path(name).stem}.png"), letterbox(image, RECTANGLE))


def print_hashes(folder, size):
    for path in sorted(folder.glob("*.jpg")):
        image = cv2.imread(str(path))
        boxed = letterbox(image, size)
        planes = np.ascontiguousarray(boxed[..., ::-1].transpose(2, 0, 1))
        print(path.name, hashlib.sha256(planes.tobytes()).hexdigest(), image.shape[1], image.shape[0])


if __name__ == "__main__":
    if sys.argv[1] == "--hash":
        print_hashes(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
    else:
        write_goldens(pathlib.Path(sys.argv[1]))
