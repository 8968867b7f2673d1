"""Explanation of a model: how much worse it gets without the information of one column."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import metrics, models, predictions
from .config.project import ProjectConfig
from .records import Example, Importance

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
    predictions only, so any learner can be explained. Each class keeps at least one row. Nothing is returned if the
    rows do not define the metric.

    Args:
        model: the model to explain.
        frame: labelled rows that the model has not learned from.
        config: names the features, the target and the metric.
    """
    import pandas as pd
    from sklearn.inspection import permutation_importance

    sample = frame.sample(min(len(frame), ROWS), random_state=config.seed)
    columns, name = config.columns, config.metric.name
    sign = -1.0 if config.metric.direction == "minimize" else 1.0
    if config.task == "classification":
        rare = frame[~frame[columns.target].isin(sample[columns.target])].drop_duplicates(columns.target)
        sample = pd.concat([sample, rare])

    def figures(inputs: "pd.DataFrame", target: Any) -> dict[str, float]:
        labels = predictions.labels(model.contract.classes)
        # A figure looks at the probabilities or at the answers: the other ones are not asked for.
        chances = model.predict_proba(inputs) if name in metrics.OF_KNOWN_CLASSES else None
        answers = model.predict(inputs) if chances is None else target
        return metrics.score(config.task, target, answers, chances, labels, model.contract.positive, (name,))

    def score(estimator: _Estimator, inputs: "pd.DataFrame", target: Any) -> float:
        return sign * figures(inputs, target)[name]

    if name not in figures(sample[columns.features], sample[columns.target].to_numpy()):
        return ()
    result = permutation_importance(
        _Estimator(model),
        sample[columns.features],
        sample[columns.target].to_numpy(),
        scoring=score,
        n_repeats=REPEATS,
        random_state=config.seed,
    )
    rows = zip(columns.features, result.importances_mean, result.importances_std, strict=True)
    found = [Importance(feature, float(mean), float(std)) for feature, mean, std in rows]
    return tuple(sorted(found, key=lambda row: -row.mean))


def examples(
    model: models.Model, frame: "pd.DataFrame", answers: "pd.DataFrame", config: ProjectConfig
) -> tuple[Example, ...]:
    """Return no rows to look at: single rows of a table say little."""
    return ()
