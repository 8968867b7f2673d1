"""Sections about GitHub: trust between Azure and GitHub Actions, approvals, and what `mlops azure watch` uses there."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from .azure_names import RoleId, rule
from .yaml_file import Section

Repository = Annotated[str, rule(r"[^/]+/[^/]+", "write owner/name")]
Issuer = Annotated[str, rule(r"https://\S+", "write the issuer's address, starting with 'https://'")]
Prefix = Annotated[
    str,
    rule(
        r"repo:[^/:\s]+/[^/:\s]+",
        "write what GitHub says, such as 'repo:owner@1/name@2', without the environment",
    ),
]
Subject = Annotated[str, rule(r":environment:[^\s:]+", "write ':environment:' and the name of a GitHub environment")]


class Subjects(Section):
    """How the tokens of each identity's jobs are named, after the prefix; None: not trusted."""

    ci: Subject | None = None  # trains and deploys
    infrastructure: Subject | None = None  # builds infrastructure
    plan: Subject | None = None  # reads, for pull requests
    watch: Subject | None = None  # looks at the environment every hour


Team = Annotated[str, rule(r"@[\w.-]+(/[\w.-]+)?", "write '@organisation/team', or '@' and a user")]
Approvers = Annotated[tuple[Team, ...], Field(max_length=6)]  # GitHub takes six; one of them approves


class Reviewers(Section):
    """Teams and users who approve jobs; None: not chosen yet, `mlops bootstrap` asks; empty: no approval."""

    promote: Approvers | None = None  # a candidate may go on to staging
    prod: Approvers | None = None  # a model may go to production
    infra: Approvers | None = None  # infrastructure of staging and prod may change


class Pipelines(Section):
    """Tokens that Azure trusts as an environment's identities: none while `subject_prefix` is missing."""

    repository: Repository
    issuer: Issuer
    subject_prefix: Prefix | None = None
    subjects: Subjects = Subjects()
    reviewers: Reviewers = Reviewers()
    builds_infrastructure: bool = True  # false: people build it
    autoscale_role_id: RoleId | None = None

    def trusted(self) -> Mapping[str, str]:
        """Return the whole subject of each identity, as far as it is written."""
        return {who: f"{self.subject_prefix or ''}{subject}" for who, subject in self.subjects if subject is not None}


Workflow = Annotated[str, rule(r"[\w.-]+\.ya?ml", "write the name of a file in .github/workflows/")]


class Work(Section):
    """Whom issues mention, and the workflows that are started."""

    team: Team | None = None
    release: Workflow = "release.yml"  # takes a model on: staging, then prod
    retrain: Workflow = "retrain.yml"
