"""What every benchmark does around its measurement: options, JSON, exit status, and a copy of the project."""

import argparse
import json
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

NOT_COPIED = shutil.ignore_patterns("outputs", ".venv", ".git", "__pycache__", ".*_cache")


def options(text: str | None, project: str) -> argparse.ArgumentParser:
    """Return a parser of the options that all benchmarks have.

    Args:
        text: the benchmark's docstring.
        project: what kind of project it takes.
    """
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path, help=project)
    parser.add_argument("--out", type=Path, help="file for the JSON too")
    return parser


def finish(result: dict[str, Any], out: Path | None) -> None:
    """Print a result as JSON, write it to `out`, and end with 1 if one of its `checks` is beyond its limit."""
    text = json.dumps(result, indent=2)
    print(text)
    if out:
        out.write_text(text + "\n", encoding="utf-8")
    sys.exit(any(check["value"] > check["limit"] for check in result["checks"]))


def package_of(project: Path) -> str:
    """Return the package that the project's `mlops` command belongs to."""
    content = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return str(content["project"]["scripts"]["mlops"]).partition(".")[0]
