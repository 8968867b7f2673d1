"""What a breach leads to here: a retraining with all that arrived. No person is needed, the gate decides."""

import time
from pathlib import Path

from ..data_folder import files
from ..errors import GateRefusedError
from ..figures import number, plural
from ..paths import Project
from ..records import Metrics
from . import lifecycle
from .story import Row, Story

MADE: tuple[str, ...] = ()  # folders of outputs/ that the demo may remove
READ: tuple[str, ...] = ()  # folders of data/ that the demo reads beside those of the pipeline and of production


def before_training(project: Project, story: Story) -> Path | None:
    """Return the data of the first training, None for those of the pipeline: labels come with the data here."""
    return None


def play(project: Project, story: Story) -> None:
    """Add the row of the demo that follows a breach: a challenger, and whether it replaces the champion."""
    before = lifecycle.current(project)
    began = time.perf_counter()
    row = Row("retrain")
    with story.console.status("retrain"):
        try:
            trained = lifecycle.retrain(project)
            metrics = Metrics.load(trained.run.output("evaluate", "evaluation"))
            new, old = (metrics.models[role][metrics.metric] for role in ("challenger", "champion"))
            row.text = (
                f"with {plural(len(files(project.production)), 'file')} that arrived: challenger {metrics.metric}"
                f" {number(new)}, champion {number(old)}, same holdout;"
                f" version {before.version} -> {trained.champion.version}"
            )
            row.outcome = "promoted"
        except GateRefusedError as refusal:
            row.text, row.outcome = f"{refusal}; version {before.version} stays", "refused"
    row.seconds = time.perf_counter() - began
    story.add(row)
