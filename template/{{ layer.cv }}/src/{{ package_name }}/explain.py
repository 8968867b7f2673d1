"""Explanation of a model: where it looks, and single images that show it at work.

A part of an image is covered with the image's mean colour; what that takes from the log-odds of the answer is the share
of the part (occlusion; M. Zeiler and R. Fergus, Visualizing and Understanding Convolutional Networks, 2014).
"""

import base64
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from . import images, mistakes
from .config.project import ProjectConfig
from .images import decode
from .models import Model
from .records import Example, Importance

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import pandas as pd
    from PIL.Image import Image

ROWS = 60  # images whose regions are covered for `explain`
REGIONS = tuple(
    f"{row} {column}".replace("middle middle", "middle")
    for row in ("top", "middle", "bottom")
    for column in ("left", "middle", "right")
)
GRID = 7  # rows and columns of cells that are covered for `examples`, each at the price of an answer
THUMBNAIL = 224  # pixels on the longer side


def explain(model: Model, frame: "pd.DataFrame", config: ProjectConfig) -> tuple[Importance, ...]:
    """Return for each class the share of nine regions of the image in it, over images that got it as their answer.

    `mean` is the mean share of a region, `std` its spread over the images. A model that looks at a margin, where no
    object is, has probably learned something about the camera or the label.

    Args:
        model: the model to explain.
        frame: rows that the model has not learned from.
        config: the seed of the sample.
    """
    sample = frame.sample(min(len(frame), ROWS), random_state=config.seed)
    found: dict[str, list[npt.NDArray[np.float64]]] = defaultdict(list)
    column = config.columns.image
    for source, label in zip(sample[column], model.predict(sample).tolist(), strict=True):
        found[label].append(shares(model, decode(source, model.rules), label, 3).reshape(-1))
    return tuple(
        Importance(region, float(mean), float(std), label)
        for label, each in sorted(found.items())
        for region, mean, std in zip(REGIONS, np.mean(each, axis=0), np.std(each, axis=0), strict=True)
    )


def shares(model: Model, image: "Image", label: str, cells: int) -> "npt.NDArray[np.float64]":
    """Return what covering each cell of an image takes from the log-odds of a class, (cells, cells).

    Positive: the cell speaks for the class. An image of fewer pixels than cells has cells without one, which take 0.
    """
    rows, columns = (np.linspace(0, side, cells + 1).round().astype(int) for side in (image.height, image.width))
    covered = [image]
    for top, bottom in pairwise(rows.tolist()):
        for left, right in pairwise(columns.tolist()):
            copy = image.copy()
            copy.paste(_mean_colour(image), (left, top, right, bottom))
            covered.append(copy)
    probability = model.classifier.answers(covered)[0][:, model.classifier.classes.index(label)].clip(1e-9, 1 - 1e-9)
    odds = np.log(probability / (1 - probability))
    return (odds[0] - odds[1:]).reshape(cells, cells)


def examples(
    model: Model, frame: "pd.DataFrame", answers: "pd.DataFrame", config: ProjectConfig
) -> tuple[Example, ...]:
    """Return images to look at (see `mistakes.examples`), each as a data address of a small PNG.

    Its parts are the cells of a grid of `GRID` rows and columns, called "row,column".
    """

    def show(chosen: "pd.DataFrame", labels: list[str]) -> "Iterator[tuple[str, mistakes.Parts]]":
        for source, label in zip(chosen[config.columns.image], labels, strict=True):
            image = decode(source, model.rules)
            cells = np.ndenumerate(shares(model, image, label, GRID))
            parts = ((f"{place[0]},{place[1]}", float(share)) for place, share in cells)
            yield address(image), tuple(sorted(parts, key=lambda part: -abs(part[1])))

    return mistakes.examples(model.contract.classes or (), frame, answers, config, show)


def address(image: "Image") -> str:
    """Return an RGB image as a data address: a PNG of at most `THUMBNAIL` pixels on the longer side."""
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return f"data:image/png;base64,{base64.b64encode(images.png(small)).decode()}"


def _mean_colour(image: "Image") -> tuple[int, int, int]:
    red, green, blue = np.asarray(image).reshape(-1, 3).mean(axis=0).round().astype(int).tolist()
    return red, green, blue
