"""The environments of GitHub: who approves their jobs, from which branch, and their variables.

The jobs of an environment get tokens that Azure accepts, so its rules guard the identity behind it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..config.environment import EnvironmentConfig
from ..errors import StepFailedError, UserError
from .git import BRANCH
from .github import GitHub
from .rest import RefusedError
from .reviewers import People
from .steps import Identities, Identity, Phase, State, Step

PROMOTE = "promote"  # of people alone: its jobs act as no identity
PREFIX = ":environment:"
EXISTS = 303  # GitHub's answer to a branch policy that is there
MAIN = {"protected_branches": False, "custom_branch_policies": True}


@dataclass(frozen=True)
class Variable:
    """A variable that jobs read: a fact about an identity in Azure.

    Attributes:
        name: in workflows.
        value: takes it from the identity.
        query: the end of a line of `az` that prints it.
    """

    name: str
    value: Callable[[Identity], str]
    query: str


CLIENT = Variable("AZURE_CLIENT_ID", lambda identity: identity.client_id, "--query clientId --output tsv")
SUBSCRIPTION = Variable("AZURE_SUBSCRIPTION_ID", lambda identity: identity.subscription_id, "--query id --output tsv")
TENANT = Variable("AZURE_TENANT_ID", lambda identity: identity.tenant_id, "--query tenantId --output tsv")


@dataclass(frozen=True)
class Wanted:
    """An environment, how it should be.

    Attributes:
        name: on GitHub.
        reviewers: teams and users, one of whom approves each job; none: no approval.
        key: of `ci.reviewers`, where they are written.
        only_others: the person who started a job cannot approve it.
        only_main: jobs of other branches are refused.
        identity: environment and kind of the identity in Azure; None: its jobs have none.
        found_by: the line of `az` that shows that identity, without what to print.
    """

    name: str
    reviewers: tuple[str, ...] = ()
    key: str = ""
    only_others: bool = False
    only_main: bool = True
    identity: tuple[str, str] | None = None
    found_by: str = ""


def needed(environments: Sequence[str]) -> list[str]:
    """Return the keys of `ci.reviewers` that these environments need."""
    later = [name for name in environments if name != "dev"]
    return [*(["promote", "infra"] if later else []), *(["prod"] if "prod" in later else [])]


def table(configs: Mapping[str, EnvironmentConfig], reviewers: Mapping[str, Sequence[str]]) -> list[Wanted]:
    """Return the environments of GitHub that the workflows use, for these environments of the project."""
    found = [wanted for name, config in configs.items() for wanted in _of(name, config, reviewers)]
    if set(configs) - {"dev"}:
        found.append(Wanted(PROMOTE, tuple(reviewers.get(PROMOTE, ())), PROMOTE))
    return found


def _of(name: str, config: EnvironmentConfig, reviewers: Mapping[str, Sequence[str]]) -> Iterator[Wanted]:
    subjects, names = config.ci.subjects, config.names

    def found_by(identity: str) -> str:
        return f"az identity show --resource-group {names.resource_group} --name {identity}"

    prod, approved = name == "prod", name != "dev"
    to_prod, to_infra = tuple(reviewers.get("prod", ())), tuple(reviewers.get("infra", ()))
    if subjects.ci:
        yield Wanted(
            subjects.ci.removeprefix(PREFIX),
            to_prod if prod else (),
            "prod" if prod else "",
            only_others=prod,
            identity=(name, "ci"),
            found_by=found_by(names.identity_ci),
        )
    if subjects.watch:
        yield Wanted(subjects.watch.removeprefix(PREFIX), identity=(name, "ci"), found_by=found_by(names.identity_ci))
    if not config.ci.builds_infrastructure:
        return
    if subjects.infrastructure:
        yield Wanted(
            subjects.infrastructure.removeprefix(PREFIX),
            to_infra if approved else (),
            "infra" if approved else "",
            only_others=prod,
            identity=(name, "infrastructure"),
            found_by=found_by(names.identity_infrastructure),
        )
    if subjects.plan:  # pull requests need it; it only reads
        yield Wanted(
            subjects.plan.removeprefix(PREFIX),
            only_main=False,
            identity=(name, "plan"),
            found_by=found_by(names.identity_plan),
        )


class Environments:
    """The environments of the repository."""

    def __init__(self, hub: GitHub, people: People, wanted: Sequence[Wanted]) -> None:
        self._hub = hub
        self._people = people
        self._wanted = wanted

    def problems(self) -> list[str]:
        """Return what keeps the environments from being as they should."""
        if self._hub.repository() is None:
            return []
        found: list[str] = []
        names = {wanted.name.casefold(): wanted for wanted in self._wanted}
        for each in self._hub.rest.pages(
            f"{self._hub.path}/environments", "environments", params={"per_page": "100"}, missing=(404,)
        ):
            wanted = names.get(each["name"].casefold())
            if wanted is None:
                continue
            if each["name"] != wanted.name:
                found.append(
                    f"environment {each['name']!r} on GitHub differs from {wanted.name!r} only in capital letters, and"
                    " Azure compares letter by letter: delete it"
                )
            elif wanted.only_main and (others := self._others(wanted.name)):
                found.append(
                    f"environment {wanted.name!r} on GitHub: {', '.join(others)} may use it too: leave only the branch"
                    f" {BRANCH} there"
                )
        return found

    def steps(self, identities: Identities) -> list[Step]:
        """Return each environment, its branch policy and its variables."""
        return [step for wanted in self._wanted for step in self._steps(wanted, identities)]

    def _steps(self, wanted: Wanted, identities: Identities) -> Iterator[Step]:
        rules = [f"approved by {' or '.join(wanted.reviewers)}"] if wanted.reviewers else []
        rules += [f"only from {BRANCH}"] if wanted.only_main else []
        yield Step(
            f"github:environment/{wanted.name}",
            ", ".join([f"environment {wanted.name}", *rules]),
            Phase.CI,
            lambda: self._state(wanted),
            lambda: self._write(wanted),
            lambda: self._hub.rest.delete(self._path(wanted.name)),
            self._hub.command("PUT", lambda: self._path(wanted.name), lambda: self._body(wanted, None)),
        )
        if wanted.only_main:
            yield Step(
                f"github:branch-policy/{wanted.name}",
                f"environment {wanted.name}: branch {BRANCH}",
                Phase.CI,
                lambda: State.SAME if self._mains(wanted.name) else State.ABSENT,
                lambda: self._allow_main(wanted.name),
                lambda: self._forbid_main(wanted.name),
                self._hub.command("POST", lambda: self._policies(wanted.name), lambda: _POLICY),
            )
        if wanted.identity:
            environment, who = wanted.identity
            for each, found_by in ((CLIENT, wanted.found_by), (SUBSCRIPTION, "az account show")):
                yield variable(self._hub, each, lambda: identities(environment, who), found_by, wanted.name)

    def _state(self, wanted: Wanted) -> State:
        found = self._hub.rest.get(self._path(wanted.name), missing=(404,))
        if found is None:
            return State.ABSENT
        if found["name"] != wanted.name:
            raise UserError(f"environment {found['name']!r} on GitHub has other capital letters than {wanted.name!r}")
        return State.SAME if self._wanted_rules(wanted, found) == _rules(found) else State.DIFFERENT

    def _write(self, wanted: Wanted) -> None:
        path = self._path(wanted.name)
        try:
            self._hub.rest.put(path, json=self._body(wanted, self._hub.rest.get(path, missing=(404,))))
        except RefusedError as refused:
            if refused.status == 422 and "billing plan" in refused.message:  # backstage/backstage#28977
                raise UserError(f"{self._hub.path.removeprefix('/repos/')}: {NO_REVIEWERS}") from None
            if refused.status == 422 and (waiting := self._people.waiting(wanted.reviewers)):
                raise UserError(
                    f"environment {wanted.name!r} on GitHub: {' and '.join(waiting)} can approve once the invitation to"
                    f" {self._hub.path.removeprefix('/repos/')} is accepted: then run this again"
                ) from None
            raise
        if self._state(wanted) is not State.SAME:  # a plan without reviewers may drop them in silence
            raise UserError(f"environment {wanted.name!r} on GitHub lacks rules that were written: {NO_REVIEWERS}")

    def _body(self, wanted: Wanted, found: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return all rules, as one that is left out of a PUT may be reset; those of a plan only where one is set.

        In private repositories without Enterprise, GitHub refuses a body that names these at all, even as 0 or null
        (google/go-github#2611, backstage/backstage#28978).
        """
        rules, before = self._wanted_rules(wanted, found), _rules(found) if found else {}
        kept = {key: found[key] for key in _KEPT if key in found} if found else {}
        if any(rules[key] or before.get(key) for key in _OF_PLAN):
            return {**kept, **rules}
        return {**kept, **{key: value for key, value in rules.items() if key not in _OF_PLAN}}

    def _wanted_rules(self, wanted: Wanted, found: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the rules of an environment; waiting times of the owner stay."""
        reviewers = [self._people.get(name) for name in wanted.reviewers]
        return {
            "wait_timer": _rules(found)["wait_timer"] if found else 0,
            # GitHub refuses it where there is no reviewer (github-community-projects/safe-settings#628).
            "prevent_self_review": wanted.only_others and bool(reviewers),
            "reviewers": sorted(({"type": each.kind, "id": each.id} for each in reviewers), key=_order) or None,
            "deployment_branch_policy": MAIN if wanted.only_main else None,
        }

    def _listed(self, name: str) -> list[tuple[str, str, int]]:
        """Return kind (branch or tag), pattern and number of each policy."""
        listed = self._hub.rest.pages(
            self._policies(name), "branch_policies", params={"per_page": "100"}, missing=(404,)
        )
        return [(each.get("type", "branch"), each["name"], each["id"]) for each in listed]

    def _others(self, name: str) -> list[str]:
        """Return the branches and tags, beside main, whose jobs may use an environment."""
        return [f"{kind} {pattern}" for kind, pattern, _ in self._listed(name) if (kind, pattern) != ("branch", BRANCH)]

    def _allow_main(self, name: str) -> None:
        self._hub.rest.post(self._policies(name), json=_POLICY, ok=(200, 201, EXISTS))

    def _forbid_main(self, name: str) -> None:
        for number in self._mains(name):
            self._hub.rest.delete(f"{self._policies(name)}/{number}")

    def _mains(self, name: str) -> list[int]:
        return [number for kind, pattern, number in self._listed(name) if (kind, pattern) == ("branch", BRANCH)]

    def _path(self, name: str) -> str:
        return place(self._hub, name)

    def _policies(self, name: str) -> str:
        return f"{self._path(name)}/deployment-branch-policies"


_POLICY = {"name": BRANCH, "type": "branch"}
# Whether administrators may pass over the rules: the owner's choice. GitHub's description of this call lacks it, and
# google/go-github writes it (CreateUpdateEnvironment).
_KEPT = ("can_admins_bypass",)
_OF_PLAN = ("wait_timer", "prevent_self_review", "reviewers")
NO_REVIEWERS = (
    "GitHub offers required reviewers in private repositories with Enterprise only: make the repository public, move it"
    " to an organisation with Enterprise, or go on without approvals, with --reviewer KEY=none"
)


def place(hub: GitHub, environment: str) -> str:
    """Return the path of an environment, whose name may hold any character."""
    return f"{hub.path}/environments/{quote(environment, safe='')}"


def variable(
    hub: GitHub, wanted: Variable, identity: Callable[[], Identity | None], found_by: str, environment: str = ""
) -> Step:
    """Return a variable of an environment, or without one of the repository, as a step.

    `identity` gives the identity in Azure that it is about, None while that does not exist; `found_by` is the line of
    `az` that shows it.
    """
    name = wanted.name

    def folder() -> str:
        return f"{place(hub, environment)}/variables" if environment else f"{hub.path}/actions/variables"

    def state() -> State:
        known = identity()
        found = hub.rest.get(f"{folder()}/{name}", missing=(404,)) if known else None
        if known is None or found is None:
            return State.ABSENT
        return State.SAME if found["value"] == wanted.value(known) else State.DIFFERENT

    def make() -> None:
        known = identity()
        if known is None:
            raise StepFailedError(f"variable {name}: its identity in Azure is not there yet")
        content = {"name": name, "value": wanted.value(known)}
        if hub.rest.get(f"{folder()}/{name}", missing=(404,)) is None:
            hub.rest.post(folder(), json=content)
        else:
            hub.rest.patch(f"{folder()}/{name}", json=content)

    def remove() -> None:
        hub.rest.delete(f"{folder()}/{name}")

    def command() -> str:
        place = f"--env {environment} " if environment else ""
        repository = hub.path.removeprefix("/repos/")
        return f'gh variable set {name} --repo {repository} {place}--body "$({found_by} {wanted.query})"'

    return Step(
        f"github:variable/{environment or '-'}/{name}",
        f"variable {name} of {f'environment {environment}' if environment else 'the repository'}",
        Phase.CI if environment else Phase.FINISH,
        state,
        make,
        remove,
        command,
    )


def _rules(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an environment as it is read, in the form in which it is written."""
    rules = {rule["type"]: rule for rule in found.get("protection_rules") or ()}
    approval = rules.get("required_reviewers", {})
    reviewers = [{"type": each["type"], "id": each["reviewer"]["id"]} for each in approval.get("reviewers") or ()]
    return {
        "wait_timer": rules.get("wait_timer", {}).get("wait_timer", 0),
        "prevent_self_review": bool(approval.get("prevent_self_review")),
        "reviewers": sorted(reviewers, key=_order) or None,
        "deployment_branch_policy": found.get("deployment_branch_policy"),
    }


def _order(reviewer: Mapping[str, Any]) -> tuple[str, int]:
    return str(reviewer["type"]), int(reviewer["id"])
