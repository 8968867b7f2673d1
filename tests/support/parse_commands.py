"""Parse command lines against the project's own `mlops` and run none: one JSON list of words a line of standard input.

Usage: python parse_commands.py PACKAGE < lines, in the folder that holds the package
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import typer.main


def parse(command: Any, words: list[str]) -> None:
    """Raise what the command line breaks; go down groups as the command does."""
    context = command.make_context("mlops", list(words))
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)


sys.path.insert(0, str(Path.cwd()))  # the folder of the package: it need not be installed
root = typer.main.get_command(importlib.import_module(f"{sys.argv[1]}.cli").app)
failed = 0
for line in sys.stdin:
    try:
        parse(root, json.loads(line))
    except Exception as error:  # of whatever library typer is built on
        failed = 1
        print(f"{line.strip()}: {type(error).__name__}: {error}")
sys.exit(failed)
