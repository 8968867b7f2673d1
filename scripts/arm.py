"""Compile the Bicep layer to the JSON of the ARM layer: `make arm`, after each change of the layer or its tables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
BICEP_LAYER = ROOT / "template/{{ layer.bicep }}/infra"
ARM_LAYER = ROOT / "template/{{ layer.arm }}/infra"
# The one place that holds the compiler's version: also rendered projects and their CI read it.
VERSION = ROOT / "template/{{ layer.resource_manager }}/infra/.bicep-version"

# Every stack is rendered; nothing else in infra/ varies with the answers.
EVERYTHING = {"iac": "bicep", "network": "isolated", "serving": "[online, batch, kubernetes]"}

_NAME = re.compile(r"(main|registry|network|cluster|endpoint)\.bicep\b")


def compiler() -> str | None:
    """Return the path of the Bicep compiler: the variable BICEP, PATH, or where the Azure CLI installs it."""
    names = (os.environ.get("BICEP"), "bicep", Path.home() / ".azure/bin/bicep")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def run(bicep: str, *arguments: str) -> str:
    variables = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run([bicep, *arguments], capture_output=True, text=True, check=False, env=variables)
    if done.returncode:
        raise SystemExit(f"bicep {' '.join(arguments)}\n{done.stderr}")
    return done.stdout


def version(bicep: str) -> str:
    """Return the compiler's version, such as 0.49.2."""
    found = re.search(r"\d+\.\d+\.\d+", run(bicep, "--version"))
    if not found:
        raise SystemExit("the Bicep compiler does not tell its version")
    return found[0]


def recorded() -> str:
    return VERSION.read_text().strip()


def stacks() -> Iterator[tuple[str, str]]:
    """Yield each stack's name, and the name of its JSON in the layer: the same condition renders it as its Bicep."""
    for path in sorted(BICEP_LAYER.iterdir()):
        found = _NAME.search(path.name)
        if found:
            yield found[1], path.name.replace(".bicep", ".json")


def compiled(bicep: str, infra: Path, stack: str, folder: Path) -> bytes:
    """Return the JSON of a stack of a rendered infra/."""
    target = folder / f"{stack}.json"
    run(bicep, "build", str(infra / f"{stack}.bicep"), "--outfile", str(target))
    return target.read_bytes()


def main() -> None:
    bicep = compiler()
    if bicep is None:
        raise SystemExit(f"the Bicep compiler is missing: az bicep install --version v{recorded()}")
    found = version(bicep)
    with tempfile.TemporaryDirectory() as folder:
        answers = {**EVERYTHING, "name_suffix": "x7k2"}
        data = [word for name, value in answers.items() for word in ("--data", f"{name}={value}")]
        command = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--quiet", "--vcs-ref", "HEAD"]
        source = ["--data-file", str(ROOT / "scenarios/classical/answers.yml"), str(ROOT), f"{folder}/project"]
        subprocess.run([*command, *data, *source], check=True)
        ARM_LAYER.mkdir(parents=True, exist_ok=True)
        for stack, name in stacks():
            content = compiled(bicep, Path(folder) / "project/infra", stack, Path(folder))
            (ARM_LAYER / name).write_bytes(content)
            print(f"{stack}.json: {len(content):,} bytes")
    if found != recorded():
        print(f"{VERSION.name}: {recorded()} -> {found}")
        VERSION.write_text(f"{found}\n")


if __name__ == "__main__":
    main()
