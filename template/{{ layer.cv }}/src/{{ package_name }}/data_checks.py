"""The rules that images and their labels must keep to learn from, and what is seen beside them."""

from . import alike, content, duplicates, image_rules, label_rules, recordings
from .config.inputs import DERIVED, FINGERPRINT
from .config.project import ProjectConfig
from .data_rules import Checks
from .dataset import Dataset


def check(found: Dataset, config: ProjectConfig, *, thorough: bool) -> Checks:
    """Check the rows that training uses; where no rule is broken, look for what only whole data can show."""
    frame = found.frame
    errors = [*image_rules.gaps(found, config), *label_rules.labels(found, config)]
    errors += image_rules.two_labels(found, config)
    warnings = [
        *label_rules.renamed(found, config),
        *image_rules.rare_classes(found, config),
        *image_rules.sizes(found, config),
        *image_rules.channels(found, config),
    ]
    if errors:
        return Checks(found, errors, warnings)
    rule = (
        f"at most {config.images.similar} bits of their hashes differ (images.similar); remove them, or set"
        " images.duplicates: drop, which leaves the later ones out"
    )
    first = duplicates.first_alike(frame[FINGERPRINT].tolist(), config.images.similar)
    leaks, others = alike.problems(found, first, config, rule)
    warnings += [*others, *recordings.suspicions(frame, config)]
    derived = {name: content.banded(frame, name) for name in DERIVED if name in config.slices}
    return Checks(found, leaks, warnings, derived)
