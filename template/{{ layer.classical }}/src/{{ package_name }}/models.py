"""The learners, and the folder that a trained one is kept in.

A model folder is an MLflow model (scikit-learn flavour) with a contract.json beside it, which describes a valid
request. Loading needs neither MLflow nor config/project.yml, so serving stays small. docs/own-model.md says how to
replace this module.
"""

import os
import pickle
import statistics
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import data, features, metrics, split, tracking
from .config.project import ProjectConfig
from .errors import UserError
from .records import Candidate, Contract

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from sklearn.pipeline import Pipeline

# Threads of scikit-learn and LightGBM that wait should sleep, not spin: on a busy machine spinning costs 20 x.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

BASELINE = "linear"
CANDIDATES = ("linear", "hist_gradient_boosting")  # what model.kind: auto chooses from
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
        return self.pipeline.predict(frame[self.contract.names])

    def predict_proba(self, frame: "pd.DataFrame") -> "npt.NDArray[Any] | None":
        """Return class probabilities, float64 (rows, classes), in the contract's order; None for a regression."""
        if self.contract.classes is None:
            return None
        return self.pipeline.predict_proba(frame[self.contract.names])


def build(kind: str, config: ProjectConfig) -> "Pipeline":
    """Return an unfitted pipeline of encoding and learner.

    Raises:
        UserError: model.parameters holds a name that the learner does not know.
    """
    from sklearn.pipeline import make_pipeline

    linear = kind == BASELINE
    encoder = features.for_linear(config.columns) if linear else features.for_trees(config.columns)
    learner = _learner(kind, config)
    # Parameters are the chosen kind's; under `auto` they are the boosted model's, the baseline keeps its own.
    if config.model.kind == kind or (config.model.kind == "auto" and not linear):
        known = learner.get_params()
        for name in config.model.parameters:
            if name not in known:
                raise UserError(
                    f"config/project.yml: model.parameters.{name}: {type(learner).__name__} has no such parameter;"
                    f" known: {', '.join(sorted(known))}"
                )
        learner.set_params(**config.model.parameters)
    return make_pipeline(encoder, learner)


def _learner(kind: str, config: ProjectConfig) -> Any:
    regression = config.task == "regression"
    start = len(config.columns.numeric)
    categorical = list(range(start, start + len(config.columns.categorical)))
    if kind == "linear":
        from sklearn.linear_model import LogisticRegression, Ridge

        return Ridge() if regression else LogisticRegression(max_iter=1000)
    if kind == "hist_gradient_boosting":
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


def fit(kind: str, config: ProjectConfig, frame: "pd.DataFrame") -> "Pipeline":
    """Fit one kind of model on all rows of `frame`.

    Raises:
        UserError: a class target with one class only, or parameters that the learner refuses.
    """
    # A column without a single value here (a fold, say, of a column that was added late) has nothing to teach,
    # and scikit-learn's boosting cannot bin it.
    filled = [name for name in config.columns.features if frame[name].notna().any()]
    if not filled:
        raise UserError(f"config/project.yml: none of the features has a value in the {len(frame)} rows to train on")
    config = config.model_copy(update={"columns": config.columns.only(filled)})
    pipeline = build(kind, config)
    target = frame[config.columns.target].to_numpy()
    if config.task == "classification" and len(set(target)) < 2:
        raise UserError(
            f"config/project.yml: target {config.columns.target!r} has one class only in the training part"
            f" ({target[0]!r}); a classification needs two"
        )
    extra: dict[str, Any] = {}
    if kind == "lightgbm" and config.columns.categorical:
        start = len(config.columns.numeric)
        extra[
            "lgbmregressor__categorical_feature"
            if config.task == "regression"
            else "lgbmclassifier__categorical_feature"
        ] = list(range(start, start + len(config.columns.categorical)))
    try:
        return pipeline.fit(frame[config.columns.features], target, **extra)
    except ValueError as error:
        if type(error).__name__ == "InvalidParameterError":
            raise UserError(f"config/project.yml: model.parameters: {' '.join(str(error).split())}") from None
        raise


def choose(config: ProjectConfig, frame: "pd.DataFrame") -> tuple[str, tuple[Candidate, ...]]:
    """Return the kind to train, and the mean metrics of each candidate over the validation folds, best first.

    Under `model.kind: auto` every candidate is fitted and scored on each fold of `frame` (see `split.folds`), at most
    `SELECTION_ROWS` evenly spaced rows of it; otherwise the configured kind is taken and there are no candidates.
    """
    if config.model.kind != "auto":
        return config.model.kind, ()
    sample = frame.iloc[:: -(-len(frame) // SELECTION_ROWS)]
    tried: dict[str, list[dict[str, float]]] = {kind: [] for kind in CANDIDATES}
    for train, validate in split.folds(sample[config.split_column], config.split.by, FOLDS):
        known = sample[train]
        if not validate.any() or (config.task == "classification" and known[config.columns.target].nunique() < 2):
            continue  # too little data, or too few classes so far, to learn from
        for kind in CANDIDATES:
            tried[kind].append(evaluate(fit(kind, config, known), config, sample[validate]))
    means = {kind: _mean(scores) for kind, scores in tried.items()}
    name, sign = config.metric.name, 1 if config.metric.direction == "minimize" else -1
    ranking = sorted(means, key=lambda kind: sign * means[kind].get(name, sign * float("inf")))
    return ranking[0], tuple(Candidate(kind, means[kind]) for kind in ranking)


def _mean(scores: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each metric over the folds that define it."""
    names = dict.fromkeys(name for score in scores for name in score)
    return {name: statistics.fmean(score[name] for score in scores if name in score) for name in names}


def evaluate(pipeline: Any, config: ProjectConfig, frame: "pd.DataFrame") -> dict[str, float]:
    """Return all metrics of a fitted pipeline on the labelled rows of `frame`."""
    inputs = frame[config.columns.features]
    target = frame[config.columns.target].to_numpy()
    if config.task == "regression":
        return metrics.score("regression", target, pipeline.predict(inputs))
    return metrics.score(
        "classification",
        target,
        pipeline.predict(inputs),
        pipeline.predict_proba(inputs),
        pipeline.classes_,
    )


def describe(pipeline: "Pipeline", config: ProjectConfig, frame: "pd.DataFrame") -> Contract:
    """Return the contract of a fitted pipeline, learnt from the training rows."""
    classes = pipeline.classes_.tolist() if config.task == "classification" else None
    return data.describe(frame, config, classes, metadata.version("scikit-learn"))


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
