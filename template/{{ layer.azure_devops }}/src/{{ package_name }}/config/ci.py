"""Sections about Azure DevOps: trust between Azure and Azure Pipelines, approvals, the work of `watch`."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import model_validator

from .azure_names import RoleId, rule
from .yaml_file import BrokenRuleError, Section

Repository = Annotated[str, rule(r"[^/]+/[^/]+/[^/]+", "write organisation/project/repository")]
Issuer = Annotated[str, rule(r"https://\S+", "write the issuer's address, starting with 'https://'")]
Prefix = Annotated[str, rule(r"(\S(.*\S)?)?", "write how the subjects begin, without spaces around it")]
Subject = Annotated[str, rule(r"\S(.*\S)?", "write what the service connection says, without spaces around it")]


class Subjects(Section):
    """The subject of each identity's service connection, after the prefix; None: not trusted."""

    ci: Subject | None = None  # trains and deploys
    infrastructure: Subject | None = None  # builds infrastructure
    plan: Subject | None = None  # reads, for pull requests


Approver = Annotated[
    str, rule(r"[^@\s]+@[^@\s]+|\[[^\]]+\]\\\S(.*\S)?", r"write a mail address, or a group as '[Project]\Group'")
]
Approvers = tuple[Approver, ...]
Source = Annotated[str, rule(r"github:[^/:\s]+/[^/:\s]+", "write 'github:' and OWNER/NAME")]
Start = Annotated[str, rule(r"[A-Za-z0-9][A-Za-z0-9._-]*", "write letters, digits, '-', '_' and '.'")]


class Reviewers(Section):
    """Groups and people who approve; None: not chosen yet, `mlops bootstrap` asks; empty: no approval."""

    promote: Approvers | None = None  # a candidate may go on to staging
    prod: Approvers | None = None  # a model may go to production
    infra: Approvers | None = None  # infrastructure of staging and prod may change


class Pipelines(Section):
    """Service connections that Azure trusts as an environment's identities."""

    repository: Repository
    source: Source | None = None  # where the code is, if not in Azure Repos
    prefix: Start  # of the names of environments and service connections; the folder of the pipelines
    issuer: Issuer | None = None
    subject_prefix: Prefix = ""
    subjects: Subjects = Subjects()
    reviewers: Reviewers = Reviewers()
    builds_infrastructure: bool = True  # false: people build it
    autoscale_role_id: RoleId | None = None

    @model_validator(mode="after")
    def _subjects_have_an_issuer(self) -> Self:
        if self.issuer is None and self.trusted():
            raise BrokenRuleError("issuer", "is missing: a service connection shows it beside its subject")
        return self

    def trusted(self) -> Mapping[str, str]:
        """Return the whole subject of each identity, as far as it is written."""
        return {who: f"{self.subject_prefix}{subject}" for who, subject in self.subjects if subject is not None}


Area = Annotated[str, rule(r"[^\\/]+(\\[^\\/]+)*", r"write the area path, such as 'Project\Team'")]
Name = Annotated[str, rule(r"\S(.*\S)?", "write a name, without spaces around it")]


class Work(Section):
    """Where work items are made, and the pipelines that are started."""

    area_path: Area | None = None  # None: the project's own
    work_item: Name = "Issue"  # type of work items, such as Issue (Basic), Bug (Agile, Scrum, CMMI)
    promote: Name = "promote"  # takes a model on: staging, then prod
    retrain: Name = "retrain"
