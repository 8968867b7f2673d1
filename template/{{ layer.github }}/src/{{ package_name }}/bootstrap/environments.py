"""The environments of GitHub: who approves their jobs, from which branch, and their variables.

The jobs of an environment get tokens that Azure accepts, so its rules guard the identity behind it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..config.environment import EnvironmentConfig
from ..errors import StepFailedError, UserError
from .git import BRANCH
from .github import GitHub
from .people import People
from .rest import RefusedError
from .steps import Identities, Identity, Phase, State, Step

PROMOTE = "promote"  # of people alone: its jobs act as no identity
PREFIX = ":environment:"
EXISTS = 303  # GitHub's answer to a branch policy that is there
MAIN = {"protected_branches": False, "custom_branch_policies": True}
VARIABLES: Mapping[str, Callable[[Identity], str]] = {
    "AZURE_CLIENT_ID": lambda identity: identity.client_id,
    "AZURE_SUBSCRIPTION_ID": lambda identity: identity.subscription_id,
}


@dataclass(frozen=True)
class Wanted:
    """An environment, how it should be.

    Attributes:
        name: on GitHub.
        reviewers: teams and users, one of whom approves each job; none: no approval.
        key: of `ci.reviewers`, where they are written.
        only_others: the person who started a job cannot approve it.
        only_main: jobs of other branches are refused.
        identity: environment and name of the identity in Azure; None: its jobs have none.
    """

    name: str
    reviewers: tuple[str, ...] = ()
    key: str = ""
    only_others: bool = False
    only_main: bool = True
    identity: tuple[str, str] | None = None


def table(configs: Mapping[str, EnvironmentConfig], reviewers: Mapping[str, Sequence[str]]) -> list[Wanted]:
    """Return the environments of GitHub that the workflows use, for these environments of the project."""
    found = [wanted for name, config in configs.items() for wanted in _of(name, config, reviewers)]
    if set(configs) - {"dev"}:
        found.append(Wanted(PROMOTE, tuple(reviewers.get(PROMOTE, ())), PROMOTE))
    return found


def _of(name: str, config: EnvironmentConfig, reviewers: Mapping[str, Sequence[str]]) -> Iterator[Wanted]:
    subjects = config.ci.subjects
    prod, approved = name == "prod", name != "dev"
    to_prod, to_infra = tuple(reviewers.get("prod", ())), tuple(reviewers.get("infra", ()))
    if subjects.ci:
        yield Wanted(
            subjects.ci.removeprefix(PREFIX),
            to_prod if prod else (),
            "prod" if prod else "",
            only_others=prod,
            identity=(name, "ci"),
        )
    if subjects.watch:
        yield Wanted(subjects.watch.removeprefix(PREFIX), identity=(name, "ci"))
    if not config.ci.builds_infrastructure:
        return
    if subjects.infrastructure:
        yield Wanted(
            subjects.infrastructure.removeprefix(PREFIX),
            to_infra if approved else (),
            "infra" if approved else "",
            only_others=prod,
            identity=(name, "infrastructure"),
        )
    if subjects.plan:  # pull requests need it; it only reads
        yield Wanted(subjects.plan.removeprefix(PREFIX), only_main=False, identity=(name, "plan"))


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
            elif wanted.only_main and (others := [name for name in self._branches(wanted.name) if name != BRANCH]):
                found.append(
                    f"environment {wanted.name!r} on GitHub: the branches {', '.join(others)} may use it too: leave"
                    f" only {BRANCH} there"
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
                lambda: State.SAME if BRANCH in self._branches(wanted.name) else State.ABSENT,
                lambda: self._allow_main(wanted.name),
                lambda: self._forbid_main(wanted.name),
                self._hub.command("POST", lambda: self._policies(wanted.name), lambda: _POLICY),
            )
        if wanted.identity:
            environment, who = wanted.identity
            for name, value in VARIABLES.items():
                yield variable(
                    self._hub,
                    lambda: f"{self._path(wanted.name)}/variables",
                    wanted.name,
                    name,
                    lambda: identities(environment, who),
                    value,
                    Phase.CI,
                )

    def _state(self, wanted: Wanted) -> State:
        found = self._hub.rest.get(self._path(wanted.name), missing=(404,))
        if found is None:
            return State.ABSENT
        if found["name"] != wanted.name:
            raise UserError(f"environment {found['name']!r} on GitHub has other capital letters than {wanted.name!r}")
        return State.SAME if self._body(wanted, found) == _rules(found) else State.DIFFERENT

    def _write(self, wanted: Wanted) -> None:
        path = self._path(wanted.name)
        try:
            self._hub.rest.put(path, json=self._body(wanted, self._hub.rest.get(path, missing=(404,))))
        except RefusedError as refused:
            if refused.status == 422 and "billing plan" in refused.message:  # backstage/backstage#28977
                raise UserError(f"{self._hub.path.removeprefix('/repos/')}: {NO_REVIEWERS}") from None
            raise
        if self._state(wanted) is not State.SAME:  # a plan without reviewers may drop them in silence
            raise UserError(f"environment {wanted.name!r} on GitHub has not the rules that were written: {NO_REVIEWERS}")

    def _body(self, wanted: Wanted, found: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return all rules: one that is left out of a PUT may be reset. Waiting times of the owner stay."""
        reviewers = [self._people.get(name) for name in wanted.reviewers]
        return {
            "wait_timer": _rules(found)["wait_timer"] if found else 0,
            # GitHub refuses it where there is no reviewer (github-community-projects/safe-settings#628).
            "prevent_self_review": wanted.only_others and bool(reviewers),
            "reviewers": sorted(({"type": each.kind, "id": each.id} for each in reviewers), key=_order) or None,
            "deployment_branch_policy": MAIN if wanted.only_main else None,
        }

    def _branches(self, name: str) -> list[str]:
        listed = self._hub.rest.pages(
            self._policies(name), "branch_policies", params={"per_page": "100"}, missing=(404,)
        )
        return [each["name"] for each in listed if each.get("type", "branch") == "branch"]

    def _allow_main(self, name: str) -> None:
        self._hub.rest.post(self._policies(name), json=_POLICY, ok=(200, 201, EXISTS))

    def _forbid_main(self, name: str) -> None:
        listed = list(
            self._hub.rest.pages(self._policies(name), "branch_policies", params={"per_page": "100"}, missing=(404,))
        )
        for each in listed:
            if each["name"] == BRANCH:
                self._hub.rest.delete(f"{self._policies(name)}/{each['id']}")

    def _path(self, name: str) -> str:
        return f"{self._hub.path}/environments/{name}"

    def _policies(self, name: str) -> str:
        return f"{self._path(name)}/deployment-branch-policies"


_POLICY = {"name": BRANCH, "type": "branch"}
NO_REVIEWERS = (
    "GitHub offers required reviewers in private repositories with Enterprise only: make the repository public, move it"
    " to an organisation with Enterprise, or write [] into ci.reviewers to go on without approvals"
)


def variable(
    hub: GitHub,
    folder: Callable[[], str],
    place: str,
    name: str,
    identity: Callable[[], Identity | None],
    value: Callable[[Identity], str],
    phase: Phase,
) -> Step:
    """Return a variable that jobs read.

    Args:
        hub: the repository.
        folder: gives the path of the variables that it belongs to.
        place: the environment's name; "" for the repository.
        name: of the variable.
        identity: gives the identity in Azure that it is about; None while that does not exist.
        value: takes it from the identity.
        phase: of the step.
    """

    def state() -> State:
        known = identity()
        found = hub.rest.get(f"{folder()}/{name}", missing=(404,)) if known else None
        if known is None or found is None:
            return State.ABSENT
        return State.SAME if found["value"] == value(known) else State.DIFFERENT

    def body() -> dict[str, str]:
        known = identity()
        if known is None:
            raise StepFailedError(f"variable {name} of {place or 'the repository'}: its identity is not there yet")
        return {"name": name, "value": value(known)}

    def make() -> None:
        content = body()
        if hub.rest.send("PATCH", f"{folder()}/{name}", json=content, missing=(404,)).status_code == 404:
            hub.rest.post(folder(), json=content)

    def remove() -> None:
        hub.rest.delete(f"{folder()}/{name}")

    where = f"environment {place}" if place else "repository"
    return Step(
        f"github:variable/{place or '-'}/{name}",
        f"{where}: variable {name}",
        phase,
        state,
        make,
        remove,
        hub.command("POST", folder, body),
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
