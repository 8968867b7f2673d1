"""How columns become numbers: fitted with the model and saved inside it, so training and scoring cannot differ."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .config.inputs import Columns, Part

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from sklearn.compose import ColumnTransformer

# Histogram-based trees bin a feature into at most 255 values, one of which means "missing".
MAX_CATEGORIES = 254
# In the linear model a category seen less often shares one column with the other rare ones.
MIN_FREQUENCY = 5


def date_parts(frame: "pd.DataFrame", dates: Mapping[str, Sequence[Part]]) -> "npt.NDArray[Any]":
    """Return the parts of date columns, float64 (rows, parts), in UTC; a missing date is NaN in each of its parts.

    A weekday counts from Monday = 0, an hour is 0 to 23; `elapsed` is in days since 1970-01-01. A saved pipeline
    refers to this function by name.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"day": pd.to_datetime(["2024-03-01T18:00Z", None])})
    >>> date_parts(frame, {"day": ["year", "month", "weekday", "hour", "elapsed"]}).tolist()
    [[2024.0, 3.0, 4.0, 18.0, 19783.75], [nan, nan, nan, nan, nan]]
    """
    import numpy as np
    import pandas as pd

    def values(times: "pd.Series", part: Part) -> "npt.NDArray[Any]":
        if part == "elapsed":
            found = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
        else:
            found = getattr(times.dt, part)
        return found.to_numpy("float64", na_value=np.nan)

    return np.column_stack([values(frame[name], part) for name, parts in dates.items() for part in parts])


def for_trees(columns: Columns) -> "ColumnTransformer":
    """Encode categories as codes and leave numbers as they are; missing and unseen values are NaN, which trees handle.

    The output is float64 (rows, columns), in the order of `Columns.features`, with one column for each part of a date.
    """
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=MAX_CATEGORIES,
    )
    parts: list[tuple[str, Any, list[str]]] = [
        ("numeric", "passthrough", columns.numeric),
        ("categorical", codes, columns.categorical),
        ("boolean", "passthrough", columns.boolean),
        ("dates", FunctionTransformer(date_parts, kw_args={"dates": columns.dates}), list(columns.dates)),
    ]
    return ColumnTransformer([part for part in parts if part[2]])


def for_linear(columns: Columns) -> "ColumnTransformer":
    """Scale numbers, with gaps filled by the mean, and encode categories one-hot; an unseen category is all zeros."""
    from sklearn.base import clone
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    # The imputer has made a copy of its own, which may be scaled in place.
    scaled = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(copy=False))
    dates = FunctionTransformer(date_parts, kw_args={"dates": columns.dates})
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=MIN_FREQUENCY)
    parts: list[tuple[str, Any, list[str]]] = [
        ("numeric", scaled, [*columns.numeric, *columns.boolean]),
        ("categorical", one_hot, columns.categorical),
        ("dates", make_pipeline(dates, clone(scaled)), list(columns.dates)),
    ]
    return ColumnTransformer([part for part in parts if part[2]])
