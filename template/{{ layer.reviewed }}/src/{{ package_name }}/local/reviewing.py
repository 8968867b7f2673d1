"""The loop with people on this machine, each step in one call: queue, merge, estimate."""

from pathlib import Path
from typing import TYPE_CHECKING

from .. import data
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import UserError
from ..paths import Project
from ..pipeline import original
from ..review import answers, choosing, estimate
from ..review import merge as merging
from ..review.choosing import InService, Queued, Source
from ..review.workspace import Workspace
from ..scoring import kept as kept_inputs
from . import lifecycle, windows

if TYPE_CHECKING:
    import pandas as pd


def start(project: Project, source: Path, budget: int | None = None, workspace: Workspace | None = None) -> Queued:
    """Queue items before there is a model: different ones, and some by chance.

    Args:
        project: whose labels people give.
        source: file or folder of items, with or without labels.
        budget: items to queue; default: `review.budget`.
        workspace: where; default: the project's.

    Raises:
        UserError: the data cannot be used, or all of it is queued or labelled already.
    """
    config, place = load_config(project.config_path), workspace or Workspace.of(project)
    frame = data.read(source, config, require_target=False)
    return choosing.different(config, place, _source(project, config, source, frame), budget)


def select(
    project: Project,
    source: Path | None = None,
    budget: int | None = None,
    workspace: Workspace | None = None,
) -> Queued:
    """Queue what people should look at: drifted, uncertain and random items of a window.

    Args:
        project: whose champion is asked.
        source: file or folder; default: the newest of data/production, else the requests that serving kept.
        budget: items to queue; default: `review.budget`.
        workspace: where; default: the project's.

    Raises:
        UserError: there is no champion, the data cannot be used, or all of it is queued or labelled already.
    """
    import pandas as pd

    from .. import models

    config, place = load_config(project.config_path), workspace or Workspace.of(project)
    champion = lifecycle.current(project)
    window = source or _default_source(project)
    model = models.load(champion.model)
    kept = window.resolve().is_relative_to((project.root / "data" / kept_inputs.INPUTS).resolve())
    # A request has the model's inputs and no other column.
    frame = data.read_inputs(window, model.contract) if kept else data.read(window, config, require_target=False)
    reference = pd.read_parquet(champion.evaluation / "reference.parquet")
    serving = InService(f"{champion.name}:{champion.version}", model, reference)
    return choosing.doubtful(config, place, _source(project, config, window, frame), serving, budget)


def merge(project: Project, workspace: Workspace | None = None) -> merging.Outcome:
    """Make the next version of the training data from what people answered (see `review.merge`)."""
    config = load_config(project.config_path)
    return merging.merge(workspace or Workspace.of(project), config, lambda: original.rows(project, config))


def measure(project: Project, workspace: Workspace | None = None) -> estimate.Estimate:
    """Estimate the accuracy in production and write estimate.json: in outputs/review, or beside a given workspace.

    Raises:
        UserError: a queue or a log breaks a rule, or there is no queue.
    """
    config, place = load_config(project.config_path), workspace or Workspace.of(project)
    place.require_batch(None)
    rules = answers.LabelRules.of(None, config.labels.renamed)
    found = estimate.estimate(answers.collect(place), rules, config)
    found.save(workspace.root if workspace else project.outputs / "review")
    return found


def _default_source(project: Project) -> Path:
    """Return what is reviewed where no data is named.

    Raises:
        UserError: nothing has arrived and nothing was kept.
    """
    if found := windows.windows(project):
        return found[-1]
    kept = project.root / "data" / kept_inputs.INPUTS
    if kept.is_dir() and any(not path.name.startswith(".") for path in kept.iterdir()):
        return kept
    raise UserError(
        f"{project.relative(project.production)}: no data has arrived yet; put a file there, name one with --data, or"
        " let serving keep requests (review.keep_inputs)"
    )


def _source(project: Project, config: ProjectConfig, path: Path, frame: "pd.DataFrame") -> Source:
    return Source(project.relative(path), frame, lambda: original.contents(project, config))
