"""An image as coloured half blocks, for a terminal that shows 24 bits of colour."""

from typing import TYPE_CHECKING

from PIL.Image import Image, Resampling

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

UPPER_HALF = "▀"


def half_blocks(image: Image, columns: int, rows: int) -> "list[StyleAndTextTuples]":
    """Return rows of cells, each with two pixels: the foreground above, the background below.

    The image is as large as fits; a small one grows by a whole number, so that its pixels stay squares.

    Args:
        image: RGB.
        columns, rows: room, in cells that are twice as high as wide.
    """
    scale = min(columns / image.width, 2 * rows / image.height)
    size = (_scaled(image.width, scale, columns), _scaled(image.height, scale, 2 * rows))
    shown = image.resize(size, Resampling.NEAREST if scale >= 1 else Resampling.BOX)
    pixels = shown.convert("RGB").tobytes().hex()
    lines = [pixels[start : start + 6 * size[0]] for start in range(0, len(pixels), 6 * size[0])]
    if len(lines) % 2:
        lines.append("")
    return [
        [(_style(above[start : start + 6], below[start : start + 6]), UPPER_HALF) for start in range(0, len(above), 6)]
        for above, below in zip(lines[::2], lines[1::2], strict=True)
    ]


def _scaled(side: int, scale: float, most: int) -> int:
    return max(1, min(side * int(scale) if scale >= 1 else round(side * scale), most))


def _style(above: str, below: str) -> str:
    return f"fg:#{above} bg:#{below}" if below else f"fg:#{above}"
