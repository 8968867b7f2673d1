"""Measure how validate_data grows with the number of images, and whether it finds edited copies.

    PROJECT/.venv/bin/python benchmarks/bench_images.py PROJECT [--images 100000] [--out FILE]

PROJECT is a rendered cv project; run this with a Python that has its dependencies. Nothing in it is changed.

Growth: validate_data in a process of its own, on a tenth of the thumbnails and on all of them, by the time of the
processors, which other programs hardly change. Copies: of some thumbnails an edited one is made, compressed, smaller,
brighter, paler or blurred; found are those in the group of their original. The images are made here: soft spots of
chance colours.
"""

import importlib
import io
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bench_training
import numpy as np
import shared
import yaml
from PIL import Image, ImageEnhance, ImageFilter

GROWTH_LIMIT = 1.5
MEMORY_LIMIT_GB = 1.0
RECALL_LIMIT = 0.95
FALSE_LIMIT = 0.001
SIDE, CLASSES, COPIES = 64, 10, 1000
STEP = [("validate_data", ["--data", "data", "--report", "report"])]


def main() -> None:
    """Measure, print JSON, and end with 1 if a limit is passed."""
    parser = shared.options(__doc__, "a rendered cv project")
    parser.add_argument("--images", type=int, default=100_000)
    given = parser.parse_args()
    root = given.project.resolve()
    sys.path.insert(0, str(root / "src"))
    package = shared.package_of(root)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(package, root, Path(folder), given.images)
    shared.finish(result, given.out)


def measure(package: str, root: Path, work: Path, count: int) -> dict[str, Any]:
    """Return all figures of one project."""
    missed, wrong = copies(package)
    small, large = (grown(root, work / str(images), images) for images in (count // 10, count))
    growth = large["processor seconds"] / small["processor seconds"] / 10
    return {
        "benchmark": "images",
        "validate_data": {str(count // 10): small, str(count): large},
        "copies": {"made": COPIES, "missed": missed, "others taken for copies": wrong},
        "checks": [
            {"name": "time per image, all images / a tenth", "value": round(growth, 3), "limit": GROWTH_LIMIT},
            {"name": "peak memory, GB", "value": round(large["gigabytes"], 3), "limit": MEMORY_LIMIT_GB},
            {"name": "share of copies that are missed", "value": missed / COPIES, "limit": round(1 - RECALL_LIMIT, 2)},
            {"name": "share of others that are taken for copies", "value": wrong / (10 * COPIES), "limit": FALSE_LIMIT},
        ],
    }


def scene(number: int, side: int = SIDE) -> Image.Image:
    """Return soft spots of chance colours and places; the same for each number."""
    levels = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(levels).resize((side, side), Image.Resampling.BICUBIC)


def file(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def edited(number: int) -> bytes:
    """Return an edited copy of a scene."""
    image = scene(number)
    if number % 5 == 0:
        return file(image, quality=35)
    if number % 5 == 1:
        return file(image.resize((SIDE * 3 // 4, SIDE * 3 // 4)), quality=90)
    if number % 5 == 2:
        return file(ImageEnhance.Brightness(image).enhance(1.15), quality=90)
    if number % 5 == 3:
        return file(ImageEnhance.Contrast(image).enhance(0.8), quality=90)
    return file(image.filter(ImageFilter.GaussianBlur(1)), quality=90)


def copies(package: str) -> tuple[int, int]:
    """Return how many edited copies are not in the group of their original, and how many other images are in one."""
    images, measuring, duplicates, inputs = (
        importlib.import_module(f"{package}.{name}") for name in ("images", "measuring", "duplicates", "config.inputs")
    )
    originals = 10 * COPIES
    contents: Iterator[bytes] = (file(scene(number), quality=90) for number in range(originals))
    frame, _ = measuring.measure([*contents, *map(edited, range(COPIES))], images.Rules())
    first = duplicates.first_alike(frame[inputs.FINGERPRINT].tolist(), inputs.Images().similar)
    missed = int((first[originals:] != np.arange(COPIES)).sum())
    return missed, int((first[:originals] != np.arange(originals)).sum())


def grown(root: Path, work: Path, count: int) -> dict[str, float]:
    """Return seconds, those of the processors too, and peak gigabytes of validate_data on so many thumbnails."""
    for label in range(CLASSES):
        (work / "data" / str(label)).mkdir(parents=True)
    for number in range(count):
        (work / "data" / str(number % CLASSES) / f"{number:06}.jpg").write_bytes(file(scene(number), quality=90))
    sections = yaml.safe_load((root / "config" / "project.yml").read_text(encoding="utf-8"))
    (work / "project.yml").write_text(yaml.safe_dump(sections), encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = bench_training.run_steps(root, work, STEP)["validate_data"]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures["processor seconds"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {name: round(figures[name], 3) for name in ("seconds", "processor seconds", "gigabytes")}


if __name__ == "__main__":
    main()
