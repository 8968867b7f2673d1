"""The `mlops` command. Each command imports what it needs when it runs, so that help is instant."""

import logging
import sys
from collections.abc import Callable

import typer

from ..errors import UserError
from . import azure, infra, local, template

EXIT_CODES = (
    "Exit codes: 0 done; 1 a bug; 2 a mistake in a file, an argument or the data; 3 the gate refused the model;"
    " 4 a monitor found a breach; 5 a step failed; 130 interrupted."
)

app = typer.Typer(
    name="mlops",
    help="Train, gate, serve, score and monitor this project's model.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(local.app)
app.add_typer(infra.app, name="infra")
app.add_typer(azure.app, name="azure")
app.add_typer(template.app, name="template")


def main(command: Callable[[], object] = app) -> None:
    """Run a command; a user's mistake ends it with one message and its exit code, anything else with a trace."""
    # Commands print what concerns the user; without a handler, Python would print each warning of the log as well.
    logging.getLogger(__name__.partition(".")[0]).addHandler(logging.NullHandler())
    try:
        command()
    except UserError as error:
        typer.echo(f"{error.label}: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
