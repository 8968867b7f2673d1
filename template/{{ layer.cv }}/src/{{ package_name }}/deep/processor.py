"""What a base model's image processor does to an image, as this project does it: with Pillow and NumPy alone."""

from typing import TYPE_CHECKING, Any

from ..errors import UserError, first_line
from ..preprocessing import BILINEAR, Preprocessing
from .base_model import quiet

if TYPE_CHECKING:
    from PIL.Image import Image

KEY = "config/project.yml: model.base_model"
SHAPES = ((40, 33), (33, 40), (300, 500), (3, 17))  # height and width of the images on which both are compared
CROP_BELOW = 384  # ConvNeXT stretches larger images, and crops smaller ones


def preprocessing(source: str) -> Preprocessing:
    """Return the rule of a base model's image processor (transformers' class for Pillow, whatever is installed).

    Args:
        source: what `base_model.locate` returned.

    Raises:
        UserError: it has none, or one that does more than resize, crop, scale and normalise.
    """
    import numpy as np
    from transformers import AutoImageProcessor

    processors: Any = AutoImageProcessor
    with quiet():
        try:
            # With torchvision installed transformers would take the one for tensors, which resizes differently.
            theirs = processors.from_pretrained(source, backend="pil")
        except Exception as error:
            raise UserError(f"{KEY}: {source}: its image processor cannot be loaded: {first_line(error)}") from error
        found = _rule(theirs)
        for image in _samples():
            try:
                expected = np.stack(theirs(image)["pixel_values"])
            except Exception as error:
                raise UserError(f"{KEY}: {source}: its image processor fails: {first_line(error)}") from error
            if found.size != expected.shape[2:] or not np.allclose(found.tensor([image]), expected, atol=1e-5):
                raise UserError(
                    f"{KEY}: {source}: its image processor ({type(theirs).__name__}) does more than resize, crop, scale"
                    " and normalise, which serving without transformers cannot do: take another base model"
                )
    return found


def _rule(theirs: Any) -> Preprocessing:
    """Return what the attributes of a processor say; whether that is all it does, the comparison shows."""

    def on(name: str) -> bool:
        return bool(getattr(theirs, name, False))

    def sides(size: Any) -> tuple[int, int] | int | None:
        if size is None:
            return None
        height, width, shorter = (
            size.get(name) if isinstance(size, dict) else getattr(size, name, None)
            for name in ("height", "width", "shortest_edge")
        )
        if height and width:
            return int(height), int(width)
        return int(shorter) if shorter else None

    resize = sides(theirs.size) if on("do_resize") else None
    crop = sides(theirs.crop_size) if on("do_center_crop") else None
    share = getattr(theirs, "crop_pct", None)
    if share and isinstance(resize, int):  # ConvNeXT: larger by this share and cropped, or stretched
        square = (resize, resize)
        resize, crop = (int(resize / share), square) if resize < CROP_BELOW else (square, crop)
    mean, std = (theirs.image_mean, theirs.image_std) if on("do_normalize") else ((0.0,) * 3, (1.0,) * 3)
    return Preprocessing(
        resize,
        (crop, crop) if isinstance(crop, int) else crop,
        BILINEAR if theirs.resample is None else int(theirs.resample),
        float(theirs.rescale_factor) if on("do_rescale") else 1.0,
        (float(mean[0]), float(mean[1]), float(mean[2])),
        (float(std[0]), float(std[1]), float(std[2])),
    )


def _samples() -> "list[Image]":
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(0)
    return [Image.fromarray(draw.integers(0, 256, (*shape, 3), dtype=np.uint8)) for shape in SHAPES]
