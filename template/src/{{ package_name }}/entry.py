"""How a module ends that runs as a command of its own, as every step does in Azure ML."""

import logging
import sys
from collections.abc import Callable

from .errors import UserError


def run(main: Callable[[], None]) -> None:
    """Call `main` with logging on; a user's mistake ends it with one message and its exit code, not a trace."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        main()
    except UserError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
