"""Outcomes of monitors, ended jobs, and when the newest training began: from the runs of the workspace."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from ...monitoring.tags import FIRST, MONITOR, OUTCOME, SIGNALS, WINDOW
from ..jobs.runs import step_name
from ..tags import MODEL, PURPOSE
from .mlflow_runs import FoundRun, Runs
from .state import Job, Outcome

LOOKS_BACK = timedelta(days=30)
# Set by Azure's built-in monitors on the step that compares figures with their limits: azureml-assets,
# evaluate_metrics_threshold.py.
BUILT_IN = "azureml_modelmonitor_threshold_breached"
BUILT_IN_SIGNAL = re.compile(r"The signal '([^']+)' has failed")
_OTHER = "other"  # a breach whose kind is not said

GATE = "gate"  # the step that ends with a failure where it refuses the challenger
JOBS = ("train", "retrain", "stage", "monitor", "batch")


def outcomes(runs: Runs, now: datetime) -> list[Outcome]:
    """Return what monitors found in the last 30 days: the project's own, and breaches of Azure's."""
    since = now - LOOKS_BACK
    own = [
        _own(run, runs) for run in _roots(runs, "monitor", since) if OUTCOME in run.tags and run.status == "FINISHED"
    ]
    steps = [
        run
        for run in runs.search(f"tags.{BUILT_IN} LIKE '%has failed%'", since)
        if run.status == "FINISHED" and BUILT_IN in run.tags
    ]
    return own + [outcome for step in steps for outcome in _built_in(step, runs)]


def jobs(runs: Runs, now: datetime) -> list[Job]:
    """Return the project's jobs of the last 30 days; a monitor without an outcome did not do its work."""
    found = []
    for purpose in JOBS:
        for run in _roots(runs, purpose, now - LOOKS_BACK):
            if run.status == "KILLED":  # by a person, who knows
                continue
            silent = purpose == "monitor" and run.status == "FINISHED" and OUTCOME not in run.tags
            steps = _failed_steps(runs, run) if run.status == "FAILED" else []
            text = f"step {', '.join(steps)}" if steps else "it ended without an outcome" if silent else ""
            found.append(
                Job(
                    name=run.id,
                    purpose=purpose,
                    failed=run.status == "FAILED" or silent,
                    ended=run.ended or run.began,
                    model=run.tags.get(MODEL, ""),
                    refused=steps == [GATE],
                    running=run.status not in ("FINISHED", "FAILED"),
                    text=text,
                    link=runs.link(run.id),
                )
            )
    return found


def last_training(runs: Runs, now: datetime) -> datetime | None:
    """Return when the newest training or retraining of the workspace began, None if there was none in 30 days."""
    began = [
        run.began
        for purpose in ("train", "retrain")
        for run in _roots(runs, purpose, now - LOOKS_BACK)
        if run.status == "FINISHED"
    ]
    return max(began, default=None)


def _roots(runs: Runs, purpose: str, since: datetime) -> Iterator[FoundRun]:
    return (run for run in runs.search(f"tags.{PURPOSE} = '{purpose}'", since) if run.is_root)


def _failed_steps(runs: Runs, root: FoundRun) -> list[str]:
    """Return the names of the steps of a job that failed."""
    steps = runs.search(f"tags.mlflow.rootRunId = '{root.id}'", root.began - timedelta(minutes=1))
    return sorted({step_name(step.name) for step in steps if step.status == "FAILED" and not step.is_root})


def _own(run: FoundRun, runs: Runs) -> Outcome:
    kinds = tuple(kind for kind in run.tags.get(SIGNALS, "").replace(" ", "").split(",") if kind)
    is_breach = run.tags[OUTCOME] == "breach"
    return Outcome(
        monitor=run.tags.get(MONITOR, run.name),
        root=run.id,
        ended=run.ended or run.began,
        broken=(kinds or (_OTHER,)) if is_breach else (),
        window=run.tags.get(WINDOW, ""),
        text=run.tags.get(FIRST, ""),
        link=runs.link(run.id),
    )


def _built_in(step: FoundRun, runs: Runs) -> Iterator[Outcome]:
    root = step.tags.get("mlflow.rootRunId", step.id)
    for signal in BUILT_IN_SIGNAL.findall(step.tags[BUILT_IN]):
        yield Outcome(
            monitor=f"azure/{signal}",
            root=root,
            ended=step.ended or step.began,
            broken=(_kind(signal),),
            text=_figures(step.tags[BUILT_IN]),
            link=runs.link(root),
        )


def _kind(signal: str) -> str:
    """Return the kind of a built-in signal, whose name says it.

    >>> _kind("flights_data_quality"), _kind("flights_prediction_drift"), _kind("flights_data_drift"), _kind("mine")
    ('quality', 'predictions', 'drift', 'other')
    """
    words = {"quality": "quality", "prediction": "predictions", "performance": "performance", "drift": "drift"}
    return next((kind for word, kind in words.items() if word in signal), _OTHER)


def _figures(tag: str) -> str:
    """Return the worst figures of a built-in monitor's tag in words.

    >>> _figures('The signal \\'d\\' has failed\\n[{"group": "seats", "metric_name": "psi", "metric_value": 0.4}]')
    'seats: psi 0.4'
    """
    _, _, text = tag.partition("\n")
    try:
        rows = json.loads(text) if text else []
        shown = [f"{row['group']}: {row['metric_name']} {row['metric_value']}" for row in rows[:3]]
    except (ValueError, KeyError, TypeError):
        return ""  # cut off, or of another form: the run's page has the figures
    return "; ".join(shown)
