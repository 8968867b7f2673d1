"""Resources that a deployment would make, by the Bicep compiler alone: without network, and without any right in Azure.

The compiler evaluates what it can; what only Azure knows, such as the ID of an identity, stays an expression.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.environment import load
from ..errors import StepFailedError, UserError
from ..paths import Project
from . import az, compiler, parameters, templates, tools
from .stacks import Stack
from .whatif import Resource, leaves

_ANY = "00000000-0000-0000-0000-000000000000"  # stands for the tenant, and for the subscription where none is chosen

Resources = Mapping[str, Mapping[str, Any]]  # by ID


@dataclass(frozen=True)
class Difference:
    """One resource that a change adds, removes or alters; `lines` are its properties."""

    sign: str
    resource: Resource
    lines: tuple[str, ...] = ()


def resources(root: Path, environment: str, stack: Stack) -> Resources:
    """Return the resources that the stack of the project in `root` would make, by their IDs.

    Raises:
        StepFailedError: the compiler refuses infra/.
        UserError: the configuration is refused, or there is no compiler.
    """
    infra, source = root / "infra", _source(root, stack)
    config = load(root / "config", environment)
    values = parameters.of(root / "config", environment, stack)
    with tempfile.TemporaryDirectory(prefix="preview-") as folder:
        # `using` takes only a relative path, which there may be none of to another drive.
        shutil.copytree(infra, Path(folder) / "infra", ignore=shutil.ignore_patterns(".*"))
        (Path(folder) / "values.json").write_text(json.dumps(values), encoding="utf-8")
        given = "".join(f"param {name} = loadJsonContent('values.json').{name}\n" for name in values)
        file = Path(folder) / "preview.bicepparam"
        file.write_text(f"using 'infra/{source.name}'\n{given}", encoding="utf-8")
        place = {
            "tenantId": _ANY,
            "subscriptionId": stack.subscription(config) or os.environ.get(az.SUBSCRIPTION) or _ANY,
            "resourceGroup": stack.resource_group(config),
            "location": stack.location(config),
            "deploymentName": None,
        }
        found = _snapshot(infra, file, place, source.name)
    refused = [f"infra/{source.name}: {each['message']}" for each in found["diagnostics"] if each["level"] == "Error"]
    if refused:
        raise StepFailedError("\n".join(refused))
    return {each["id"]: each for each in found["predictedResources"]}


def flat(found: Resources) -> str:
    """Return a preview as a template of plain resources, for tools that evaluate no template, such as checkov."""
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    template = {"$schema": schema, "contentVersion": "1.0.0.0", "resources": list(found.values())}
    return json.dumps(template, indent=2, ensure_ascii=False)


def differences(before: Resources, after: Resources) -> Iterator[Difference]:
    """Yield the differences of two previews, by resource and property, in the order of their IDs."""
    for key in sorted({**before, **after}):
        old, new = dict(leaves(before.get(key, {}))), dict(leaves(after.get(key, {})))
        resource = Resource(key)
        if key not in before:
            yield Difference("+", resource)
        elif key not in after:
            yield Difference("-", resource)
        elif lines := tuple(_property(path, old, new) for path in {**old, **new} if old.get(path) != new.get(path)):
            yield Difference("~", resource, lines)


def lines(project: Project, environment: str, stack: Stack, against: str | None) -> Iterator[str]:
    """Yield what `mlops infra preview` prints; `against` is a commit to compare with.

    Raises:
        StepFailedError: the compiler refuses infra/.
        UserError: the configuration is refused, there is no compiler, or no such commit.
    """
    config = load(project.root / "config", environment)
    group = stack.resource_group(config)
    if against is None:
        now = resources(project.root, environment, stack)
        for key in sorted(now, key=lambda key: (Resource(key).kind, key)):
            yield _line(Resource(key), now[key], group)
        yield f"{stack.title(config)}: {len(now)} resources, most in resource group {group}; Azure was not asked."
        return
    with _checkout(project, against) as root:
        now = resources(project.root, environment, stack)
        try:
            before = resources(root, environment, stack) if _source(root, stack).is_file() else {}
        except UserError as error:
            raise UserError(f"{against}: {error}") from None
    found = list(differences(before, now))
    for each in found:
        yield f"{each.sign} {_line(each.resource, now.get(each.resource.id) or before[each.resource.id], group)}"
        yield from (f"    {line}" for line in each.lines)
    counted = {sign: sum(each.sign == sign for each in found) for sign in "+~-"}
    same = len(now) - counted["+"] - counted["~"]
    yield (
        f"{stack.title(config)} against {against}: {counted['+']} added, {counted['~']} changed,"
        f" {counted['-']} no longer described, {same} the same; Azure was not asked."
    )


def _snapshot(infra: Path, file: Path, place: Mapping[str, str | None], source: str) -> Mapping[str, Any]:
    path = str(file.resolve())
    try:
        answer = compiler.ask(infra, "getSnapshot", path=path, metadata=place, externalInputs=[])
    except StepFailedError as error:
        found = compiler.ask(infra, "compileParams", path=path, parameterOverrides={})["diagnostics"]
        reasons = compiler.said(each for each in found if each["level"] == "Error") or str(error)
        raise StepFailedError(f"the preview of infra/{source} failed:\n{reasons}") from None
    snapshot: Mapping[str, Any] = json.loads(answer["snapshot"])
    return snapshot


def _source(root: Path, stack: Stack) -> Path:
    return root / "infra" / f"{parameters.template(stack)}{templates.SUFFIX}"


@contextmanager
def _checkout(project: Project, commit: str) -> Iterator[Path]:
    """Put infra/ and config/ of a commit into a folder, which is gone after the `with`."""
    git = tools.find("git", "install git")
    # Only a commit's own ID goes on: a name could be an option, or change meanwhile.
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    named = tools.run([git, *words, f"{commit}^{{commit}}"], folder=project.root)
    if named.code or not re.fullmatch(r"[0-9a-f]+", named.out.strip()):
        raise UserError(f"--against: {commit!r} is refused: not a commit of this repository")
    with tempfile.TemporaryDirectory(prefix="against-") as folder:
        packed = Path(folder) / "files.zip"
        command = [git, "archive", "--format=zip", f"--output={packed}", named.out.strip(), "infra", "config"]
        ended = tools.run(command, folder=project.root)
        if ended.code:
            raise UserError(f"--against: {commit!r} is refused: {ended.reason}")
        shutil.unpack_archive(packed, Path(folder) / "project")
        yield Path(folder) / "project"


def _line(resource: Resource, content: Mapping[str, Any], group: str) -> str:
    """Return the resource's place, and of an assignment, whose name is a GUID, the reason."""
    why = content["properties"].get("description") if resource.kind.endswith("/roleAssignments") else None
    return resource.within(group) + (f" ({why})" if why else "")


def _property(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    values = [json.dumps(each[path], ensure_ascii=False) for each in (old, new) if path in each]
    sign = "~" if len(values) == 2 else "+" if path in new else "-"
    return f"{sign} {path}: {' -> '.join(values)}"
