"""A pipeline of azureml/pipelines as plain data: its steps in order, and the source of each of their inputs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from ..figures import number

Scalar = str | int | float | bool
LITERALS = ("string", "integer", "number", "boolean")
FILES = ("uri_file",)
FOLDERS = ("uri_folder", "mltable", "mlflow_model", "triton_model")
EITHER = ("custom_model",)
# In double quotes, bash gives these a meaning of their own.
UNSAFE = frozenset('"$`\\')


@dataclass(frozen=True)
class Port:
    """An input: its Azure ML type, and the rules for its values."""

    type: str
    optional: bool = False
    default: Scalar | None = None  # for a path: relative to the project
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def is_literal(self) -> bool:
        return self.type in LITERALS

    def accepts(self, other: str) -> bool:
        """Return whether a value of type `other` may be given to this input."""
        if self.is_literal or other in LITERALS:
            return self.type == other or (self.type == "number" and other == "integer")
        return any({self.type, other} <= {*group, *EITHER} for group in (FILES, FOLDERS))

    def parse(self, value: object, where: str) -> Scalar:
        """Return `value`, or the text of it, as this input's type.

        Raises:
            UserError: it has another type, is out of range or is not among the choices; `where` opens the message.
        """
        result = _parse(self.type, value)
        if result is None:
            raise UserError(f"{where}: {value!r} is not of type {self.type}")
        if isinstance(result, str) and (not result or not result.isprintable() or UNSAFE & set(result)):
            raise UserError(f'{where}: {result!r} must have text on one line, without ", $, ` and \\')
        if self.choices and str(result) not in self.choices:
            raise UserError(f"{where}: {result!r} is none of {', '.join(self.choices)}")
        if isinstance(result, int | float) and not isinstance(result, bool):
            if self.minimum is not None and result < self.minimum:
                raise UserError(f"{where}: {result} is below the minimum, {number(self.minimum)}")
            if self.maximum is not None and result > self.maximum:
                raise UserError(f"{where}: {result} is above the maximum, {number(self.maximum)}")
        return result


@dataclass(frozen=True)
class Binding:
    """The source of an input: an input of the pipeline, an output of an earlier step, or else a literal value."""

    input: str | None = None
    step: str | None = None
    output: str | None = None
    value: Scalar | None = None


@dataclass(frozen=True)
class Step:
    """One job of the pipeline with its component. `component` and `code` are paths relative to the project."""

    name: str
    component: str
    command: str
    code: str
    environment: str
    deterministic: bool
    inputs: Mapping[str, Port]
    bindings: Mapping[str, Binding]
    outputs: Mapping[str, str]
    variables: Mapping[str, str]

    @property
    def needs(self) -> set[str]:
        """Names of the steps whose outputs this one reads."""
        return {binding.step for binding in self.bindings.values() if binding.step}


@dataclass(frozen=True)
class Graph:
    """A pipeline: its inputs by name, its steps, each after those that it needs."""

    name: str
    pipeline: str
    inputs: Mapping[str, Port]
    steps: tuple[Step, ...]

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Graph":
        """Undo `dataclasses.asdict`, also after a passage through JSON."""
        return cls(
            content["name"],
            content["pipeline"],
            {name: _port(port) for name, port in content["inputs"].items()},
            tuple(
                Step(
                    **step
                    | {
                        "inputs": {name: _port(port) for name, port in step["inputs"].items()},
                        "bindings": {name: Binding(**binding) for name, binding in step["bindings"].items()},
                    }
                )
                for step in content["steps"]
            ),
        )


def _port(content: Mapping[str, Any]) -> Port:
    return Port(**{**content, "choices": tuple(content["choices"])})


def _parse(kind: str, value: object) -> Scalar | None:
    """Return `value` as a literal of type `kind`, None if it is not one; a text that spells such a value is one."""
    text = value.strip() if isinstance(value, str) else None
    try:
        if kind == "string":
            return text if text is not None else None
        if kind == "boolean":
            return {"true": True, "false": False}.get(text.lower()) if text is not None else _instance(value, bool)
        if isinstance(value, bool):
            return None
        if kind == "integer":
            return int(text) if text is not None else _instance(value, int)
        number = float(text) if text is not None else float(_instance(value, (int, float)))
        return number if math.isfinite(number) else None
    except (ValueError, TypeError):
        return None


def _instance(value: object, kind: Any) -> Any:
    return value if isinstance(value, kind) else None
