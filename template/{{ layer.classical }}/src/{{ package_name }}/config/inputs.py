"""The sections of config/project.yml that describe tables: the roles of columns, and the learner."""

from collections import Counter
from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .yaml_file import Section

Kind = Literal["numeric", "categorical", "boolean", "time"]
Part = Literal["year", "month", "weekday", "hour", "elapsed"]
SUFFIXES = (".csv", ".csv.gz", ".parquet")  # of data files, in lower case
LISTING: tuple[str, ...] = ()  # of data files whose rows lie in other files
NESTED = False  # data files are directly in their folder
SLICE_RULE = "is not a categorical or boolean column"


class Columns(Section):
    """The columns of the table by their role; all others are ignored."""

    target: str
    id: str | None = None
    time: str | None = None
    group: str | None = None
    numeric: list[str] = Field(default_factory=list)
    categorical: list[str] = Field(default_factory=list)
    boolean: list[str] = Field(default_factory=list)
    dates: dict[str, Annotated[list[Part], Field(min_length=1)]] = Field(default_factory=dict)

    @property
    def features(self) -> list[str]:
        """Names of the columns that the model sees, in its order."""
        return [*self.numeric, *self.categorical, *self.boolean, *self.dates]

    @property
    def sliceable(self) -> list[str]:
        """Names of the columns that `slices` may list."""
        return [*self.categorical, *self.boolean]

    def kind(self, feature: str) -> Kind:
        """Return the kind of a feature."""
        if feature in self.numeric:
            return "numeric"
        if feature in self.dates:
            return "time"
        return "categorical" if feature in self.categorical else "boolean"

    def only(self, features: Collection[str]) -> "Columns":
        """Return the same roles with these features alone."""
        kept: dict[str, Any] = {
            kind: [name for name in getattr(self, kind) if name in features]
            for kind in ("numeric", "categorical", "boolean")
        }
        dates = {name: parts for name, parts in self.dates.items() if name in features}
        return self.model_copy(update=kept | {"dates": dates})

    @model_validator(mode="after")
    def _each_column_once(self) -> "Columns":
        if not self.features:
            raise ValueError(
                "numeric, categorical, boolean and dates are all empty: the model needs at least one feature"
            )
        # One column may be the id, the time and a date feature at once: a monthly table has no other key. A group may
        # be a feature, such as a shop.
        shared = {name for name in (self.id, self.time, *self.dates) if name is not None}
        if self.group == self.target:
            raise ValueError(f"{self.group!r} is target and group: the side of a row must not depend on its target")
        roles = [self.target, *shared, *self.numeric, *self.categorical, *self.boolean]
        twice = sorted(name for name, count in Counter(roles).items() if count > 1)
        if twice:
            raise ValueError(f"{twice[0]!r} is listed twice: a column has one role")
        if "" in roles:
            raise ValueError("a column without a name cannot be used: give it one in the file's first line")
        for name, parts in self.dates.items():
            if len(set(parts)) < len(parts):
                raise ValueError(f"dates: {name!r} lists a part twice")
        return self


class Model(Section):
    """The learner, and its parameters as scikit-learn or LightGBM name them.

    `auto` compares the linear and the boosted model on folds of the training part and takes the better one;
    the holdout plays no part in that choice. Of two that are one standard error of the folds apart or less it takes
    the linear one. `class_weights: balanced` gives each class the same weight in the fit. `target: log` fits
    log(1 + target) and answers in the target's own unit, for targets of a long right tail.
    """

    kind: Literal["auto", "hist_gradient_boosting", "lightgbm", "linear"] = "auto"
    parameters: dict[str, Any] = Field(default_factory=dict)
    class_weights: Literal["none", "balanced"] = "none"
    target: Literal["none", "log"] = "none"


class Inputs(Section):
    """The sections about tables and the learner."""

    columns: Columns
    model: Model = Model()
