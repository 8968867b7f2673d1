"""The Terraform layer as Azure would get it: the real Terraform applies it against the stand-in providers."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.infra import stub
from tests.infra.resource import Resource, arm_id, kind_of
from tests.infra.settings import ROWS, Attributes

needs_terraform = pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")

# Where Terraform would ask for a storage account that keeps the state, it keeps it beside itself.
_OVERRIDE = 'terraform {\n  backend "local" {}\n}\n'


class Refused(Exception):
    """Terraform, or a provider, refused the layer or its configuration."""


def terraform(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Terraform with the stand-in providers."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TF_", "ARM_"))},
        "TF_IN_AUTOMATION": "1",
        "TF_CLI_CONFIG_FILE": os.devnull,  # not a user's own mirrors and caches
        "CHECKPOINT_DISABLE": "1",
        "NO_COLOR": "1",
        "TF_REATTACH_PROVIDERS": stub.reattach(),
    }
    colour = [] if arguments[0] in ("fmt", "workspace", "graph") else ["-no-color"]
    return subprocess.run(
        ["terraform", arguments[0], *colour, *arguments[1:]],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def initialise(root: Path) -> None:
    """Have Terraform install the modules of a root; its state stays in the folder."""
    (root / "override.tf").write_text(_OVERRIDE)
    _done("init", "-input=false", cwd=root)


def applied(
    project: Path,
    environment: str,
    *,
    root: str = "infra",
    variables: Mapping[str, Any] | None = None,
    config_folder: Path | None = None,
) -> list[Resource]:
    """What `terraform apply` of a rendered project makes in an environment, in the shape of Azure's own requests.

    `config_folder` is read in place of the project's own `config/`. Raises Refused if Terraform refuses to apply.
    """
    return list(_applied(state(project, environment, root=root, variables=variables, config_folder=config_folder)))


def graph(project: Path, root: str = "infra") -> str:
    """The order of a root's resources, as `terraform graph` tells it."""
    base = _initialised(_digest(Path(project) / "infra"), root, Path(project) / "infra")
    return _done("graph", cwd=base / root)


def state(
    project: Path,
    environment: str,
    *,
    root: str = "infra",
    variables: Mapping[str, Any] | None = None,
    config_folder: Path | None = None,
) -> dict[str, Any]:
    """The state after `terraform apply`, as `terraform show -json` tells it."""
    given = dict(variables or {})
    if root not in ("infra/registry", "infra/network"):  # which all environments share
        given["environment"] = environment
    text = _state(
        Path(project),
        _digest(Path(project) / "infra"),
        Path(config_folder or project / "config"),
        _digest(Path(config_folder or project / "config")),
        root,
        json.dumps(given, sort_keys=True),
    )
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def _workplace() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="terraform-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _initialised(digest: str, root: str, infra: Path) -> Path:
    """A copy of a layer that is initialised in one root; equal layers need that once a session."""
    folder = _workplace() / f"{digest}-{root.replace('/', '-')}"
    if (folder / "ready").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)  # an earlier attempt may have failed
    shutil.copytree(infra, folder / "infra", ignore=shutil.ignore_patterns("tests"))  # Terraform would read these too
    initialise(folder / root)
    (folder / "ready").touch()
    return folder


@cache
def _state(project: Path, digest: str, config: Path, config_digest: str, root: str, variables: str) -> str:
    base = _initialised(digest, root, project / "infra")
    with tempfile.TemporaryDirectory(dir=_workplace()) as name:
        folder = Path(name)
        shutil.copytree(base / "infra", folder / "infra")
        shutil.copytree(config, folder / "config")
        (folder / root / "given.auto.tfvars.json").write_text(variables)
        _done("apply", "-input=false", "-auto-approve", "-refresh=false", "-parallelism=4", cwd=folder / root)
        return _done("show", "-json", cwd=folder / root)


def _done(*arguments: str, cwd: Path) -> str:
    done = terraform(*arguments, cwd=cwd)
    if done.returncode:
        raise Refused(re.sub(r"[│╷╵]\s?", "", done.stderr or done.stdout).strip())
    return done.stdout


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".terraform" not in path.parts:
            total.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


def _applied(state: Mapping[str, Any]) -> Iterator[Resource]:
    """Resources of a state; what is a part of another resource to Azure is put into that one."""
    found: dict[str, Resource] = {}
    parts = []
    for module in _modules(state["values"]["root_module"]):
        for entry in module.get("resources", []):
            if entry["mode"] == "managed":
                for resource in _resources(entry):
                    if _is_part(entry):
                        parts.append(resource)
                    elif resource.id in found:
                        raise ValueError(f"{resource.address} and {found[resource.id].address} are the same resource")
                    else:
                        found[resource.id] = resource
    for resource in parts:
        whole = found[resource.id]
        found[resource.id] = Resource(**{**vars(whole), "body": _merged(whole.body, resource.body)})
    yield from found.values()


def _modules(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield module
    for child in module.get("child_modules", []):
        yield from _modules(child)


def _is_part(entry: Mapping[str, Any]) -> bool:
    return entry["type"] in ROWS and ROWS[entry["type"]].into_parent


def _merged(one: Any, other: Any) -> Any:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return other if one is None else one
    return {key: _merged(one.get(key), other.get(key)) for key in {**one, **other}}


def _resources(entry: Mapping[str, Any]) -> Iterator[Resource]:
    kind, values, address = entry["type"], entry["values"], entry["address"]
    if kind == "azapi_resource":
        yield _azapi(values, address)
        return
    if kind not in ROWS:
        raise ValueError(f"{address}: tests/infra/settings.py has no row for {kind}")
    row, attributes = ROWS[kind], Attributes(values)
    body = row.body(attributes)
    if row.location:
        body.setdefault("location", attributes["location"])
        body["tags"] = attributes["tags"]
    own = row.id(attributes)
    scope = row.parent_id(attributes) if row.extension else None
    if not row.into_parent and own != values["id"]:
        raise ValueError(f"{address} has the ID {values['id']}, not {own}")
    yield Resource(row.kind, own.rsplit("/", 1)[1], own, body, address, scope=scope)
    for child in row.children(attributes):
        yield Resource(child.kind, child.name, arm_id(child.kind, child.name, None, parent=own), child.body, address)
    unread = list(attributes.unread(_schemas()[kind]))
    if unread:
        raise ValueError(f"{address}: the row of {kind} in tests/infra/settings.py reads no {', '.join(unread)}")


@cache
def _schemas() -> dict[str, Any]:
    return {
        kind: schema["block"]
        for provider in stub.read_schemas().values()
        for kind, schema in provider["resource_schemas"].items()
    }


# Attributes of azapi_resource that say how the provider asks, not what for.
_ASKING = {"response_export_values", "schema_validation_enabled", "retry", "timeouts", "output", "id", "type", "name"}
_ASKING |= {"locks", "create_query_parameters", "update_query_parameters"}


def _azapi(values: Mapping[str, Any], address: str) -> Resource:
    kind = values["type"].partition("@")[0]
    attributes = Attributes(values)
    body = dict(attributes["body"] or {})
    if attributes["sensitive_body"]:
        body = _merged(body, attributes["sensitive_body"])
    given = {
        "location": attributes["location"],
        "tags": attributes["tags"],
        "identity": _azapi_identity(attributes),
    }
    body |= {key: value for key, value in given.items() if value}
    attributes.read |= {*_ASKING, "parent_id"}
    unread = list(attributes.unread(_schemas()["azapi_resource"]))
    if unread:
        raise ValueError(f"{address}: azapi_resource is not expected to set {', '.join(unread)}")
    parent = values["parent_id"]
    own = arm_id(kind, values["name"], None, parent=parent)
    within = (kind.rpartition("/")[0], "Microsoft.Resources/resourceGroups", "Microsoft.Resources/subscriptions")
    scope = None if kind_of(parent) in within else parent
    version = values["type"].partition("@")[2]
    return Resource(kind, values["name"], own, body, address, version, scope)


def _azapi_identity(attributes: Attributes) -> dict[str, Any] | None:
    if not attributes.each("identity"):
        return None
    ids = attributes["identity.identity_ids"] or []
    kind = {"type": attributes["identity.type"].replace(" ", "")}
    return {**kind, "userAssignedIdentities": {identity: {} for identity in ids}} if ids else kind
