"""The sections of config/project.yml about people in the loop: the labels they choose from, and what they review."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .yaml_file import Section

Share = Annotated[float, Field(ge=0, le=1)]


def _as_label(value: Any) -> Any:
    # YAML reads the label `true` as a boolean and `1` as a number; labels are text.
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else value


Name = Annotated[str, BeforeValidator(_as_label), Field(min_length=1, max_length=200)]


class Labels(Section):
    """The labels that people choose from.

    Args:
        names: the labels, in the order in which they are shown; None for those of the training data.
        renamed: old name -> new name, applied whenever labels are merged.
    """

    names: list[Name] | None = None
    renamed: dict[Name, Name] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Labels":
        names = self.names or []
        if self.names is not None and len(names) < 2:
            raise ValueError(f"names: {names} is refused: people need at least two labels to choose from")
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"names: {twice!r} is listed twice")
        for old, new in self.renamed.items():
            if new in self.renamed:
                raise ValueError(f"renamed: {old!r} becomes {new!r}, which is renamed too: name the last one directly")
            if old in names:
                raise ValueError(f"renamed: {old!r} is still listed in names")
        return self


class Review(Section):
    """What people review.

    The shares of a queue are drifted 40 %, uncertain 40 %, random 20 %: more accurate after retraining than either
    alone, and the random rows measure the accuracy in production.

    Args:
        budget: items in one queue.
        random: share of the queue that is chosen by chance; these items alone estimate the accuracy in production.
        drifted: share of the queue that is most unlike the training data; the rest is where the model is least sure.
        double: share of the random items that a second person labels too.
        agreement: least agreement between people (kappa or alpha) at a merge; below it the merge warns.
        download_mb: megabytes that a review in Azure may read of a window; of a larger one files are drawn by chance.
        keep_inputs: whether online requests are kept for review: none, or a share of them.
        kept_share: that share.
        retention_days: days for which they are kept.
    """

    budget: Annotated[int, Field(ge=5, le=100_000)] = 60
    random: Annotated[float, Field(ge=0.1, le=1)] = 0.2
    drifted: Share = 0.4
    double: Share = 1.0  # at the usual budget 12 pairs; half of them would tell nothing of the agreement
    agreement: Annotated[float, Field(ge=0, lt=1)] = 0.6
    download_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    keep_inputs: Literal["none", "share"] = "none"
    kept_share: Annotated[float, Field(gt=0, le=1)] = 0.01
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30

    @model_validator(mode="after")
    def _shares_fit(self) -> "Review":
        if self.random + self.drifted > 1:
            raise ValueError(f"random and drifted are {self.random + self.drifted:g} of the queue together: at most 1")
        return self
