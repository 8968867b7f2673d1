"""How columns become numbers: fitted with the model and saved inside it, so training and scoring cannot differ."""

from typing import TYPE_CHECKING, Any

from .config.inputs import Columns
from .records import Contract

if TYPE_CHECKING:
    import pandas as pd
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


def few_rows(transformer: "ColumnTransformer", contract: Contract) -> "FewRows | None":
    """Return the quick encoding of a fitted transformer, None for one that was built in another way."""
    import warnings

    import numpy as np
    import pandas as pd

    example = pd.DataFrame(
        {
            each.name: np.array([(each.categories or [None])[0], None, "\0unseen"], dtype=object)
            if each.kind == "categorical"
            else [each.minimum or 0.0, np.nan, each.maximum or 1.0]
            for each in contract.features
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        expected = transformer.transform(example)
    try:
        found = FewRows(transformer)
        ours, theirs = (each.toarray() if found.sparse else each for each in (found.transform(example), expected))
        return found if np.array_equal(ours, theirs, equal_nan=True) else None
    except (AttributeError, IndexError, TypeError, ValueError):
        return None


class FewRows:
    """The encoding of a fitted transformer by look-up, for a request of few rows.

    scikit-learn takes milliseconds to find its columns in a frame, however few the rows are. The codes come from the
    transformer itself, so both ways give the same numbers.
    """

    def __init__(self, transformer: "ColumnTransformer") -> None:
        self.sparse = transformer.sparse_output_
        self.parts: list[tuple[list[str], Any]] = []
        for name, part, columns in transformer.transformers_:
            if name == "categorical":
                self.parts.append((columns, _codes(part)))
            elif name != "remainder":
                self.parts.append((columns, part if hasattr(part, "steps") else None))

    def transform(self, frame: "pd.DataFrame") -> Any:
        """Return what the transformer returns for `frame`: float64 (rows, outputs), sparse where that is."""
        import numpy as np

        blocks = []
        for columns, part in self.parts:
            if isinstance(part, list):
                for column, (codes, unseen) in zip(columns, part, strict=True):
                    values = frame[column].tolist()
                    blocks.append(np.array([codes.get(_key(value), unseen) for value in values]))
                continue
            block = np.column_stack([frame[column].to_numpy("float64") for column in columns])
            if part is not None:
                imputer, scaler = part[0], part[1]
                block = (np.where(np.isnan(block), imputer.statistics_, block) - scaler.mean_) / scaler.scale_
            blocks.append(block)
        dense = np.hstack(blocks)
        if not self.sparse:
            return dense
        from scipy.sparse import csr_matrix

        return csr_matrix(dense)


def _key(value: Any) -> Any:
    return "\0nan" if value != value else value  # NaN is not equal to itself, so no dictionary finds it


def _codes(encoder: Any) -> "list[tuple[dict[Any, Any], Any]]":
    """Return the codes of each category, and of an unseen one, for each column of an encoder of categories."""
    import warnings

    import numpy as np
    import pandas as pd

    rows = max(map(len, encoder.categories_)) + 1
    padded = [[*categories, *["\0unseen"] * (rows - len(categories))] for categories in encoder.categories_]
    table = pd.DataFrame(dict(zip(encoder.feature_names_in_, padded, strict=True)), dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a category is unknown is the point here
        encoded = encoder.transform(table)
    encoded = encoded.toarray() if hasattr(encoded, "toarray") else encoded
    widths = getattr(encoder, "_n_features_outs", [1] * len(padded))
    parts = np.split(encoded, np.cumsum(widths)[:-1], axis=1)
    return [
        (dict(zip(map(_key, categories), part, strict=False)), part[-1])
        for categories, part in zip(encoder.categories_, parts, strict=True)
    ]
