"""Explanation of a model: how much worse it gets without the information of one column."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import models, predictions
from .config.project import ProjectConfig
from .records import Importance

if TYPE_CHECKING:
    import pandas as pd

ROWS = 2_000
REPEATS = 3


@dataclass(frozen=True)
class _Estimator:
    """A model in the form that scikit-learn asks for; nothing calls `fit`."""

    model: models.Model

    def fit(self, *_: object) -> None:
        raise NotImplementedError


def explain(model: models.Model, frame: "pd.DataFrame", config: ProjectConfig) -> tuple[Importance, ...]:
    """Return the permutation importance of each feature on at most `ROWS` rows, most important first.

    `mean` is how much worse the metric gets when one column is shuffled, in the unit of the metric
    (Breiman 2001, as implemented by scikit-learn), `std` its spread over the shuffles. The model is asked for
    predictions only, so any learner can be explained.

    Args:
        model: the model to explain.
        frame: labelled rows that the model has not learned from.
        config: names the features, the target and the metric.
    """
    from sklearn.inspection import permutation_importance

    sample = frame.sample(min(len(frame), ROWS), random_state=config.seed)
    columns, name = config.columns, config.metric.name
    sign = -1.0 if config.metric.direction == "minimize" else 1.0

    def score(estimator: _Estimator, inputs: "pd.DataFrame", target: Any) -> float:
        table = predictions.predict(estimator.model, inputs).assign(**{columns.target: target})
        return sign * predictions.score(table, columns.target, model.contract.classes)[name]

    result = permutation_importance(
        _Estimator(model),
        sample[columns.features],
        sample[columns.target],
        scoring=score,
        n_repeats=REPEATS,
        random_state=config.seed,
    )
    rows = zip(columns.features, result.importances_mean, result.importances_std, strict=True)
    found = [Importance(feature, float(mean), float(std)) for feature, mean, std in rows]
    return tuple(sorted(found, key=lambda row: -row.mean))
