"""Collect the records under outputs/ for the report."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from ..config import yaml_file
from ..config.project import About
from ..errors import UserError
from ..files import read_json
from ..paths import Project
from ..pipeline import runs
from ..pipeline.runs import RunResult
from ..records import (
    Bias,
    Contract,
    Examples,
    Gate,
    Metrics,
    Monitor,
    Record,
    Registration,
    Robustness,
    Slices,
    Split,
    Training,
)
from ..reporting.report import ReportInputs, TrainingRun
from . import followed

AnyRecord = TypeVar("AnyRecord", bound=Record)


def collect(project: Project) -> ReportInputs:
    """Read the runs that trained a model of their own, the monitored windows and the demo's events.

    Raises:
        UserError: another version of this project wrote one of the files.
    """
    found: dict[str, TrainingRun] = {}
    for path in sorted((project.outputs / "runs").glob("*/run.json")):
        result = runs.load(project, path)
        if run := _training_run(result):
            # A run that reused the model of an earlier one adds nothing but a later name.
            found.pop(result.keys["train"], None)
            found[result.keys["train"]] = run
    monitors = [Monitor.load(path.parent) for path in sorted((project.outputs / "monitor").glob(f"*/{Monitor.FILE}"))]
    events = project.outputs / "demo" / "events.json"
    shown = read_json(events)["events"] if events.is_file() else ()
    return ReportInputs(_title(project), list(found.values()), monitors, shown, followed.sections(project))


def _title(project: Project) -> str:
    """Return `about.title` of config/project.yml, whatever else that file holds; without one the package's name."""
    try:
        about = yaml_file.read(project.config_path, "config/project.yml").get("about")
        title = About.model_validate(about).title
    except (UserError, ValidationError):
        title = None
    if title:
        return title
    content = tomllib.loads((project.root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(content["project"]["name"])


def _training_run(result: RunResult) -> TrainingRun | None:
    """Return the outcomes of one run; None if they are gone or no model was trained."""
    folders = {name: path for step in result.steps for name, path in step.outputs.items()}
    training, contract = _read(Training, folders, "training"), _read(Contract, folders, "model")
    if training is None or contract is None:
        return None
    card, evaluation = folders.get("responsible_ai"), folders.get("evaluation")
    return TrainingRun(
        name=result.run_id,
        split=_read(Split, folders, "prepared"),
        training=training,
        metrics=_read(Metrics, folders, "evaluation"),
        predictions=evaluation / "predictions.parquet" if evaluation else None,
        target=contract.target,
        positive=contract.positive,
        threshold=contract.decision.threshold if contract.decision else None,
        slices=_read(Slices, folders, "responsible_ai"),
        bias=_read(Bias, folders, "responsible_ai"),
        examples=_read(Examples, folders, "evaluation"),
        robustness=_read(Robustness, folders, "robustness"),
        model_card=(card / "model_card.html").read_text(encoding="utf-8") if card else None,
        gate=_read(Gate, folders, "verdict"),
        registration=_read(Registration, folders, "registration"),
    )


def _read(record: type[AnyRecord], folders: Mapping[str, Path], output: str) -> AnyRecord | None:
    """Return the record that an output holds, None if there is none."""
    folder = folders.get(output)
    return record.load(folder) if folder and (folder / record.FILE).is_file() else None
