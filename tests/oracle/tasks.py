# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/tasks: small checkpoints of segmentation, pose, oriented-box and classification models with random weights, and what
Ultralytics answers with them.

usage: tasks.py OUT_DIR [NAME...]       (needs numpy, torch, ultralytics 8.4)
       tasks.py --whole NIBBLE SCRATCH [NAME...]   (needs onnxruntime, too; NAME: "yolo11m-seg", ...)

For each NAME: NAME.pt, a checkpoint as Ultralytics writes it, its archive compressed; NAME_HEAD.npy, the decoded output of each branch in FP32
for the image input.npy of tests/golden/families: [1, 4 + classes + extras, anchors], [1, classes] of classifiers; with masks NAME_protos.npy,
the prototypes, and NAME_masks.json: of each branch the ten surest anchors, each with the run lengths (COCO's) of the mask that process_mask makes of
it in a box that is the whole image. Boxes of one2one are x1, y1, x2, y2 but for oriented boxes. Weights take three values, so that the files are small; statistics of
BatchNorm are away from 0 and 1, so that folding them shows.

With --whole: whole sizes with 80 classes (OBB 15, pose 1, classify 1000), exported by nibble and run in ONNX Runtime; a row a network and branch
with the largest difference of each part of the output, relative to that part's largest number, and in brackets that of Ultralytics' own FP32 from FP64,
because attention with random weights amplifies rounding (YOLO12). The last line says how many are beyond 1e-4 and five times their own rounding.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
from families import SIZE, narrow, random_image, randomise, save
from ultralytics.nn.tasks import ClassificationModel, OBBModel, PoseModel, SegmentationModel, yaml_model_load
from ultralytics.utils.ops import process_mask

# name -> (Ultralytics' yaml, most channels of a layer, classes, shape of keypoints)
SMALL = {
    "yolov8-seg": ("yolov8n-seg.yaml", 8, 2, None),
    "yolov8-pose": ("yolov8n-pose.yaml", 8, 1, [5, 3]),
    "yolov8-obb": ("yolov8n-obb.yaml", 8, 2, None),
    "yolov8-cls": ("yolov8n-cls.yaml", 8, 5, None),
    "yolo11-seg": ("yolo11n-seg.yaml", 8, 2, None),
    "yolo11-pose": ("yolo11n-pose.yaml", 16, 2, [4, 2]),
    "yolo26-seg": ("yolo26n-seg.yaml", 16, 2, None),
    "yolo26-pose": ("yolo26n-pose.yaml", 16, 1, [5, 3]),
    "yolo26-obb": ("yolo26n-obb.yaml", 16, 2, None),
    "yolo26-cls": ("yolo26n-cls.yaml", 16, 5, None),
}
SEEDS = {"yolo11-seg": 3}  # else the length of the name; with this one masks have shapes
COMPACT = {"yolo11-seg"}  # all numbers of a type lie in one storage: a smaller file
WHOLE = (
    ["yolov8n-seg", "yolov8n-seg-p6", "yolov8n-pose", "yolov8n-pose-p6", "yolov8n-obb", "yolov8n-cls", "yolov9c-seg", "yolov9e-seg"]
    + [f"{family}n-{task}" for family in ("yolo11", "yolo12", "yolo26") for task in ("seg", "pose", "obb", "cls")]
)
MODELS = {"seg": SegmentationModel, "pose": PoseModel, "obb": OBBModel, "cls": ClassificationModel}
WHOLE_CLASSES = {"seg": 80, "pose": 1, "obb": 15, "cls": 1000}
LIMIT = 1e-4


def task_of(name):
    return next(part for part in name.split("-") if part in MODELS)


def randomise_all(model, generator):
    randomise(model, generator)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (torch.nn.ConvTranspose2d, torch.nn.Linear)):
                scale = 1.5 / module.weight[0].numel() ** 0.5
                module.weight.copy_(scale * torch.randint(-1, 2, module.weight.shape, generator=generator))
                module.bias.copy_(0.5 * torch.randint(-1, 2, module.bias.shape, generator=generator))


def compact(model):
    model.half().eval()
    tensors = [*model.parameters(), *model.buffers()]
    for dtype in sorted({tensor.dtype for tensor in tensors}, key=str):
        same = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = torch.cat([tensor.data.reshape(-1) for tensor in same])
        for tensor, part in zip(same, flat.split([tensor.numel() for tensor in same])):
            tensor.data = part.view(tensor.shape)


def answers(model, image):
    """branch -> decoded output; "protos" -> prototypes of masks."""
    head = model.model[-1]
    with torch.no_grad():
        output, predictions = model(image)
        if isinstance(output, torch.Tensor) and output.ndim == 2:
            return {"one2many": output.numpy()}
        found = {"protos": output[1].numpy()} if isinstance(output, tuple) else {}
        if "one2many" not in predictions:
            return {**found, "one2many": head._inference(predictions).numpy()}
        for branch in ("one2many", "one2one"):
            head.end2end = branch == "one2one"
            found[branch] = head._inference(predictions[branch]).numpy()
        return found


def runs_of(mask):
    values = np.concatenate([[0], mask.T.ravel(), [2]])
    ends = np.flatnonzero(np.diff(values))
    return np.diff(np.concatenate([[0], ends])).tolist()


def masks_of(found, classes):
    """branch -> [anchor, run lengths] of its ten surest anchors."""
    protos = torch.from_numpy(found["protos"][0])
    size = 4 * protos.shape[-1]
    rows = {}
    for branch in [b for b in found if b != "protos"]:
        output = torch.from_numpy(found[branch][0])
        best = output[4 : 4 + classes].amax(0).argsort(descending=True)[:10]
        masks = process_mask(protos, output[4 + classes :, best].T, torch.tensor([[0.0, 0, size, size]]).repeat(len(best), 1), (size, size), upsample=True)
        rows[branch] = [[int(anchor), runs_of(mask.numpy())] for anchor, mask in zip(best, masks)]
    return rows


def make(name, model, image, out, is_small=True):
    randomise_all(model, torch.Generator().manual_seed(SEEDS.get(name, len(name))))
    if name in COMPACT:
        compact(model)
    model.names = {i: f"class {i}" for i in range(model.yaml["nc"])}
    save(model, out / f"{name}.pt", is_small)
    found = answers(model.float().eval(), image)
    for branch, output in found.items():
        np.save(out / f"{name}_{branch}.npy", output)
    if is_small and "protos" in found:
        (out / f"{name}_masks.json").write_text(json.dumps(masks_of(found, model.yaml["nc"]), separators=(",", ":")) + "\n")
    return found


def small(out, names):
    out.mkdir(parents=True, exist_ok=True)
    image = random_image(SIZE)
    for name in names or SMALL:
        torch.manual_seed(0)
        file, channels, classes, keypoints = SMALL[name]
        description = narrow(yaml_model_load(file), channels)
        if keypoints:
            description["kpt_shape"] = keypoints
        model = MODELS[task_of(name)](description, ch=3, nc=classes, verbose=False)
        make(name, model, image, out)
        print(name, sum(p.numel() for p in model.parameters()), "parameters,", (out / f"{name}.pt").stat().st_size, "bytes")


def relative(found, wanted):
    return float(np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-30))


def parts_of(output, classes):
    """Boxes, scores and what the task adds, each [channels, anchors]."""
    return (output[0, :4], output[0, 4 : 4 + classes], output[0, 4 + classes :]) if output.ndim == 3 else (output,)


def best_rows(rows, wanted, classes):
    """How far each row of the end-to-end output is from the nearest anchor of its class: of boxes, score and extras."""
    boxes, scores, extras = (part.T for part in parts_of(wanted, classes))
    worst = np.zeros(3)
    for row in rows:
        label = int(row[5])
        far = np.stack([np.abs(boxes - row[:4]).max(1) / np.abs(boxes).max(), np.abs(scores[:, label] - row[4]), np.abs(extras - row[6:]).max(1) / np.abs(extras).max()])
        worst = np.maximum(worst, far[:, far.sum(0).argmin()])
    return worst


def whole(program, out, names):
    import onnxruntime

    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    beyond = 0
    print("| network | branch | boxes | scores | extras | prototypes |\n|---|---|---|---|---|---|", flush=True)
    for name in names or WHOLE:
        task = task_of(name)
        classes, size = WHOLE_CLASSES[task], 128
        image = random_image(size)
        torch.manual_seed(0)
        model = MODELS[task](f"{name}.yaml", ch=3, nc=classes, verbose=False)
        wanted = make(name, model, image, out, is_small=False)
        exact = answers(model.double(), image.double())
        for branch in [b for b in ("one2many", "one2one") if b in wanted]:
            file = out / f"{name}.onnx"
            done = subprocess.run([program, "export", out / f"{name}.pt", "-o", file, "--head", branch, "--imgsz", str(size), "--quiet"], capture_output=True, text=True)
            if done.returncode:
                beyond += 1
                print(f"| {name} | {branch} | {done.stderr.strip()} | | | |", flush=True)
                continue
            session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
            outputs = session.run(None, {"images": image.numpy()})
            if branch == "one2one":
                row = list(best_rows(outputs[0][0], wanted[branch], classes))
            else:
                row = [relative(a, b) for a, b in zip(parts_of(outputs[0], classes), parts_of(wanted[branch], classes))]
            own = [relative(a, b) for a, b in zip(parts_of(wanted[branch], classes), parts_of(exact[branch], classes))]
            if len(outputs) > 1:
                row += [relative(outputs[1], wanted["protos"])]
                own += [relative(wanted["protos"], exact["protos"])]
            beyond += any(value > max(LIMIT, 5 * rounding) for value, rounding in zip(row, own))
            cells = [f"{value:.1e} ({rounding:.1e})" for value, rounding in zip(row, own)] + [""] * (4 - len(row))
            print(f"| {name} | {branch} | " + " | ".join(cells) + " |", flush=True)
        for file in out.glob(f"{name}*"):
            file.unlink()
    print(f"{beyond} beyond {LIMIT}")
    return int(beyond > 0)


def main(arguments):
    if arguments[0] == "--whole":
        return whole(arguments[1], pathlib.Path(arguments[2]), arguments[3:])
    small(pathlib.Path(arguments[0]), arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
