"""What the Bicep compiler itself says of infra/: format, its linter, and the resources of every environment."""

from collections.abc import Iterator
from pathlib import Path

from ..config.environment import load_all
from ..errors import StepFailedError, UserError
from ..paths import Project
from . import compiler, preview
from .stacks import SHARED, StackName, choose


def lines(project: Project) -> Iterator[str]:
    """Yield what was checked, without network and without any right in Azure.

    Raises:
        StepFailedError: the compiler finds a mistake; the message holds file, line and reason.
        UserError: the configuration is refused, or there is no compiler.
    """
    infra = project.root / "infra"
    for path in sorted(infra.rglob("*.bicep")):
        if compiler.formatted(infra, path) != path.read_text("utf-8"):
            name = path.relative_to(project.root).as_posix()
            raise StepFailedError(f"{name}: is not formatted: run 'bicep format {name}'")
    for path in sorted(infra.glob("*.bicepparam")):  # one of each stack; its modules are looked at with it
        if found := compiler.lint(infra, path.with_suffix(".bicep")):
            raise StepFailedError(f"infra/{path.stem}.bicep:\n{found}")
        yield f"infra/{path.stem}.bicep: formatted, and the linter is silent"
    for environment in load_all(project.root / "config"):
        try:
            _, stack = choose(project.root / "config", environment, StackName.environment)
        except UserError as error:  # a new project in a closed network has no subnet yet
            yield f"{environment}: its resources cannot be told yet: {error}"
        else:
            yield f"{environment}: {len(preview.resources(project.root, environment, stack))} resources"


def plain(project: Project, folder: Path) -> tuple[Path | None, list[str]]:
    """Write the resources of every environment into files that checkov reads; return their folder, if any, and notes.

    Raises:
        StepFailedError: the compiler refuses infra/.
        UserError: the configuration is refused, or there is no compiler.
    """
    config, notes = project.root / "config", []
    stacks = [(environment, StackName.environment) for environment in load_all(config)]
    stacks += [("prod", name) for name in StackName if name != StackName.environment]  # the same rules everywhere
    for environment, name in stacks:
        try:
            _, stack = choose(config, None if name in SHARED else environment, name)
        except UserError as error:
            notes.append(f"{environment}, {name}: cannot be told yet: {error}")
        else:
            found = preview.resources(project.root, environment, stack)
            (folder / f"{environment}-{name}.json").write_text(preview.flat(found), encoding="utf-8")
    return (folder if any(folder.iterdir()) else None), notes
