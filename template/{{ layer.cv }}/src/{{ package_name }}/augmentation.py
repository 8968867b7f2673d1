"""Chance changes of training images: turned, moved, mirrored, lighter or darker, as a camera might see them."""

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from .config.inputs import Augmentation

if TYPE_CHECKING:
    import numpy.typing as npt


def augment(image: Image.Image, section: Augmentation, draw: np.random.Generator) -> Image.Image:
    """Return a changed RGB image of the same size; what an image is moved away from gets the colour of its edge.

    Args:
        image: as the network would see it.
        section: the largest changes.
        draw: gives equally many numbers for each setting of `section`: one change more leaves the others as they are.
    """
    turn, right, down, light = draw.uniform(-1, 1, 4)
    mirrored = draw.uniform() < section.flip
    if mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    angle = math.radians(turn * section.turn)
    moved = (right * section.shift * image.width, down * section.shift * image.height)
    if angle or any(moved):
        image = turned(image, angle, moved)
    factor = 1 + light * section.brightness
    return image.point([min(255, round(level * factor)) for level in range(256)] * 3) if factor != 1 else image


def turned(image: Image.Image, angle: float, moved: tuple[float, float] = (0.0, 0.0)) -> Image.Image:
    """Return an RGB image turned clockwise about its middle by `angle` (radians), and moved by pixels (right, down)."""
    across, along = (side / 2 for side in image.size)
    cosine, sine = math.cos(angle), math.sin(angle)
    # Pillow wants the place in the old image of each place in the new one.
    x, y = across + moved[0], along + moved[1]
    matrix = (cosine, sine, across - cosine * x - sine * y, -sine, cosine, along + sine * x - cosine * y)
    return image.transform(
        image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=edge_colour(image)
    )


def edge_colour(image: Image.Image) -> tuple[int, int, int]:
    """Return the mean colour of the outermost pixels of an RGB image."""
    pixels: npt.NDArray[np.uint8] = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = edge.mean(axis=0).round().astype(int).tolist()
    return red, green, blue
