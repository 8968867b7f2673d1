"""The first apply, by the engine that `mlops infra apply` uses, and what it tells the configuration."""

from collections.abc import Callable, Mapping

from ..config.environment import EnvironmentConfig, load
from ..errors import StepFailedError, UserError
from ..infra import engine, tools
from ..infra.agreement import refuse_disagreement
from ..infra.changes import refuse_one_way
from ..infra.stacks import Stack, StackName
from ..paths import Project
from . import settings
from .azure import MACHINE_LEARNING, Azure
from .journal import Journal
from .resources import is_built
from .steps import Phase, State, Step

MESSAGE = "Configuration: object IDs, trust and registry, written by mlops bootstrap"
WRITTEN = "config"  # the fact that values were written into config/ and are not committed
_MANAGED = "registry.managed_resource_group"


class Build:
    """The registry, then the first environment; CI builds the others, behind their approvals."""

    def __init__(
        self,
        project: Project,
        azure: Azure,
        configs: Mapping[str, EnvironmentConfig],
        journal: Journal,
        show: Callable[[str], None],
    ) -> None:
        self._project = project
        self._azure = azure
        self._configs = configs
        self._journal = journal
        self._show = show

    def registry_steps(self) -> list[Step]:
        """Return the registry and what follows from it."""
        config = next(iter(self._configs.values()))
        name = config.registry.name
        registry = self._apply(
            "azure:apply/registry",
            f"Azure ML registry {name}, by 'mlops infra apply --stack registry'",
            "prod",
            Stack(StackName.registry),
            lambda: (
                self._azure.arm.get(registry_path(self._azure, config), params=MACHINE_LEARNING, missing=(404,))
                is not None
            ),
        )
        managed = Step(
            f"config:{_MANAGED}",
            f"{_MANAGED} in config/common.yml",
            Phase.APPLY,
            lambda: self._managed_state(config),
            lambda: self._write_managed(config),
        )
        return [registry, managed]

    def environment_steps(self) -> list[Step]:
        """Return the first apply of dev."""
        config = self._configs.get("dev")
        if config is None:
            return []
        what = "everything in dev, by 'mlops infra apply --env dev'"
        return [self._apply("azure:apply/dev", what, "dev", Stack(), lambda: is_built(self._azure, config))]

    def _apply(self, key: str, what: str, environment: str, stack: Stack, is_there: Callable[[], bool]) -> Step:
        option = f"--env {environment}" if stack.name == StackName.environment else f"--stack {stack.name}"

        def state() -> State:
            if not is_there():
                return State.ABSENT
            # Later changes are CI's; one of this command that was interrupted is finished here.
            return State.DIFFERENT if self._journal.is_open(key) else State.SAME

        return Step(
            key,
            what,
            Phase.APPLY,
            state,
            lambda: self._carry_out(environment, stack, option),
            lambda: f"it may hold data: 'mlops infra destroy {option}' removes it, and says what is lost",
            lambda: f"uv run mlops infra apply {option}",
        )

    def _carry_out(self, environment: str, stack: Stack, option: str) -> None:
        config = load(self._project.root / "config", environment)
        refuse_disagreement(self._project, config)
        with engine.planned(self._project, environment, stack) as planned:
            refuse_one_way(planned.changes.resources, config.holder("network.mode"))
            if planned.changes.losses:
                raise UserError(f"this plan loses data: look at it with 'mlops infra plan {option}'")
            if not planned.changes.empty:
                planned.apply(self._show)

    def _managed_state(self, config: EnvironmentConfig) -> State:
        made = managed_group(self._azure, config)
        if made is None:
            return State.ABSENT
        written = settings.read(self._project, "common", _MANAGED)
        return State.SAME if written == made else State.DIFFERENT

    def _write_managed(self, config: EnvironmentConfig) -> None:
        made = managed_group(self._azure, config)
        if made is None:
            raise StepFailedError(f"registry {config.registry.name}: Azure has not made its group yet: run it again")
        settings.write(self._project, {"common": {_MANAGED: made}})


def registry_path(azure: Azure, config: EnvironmentConfig) -> str:
    """Return the ID of the registry that all environments share."""
    registry = config.registry
    group = azure.group_id(registry.resource_group, registry.subscription_id)
    return f"{group}/providers/Microsoft.MachineLearningServices/registries/{registry.name}"


def managed_group(azure: Azure, config: EnvironmentConfig) -> str | None:
    """Return the name of the group that Azure made behind the registry; None while that is not built."""
    found = azure.arm.get(registry_path(azure, config), params=MACHINE_LEARNING, missing=(404,))
    if found is None:
        return None
    managed = (found["properties"].get("managedResourceGroup") or {}).get("resourceId")
    return str(managed).rpartition("/")[2] if managed else None


def commit_step(project: Project, journal: Journal) -> Step:
    """Return the commit of what bootstrap wrote into config/; without a writing, the owner's own edits stay theirs."""

    def state() -> State:
        written = journal.fact(WRITTEN) is not None
        return State.DIFFERENT if written and _git(project, "status", "--porcelain", "--", "config") else State.SAME

    def commit() -> None:
        _git(project, "add", "--", "config")
        _git(project, "commit", "--quiet", "--message", MESSAGE, "--", "config")
        journal.note(WRITTEN, None)

    return Step("git:configuration", "commit of config/", Phase.PUSH, state, commit)


def _git(project: Project, *arguments: str) -> str:
    path = tools.find("git", "install git")
    ended = tools.run([path, "-C", str(project.root), *arguments], variables={"LC_ALL": "C"})
    if ended.code:
        raise StepFailedError(f"'git {arguments[0]}' failed: {ended.reason}")
    return ended.out.strip()
