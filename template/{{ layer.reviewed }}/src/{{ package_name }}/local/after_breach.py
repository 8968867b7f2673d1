"""What people do after a breach, and before the first training. In the demo they are simulated, and said to be."""

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from .. import data, models
from ..config.project import load as load_config
from ..errors import GateRefusedError, UserError
from ..figures import number, plural
from ..paths import Project
from ..pipeline import runs
from ..review import contract, estimate, items, log, media, queue, versions
from ..review.contract import Annotation, QueueItem
from ..review.workspace import Workspace
from . import lifecycle, reviewing
from .followed import DEMO, BeforeAndAfter, Changed, place
from .story import Row, Story

if TYPE_CHECKING:
    import pandas as pd

MADE = (DEMO,)  # folders of outputs/ that the demo may remove
UNLABELLED = "unlabelled"
READ = (UNLABELLED,)  # folders of data/ that the demo reads beside those of the pipeline and of production
PEOPLE = ("simulated-1", "simulated-2")
MISTAKES = 0.1  # share of the items of one person who gives another label than the true one
EXAMPLES = 6  # rows of a group that the report shows
DISAGREEMENT = 0.25  # share of the items of two people about which they disagree


def before_training(project: Project, story: Story) -> Path | None:
    """Return the data of the first training, with what people labelled in data/unlabelled; None without that folder.

    Labels that the files of the folder hold are not shown to anybody; the demo's people answer from them.
    """
    source = project.root / "data" / UNLABELLED
    if not source.is_dir():
        return None
    config, workspace = load_config(project.config_path), place(project)
    with story.row("start") as row:
        row.text = reviewing.start(project, source, workspace=workspace).sentence
    with story.row("label") as row:
        row.text = _simulate(workspace, data.read(source, config, require_target=False), project)
        row.outcome = "simulated"
    with story.row("merge") as row:
        merged = reviewing.merge(project, workspace)
        row.text = merged.sentence
    return None if merged.version is None else workspace.version(merged.version) / versions.ROWS


def play(project: Project, story: Story) -> None:
    """Add the rows of the demo that follow a breach: queue, labels, merge, a person's decision, retraining."""
    config, workspace, window = load_config(project.config_path), place(project), lifecycle.newest(project)
    with story.row("select") as row:
        row.text = reviewing.select(project, window, workspace=workspace).sentence
    frame = data.read(window, config, require_target=False)
    if config.columns.target not in frame or frame[config.columns.target].isna().all():
        story.add(Row("label", f"{window.name} has no labels to simulate people with: `mlops review label`", "skipped"))
        return
    with story.row("label") as row:
        row.text = _simulate(workspace, frame, project)
        row.outcome = "simulated"
    with story.row("merge") as row:
        merged = reviewing.merge(project, workspace)
        row.text = merged.sentence
    with story.row("estimate") as row:
        found = reviewing.measure(project, workspace)
        row.text = found.summary
    if merged.version is None:
        return
    story.add(
        Row("decide", f"a person reads this and starts the training on version {merged.version}: `mlops retrain`")
    )
    _retrain(project, story, workspace, merged.version, window, frame)


def _simulate(workspace: Workspace, frame: "pd.DataFrame", project: Project) -> str:
    """Answer the queue from the labels of its window, with mistakes, and return what was done in words."""
    config = load_config(project.config_path)
    labels = sorted(frame[config.columns.target].dropna().unique().tolist())
    truth = dict(zip(items.sample_ids(frame, config), frame[config.columns.target], strict=True))
    name = workspace.require_batch(None)
    queued = [item for item in queue.read(workspace, name) if isinstance(truth.get(item.sample_id), str)]
    double = [item for item in queued if item.annotations_wanted > 1]
    single = [item for item in queued if item.annotations_wanted == 1]
    wrong = {
        item.sample_id
        for group, share in ((double, DISAGREEMENT), (single, MISTAKES))
        for item in group[: round(len(group) * share)]
    }
    given: Counter[str] = Counter()
    for position, item in enumerate(queued):
        people = PEOPLE if item.annotations_wanted > 1 else (PEOPLE[position % 2],)
        for person in people:
            label = str(truth[item.sample_id])
            if item.sample_id in wrong and person == people[-1]:
                label = labels[(labels.index(label) + 1) % len(labels)]
            contract.append(workspace.log(name, person), _answer(item, label, person))
            given[person] += 1
    each = " and ".join(f"{person} ({count} labels)" for person, count in sorted(given.items()))
    return (
        f"no people here: {each} answer from the labels that the files hold; on purpose they disagree about"
        f" {DISAGREEMENT:.0%} of {plural(len(double), 'double item')} and are wrong in {MISTAKES:.0%} of the others"
    )


def _answer(item: QueueItem, label: str, person: str) -> Annotation:
    return Annotation(
        annotation_id=log.new_id(),
        sample_id=item.sample_id,
        batch_id=item.batch_id,
        content_sha256=item.content_sha256,
        action="label",
        label=label,
        annotator=person,
        annotated_at=contract.now(),
        saw_prediction=False,
        tool="simulated",
    )


def _retrain(
    project: Project, story: Story, workspace: Workspace, version: int, window: Path, frame: "pd.DataFrame"
) -> None:
    old, began = lifecycle.current(project), time.perf_counter()
    row = Row("retrain", outcome="promoted")
    known = {path.name for path in (project.outputs / "runs").glob("*/")}
    with story.console.status("retrain"):
        try:
            trained = lifecycle.retrain(project, [workspace.version(version) / versions.ROWS])
            model = trained.champion.model
            why = f"promoted, version {old.version} -> {trained.champion.version}"
        except GateRefusedError as refusal:
            row.outcome, why = "refused", f"refused, {refusal}; version {old.version} stays"
            model = _refused_model(project, known)
        found = _compare(project, workspace, window, frame, old.model, model, row.outcome == "promoted", why)
    found.save(workspace.root)
    before, after = found.before, found.after
    row.text = (
        f"on training data version {version}: accuracy on {plural(after.rows, 'row')} of {found.window} that no"
        f" person reviewed {number(before.value, 3)} before, {number(after.value, 3)} after; {why}"
    )
    row.seconds = time.perf_counter() - began
    story.add(row)


def _refused_model(project: Project, known: set[str]) -> Path:
    """Return the model of the run that the gate has just refused."""
    new = [path for path in (project.outputs / "runs").glob("*/run.json") if path.parent.name not in known]
    if not new:
        raise UserError("outputs/runs: the refused run is gone; run the demo again")
    return runs.load(project, max(new, key=lambda path: path.stat().st_mtime)).output("train", "model")


def _compare(
    project: Project,
    workspace: Workspace,
    window: Path,
    frame: "pd.DataFrame",
    before: Path,
    after: Path,
    promoted: bool,
    why: str,
) -> BeforeAndAfter:
    import numpy as np

    config = load_config(project.config_path)
    reviewed = {item.content_sha256 for name in workspace.batches() for item in queue.read(workspace, name)}
    left = frame[~items.identified(frame, config)["content_sha256"].isin(reviewed)]
    left = left[left[config.columns.target].notna()]
    truth = left[config.columns.target].to_numpy()
    answers = [models.load(folder).predict(left) for folder in (before, after)]
    old, new = (answer == truth for answer in answers)
    groups = {
        "Wrong before, right after retraining": new & ~old,
        "Right before, wrong after retraining": old & ~new,
        "Wrong before and after": ~old & ~new,
    }
    contents = items.identified(left, config)["content"].tolist()
    chance = np.random.default_rng(config.seed)
    examples = [
        Changed(group, media.shown(str(contents[row] or ""), config), truth[row], answers[0][row], answers[1][row])
        for group, rows in groups.items()
        for row in np.sort(chance.permutation(np.flatnonzero(rows))[:EXAMPLES])
    ]
    return BeforeAndAfter(
        window=window.name.split(".")[0],
        before=estimate.interval(int(old.sum()), len(left)),
        after=estimate.interval(int(new.sum()), len(left)),
        gained=int((new & ~old).sum()),
        lost=int((old & ~new).sum()),
        promoted=promoted,
        why=why,
        examples=tuple(examples),
    )
