"""What a registered model carries, so that a monitor far from its training run has something to compare with.

The files are named as in the output of the evaluate step, and hold less: of the rows that the model learned from only
what `observation` keeps of an input, the slices, the target and the answers. They hold no id.
"""

from pathlib import Path

import pandas as pd

from .. import models, predictions
from ..config.project import ProjectConfig
from ..observation import observe
from ..records import Metrics

FOLDER = "monitoring"  # in the model's folder
REFERENCE, HELD_OUT = "reference.parquet", "predictions.parquet"


def keep(evaluation: Path, model: models.Model, config: ProjectConfig, folder: Path) -> None:
    """Write into `folder` what a monitor reads of the output of the evaluate step."""
    reference = pd.read_parquet(evaluation / REFERENCE)
    columns = config.columns
    answers = [name for name in reference if _is_answer(name)]
    beside = [name for name in (*config.slices, columns.target, *answers) if name in reference]
    observed = observe(model, reference)
    unseen = [name for name in observed if name not in beside and (name != columns.id or name in columns.features)]
    folder.mkdir(parents=True, exist_ok=True)
    observed[unseen].join(reference[beside]).to_parquet(folder / REFERENCE, index=False)
    held_out = pd.read_parquet(evaluation / HELD_OUT)
    wanted = [name for name in held_out if _is_answer(name)]
    held_out[wanted].to_parquet(folder / HELD_OUT, index=False)
    Metrics.load(evaluation).save(folder)


def _is_answer(name: object) -> bool:
    return name == predictions.PREDICTION or str(name).startswith(predictions.PROBABILITY)
