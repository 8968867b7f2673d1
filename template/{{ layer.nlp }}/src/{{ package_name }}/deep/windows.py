"""Texts as windows of tokens: the one rule for long texts, which the model file holds, in training and serving."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    Inputs = dict[str, npt.NDArray[np.int64]]

FILE = "tokenizer.json"
BATCH = 32  # windows in one run of a network that answers


@dataclass(frozen=True)
class Rule:
    """A text is read in windows one after the other, and the mean of their scores (log-odds) is the text's score.

    Args:
        max_tokens: of one window, those that mark its beginning and end included.
        max_windows: of one text; the rest is cut, and the answer says `truncated`.
        padding: token that fills up the shorter windows of a batch, and stands in an empty one.
        unknown: token for what the vocabulary does not have; None for a vocabulary of bytes, which has everything.
    """

    max_tokens: int
    max_windows: int
    padding: int
    unknown: int | None

    def as_dict(self) -> dict[str, int | None]:
        """Return the rule as a structure of JSON."""
        return asdict(self)


class Windows:
    """A tokenizer under a rule."""

    def __init__(self, tokenizer: Any, rule: Rule) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(rule.max_tokens)
        tokenizer.encode_special_tokens = True  # [SEP] in a text is a word like any other
        self.tokenizer, self.rule = tokenizer, rule

    @classmethod
    def load(cls, folder: Path, rule: Rule) -> "Windows":
        """Read the tokenizer of a model folder.

        Raises:
            UserError: there is none, or it is not a tokenizer.
        """
        from tokenizers import Tokenizer

        path = folder / FILE
        try:
            return cls(Tokenizer.from_file(str(path)), rule)
        except Exception as error:  # the library raises plain ones
            raise UserError(f"{path}: cannot be read as a tokenizer: {error}") from error

    def read(self, text: str) -> tuple[list[list[int]], bool]:
        """Return the windows of a text, one at least, and whether a part of it was cut."""
        found = [encoding.ids for encoding in self._encoded(text)]
        return [ids or [self.rule.padding] for ids in found[: self.rule.max_windows]], len(
            found
        ) > self.rule.max_windows

    def _encoded(self, text: str) -> list[Any]:
        first = self.tokenizer.encode(text.encode("utf-8", "replace").decode())  # a lone surrogate is no text to it
        return [first, *first.overflowing]

    def unknown(self, text: str) -> float:
        """Return the share of a text's tokens that the vocabulary does not have; NaN for a text without tokens.

        In a vocabulary of bytes it is the share of tokens that stand for one byte of a character: a text unlike those
        that the vocabulary was made from falls apart into them.
        """
        import numpy as np

        count = odd = 0
        for encoding in self._encoded(text):
            rows = zip(encoding.ids, encoding.tokens, encoding.special_tokens_mask, encoding.offsets, strict=True)
            for token, symbols, special, (start, end) in rows:
                if special and token != self.rule.unknown:
                    continue
                count += 1
                if self.rule.unknown is None:
                    odd += len(symbols) == 1 and len(text[start:end].encode()) > 1
                else:
                    odd += token == self.rule.unknown
        return odd / count if count else float(np.nan)


def answered(
    windows: Sequence[Sequence[int]], padding: int, answer: "Callable[[Inputs], npt.NDArray[Any]]"
) -> "npt.NDArray[Any]":
    """Return what a network answers to windows, (windows, values).

    It is asked in batches of similar length, so that few tokens are padding.

    Args:
        windows: one at least.
        padding: see `Rule`.
        answer: inputs of the network (see `padded`) -> its answers, (rows, values).
    """
    import numpy as np

    order = sorted(range(len(windows)), key=lambda index: len(windows[index]))
    parts = [
        answer(padded([windows[index] for index in order[start : start + BATCH]], padding))
        for start in range(0, len(order), BATCH)
    ]
    sorted_answers = np.concatenate(parts)
    found = np.empty_like(sorted_answers)
    found[order] = sorted_answers
    return found


def padded(windows: Sequence[Sequence[int]], padding: int) -> "Inputs":
    """Return the inputs of the network, int64 (windows, longest): `input_ids` and `attention_mask`."""
    import numpy as np

    longest = max(map(len, windows))
    ids = np.full((len(windows), longest), padding, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def tensors(windows: Sequence[Sequence[int]], padding: int) -> "dict[str, torch.Tensor]":
    """Return the inputs of the network (see `padded`) as torch takes them."""
    import torch

    return {name: torch.from_numpy(value) for name, value in padded(windows, padding).items()}
