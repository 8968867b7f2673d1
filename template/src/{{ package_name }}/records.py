"""The records that steps hand on: one JSON file each, typed, checked when read, summed up in one line.

A record is written by one module and may be read by any other. Keys of the JSON are the names of the fields, except
`from` and `to`, which Python reserves: they are `start` and `end` here. Keys that a record does not know are ignored,
so that an older project can read what a newer one wrote.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from .errors import UserError
from .figures import number, plural
from .files import read_json, write_json
from .gate import Check
from .metrics import Direction, Task, positive_class

AnyRecord = TypeVar("AnyRecord", bound="Record")
Start = Annotated[str | None, Field(alias="from")]
End = Annotated[str | None, Field(alias="to")]
Role = Literal["challenger", "baseline", "champion"]
DEPRECATED = "deprecated"  # how scikit-learn marks a parameter that is not used any more
RENAMED = {"start": "from", "end": "to"}


@dataclass(frozen=True)
class Record:
    """A JSON file of a fixed name in some folder."""

    FILE: ClassVar[str]

    @classmethod
    def load(cls: type[AnyRecord], folder: Path) -> AnyRecord:
        """Read the record that `folder` holds.

        Raises:
            UserError: the file is missing, or it does not have the fields of this record.
        """
        return cls.parse(read_json(folder / cls.FILE), str(folder / cls.FILE))

    @classmethod
    def parse(cls: type[AnyRecord], content: Mapping[str, Any], where: str) -> AnyRecord:
        """Turn the content of a JSON file into a record; `where` opens the message of an error.

        Raises:
            UserError: a field is missing or has another type.
        """
        try:
            return TypeAdapter(cls).validate_python(dict(content))
        except ValidationError as error:
            problem = error.errors()[0]
            key = ".".join(map(str, problem["loc"]))
            raise UserError(
                f"{where}: {key}: {problem['msg'].lower()}; another version of this project wrote the file:"
                " remove outputs/ and run again"
            ) from None

    def to_json(self) -> dict[str, Any]:
        """Return the content of the JSON file."""
        return asdict(self, dict_factory=_renamed)

    def save(self, folder: Path) -> None:
        """Write the record into `folder`, atomically."""
        write_json(folder / self.FILE, self.to_json())

    @property
    def summary(self) -> str:
        """The finding in a few words, for the line that a finished step gets; empty for a record without one."""
        return ""


def _renamed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # A part of the data without a time column has no period, and then no keys for one.
    return {RENAMED.get(name, name): value for name, value in pairs if not (name in RENAMED and value is None)}


@dataclass(frozen=True)
class ColumnSummary:
    """One column of the training data; `missing` is a share of the rows, `distinct` counts filled values."""

    name: str
    kind: str
    missing: float
    distinct: int


@dataclass(frozen=True)
class DataQuality(Record):
    """The outcome of the data checks; `errors` have stopped the pipeline, `dropped` rows had no target.

    `digest` is the SHA-256 of the data files as they came, in hexadecimal.
    """

    FILE: ClassVar[str] = "data_quality.json"

    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    rows: int
    columns: tuple[ColumnSummary, ...]
    start: Start = None
    end: End = None
    dropped: int = 0
    digest: str = ""

    @property
    def summary(self) -> str:
        """Size and period."""
        period = f", {self.start[:10]} to {self.end[:10]}" if self.start and self.end else ""
        dropped = f", {self.dropped:,} without a target dropped" if self.dropped else ""
        return f"{plural(self.rows, 'row')}{dropped}{period}; schema, keys, ranges"


@dataclass(frozen=True)
class Part:
    """A part of the data: its rows and, for data with a time column, its period (ISO 8601)."""

    rows: int
    start: Start = None
    end: End = None


@dataclass(frozen=True)
class Split(Record):
    """How the data was divided; `by` is `time` or `id`, `share` the wanted share of the holdout."""

    FILE: ClassVar[str] = "split.json"

    by: str
    share: float
    train: Part
    holdout: Part
    data_digest: str

    @property
    def summary(self) -> str:
        """Sizes of both parts."""
        return f"{self.train.rows:,} to train on, {self.holdout.rows:,} held out by {self.by}"


@dataclass(frozen=True)
class Period:
    """First and last time of some rows, ISO 8601; None for data without a time column."""

    start: Start = None
    end: End = None

    @classmethod
    def of(cls, times: Any) -> "Period":
        """Return the period of a column of times (datetime64); pass None for data without one."""
        if times is None or times.isna().all():
            return cls()
        return cls(times.min().isoformat(), times.max().isoformat())


@dataclass(frozen=True)
class Candidate:
    """A kind of model that was tried: its mean metrics over the validation folds, and their standard errors.

    A metric that one fold alone defines has no standard error.
    """

    kind: str
    metrics: Mapping[str, float]
    errors: Mapping[str, float] = field(default_factory=dict)

    def figure(self, metric: str) -> str:
        """Return a metric in words, with its standard error where it has one."""
        if metric not in self.metrics:
            return f"no {metric}"
        spread = f" ± {number(self.errors[metric], 2)}" if metric in self.errors else ""
        return f"{number(self.metrics[metric])}{spread}"


@dataclass(frozen=True)
class Decision:
    """How the probability of one of two classes becomes an answer: `positive` from `threshold` on.

    `rule` is the figure that the threshold maximizes on the validation folds; None if it is configured, or one half.
    """

    positive: str
    threshold: float = 0.5
    rule: str | None = None

    @property
    def summary(self) -> str:
        """The rule in words."""
        why = f" (best {self.rule} on the validation folds)" if self.rule else ""
        return f"{self.positive!r} from probability {number(self.threshold)} on{why}"


@dataclass(frozen=True)
class Fitted:
    """What a fit tells about itself.

    Args:
        kind: of the model, as `model.kind` names it where that is a setting.
        learner: name of the class that learned.
        parameters: of the learner; one that is None is not set.
        seconds: that the fit took, without the baseline.
        candidates: the kinds that were compared; empty where the configuration names the kind.
        decision: how the model decides between two classes.
    """

    kind: str
    learner: str
    parameters: Mapping[str, Any]
    seconds: float
    candidates: tuple[Candidate, ...] = ()
    decision: Decision | None = None

    def written_parameters(self) -> dict[str, bool | int | float | str]:
        """Return the parameters that are set, as values that JSON can hold."""
        return {
            name: value
            if isinstance(value, int | str) or (isinstance(value, float) and isfinite(value))
            else str(value)
            for name, value in self.parameters.items()
            if value is not None and value != DEPRECATED
        }


@dataclass(frozen=True)
class Training(Record):
    """What was fitted on what; `candidates` is empty where the configuration names the kind."""

    FILE: ClassVar[str] = "training.json"

    kind: str
    learner: str
    metric: str
    candidates: tuple[Candidate, ...]
    baseline: str
    parameters: Mapping[str, bool | int | float | str]
    rows: int
    features: int
    seed: int
    fit_seconds: float
    period: Period
    data_digest: str
    code_version: str
    libraries: Mapping[str, str]
    run_id: str
    decision: Decision | None = None

    @property
    def part(self) -> Part:
        """Size and period of the rows that were trained on."""
        return Part(self.rows, self.period.start, self.period.end)

    @property
    def summary(self) -> str:
        """Learner, size, and the candidates by their metric."""
        text = f"{self.learner} on {plural(self.rows, 'row')}"
        shown = [f"{each.kind} {each.figure(self.metric)}" for each in self.candidates]
        return f"{text}; validated: {', '.join(shown)}" if shown else text


@dataclass(frozen=True)
class Importance:
    """How much a feature matters, in the measure of `explain`, and the spread of that.

    `label` is the class for which it matters; None if it is the same for all.
    """

    feature: str
    mean: float
    std: float
    label: str | None = None


@dataclass(frozen=True)
class Estimate:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassFigures:
    """The figures of one class: its rows and, where they are defined, precision, recall and F1."""

    label: str
    rows: int
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None


@dataclass(frozen=True)
class Metrics(Record):
    """Challenger, baseline and champion on the same holdout.

    Args:
        task: regression or classification.
        metric: name of the metric that decides.
        direction: whether a smaller or a larger value of it is better.
        rows: rows of the holdout.
        holdout: size and period of the holdout.
        challenger: metric name -> value of the model just trained.
        baseline: the same of the baseline.
        champion: the same of the model in service; None for the first model, or if `champion_problem` says why not.
        champion_problem: why the champion cannot be compared.
        champion_flattered: the champion learned from rows as new as the holdout's.
        importance: most important feature first; empty for models that are not explained this way.
        classes: figures of the challenger for each class; empty for a regression.
        only_challenger: rows of the holdout that only the challenger answers right; None without a champion, and for
            a regression.
        only_champion: rows that only the champion answers right.
    """

    FILE: ClassVar[str] = "metrics.json"

    task: Task
    metric: str
    direction: Direction
    rows: int
    holdout: Part
    challenger: Mapping[str, float]
    baseline: Mapping[str, float]
    champion: Mapping[str, float] | None
    champion_problem: str | None
    champion_flattered: bool
    importance: tuple[Importance, ...]
    classes: tuple[ClassFigures, ...] = ()
    only_challenger: int | None = None
    only_champion: int | None = None

    @property
    def models(self) -> dict[str, Mapping[str, float]]:
        """Metrics by role, of those models that were measured."""
        measured = {"challenger": self.challenger, "baseline": self.baseline, "champion": self.champion}
        return {role: metrics for role, metrics in measured.items() if metrics}

    def figure(self, role: Role) -> str:
        """Return the deciding metric of a model in words."""
        measured = self.models.get(role, {})
        return number(measured[self.metric]) if self.metric in measured else "not measured"

    @property
    def caution(self) -> str | None:
        """Why the comparison with the champion is unfair; None if it is fair."""
        if not self.champion_flattered:
            return None
        return "the champion learned from rows as new as the holdout's: its figure is better than it deserves"

    @property
    def paired(self) -> str | None:
        """Where champion and challenger differ, row by row, and whether chance explains it; None if not counted.

        The probability is that of the exact test of Q. McNemar, Note on the Sampling Error of the Difference Between
        Correlated Proportions or Percentages, 1947: a fair coin for each row that one of them alone answers right.
        """
        if self.only_challenger is None or self.only_champion is None:
            return None
        from scipy import stats

        differ = self.only_challenger + self.only_champion
        chance = 1.0 if not differ else float(stats.binomtest(self.only_challenger, differ).pvalue)
        rows = plural(self.only_challenger, "row")
        return (
            f"{rows} right by the challenger alone, {self.only_champion:,} by the champion alone, p {number(chance, 2)}"
        )

    @property
    def summary(self) -> str:
        """The deciding metric of each model."""
        own = self.challenger
        same = self.baseline == own
        baseline = "itself the baseline" if same else f"baseline {self.figure('baseline')}"
        champion = f" | champion {self.figure('champion')}" if self.champion else ""
        return f"holdout {self.metric} {self.figure('challenger')} | {baseline}{champion}"


@dataclass(frozen=True)
class Slice:
    """Rows that share a value; `counted` says whether they are enough to judge by."""

    value: str
    rows: int
    counted: bool
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class SliceColumn:
    """The slices of one column, largest first, and the gap between the best and the worst that count.

    `gap` is None where fewer than two slices count: then it was not measured.
    """

    gap: float | None
    groups: tuple[Slice, ...]


@dataclass(frozen=True)
class Slices(Record):
    """The metric of each slice; `limit` is the largest gap allowed, in the unit of the metric."""

    FILE: ClassVar[str] = "slices.json"

    metric: str
    direction: Direction
    limit: float
    minimum_rows: int
    largest_gap: float | None
    columns: Mapping[str, SliceColumn]

    @property
    def unmeasured(self) -> list[str]:
        """Names of the columns whose gap was not measured."""
        return [name for name, column in self.columns.items() if column.gap is None]

    @property
    def caution(self) -> str | None:
        """Why a gap was not measured; None if all were."""
        if not self.columns:
            return "config/project.yml names no slice columns"
        if not self.unmeasured:
            return None
        rule = f"fewer than two slices have {self.minimum_rows} rows and a defined {self.metric}"
        return f"by {', '.join(self.unmeasured)} {rule}"

    @property
    def summary(self) -> str:
        """The largest gap with its limit, and the columns that were not measured."""
        skipped = f"not measured: {self.caution}" if self.caution else ""
        if self.largest_gap is None:
            return f"gap between slices {skipped}"
        found = f"largest gap between slices {number(self.largest_gap)} (limit {number(self.limit)})"
        return f"{found}; {skipped}" if skipped else found


@dataclass(frozen=True)
class BiasGroup:
    """Rows of one part of the data that share a value.

    Args:
        value: the value; missing ones have a name of their own.
        rows: their number.
        share: their share of the part.
        counted: whether they are enough to compare rates by.
        rates: `target` and `prediction` -> class -> share of the rows, or `mean` -> mean value for a regression;
            of two classes only the one to find. Without labels or predictions the key is absent.
    """

    value: str
    rows: int
    share: float
    counted: bool
    rates: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Disparity:
    """The largest difference of a rate between two slices, and for two classes the ratio of least to largest rate.

    `low` and `high` name the two slices, `rate` the class (or `mean`); `p_value` says whether chance explains them.
    """

    rate: str
    low: str
    high: str
    difference: float
    ratio: float | None
    p_value: float


@dataclass(frozen=True)
class BiasColumn:
    """The slices of one column in one part of the data; `disparities` by `target` and `prediction`, where measured."""

    groups: tuple[BiasGroup, ...]
    disparities: Mapping[str, Disparity]


@dataclass(frozen=True)
class BiasLimits:
    """Limits of data bias; None for a rate without one.

    Args:
        smallest_share: share of the rows that each value must have.
        rate_ratio: least ratio of the smallest to the largest rate, for two classes.
        rate_difference: largest difference of rates: of shares, or of means in the unit of the target.
        p_value: a limit is broken only if chance explains the figure with a lower probability.
        minimum_rows: rows from which on the rate of a slice counts.
    """

    smallest_share: float
    rate_ratio: float | None
    rate_difference: float | None
    p_value: float
    minimum_rows: int


@dataclass(frozen=True)
class BiasBreach:
    """A limit that a part of the data breaks; `kind` is `share` or the name of the rate."""

    part: str
    column: str
    kind: str
    sentence: str


@dataclass(frozen=True)
class Bias(Record):
    """How the values of slice columns are spread over the parts of the data, and how rates differ between them.

    `parts` are part -> column.
    """

    FILE: ClassVar[str] = "bias.json"

    limits: BiasLimits
    parts: Mapping[str, Mapping[str, BiasColumn]]
    breaches: tuple[BiasBreach, ...]

    @property
    def summary(self) -> str:
        """The number of broken limits; empty without slice columns."""
        if not any(self.parts.values()):
            return ""
        count = len(self.breaches)
        return f"data bias: {count or 'no'} limit{'' if count == 1 else 's'} broken"


@dataclass(frozen=True)
class Perturbation:
    """The metric on a holdout whose inputs were changed in a way that should not change the answer.

    Args:
        name: what was done to the inputs, in words.
        rows: rows of the holdout that it changes.
        value: the metric on these rows with their inputs changed.
        loss: by how much it is worse than on the inputs as they are, in the unit of the metric; never below 0.
        changed: share of the rows whose prediction is another one.
        limit: largest loss allowed; None for a perturbation that is only shown.
        error: standard error of the loss.
    """

    name: str
    rows: int
    value: float
    loss: float
    changed: float
    limit: float | None
    error: float

    @property
    def broken(self) -> bool:
        """Whether the loss is above its limit by more than chance explains (one-sided 5 %)."""
        return self.limit is not None and self.loss - self.limit > 1.645 * self.error


@dataclass(frozen=True)
class Robustness(Record):
    """How much worse the model gets when its inputs are perturbed; `unmeasured` says what could not be, and why."""

    FILE: ClassVar[str] = "robustness.json"

    metric: str
    perturbations: tuple[Perturbation, ...]
    unmeasured: tuple[str, ...] = ()

    @property
    def broken(self) -> list[Perturbation]:
        """The perturbations that cost more than their limit."""
        return [each for each in self.perturbations if each.broken]

    @property
    def summary(self) -> str:
        """The perturbation that costs most."""
        worst = max(self.perturbations, key=lambda each: each.loss, default=None)
        if worst is None:
            return "robustness not measured"
        return f"worst perturbation: {worst.name}, {self.metric} worse by {number(worst.loss)}"


@dataclass(frozen=True)
class Example:
    """A row that shows the model at work.

    Args:
        id: the row's id.
        group: why it is shown, such as `confident mistake`.
        shown: the input as people see it: a text, or a picture as a data address.
        truth: true class label.
        predicted: predicted class label.
        confidence: probability of the predicted label.
        parts: parts of the input with their share in the prediction, the weightiest first; positive speaks for it.
    """

    id: str
    group: str
    shown: str
    truth: str
    predicted: str
    confidence: float
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Examples(Record):
    """Rows of the holdout for people to look at; the file is absent for data that people do not read row by row."""

    FILE: ClassVar[str] = "examples.json"

    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Gate(Record):
    """The verdict of the gate; `notes` hold what a reader of the verdict must know beside the checks."""

    FILE: ClassVar[str] = "gate.json"

    passed: bool
    checks: tuple[Check, ...]
    override: str | None
    champion_problem: str | None
    notes: tuple[str, ...] = ()

    @property
    def refusals(self) -> list[str]:
        """Sentences of the checks that failed; one that was not measured has not failed."""
        return [check.sentence for check in self.checks if check.outcome == "refused"]

    @property
    def summary(self) -> str:
        """Every figure with its limit, or the reason of the override."""
        checks = [
            check.sentence if check.outcome == "not_measured" else check.sentence.rsplit(":", 1)[0]
            for check in self.checks
        ]
        found = [f"overridden: {self.override}"] if self.override else checks
        return "; ".join([*found, *self.notes])


@dataclass(frozen=True)
class Registration(Record):
    """The version that a model was registered as; `digest` stands for its predictions."""

    FILE: ClassVar[str] = "registration.json"

    name: str
    version: str
    digest: str
    run_id: str

    @property
    def summary(self) -> str:
        """Name and version."""
        return f"{self.name} version {self.version}, with its evaluation and card"


@dataclass(frozen=True)
class Feature:
    """An input that the model sees, with its values in training.

    Args:
        name: its name in the data and in requests.
        kind: what a value is; `scoring.contract` knows the kinds.
        categories: the values that occurred, sorted, for a kind that has few; else None.
        minimum: the smallest value, for a kind that has one; else None.
        maximum: the largest value, likewise.
    """

    name: str
    kind: str
    categories: tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Contract(Record):
    """What a scoring request must look like, kept beside the model.

    Args:
        task: regression or classification.
        target: name of the predicted value.
        id: name of the value that identifies a row; it may be sent along. None where rows have no id.
        features: the inputs, in the order in which the model sees them.
        classes: class labels, sorted; None for a regression.
        max_rows: rows that one online request may hold.
        trained_until: newest time among the training rows, ISO 8601; None for data without a time column.
        package_version: version of the library that fitted the model.
        max_size: largest size of one input in an online request: characters of a text, bytes of a picture; None for
            inputs without such a limit.
        decision: how the model decides between two classes; None for a regression, for more classes, and in
            contracts of older versions, whose models answer with the likelier class.
        files: how data files are written, as the section `files` of config/project.yml has it; empty: by default.
        preparation: how an input is prepared before the model sees it; `models` knows its keys.
        kept: which requests are kept for people to review (see `scoring`); empty: none.
    """

    FILE: ClassVar[str] = "contract.json"

    task: Task
    target: str
    id: str | None
    features: tuple[Feature, ...]
    classes: tuple[str, ...] | None
    max_rows: int
    trained_until: str | None = None
    package_version: str | None = None
    decision: Decision | None = None
    files: Mapping[str, Any] = field(default_factory=dict)
    max_size: int | None = None
    preparation: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def positive(self) -> str | None:
        """The class to find, of two; None for a regression or for more classes."""
        return positive_class(self.classes or (), self.decision.positive if self.decision else None)

    @property
    def names(self) -> list[str]:
        """Names of the features in order."""
        return [feature.name for feature in self.features]

    def feature(self, name: str) -> Feature | None:
        """Return the feature of that name, None if the model has none."""
        return next((feature for feature in self.features if feature.name == name), None)


@dataclass(frozen=True)
class Signal:
    """One signal of a monitored window beside the reference: drift, quality, and a sentence for each broken limit.

    `psi`, `chance_psi` (its mean without any drift), `statistic` and `p_value` are None where a window holds no value
    at all; shares are of all rows of a window, and `missing_p` and so on the probabilities of such a share by chance.
    """

    name: str
    kind: str
    psi: float | None
    test: str
    statistic: float | None
    p_value: float | None
    histogram: Mapping[str, Any]
    missing_reference: float
    missing_production: float
    unseen: float | None
    unseen_examples: tuple[str, ...]
    out_of_range: float | None
    breaches: tuple[str, ...]
    chance_psi: float | None = None
    missing_p: float = 1.0
    unseen_p: float = 1.0
    out_of_range_p: float = 1.0


@dataclass(frozen=True)
class Performance:
    """The project's metric on the labelled rows of a window, beside its value on the holdout of the training run.

    `error` is the standard error of the value; None where there are so many rows that it does not matter.
    """

    metric: str
    value: float
    reference_value: float | None
    limit: float
    rows: int
    breach: bool
    error: float | None = None


@dataclass(frozen=True)
class Monitor(Record):
    """A monitored window beside the data that the model learned from."""

    FILE: ClassVar[str] = "monitor.json"

    window: str
    status: Literal["ok", "breach", "too_few_rows"]
    rows: Mapping[str, int]
    thresholds: Mapping[str, Any]
    features: tuple[Signal, ...] = ()
    prediction: Signal | None = None
    performance: Performance | None = None
    slices: Slices | None = None
    bias: Bias | None = None
    breaches: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def worst_first(self) -> list[Signal]:
        """Signals with a broken limit before the others, each group from the largest PSI on."""
        return sorted(self.features, key=lambda signal: (not signal.breaches, -(signal.psi or 0.0)))


@dataclass(frozen=True)
class Outcome(Record):
    """The outcome of a step in a few words, for steps without a record of their own."""

    FILE: ClassVar[str] = "outcome.json"

    text: str

    @property
    def summary(self) -> str:
        """The words."""
        return self.text


# The records that name the outcome of a step; a step of your own may write `Outcome` or none.
OUTCOMES: tuple[type[Record], ...] = (
    Outcome,
    DataQuality,
    Split,
    Training,
    Metrics,
    Slices,
    Bias,
    Robustness,
    Gate,
    Registration,
)


def summary(folders: Mapping[str, Path]) -> str:
    """Return the summaries of the outcomes in the first output folder of a step that has any; empty if none has."""
    for folder in folders.values():
        found = [record.load(folder).summary for record in OUTCOMES if (folder / record.FILE).is_file()]
        if found:
            return "; ".join(text for text in found if text)
    return ""
