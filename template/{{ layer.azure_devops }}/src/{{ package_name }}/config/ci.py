"""The sections `ci` and `events` of config/{dev,staging,prod}.yml: trust between Azure and Azure Pipelines."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .azure_names import BlobSuffix, ContainerName, rule
from .yaml_file import Section

Repository = Annotated[str, rule(r"[^/]+/[^/]+/[^/]+", "write organisation/project/repository")]
Issuer = Annotated[str, rule(r"https://\S+", "write the issuer's address, starting with 'https://'")]
Subject = Annotated[str, rule(r"\S(.*\S)?", "write what the service connection says, without spaces around it")]


class Pipelines(Section):
    """Identity that Azure trusts as this environment's CI: none while `issuer` and `subject` are missing."""

    system: Literal["azure_devops"]
    repository: Repository
    builds_infrastructure: bool = True  # false: people build it
    issuer: Issuer | None = None
    subject: Subject | None = None

    @model_validator(mode="after")
    def _issuer_and_subject_go_together(self) -> "Pipelines":
        if (self.issuer is None) != (self.subject is None):
            raise ValueError("issuer and subject go together: the service connection says both")
        return self


class DataArrived(Section):
    """The blob that completes a delivery of data."""

    container: ContainerName
    suffix: BlobSuffix


class EventPipelines(Section):
    """Numbers of the pipelines that events start; None starts nothing."""

    model_registered: Annotated[int, Field(gt=0)] | None = None
    monitor_breach: Annotated[int, Field(gt=0)] | None = None
    data_arrived: Annotated[int, Field(gt=0)] | None = None


class Events(Section):
    """Events in Azure that start a pipeline or create a work item."""

    model: str  # the registered name
    cool_down_minutes: Annotated[int, Field(ge=1, le=1440)]
    data_arrived: DataArrived
    pipelines: EventPipelines
    work_item_type: str
