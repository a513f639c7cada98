#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes assets/ from the weights and COCO. For maintainers; neither the build nor the tests run it.

    python3 scripts/make_assets.py --weights yolov10n.pt --coco COCO [--images 32] [--calibration-images 64]

COCO holds val2017/, train2017/ and annotations/instances_val2017.json. Python's standard library is all it needs, and the
same input gives the same bytes.
"""
import argparse
import json
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent


def first_images(folder, count):
    """The first `count` images by ascending id; COCO's file names are the ids, zero-padded."""
    images = sorted(folder.glob("*.jpg"), key=lambda path: int(path.stem))
    if len(images) < count:
        raise SystemExit(f"make_assets: {folder}: {len(images)} images, expected at least {count}")
    return images[:count]


def reduced(instances, ids):
    """The images of `ids`, every annotation of them (crowds too) without its mask, all categories."""
    images = sorted((i for i in instances["images"] if i["id"] in ids), key=lambda image: image["id"])
    if len(images) != len(ids):
        raise SystemExit(f"make_assets: annotations know {len(images)} of {len(ids)} images")
    annotations = [
        {key: value for key, value in annotation.items() if key != "segmentation"}
        for annotation in instances["annotations"]
        if annotation["image_id"] in ids
    ]
    description = f"COCO val2017, the first {len(ids)} images by id; see assets/README.md"
    return {
        "info": {"description": description},
        "images": images,
        "annotations": annotations,
        "categories": instances["categories"],
    }


def write_instances(path, instances):
    """One entry a line, so that a change shows in a diff."""
    parts = [f'"info": {json.dumps(instances["info"])}']
    for key in ("images", "annotations", "categories"):
        rows = ",\n".join(json.dumps(entry) for entry in instances[key])
        parts.append(f'"{key}": [\n{rows}\n]')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def copy(images, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for image in images:
        shutil.copyfile(image, folder / image.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=pathlib.Path, required=True)
    parser.add_argument("--coco", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=int, default=32, help="of val2017, to score on")
    parser.add_argument("--calibration-images", type=int, default=64, help="of train2017")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "assets")
    options = parser.parse_args()

    val = first_images(options.coco / "val2017", options.images)
    instances = json.loads((options.coco / "annotations" / "instances_val2017.json").read_text())
    copy(val, options.out / "coco" / "val2017")
    copy(first_images(options.coco / "train2017", options.calibration_images), options.out / "coco" / "train2017")
    name = f"instances_val2017_{options.images}.json"
    write_instances(options.out / "coco" / name, reduced(instances, {int(path.stem) for path in val}))
    shutil.copyfile(options.weights, options.out / "yolov10n.pt")


if __name__ == "__main__":
    main()
