"""The record of a run, outputs/runs/<run-id>/run.json; latest.json beside it is that of the last complete run."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import UserError
from ..files import read_json, write_json
from ..paths import Project

Status = Literal["ran", "reused", "failed", "skipped"]
KEPT_RUNS = 20


@dataclass(frozen=True)
class StepResult:
    """One step of a run. `seconds` is its time in this run; a skipped step has no outputs and no log."""

    name: str
    status: Status
    seconds: float = 0.0
    outputs: Mapping[str, Path] = field(default_factory=dict)
    log: Path | None = None


@dataclass(frozen=True)
class RunResult:
    """A run; `folder` holds run.json, logs/ and, after a failure, failed/<step>/ with the files of that step."""

    run_id: str
    status: Literal["running", "complete", "failed", "interrupted"]
    folder: Path
    pipeline: str
    keys: Mapping[str, str]
    steps: tuple[StepResult, ...]
    seconds: float
    error: str | None = None

    def output(self, step: str, name: str) -> Path:
        """Return the file or folder of an output.

        Raises:
            KeyError: the run made no such output.
        """
        return {each.name: each.outputs for each in self.steps}[step][name]


def save(project: Project, result: RunResult) -> None:
    """Write run.json; a complete run becomes the latest, and runs of long ago are removed.

    Raises:
        UserError: outputs/ cannot be written.
    """
    content = {
        "run_id": result.run_id,
        "status": result.status,
        "folder": project.relative(result.folder),
        "pipeline": result.pipeline,
        "seconds": round(result.seconds, 3),
        "error": result.error,
        "keys": dict(result.keys),
        "steps": [_step_to(project, step) for step in result.steps],
    }
    write_json(result.folder / "run.json", content)
    if result.status == "complete":
        write_json(result.folder.parent / "latest.json", content)
    needed = {each.folder for each in referenced(project)}
    for folder in sorted(path.parent for path in result.folder.parent.glob("*/run.json"))[:-KEPT_RUNS]:
        if folder not in needed:
            shutil.rmtree(folder, ignore_errors=True)


def load(project: Project, path: Path) -> RunResult:
    """Read a run.json or latest.json.

    Raises:
        UserError: the file is missing or no JSON; KeyError: it is not one of these records.
    """
    content = read_json(path)
    return RunResult(
        content["run_id"],
        content["status"],
        project.root / content["folder"],
        content["pipeline"],
        content["keys"],
        tuple(_step_from(project, step) for step in content["steps"]),
        content["seconds"],
        content["error"],
    )


def latest(project: Project) -> RunResult | None:
    """Return the last complete run, if everything it made is still there."""
    path = project.outputs / "runs" / "latest.json"
    try:
        result = load(project, path)
    except (UserError, KeyError, TypeError):
        return None
    whole = all(output.exists() for step in result.steps for output in step.outputs.values())
    return result if whole else None


def referenced(project: Project) -> list[RunResult]:
    """Return the runs that a file in outputs/runs names by its `run` or `folder`, such as latest.json; they stay."""
    found = []
    for path in (project.outputs / "runs").glob("*.json"):
        with suppress(UserError, KeyError, TypeError):
            content = read_json(path)
            found.append(load(project, project.root / (content.get("run") or content["folder"]) / "run.json"))
    return found


def _step_to(project: Project, step: StepResult) -> dict[str, Any]:
    return {
        "name": step.name,
        "status": step.status,
        "seconds": round(step.seconds, 3),
        "outputs": {name: project.relative(path) for name, path in step.outputs.items()},
        "log": project.relative(step.log) if step.log else None,
    }


def _step_from(project: Project, content: Mapping[str, Any]) -> StepResult:
    return StepResult(
        content["name"],
        content["status"],
        content["seconds"],
        {name: project.root / path for name, path in content["outputs"].items()},
        project.root / content["log"] if content["log"] else None,
    )
