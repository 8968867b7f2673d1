"""config/project.yml, typed: what the model learns from, how good it must be, when a monitor alerts."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from . import yaml_file
from .inputs import Columns, Model
from .yaml_file import Section, suggest

Task = Literal["regression", "classification"]
MINIMIZED = {"rmse", "mae", "log_loss", "brier", "error_rate"}
METRICS: dict[str, set[str]] = {
    "regression": {"rmse", "mae", "r2"},
    "classification": {"accuracy", "error_rate", "f1", "roc_auc", "log_loss", "brier"},
}
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class Split(Section):
    """How the holdout is cut off: the newest rows, or a fixed hash of the id. Never an unseeded shuffle."""

    by: Literal["time", "id"]
    holdout: Annotated[float, Field(gt=0, lt=0.9)] = 0.2


class Metric(Section):
    """The one figure that the gate and the performance monitor look at."""

    name: str
    direction: Literal["minimize", "maximize"]


class Gate(Section):
    """What a challenger must reach; figures are in the unit of `metric`."""

    minimum: float
    minimum_gain: Annotated[float, Field(ge=0)] = 0.0
    maximum_slice_gap: Positive
    slice_rows: Annotated[int, Field(ge=2)] = 50  # smaller slices are shown, but too noisy to refuse a model


class Monitoring(Section):
    """Limits beyond which a monitor reports a breach."""

    minimum_rows: Annotated[int, Field(ge=1)] = 500
    psi: Positive = 0.2
    p_value: Annotated[float, Field(gt=0, lt=1)] = 0.001
    missing: Share = 0.05
    unseen: Share = 0.02
    out_of_range: Share = 0.05
    metric: float
    slice_gap: Positive


class Serving(Section):
    """What one online request may ask for."""

    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000


class About(Section):
    """What the model is for and who answers for it: the words of its model card."""

    purpose: str | None = None
    not_for: str | None = None
    owner: str | None = None


class ProjectConfig(Section):
    """The whole of config/project.yml."""

    about: About = About()
    task: Task
    columns: Columns
    split: Split
    metric: Metric
    gate: Gate
    slices: list[str] = Field(default_factory=list)
    monitoring: Monitoring
    model: Model = Model()
    serving: Serving = Serving()
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 42

    @model_validator(mode="after")
    def _parts_agree(self) -> "ProjectConfig":
        if self.split.by == "time" and self.columns.time is None:
            raise ValueError("split.by: 'time' needs columns.time; without a time column use 'id'")
        allowed = METRICS[self.task]
        if self.metric.name not in allowed:
            raise ValueError(
                f"metric.name: {self.metric.name!r} does not fit task {self.task!r}:"
                f" use one of {', '.join(sorted(allowed))}"
            )
        natural = "minimize" if self.metric.name in MINIMIZED else "maximize"
        if self.metric.direction != natural:
            raise ValueError(
                f"metric.direction: {self.metric.direction!r} is wrong for {self.metric.name}: use {natural!r}"
            )
        for name in self.slices:
            if name not in (*self.columns.categorical, *self.columns.boolean):
                raise ValueError(
                    f"slices: {name!r} is not a categorical or boolean column{suggest(name, self.columns.features)}"
                )
        return self


def load(path: Path) -> ProjectConfig:
    """Read and check config/project.yml.

    Raises:
        UserError: the file is missing, is not YAML, or a value breaks a rule; a line names file, key, value and rule.
    """
    return yaml_file.load(path, ProjectConfig)
