# SPDX-License-Identifier: Apache-2.0
"""Compares nibble's files of whole detectors with random weights to what Ultralytics answers, and weighs them: every family and size.

usage: families_whole.py NIBBLE SCRATCH [NAME...]   (needs numpy, torch, ultralytics 8.4, onnxruntime; NAME: "yolo11m", "yolov8n-p2", ...)

For each NAME, with 80 classes and an image of 128 px: the largest differences of the decoded output of each branch between `nibble export` in
ONNX Runtime and Ultralytics, of class scores (0..1) and of boxes relative to the largest number of all boxes (a random network's boxes have
hundreds of pixels and more); beside them, how far Ultralytics itself is in FP32 from FP64, because attention with random weights
amplifies rounding (YOLO12: ten thousandfold); and the bytes of the FP32 file and of the INT4 file of 4-bit weights, quickly rounded (its size does not depend
on how). A row a network and branch; the last line says how many are beyond 1e-4, and beyond five times Ultralytics' own rounding. Files are removed.
"""
import pathlib
import subprocess
import sys

import numpy as np
import onnxruntime
import torch
from families import answers, make, random_image
from ultralytics.nn.tasks import DetectionModel

SIZE, LIMIT = 128, 1e-4
RECIPE = """name: quick
weights: {bits: 4, scale_search: max, rounding: nearest, error_propagation: false}
bias_correction: false
fp16_files: false
calibration: {images: 1}
"""
NAMES = (
    ["yolov3-tiny", "yolov3", "yolov3-spp"]
    + [f"yolov5{s}" for s in "nsmlx"]
    + [f"yolov5{s}-p6" for s in "nsmlx"]
    + [f"yolov6{s}" for s in "ns"]
    + [f"yolov8{s}" for s in "nsmlx"]
    + [f"yolov8{s}-p2" for s in "nx"]
    + [f"yolov8{s}-p6" for s in "nx"]
    + [f"yolov8{s}-ghost" for s in "nx"]
    + [f"yolov9{s}" for s in "tsmce"]
    + [f"yolov10{s}" for s in "nsmblx"]
    + [f"yolo11{s}" for s in "nsmlx"]
    + [f"yolo12{s}" for s in "nsmlx"]
    + [f"yolo26{s}" for s in "nsmlx"]
    + [f"yolo26{s}-p2" for s in "nx"]
    + [f"yolo26{s}-p6" for s in "nx"]
)


def nibble(program, *arguments):
    done = subprocess.run([program, *map(str, arguments), "--quiet"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())


def output_of(path, image):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: image})[0]


def differences(program, checkpoint, out, image):
    """branch -> (of scores, of boxes)."""
    found = {}
    for branch in ("one2many", "one2one"):
        golden = out / f"{checkpoint.stem}_{branch}.npy"
        if not golden.exists():
            continue
        wanted = np.load(golden)
        file = out / f"{checkpoint.stem}.onnx"
        nibble(program, "export", checkpoint, "-o", file, "--head", branch, "--imgsz", SIZE)
        output = output_of(file, image)
        if branch == "one2many":
            found[branch] = np.abs(output[:, 4:] - wanted[:, 4:]).max(), np.abs(output[:, :4] - wanted[:, :4]).max() / np.abs(wanted[:, :4]).max()
        else:  # the best detections: each must be a box of the branch with its score
            rows = output[0]
            places = [np.abs(wanted[0, 4 + int(row[5])] - row[4]) + np.abs(wanted[0, :4] - row[:4, None]).max(0) / np.abs(wanted[:, :4]).max() for row in rows]
            missed = np.sort(wanted[0, 4:].ravel())[-len(rows) :][::-1] - rows[:, 4]
            found[branch] = np.abs(missed).max(), max(place.min() for place in places)
    return found


def own_rounding(model, image):
    """branch -> (of scores, of boxes): of FP32 against FP64."""
    single, double = answers(model.float(), image), answers(model.double(), image.double())
    model.float()
    return {
        branch: (np.abs(single[branch] - wanted)[:, 4:].max(), np.abs(single[branch] - wanted)[:, :4].max() / np.abs(wanted[:, :4]).max())
        for branch, wanted in double.items()
    }


def weigh(program, checkpoint, out, images):
    recipe = out / "quick.yaml"
    recipe.write_text(RECIPE)
    nibble(program, "quantize", checkpoint, "-o", out / "q", "--recipe", recipe, "--calib", images, "--calib-images", 1, "--imgsz", SIZE, "--dialect", "int4", "--threads", 1)
    return (out / "q" / f"{checkpoint.stem}-quick-int4-ptq.onnx").stat().st_size


def main(program, scratch, *names):
    torch.set_num_threads(1)
    out = pathlib.Path(scratch)
    out.mkdir(parents=True, exist_ok=True)
    images = pathlib.Path(__file__).parents[2] / "assets" / "coco" / "val2017"
    image = random_image(SIZE)
    beyond = 0
    print("| network | parameters | branch | scores (own) | boxes (own) | FP32 bytes | INT4 bytes | ratio |\n|---|---|---|---|---|---|---|---|", flush=True)
    for name in names or NAMES:
        torch.manual_seed(0)
        model = DetectionModel(f"{name}.yaml", ch=3, nc=80, verbose=False)
        parameters = sum(p.numel() for p in model.parameters())
        make(name, model, image, out, is_small=False)
        own = own_rounding(model, image)
        del model
        checkpoint = out / f"{name}.pt"
        try:
            rows = differences(program, checkpoint, out, image.numpy())
            float_bytes = (out / f"{name}.onnx").stat().st_size
            packed_bytes = weigh(program, checkpoint, out, images)
            for branch, (scores, boxes) in rows.items():
                own_scores, own_boxes = own[branch]
                beyond += scores > max(LIMIT, 5 * own_scores) or boxes > max(LIMIT, 5 * own_boxes)
                found = f"{scores:.1e} ({own_scores:.1e}) | {boxes:.1e} ({own_boxes:.1e})"
                print(f"| {name} | {parameters:,} | {branch} | {found} | {float_bytes:,} | {packed_bytes:,} | {packed_bytes / float_bytes:.3f} |", flush=True)
        except RuntimeError as error:
            beyond += 1
            print(f"| {name} | {parameters:,} | {error} | | | | | |", flush=True)
        for file in [*out.glob(f"{name}*"), *(out / "q").glob("*")]:
            file.unlink()
    print(f"{beyond} beyond {LIMIT}")
    return int(beyond > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
