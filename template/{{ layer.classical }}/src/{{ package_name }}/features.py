"""How columns become numbers: fitted with the model and saved inside it, so training and scoring cannot differ."""

from typing import TYPE_CHECKING, Any

from .config.inputs import Columns

if TYPE_CHECKING:
    from sklearn.compose import ColumnTransformer

# Histogram-based trees bin a feature into at most 255 values, one of which means "missing".
MAX_CATEGORIES = 254
# In the linear model a category seen less often shares one column with the other rare ones.
MIN_FREQUENCY = 5


def for_trees(columns: Columns) -> "ColumnTransformer":
    """Encode categories as codes and leave numbers as they are; missing and unseen values are NaN, which trees handle.

    The output is float64 (rows, features), in the order of `Columns.features`.
    """
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OrdinalEncoder

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
    ]
    return ColumnTransformer([part for part in parts if part[2]])


def for_linear(columns: Columns) -> "ColumnTransformer":
    """Scale numbers, with gaps filled by the mean, and encode categories one-hot; an unseen category is all zeros."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    # The imputer has made a copy of its own, which may be scaled in place.
    scaled = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(copy=False))
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=MIN_FREQUENCY)
    parts: list[tuple[str, Any, list[str]]] = [
        ("numeric", scaled, [*columns.numeric, *columns.boolean]),
        ("categorical", one_hot, columns.categorical),
    ]
    return ColumnTransformer([part for part in parts if part[2]])
