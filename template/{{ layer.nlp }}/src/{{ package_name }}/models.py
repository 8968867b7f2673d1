"""The two families of classifiers, and the folder that a trained one is kept in.

A model folder is an MLflow model (flavour python_function) with contract.json beside it, the files of its classifier
(model.pkl of the linear family, model.onnx and tokenizer.json of the transformer) and embedder.pkl. Loading needs
neither MLflow, torch nor config/project.yml, so serving stays small. docs/own-model.md says how to replace this module.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import data, embedding, linear, metrics, split, texts, tracking
from .config.project import ProjectConfig
from .errors import UserError
from .linear import LinearClassifier
from .records import Contract, Decision

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from .deep.classifier import OnnxClassifier
    from .embedder import Embedder

    Classifier = LinearClassifier | OnnxClassifier

BASELINE = "linear"
LEARNERS = {"linear": "LogisticRegression", "transformer": "Transformer"}
FOLDS = 3
ONNX = "model.onnx"
FITTED = (linear.FILE, ONNX, "tokenizer.json")  # files that decide the predictions; a folder has those of one family
BASELINE_PICKLE = "baseline.pkl"
# Their versions decide whether a model can be loaded and gives the same numbers again.
LIBRARIES = (
    "scikit-learn",
    "onnxruntime",
    "tokenizers",
    "torch",
    "transformers",
    "numpy",
    "pandas",
    "pyarrow",
    "mlflow",
)
DEEP = ("torch", "transformers", "onnx", "onnxscript")  # of the dependency group `deep`
SYNC = "`uv sync --group deep` installs it"
TRIAL = (("good plain words", "a"), ("bad plain words", "b"), ("other plain words", "c"))


@dataclass(frozen=True)
class Model:
    """A trained model with its contract, ready to predict; texts come as they are and are normalised here.

    A baseline has no embedder: it is asked for predictions alone.
    """

    classifier: "Classifier"
    contract: Contract
    embedder: "Embedder | None"
    _last: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def texts(self, frame: "pd.DataFrame") -> list[str]:
        """Return the normalised texts of a frame; a missing one is empty."""
        raw = tuple(frame[self.contract.names[0]])
        known, normal = self._last.get("texts", (None, []))
        if known != raw:
            mask = self.contract.preparation["mask"]
            normal = [texts.normalise(text, mask) if isinstance(text, str) else "" for text in raw]
            self._last["texts"] = raw, normal
        return normal

    def predict(self, frame: "pd.DataFrame") -> "npt.NDArray[Any]":
        """Return class labels (str), (rows,), for a frame with at least the column of texts."""
        import numpy as np

        probability = self.predict_proba(frame)
        found = probability.argmax(axis=1)
        if decision := self.contract.decision:
            positive = self.classifier.classes.index(decision.positive)
            found = np.where(probability[:, positive] >= decision.threshold, positive, 1 - positive)
        return np.array(self.classifier.classes, dtype=object)[found]

    def predict_proba(self, frame: "pd.DataFrame") -> "npt.NDArray[np.float64]":
        """Return class probabilities, float64 (rows, classes), in the classifier's order.

        Those of the last texts are kept: labels, probabilities and figures of a request are asked for one by one.
        """
        asked = tuple(self.texts(frame))
        known, probability = self._last.get("answer", (None, None))
        if known != asked:
            probability = self.classifier.predict_proba(asked)
            self._last["answer"] = asked, probability
        return probability


def problem(config: ProjectConfig) -> str | None:
    """Return why the learner refuses `model`, found without data; None if it takes it."""
    if config.model.kind == "transformer":
        if missing := [name for name in DEEP if util.find_spec(name) is None]:
            return (
                "config/project.yml: model.kind: 'transformer' needs the dependency group deep:"
                f" {missing[0]} is missing; {SYNC}"
            )
        if isinstance(config.decision.threshold, str):
            return (
                f"config/project.yml: decision.threshold: {config.decision.threshold!r} would fit the transformer once"
                " for each fold; write a number, or use model.kind linear"
            )
        return None
    if not config.model.parameters:
        return None
    found = None
    for classes in (2, 3):  # some parameters limit the number of classes
        words, labels = zip(*TRIAL[:classes] * 4, strict=True)
        try:
            linear.fit(words, labels, config.model, config.seed)
        except UserError as error:
            found = found or str(error)
        else:
            return None
    return found


def fit_linear(frame: "pd.DataFrame", config: ProjectConfig) -> LinearClassifier:
    """Fit the linear family on the normalised texts of `frame`.

    Raises:
        UserError: see `linear.fit`.
    """
    columns = config.columns
    return linear.fit(frame[columns.text].tolist(), frame[columns.target].tolist(), config.model, config.seed)


def decide(frame: "pd.DataFrame", config: ProjectConfig) -> Decision | None:
    """Return how the probability of one of two classes becomes an answer; None for more classes.

    A threshold that is a rule is found on folds of the training part (see `split.folds`), by the linear family.

    Args:
        frame: the training part, with normalised texts.
        config: names the class to find and the threshold.
    """
    columns, rule = config.columns, config.decision.threshold
    wanted = metrics.positive_class(sorted(frame[columns.target].unique()), config.decision.positive)
    if wanted is None:
        return None
    if not isinstance(rule, str):
        return Decision(wanted, 0.5 if rule is None else rule)
    truth, probability = _validated(frame, config, wanted)
    return Decision(wanted, metrics.best_threshold(truth, probability, rule), rule)


def _validated(
    frame: "pd.DataFrame", config: ProjectConfig, wanted: str
) -> "tuple[npt.NDArray[Any], npt.NDArray[Any]]":
    """Return whether each validated row is of the class to find, and the probability of that, each (rows,)."""
    import numpy as np

    def folds() -> Iterator[tuple[Any, Any]]:
        for train, validate in split.folds(frame[config.split_column], config.split.by, FOLDS):
            known, rows = frame[train], frame[validate]
            if len(rows) and known[config.columns.target].nunique() == 2:
                classifier = fit_linear(known, config)
                probability = classifier.predict_proba(rows[config.columns.text].tolist())
                yield rows[config.columns.target] == wanted, probability[:, classifier.classes.index(wanted)]

    parts = list(folds())
    if not parts:
        return np.zeros(0, dtype=bool), np.zeros(0)
    truth, probability = zip(*parts, strict=True)
    return np.concatenate(truth), np.concatenate(probability)


def describe(
    classes: Sequence[str], decision: Decision | None, config: ProjectConfig, frame: "pd.DataFrame"
) -> Contract:
    """Return the contract of a model that learned from the rows of `frame`."""
    kept = config.review.model_dump(include={"kept_share", "retention_days"}) | {"seed": config.seed}
    return replace(
        data.describe(frame, config, classes, metadata.version("scikit-learn")),
        decision=decision,
        preparation={"mask": list(config.texts.mask)},
        kept=kept if config.review.keep_inputs == "share" else {},
        max_size=config.texts.max_characters,
    )


def save(
    fitted: Path,
    embedded: Path,
    decision: Decision | None,
    config: ProjectConfig,
    frame: "pd.DataFrame",
    path: Path,
) -> None:
    """Write a model folder to `path`, which must not exist.

    There is no input example in it: that would be a text of somebody.

    Args:
        fitted: a folder with the files of the classifier.
        embedded: the folder with embedder.pkl.
        decision: how it decides between two classes.
        config: names the columns.
        frame: the training rows.
        path: the model folder.
    """
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    text = Schema([ColSpec(DataType.string, config.columns.text, required=False)])
    versions = tracking.versions(LIBRARIES)
    mlflow.pyfunc.save_model(
        path,
        loader_module=__name__,
        signature=ModelSignature(inputs=text, outputs=Schema([ColSpec(DataType.string)])),
        # Naming the requirements saves an inference of 12 s; answers need neither MLflow nor what trained the model.
        pip_requirements=[
            f"{name}=={version}"
            for name, version in versions.items()
            if name not in ("mlflow", "torch", "transformers")
        ],
    )
    for file in fitted.iterdir():
        shutil.copy(file, path / file.name)
    shutil.copy(embedded / embedding.FILE, path / embedding.FILE)
    describe(load_classifier(path).classes, decision, config, frame).save(path)


def save_baseline(classifier: LinearClassifier, folder: Path) -> None:
    """Write the baseline into the folder of the training record."""
    folder.mkdir(parents=True, exist_ok=True)
    classifier.save(folder / BASELINE_PICKLE)


def load(path: Path) -> Model:
    """Load a model folder. The names of the classes come from the classifier's own file, never from the contract.

    Only load folders that this project made: a pickle runs code.

    Raises:
        UserError: the folder is not a model folder.
    """
    for name in (embedding.FILE, Contract.FILE):
        if not (path / name).is_file():
            raise UserError(f"{path}: is not a model folder: {name} is missing")
    classifier = load_classifier(path)
    contract = replace(Contract.load(path), classes=classifier.classes)
    return Model(classifier, contract, embedding.load(path))


def load_classifier(path: Path) -> "Classifier":
    """Load the classifier of a model folder.

    Raises:
        UserError: the folder has none.
    """
    if (path / ONNX).is_file():
        from .deep.classifier import OnnxClassifier

        return OnnxClassifier.load(path)
    if not (path / linear.FILE).is_file():
        raise UserError(f"{path}: is not a model folder: {linear.FILE} or {ONNX} is missing")
    return LinearClassifier.load(path / linear.FILE)


def load_baseline(folder: Path, contract: Contract) -> Model:
    """Load the baseline that `save_baseline` wrote; it answers under the contract of the model beside it."""
    classifier = LinearClassifier.load(folder / BASELINE_PICKLE)
    return Model(classifier, replace(contract, classes=classifier.classes), None)


def _load_pyfunc(path: str) -> Model:
    """Load a model folder for MLflow, which calls this function by its name."""
    return load(Path(path))
