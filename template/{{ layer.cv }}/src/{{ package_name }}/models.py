"""The two families of classifiers, and the folder that a trained one is kept in.

A model folder is an MLflow model (flavour python_function) with contract.json beside it, the file of its classifier
(model.onnx of a network, pixels.pkl of the baseline) and projection.npz. Loading needs neither MLflow, torch nor
config/project.yml, so serving stays small. docs/own-model.md says how to replace this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import data, decisions, images, measuring, model_folder, pixels, projection, tracking
from .config.inputs import FIGURES
from .config.project import ProjectConfig
from .deep import packages
from .errors import RowsError, UserError
from .images import ImageError, Rules, Source
from .pixels import PixelClassifier
from .projection import Projection
from .records import Contract, Decision

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from PIL.Image import Image

    from .deep.classifier import OnnxClassifier

    Classifier = PixelClassifier | OnnxClassifier

BASELINE = "pixels"
LEARNERS = {"pixels": "LogisticRegression", "network": "Network"}
ONNX = "model.onnx"
FITTED = (pixels.FILE, ONNX)  # files that decide the predictions; a folder has that of one family
# Their versions decide whether a model can be loaded and gives the same numbers again.
LIBRARIES = (
    "scikit-learn",
    "onnxruntime",
    "pillow",
    "torch",
    "transformers",
    "numpy",
    "pandas",
    "pyarrow",
    "mlflow",
)
BATCH = 64  # images in memory at a time


@dataclass(frozen=True)
class _Answers:
    """What is known of images: probabilities (rows, classes), components (rows, width), figures where asked for."""

    probability: "npt.NDArray[np.float64]"
    components: "npt.NDArray[np.float32]"
    figures: list[list[float]] | None


@dataclass(frozen=True)
class Model:
    """A trained model with its contract, ready to predict; images are decoded here, a few at a time.

    A baseline has no projection: it is asked for predictions alone.
    """

    classifier: "Classifier"
    contract: Contract
    projection: Projection | None
    _last: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rules(self) -> Rules:
        """How its images are decoded."""
        return Rules.load(self.contract.preparation)

    def predict(self, frame: "pd.DataFrame") -> "npt.NDArray[Any]":
        """Return class labels (str), (rows,), for a frame with at least the column of images.

        Raises:
            RowsError: some images cannot be decoded.
        """
        return decisions.answers(self.predict_proba(frame), self.classifier.classes, self.contract.decision)

    def predict_proba(self, frame: "pd.DataFrame") -> "npt.NDArray[np.float64]":
        """Return class probabilities, float64 (rows, classes), in the classifier's order.

        Raises:
            RowsError: some images cannot be decoded.
        """
        return self._asked(frame).probability

    def embed(self, frame: "pd.DataFrame") -> "npt.NDArray[np.float32]":
        """Return what the model sees in each image, float32 (rows, components).

        These are the principal components of the layer before the last one.

        Raises:
            RowsError: some images cannot be decoded.
        """
        return self._asked(frame).components

    def figures(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Return the figures of each image (see `images.figures`), float64, with the index of `frame`.

        The images are answered too while they are decoded: whoever wants both asks for the figures first.

        Raises:
            RowsError: some images cannot be decoded.
        """
        import pandas as pd

        found = self._asked(frame, measured=True).figures
        return pd.DataFrame(found, columns=list(FIGURES), index=frame.index, dtype="float64")

    def _asked(self, frame: "pd.DataFrame", *, measured: bool = False) -> "_Answers":
        """Return what is known of the images.

        That of the last images is kept: labels, probabilities and figures of a request are asked for one by one.
        """
        asked = tuple(frame[self.contract.names[0]])
        known, answers = self._last.get("answers", (None, None))
        if known != asked or answers is None or (measured and answers.figures is None):
            answers = self._found(asked, measured)
            self._last["answers"] = asked, answers
        return answers

    def _found(self, sources: "Sequence[Source | None]", measured: bool) -> "_Answers":
        import numpy as np

        figures: list[list[float]] | None = [] if measured else None

        def look(image: "Image") -> "tuple[Image, list[float]]":
            return image, list(images.figures(image).values()) if measured else []

        decoded = measuring.each(look, sources, self.rules)
        problems: dict[int, str] = {}
        found = []
        for start in range(0, len(sources), BATCH):
            some = list(islice(decoded, BATCH))
            problems |= {start + place: str(each) for place, each in enumerate(some) if isinstance(each, ImageError)}
            read = [each for each in some if not isinstance(each, ImageError)]
            if not problems:
                probability, vectors = self.classifier.answers([image for image, _ in read])
                if figures is not None:
                    figures += [own for _, own in read]
                found.append((probability, self.projection.transform(vectors) if self.projection else vectors[:, :0]))
        if problems:
            raise RowsError(problems, "an image that can be read")
        if not found:
            width = self.projection.axes.shape[1] if self.projection else 0
            return _Answers(np.zeros((0, len(self.classifier.classes))), np.zeros((0, width), np.float32), figures)
        probability, components = (np.concatenate(each) for each in zip(*found, strict=True))
        return _Answers(probability, components, figures)


def problem(config: ProjectConfig) -> str | None:
    """Return why the learner refuses `model`, found without data; None if it takes it."""
    if config.model.kind == "network":
        if missing := packages.problem("model.kind: 'network'"):
            return missing
        from .deep import base_model

        if found := base_model.problem(config.model.base_model, "model"):
            return found
        return decisions.problem(config, BASELINE)
    return None


def describe(
    classes: Sequence[str], decision: Decision | None, config: ProjectConfig, frame: "pd.DataFrame"
) -> Contract:
    """Return the contract of a model that learned from the rows of `frame`."""
    return replace(
        data.describe(frame, config, classes, metadata.version("scikit-learn")),
        decision=decision,
        preparation=Rules.of(config.images).save(),
        kept=model_folder.kept_inputs(config),
        max_size=config.images.request_bytes,
    )


def save(fitted: Path, decision: Decision | None, config: ProjectConfig, frame: "pd.DataFrame", path: Path) -> None:
    """Write a model folder to `path`, which must not exist.

    Args:
        fitted: a folder with the file of the classifier, and projection.npz.
        decision: how it decides between two classes.
        config: names the columns.
        frame: the training rows.
        path: the model folder.
    """
    model_folder.save(path, __name__, config, tracking.versions(LIBRARIES), fitted, "binary")
    describe(load_classifier(path).classes, decision, config, frame).save(path)


def load(path: Path) -> Model:
    """Load a model folder. The names of the classes come from the classifier's own file, never from the contract.

    Only load folders that this project made: a pickle runs code.

    Raises:
        UserError: the folder is not a model folder.
    """
    model_folder.check(path, {projection.FILE: (path / projection.FILE).is_file()})
    classifier = load_classifier(path)
    return Model(classifier, replace(Contract.load(path), classes=classifier.classes), Projection.load(path))


def load_classifier(path: Path) -> "Classifier":
    """Load the classifier of a folder.

    Raises:
        UserError: the folder has none.
    """
    if (path / ONNX).is_file():
        from .deep.classifier import OnnxClassifier

        return OnnxClassifier.load(path)
    if not (path / pixels.FILE).is_file():
        raise UserError(f"{path}: is not a model folder: {pixels.FILE} or {ONNX} is missing")
    return PixelClassifier.load(path)


def load_baseline(folder: Path, contract: Contract) -> Model:
    """Load the baseline of the training record; it answers under the contract of the model beside it."""
    classifier = PixelClassifier.load(folder)
    return Model(classifier, replace(contract, classes=classifier.classes), None)


def _load_pyfunc(path: str) -> Model:
    """Load a model folder for MLflow, which calls this function by its name."""
    return load(Path(path))
