"""What an environment has, lacks and would get; reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ..errors import UserError
from . import models, serving
from .checking import grants, quota
from .client import Azure
from .definitions.sync import exists, expected
from .jobs import schedules
from .jobs.champion import model_name
from .problems import AzureFailedError, AzureProblemError, translated
from .tags import STAGED
from .together import together

State = Literal["same", "missing", "differs", "problem", "unknown"]


@dataclass(frozen=True)
class Row:
    """One thing: how it stands and, where it is not as described, what to do."""

    state: State
    what: str
    words: str = ""


def plan(azure: Azure) -> list[Row]:
    """Return how an environment differs from azureml/, config/ and the table of roles.

    A resource that may not be read is `unknown`, and never taken for well.

    Raises:
        UserError: a file is refused, or the workspace is not built: all else would seem missing.
        AzureProblemError, AzureFailedError: the workspace does not answer.
    """
    _require_workspace(azure)
    parts = {"assets": _assets, "endpoints": _endpoints, "schedules": _schedules, "roles": _roles, "limits": _limits}
    asked = together({name: partial(_safely, azure, name, part) for name, part in parts.items()})
    return [row for rows in asked.values() for row in rows]


def _require_workspace(azure: Azure) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    name, env = azure.config.names.workspace, azure.config.environment.name
    with translated(azure, f"workspace {name}"):
        try:
            azure.call("GET", azure.workspace_id)
        except ResourceNotFoundError:
            raise UserError(f"workspace {name}: is not built: 'mlops infra apply --env {env}' builds it") from None


def _safely(azure: Azure, name: str, part: object) -> list[Row]:
    try:
        return list(part(azure))  # type: ignore[operator]
    except (AzureProblemError, AzureFailedError) as error:
        return [Row("unknown", name, str(error))]


def _assets(azure: Azure) -> Iterator[Row]:
    """Yield the versions that `sync` would register."""
    assets = list(expected(azure))
    there = together({asset.label: partial(exists, azure, asset) for asset in assets})
    for asset in assets:
        if there[asset.label]:
            yield Row("same", asset.label)
        else:
            yield Row("missing", asset.label, "'mlops azure sync' registers it")


def _endpoints(azure: Azure) -> Iterator[Row]:
    """Yield the endpoints with the model that they serve, beside the newest that they could."""
    own = azure.config.environment.name == "dev"
    place, name = models.workspace(azure) if own else models.registry(azure), model_name(azure)
    asked = together(
        {"endpoints": partial(serving.endpoints, azure), "versions": partial(models.versions, azure, place, name)}
    )
    fit = [each for each in asked["versions"] if each.tags.get(STAGED) != "refused"]
    newest = fit[0].label if fit else None
    for endpoint in asked["endpoints"]:
        what = f"{endpoint.kind} endpoint {endpoint.name}"
        advice = "'mlops azure deploy' " + ("builds it" if endpoint.state is None else "changes it")
        served = endpoint.serving.model if endpoint.serving else None
        if endpoint.state is None:
            yield Row("missing", what, advice)
        elif served == newest:
            yield Row("same", what, f"serves {served}" if served else "serves nothing, and nothing is registered")
        else:
            yield Row("differs", what, f"serves {served or 'nothing'}, newest is {newest or 'none'}; {advice}")
        for each in endpoint.deployments:
            if each.state == "Failed":
                yield Row("problem", f"deployment {each.name} of {endpoint.name}", "has failed: 'mlops azure logs'")


def _schedules(azure: Azure) -> Iterator[Row]:
    for each in schedules.differences(azure):
        yield Row(
            each.state, f"schedule {each.name}", "" if each.state == "same" else "'mlops azure monitors' writes it"
        )


def _roles(azure: Azure) -> Iterator[Row]:
    for missing in grants.missing(azure):
        env = azure.config.environment.name
        yield Row(
            "problem", f"role of {missing.holder}", f"lacks {missing}; 'mlops infra roles --env {env} --commands'"
        )


def _limits(azure: Azure) -> Iterator[Row]:
    for used in quota.used(azure):
        yield Row("problem" if used.exceeded else "same", used.what, used.words)
