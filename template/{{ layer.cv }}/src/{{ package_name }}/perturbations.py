"""Images changed as cameras and files change them, in ways that should not change the answer."""

import hashlib
import io
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from .augmentation import turned
from .config.perturbations import named
from .config.project import ProjectConfig
from .images import Rules, decode

if TYPE_CHECKING:
    import pandas as pd


def perturb(frame: "pd.DataFrame", config: ProjectConfig, seed: int) -> "Iterator[tuple[str, pd.DataFrame]]":
    """Yield for each perturbation and strength its name and the rows of `frame` whose image it changes.

    The changed images are files that exist until the next perturbation is asked for. An image is changed in the same
    way whatever the other rows are.

    Args:
        frame: rows whose images can be read.
        config: names the column and the strengths.
        seed: of the noise and of the direction of a rotation.
    """
    column, rules = config.columns.image, Rules.of(config.images)
    for kind, strengths in config.robustness.strengths.items():
        for strength in strengths:
            with tempfile.TemporaryDirectory() as folder:
                paths: list[str | None] = []
                for number, source in enumerate(frame[column]):
                    image = decode(source, rules)
                    changed = CHANGES[kind](image, strength, _drawn(image, seed))
                    path = Path(folder) / f"{number}.png"
                    differs = changed.tobytes() != image.tobytes()
                    if differs:
                        changed.save(path, compress_level=1)
                    paths.append(str(path) if differs else None)
                found = frame.assign(**{column: np.array(paths, dtype=object)})
                yield named(kind, strength), found[found[column].notna()]


def with_noise(image: Image.Image, strength: float, draw: np.random.Generator) -> Image.Image:
    """Return an image with normal noise of a deviation of `strength` (white is 1) on each value."""
    pixels = np.asarray(image).astype(np.float32)
    noisy = pixels + draw.normal(0, 255 * strength, pixels.shape)
    return Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))


def blurred(image: Image.Image, strength: float, draw: np.random.Generator) -> Image.Image:
    """Return an image under a Gaussian whose deviation is `strength` times the shorter side."""
    return image.filter(ImageFilter.GaussianBlur(strength * min(image.size)))


def rotated(image: Image.Image, strength: float, draw: np.random.Generator) -> Image.Image:
    """Return an image turned by `strength` degrees, in a direction that is drawn."""
    return turned(image, math.radians(strength if draw.uniform() < 0.5 else -strength))


def flattened(image: Image.Image, strength: float, draw: np.random.Generator) -> Image.Image:
    """Return an image with the share `strength` of its contrast taken away: all values move towards their mean."""
    mean = float(np.asarray(image).mean())
    return image.point([round(mean + (1 - strength) * (level - mean)) for level in range(256)] * 3)


def compressed(image: Image.Image, strength: float, draw: np.random.Generator) -> Image.Image:
    """Return an image after it was a JPEG file of quality `strength`."""
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=round(strength))
    with Image.open(stream) as found:
        return found.convert("RGB")


CHANGES: Mapping[str, Callable[[Image.Image, float, np.random.Generator], Image.Image]] = {
    "noise": with_noise,
    "blur": blurred,
    "rotation": rotated,
    "contrast": flattened,
    "jpeg": compressed,
}


def _drawn(image: Image.Image, seed: int) -> np.random.Generator:
    digest = hashlib.sha256(image.tobytes()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
