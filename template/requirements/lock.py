"""Bring the locks in line with pyproject.toml: uv.lock first, then the lists with hashes that images and CI install.

Usage, in the project's folder:
  uv run --no-project python requirements/lock.py              move only the versions that the bounds no longer allow
  uv run --no-project python requirements/lock.py --upgrade    take the newest versions that the bounds allow

The options are those of `uv lock`, such as `--upgrade-package mlflow`.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent / "pyproject.toml"
LAYOUT = ["--quiet", "--no-header", "--no-annotate"]
EXPORT = ["uv", "export", *LAYOUT, "--frozen", "--no-default-groups", "--no-emit-project", "--output-file"]
# Lock -> the dependency groups in it. A project without a group has no lock for it.
EXPORTED = {
    "train": ["--group", "training"],
    "serving": ["--only-group", "serving"],
    "ci": ["--only-group", "ci"],
    "deep": ["--group", "training", "--group", "deep"],
}
COMPILE = ["uv", "pip", "compile", *LAYOUT, "--universal", "--python-version", "3.11", "--generate-hashes"]
COMPILE += ["--no-emit-index-url", "--no-emit-find-links"]


def main(options: list[str]) -> None:
    run("uv", "lock", *options)
    known = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["dependency-groups"]
    for name, groups in EXPORTED.items():
        if all(group in known for group in groups if not group.startswith("--")):
            run(*EXPORT, lock(name), *groups)
    # Resolved apart from uv.lock; batch with its versions where both have a package.
    apart = {"batch": ["--group", f"{PROJECT}:serving", "--constraint", lock("serving")], "copier": [], "checkov": []}
    for name, more in apart.items():
        if (HERE / f"{name}.in").is_file():
            run(*COMPILE, str(HERE / f"{name}.in"), *more, "--output-file", lock(name), *options)


def lock(name: str) -> str:
    return str(HERE / f"{name}.lock.txt")


def run(*command: str) -> None:
    result = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.DEVNULL)
    if result.returncode:
        sys.exit(result.returncode)  # uv has said why


if __name__ == "__main__":
    main(sys.argv[1:])
