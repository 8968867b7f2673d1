"""Step 5: does the model serve every slice alike? Writes the slices and the model card."""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import entry, metrics
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..files import atomic_write, read_json, write_json
from ..reporting.model_card import model_card

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Paths of the inputs and of the folder to write."""

    config: Path
    evaluation: Path
    model: Path
    training: Path
    responsible_ai: Path


def slices(table: "pd.DataFrame", config: ProjectConfig, classes: list[str] | None) -> dict[str, Any]:
    """Metrics of each value of each slice column, and the gap between the best and the worst value.

    Grouping is fairlearn's MetricFrame. A value with fewer than `gate.slice_rows` rows is listed (`counted` false)
    but left out of the gap: its figure is mostly noise.

    Args:
        table: the holdout with slice columns, target, `prediction` and `probability_<class>` columns.
        config: names the slice columns and the metric.
        classes: the class labels in order, None for a regression.
    """
    columns = {name: _groups(table, name, config, classes) for name in config.slices}
    return {
        "metric": config.metric.name,
        "direction": config.metric.direction,
        "limit": config.gate.maximum_slice_gap,
        "minimum_rows": config.gate.slice_rows,
        "largest_gap": max((column["gap"] for column in columns.values()), default=0.0),
        "columns": columns,
    }


def _groups(table: "pd.DataFrame", column: str, config: ProjectConfig, classes: list[str] | None) -> dict[str, Any]:
    import numpy as np
    from fairlearn.metrics import MetricFrame, count

    probabilities = table[[f"probability_{label}" for label in classes]].to_numpy() if classes else None
    labels = np.array(classes, dtype=object) if classes else None

    # fairlearn slices plain arrays, so the rows are handed over by position.
    def measure(target: Any, position: Any) -> dict[str, float]:
        rows = np.asarray(position, dtype=int)
        proba = None if probabilities is None else probabilities[rows]
        return metrics.score(config.task, np.asarray(target), predicted[rows], proba, labels)

    predicted = table["prediction"].to_numpy()
    values = table[column].astype(object).where(table[column].notna(), "(missing)")
    if column in config.columns.boolean:
        values = values.replace({1.0: "true", 0.0: "false"})
    frame = MetricFrame(
        metrics={"scores": measure, "rows": count},
        y_true=table[config.columns.target].to_numpy(),
        y_pred=np.arange(len(table)),
        sensitive_features=values.astype(str).rename(column),
    )
    groups = []
    for value, row in frame.by_group.iterrows():
        rows = int(row["rows"])
        counted = rows >= config.gate.slice_rows
        groups.append({"value": value, "rows": rows, "counted": counted, "metrics": row["scores"]})
    name = config.metric.name
    figures = [group["metrics"][name] for group in groups if group["counted"] and name in group["metrics"]]
    groups.sort(key=lambda group: -group["rows"])
    return {"gap": float(max(figures) - min(figures)) if figures else 0.0, "groups": groups}


def main(argv: Sequence[str] | None = None) -> None:
    """Write slices.json and the model card as Markdown and HTML."""
    import pandas as pd

    settings = Settings(**vars(_parser().parse_args(argv)))
    config = load_config(settings.config)
    table = pd.read_parquet(settings.evaluation / "predictions.parquet")
    evaluation = read_json(settings.evaluation / "metrics.json")
    training = read_json(settings.training / "training.json")
    contract = read_json(settings.model / "contract.json")
    content = slices(table, config, contract["classes"])
    write_json(settings.responsible_ai / "slices.json", content)
    markdown, html = model_card(config, contract, training, evaluation, content)
    atomic_write(settings.responsible_ai / "model_card.md", markdown)
    atomic_write(settings.responsible_ai / "model_card.html", html)
    log.info("largest gap between slices %.4g (limit %.4g)", content["largest_gap"], content["limit"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="config/project.yml")
    parser.add_argument("--evaluation", type=Path, required=True, help="folder with metrics and predictions")
    parser.add_argument("--model", type=Path, required=True, help="the challenger's model folder")
    parser.add_argument("--training", type=Path, required=True, help="folder with training.json")
    parser.add_argument("--responsible-ai", type=Path, required=True, help="folder for slices and model card")
    return parser


if __name__ == "__main__":
    entry.run(main)
