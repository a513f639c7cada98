# SPDX-License-Identifier: Apache-2.0
"""Writes small checkpoints in every form that users have them in, and compares what nibble exports with Ultralytics.

usage: checkpoint_forms.py NIBBLE SCRATCH [FORM...]       (needs numpy, torch, ultralytics 8.4, onnxruntime)

Every form is the small YOLOv8 or YOLO11 of families.py, saved or built in another way. A row a form: the largest difference of class scores, and of boxes
relative to the largest number of all boxes, between nibble's file in ONNX Runtime and Ultralytics; or the line with which nibble refuses it. The
last line counts the forms that differ by more than 1e-4, that were refused though they should not be (or the other way round), or where `inspect`
and `export` end with different exit codes.
"""
import ast
import collections
import copy
import io
import pathlib
import pickle
import subprocess
import sys
import types

import numpy as np
import onnxruntime
import torch
from families import SMALL, SIZE, answers, narrow, random_image, randomise
from ultralytics.nn.modules import Conv
from ultralytics.nn.tasks import DetectionModel, yaml_model_load

LIMIT = 1e-4
FORMS = {}


def form(refused=False, name=None):
    """Registers a function (path) -> model whose answers count, or None where the form is refused."""

    def register(function):
        FORMS[name or function.__name__] = (function, refused)
        return function

    return register


def build(family="yolov8", classes=2, channels=3, activation=None, more=None):
    torch.manual_seed(0)
    file, most = SMALL[family]
    description = {**narrow(yaml_model_load(file), most), **(more or {})}
    if activation:
        description["activation"] = activation
    default = Conv.default_act
    try:
        model = DetectionModel(description, ch=channels, nc=classes, verbose=False)
    finally:
        Conv.default_act = default
    randomise(model, torch.Generator().manual_seed(1))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.num_batches_tracked = torch.tensor(0)
    model.names = {i: f"class {i}" for i in range(classes)}
    return model.eval()


def checkpoint(model, **more):
    return {"model": model, "train_args": {"imgsz": SIZE}, **more}


# What the dict of a checkpoint holds.


@form()
def as_trained(path):
    model = build()
    torch.save({"epoch": -1, "best_fitness": None, "model": copy.deepcopy(model).half(), "ema": None, "updates": None, "optimizer": None,
                "train_args": {"imgsz": SIZE}, "train_metrics": {}, "train_results": {}, "date": "2026-01-01", "version": "8.4.0"}, path)
    return model


@form()
def only_ema(path):
    model = build()
    torch.save({"epoch": 3, "best_fitness": np.float64(0.5), "model": None, "ema": copy.deepcopy(model).half(), "updates": 7, "train_args": {"imgsz": SIZE}}, path)
    return model


@form()
def ema_before_model(path):
    model, other = build(), build()
    randomise(other, torch.Generator().manual_seed(2))
    torch.save(checkpoint(other, ema=model), path)
    return model


def optimizer_state(model):
    optimizer = torch.optim.AdamW(model.parameters(), lr=np.float64(0.01))
    model.train()
    sum(p.sum() for p in model.parameters() if p.requires_grad).backward()
    optimizer.step()
    model.zero_grad()
    model.eval()
    return optimizer


@form()
def with_optimizer(path):
    model = build()
    optimizer = optimizer_state(model)
    torch.save(checkpoint(None, ema=model, optimizer=optimizer.state_dict(), scaler={"scale": torch.tensor(65536.0)}, epoch=np.int64(4)), path)
    return model


@form()
def with_optimizer_object(path):
    model = build()
    torch.save(checkpoint(model, optimizer=optimizer_state(model)), path)
    return model


@form()
def float32(path):
    model = build()
    torch.save(checkpoint(model), path)
    return model


@form()
def bfloat16(path):
    model = build()
    stored = copy.deepcopy(model).bfloat16()
    torch.save(checkpoint(stored), path)
    return copy.deepcopy(stored).float()


@form()
def float64(path):
    model = build()
    torch.save(checkpoint(copy.deepcopy(model).double()), path)
    return model


@form()
def model_alone(path):
    model = build()
    torch.save(model, path)
    return model


@form(refused=True)
def bare_state_dict(path):
    torch.save(build().state_dict(), path)


@form(refused=True)
def state_dict_as_model(path):
    torch.save({"model": build().state_dict(), "train_args": {}}, path)


@form(refused=True)
def state_dict_of_lightning(path):
    torch.save({"state_dict": {f"model.{k}": v for k, v in build().state_dict().items()}, "pytorch-lightning_version": "2.0"}, path)


@form(refused=True)
def optimizer_alone(path):
    torch.save({"optimizer": optimizer_state(build()).state_dict(), "epoch": 3}, path)


@form(refused=True)
def nothing_set(path):
    torch.save({"model": None, "ema": None, "epoch": -1}, path)


# How the file is written.


@form(refused=True)
def torchscript(path):
    torch.jit.trace(build().model[0], torch.zeros(1, 3, SIZE, SIZE)).save(str(path))


@form(refused=True)
def safetensors(path):
    import json
    import struct

    tensors = build().state_dict()
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.numpy().tobytes()
        header[name] = {"dtype": {"float32": "F32", "int64": "I64"}[str(tensor.numpy().dtype)], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


@form(name="suffix.pth")
def suffix_pth(path):
    return float32(path)


@form()
def legacy_serialisation(path):
    model = build()
    torch.save(checkpoint(copy.deepcopy(model).half()), path, _use_new_zipfile_serialization=False)
    return model


@form()
def protocol_5(path):
    model = build()
    torch.save(checkpoint(model), path, pickle_protocol=5)
    return model


@form(refused=True)
def plain_pickle(path):
    buffer = io.BytesIO()
    pickle.dump({"model": build().state_dict()}, buffer)
    path.write_bytes(buffer.getvalue())


# What is around the model.


@form()
def data_parallel(path):
    model = build()
    torch.save(checkpoint(torch.nn.DataParallel(model)), path)
    return model


@form()
def distributed(path):
    model = build()
    wrapper = torch.nn.parallel.DistributedDataParallel.__new__(torch.nn.parallel.DistributedDataParallel)
    torch.nn.Module.__init__(wrapper)
    wrapper.module = model
    saved = torch.nn.parallel.DistributedDataParallel.__getstate__
    torch.nn.parallel.DistributedDataParallel.__getstate__ = lambda self: self.__dict__.copy()
    try:
        torch.save(checkpoint(wrapper), path)
    finally:
        torch.nn.parallel.DistributedDataParallel.__getstate__ = saved
    return model


@form()
def compiled(path):
    model = build()
    torch.save(checkpoint(torch.compile(copy.deepcopy(model))), path)
    return model


@form()
def compiled_within_data_parallel(path):
    model = build()
    torch.save(checkpoint(torch.nn.DataParallel(torch.compile(copy.deepcopy(model)))), path)
    return model


@form()
def compiled_layers(path):
    """torch.compile of single layers."""
    model = build()
    stored = copy.deepcopy(model)
    stored.model[2] = torch.compile(stored.model[2])
    torch.save(checkpoint(stored), path)
    return model


@form()
def ema_object(path):
    from ultralytics.utils.torch_utils import ModelEMA

    model = build()
    ema = ModelEMA(model)
    ema.decay = 0.9999  # a function of its own cannot be pickled
    torch.save({"model": None, "ema": ema, "train_args": {"imgsz": SIZE}}, path)
    return model


@form()
def yolo_object(path):
    from ultralytics import YOLO

    model = build()
    float32(path)
    torch.save(YOLO(str(path)), path)
    return model


# Names of the classes.


def named(names, classes=None):
    def write(path):
        model = build(classes=classes or len(names))
        model.names = names
        torch.save(checkpoint(model), path)
        return model

    return write


form(name="names_as_list")(named(["person", "car"]))
form(name="names_as_tuple")(named(("person", "car")))
form(name="names_as_ordered_dict")(named(collections.OrderedDict({0: "person", 1: "car"})))
form(name="names_are_numbers")(named({0: 0, 1: 1}))
form(name="names_keys_are_text")(named({"0": "a", "1": "b"}))
form(name="names_keys_are_numpy")(named({np.int64(0): np.str_("a"), np.int64(1): np.str_("b")}))
form(name="names_odd_text")(named({0: "\N{FIRE}\N{VARIATION SELECTOR-16} it's \"hot\"", 1: "two\nlines\ttab\\ 名前"}))
form(name="names_empty_text")(named({0: "", 1: " "}))
form(name="names_twice")(named({0: "a", 1: "a"}))
form(name="names_of_one_class")(named({0: "item"}))
form(name="names_of_365_classes")(named({i: f"c{i}" for i in range(365)}))
form(name="names_of_600_classes")(named({i: f"c{i}" for i in range(600)}))
form(name="names_too_few", refused=True)(named({0: "a"}, 2))
form(name="names_too_many", refused=True)(named({0: "a", 1: "b", 2: "c"}, 2))
form(name="names_none")(named(None, 2))


@form()
def names_missing(path):
    model = build()
    del model.names
    torch.save(checkpoint(model), path)
    return model


# What the network is made of.


@form()
def pruned(path):
    """Odd numbers of channels within blocks, as programs for pruning leave them."""
    model = build()
    block = model.model[2]
    for bottleneck in block.m:
        middle = bottleneck.cv1.conv.out_channels - 1
        bottleneck.cv1.conv.weight = torch.nn.Parameter(bottleneck.cv1.conv.weight[:middle].clone())
        bottleneck.cv1.conv.out_channels = middle
        norm = bottleneck.cv1.bn
        for key in ("weight", "bias"):
            setattr(norm, key, torch.nn.Parameter(getattr(norm, key)[:middle].clone()))
        for key in ("running_mean", "running_var"):
            setattr(norm, key, getattr(norm, key)[:middle].clone())
        norm.num_features = middle
        bottleneck.cv2.conv.weight = torch.nn.Parameter(bottleneck.cv2.conv.weight[:, :middle].clone())
        bottleneck.cv2.conv.in_channels = middle
    torch.save(checkpoint(model), path)
    return model


def keep_outputs(conv, rows):
    conv.conv.weight = torch.nn.Parameter(conv.conv.weight[rows].clone())
    conv.conv.out_channels = len(rows)
    for key in ("weight", "bias"):
        setattr(conv.bn, key, torch.nn.Parameter(getattr(conv.bn, key)[rows].clone()))
    for key in ("running_mean", "running_var"):
        setattr(conv.bn, key, getattr(conv.bn, key)[rows].clone())
    conv.bn.num_features = len(rows)


def keep_inputs(conv, columns):
    conv.conv.weight = torch.nn.Parameter(conv.conv.weight[:, columns].clone())
    conv.conv.in_channels = len(columns)


@form()
def pruned_between_layers(path):
    """Layer 0 loses one channel, layer 1 reads the rest."""
    model = build()
    rows = list(range(model.model[0].conv.out_channels - 1))
    keep_outputs(model.model[0], rows)
    keep_inputs(model.model[1], rows)
    torch.save(checkpoint(model), path)
    return model


@form(refused=True)
def pruned_attributes_stale(path):
    """Tensors pruned, out_channels, in_channels and num_features left as they were: torch does not read them."""
    model = build()
    rows = list(range(model.model[0].conv.out_channels - 1))
    keep_outputs(model.model[0], rows)
    keep_inputs(model.model[1], rows)
    model.model[0].conv.out_channels = model.model[0].bn.num_features = len(rows) + 1
    model.model[1].conv.in_channels = len(rows) + 1
    torch.save(checkpoint(model), path)
    return model


@form()
def pruned_by_masks(path):
    from torch.nn.utils import prune

    model = build()
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d) and module.weight.requires_grad:
            prune.l1_unstructured(module, "weight", 0.3)
    torch.save(checkpoint(model), path)
    model(torch.zeros(1, 3, SIZE, SIZE))
    return model


@form()
def fused(path):
    model = build()
    torch.save(checkpoint(copy.deepcopy(model).fuse(verbose=False)), path)
    return model


@form()
def fused_yolo11(path):
    model = build("yolo11")
    torch.save(checkpoint(copy.deepcopy(model).fuse(verbose=False)), path)
    return model


@form()
def fused_yolov9(path):
    model = build("yolov9t")
    torch.save(checkpoint(copy.deepcopy(model).fuse(verbose=False)), path)
    return model


@form()
def fused_yolo26(path):
    """Ultralytics takes the one-to-many branch away where it fuses a model of two branches."""
    model = build("yolo26").fuse(verbose=False)
    torch.save(checkpoint(model), path)
    return model


@form()
def norm_without_running_count(path):
    model = build()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.num_batches_tracked = None
    torch.save(checkpoint(model), path)
    return model


@form()
def sync_norm(path):
    model = build()
    torch.save(checkpoint(torch.nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(model))), path)
    return model


def activated(text):
    def write(path):
        model = build(activation=text)
        torch.save(checkpoint(model), path)
        return model

    return write


for text, refused in (("nn.ReLU()", False), ("nn.Identity()", False), ("nn.LeakyReLU(0.1)", False), ("nn.Hardswish()", False), ("nn.ReLU6()", False), ("nn.Mish()", False), ("nn.GELU()", True),
                      ("nn.ELU()", True), ("nn.PReLU()", False), ("nn.Softplus()", True), ("nn.Tanh()", False), ("nn.Hardtanh()", True), ("nn.LogSigmoid()", True)):
    form(refused, "activation_" + text[3:].split("(")[0])(activated(text))


def of_channels(channels):
    def write(path):
        model = build(channels=channels)
        torch.save(checkpoint(model), path)
        return model

    return write


for channels in (1, 4, 6):
    form(True, f"channels_{channels}")(of_channels(channels))


# What people change by hand.


def changed(change, family="yolov8", refused=False, name=None, **built):
    """Registers the model with `change(model)` made before it is saved."""

    def write(path):
        model = build(family, **built)
        change(model)
        torch.save(checkpoint(model), path)
        return None if refused else model

    form(refused, name or change.__name__)(write)
    return change


def of_form(refused=False, family="yolov8", **built):
    return lambda change: changed(change, family, refused, **built)


def head_of_one_class(model):
    """The last convolutions of the classes replaced; the yaml still has the number it was made with."""
    head = model.model[-1]
    for stack in head.cv3:
        last = stack[-1]
        stack[-1] = torch.nn.Conv2d(last.in_channels, 1, 1)
        torch.nn.init.constant_(stack[-1].bias, 0.25)
    return head


@of_form()
def head_replaced(model):
    head = head_of_one_class(model)
    head.nc, head.no = 1, 1 + 4 * head.reg_max
    model.nc, model.names = 1, {0: "part"}


@of_form(refused=True)
def head_replaced_by_halves(model):
    """The number of classes was left as it was: Ultralytics fails too."""
    head_of_one_class(model)


def in_place_of(old, new):
    for key in ("i", "f", "type", "np"):
        setattr(new, key, getattr(old, key))
    return new


@of_form()
def layer_made_identity(model):
    model.model[8] = in_place_of(model.model[8], torch.nn.Identity())


@of_form()
def layer_with_dropout(model):
    model.model[2] = in_place_of(model.model[2], torch.nn.Sequential(model.model[2], torch.nn.Dropout(0.1)))


@of_form()
def norm_without_weights(model):
    model.model[0].bn = torch.nn.BatchNorm2d(model.model[0].bn.num_features, eps=1e-3, affine=False)


@of_form(refused=True)
def norm_without_statistics(model):
    model.model[0].bn = torch.nn.BatchNorm2d(model.model[0].bn.num_features, track_running_stats=False)


@of_form(refused=True)
def weight_missing(model):
    model.model[0].conv.weight = None


@of_form(refused=True)
def weight_of_wrong_shape(model):
    model.model[3].conv.weight = torch.nn.Parameter(torch.zeros(8, 8, 5, 5))


@of_form(refused=True)
def weight_not_a_number(model):
    model.model[3].conv.weight.data[0, 0, 0, 0] = float("nan")


@of_form(refused=True)
def channels_that_do_not_fit(model):
    conv = model.model[3].conv
    conv.weight, conv.in_channels = torch.nn.Parameter(torch.zeros(conv.out_channels, 5, 3, 3)), 5


@of_form(refused=True)
def weights_of_8_bits(model):
    weight = model.model[0].conv.weight.detach()
    model.model[0].conv.weight = None
    del model.model[0].conv._parameters["weight"]
    model.model[0].conv.weight = torch.quantize_per_tensor(weight, 0.01, 0, torch.qint8)


@of_form(refused=True)
def head_of_another_kind(model):
    model.model[-1] = in_place_of(model.model[-1], torch.nn.Linear(3, 3))


@of_form(refused=True)
def module_unknown(model):
    model.model[8] = in_place_of(model.model[8], torch.nn.PixelShuffle(1))


@of_form()
def channels_last(model):
    model.to(memory_format=torch.channels_last)


@of_form()
def views_of_large_storages(model):
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight = torch.nn.Parameter(torch.cat([torch.full_like(module.weight, 9.0), module.weight])[module.out_channels :])


@of_form()
def with_criterion(model):
    model.args = types.SimpleNamespace(box=7.5, cls=0.5, dfl=1.5, epochs=1)
    model.criterion = model.init_criterion()


@of_form()
def counted_by_thop(model):
    for module in model.modules():
        module.register_buffer("total_ops", torch.zeros(1, dtype=torch.float64))


@of_form()
def numbers_of_numpy(model):
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            for key in ("in_channels", "out_channels", "groups"):
                setattr(module, key, np.int64(getattr(module, key)))
            module.stride = tuple(np.int64(n) for n in module.stride)
        elif isinstance(module, torch.nn.BatchNorm2d):
            module.eps, module.num_features = np.float64(module.eps), np.int32(module.num_features)
    model.model[-1].nc = np.int64(model.model[-1].nc)


@of_form(family="yolo26")
def end_to_end_switched_off(model):
    model.model[-1].end2end = False


@of_form(family="yolo26", more={"end2end": False})
def end_to_end_never_built(model):
    assert not hasattr(model.model[-1], "one2one_cv2")


@of_form()
def classes_are_text(model):
    model.yaml["nc"] = "2"


@form()
def fused_half(path):
    model = build("yolo11")
    torch.save(copy.deepcopy(model).fuse(verbose=False).half(), path)
    return model


@form()
def on_a_gpu(path):
    model = build()
    known = torch.serialization.location_tag
    torch.serialization.location_tag = lambda storage: "cuda:0"
    try:
        torch.save(checkpoint(model), path)
    finally:
        torch.serialization.location_tag = known
    return model


@form()
def depth_and_width_of_its_own(path):
    torch.manual_seed(0)
    description = yaml_model_load("yolov8n.yaml")
    description.pop("scales")
    description.update(depth_multiple=0.67, width_multiple=0.0625, max_channels=512)
    model = DetectionModel(description, ch=3, nc=1, verbose=False)
    randomise(model, torch.Generator().manual_seed(1))
    model.names = {0: "part"}
    torch.save(checkpoint(model), path)
    return model.eval()


# What training noted.


def noted(**arguments):
    def write(path):
        model = build()
        torch.save({"model": model, "train_args": arguments}, path)
        return model

    return write


form(name="imgsz_list")(noted(imgsz=[SIZE, SIZE]))
form(name="imgsz_tuple")(noted(imgsz=(SIZE, SIZE)))
form(name="imgsz_numpy")(noted(imgsz=np.int64(SIZE)))
form(name="imgsz_text")(noted(imgsz=str(SIZE)))
form(name="imgsz_none")(noted(imgsz=None))
form(name="no_train_args")(lambda path: (torch.save({"model": (m := build())}, path), m)[1])
form(name="train_args_none")(lambda path: (torch.save({"model": (m := build()), "train_args": None}, path), m)[1])


@form()
def paths_of_windows(path):
    model = build()
    class WindowsPath:
        def __init__(self, *parts):
            self.parts = parts

        def __reduce__(self):
            return WindowsPath, self.parts

    WindowsPath.__module__, WindowsPath.__qualname__ = "pathlib", "WindowsPath"
    real = pathlib.WindowsPath
    pathlib.WindowsPath = WindowsPath
    try:
        torch.save(checkpoint(model, save_dir=WindowsPath("C:\\", "runs", "train")), path)
    finally:
        pathlib.WindowsPath = real
    return model


@form()
def by_ultralytics_8_0(path):
    """Modules in one file ultralytics.nn.modules, arguments of ultralytics.yolo.utils, paths and NumPy scalars within."""
    model = build()
    stored = copy.deepcopy(model).half()
    made = {}
    for name in ("ultralytics.yolo", "ultralytics.yolo.utils"):
        made[name] = types.ModuleType(name)

    class IterableSimpleNamespace(types.SimpleNamespace):
        pass

    IterableSimpleNamespace.__module__, IterableSimpleNamespace.__qualname__ = "ultralytics.yolo.utils", "IterableSimpleNamespace"
    made["ultralytics.yolo.utils"].IterableSimpleNamespace = IterableSimpleNamespace
    sys.modules.update(made)
    classes = {type(m) for m in stored.modules() if type(m).__module__.startswith("ultralytics.nn.modules")}
    before = {c: c.__module__ for c in classes}
    arguments = IterableSimpleNamespace(imgsz=SIZE, data=pathlib.PosixPath("data.yaml"), lr0=np.float64(0.01), save_dir=pathlib.PosixPath("/runs"))
    stored.args = arguments
    head = stored.model[-1]
    for late in ("end2end", "max_det", "legacy", "xyxy", "format", "agnostic_nms"):
        head.__dict__.pop(late, None)
    for module in stored.modules():
        if isinstance(module, torch.nn.Upsample):
            module.recompute_scale_factor = None
    try:
        for c in classes:
            c.__module__ = "ultralytics.nn.modules"
        torch.save({"epoch": -1, "best_fitness": np.float64(0.1), "model": stored, "ema": None, "updates": None, "optimizer": None, "train_args": arguments, "date": "2023-01-20", "version": "8.0.20"}, path)
    finally:
        for c, module in before.items():
            c.__module__ = module
        for name in made:
            del sys.modules[name]
    return model


def output_of(path, image):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: image})[0]


def onnx_names(path):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return ast.literal_eval(session.get_modelmeta().custom_metadata_map["names"])


def names_of(model):
    names = getattr(model, "names", None)
    names = dict(enumerate(names)) if isinstance(names, (list, tuple)) else names
    return {int(key): str(name) for key, name in names.items()} if names else None


def answer(model, image):
    """The head's decoded output of the branch that is there: one2many, or one2one."""
    found = answers(model.float().eval(), image)
    return found.get("one2many", found.get("one2one"))


def main(program, scratch, *names):
    out = pathlib.Path(scratch)
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    image = random_image(SIZE)
    wrong = 0
    for name in names or FORMS:
        write, refused = FORMS[name]
        path = out / (name if "." in name else f"{name}.pt")
        try:
            model = write(path)
        except Exception as error:  # a form that this machine's torch cannot write
            print(f"{name}: NOT WRITTEN: {type(error).__name__}: {error}", flush=True)
            wrong += 1
            continue
        inspected = subprocess.run([program, "inspect", str(path)], capture_output=True, text=True)
        file = out / f"{name}.onnx"
        done = subprocess.run([program, "export", str(path), "-o", str(file), "--imgsz", str(SIZE), "--quiet"], capture_output=True, text=True)
        if done.returncode:
            bad = not refused or inspected.returncode != done.returncode
            wrong += bad
            note = "WRONG: " if bad else ""
            print(f"{name}: {note}exit {done.returncode} (inspect {inspected.returncode}): {done.stderr.strip()}", flush=True)
            continue
        wanted = answer(model, image)
        found = output_of(file, image.numpy())
        scores = np.abs(found[:, 4:] - wanted[:, 4:]).max()
        boxes = np.abs(found[:, :4] - wanted[:, :4]).max() / np.abs(wanted[:, :4]).max()
        stored = onnx_names(file)
        names_differ = isinstance(names_of(model), dict) and stored != names_of(model)
        bad = refused or names_differ or not (scores < LIMIT and boxes < LIMIT) or inspected.returncode
        wrong += bool(bad)
        print(f"{name}: {'WRONG: ' if bad else ''}scores {scores:.1e}, boxes {boxes:.1e} {done.stderr.strip()}", flush=True)
    print(f"{wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
