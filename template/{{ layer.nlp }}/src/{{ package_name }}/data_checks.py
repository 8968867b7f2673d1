"""The rules that texts and their labels must keep to learn from (see `text_rules`), and what is seen beside them."""

from . import annotate, noise, preparation, text_rules
from .config.inputs import DERIVED
from .config.project import ProjectConfig
from .data_rules import Checks
from .dataset import Dataset


def check(found: Dataset, config: ProjectConfig, *, thorough: bool) -> Checks:
    """Check the rows that training uses; where no rule is broken, look for what only whole data can show.

    Labels that are probably wrong are looked for if the look is `thorough`.
    """
    prepared = preparation.prepare(found, config)
    found, texts = prepared.found, prepared.texts
    errors = [*text_rules.gaps(prepared, config), *text_rules.labels(found, config)]
    warnings = [
        *text_rules.damage(prepared),
        *text_rules.copies(prepared),
        *text_rules.several_labels(found, config),
        *text_rules.renamed(found, config),
        *text_rules.personal_data(prepared, config),
    ]
    if errors:
        return Checks(found, errors, warnings)
    leaks, contradictions = text_rules.alike(prepared, config)
    warnings += [*contradictions, *text_rules.languages(texts)]
    if thorough and not leaks:
        labels = found.frame[config.columns.target].tolist()
        warnings += text_rules.doubtful(noise.doubtful_labels(texts.tolist(), labels, config.seed), found, config)
    derived = {name: annotate.derived(texts, name) for name in DERIVED if name in config.slices}
    return Checks(found, leaks, warnings, derived)
