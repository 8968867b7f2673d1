"""Texts as vectors, learned from the training part: latent semantic analysis, or the vectors of a base model.

Both kinds of embedder have `components`, the length of a vector, and `transform`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from . import annotate
from .config.inputs import EMBEDDED
from .config.project import ProjectConfig
from .deep import packages
from .errors import UserError

if TYPE_CHECKING:
    import numpy.typing as npt

    from .deep.embedder import OnnxEmbedder

Embedder: TypeAlias = "Lsa | OnnxEmbedder"

TERMS = 5000  # most frequent ones that LSA looks at
# Training texts that hold a term. With fewer, the training texts would have terms that no new text has, such as the
# numbers of orders, and a monitor would take new texts of the same kind for strange ones.
SEEN = 3
BATCH = 8192  # texts whose term matrix is in memory at a time


@dataclass(frozen=True)
class Lsa:
    """Turns texts into vectors of a fixed length by latent semantic analysis.

    Args:
        components: length of a vector.
        weigh: texts -> TF-IDF matrix (rows, terms).
        axes: float32 (terms, components), the leading right singular vectors of the training part's TF-IDF matrix.
    """

    components: int
    weigh: Any
    axes: "npt.NDArray[Any]"

    @classmethod
    def fit(cls, texts: Sequence[str], config: ProjectConfig) -> "Lsa":
        """Learn the vectors from normalised texts: TF-IDF and a truncated SVD (Deerwester et al. 1990)."""
        import numpy as np
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.utils.extmath import randomized_svd

        components = config.embedding.components
        holders = Counter(term for text in texts for term in set(terms(text)))
        least = SEEN if max(holders.values(), default=0) >= SEEN else 1
        weigh = TfidfVectorizer(analyzer=terms, min_df=least, max_features=TERMS, sublinear_tf=True, dtype=np.float32)
        matrix = weigh.fit_transform(texts)
        rank = min(components, *matrix.shape)
        _, _, right = randomized_svd(matrix, rank, n_iter=5, random_state=config.seed)
        axes = np.zeros((matrix.shape[1], components), dtype=np.float32)
        axes[:, :rank] = right.T
        return cls(components, weigh, axes)

    def transform(self, texts: Sequence[str]) -> "npt.NDArray[Any]":
        """Return the vectors of normalised texts, float32 (rows, components); of unknown terms alone: zeros."""
        import numpy as np

        parts = [self.weigh.transform(batch) @ self.axes for batch in _batches(texts)]
        return np.concatenate(parts) if parts else np.empty((0, self.components), dtype=np.float32)


def problem(config: ProjectConfig) -> str | None:
    """Return why no embedder can be made: a package or the base model is missing; None if one can."""
    name = config.embedding.base_model
    if name is None:
        return None
    if missing := packages.problem(f"embedding.base_model: {name!r}"):
        return missing
    from .deep import base_model

    return base_model.problem(name, EMBEDDED)


def fit(texts: Sequence[str], config: ProjectConfig, folder: Path) -> Lsa | None:
    """Learn the embedder that the configuration asks for from normalised texts.

    Returns:
        The embedder; None if it is a network, whose files are then in `folder`.

    Raises:
        UserError: see `problem`, and `deep.pooling.fit`.
    """
    if config.embedding.base_model is None:
        return Lsa.fit(texts, config)
    if found := problem(config):
        raise UserError(found)
    from .deep import pooling

    pooling.fit(texts, config, folder)
    return None


def load_network(folder: Path) -> "OnnxEmbedder":
    """Load the files that `fit` wrote into a folder."""
    from .deep.embedder import OnnxEmbedder

    return OnnxEmbedder.load(folder)


def terms(text: str) -> list[str]:
    """Return the terms of a text: its tokens without their case; a text without any is a term itself."""
    return [token.casefold() for token in annotate.tokens(text)] or [text]


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), BATCH):
        yield texts[start : start + BATCH]
