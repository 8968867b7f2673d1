"""The rules that texts and their labels must keep to learn from, and what is seen beside them."""

from collections.abc import Sequence
from typing import Any

from . import alike, annotate, duplicates, embedder, label_rules, noise, preparation, text_rules
from .config.inputs import DERIVED
from .config.project import ProjectConfig
from .data_rules import Checks
from .dataset import Dataset

TERMS = 50_000  # that tell a doubtful label


def check(found: Dataset, config: ProjectConfig, *, thorough: bool) -> Checks:
    """Check the rows that training uses; where no rule is broken, look for what only whole data can show.

    Labels that are probably wrong are looked for if the look is `thorough`.
    """
    prepared = preparation.prepare(found, config)
    found, texts = prepared.found, prepared.texts
    errors = [*text_rules.gaps(prepared, config), *label_rules.labels(found, config)]
    warnings = [
        *text_rules.damage(prepared),
        *text_rules.copies(prepared),
        *label_rules.several_labels(found, config),
        *label_rules.renamed(found, config),
        *text_rules.personal_data(prepared, config),
    ]
    if errors:
        return Checks(found, errors, warnings)
    rule = (
        f"texts.similar is {config.texts.similar:g}; remove them, or set texts.duplicates: drop, which leaves the later"
        " ones out"
    )
    first = duplicates.first_alike(texts.tolist(), config.texts.similar)
    leaks, contradictions = alike.problems(found, first, config, rule)
    warnings += [*contradictions, *text_rules.languages(texts)]
    if thorough and not leaks:
        labels = found.frame[config.columns.target].tolist()
        doubtful = noise.doubtful_labels(labels, config.seed, lambda rows: _terms(texts.iloc[rows].tolist()))
        warnings += label_rules.doubtful(doubtful, found, config)
    derived = {name: annotate.derived(texts, name) for name in DERIVED if name in config.slices}
    return Checks(found, leaks, warnings, derived)


def _terms(texts: Sequence[str]) -> Any:
    """Return the TF-IDF of the terms of normalised texts, float32 (rows, terms)."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(analyzer=embedder.terms, max_features=TERMS, sublinear_tf=True, dtype=np.float32)
    return weigh.fit_transform(texts)
