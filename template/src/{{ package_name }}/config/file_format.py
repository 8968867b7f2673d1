"""The section `files` of config/project.yml: how data files are written."""

import codecs
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from .yaml_file import Section


class Files(Section):
    """How data files are written. Parquet needs none of it but `missing` and `without_target`.

    Args:
        separator: the character between two values of a CSV file; "\\t" for a tabulator.
        decimal: the character before the decimals of a number.
        encoding: of CSV files, as Python names it: utf-8, cp1252 (Windows), utf-16.
        missing: words that stand for a missing value; an empty value always does.
        without_target: whether training refuses rows that have no target, or drops and counts them.
    """

    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    missing: list[str] = Field(default_factory=lambda: ["NA", "N/A", "NaN", "nan", "null", "NULL", "None"])
    without_target: Literal["refuse", "drop"] = "refuse"

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"{value!r} is no encoding; use utf-8, cp1252 (Windows), latin-1 or utf-16") from None
        return value

    @model_validator(mode="after")
    def _characters_differ(self) -> "Files":
        if self.separator == self.decimal:
            raise ValueError(f"separator and decimal are both {self.decimal!r}: no reader could tell them apart")
        if self.separator in '"\r\n':
            raise ValueError(f"separator: {self.separator!r} already has a meaning in CSV files; use ',', ';' or '\\t'")
        return self
