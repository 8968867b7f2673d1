"""Rules that images must keep to learn from, each broken one a sentence that names a first image."""

from . import data_rules
from .config.inputs import CHANNELS, FINGERPRINT
from .config.project import ProjectConfig
from .dataset import Dataset
from .figures import plural
from .measuring import DIGEST

RARE = 20  # times fewer images than the most frequent class has
LONG = 4  # times longer than wide: the model sees a square


def gaps(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence for each column that lacks values it needs."""
    columns = config.columns
    broken = []
    for name in dict.fromkeys(name for name in (columns.target, columns.time, columns.id, columns.group) if name):
        missing = found.frame[name].isna().to_numpy()
        if missing.any():
            first = found.place(int(missing.argmax()))
            broken.append(data_rules.without_value(int(missing.sum()), name, first, config))
    return broken


def two_labels(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence if one image has two labels; both places are named."""
    frame, target = found.frame, config.columns.target
    digests = frame[FINGERPRINT].str[:DIGEST]
    labels = frame.groupby(digests)[target].transform("nunique") > 1
    if not labels.any():
        return []
    one = int(labels.to_numpy().argmax())
    same = (digests == digests.iloc[one]) & (frame[target] != frame[target].iloc[one]) & frame[target].notna()
    other = int(same.to_numpy().argmax())
    images = plural(digests[labels].nunique(), "image has", "images have")
    return [
        f"column {target!r}: {images} two labels, first {frame[target].iloc[one]!r} in {found.place(one)} and"
        f" {frame[target].iloc[other]!r} in {found.place(other)}; remove the wrong one"
    ]


def rare_classes(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence if some classes have far fewer images than the most frequent one."""
    counts = found.frame[config.columns.target].value_counts()
    rare = counts[counts * RARE < counts.max()] if len(counts) else counts
    if rare.empty or config.model.class_weights == "balanced":
        return []
    return [
        f"{plural(len(rare), 'class has', 'classes have')} less than a twentieth of the images of {counts.index[0]!r}"
        f" ({counts.iloc[0]:,}), such as {rare.index[-1]!r} ({rare.iloc[-1]:,}); model.class_weights: balanced lets"
        " each class count alike"
    ]


def sizes(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence about images that the model would see enlarged, and one about images far from square."""
    width, height = found.frame["width"], found.frame["height"]
    size = config.images.size
    rules = {
        f"smaller than the {size} pixels that the model sees (images.size): enlarged": (width < size) | (height < size),
        f"more than {LONG} times as long as wide: squeezed or cut, as the model sees a square": (
            (width > LONG * height) | (height > LONG * width)
        ),
    }
    found_rules = []
    for what, rows in rules.items():
        if rows.any():
            first = int(rows.to_numpy().argmax())
            shape = f"{width.iloc[first]:.0f} x {height.iloc[first]:.0f}"
            found_rules.append(
                f"{plural(int(rows.sum()), 'image is', 'images are')} {what}, first {found.place(first)} ({shape})"
            )
    return found_rules


def channels(found: Dataset, config: ProjectConfig) -> list[str]:
    """Return a sentence if images of some classes are mostly of another mode, which a model could learn instead."""
    frame, target = found.frame, config.columns.target
    modes = frame.groupby(target)[CHANNELS].agg(lambda values: values.mode().iloc[0]) if len(frame) else frame
    if not len(frame) or modes.nunique() < 2:
        return []
    usual = frame[CHANNELS].mode().iloc[0]
    other = modes[modes != usual]
    return [
        f"most images are of mode {usual}, those of class {other.index[0]!r} of mode {other.iloc[0]}: a model may tell"
        " classes by that; save all images alike"
    ]
