"""The sections of the report that show the model at work on this kind of data: of tables, the importance of columns."""

from markupsafe import Markup

from ..records import Examples, Metrics
from .html import bar, number, table

SHOWN = 12
INTROS = {"What matters most": "How much worse the metric becomes when one column is shuffled."}


def sections(metrics: Metrics, shown: Examples | None) -> dict[str, Markup]:
    """Return title -> block; INTROS holds an opening sentence for each."""
    return {"What matters most": _importance(metrics)}


def _importance(metrics: Metrics) -> Markup:
    found = metrics.importance[:SHOWN]
    largest = max((item.mean for item in found), default=0.0)
    loss = f"{metrics.metric} worse by"
    rows = [(item.feature, number(item.mean), bar(item.mean, largest)) for item in found]
    return table("Permutation importance on the holdout", ["feature", loss, " "], rows, [loss])
