"""The learners, and the folder that a trained one is kept in.

A model folder is an MLflow model (scikit-learn flavour) with a contract.json beside it, which describes a valid
request. Loading needs neither MLflow nor config/project.yml, so serving stays small. docs/own-model.md says how to
replace this module.
"""

import os
import pickle
import statistics
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from . import data, features, metrics, split, tracking
from .config.project import ProjectConfig
from .config.yaml_file import suggest
from .errors import UserError
from .figures import plural
from .records import Candidate, Contract, Decision

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from sklearn.pipeline import Pipeline

# Threads of scikit-learn and LightGBM that wait should sleep, not spin: on a busy machine spinning costs 20 x.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

BASELINE = "linear"
BOOSTED = "hist_gradient_boosting"
CANDIDATES = (BASELINE, BOOSTED)  # what model.kind: auto chooses from
FEW_ROWS = 100  # up to here looking codes up is faster than scikit-learn's handling of columns
FOLDS = 3
SELECTION_ROWS = 100_000  # choosing a kind needs no more; the final fit takes every row
PICKLE = "model.pkl"
FITTED = (PICKLE,)  # files of a model folder that decide its predictions, beside the contract
BASELINE_PICKLE = "baseline.pkl"
# Their versions decide whether a model can be loaded and gives the same numbers again.
LIBRARIES = ("scikit-learn", "lightgbm", "numpy", "pandas", "pyarrow", "mlflow")


@dataclass(frozen=True)
class Model:
    """A trained model with its contract, ready to predict."""

    pipeline: "Pipeline"
    contract: Contract

    def predict(self, frame: "pd.DataFrame") -> "npt.NDArray[Any]":
        """Return values (float64) or class labels (str), (rows,), for a frame with at least the feature columns."""
        return self._ask("predict", frame)

    def predict_proba(self, frame: "pd.DataFrame") -> "npt.NDArray[Any] | None":
        """Return class probabilities, float64 (rows, classes), in the contract's order; None for a regression."""
        return None if self.contract.classes is None else self._ask("predict_proba", frame)

    def _ask(self, question: str, frame: "pd.DataFrame") -> "npt.NDArray[Any]":
        if 0 < len(frame) <= FEW_ROWS and self._few_rows:
            return getattr(self.pipeline[-1], question)(self._few_rows.transform(frame))
        return getattr(self.pipeline, question)(frame[self.contract.names])

    @cached_property
    def _few_rows(self) -> features.FewRows | None:
        """The quick encoding; None if it is not that of the pipeline, which then encodes few rows itself."""
        first = getattr(self.pipeline, "steps", [("", None)])[0][1]
        return features.few_rows(first, self.contract) if hasattr(first, "transformers_") else None


def build(kind: str, config: ProjectConfig) -> "Pipeline":
    """Return an unfitted pipeline of encoding and learner.

    Raises:
        UserError: `model` sets something that does not fit the task, or a parameter that the learner does not know.
    """
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline

    if wrong := _setting_problem(config):
        raise UserError(wrong)
    linear = kind == BASELINE
    encoder = features.for_linear(config.columns) if linear else features.for_trees(config.columns)
    learner = _learner(kind, config)
    if config.model.class_weights == "balanced":
        learner.set_params(class_weight="balanced")
    if _has_parameters(kind, config):
        known = learner.get_params()
        for name in config.model.parameters:
            if name not in known:
                raise UserError(_unknown_parameter(name, kind, learner, config))
        learner.set_params(**config.model.parameters)
    if config.model.target == "log":
        import numpy as np

        learner = TransformedTargetRegressor(learner, func=np.log1p, inverse_func=np.expm1, check_inverse=False)
    return make_pipeline(encoder, learner)


def _setting_problem(config: ProjectConfig) -> str | None:
    model, regression = config.model, config.task == "regression"
    if regression and model.class_weights != "none":
        return f"config/project.yml: model.class_weights: {model.class_weights!r} needs task 'classification'"
    if not regression and model.target != "none":
        return f"config/project.yml: model.target: {model.target!r} needs task 'regression'"
    return None


def _has_parameters(kind: str, config: ProjectConfig) -> bool:
    """Return whether model.parameters are those of `kind`: the named one, the boosted one under `auto`."""
    return bool(config.model.parameters) and kind == (BOOSTED if config.model.kind == "auto" else config.model.kind)


def _unknown_parameter(name: str, kind: str, learner: Any, config: ProjectConfig) -> str:
    others = [
        other
        for other in (BASELINE, BOOSTED, "lightgbm")
        if other != kind and name in _learner(other, config).get_params()
    ]
    of_others = f" (it is one of {' and '.join(others)}: remove it, or change model.kind)" if others else ""
    known = list(learner.get_params())
    return (
        f"config/project.yml: model.parameters.{name}: {type(learner).__name__} has no such parameter"
        f"{of_others or suggest(name, known)}; known: {', '.join(sorted(known))}"
    )


def problem(config: ProjectConfig) -> str | None:
    """Return why the learner refuses `model`, found without data: by a fit of a small made table; None if it takes it.

    Parameters that limit the number of classes are tried with two and with three.
    """
    import numpy as np
    import pandas as pd

    if not config.model.parameters:
        return _setting_problem(config)
    kind = BOOSTED if config.model.kind == "auto" else config.model.kind
    random, rows, columns = np.random.default_rng(config.seed), 60, config.columns
    frame = pd.DataFrame(
        {name: random.random(rows) for name in columns.numeric}
        | {name: random.choice(np.array(["a", "b"], dtype=object), rows) for name in columns.categorical}
        | {name: random.choice([0.0, 1.0], rows) for name in columns.boolean}
        | {name: pd.date_range("2024-01-01", periods=rows, freq="31h", tz="UTC") for name in columns.dates}
    )
    found = None
    for classes in (2, 3):
        positive = np.arange(rows) % classes + 1.0
        try:
            fit(
                kind,
                config,
                frame.assign(**{columns.target: positive if config.task == "regression" else positive.astype(str)}),
                rounds=3,
            )
        except UserError as error:
            found = found or str(error)
        else:
            return None
    return found


def _learner(kind: str, config: ProjectConfig) -> Any:
    regression = config.task == "regression"
    start = len(config.columns.numeric)
    categorical = list(range(start, start + len(config.columns.categorical)))
    if kind == BASELINE:
        from sklearn.linear_model import LogisticRegression, Ridge

        return Ridge() if regression else LogisticRegression(max_iter=1000)
    if kind == BOOSTED:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        learner = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        return learner(categorical_features=categorical or None, random_state=config.seed)
    try:
        import lightgbm
    except OSError as error:
        raise UserError(
            f"config/project.yml: model.kind: 'lightgbm' needs the system library libgomp ({error});"
            " install it (Debian: libgomp1) or use 'hist_gradient_boosting'"
        ) from None
    learner = lightgbm.LGBMRegressor if regression else lightgbm.LGBMClassifier
    return learner(random_state=config.seed, deterministic=True, force_row_wise=True, verbose=-1)


def fit(kind: str, config: ProjectConfig, frame: "pd.DataFrame", *, rounds: int | None = None) -> "Pipeline":
    """Fit one kind of model on all rows of `frame`; `rounds` limits the trees of a trial.

    Raises:
        UserError: a class target with one class only, or parameters that the learner refuses.
    """
    # A column without a single value here (a fold, say, of a column that was added late) has nothing to teach,
    # and scikit-learn's boosting cannot bin it.
    filled = [name for name in config.columns.features if frame[name].notna().any()]
    if not filled:
        raise UserError(
            f"config/project.yml: none of the features has a value in the {plural(len(frame), 'row')} to train on"
        )
    config = config.model_copy(update={"columns": config.columns.only(filled)})
    pipeline = build(kind, config)
    target = frame[config.columns.target].to_numpy()
    if config.task == "classification" and len(set(target)) < 2:
        raise UserError(
            f"config/project.yml: target {config.columns.target!r} has one class only in the training part"
            f" ({target[0]!r}); a classification needs two"
        )
    name = pipeline.steps[-1][0]
    own = learner(pipeline)
    for limit in ("max_iter", "n_estimators"):
        value = own.get_params().get(limit)
        if rounds is not None and type(value) is int and value > rounds and kind != BASELINE:
            own.set_params(**{limit: rounds})
    extra: dict[str, Any] = {}
    if kind == "lightgbm" and config.columns.categorical:
        start = len(config.columns.numeric)
        extra[f"{name}__categorical_feature"] = list(range(start, start + len(config.columns.categorical)))
    try:
        return pipeline.fit(frame[config.columns.features], target, **extra)
    except Exception as error:
        # LightGBM checks some parameters in C++, some only by what their use leads to.
        refused = isinstance(error, ValueError | TypeError) or type(error).__name__ == "LightGBMError"
        if not (refused and _has_parameters(kind, config)):
            raise
        given = ", ".join(f"{name}: {value!r}" for name, value in config.model.parameters.items())
        raise UserError(
            f"config/project.yml: model.parameters: {type(own).__name__} refuses {given}:"
            f" {' '.join(str(error).split())}{_number_hint(config)}"
        ) from None


def _number_hint(config: ProjectConfig) -> str:
    for name, value in config.model.parameters.items():
        try:
            number = float(value) if isinstance(value, str) else None
        except ValueError:
            continue
        if number is not None:
            return f"; YAML reads {name}: {value} as text, write {number!r}"
    return ""


def learner(pipeline: "Pipeline") -> Any:
    """Return the learner of a pipeline, without what turns its target or its probability."""
    last = pipeline[-1]
    if hasattr(last, "regressor"):
        return getattr(last, "regressor_", last.regressor)
    return last.estimator.estimator if hasattr(last, "estimator") else last


class Choice(NamedTuple):
    """The kind to train, those that were compared, best first, and the threshold that the folds suggest for each."""

    kind: str
    candidates: tuple[Candidate, ...]
    thresholds: dict[str, float]


def choose(config: ProjectConfig, frame: "pd.DataFrame") -> Choice:
    """Return the kind to train, from the figures of each candidate on the folds of `frame` (see `split.folds`).

    Under `model.kind: auto` the linear model is taken unless the boosted one is better by more than one standard
    error of its mean over the folds (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 7.10). At most
    `SELECTION_ROWS` evenly spaced rows are used. A configured kind is taken without candidates, and goes through the
    folds only if `decision.threshold` is a rule.
    """
    auto, rule = config.model.kind == "auto", isinstance(config.decision.threshold, str)
    if not auto and not rule:
        return Choice(config.model.kind, (), {})
    kinds = CANDIDATES if auto else tuple(dict.fromkeys((config.model.kind, BASELINE)))
    sample = frame.iloc[:: -(-len(frame) // SELECTION_ROWS)]
    scores: dict[str, list[dict[str, float]]] = {}
    thresholds: dict[str, float] = {}
    for kind in kinds:
        fitted = list(_validate(kind, config, sample))
        if rule and fitted:
            thresholds[kind] = _threshold(config, fitted)
        limit = thresholds.get(kind)
        scores[kind] = [evaluate(decided(pipeline, config, limit), config, rows) for pipeline, rows in fitted]
    if not auto:
        return Choice(config.model.kind, (), thresholds)
    name, sign = config.metric.name, 1 if config.metric.direction == "minimize" else -1
    tried = [Candidate(kind, *_summary(scores[kind])) for kind in kinds]
    tried.sort(key=lambda each: sign * each.metrics.get(name, sign * float("inf")))
    best, linear = tried[0], next(each for each in tried if each.kind == BASELINE)
    behind = abs(linear.metrics[name] - best.metrics[name]) if name in linear.metrics else 0.0
    chosen = best.kind if behind > best.errors.get(name, 0.0) else BASELINE
    return Choice(chosen, tuple(tried), thresholds)


def _validate(kind: str, config: ProjectConfig, sample: "pd.DataFrame") -> "Iterator[tuple[Pipeline, pd.DataFrame]]":
    """Yield a fitted pipeline and the rows that it is validated on, for each fold with enough data to learn from."""
    for train, validate in split.folds(sample[config.split_column], config.split.by, FOLDS):
        known = sample[train]
        if validate.any() and not (config.task == "classification" and known[config.columns.target].nunique() < 2):
            yield fit(kind, config, known), sample[validate]


def _threshold(config: ProjectConfig, fitted: "list[tuple[Pipeline, pd.DataFrame]]") -> float:
    """Return the threshold that decision.threshold asks for, on the rows of all folds together."""
    import numpy as np

    columns = config.columns
    chances = []
    for pipeline, rows in fitted:
        wanted = metrics.positive_class(pipeline.classes_.tolist(), config.decision.positive)
        column = pipeline.classes_.tolist().index(wanted)
        chances.append((rows[columns.target] == wanted, pipeline.predict_proba(rows[columns.features])[:, column]))
    truth, probability = (np.concatenate(parts) for parts in zip(*chances, strict=True))
    return metrics.best_threshold(truth, probability, str(config.decision.threshold))


def decided(pipeline: "Pipeline", config: ProjectConfig, threshold: float | None = None) -> "Pipeline":
    """Return a fitted pipeline that answers with the positive class from a probability on.

    Args:
        pipeline: as `fit` returns it.
        config: names the positive class, and the threshold if it is a number.
        threshold: the one that the folds suggest (see `Choice`), if it is a rule.
    """
    from sklearn.frozen import FrozenEstimator
    from sklearn.model_selection import FixedThresholdClassifier
    from sklearn.pipeline import Pipeline

    if isinstance(config.decision.threshold, float):
        threshold = config.decision.threshold
    if threshold is None:
        return pipeline
    import numpy as np

    name, last = pipeline.steps[-1]
    wanted = metrics.positive_class(last.classes_.tolist(), config.decision.positive)
    decision = FixedThresholdClassifier(
        FrozenEstimator(last), threshold=threshold, pos_label=wanted, response_method="predict_proba"
    )
    # The learner is fitted and stays so: this fit only tells scikit-learn that the step is.
    decision.fit(np.zeros((2, last.n_features_in_)), last.classes_)
    return Pipeline([*pipeline.steps[:-1], (name, decision)])


def decision(pipeline: "Pipeline", config: ProjectConfig) -> Decision | None:
    """Return how a fitted pipeline decides between two classes; None for a regression or more classes."""
    wanted = None
    if config.task == "classification":
        wanted = metrics.positive_class(pipeline.classes_.tolist(), config.decision.positive)
    if wanted is None:
        return None
    rule = config.decision.threshold
    return Decision(wanted, getattr(pipeline[-1], "threshold", 0.5), rule if isinstance(rule, str) else None)


def _summary(scores: list[dict[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the mean of each metric over the folds that define it, and the standard error of that mean."""
    names = dict.fromkeys(name for score in scores for name in score)
    folds = {name: [score[name] for score in scores if name in score] for name in names}
    errors = {name: statistics.stdev(each) / len(each) ** 0.5 for name, each in folds.items() if len(each) > 1}
    return {name: statistics.fmean(each) for name, each in folds.items()}, errors


def evaluate(
    pipeline: Any, config: ProjectConfig, frame: "pd.DataFrame", names: Collection[str] | None = None
) -> dict[str, float]:
    """Return metrics of a fitted pipeline on the labelled rows of `frame`: those in `names`, or all."""
    inputs = frame[config.columns.features]
    target = frame[config.columns.target].to_numpy()
    if config.task == "regression":
        return metrics.score("regression", target, pipeline.predict(inputs), names=names)
    return metrics.score(
        "classification",
        target,
        pipeline.predict(inputs),
        pipeline.predict_proba(inputs),
        pipeline.classes_,
        config.decision.positive,
        names,
    )


def describe(pipeline: "Pipeline", config: ProjectConfig, frame: "pd.DataFrame") -> Contract:
    """Return the contract of a fitted pipeline, learnt from the training rows."""
    classes = pipeline.classes_.tolist() if config.task == "classification" else None
    contract = data.describe(frame, config, classes, metadata.version("scikit-learn"))
    return replace(contract, decision=decision(pipeline, config))


def save(pipeline: "Pipeline", config: ProjectConfig, frame: "pd.DataFrame", path: Path) -> None:
    """Write a model folder to `path`, which must not exist: MLflow model, signature, input example, contract."""
    import mlflow.sklearn
    from mlflow.models import infer_signature

    example = frame[config.columns.features].head(3)
    versions = tracking.versions(LIBRARIES)
    mlflow.sklearn.save_model(
        pipeline,
        path,
        signature=infer_signature(example, pipeline.predict(example)),
        input_example=example,
        # From MLflow 3.14 the default format refuses boosted trees; naming the requirements saves a 12 s inference.
        serialization_format="cloudpickle",
        pip_requirements=[f"{name}=={version}" for name, version in versions.items() if name != "mlflow"],
    )
    describe(pipeline, config, frame).save(path)


def save_baseline(pipeline: "Pipeline", folder: Path) -> None:
    """Write the baseline into the folder of the training record."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / BASELINE_PICKLE).open("wb") as stream:
        pickle.dump(pipeline, stream)


def load(path: Path) -> Model:
    """Load a model folder.

    Only load folders that this project made: a pickle runs code.

    Raises:
        UserError: the folder is not a model folder.
    """
    for name in (PICKLE, Contract.FILE):
        if not (path / name).is_file():
            raise UserError(f"{path}: is not a model folder: {name} is missing")
    return Model(_unpickle(path / PICKLE), Contract.load(path))


def load_baseline(folder: Path, contract: Contract) -> Model:
    """Load the baseline that `save_baseline` wrote; it answers under the contract of the model beside it."""
    return Model(_unpickle(folder / BASELINE_PICKLE), contract)


def _unpickle(path: Path) -> "Pipeline":
    with path.open("rb") as stream:
        return pickle.load(stream)
