"""The two families of classifiers, and the folder that a trained one is kept in.

A model folder is an MLflow model (flavour python_function) with contract.json beside it, the files of its classifier
(model.pkl of the linear family, model.onnx and tokenizer.json of the transformer) and of its embedder. Loading needs
neither MLflow, torch nor config/project.yml, so serving stays small. docs/own-model.md says how to replace this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import data, decisions, embedder, embedding, linear, model_folder, texts, tracking
from .config.inputs import FINE_TUNED
from .config.project import ProjectConfig
from .deep import packages
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
        return decisions.answers(self.predict_proba(frame), self.classifier.classes, self.contract.decision)

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
    """Return why the learner refuses `model`, or no embedder can be made, found without data; None if all is well."""
    return learner_problem(config) or embedder.problem(config)


def learner_problem(config: ProjectConfig) -> str | None:
    """Return why the learner refuses `model`, found without data; None if it takes it."""
    if config.model.kind == "transformer":
        if missing := packages.problem("model.kind: 'transformer'"):
            return missing
        from .deep import base_model

        if found := base_model.problem(config.model.transformer.base_model, FINE_TUNED):
            return found
        return decisions.problem(config, BASELINE)
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
    """Return how the model decides between two classes (see `decisions.decide`): by the linear family's answers."""

    def answer(known: "pd.DataFrame", rows: "pd.DataFrame") -> "tuple[Sequence[str], npt.NDArray[np.float64]]":
        classifier = fit_linear(known, config)
        return classifier.classes, classifier.predict_proba(rows[config.columns.text].tolist())

    return decisions.decide(frame, config, FOLDS, answer)


def describe(
    classes: Sequence[str], decision: Decision | None, config: ProjectConfig, frame: "pd.DataFrame"
) -> Contract:
    """Return the contract of a model that learned from the rows of `frame`."""
    return replace(
        data.describe(frame, config, classes, metadata.version("scikit-learn")),
        decision=decision,
        preparation={"mask": list(config.texts.mask)},
        kept=model_folder.kept_inputs(config),
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

    Args:
        fitted: a folder with the files of the classifier.
        embedded: the folder with the embedder.
        decision: how it decides between two classes.
        config: names the columns.
        frame: the training rows.
        path: the model folder.
    """
    model_folder.save(path, __name__, config, tracking.versions(LIBRARIES), fitted)
    embedding.copy(embedded, path)
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
    model_folder.check(path, {embedding.FILE: embedding.is_there(path)})
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
