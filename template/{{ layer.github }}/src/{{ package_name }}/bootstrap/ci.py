"""GitHub's part of `mlops bootstrap`: repository, people, environments, variables, rules, and the first training."""

import re
from collections.abc import Mapping

from ..config.environment import EnvironmentConfig
from ..paths import Project
from . import environments, repository, rulesets, runners, subjects, workflows
from .git import Git, basic
from .github import GitHub
from .reviewers import People
from .steps import Identities, Step, Trust

WHO_APPROVES = {
    "promote": "the ML engineers who let a candidate go on",
    "prod": "the ML engineers who let a model go to production",
    "infra": "the infrastructure engineers who let infrastructure change",
}


class CiSystem:
    """A repository on GitHub, and GitHub Actions in it."""

    trusted = ("ci", "infrastructure", "plan", "watch")

    def __init__(
        self,
        project: Project,
        configs: Mapping[str, EnvironmentConfig],
        reviewers: Mapping[str, str],
        hub: GitHub,
    ) -> None:
        last = list(configs.values())[-1]
        self._root = project.root
        self._configs = configs
        self._hub = hub
        self.git = Git(project.root, hub.server, lambda: basic("x-access-token", hub.token))
        self._reviewers = {
            key: _names(reviewers[key]) if key in reviewers else getattr(last.ci.reviewers, key) for key in WHO_APPROVES
        }
        self._wanted = environments.table(configs, {key: names or () for key, names in self._reviewers.items()})
        self._people = People(hub)
        self._environments = environments.Environments(hub, self._people, self._wanted)

    def problems(self) -> list[str]:
        """Return what this person or this repository lacks, rights too; nothing is written before it is empty."""
        scopes = ",".join(self._hub.missing_scopes)
        return [
            *([f"GitHub: your sign-in lacks rights: 'gh auth refresh --scopes {scopes}'"] if scopes else []),
            *repository.problems(self._hub, self.git),
            *self._approvals(),
            *self._plan(),
            *self._environments.problems(),
            *subjects.problems(self._hub),
        ]

    def rights(self) -> list[str]:
        """Return which rights the person lacks: whoever has them can do their part."""
        return repository.rights(self._hub)

    def repository_steps(self) -> list[Step]:
        """Return the repository, its first push and its settings."""
        return repository.steps(self._hub, self.git)

    def people_steps(self) -> list[Step]:
        """Return the access of those who approve."""
        return self._people.steps(name for wanted in self._wanted for name in wanted.reviewers)

    def trust(self, environment: str, who: str) -> Trust | None:
        """Return issuer and subject of the tokens of an identity's jobs; None: not known yet, or not wanted."""
        config = self._configs[environment]
        prefix, subject = subjects.prefix(self._hub), getattr(config.ci.subjects, who)
        return Trust(config.ci.issuer, f"{prefix}{subject}") if prefix and subject else None

    def written(self) -> dict[str, dict[str, str | None]]:
        """Return the values for config/ that GitHub alone knows; None: not known yet."""
        return {"common": {"ci.subject_prefix": subjects.prefix(self._hub)}}

    def connection_steps(self, identities: Identities) -> list[Step]:
        """Return none: jobs on GitHub sign in by themselves."""
        return []

    def settings_steps(self, identities: Identities) -> list[Step]:
        """Return the environments with their rules and variables."""
        return self._environments.steps(identities)

    def finish_steps(self, identities: Identities) -> list[Step]:
        """Return the rules of main, the variable that lets jobs act in Azure, and the first training."""
        first = next(iter(self._configs))
        tenant = environments.variable(
            self._hub, environments.TENANT, lambda: identities(first, "ci"), "az account show"
        )
        train = [workflows.training(self._hub)] if "dev" in self._configs else []
        return [rulesets.step(self._hub), workflows.enabled(self._hub), tenant, *train]

    def ahead(self) -> list[str]:
        """Return what is left to people and known before a run."""
        switched_off = workflows.switched_off_by_people(self._hub)
        return [
            *(f"switch {path} on again, if it should run" for path in switched_off),
            *runners.missing(self._hub, self._root),
        ]

    def manual(self) -> list[str]:
        """Return what is left to people after a run."""
        waiting = self._people.waiting(name for wanted in self._wanted for name in wanted.reviewers)
        forbidden = repository.pull_requests_forbidden(self._hub)
        return [
            *(f"{name} accepts the invitation to {self._hub.wanted}" for name in waiting),
            *(
                ["an owner of the organisation lets GitHub Actions open pull requests; until then updates open issues"]
                if forbidden
                else []
            ),
            *self.ahead(),
        ]

    def _approvals(self) -> list[str]:
        keys = dict.fromkeys(wanted.key for wanted in self._wanted if wanted.key)
        found = [
            f"config/common.yml: ci.reviewers.{key} is missing: name {WHO_APPROVES[key]}, such as"
            f" '@{self._hub.owner().login}/{'infrastructure' if key == 'infra' else 'ml'}-engineers'"
            for key in keys
            if self._reviewers[key] is None
        ]
        for key in keys:
            found += filter(None, (self._people.problem(key, name) for name in self._reviewers[key] or ()))
        alone = [
            wanted.name
            for wanted in self._wanted
            if wanted.only_others and [name.casefold() for name in wanted.reviewers] == [f"@{self._hub.me}".casefold()]
        ]
        if alone:
            found.append(
                f"config/common.yml: ci.reviewers: you alone approve {' and '.join(alone)}, where who starts a job can"
                " not approve it: name a second person or a team"
            )
        return found

    def _plan(self) -> list[str]:
        there = self._hub.repository()
        if there is not None and not there["private"]:
            return []
        if why := repository.free_plan(self._hub):
            return [why]
        owner = self._hub.owner()
        if not owner.approves and any(wanted.reviewers for wanted in self._wanted):
            plan = f"the plan {owner.plan!r}" if owner.plan else "a plan that this sign-in does not show"
            return [f"{owner.login} on GitHub has {plan}: {environments.NO_REVIEWERS}"]
        return []


def connect(
    project: Project, configs: Mapping[str, EnvironmentConfig], *, reviewers: Mapping[str, str] | None = None
) -> CiSystem:
    """Sign in to GitHub.

    Args:
        project: this checkout.
        configs: the environments to set up.
        reviewers: who approves, by key of `ci.reviewers`, instead of what is written there; several are separated by
            commas or spaces, and an empty text means no approval.

    Raises:
        UserError: this machine has no sign-in to GitHub, or GitHub does not accept it.
    """
    repository_name = next(iter(configs.values())).ci.repository
    return CiSystem(project, configs, reviewers or {}, GitHub(repository_name))


def _names(text: str) -> tuple[str, ...]:
    """Return the names in a text, each with its '@'.

    >>> _names("@org/a, user")
    ('@org/a', '@user')
    """
    return tuple(f"@{name.removeprefix('@')}" for name in re.split(r"[\s,]+", text.strip()) if name)
