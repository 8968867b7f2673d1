"""The one decoder: what training, serving, monitors and pages see of an image file. Always RGB, 8 bits a channel.

Rules: the picture is turned as its EXIF says; 16 bits are scaled to 8; transparent pixels lie on one stated colour; of
a camera's JPEG with several frames (MPO) the first one counts; animations and files of several pages are refused. An
image whose shorter side is longer than `Rules.stored` is made smaller: everywhere, so that the copies which the steps
hand on and the files that a server gets become the same pixels.
"""

import io
import os
import threading
import warnings
import zipfile
from collections import OrderedDict
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from .errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from .config.inputs import Images

Source = str | bytes  # an absolute path, or that of an archive, "!/" and its member; or the bytes of an image file
MEMBER = "!/"
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")  # JPEG opens MPO too
OPEN_ARCHIVES = 8
FILE = "file"  # key of `Image.info` of a decoded image: the `Look` of its file
MEASURED = 256  # pixels on the longer side: contrast and sharpness depend on the scale
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601
_BITS, _SAMPLE_FORMAT, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 339, 262, 0  # tags of TIFF 6.0, and a value of the last


class ImageError(UserError):
    """An image that cannot be used; the message says why and holds nothing of its content."""


@dataclass(frozen=True)
class Rules:
    """What the decoder is told.

    Args:
        background: red, green and blue behind transparent pixels.
        max_bytes: largest file.
        max_pixels: largest image, width times height.
        stored: longest shorter side of a decoded image.
    """

    background: tuple[int, int, int] = (255, 255, 255)
    max_bytes: int = 50_000_000
    max_pixels: int = 50_000_000
    stored: int = 256

    @classmethod
    def of(cls, images: "Images") -> "Rules":
        """Return the rules of the section `images` of config/project.yml."""
        colour = bytes.fromhex(images.background.removeprefix("#"))
        return cls((colour[0], colour[1], colour[2]), images.max_bytes, images.max_pixels, images.stored)

    @classmethod
    def load(cls, preparation: "Mapping[str, Any]") -> "Rules":
        """Return the rules that a model's contract keeps."""
        red, green, blue = preparation["background"]
        return cls((red, green, blue), *(int(preparation[key]) for key in ("max_bytes", "max_pixels", "stored")))

    def save(self) -> dict[str, Any]:
        """Return the rules as a model's contract keeps them."""
        return asdict(self) | {"background": list(self.background)}


@dataclass(frozen=True)
class Look:
    """What the header of an image file says; width and height as they are shown, turned by EXIF."""

    width: int
    height: int
    mode: str
    format: str
    taken: datetime | None


def name(reference: Source, root: Path | None = None) -> str:
    """Return a reference as messages show it: relative to `root`, or to the working directory, if it is inside."""
    if isinstance(reference, bytes):
        return "the image"
    path, mark, member = reference.partition(MEMBER)
    folder = (root or Path.cwd()).absolute()
    shown = Path(path).relative_to(folder).as_posix() if Path(path).is_relative_to(folder) else path
    return f"{shown}{mark}{member}"


def read(source: Source, max_bytes: int | None = None) -> bytes:
    """Return the bytes of an image file.

    Raises:
        ImageError: it cannot be read, or is larger than `max_bytes`.
    """
    if isinstance(source, bytes):
        return _small(source, len(source), max_bytes, source)
    path, mark, member = source.partition(MEMBER)
    try:
        if not mark:
            with Path(path).open("rb") as stream:
                return _small(source, os.fstat(stream.fileno()).st_size, max_bytes, stream.read)
        archive = _archive(path)
        info = archive.getinfo(member)
        return _small(source, info.file_size, max_bytes, lambda: archive.read(info))
    except KeyError:
        raise ImageError(f"{name(source)}: the archive holds no such file") from None
    except OSError as error:
        raise ImageError(f"{name(source)}: cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise ImageError(f"{name(source)}: cannot be read from its archive: {error}") from None


def decode(source: Source, rules: Rules) -> Image.Image:
    """Return an image as RGB, by the rules above; its `info` holds nothing but the `Look` of the file, as `FILE`.

    Raises:
        ImageError: it cannot be read, is no image, is too large, is animated, or is damaged.
    """
    image = _open(source, rules)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
            seen, tags = _look(image), getattr(image, "tag_v2", {})
            shown = _shrunk(_rgb(_turned(image), tags, source, rules), rules.stored)
    except ImageError:
        raise
    except MemoryError:
        raise ImageError(f"{name(source)}: needs more memory than there is") from None
    except Exception as error:  # Pillow's decoders raise whatever a damaged file leads them to
        raise ImageError(f"{name(source)}: is cut off or damaged ({type(error).__name__})") from None
    shown.info = {FILE: seen}
    return shown


def png(image: Image.Image, level: int = -1) -> bytes:
    """Return an image as a PNG file; `level` of compression from 0 to 9, -1 for zlib's own."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=level)
    return stream.getvalue()


def look(source: Source, rules: Rules) -> Look:
    """Return what the header says, without decoding a pixel.

    Raises:
        ImageError: it cannot be read, is no image, is too large, or is animated.
    """
    return _look(_open(source, rules))


def figures(image: Image.Image) -> dict[str, float]:
    """Return width and height in pixels; brightness, contrast (0 to 1) and sharpness of a copy of at most 256 pixels.

    Width and height are those of the file where the image was decoded from one.

    Brightness is the mean of the luma, contrast its standard deviation, sharpness the variance of its Laplacian, each
    with 1 for white (Pech-Pacheco et al. 2000).

    >>> figures(Image.new("RGB", (640, 480), "white"))
    {'width': 640.0, 'height': 480.0, 'brightness': 1.0, 'contrast': 0.0, 'sharpness': 0.0}
    """
    grey = luma(image)
    laplacian = (
        4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
        if min(grey.shape) > 2
        else np.zeros(1, np.float32)
    )
    found = {"brightness": grey.mean(), "contrast": grey.std(), "sharpness": laplacian.var()}
    width, height = (file.width, file.height) if (file := image.info.get(FILE)) else image.size
    sizes = {"width": float(width), "height": float(height)}
    return sizes | {name: round(float(value), 6) for name, value in found.items()}


def luma(image: Image.Image) -> "npt.NDArray[np.float32]":
    """Return the brightness of the pixels, 1 for white, of a copy of at most 256 a side: float32 (height, width)."""
    longer = max(image.size)
    if longer > MEASURED:
        scale = MEASURED / longer
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BOX)
    grey: npt.NDArray[np.float32] = np.asarray(image, np.float32) @ (np.array(LUMA, np.float32) / np.float32(255))
    return grey


def _small(source: Source, size: int, max_bytes: int | None, content: Any) -> bytes:
    if max_bytes is not None and size > max_bytes:
        raise ImageError(f"{name(source)}: has {size:,} bytes; at most {max_bytes:,} are allowed")
    return content if isinstance(content, bytes) else content()


def _open(source: Source, rules: Rules) -> Image.Image:
    content = read(source, rules.max_bytes)
    if not content:
        raise ImageError(f"{name(source)}: is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = image.size
            if width * height > rules.max_pixels:
                raise _too_large(source, width, height, rules)
            if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
                raise ImageError(f"{name(source)}: is animated or holds several pages; one picture a file is read")
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(
            f"{name(source)}: is no image that can be read; PNG, JPEG, WebP, BMP, TIFF and still GIF are"
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name(source)}: has more than the {rules.max_pixels:,} pixels that are allowed") from None
    except Exception as error:  # Pillow's parsers raise whatever a damaged header leads them to
        raise ImageError(f"{name(source)}: is cut off or damaged ({type(error).__name__})") from None
    return image


def _too_large(source: Source, width: int, height: int, rules: Rules) -> ImageError:
    return ImageError(
        f"{name(source)}: has {width:,} x {height:,} = {width * height:,} pixels; at most {rules.max_pixels:,} are"
        " allowed"
    )


def _look(image: Image.Image) -> Look:
    width, height = image.size
    exif = _exif(image)
    if exif.get(ExifTags.Base.Orientation) in (5, 6, 7, 8):
        width, height = height, width
    return Look(width, height, image.mode, image.format or "", _taken(exif))


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # EXIF that cannot be read turns nothing
        return image


def _exif(image: Image.Image) -> Image.Exif:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return image.getexif()
    except Exception:  # EXIF that cannot be read says nothing
        return Image.Exif()


def _taken(exif: Image.Exif) -> datetime | None:
    try:
        own = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        written = own or exif.get(ExifTags.Base.DateTime)
        return datetime.strptime(str(written).strip("\0 "), "%Y:%m:%d %H:%M:%S") if written else None
    except Exception:  # a camera without a clock writes anything
        return None


def _rgb(image: Image.Image, tags: "Mapping[int, Any]", source: Source, rules: Rules) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        return _eight_bits(image, tags, source).convert("RGB")
    if image.mode == "F":
        raise ImageError(f"{name(source)}: holds floating-point numbers, which have no known white; save 8 or 16 bits")
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        shown = image.convert("RGBA")
        ground = Image.new("RGBA", shown.size, (*rules.background, 255))
        return Image.alpha_composite(ground, shown).convert("RGB")
    try:
        return image if image.mode == "RGB" else image.convert("RGB")
    except ValueError:
        raise ImageError(f"{name(source)}: has the colours of mode {image.mode}, which are not converted") from None


def _shrunk(image: Image.Image, stored: int) -> Image.Image:
    width, height = image.size
    if min(width, height) > stored:
        scale = stored / min(width, height)
        image = image.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return image


def _eight_bits(image: Image.Image, tags: "Mapping[int, Any]", source: Source) -> Image.Image:
    """Scale grey levels by their bit depth; Pillow's own conversion would cut everything above 255 to white.

    Args:
        image: of mode I or I;16.
        tags: of a TIFF file, none of another.
        source: for messages.
    """
    bits = tags.get(_BITS, (16,))[0]
    if bits > 16 or tags.get(_SAMPLE_FORMAT, (1,))[0] != 1:
        raise ImageError(f"{name(source)}: holds {bits}-bit or signed levels, which have no known white; save 16 bits")
    levels = np.asarray(image).astype(np.uint32)
    white = 2**bits - 1
    scaled = (np.minimum(levels, white) * 255 + white // 2) // white
    grey = scaled.astype(np.uint8)
    return Image.fromarray(255 - grey if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else grey)


_archives: OrderedDict[tuple[object, ...], zipfile.ZipFile] = OrderedDict()
_lock = threading.Lock()


def _archive(path: str) -> zipfile.ZipFile:
    """Return an open archive; the last few stay open, apart for each process and thread, until the file changes."""
    state = Path(path).stat()
    key = (os.getpid(), threading.get_ident(), path, state.st_mtime_ns, state.st_size)
    with _lock:
        if key in _archives:
            _archives.move_to_end(key)
            return _archives[key]
        _archives[key] = found = zipfile.ZipFile(path)
        while len(_archives) > OPEN_ARCHIVES:
            _archives.popitem(last=False)  # closed when its last reader lets go of it
    return found
