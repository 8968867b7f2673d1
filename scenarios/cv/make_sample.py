"""Rebuild the images that the cv layer ships, from the digits of scikit-learn (UCI, CC BY 4.0).

Usage: python scenarios/cv/make_sample.py
Needs scikit-learn, numpy and Pillow.
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.datasets import load_digits

DATA = Path(__file__).parents[2] / "template" / "{{ layer.cv }}" / "data"
TRAINING, UNLABELLED, LATER = 940, 60, 360  # images of each archive, of 1,797 digits
Levels = npt.NDArray[np.float64]
Change = Callable[[Levels, np.random.Generator], Levels]


def turned(levels: Levels, chance: np.random.Generator) -> Levels:
    """Return a digit turned by 25 to 45 degrees, either way: simulated, as from a camera that hangs askew."""
    angle = chance.uniform(25, 45) * chance.choice([-1, 1])
    image = Image.fromarray(levels.astype(np.float32))
    return np.asarray(image.rotate(angle, Image.Resampling.BICUBIC), np.float64).clip(0, 16)


def dimmed(levels: Levels, chance: np.random.Generator) -> Levels:
    """Return a digit with a third of its light, and noise: simulated, as at dusk."""
    return (levels / 3 + chance.normal(0, 0.6, levels.shape)).clip(0, 16)


def png(levels: Levels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.rint(levels * 255 / 16).astype(np.uint8)).save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def write(path: Path, numbers: npt.NDArray[np.int64], change: Change | None) -> None:
    """Write an archive of label folders, without time stamps, so that a rebuild gives the same bytes."""
    digits, chance = load_digits(), np.random.default_rng(42)
    members = {}
    for number in numbers:
        levels = digits.images[number]
        members[f"{digits.target[number]}/{number:04}.png"] = png(change(levels, chance) if change else levels)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name])
    print(f"{path.name}: {len(members)} images, {path.stat().st_size:,} bytes")


def main() -> None:
    order = np.random.default_rng(42).permutation(1797)
    first, unlabelled, second, third, _ = np.split(order, np.cumsum([TRAINING, UNLABELLED, LATER, LATER]))
    write(DATA / "train" / "1-digits.zip", first, None)
    write(DATA / "unlabelled" / "1-digits.zip", unlabelled, None)
    write(DATA / "production" / "2-turned.zip", second, turned)
    write(DATA / "production" / "3-dimmed.zip", third, dimmed)


if __name__ == "__main__":
    main()
