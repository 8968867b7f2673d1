"""All that `mlops bootstrap` does, in its order."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import UserError
from ..files import atomic_write
from ..paths import Project
from . import ci, rights, settings
from .arguments import approvers, chosen, written
from .azure import Azure
from .build import WRITTEN, Build, commit_step
from .grants import Grants
from .groups import People
from .journal import Journal
from .lake import Lake
from .providers import Providers
from .resources import Ground
from .steps import Identity, Phase, State, Step
from .trust import Trusts

_OF_DIRECTORY = (Phase.PEOPLE,)
_OF_AZURE = (Phase.AZURE, Phase.TRUST, Phase.APPLY)


class Bootstrap:
    """One run for some environments."""

    def __init__(
        self,
        project: Project,
        environments: Sequence[str],
        *,
        reviewers: Mapping[str, str],
        groups: Mapping[str, str],
        show: Callable[[str], None],
    ) -> None:
        """Read the configuration and sign in; write nothing.

        Args:
            project: to set up.
            environments: their names; dev is built, the others are prepared for CI.
            reviewers: key of `ci.reviewers` -> who approves, as given on the command line.
            groups: key of `groups` -> name or object ID, as given on the command line.
            show: gets the lines of the first apply.

        Raises:
            UserError: the configuration or an argument is refused, or a sign-in is missing.
        """
        self._project = project
        self._configs = chosen(project, environments)
        self._reviewers = approvers(project, reviewers)
        self.journal = Journal.of(project)
        self.azure = Azure()
        self._refuse_other_subscription()
        given = {key: ",".join(names) for key, names in self._reviewers.items()}
        self.ci = ci.connect(project, self._configs, reviewers=given)
        self._people = People(project, self.azure, slug(project), groups, self.journal)
        self._ground = Ground(project, self.azure, self._configs)
        self._providers = Providers(self.azure, self._configs)
        self._lake = Lake(self.azure, self._configs)
        self._grants = Grants(project, self.azure, self._configs, self.journal)
        self._build = Build(project, self.azure, self._configs, self.journal, show)

    def problems(self) -> dict[str, list[str]]:
        """Return what keeps the run from ending well, by who can help.

        Those are the administrators of `azure`, `directory` and `ci`; and `you`, for this project and your sign-in.
        """
        of_ci = self.ci.rights()
        found = {
            "azure": list(rights.problems(self.azure, self._ground, self._configs, self._providers)),
            "directory": self._people.problems(),
            "ci": of_ci,
            "you": [sentence for sentence in self.ci.problems() if sentence not in of_ci],
        }
        return {who: sentences for who, sentences in found.items() if sentences}

    def steps(self) -> list[Step]:
        """Return every step; steps of one phase stand together, as phases do in `Phase`."""
        grants = self._grants.steps()
        steps = [
            *self.ci.repository_steps(),
            *self._people.steps(),
            *self._reviewer_steps(),
            *self.ci.people_steps(),
            self._providers.step(),
            *self._ground.steps(),
            *self._lake.steps(),
            *(step for step in grants if step.phase is Phase.AZURE),
            *self.ci.connection_steps(self.identity),
            *Trusts(self.azure, self.ci, self._configs).steps(),
            self._trust_in_configuration(),
            *self.ci.settings_steps(self.identity),
            *self._build.registry_steps(),
            *(step for step in grants if step.phase is Phase.APPLY),
            *self._build.environment_steps(),
            commit_step(self._project, self.journal),
            *self._push_again(),
            *self.ci.finish_steps(self.identity),
        ]
        order = list(Phase)
        return [self._noted(step) for step in sorted(steps, key=lambda step: order.index(step.phase))]

    def _noted(self, step: Step) -> Step:
        """Return a step that first leaves in the journal what a later process must know of its work."""
        facts: dict[str, str] = {}
        if step.phase is Phase.AZURE:
            facts = {_subscription(name): self.azure.subscription for name in self._configs}
        elif step.key.startswith(("config:", "entra:group/")):
            facts = {WRITTEN: "not committed"}

        def make() -> None:
            for name, value in facts.items():
                self.journal.note(name, value)
            step.make()

        return replace(step, make=make) if facts else step

    def _refuse_other_subscription(self) -> None:
        """Refuse to set up again elsewhere, or to undo where nothing is: another subscription may be chosen by now."""
        for name in self._configs:
            known = self.journal.fact(_subscription(name))
            if known not in (None, self.azure.subscription):
                raise UserError(
                    f"subscription {self.azure.subscription} is refused: 'mlops bootstrap' set up {name} in {known}:"
                    f" 'az account set --subscription {known}', or ARM_SUBSCRIPTION_ID; to begin again in another one,"
                    " remove .mlops/bootstrap.json"
                )

    def identity(self, environment: str, who: str) -> Identity | None:
        """Return an identity of an environment, None while it does not exist."""
        return self.azure.identity(self._configs[environment], who)

    def ahead(self) -> list[str]:
        """Return what is left to people, as far as it is known before a run."""
        return self.ci.ahead()

    def manual(self) -> list[str]:
        """Return what is left to people after a run, before the first model can serve."""
        return self.ci.manual()

    def later(self) -> list[str]:
        """Return the roles that could not be given, as their object is not there yet, with what to do."""
        return self._grants.waiting()

    def handover(self, path: Path, problems: Mapping[str, Sequence[str]]) -> int:
        """Write the commands that need rights which the person lacks; return how many there are.

        Args:
            path: of the script.
            problems: as `problems` returns them.

        Raises:
            UserError: the file cannot be written.
        """
        lacking = {who: sentences for who, sentences in problems.items() if who != "you"}
        phases = {
            *(_OF_DIRECTORY if "directory" in lacking else ()),
            *(_OF_AZURE if "azure" in lacking else ()),
            *((set(Phase) - {*_OF_DIRECTORY, *_OF_AZURE}) if "ci" in lacking else ()),
        }
        lines = [
            f"# {step.what}\n{_command(step)}\n"
            for step in self.steps()
            if step.phase in phases and step.command and step.state() is not State.SAME
        ]
        reasons = [f"# - {sentence}" for sentences in lacking.values() for sentence in sentences]
        head = [
            "#!/usr/bin/env bash",
            f"# For an administrator: what `mlops bootstrap` of {slug(self._project)} needs, and may not do itself:",
            *reasons,
            "# Afterwards `uv run mlops bootstrap` finds it, and does the rest. Each command may be run twice.",
            "set -euo pipefail",
            f"az account set --subscription {self.azure.subscription}",
        ]
        atomic_write(path, "\n".join([*head, "", *lines]))
        return len(lines)

    def _reviewer_steps(self) -> list[Step]:
        if not self._reviewers:
            return []
        wanted = written(self._reviewers)
        return [
            Step(
                "config:ci.reviewers",
                "who approves, in config/common.yml",
                Phase.PEOPLE,
                lambda: State.DIFFERENT if settings.differ(self._project, wanted) else State.SAME,
                lambda: settings.write(self._project, wanted),
            )
        ]

    def _trust_in_configuration(self) -> Step:
        def state() -> State:
            wanted = self.ci.written()
            if any(value is None for values in wanted.values() for value in values.values()):
                return State.ABSENT
            return State.DIFFERENT if settings.differ(self._project, wanted) else State.SAME

        return Step(
            "config:ci",
            "issuer and subjects of the CI system, in config/",
            Phase.TRUST,
            state,
            lambda: settings.write(self._project, self.ci.written()),
        )

    def _push_again(self) -> list[Step]:
        """Return the push once more, for the commit of the configuration."""
        pushes = [step for step in self.ci.repository_steps() if step.key.endswith(":push")]
        return [
            replace(step, key=f"{step.key}/configuration", phase=Phase.PUSH, what="push of config/", remove=None)
            for step in pushes
        ]


def _command(step: Step) -> str:
    """Return a step's command, or as a comment what must be there before it is known."""
    try:
        return step.command() if step.command else ""
    except UserError as error:
        return f"# not known yet: {' '.join(str(error).split())}"


def slug(project: Project) -> str:
    """Return the project's name, as pyproject.toml has it."""
    content = tomllib.loads((project.root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(content["project"]["name"])


def _subscription(environment: str) -> str:
    """Return the name of the fact in which subscription an environment was set up."""
    return f"subscription/{environment}"
