"""Images as arrays of one size, as a network sees them: Pillow resizes them, NumPy does the rest.

The pixels are those of transformers' image processors for Pillow. The rule is kept in the model file, so that they do
not change where torchvision is installed, with which transformers would load a processor that resizes differently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

BILINEAR = 2  # Pillow's number of the filter
# Of a longer image only the middle is resized by its shorter side: 2 x 20,000 pixels would become 224 x 2,240,000.
LONGEST = 16  # times its shorter side


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes an array.

    Args:
        resize: height and width that it is stretched to; or the length of its shorter side, the longer one in
            proportion; None if it is not resized.
        crop: height and width of the middle that is kept, with black around a smaller image; None: all of it.
        resampling: Pillow's number of the filter.
        scale: factor of the values 0 to 255.
        mean: of each channel (red, green, blue), subtracted after scaling.
        std: of each channel, divided by then.
    """

    resize: tuple[int, int] | int | None
    crop: tuple[int, int] | None = None
    resampling: int = BILINEAR
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the arrays.

        Raises:
            UserError: they depend on the image.
        """
        found = self.crop or self.resize
        if not isinstance(found, tuple):
            raise UserError(
                "images of several shapes would become arrays of several sizes: a resize or crop is missing"
            )
        return found

    def tensor(self, images: "Sequence[Image]") -> "npt.NDArray[np.float32]":
        """Return RGB images as an array, float32 (images, 3, height, width)."""
        return self.array([self.fitted(image) for image in images])

    def array(self, images: "Sequence[Image]") -> "npt.NDArray[np.float32]":
        """Do the same for images that are `fitted` already."""
        import numpy as np

        height, width = self.size
        levels = (np.arange(256) * self.scale).astype(np.float32)
        values = [(levels - np.float32(mean)) / np.float32(std) for mean, std in zip(self.mean, self.std, strict=True)]
        found = np.empty((len(images), 3, height, width), dtype=np.float32)
        for place, image in enumerate(images):
            pixels = np.asarray(image)
            for channel in range(3):
                found[place, channel] = values[channel][pixels[:, :, channel]]
        return found

    def fitted(self, image: "Image") -> "Image":
        """Return an RGB image resized and cropped, its values as they are."""
        from PIL.Image import Resampling

        if isinstance(self.resize, tuple):
            image = image.resize(self.resize[::-1], Resampling(self.resampling))
        elif self.resize:
            longest = LONGEST * min(image.size)
            image = _middle(image, min(image.width, longest), min(image.height, longest))
            short = min(image.size)
            width, height = (self.resize if side == short else int(self.resize * side / short) for side in image.size)
            image = image.resize((width, height), Resampling(self.resampling))
        return _middle(image, *self.crop[::-1]) if self.crop else image

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as a structure of JSON."""
        return asdict(self)

    @classmethod
    def of_dict(cls, content: Mapping[str, Any]) -> "Preprocessing":
        """Return the rule that `as_dict` wrote, after JSON made lists of its tuples."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
        }
        return cls(**fields)


def _middle(image: "Image", width: int, height: int) -> "Image":
    """Return the middle of an image in another size, with black around where that is larger."""
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
