"""Texts as vectors: latent semantic analysis, fitted on the training part."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import annotate
from .config.project import ProjectConfig

if TYPE_CHECKING:
    import numpy.typing as npt

TERMS = 5000  # most frequent ones that LSA looks at
# Training texts that hold a term. With fewer, the training texts would have terms that no new text has, such as the
# numbers of orders, and a monitor would take new texts of the same kind for strange ones.
SEEN = 3
BATCH = 8192  # texts whose term matrix is in memory at a time


@dataclass(frozen=True)
class Embedder:
    """Turns texts into vectors of a fixed length.

    Args:
        components: length of a vector.
        weigh: texts -> TF-IDF matrix (rows, terms).
        axes: float32 (terms, components), the leading right singular vectors of the training part's TF-IDF matrix.
    """

    components: int
    weigh: Any
    axes: "npt.NDArray[Any]"

    @classmethod
    def fit(cls, texts: Sequence[str], config: ProjectConfig) -> "Embedder":
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


def terms(text: str) -> list[str]:
    """Return the terms of a text: its tokens without their case; a text without any is a term itself."""
    return [token.casefold() for token in annotate.tokens(text)] or [text]


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), BATCH):
        yield texts[start : start + BATCH]
