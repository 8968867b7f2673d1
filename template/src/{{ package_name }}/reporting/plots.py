"""The pictures of an evaluation, as PNG files for MLflow: drawn without a display, one function a picture."""

import re
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager, get_font

from .. import slices
from ..config.project import ProjectConfig
from ..figures import number
from ..metrics import positive_class
from ..predictions import PREDICTION, PROBABILITY, confidence
from . import charts

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

INK, ACCENT = "#334155", "#2563eb"
DOTS = 4_000  # more only makes the cloud solid
FONT = "DejaVu Sans"  # comes with matplotlib
NAME = 180  # room for a name, in units of `charts.width`
CELLS = 12  # classes up to which the picture of mistakes holds figures
CLASSES = 40  # classes that the picture of mistakes has room for


def draw(table: "pd.DataFrame", config: ProjectConfig, classes: Sequence[str] | None, folder: Path) -> None:
    """Write the pictures for `table` (the holdout with predictions) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    target = config.columns.target
    texts = [target, *config.slices, *(classes or ())]
    texts += [text for column in config.slices for text in slices.values(table[column]).unique()]
    families = _families(set("".join(map(str, texts))))
    if config.task == "regression":
        shown = table.sample(min(len(table), DOTS), random_state=config.seed)
        _save(
            folder / "predicted_vs_true.png", families, _predicted_vs_true, shown[target], shown["prediction"], target
        )
        _save(folder / "residuals.png", families, _residuals, table["prediction"] - table[target], target)
    else:
        _save(folder / "confusion.png", families, _confusion, table[target], table["prediction"], classes)
        label = positive_class(classes or (), config.decision.positive)
        if label is not None:
            truth, probability = table[target] == label, table[f"{PROBABILITY}{label}"]
            _save(folder / "roc.png", families, _roc, truth, probability, label)
            _save(folder / "precision_recall.png", families, _precision_recall, truth, probability, label)
            _save(folder / "calibration.png", families, _calibration, truth, probability, f"class {_shown(label)}")
        elif classes:
            right, sure = table[target] == table[PREDICTION], confidence(table, classes)
            _save(folder / "calibration.png", families, _calibration, right, sure, "the predicted class")
    for place, column in enumerate(config.slices, 1):
        _save(folder / f"error_by_{_file_name(column, place)}.png", families, _error_by_slice, table, column, config)


def _file_name(column: str, place: int) -> str:
    """Return a column's name where every file system takes it, and else its place among the slice columns."""
    plain = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,79}", column) and not column.endswith((".", " "))
    return column if plain else f"slice_column_{place}"


@cache
def _letters(path: str) -> frozenset[str]:
    """Return the letters that a font can draw."""
    return frozenset(map(chr, get_font(path).get_charmap()))


@cache
def _family(letter: str) -> str | None:
    """Return the installed font to draw a letter with: the first that has it, the usual one before all others."""
    regular = [font for font in fontManager.ttflist if font.style == "normal" and str(font.weight) in ("400", "normal")]
    drawing = [font for font in regular if not font.name.startswith("Last Resort")]  # that one has boxes only
    drawing.sort(key=lambda font: font.name != FONT)
    return next((font.name for font in drawing if letter in _letters(font.fname)), None)


def _families(letters: Collection[str]) -> list[str]:
    """Return the fonts that texts of these letters need, the usual one first: matplotlib asks them in turn."""
    needed = {_family(letter) for letter in letters} - {FONT, None}
    return [FONT, *sorted(filter(None, needed))]


def _shown(text: str) -> str:
    """Return a name as a picture can show it: a letter that no installed font has by its number, as Python writes it.

    The report, in the browser's fonts, shows every letter.
    """
    drawn = (letter if _family(letter) else letter.encode("unicode_escape").decode() for letter in text)
    return charts.fit("".join(drawn), NAME)


def _save(path: Path, families: Sequence[str], painter: Any, *arguments: Any) -> None:
    # A dollar sign in a name is no formula.
    with matplotlib.rc_context(
        {
            "font.family": list(families),
            "font.size": 9,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "text.parse_math": False,
        }
    ):
        figure = Figure(figsize=(6, 4), dpi=120, layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        painter(axes, *arguments)
        # Without the date and the library's version the same numbers give the same bytes. Figure.savefig would draw
        # twice.
        FigureCanvasAgg(figure).print_png(path, metadata={"Software": None})  # type: ignore[no-untyped-call]


def _readable(axis: "Axis") -> None:
    """Write the figures of an axis in full, few enough to stand beside each other."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def _predicted_vs_true(axes: "Axes", target: Any, prediction: Any, name: str) -> None:
    axes.scatter(target, prediction, s=6, alpha=0.25, color=ACCENT, linewidths=0)
    ends = [min(target.min(), prediction.min()), max(target.max(), prediction.max())]
    axes.plot(ends, ends, color=INK, linewidth=1, linestyle="--")
    _readable(axes.xaxis)
    _readable(axes.yaxis)
    shown = _shown(name)
    axes.set(xlabel=f"true {shown}", ylabel=f"predicted {shown}", title="Predicted against true, holdout")


def _residuals(axes: "Axes", residuals: Any, name: str) -> None:
    axes.hist(residuals, bins=60, color=ACCENT)
    axes.axvline(0, color=INK, linewidth=1, linestyle="--")
    _readable(axes.xaxis)
    _readable(axes.yaxis)
    axes.set(xlabel=f"predicted minus true {_shown(name)}", ylabel="rows", title="Residuals, holdout")


def _confusion(axes: "Axes", target: Any, prediction: Any, classes: Sequence[str]) -> None:
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    shares = confusion_matrix(target, prediction, labels=classes, normalize="true")
    # Of more classes than there is room for, those with the most rows.
    rows = target.value_counts()
    kept = sorted(sorted(range(len(classes)), key=lambda place: -rows.get(classes[place], 0))[:CLASSES])
    names = [_shown(str(classes[place])) for place in kept]
    ConfusionMatrixDisplay(shares[kept][:, kept], display_labels=names).plot(
        cmap="Blues", ax=axes, colorbar=False, include_values=len(kept) <= CELLS, values_format=".2f"
    )
    # Many or long names are turned; the picture grows until each has its line.
    figure = axes.get_figure(root=True)
    if figure and (len(kept) > 4 or max(map(charts.width, names)) > NAME / 2):
        axes.tick_params(axis="x", rotation=90)
        figure.set_size_inches(0.3 * len(kept) + 5, 0.3 * len(kept) + 3.5)
    some = f", the {CLASSES} largest classes" if len(kept) < len(classes) else ""
    axes.set_title(f"Share of each true class, holdout{some}")


def _roc(axes: "Axes", truth: Any, probability: Any, label: str) -> None:
    from sklearn.metrics import RocCurveDisplay

    if truth.nunique() == 2:
        RocCurveDisplay.from_predictions(truth, probability, ax=axes, plot_chance_level=True)
    axes.set_title(f"ROC for class {_shown(label)}, holdout")


def _precision_recall(axes: "Axes", truth: Any, probability: Any, label: str) -> None:
    from sklearn.metrics import PrecisionRecallDisplay

    if truth.nunique() == 2:
        PrecisionRecallDisplay.from_predictions(truth, probability, ax=axes, plot_chance_level=True)
    axes.set_title(f"Precision and recall for class {_shown(label)}, holdout")


def _calibration(axes: "Axes", truth: Any, probability: Any, subject: str) -> None:
    from sklearn.calibration import CalibrationDisplay

    CalibrationDisplay.from_predictions(truth, probability, n_bins=10, ax=axes, strategy="quantile")
    axes.set_title(f"Calibration for {subject}, holdout")


def _error_by_slice(axes: "Axes", table: "pd.DataFrame", column: str, config: ProjectConfig) -> None:
    target, prediction = table[config.columns.target], table["prediction"]
    if config.task == "regression":
        error, label = (prediction - target).abs(), "mean absolute error"
    else:
        error, label = (prediction != target).astype(float), "share of wrong classes"
    groups = error.groupby(slices.values(table[column]))
    means = groups.mean()[groups.size().sort_values(ascending=False).index[:20]]
    places = range(len(means))
    axes.barh(places, means.to_numpy()[::-1], color=ACCENT)
    axes.set_yticks(places, [_shown(name) for name in means.index[::-1]])
    _readable(axes.xaxis)
    axes.set(xlabel=label, ylabel=_shown(column), title="Error by slice, holdout (largest slices)")
