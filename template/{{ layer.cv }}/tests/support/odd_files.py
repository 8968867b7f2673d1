"""Image files as they should not be: the same three hundred every time."""

import io
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "png": ("PNG", {}),
    "jpg": ("JPEG", {"quality": 90}),
    "webp": ("WEBP", {}),
    "bmp": ("BMP", {}),
    "tiff": ("TIFF", {"compression": "tiff_lzw"}),
    "gif": ("GIF", {}),
}
COUNT = 300


def odd_files() -> dict[str, bytes]:
    """Return the files by names that say what is wrong with them."""
    found = dict(_made())
    found |= dict(_mutated(COUNT - len(found)))
    return found


def _made() -> Iterator[tuple[str, bytes]]:
    yield "empty.png", b""
    for size in (1, 2, 8, 33):
        yield f"zeros-{size}.jpg", bytes(size)
    yield "text.png", b"This is no picture.\n"
    yield "page.jpg", b"<!doctype html><title>404</title>"
    yield "vector.png", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    yield "script.bmp", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
    yield "archive.jpg", b"PK\x03\x04" + bytes(26)
    yield "giant-header.png", _png_header(60_000, 60_000)
    yield "giant-side.png", _png_header(2**31 - 1, 1)
    yield "no-width.png", _png_header(0, 5)
    small = Image.new("RGB", (9, 9))
    # Pillow raises no OSError for these two, but a ValueError when it opens the first, and when it loads the second.
    yield "short-header.png", _changed(_file(small, "PNG"), 11, 10)  # bytes of the chunk, of 13 that it needs
    yield "compressed.bmp", _changed(_file(small, "BMP"), 30, 1)  # run lengths, which 24 bits cannot have
    yield "giant-header.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 65_000, 65_000, 1, 24, *[0] * 6)
    yield "giant-header.gif", b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(6)
    yield "giant-header.webp", b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/" + b"\xff" * 12
    yield "bomb.png", _file(Image.new("1", (9_000, 9_000)), "PNG")
    yield "long.png", _file(Image.new("RGB", (20_000, 2), "red"), "PNG")
    yield "high.jpg", _file(Image.new("RGB", (2, 20_000), "red"), "JPEG")
    for width, height in ((1, 1), (1, 5), (5, 1), (3, 7), (7, 3)):
        yield f"{width}x{height}.png", _file(Image.new("RGB", (width, height), "red"), "PNG")
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        yield f"mode-{mode.replace(';', '-')}.png", _file(Image.new(mode, (9, 9)), "PNG")
    for mode in ("CMYK", "YCbCr", "L"):
        yield f"mode-{mode}.jpg", _file(Image.new(mode, (9, 9)), "JPEG")
    for mode in ("F", "I", "CMYK", "LAB"):
        yield f"mode-{mode}.tiff", _file(Image.new(mode, (9, 9)), "TIFF")
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
    for suffix, kind in (("gif", "GIF"), ("png", "PNG"), ("webp", "WEBP"), ("tiff", "TIFF"), ("mpo", "MPO")):
        yield f"several.{suffix}", _file(frames[0], kind, save_all=True, append_images=frames[1:])
    phone = _file(frames[0], "MPO", save_all=True, append_images=frames[1:])
    yield "phone-cut-off.jpg", phone[: len(phone) - 200]
    exif = Image.Exif()
    exif[0x0112] = 9  # an orientation that there is not
    yield "orientation.jpg", _file(frames[0], "JPEG", exif=exif)
    yield "wrong-name.png", _file(frames[0], "JPEG")
    yield "two-in-one.png", _file(frames[0], "PNG") + _file(frames[1], "PNG")


def _mutated(count: int) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(20)
    noise = np.random.default_rng(20).integers(0, 256, (24, 30, 3), dtype=np.uint8)
    whole = {suffix: _file(Image.fromarray(noise), kind, **options) for suffix, (kind, options) in KINDS.items()}
    for number in range(count):
        suffix = list(KINDS)[number % len(KINDS)]
        content = bytearray(whole[suffix])
        change = number // len(KINDS) % 4
        if change == 0:
            del content[chance.randrange(len(content)) :]
        elif change == 1:
            for _ in range(chance.randrange(1, 20)):
                content[chance.randrange(len(content))] = chance.randrange(256)
        elif change == 2:  # in the header, where it hurts most
            content[chance.randrange(2, min(64, len(content)))] = chance.choice((0, 1, 127, 128, 255))
        else:
            start = chance.randrange(len(content))
            content[start : start + chance.randrange(1, 200)] = bytes(chance.randrange(400))
        yield f"{('cut', 'bytes', 'header', 'hole')[change]}-{number}.{suffix}", bytes(content)


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")


def _changed(content: bytes, place: int, value: int) -> bytes:
    return content[:place] + bytes([value]) + content[place + 1 :]


def _file(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()
