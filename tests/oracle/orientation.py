# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/orientation: one picture, 32 x 16 px, its quarters red, green, blue and yellow, with the tag Orientation 1 in every
format that has it. The test sets the tag to each value. Needs Pillow."""
import pathlib

import numpy
from PIL import Image

folder = pathlib.Path(__file__).parent.parent / "golden" / "orientation"
pixels = numpy.zeros((16, 32, 3), numpy.uint8)
pixels[:8, :16] = [255, 0, 0]
pixels[:8, 16:] = [0, 255, 0]
pixels[8:, :16] = [0, 0, 255]
pixels[8:, 16:] = [255, 255, 0]
picture = Image.fromarray(pixels)
exif = Image.Exif()
exif[0x0112] = 1
picture.save(folder / "quarters.jpg", exif=exif, quality=95, subsampling=0)
picture.save(folder / "quarters.png", exif=exif)
picture.save(folder / "quarters.webp", exif=exif, lossless=True)
picture.save(folder / "quarters.tif", tiffinfo={0x0112: 1})
