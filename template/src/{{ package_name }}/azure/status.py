"""What an environment does at present: endpoints, models, monitors and the last jobs, asked for all at once."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ..errors import UserError
from . import models, serving
from .client import Azure
from .jobs import runs
from .jobs.champion import model_name
from .problems import translated
from .tags import CANDIDATE, GATE, MODEL, PURPOSE, STAGED
from .together import together
from .watch.claims import open_claims

LAST = 10  # jobs that are shown


@dataclass(frozen=True)
class Schedule:
    """A schedule of Azure ML; `model` is what it monitors."""

    name: str
    enabled: bool
    state: str
    model: str


@dataclass(frozen=True)
class Status:
    """An environment as it stands.

    Args:
        environment: its name.
        endpoints: built or not.
        registered: the newest versions in the workspace.
        promoted: the newest versions in the registry.
        schedules: of monitors and retraining.
        jobs: the newest of this project, newest first.
        looked: the last look of `mlops azure watch`, in words.
    """

    environment: str
    endpoints: tuple[serving.Endpoint, ...]
    registered: tuple[models.Version, ...]
    promoted: tuple[models.Version, ...]
    schedules: tuple[Schedule, ...]
    jobs: tuple[runs.Job, ...]
    looked: str  # when `mlops azure watch` last ended, and how; or why that is unknown

    def content(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    def rows(self) -> list[tuple[str, str, str]]:
        """Return it as rows: kind of thing, name, state in words."""
        found = [row for endpoint in self.endpoints for row in _endpoint_rows(endpoint)]
        found += [("registered", each.label, _version(each)) for each in self.registered]
        found += [("promoted", each.label, _version(each)) for each in self.promoted]
        for each in self.schedules:
            model = f", of {each.model}" if each.model else ""
            found.append(("schedule", each.name, f"{'on' if each.enabled else 'off'}, {each.state}{model}"))
        found += [("job", each.name, f"{each.status}, {each.tags[PURPOSE]}, {each.created[:16]}") for each in self.jobs]
        return [*found, ("watch", "", self.looked)]


def status(azure: Azure, count: int = 3) -> Status:
    """Return how an environment stands, with the newest `count` versions. Takes two round-trip times.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    name, workspace = model_name(azure), models.workspace(azure)
    asked = together(
        {
            **{kind: partial(serving.endpoint, azure, kind) for kind in serving.kinds(azure)},
            "registered": partial(models.versions, azure, workspace, name),
            "promoted": partial(models.versions, azure, models.registry(azure), name),
            "schedules": partial(schedules, azure),
            "jobs": partial(jobs, azure),
            "looked": partial(last_look, azure),
        }
    )
    return Status(
        environment=azure.config.environment.name,
        endpoints=tuple(asked[kind] for kind in serving.kinds(azure)),
        registered=tuple(asked["registered"][:count]),
        promoted=tuple(asked["promoted"][:count]),
        schedules=tuple(asked["schedules"]),
        jobs=tuple(asked["jobs"]),
        looked=asked["looked"],
    )


def schedules(azure: Azure) -> list[Schedule]:
    """Return the schedules of a workspace, those that are off included."""
    with translated(azure, "schedules"):
        found = azure.pages(f"{azure.workspace_id}/schedules", parameters={"listViewType": "All"})
        return [_schedule(each) for each in found]


def jobs(azure: Azure) -> list[runs.Job]:
    """Return the newest jobs that commands of this project submitted; steps of pipelines are none."""
    with translated(azure, "jobs"):
        # One page: Azure lists the newest first.
        answer = azure.call("GET", f"{azure.workspace_id}/jobs", parameters={"tag": PURPOSE}).body
    found = [runs.job(each) for each in answer.get("value", ())]
    return sorted(found, key=lambda each: each.created, reverse=True)[:LAST]


def last_look(azure: Azure) -> str:
    """Say when `mlops azure watch` last looked at an environment, and how that ended; why, where it cannot be read."""
    try:
        with translated(azure, "heartbeat"):
            beat = open_claims(azure.config.names.storage_account, azure.credential, "", now).heartbeat()
    except UserError as error:
        return f"unknown: {error}"
    if beat is None:
        return "has never looked"
    at = datetime.fromisoformat(beat["at"])
    ended = "" if beat["exit_code"] == 0 else f", ended with {beat['exit_code']}"
    silent = timedelta(hours=azure.config.thresholds.watch_silent_hours)
    late = f", silent for more than {silent // timedelta(hours=1)} hours" if now() - at > silent else ""
    return f"last look {at:%Y-%m-%d %H:%M} UTC{ended}{late}"


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def _schedule(body: Any) -> Schedule:
    properties = body["properties"]
    action = properties.get("action") or {}
    inputs = (action.get("jobDefinition") or {}).get("inputs") or {}
    model = models.of_id(str((inputs.get("model") or {}).get("uri", ""))) or ""
    enabled = bool(properties.get("isEnabled", True))
    return Schedule(body["name"], enabled, properties.get("provisioningState", ""), model)


def _endpoint_rows(endpoint: serving.Endpoint) -> list[tuple[str, str, str]]:
    if endpoint.state is None:
        return [(endpoint.kind, endpoint.name, "not built")]
    rows = [(endpoint.kind, endpoint.name, endpoint.state if endpoint.deployments else f"{endpoint.state}, empty")]
    for each in endpoint.deployments:
        share = "default" if each.default else f"{each.traffic} %"
        mirror = f", mirrors {each.mirrored} %" if each.mirrored else ""
        size = f", {each.instances} x" if each.instances else ""
        words = f"{share}{mirror}, {each.model or 'unknown model'}, {each.state}{size}"
        rows.append(("", f"  {each.name}", words))
    return rows


def _version(found: models.Version) -> str:
    tags: Mapping[str, str] = found.tags
    words = [f"{key} {tags[key]}" for key in (GATE, STAGED) if key in tags]
    words += [f"from {tags[CANDIDATE]}"] if CANDIDATE in tags and MODEL not in tags else []
    return ", ".join([*words, found.created[:16]])
