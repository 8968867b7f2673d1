"""The sections of config/project.yml that describe images: columns, preparation, labels, learner."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from .items import ItemColumns, ItemInputs
from .network import Network
from .perturbations import ImageRobustness
from .yaml_file import Section

IMAGES = (".png", ".jpg", ".jpeg", ".jfif", ".mpo", ".webp", ".bmp", ".tif", ".tiff", ".gif")
ARCHIVES = (".zip",)
TABLES = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".parquet")
SUFFIXES = (*IMAGES, *ARCHIVES, *TABLES)  # of data files, in lower case
LISTED = IMAGES  # of files that a table above them lists
LISTING = TABLES  # of data files whose rows lie in other files
NESTED = True  # data files stand in subfolders too: the folders of the labels
FIGURES = ("width", "height", "brightness", "contrast", "sharpness")  # columns that reading an image adds
FINGERPRINT, CHANNELS, TAKEN = "fingerprint", "channels", "taken"  # and to find duplicates, odd modes, recordings
DERIVED = ("light", "size")  # bands of brightness and of pixels
SLICE_RULE = "is neither listed in columns.categorical nor derived from an image (light, size)"

Whole = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Colour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]


class Columns(ItemColumns):
    """The columns of the data by their role; all others are ignored.

    Label folders have no columns: there the target is the folder's name, and the id the path.

    Args:
        target: the class.
        image: path of an image, relative to its table.
        id: unique for each image; where the files have no such column it is the path.
        time: when the image was taken, ISO 8601.
        group: what images have in common that must not stand on both sides of the split, such as a recording.
        categorical: for slices.
    """

    DERIVED = DERIVED
    ADDED = (*FIGURES, FINGERPRINT, CHANNELS, TAKEN)

    target: str = "label"
    image: str = "image"
    id: str = "id"

    @property
    def features(self) -> list[str]:
        """Names of the columns that the model sees: the image alone."""
        return [self.image]


class Images(Section):
    """How images are read and prepared, alike in training and serving.

    Args:
        size: pixels on each side of what the model sees.
        stored: pixels on the shorter side to which a larger image is made smaller first, in training and serving.
        background: colour behind transparent pixels, as #rrggbb.
        max_bytes: largest image file.
        max_pixels: largest image, width times height.
        request_bytes: largest image of an online request.
        unreadable: whether an image that cannot be read is left out and named, or stops the run.
        similar: of the 128 bits of two images' difference hashes, how many may differ in near duplicates.
        duplicates: whether near duplicates on both sides of the split are refused, or the later one of each pair is
            left out of training, wherever it is.
        group_pattern: regular expression; what its first parenthesis finds in the path of an image is the value of
            columns.group, where the files have no such column.
        download: how a job in Azure ML gets the images: whole to its disk first, or each when it is opened.
    """

    size: Annotated[int, Field(ge=8, le=1024)] = 224
    stored: Annotated[int, Field(ge=8, le=4096)] = 256
    background: Colour = "#ffffff"
    max_bytes: Annotated[int, Field(ge=1000, le=1_000_000_000)] = 50_000_000
    max_pixels: Annotated[int, Field(ge=1000, le=178_000_000)] = 50_000_000
    request_bytes: Annotated[int, Field(ge=1000, le=100_000_000)] = 1_000_000
    unreadable: Literal["leave_out", "refuse"] = "leave_out"
    similar: Annotated[int, Field(ge=0, le=20)] = 8
    duplicates: Literal["refuse", "drop"] = "refuse"
    group_pattern: str | None = None
    download: Literal["download", "mount"] = "download"

    @field_validator("group_pattern")
    @classmethod
    def _finds_something(cls, value: str | None) -> str | None:
        try:
            groups = re.compile(value or "()").groups
        except re.error as error:
            raise ValueError(f"{value!r} is no regular expression: {error}") from None
        if groups < 1:
            raise ValueError(f"{value!r} has no parenthesis: what stands in it is the group, as in '([^/]+)_[0-9]+'")
        return value

    @model_validator(mode="after")
    def _sizes_fit(self) -> "Images":
        if self.stored < self.size:
            raise ValueError(f"stored: {self.stored} is refused: the model sees {self.size} pixels (size)")
        return self


class Augmentation(Section):
    """Chance changes of the training images, drawn again in each epoch from the seed. Zero switches one off.

    Args:
        turn: degrees by which an image is turned, at most.
        shift: share of its side by which it is moved, at most.
        flip: probability that it is mirrored; wrong for digits, writing and everything with a left and a right.
        brightness: share by which it becomes lighter or darker, at most.
    """

    turn: Annotated[float, Field(ge=0, le=180)] = 10.0
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    flip: Share = 0.0
    brightness: Annotated[float, Field(ge=0, le=0.9)] = 0.1


class Model(Network):
    """The learner: a network, with a base model to fine-tune or a small one from scratch where none is named.

    `pixels`, a logistic regression on small grey images, is the baseline that is always fitted beside it; it needs no
    torch, a network needs the dependency group `deep`.

    Args:
        freeze: whether only the new last layer learns (backbone), or the whole network.
        patience: epochs without a smaller loss on a tenth of the training part after which training ends; 0: it goes
            through all epochs, and learns from that tenth too.
        class_weights: balanced lets rare classes count as much as frequent ones.
        augmentation: chance changes of the training images.
        width, layers: of a network from scratch: channels of its first stage, blocks of each stage.
    """

    kind: Literal["network", "pixels"] = "network"
    freeze: Literal["backbone", "none"] = "none"
    epochs: Whole = 15
    patience: Annotated[int, Field(ge=0)] = 5
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 3e-3
    class_weights: Literal["none", "balanced"] = "none"
    mixed_precision: bool = True
    augmentation: Augmentation = Augmentation()
    width: Whole = 16
    layers: Whole = 1

    @model_validator(mode="after")
    def _frozen_has_learned(self) -> "Model":
        if self.freeze == "backbone" and self.base_model is None:
            raise ValueError("freeze: 'backbone' is refused: without base_model the frozen part has learned nothing")
        return self


class Inputs(ItemInputs):
    """The sections about images, their labels, the people who give them, and the learner."""

    columns: Columns = Columns()
    images: Images = Images()
    model: Model = Model()
    robustness: ImageRobustness = ImageRobustness()

    @model_validator(mode="after")
    def _pattern_has_a_column(self) -> "Inputs":
        if self.images.group_pattern is not None and self.columns.group is None:
            raise ValueError("images.group_pattern: needs columns.group, the name of the column that it fills")
        return self
