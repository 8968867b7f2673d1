"""config/project.yml, typed: what the model learns from, how good it must be, when a monitor alerts."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from .. import metrics
from ..metrics import Direction, Task
from ..records import BiasLimits, Contract
from ..split import By
from . import yaml_file
from .file_format import Files
from .inputs import SLICE_RULE, Inputs
from .yaml_file import Section, suggest

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
ROW_HASH = "row hash"  # name of the column that replaces the id of data without one
RESERVED = frozenset((ROW_HASH, "prediction", "baseline_prediction", "champion_prediction"))


class Split(Section):
    """How the holdout is cut off: the newest rows, or a fixed hash of the id or group. Never an unseeded shuffle."""

    by: By
    holdout: Annotated[float, Field(gt=0, lt=0.9)] = 0.2


class Metric(Section):
    """The one figure that the gate and the performance monitor look at."""

    name: str

    @property
    def direction(self) -> Direction:
        """Whether a smaller or a larger value is better."""
        return metrics.direction(self.name)


class Decision(Section):
    """How the probability of one of two classes becomes an answer.

    `positive` is the class to find (default: the last one in sorted order): precision, recall, f1 and
    average_precision are its figures. `threshold` is the probability from which on it is the answer: a number, or
    the figure that it shall maximize on the validation folds of the training part; default: one half.
    """

    positive: str | None = None
    threshold: Annotated[float, Field(gt=0, lt=1)] | Literal["f1", "balanced_accuracy"] | None = None

    @field_validator("positive", mode="before")
    @classmethod
    def _as_label(cls, value: Any) -> Any:
        # YAML reads the class `true` as a boolean and `1` as a number; labels are text.
        return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else value

    @field_validator("threshold", mode="before")
    @classmethod
    def _number_or_rule(cls, value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1
        if not (value is None or number or value in ("f1", "balanced_accuracy")):
            hint = suggest(value, ("f1", "balanced_accuracy")) if isinstance(value, str) else ""
            raise ValueError(f"{value!r} is neither a number between 0 and 1 nor one of f1, balanced_accuracy{hint}")
        return value


class Gate(Section):
    """Limits for a challenger; figures are in the unit of `metric`.

    A `minimum_gain` below 0 says how much worse than the champion a challenger may be.
    """

    minimum: float
    minimum_gain: float = 0.0
    maximum_slice_gap: Positive
    slice_rows: Annotated[int, Field(ge=2)] = 50  # smaller slices are shown, but too noisy to refuse a model
    unmeasured: Literal["allow", "refuse"] = "allow"  # a challenger whose gap between slices cannot be measured


class Bias(Section):
    """Limits for the slices of the data: a value with few rows, and unequal rates of the target or the prediction.

    A rate is the share of a class, or the mean of a regression, in one slice. `rate_ratio` (least by largest rate of
    the class to find, two classes) is 0.8 by default: the four-fifths rule of the Uniform Guidelines on Employee
    Selection Procedures (EEOC 1978, 29 CFR 1607.4 D), which fairlearn calls the demographic parity ratio. The same
    paragraph asks that small numbers be no evidence: a limit counts as broken only when `monitoring.p_value` rules
    out chance. `rate_difference` (largest by least rate; demographic parity difference) has no customary value, and
    for a regression it is in the unit of the target: none by default. A `smallest_share` of 1 % is a choice of this
    project, as such a slice gives the holdout of 1,000 rows only ten.
    """

    smallest_share: Share = 0.01
    rate_ratio: Share | None = 0.8
    rate_difference: Positive | None = None
    breach: Literal["allow", "refuse"] = "allow"  # whether a broken limit refuses a challenger


class Monitoring(Section):
    """Limits beyond which a monitor reports a breach.

    `unsure` is the rise allowed in the share of rows whose predicted class has a probability below `confident`; None
    leaves it unwatched.
    """

    minimum_rows: Annotated[int, Field(ge=1)] = 500
    psi: Positive = 0.2
    p_value: Annotated[float, Field(gt=0, lt=1)] = 0.001
    missing: Share = 0.05
    unseen: Share = 0.02
    out_of_range: Share = 0.05
    metric: float
    slice_gap: Positive
    confident: Share = 0.5
    unsure: Share | None = None


class Serving(Section):
    """The rows that one online request may hold, and how many requests are expected, for `mlops check`."""

    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    requests_per_second: Positive | None = None


class About(Section):
    """Title of the project, for the report; purpose and owner of the model, for its model card."""

    title: str | None = None
    purpose: str | None = None
    not_for: str | None = None
    owner: str | None = None


class ProjectConfig(Inputs):
    """The whole of config/project.yml."""

    about: About = About()
    task: Task
    files: Files = Files()
    split: Split
    metric: Metric
    decision: Decision = Decision()
    gate: Gate
    bias: Bias = Bias()
    slices: list[str] = Field(default_factory=list)
    monitoring: Monitoring
    serving: Serving = Serving()
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 42

    @model_validator(mode="after")
    def _parts_agree(self) -> "ProjectConfig":
        if self.split.by == "time" and self.columns.time is None:
            raise ValueError("split.by: 'time' needs columns.time; without a time column use 'id'")
        if self.split.by == "group" and self.columns.group is None:
            raise ValueError("split.by: 'group' needs columns.group; without a group column use 'id'")
        allowed = metrics.NAMES[self.task]
        if self.metric.name not in allowed:
            raise ValueError(
                f"metric.name: {self.metric.name!r} does not fit task {self.task!r}: use one of {', '.join(allowed)}"
                f"{suggest(self.metric.name, allowed)}"
            )
        if self.task == "regression" and self.decision != Decision():
            raise ValueError("decision: is for a classification of two classes; the task is 'regression'")
        columns = self.columns
        for name in (columns.target, columns.id, columns.time, columns.group, *columns.features):
            if name in RESERVED:
                raise ValueError(f"columns: {name!r} is the name of a column that this project adds; rename yours")
        for name in self.slices:
            if name not in self.columns.sliceable:
                raise ValueError(f"slices: {name!r} {SLICE_RULE}{suggest(name, self.columns.sliceable)}")
        return self

    @property
    def bias_limits(self) -> BiasLimits:
        """Limits of data bias, with the rows and the probability that the gate and the monitor ask for too."""
        return BiasLimits(
            self.bias.smallest_share,
            self.bias.rate_ratio,
            self.bias.rate_difference,
            self.monitoring.p_value,
            self.gate.slice_rows,
        )

    @property
    def split_column(self) -> str:
        """Name of the column that decides which rows are held out; without an id it is a hash of each row's values."""
        chosen = {"time": self.columns.time, "group": self.columns.group, "id": self.columns.id}[self.split.by]
        return chosen or self.columns.id or ROW_HASH

    def mismatch(self, contract: Contract) -> str | None:
        """Return why a model with this contract cannot be used on the data described here; None if it can."""
        for key, old, new in (
            ("task", contract.task, self.task),
            ("target", contract.target, self.columns.target),
        ):
            if old != new:
                return f"its {key} is {old!r}, now it is {new!r}"
        lacking = [name for name in contract.names if name not in self.columns.features]
        return f"it needs column {lacking[0]!r}, which config/project.yml no longer lists" if lacking else None


def load(path: Path) -> ProjectConfig:
    """Read and check config/project.yml.

    Raises:
        UserError: the file is missing, is not YAML, or a value breaks a rule; a line names file, key, value and rule.
    """
    return yaml_file.load(path, ProjectConfig)
