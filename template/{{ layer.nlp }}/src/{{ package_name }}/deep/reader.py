"""A network that reads texts, at work: ONNX Runtime and the tokenizer; neither torch nor transformers is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from . import onnx
from .windows import Rule, Windows, answered

if TYPE_CHECKING:
    import numpy.typing as npt

RULE = "windows"  # metadata of the model file


@dataclass(frozen=True)
class Reader:
    """A folder's network; what its values mean, and the rule for long texts, come from its file alone.

    Args:
        content: the metadata CONTENT of the model file, which says what the values are.
        windows: reads a text.
        session: the exported network.
    """

    CONTENT: ClassVar[str]

    content: Any
    windows: Windows
    session: Any

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> Self:
        """Load model.onnx and tokenizer.json of a folder.

        Raises:
            UserError: one of them is missing or is not what it should be.
        """
        path = folder / onnx.FILE
        session = onnx.session(path, threads)
        rule = Rule(**onnx.metadata(session, RULE, path))
        return cls(onnx.metadata(session, cls.CONTENT, path), Windows.load(folder, rule), session)

    def answers(self, read: Sequence[Sequence[int]]) -> "npt.NDArray[Any]":
        """Return what the network answers to windows, one at least, float32 (windows, values)."""
        return answered(read, self.windows.rule.padding, partial(onnx.answers, self.session))
