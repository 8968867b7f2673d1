"""Frames of one recording on both sides of the split flatter a model, and no comparison of images finds them.

Their names (cam3_0001, cam3_0002), folders within the folders of labels, and the times at which they were taken betray
them.
"""

from typing import TYPE_CHECKING

from .config.inputs import TAKEN
from .config.project import ProjectConfig
from .images import MEMBER
from .split import holdout

if TYPE_CHECKING:
    import pandas as pd

STEM = r"([^/]*[^/0-9])[-_ .]?[0-9]+[.][A-Za-z]+$"  # what stands before the last number of a file's name
FOLDER = r"([^/]+)/[^/]+$"
FRAMES = 3  # images that a group must have, in the mean
SHARE = 0.5  # of the images that must stand in such groups
BURST = "2s"  # images that were taken so close together are of one recording


def suspicions(frame: "pd.DataFrame", config: ProjectConfig) -> list[str]:
    """Return a sentence if images look like frames of recordings that the split divides, with the group to split by."""
    if config.split.by != "id":
        return []
    paths = frame[config.columns.image].str.rpartition(MEMBER)[2]
    labels = frame[config.columns.target]
    held = holdout(frame[config.split_column], config.split.by, config.split.holdout)
    for pattern, betrayed in ((STEM, "the names of their files"), (FOLDER, "their folders")):
        groups = paths.str.extract(pattern, expand=False)
        if divided := _divided(groups, labels, held):
            way = f"columns.group: recording, images.group_pattern: '{pattern}' and split.by: group"
            return [_sentence(divided, betrayed, way)]
    moments = frame[TAKEN].dropna().sort_values()
    groups = (moments.diff() > BURST).cumsum().reindex(frame.index)
    if divided := _divided(groups, labels, held):
        way = "columns.group, a column of a table that names the recording of each image, and split.by: group"
        return [_sentence(divided, "the times at which they were taken", way)]
    return []


def _divided(groups: "pd.Series", labels: "pd.Series", held: object) -> tuple[int, int, object] | None:
    """Return number of groups, number of those on both sides, and an example; None if they are no recordings.

    Groups that are the labels themselves, that are single images, or that are most of a label are none.
    """
    import pandas as pd

    rows = pd.DataFrame({"group": groups, "label": labels, "held": held}).dropna(subset=["group"])
    if len(rows) < SHARE * len(groups):
        return None
    sizes = rows["group"].value_counts()
    in_groups = sizes[sizes >= FRAMES].sum()
    largest = rows.groupby(["label", "group"]).size().groupby("label").max()
    whole = (largest > SHARE * rows.groupby("label").size()).mean() > SHARE
    if in_groups < SHARE * len(groups) or len(rows) / len(sizes) < FRAMES or whole:
        return None
    sides = rows.groupby("group")["held"].nunique()
    both = sides[sides > 1]
    return (len(sizes), len(both), both.index[0]) if len(both) else None


def _sentence(divided: tuple[int, int, object], betrayed: str, way: str) -> str:
    groups, both, example = divided
    return (
        f"images look like frames of {groups:,} recordings by {betrayed}, and {both:,} of these (such as {example!r})"
        " are on both sides of the split: the model would be judged by what it has almost seen. If they are, set"
        f" {way}"
    )
