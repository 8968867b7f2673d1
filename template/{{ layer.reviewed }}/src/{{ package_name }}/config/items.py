"""The sections of config/project.yml that items of any kind have: columns, labels, and the people who give them."""

from abc import abstractmethod
from collections import Counter
from typing import Any, ClassVar

from pydantic import Field, model_validator

from .review import Labels, Review
from .yaml_file import Section


class ItemColumns(Section):
    """The columns of the data by their role; all others are ignored."""

    DERIVED: ClassVar[tuple[str, ...]]  # columns for slices that no file holds
    ADDED: ClassVar[tuple[str, ...]] = ()  # further columns that this project adds

    target: str
    id: str | None = None
    time: str | None = None
    group: str | None = None
    categorical: list[str] = Field(default_factory=list)

    @property
    @abstractmethod
    def features(self) -> list[str]:
        """Names of the columns that the model sees: the one of the items."""

    @property
    def sliceable(self) -> list[str]:
        """Names of the columns that `slices` may list."""
        return [*self.categorical, *self.DERIVED]

    @model_validator(mode="after")
    def _each_column_once(self) -> "ItemColumns":
        # One column may be id, time and group; a group may be a category too, such as an author or a camera.
        shared = {name for name in (self.id, self.time, self.group) if name is not None} - {*self.categorical}
        named = [self.target, *self.features, *shared, *self.categorical]
        twice = [name for name, count in Counter(named).items() if count > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} is listed twice: a column has one role")
        for name in (*self.DERIVED, *self.ADDED):
            if name in named:
                raise ValueError(f"{name!r} is the name of a column that this project adds; rename yours")
        return self


class ItemInputs(Section):
    """The sections about the labels of items and the people who give them."""

    labels: Labels = Labels()
    review: Review = Review()

    @model_validator(mode="before")
    @classmethod
    def _one_class_for_each_item(cls, content: Any) -> Any:
        if isinstance(content, dict) and content.get("task") == "regression":
            raise ValueError("task: 'regression' is refused: an item gets a class here")
        return content
