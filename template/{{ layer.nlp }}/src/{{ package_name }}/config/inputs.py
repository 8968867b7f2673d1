"""The sections of config/project.yml that describe texts: columns, preparation, labels, learner."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .items import ItemColumns, ItemInputs
from .network import Network, Whole
from .perturbations import TextRobustness
from .yaml_file import Section

Masked = Literal["url", "email", "iban", "card", "ip", "ssn", "phone", "handle"]
MASKED: tuple[Masked, ...] = ("url", "email", "iban", "card", "ip", "ssn", "phone", "handle")
FINE_TUNED, EMBEDDED = "model.transformer", "embedding"  # sections that name a base model
DERIVED = ("language", "length")  # columns that the annotate step adds
TABLES = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".parquet")
SUFFIXES = TABLES  # of data files, in lower case
LISTED: tuple[str, ...] = ()  # of files that a table above them lists
LISTING: tuple[str, ...] = ()  # of data files whose rows lie in other files
NESTED = False  # data files are directly in their folder
SLICE_RULE = "is neither listed in columns.categorical nor derived from a text (language, length)"


class Columns(ItemColumns):
    """The columns of the data by their role; all others are ignored."""

    DERIVED = DERIVED

    text: str

    @property
    def features(self) -> list[str]:
        """Names of the columns that the model sees: the text alone."""
        return [self.text]


class Texts(Section):
    """How a text is prepared, alike in training and serving.

    Args:
        mask: kinds of personal data that are replaced by a word in brackets, such as [EMAIL]; names stay.
        max_characters: characters that a text of an online request may hold.
        similar: share of common character 5-grams (Jaccard) from which on two texts are near duplicates.
        duplicates: whether near duplicates on both sides of the split are refused, or the later one of each pair is
            left out of training, wherever it is.
    """

    mask: list[Masked] = Field(default_factory=lambda: list(MASKED))
    max_characters: Annotated[int, Field(ge=100, le=1_000_000)] = 20_000
    similar: Annotated[float, Field(gt=0.5, le=1)] = 0.8
    duplicates: Literal["refuse", "drop"] = "refuse"


class Embedding(Section):
    """Texts as vectors, for monitors and for the choice of what people review.

    Args:
        components: length of a vector.
        base_model: a hub id or a local folder of a network whose vectors are taken; it needs the dependency group
            `deep`. Without one they are learned from the training texts: TF-IDF and a truncated SVD (Deerwester et al.
            1990).
        max_tokens: tokens that the base model reads of a text; the rest does not count.
    """

    components: Annotated[int, Field(ge=2, le=1024)] = 32
    base_model: str | None = None
    max_tokens: Annotated[int, Field(ge=8, le=8192)] = 128


class Transformer(Network):
    """The transformer family.

    Args:
        max_tokens: tokens of one window; a longer text is read in several.
        max_windows: windows of one text; what is beyond them is cut, and the answer says `truncated`.
        vocabulary: entries of the tokenizer of a model from scratch.
        width, layers, heads: of a model from scratch.
    """

    max_tokens: Annotated[int, Field(ge=8, le=8192)] = 64
    max_windows: Whole = 4
    vocabulary: Annotated[int, Field(ge=200)] = 8000
    width: Whole = 128
    layers: Whole = 2
    heads: Whole = 2


class Model(Section):
    """The learner.

    `linear` is a logistic regression on TF-IDF of character n-grams within words, so that any script works;
    `parameters` are those of scikit-learn's LogisticRegression. `transformer` needs the dependency group `deep`.
    """

    kind: Literal["linear", "transformer"] = "linear"
    ngrams: tuple[Whole, Whole] = (1, 4)
    words: bool = True  # words and pairs of words beside the character n-grams
    class_weights: Literal["none", "balanced"] = "none"
    parameters: dict[str, Any] = Field(default_factory=dict)
    transformer: Transformer = Transformer()

    @model_validator(mode="after")
    def _settings_fit(self) -> "Model":
        if self.ngrams[0] > self.ngrams[1]:
            raise ValueError(f"ngrams: {list(self.ngrams)} is refused: the shortest comes first")
        if self.kind == "transformer" and self.parameters:
            raise ValueError("parameters: are those of kind 'linear'; the transformer's are in model.transformer")
        return self


class Inputs(ItemInputs):
    """The sections about texts, their labels, the people who give them, and the learner."""

    columns: Columns
    texts: Texts = Texts()
    embedding: Embedding = Embedding()
    model: Model = Model()
    robustness: TextRobustness = TextRobustness()
