"""Resource groups and identities: the ground on which the first apply, by people or by CI, stands."""

from collections.abc import Mapping
from functools import partial
from shlex import quote, split
from time import sleep

from ..config.environment import EnvironmentConfig
from ..infra import engine
from ..infra.stacks import Stack, StackName
from ..paths import Project
from .azure import IDENTITIES, MACHINE_LEARNING, RESOURCES, Azure
from .steps import Phase, State, Step

_WAIT, _LOOKS = 5.0, 120  # for a group that Azure deletes


def identities_of(config: EnvironmentConfig) -> tuple[str, ...]:
    """Return whose identities an environment has."""
    return ("jobs", "endpoint", "ci", *(("infrastructure", "plan") if config.ci.builds_infrastructure else ()))


def identity_key(config: EnvironmentConfig, who: str) -> str:
    """Return the key of an identity's step."""
    return f"azure:identity/{config.environment.name}/{who}"


class Ground:
    """Resource groups, the account of the state where there is one, and identities."""

    def __init__(self, project: Project, azure: Azure, configs: Mapping[str, EnvironmentConfig]) -> None:
        self._project = project
        self._azure = azure
        self._configs = configs

    def groups(self) -> dict[str, tuple[Stack, EnvironmentConfig]]:
        """Return the resource groups, by ID."""
        stacks = [(Stack(), config) for config in self._configs.values()]
        stacks.append((Stack(StackName.registry), self._registry_config))
        return {
            self._azure.group_id(stack.resource_group(config), stack.subscription(config)): (stack, config)
            for stack, config in reversed(stacks)  # an environment that shares the registry's group tags it
        }

    def steps(self) -> list[Step]:
        """Return the steps, group by group."""
        steps = [self._group(key, *found) for key, found in reversed(self.groups().items())]
        steps += [self._state(name, config) for name, config in self._configs.items() if getattr(config, "state", None)]
        for config in self._configs.values():
            steps += [self._identity(config, who) for who in identities_of(config)]
        return steps

    @property
    def _registry_config(self) -> EnvironmentConfig:
        return self._configs.get("prod") or next(iter(self._configs.values()))

    def _group(self, key: str, stack: Stack, config: EnvironmentConfig) -> Step:
        name, location = stack.resource_group(config), stack.location(config)
        return Step(
            f"azure:group/{name}",
            f"resource group {name} in {location}",
            Phase.AZURE,
            lambda: _there(self._azure.arm.get(key, params=RESOURCES, missing=(404,))),
            lambda: self._azure.arm.put(
                key, json={"location": location, "tags": dict(stack.tags(config))}, params=RESOURCES
            ),
            partial(self._remove_group, key),
            lambda: f"az group create --name {name} --location {location} --subscription {key.split('/')[2]}",
        )

    def _remove_group(self, key: str) -> str | None:
        held = [each.split("/providers/")[-1] for each in self._azure.contents(key)]
        if held:
            more = f" and {len(held) - 3} more" if len(held) > 3 else ""
            return f"it holds {', '.join(held[:3])}{more}"
        self._azure.arm.delete(key, params=RESOURCES)
        for _ in range(_LOOKS):
            if self._azure.arm.get(key, params=RESOURCES, missing=(404,)) is None:
                return None
            sleep(_WAIT)
        return "Azure is still deleting it"

    def _state(self, name: str, config: EnvironmentConfig) -> Step:
        def missing() -> bool:
            return bool(engine.preparation(self._project, config).steps)

        def prepare() -> None:
            for step in engine.preparation(self._project, config).steps:
                step.run()

        return Step(
            f"azure:state/{name}",
            f"storage account for the state of {name}, as 'mlops infra state' makes it",
            Phase.AZURE,
            lambda: State.ABSENT if missing() else State.SAME,
            prepare,
            lambda: "it holds the state of infra/",
            lambda: f"uv run mlops infra state --env {name} --yes",
        )

    def _identity(self, config: EnvironmentConfig, who: str) -> Step:
        path = self._azure.identity_path(config, who)
        name, location = path.rpartition("/")[2], config.environment.location
        group = config.names.resource_group
        return Step(
            identity_key(config, who),
            f"identity {name}",
            Phase.AZURE,
            lambda: _there(self._azure.identity(config, who)),
            lambda: self._make_identity(config, who, path),
            lambda: self._remove_identity(config, who, path),
            lambda: f"az identity create --name {name} --resource-group {group} --location {location}",
        )

    def _make_identity(self, config: EnvironmentConfig, who: str, path: str) -> None:
        body = {"location": config.environment.location, "tags": dict(config.tags)}
        self._azure.arm.put(path, json=body, params=IDENTITIES)

    def _remove_identity(self, config: EnvironmentConfig, who: str, path: str) -> str | None:
        name = config.environment.name
        if is_built(self._azure, config):
            return f"{name} is built and uses it: first 'mlops infra destroy --env {name}'"
        self._azure.arm.delete(path, params=IDENTITIES)
        self._azure.forget(config, who)
        return None


def is_built(azure: Azure, config: EnvironmentConfig) -> bool:
    """Return whether the workspace of an environment exists."""
    group = azure.group_id(config.names.resource_group)
    workspace = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{config.names.workspace}"
    return azure.arm.get(workspace, params=MACHINE_LEARNING, missing=(404,)) is not None


def shell_id(config: EnvironmentConfig, who: str, what: str = "principalId") -> str:
    """Return the expression with which a shell looks up an identity's object or client ID."""
    name = getattr(config.names, f"identity_{who}")
    asked = f"az identity show --name {name} --resource-group {config.names.resource_group}"
    return f'"$({" ".join(map(quote, split(asked)))} --query {what} --output tsv)"'


def _there(found: object) -> State:
    return State.ABSENT if found is None else State.SAME
