"""Bicep behind `mlops infra`: compiled once, predicted by Azure, shown and, if approved, deployed as compiled."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..config.environment import EnvironmentConfig, load
from ..errors import StepFailedError, UserError
from ..paths import Project
from . import az, leftovers, removal, tools, whatif
from .bootstrap import Preparation
from .changes import Change, Changes
from .deployment import Deployment
from .stacks import Stack, StackName
from .whatif import Prediction, Resource

# A deployment is told to recover a soft-deleted key vault, see `_present`.
RECOVERS_KEY_VAULT = True

_OLDEST_BICEP = "0.30.3"  # infra/ uses what no older one is known to have
_INSTALL = "install the Azure CLI, then run 'az login'"
_BUDGETS, _WATCHERS = "2024-08-01", {"metricAlerts": "2018-03-01", "autoscaleSettings": "2022-10-01"}


class Planned(Protocol):
    """A plan that was made and not yet carried out."""

    @property
    def changes(self) -> Changes: ...

    @property
    def subscription(self) -> str | None: ...

    def details(self) -> str: ...

    def apply(self, show: Callable[[str], None]) -> None: ...


@dataclass(frozen=True)
class _Scene:
    """Whose infrastructure it is, and where."""

    project: Project
    config: EnvironmentConfig
    stack: Stack
    account: az.Account

    @property
    def subscription(self) -> str:
        return self.account.subscription

    @property
    def group(self) -> str:
        return self.stack.resource_group(self.config)

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    @property
    def deployment(self) -> str:
        """The same name each time: Azure then refuses a second deployment while one is running."""
        if self.stack.name == StackName.registry:
            return "mlops-registry"
        return f"mlops-{self.config.environment}" + (f"-{self.stack.name}" if self.stack.of_endpoint else "")

    @property
    def makes_group(self) -> bool:
        """Whether the group goes with the rest."""
        return self.stack.name == StackName.registry or (
            self.stack.name == StackName.environment and self.config.create_resource_group
        )


@dataclass(frozen=True)
class _Built:
    """A plan to build, or to bring up to date."""

    scene: _Scene
    deployment: Deployment
    prediction: Prediction
    stale: tuple[Resource, ...]  # around an endpoint: what watches deployments that are gone
    changes: Changes

    @property
    def subscription(self) -> str:
        return self.scene.subscription

    def details(self) -> str:
        """Every property, and why it may be none; Azure itself hides what is secret."""
        gone = [f"- {resource.within(self.scene.group)}" for resource in self.stale]
        return tools.without_secrets("\n".join([self.prediction.details(self.scene.group), *gone]))

    def apply(self, show: Callable[[str], None]) -> None:
        """Deploy what was compiled; `show` gets a line for each part that is done.

        Raises:
            StepFailedError: Azure refused something; the rest is built.
        """
        self.deployment.carry_out(show)
        removal.remove(self.stale, self.subscription, show)


@dataclass(frozen=True)
class _Removed:
    """A plan to take away."""

    scene: _Scene
    resources: tuple[Resource, ...]
    changes: Changes

    @property
    def subscription(self) -> str:
        return self.scene.subscription

    def details(self) -> str:
        return "\n".join(f"- {resource.id}" for resource in self.resources)

    def apply(self, show: Callable[[str], None]) -> None:
        """Delete it; `show` gets a line for each resource.

        Raises:
            StepFailedError: Azure refused something; the rest is gone.
        """
        with_group = self.scene.group_id if self.scene.makes_group else None
        removal.remove(removal.in_order(self.resources, with_group), self.subscription, show)
        if with_group:
            removal.remove_group(self.scene.group, self.subscription, show)


@contextmanager
def planned(project: Project, environment: str, stack: Stack, *, destroy: bool = False) -> Iterator[Planned]:
    """Plan to bring `stack` of `environment` to what its configuration says, or to remove it.

    What is compiled lies, until the `with` ends, in a folder that only this user reads.

    Raises:
        UserError: the Azure CLI is missing, nobody is signed in, or the resource group is missing.
        StepFailedError: Bicep or Azure refuses the description; the message says why.
    """
    config = load(project.root / "config" / f"{environment}.yml")
    scene = _Scene(project, config, stack, az.account(stack.subscription(config)))
    there = bool(az.ask("group", "exists", "--name", scene.group, "--subscription", scene.subscription))
    if not there and destroy:
        yield _Removed(scene, (), Changes(()))
        return
    _refuse_missing_group(scene, there)
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        values = _values(scene, Path(folder), there, destroy)
        deployment = _compiled(scene, Path(folder), there, values)
        prediction = whatif.read(deployment.predict(), deployment.name, scene.group)
        if destroy:
            yield _removed(scene, prediction)
        else:
            yield _built(scene, deployment, prediction, as_ci=values.get("giveCiItsRights") is False)


def tool_problem(project: Project) -> str | None:
    """What is wrong with the installed Azure CLI and its Bicep, None if nothing."""
    try:
        tools.find("az", _INSTALL)
    except UserError as error:
        return str(error)
    ended = az.call("bicep", "version")
    found = re.search(r"\d+\.\d+\.\d+", ended.out)
    if ended.code or not found:
        return f"the Azure CLI has no Bicep: run 'az bicep install' ({ended.reason})"
    if _numbers(found[0]) < _numbers(_OLDEST_BICEP):
        return f"Bicep {found[0]} is too old: infra/ needs {_OLDEST_BICEP} or later: run 'az bicep upgrade'"
    return None


def roles_to_assign(project: Project, environment: str) -> Mapping[str, str]:
    """With assign_roles: false, the commands for somebody who may assign roles, by what each is for.

    Raises:
        UserError: the environment is not built yet.
    """
    config = load(project.root / "config" / f"{environment}.yml")
    group = config.names.resource_group
    where = ("--name", f"mlops-{environment}", "--resource-group", group)
    subscription = ("--subscription", az.account().subscription)
    query = ("--query", "properties.outputs.rolesToAssign.value")
    try:
        return dict(az.ask("deployment", "group", "show", *where, *query, *subscription) or {})
    except StepFailedError as error:
        if "NotFound" in str(error):
            raise UserError(f"{environment} is not built yet: run 'mlops infra apply --env {environment}'") from None
        raise


def preparation(project: Project, config: EnvironmentConfig) -> Preparation:
    """Azure itself remembers what Bicep built: nothing has to be there before."""
    return Preparation("Nothing to prepare: Azure keeps the record of each deployment.")


def _refuse_missing_group(scene: _Scene, there: bool) -> None:
    environment = scene.config.environment
    if there or scene.makes_group:
        return
    if scene.stack.of_endpoint:
        raise UserError(f"{environment} is not built yet: run 'mlops infra apply --env {environment}'")
    raise UserError(
        f"resource group {scene.group} does not exist: have it made, or set create_resource_group: true in"
        f" config/{environment}.yml"
    )


def _values(scene: _Scene, folder: Path, there: bool, destroy: bool) -> dict[str, Any]:
    """The parameters of the deployment: what the environment's file of parameters says, and what depends on the day."""
    given = folder / "given.json"
    _bicep("build-params", scene.project.root / "infra" / f"{scene.config.environment}.bicepparam", given)
    values = {name: each["value"] for name, each in json.loads(given.read_text("utf-8"))["parameters"].items()}
    if scene.stack.of_endpoint:
        values["kind"] = scene.stack.name.value
        if scene.stack.deployments:
            values["deployments"] = list(scene.stack.deployments)
    elif scene.stack.name == StackName.environment:
        values |= _present(scene, there, destroy)
    return values


def _compiled(scene: _Scene, folder: Path, there: bool, values: Mapping[str, Any]) -> Deployment:
    """Compile once, so that what is shown is what is deployed."""
    location, group = scene.config.location, scene.group if there else None
    if scene.stack.name == StackName.registry:
        source, location, group = "registry.bicep", scene.config.registry.location, None
    elif scene.stack.of_endpoint:
        source = "endpoint.bicep"
    else:
        # Within a group that is there, rights on it alone are enough.
        source = "main.bicep" if there else "with-group.bicep"
    template, parameters = folder / "template.json", folder / "parameters.json"
    _bicep("build", scene.project.root / "infra" / source, template)
    content = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {name: {"value": value} for name, value in values.items()},
    }
    parameters.write_text(json.dumps(content), encoding="utf-8")
    return Deployment(scene.deployment, scene.subscription, group, location, template, parameters)


def _bicep(verb: str, source: Path, target: Path) -> None:
    ended = az.call("bicep", verb, "--file", str(source), "--outfile", str(target))
    if ended.code:
        raise StepFailedError(f"'az bicep {verb}' refuses infra/{source.name}:\n{ended.reason}")


def _present(scene: _Scene, there: bool, destroy: bool) -> dict[str, Any]:
    """What depends on who asks, and on what is there: so a second deployment changes nothing."""
    values: dict[str, Any] = {}
    names = scene.config.names
    held = {each.name.lower() for each in removal.held(scene.group_id)} if there else set()
    if names.key_vault.lower() not in held and _deleted_vault(scene):
        values["recoverKeyVault"] = True
    if there and not destroy:
        # Azure lets nobody give rights to himself, not even those that he has.
        values["giveCiItsRights"] = _principal_of_ci(scene) is None
    if there and scene.config.monthly_budget is not None:
        # Azure refuses to move the start of a budget.
        budgets = az.get(f"{scene.group_id}/providers/Microsoft.Consumption/budgets", _BUDGETS)["value"]
        for budget in budgets:
            if budget["name"] == f"budget-{names.workspace}":
                values["budgetStart"] = budget["properties"]["timePeriod"]["startDate"][:10]
    return values


def _principal_of_ci(scene: _Scene) -> str | None:
    """The object ID of the environment's CI identity where it is the one that is signed in, else None."""
    query = ("--query", f"[?name=='{scene.config.names.identity_ci}'].{{client: clientId, principal: principalId}}")
    found = az.ask("identity", "list", "--resource-group", scene.group, *query, "--subscription", scene.subscription)
    return next((each["principal"] for each in found if each["client"] == scene.account.user), None)


def _deleted_vault(scene: _Scene) -> bool:
    """Whether a soft-deleted key vault of this group keeps the name."""
    try:
        deleted = az.ask("keyvault", "list-deleted", "--resource-type", "vault", "--subscription", scene.subscription)
    except StepFailedError:
        return False  # with rights on the group alone nobody sees them; where one is in the way, Azure says so
    name, home = scene.config.names.key_vault.lower(), f"{scene.group_id}/".lower()
    homes = [str(each["properties"]["vaultId"]).lower() for each in deleted if each["name"].lower() == name]
    return any(each.startswith(home) for each in homes)


def _built(scene: _Scene, deployment: Deployment, prediction: Prediction, *, as_ci: bool) -> _Built:
    stale: tuple[Resource, ...] = ()
    if scene.stack.of_endpoint:
        described = {each.id.lower() for each in prediction.present}
        stale = tuple(each for each in _watchers(scene) if each.id.lower() not in described)
    touched = (*(each.change for each in prediction.touched), *_gone(scene, stale))
    notes = [*prediction.unseen, *prediction.warnings]
    doubtful = [each.change.address for each in prediction.touched if each.doubtful]
    if doubtful:
        notes.append(f"most likely no change, see --details: {', '.join(doubtful)}")
    if as_ci:
        notes.append("left to people, as CI may not do it: CI's own rights, and all that stands outside the group")
    left = [each.within(scene.group) for each in _left(scene, prediction, as_ci)]
    if left:
        doubt = ", or part of what could not be looked into" if prediction.unseen else ""
        notes.append(f"no longer described{doubt}; a deployment deletes nothing: {', '.join(left)}")
    changes = Changes(touched, notes=tuple(notes), unsure=bool(prediction.unseen))
    return _Built(scene, deployment, prediction, stale, changes)


def _removed(scene: _Scene, prediction: Prediction) -> _Removed:
    """What is described and there; with its group, all that the group holds."""
    found = list(prediction.present)
    if scene.stack.of_endpoint:
        found += _watchers(scene)
    elif scene.makes_group:
        found += [Resource(scene.group_id), *removal.held(scene.group_id)]
    else:
        table = scene.project.root / "infra" / "roles.bicep"
        found += leftovers.tagged(prediction.others, scene.config)
        found += leftovers.roles(prediction.present, scene.group_id, table, None)
    resources = tuple({each.id.lower(): each for each in found}.values())
    notes = prediction.unseen if not scene.makes_group else ()
    return _Removed(scene, resources, Changes(tuple(_gone(scene, resources)), notes=notes))


def _gone(scene: _Scene, resources: Sequence[Resource]) -> Iterator[Change]:
    for each in resources:
        provider = each.kind.partition("/")[0].removeprefix("Microsoft.")
        yield Change(each.within(scene.group), provider, each.kind, "destroy", each.name)


def _watchers(scene: _Scene) -> Iterator[Resource]:
    """Alerts and autoscale settings in the group that look at this endpoint or one of its deployments."""
    names = scene.config.names
    name = names.online_endpoint if scene.stack.name == StackName.online else names.kubernetes_endpoint
    kind = "Microsoft.MachineLearningServices/workspaces"
    endpoint = f"{scene.group_id}/providers/{kind}/{names.workspace}/onlineEndpoints/{name}".lower()
    for watcher, version in _WATCHERS.items():
        listed = az.get(f"{scene.group_id}/providers/Microsoft.Insights/{watcher}", version)["value"]
        for found in listed:
            properties = found["properties"]
            targets = properties.get("scopes") or [properties.get("targetResourceUri") or ""]
            if any(f"{target.lower()}/".startswith(f"{endpoint}/") for target in targets):
                yield Resource(found["id"], version)


def _left(scene: _Scene, prediction: Prediction, as_ci: bool) -> Iterator[Resource]:
    """What the environment still has without being described."""
    if scene.stack.name != StackName.environment or not prediction.present:
        return
    yield from leftovers.resources(prediction.others, scene.config, as_ci=as_ci)
    table = scene.project.root / "infra" / "roles.bicep"
    but = _principal_of_ci(scene) if as_ci else None
    yield from leftovers.roles(prediction.present, scene.group_id, table, but)
    if scene.config.network.mode != "public":
        workspace = f"Microsoft.MachineLearningServices/workspaces/{scene.config.names.workspace}"
        for rule in leftovers.rules(prediction.present, f"{scene.group_id}/providers/{workspace}"):
            if not (as_ci and rule.name == "ml-registry"):
                yield rule


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
