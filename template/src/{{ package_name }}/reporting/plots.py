"""The pictures of an evaluation, as PNG files for MLflow: drawn without a display, one function a picture."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.figure import Figure

from .. import slices
from ..config.project import ProjectConfig

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INK, ACCENT = "#334155", "#2563eb"
DOTS = 4_000  # more only makes the cloud solid


def draw(table: "pd.DataFrame", config: ProjectConfig, classes: Sequence[str] | None, folder: Path) -> None:
    """Write the pictures for `table` (the holdout with predictions) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    target = config.columns.target
    if config.task == "regression":
        shown = table.sample(min(len(table), DOTS), random_state=config.seed)
        _save(folder / "predicted_vs_true.png", _predicted_vs_true, shown[target], shown["prediction"], target)
        _save(folder / "residuals.png", _residuals, table["prediction"] - table[target], target)
    else:
        _save(folder / "confusion.png", _confusion, table[target], table["prediction"], classes)
        if classes and len(classes) == 2:
            truth = table[target] == classes[1]
            probability = table[f"probability_{classes[1]}"]
            _save(folder / "roc.png", _roc, truth, probability, classes[1])
            _save(folder / "calibration.png", _calibration, truth, probability, classes[1])
    for number, column in enumerate(config.slices):
        _save(folder / f"error_by_{_file_name(column, number)}.png", _error_by_slice, table, column, config)


def _file_name(column: str, number: int) -> str:
    """Return a column's name if it can be part of a file's name everywhere, else one made of it.

    >>> _file_name("town", 0), _file_name("price/m²", 3)
    ('town', '3_price_m²')
    """
    plain = re.sub(r"[^\w.-]+", "_", column)[:60]
    return column if plain == column else f"{number}_{plain}"


def _save(path: Path, painter: Any, *arguments: Any) -> None:
    # Names of columns and classes may hold '$', which is no formula.
    style = {"font.size": 9, "axes.edgecolor": INK, "axes.labelcolor": INK, "text.parse_math": False}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        painter(axes, *arguments)
        # Without the date and the library's version the same numbers give the same bytes.
        figure.savefig(path, dpi=120, metadata={"Software": None})


def _predicted_vs_true(axes: "Axes", target: Any, prediction: Any, name: str) -> None:
    axes.scatter(target, prediction, s=6, alpha=0.25, color=ACCENT, linewidths=0)
    ends = [min(target.min(), prediction.min()), max(target.max(), prediction.max())]
    axes.plot(ends, ends, color=INK, linewidth=1, linestyle="--")
    axes.set(xlabel=f"true {name}", ylabel=f"predicted {name}", title="Predicted against true, holdout")


def _residuals(axes: "Axes", residuals: Any, name: str) -> None:
    axes.hist(residuals, bins=60, color=ACCENT)
    axes.axvline(0, color=INK, linewidth=1, linestyle="--")
    axes.set(xlabel=f"predicted minus true {name}", ylabel="rows", title="Residuals, holdout")


def _confusion(axes: "Axes", target: Any, prediction: Any, classes: Sequence[str]) -> None:
    from sklearn.metrics import ConfusionMatrixDisplay

    ConfusionMatrixDisplay.from_predictions(
        target, prediction, labels=classes, normalize="true", cmap="Blues", ax=axes, colorbar=False
    )
    axes.set_title("Share of each true class, holdout")


def _roc(axes: "Axes", truth: Any, probability: Any, label: str) -> None:
    from sklearn.metrics import RocCurveDisplay

    if truth.nunique() == 2:
        RocCurveDisplay.from_predictions(truth, probability, ax=axes, plot_chance_level=True)
    axes.set_title(f"ROC for class {label}, holdout")


def _calibration(axes: "Axes", truth: Any, probability: Any, label: str) -> None:
    from sklearn.calibration import CalibrationDisplay

    CalibrationDisplay.from_predictions(truth, probability, n_bins=10, ax=axes, strategy="quantile")
    axes.set_title(f"Calibration for class {label}, holdout")


def _error_by_slice(axes: "Axes", table: "pd.DataFrame", column: str, config: ProjectConfig) -> None:
    target, prediction = table[config.columns.target], table["prediction"]
    if config.task == "regression":
        error, label = (prediction - target).abs(), "mean absolute error"
    else:
        error, label = (prediction != target).astype(float), "share of wrong classes"
    groups = error.groupby(slices.values(table[column]))
    means = groups.mean()[groups.size().sort_values(ascending=False).index[:20]]
    axes.barh(means.index[::-1], means.to_numpy()[::-1], color=ACCENT)
    axes.set(xlabel=label, ylabel=column, title=f"Error by {column}, holdout (largest slices)")
