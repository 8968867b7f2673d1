"""What Terraform itself says of infra/: format, validity, and its own tests. It asks no Azure, and no state."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import StepFailedError
from ..paths import Project
from . import tools

_INSTALL = "install Terraform, https://developer.hashicorp.com/terraform/install"


def lines(project: Project) -> Iterator[str]:
    """Yield what was checked; `terraform init` fetches the providers.

    Raises:
        StepFailedError: Terraform finds a mistake; the message holds file, line and reason.
        UserError: Terraform is missing.
    """
    infra = project.root / "infra"
    _run(infra, "infra", "fmt", "-check", "-recursive", "-diff")
    yield "infra: formatted"
    roots = sorted(path.parent for path in infra.rglob("versions.tf") if ".terraform" not in path.parts)
    for root in roots:
        name = root.relative_to(project.root).as_posix()
        with tempfile.TemporaryDirectory(prefix="lint-") as folder:  # another one than that of plans, with their state
            for words in (("init", "-backend=false", "-input=false"), ("validate",), ("test",)):
                _run(root, name, *words, "-no-color", data=folder)
        yield f"{name}: valid, and its tests pass"


def plain(project: Project, folder: Path) -> tuple[Path | None, list[str]]:
    """Return the folder that checkov reads, and notes: infra/ itself, whose configuration it cannot follow."""
    return project.root / "infra", []


def _run(root: Path, name: str, *arguments: str, data: str = "") -> None:
    path = tools.find("terraform", _INSTALL)
    variables = {"TF_IN_AUTOMATION": "1", **({"TF_DATA_DIR": data} if data else {})}
    ended = tools.run([path, *arguments], folder=root, variables=variables)
    if ended.code:
        raise StepFailedError(f"{name}: 'terraform {arguments[0]}' failed:\n{ended.out.strip()}\n{ended.reason}")
