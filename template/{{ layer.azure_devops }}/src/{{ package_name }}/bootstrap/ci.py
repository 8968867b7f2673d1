"""Azure DevOps' part of `mlops bootstrap`: project, connections, environments, pipelines, rights and the first runs."""

from collections.abc import Callable, Mapping, Sequence
from time import time

from ..azure import sign_in
from ..config.environment import EnvironmentConfig
from ..paths import Project
from . import environments, first_runs, needs, people, pipeline_files, policies, project
from .build_service import BuildService
from .connections import ROLES, Connections
from .git import Git
from .pipeline_files import PipelineFile
from .pipelines import Definitions, github_missing
from .place import RESOURCE, Place
from .security import Security
from .steps import Identities, Step, Trust


class CiSystem:
    """A project on Azure DevOps, and Azure Pipelines in it."""

    trusted = tuple(ROLES)  # `watch` uses the connection of `ci`

    def __init__(
        self,
        root: Project,
        configs: Mapping[str, EnvironmentConfig],
        reviewers: Mapping[str, str],
        token: Callable[[], str],
        files: Sequence[PipelineFile],
    ) -> None:
        last = list(configs.values())[-1]
        self._root = root
        self._configs = configs
        self._place = Place(last.ci, token)
        self._place.sign_in()
        self.git = Git(root.root, "https://dev.azure.com", lambda: f"Bearer {token()}")
        self._files = files
        self._connections = Connections(self._place, list(configs))
        self._definitions = Definitions(self._place, self._connections, list(configs), files)
        self._rights = Security(self._place)
        self._service = BuildService(self._place, self._definitions, self._rights, last.watch)
        self._missing, named = _named(reviewers, last, environments.needed(list(configs)))
        self._approvers = people.Approvers(self._place, named)

    def problems(self) -> list[str]:
        """Return what this person or this organisation lacks, rights too; nothing is written before it is empty."""
        place = self._place
        return [
            *(self.git.problems() if place.source is None else []),
            *self.rights(),
            *filter(None, [self._github() if place.project() else None]),
            *filter(None, self._pushed_elsewhere()),
            *self._missing,
            *self._approvers.problems(),
            *needs.second_person(place, self._approvers),
        ]

    def rights(self) -> list[str]:
        """Return which rights the person lacks, and which agent pools the organisation: an administrator can help."""
        return [*needs.rights(self._place, self._rights), *needs.pools(self._place, self._files)]

    def repository_steps(self) -> list[Step]:
        """Return project, repository, push and agent pools."""
        return [*project.steps(self._place, self.git, self._files), needs.step(self._place, self._rights)]

    def people_steps(self) -> list[Step]:
        """Return the memberships of the groups of Entra ID, whose IDs config/ has when a step begins."""
        groups = next(iter(self._configs.values())).groups
        return people.steps(self._place, self._root.root, [key for key, _ in groups])

    def trust(self, environment: str, who: str) -> Trust | None:
        """Return issuer and subject of an identity's connection, None while there is none."""
        return self._connections.trust(environment, who)

    def written(self) -> dict[str, dict[str, str | None]]:
        """Return the values for config/ that the connections alone know; None: not known yet."""
        trusts = {name: {who: self.trust(name, who) for who in ROLES} for name in self._configs}
        issuers = {trust.issuer for each in trusts.values() for trust in each.values() if trust}
        values: dict[str, dict[str, str | None]] = {
            name: {f"ci.subjects.{who}": trust.subject if trust else None for who, trust in each.items()}
            for name, each in trusts.items()
        }
        return {"common": {"ci.issuer": issuers.pop() if len(issuers) == 1 else None}} | values

    def connection_steps(self, identities: Identities) -> list[Step]:
        """Return the service connections."""
        return self._connections.steps(identities)

    def settings_steps(self, identities: Identities) -> list[Step]:
        """Return environments, checks, pipelines, what these may use, and the rights of the build service."""
        there = environments.steps(
            self._place, list(self._configs), self._connections, self._approvers.of, self._approvers.named
        )
        return [*there, *self._definitions.steps(), *self._service.steps()]

    def finish_steps(self, identities: Identities) -> list[Step]:
        """Return the policies of main, which end all pushes to it, and the first runs."""
        rules = policies.steps(self._place, self._definitions, self._files, self._approvers)
        hosted = needs.hosted_jobs(self._place, self._files)
        ready = [each for each in self._files if hosted or not each.hosted]
        return [*rules, *first_runs.steps(self._place, self._definitions, ready)]

    def ahead(self) -> list[str]:
        """Return what is left to people and known before a run: all of it."""
        return self.manual()

    def manual(self) -> list[str]:
        """Return what is left to people after a run."""
        ends = "its issuer ends on 2027-07-01"
        again = [f"make the service connection {name} again: {ends}" for name in self._connections.retired()]
        agents = [] if needs.hosted_jobs(self._place, self._files) else [needs.form(self._place)]
        return [*filter(None, [self._github()]), *agents, *again]

    def _github(self) -> str | None:
        return github_missing(self._place) if self._place.source and self._connections.github() is None else None

    def _pushed_elsewhere(self) -> Sequence[str | None]:
        if self._place.source is not None or self.git.problems():
            return []
        return [project.wrong_origin(self._place, self.git), project.foreign(self._place, self.git)]


def connect(
    project: Project, configs: Mapping[str, EnvironmentConfig], *, reviewers: Mapping[str, str] | None = None
) -> CiSystem:
    """Sign in to Azure DevOps with the account of `az login`.

    Args:
        project: this checkout.
        configs: the environments to set up.
        reviewers: who approves, by key of `ci.reviewers`, instead of what is written there; several are separated by
            commas, and an empty text means no approval.

    Raises:
        UserError: Azure DevOps does not accept the sign-in, or a pipeline's file has a mistake.
    """
    return CiSystem(project, configs, reviewers or {}, _token(), pipeline_files.read(project.root))


def _token() -> Callable[[], str]:
    """Return what gives a token of Azure DevOps; it is renewed five minutes before its end."""
    credential = sign_in.credential()
    kept: list[tuple[str, int]] = []

    def token() -> str:
        if not kept or kept[-1][1] < time() + 300:
            fresh = credential.get_token(f"{RESOURCE}/.default")
            kept[:] = [(fresh.token, fresh.expires_on)]
        return kept[-1][0]

    return token


def _named(
    given: Mapping[str, str], config: EnvironmentConfig, keys: Sequence[str]
) -> tuple[list[str], dict[str, Sequence[str]]]:
    """Return which reviewers are missing, and those that are known."""
    missing: list[str] = []
    named: dict[str, Sequence[str]] = {}
    for key in keys:
        written = getattr(config.ci.reviewers, key)
        if key in given:
            named[key] = tuple(name.strip() for name in given[key].split(",") if name.strip())
        elif written is not None:
            named[key] = written
        else:
            group = "Infrastructure" if key == "infra" else "ML"
            example = f"'[{config.ci.repository.split('/')[1]}]\\{group} engineers'"
            where = config.where(f"ci.reviewers.{key}")
            missing.append(f"{where} is missing: name {WHO_APPROVES[key]}, such as {example}")
    return missing, named


WHO_APPROVES = {
    "promote": "the ML engineers who let a candidate go on",
    "prod": "the ML engineers who let a model go to production",
    "infra": "the infrastructure engineers who let infrastructure change",
}
