"""How a module runs as a command of its own, as every step does in Azure ML: its arguments and its ending."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar, get_args, get_type_hints

from .errors import UserError

Settings = TypeVar("Settings")


def settings(kind: type[Settings], argv: Sequence[str] | None = None) -> Settings:
    """Parse command-line arguments into a dataclass, whose fields are the inputs and outputs of the step.

    A field `override_reason: Annotated[str | None, "why ..."]` becomes the option `--override-reason`; a field that
    may be None may be left out. The docstring of the dataclass's module is the description in `--help`.

    Args:
        kind: a dataclass with fields of the form `Annotated[TYPE, "help text"]`.
        argv: the arguments; default: those of this process.
    """
    parser = argparse.ArgumentParser(description=sys.modules[kind.__module__].__doc__)
    hints: dict[str, Any] = get_type_hints(kind, include_extras=True)
    for each in fields(kind):  # type: ignore[arg-type]
        annotation, text = get_args(hints[each.name])
        optional = type(None) in get_args(annotation)
        value_type = get_args(annotation)[0] if optional else annotation
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=value_type, required=not optional, help=text)
    return kind(**vars(parser.parse_args(argv)))


def run(main: Callable[[], None]) -> None:
    """Call `main` with logging on; a user's mistake ends it with one message and its exit code, not a trace."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        main()
    except UserError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
