"""Versions of the model in the workspace and in the registry, by their tags; `latest` is never asked for."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..client import Azure
from ..tags import CANDIDATE, GATE, SOURCE, STAGED
from .state import Copy, Version

ASSETS = "2023-08-01-preview"  # the version by which azure-ai-ml reads models


def versions(azure: Azure, name: str) -> list[Version]:
    """Return the versions of the workspace that a gate let through."""
    found: dict[str, Version] = {}
    for verdict in ("passed", "overridden"):
        for item in _listed(azure, f"{azure.workspace_id}/models/{name}/versions", {"tags": f"{GATE}={verdict}"}):
            tags = item["properties"].get("tags") or {}
            # Asked again here: a service that does not know the filter would answer with everything.
            if tags.get(GATE) == verdict:
                found[item["name"]] = Version(name, item["name"], _created(item), verdict, tags.get(STAGED))
    return list(found.values())


def copies(azure: Azure, name: str) -> list[Copy]:
    """Return the versions in the registry."""
    found = []
    # azure-ai-ml knows the registry's own address, under which its assets are.
    for model in azure.registry.models.list(name=name):
        tags = model.tags or {}
        created = getattr(model.creation_context, "created_at", None)
        found.append(
            Copy(
                name=name,
                version=str(model.version),
                created=as_time(created),
                candidate=tags.get(CANDIDATE),
                source=tags.get(SOURCE),
                staged=tags.get(STAGED),
            )
        )
    return found


def as_time(value: str | datetime | None) -> datetime:
    """Return a time of Azure as an aware one; without one, the oldest there is."""
    if value is None:
        return datetime.min.replace(tzinfo=UTC)
    time = value if isinstance(value, datetime) else datetime.fromisoformat(_micro(value))
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _micro(text: str) -> str:
    """Return a time with at most the six digits of a fraction that Python reads.

    >>> _micro("2026-11-29T10:00:00.1234567Z")
    '2026-11-29T10:00:00.123456Z'
    """
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def _created(item: dict[str, Any]) -> datetime:
    return as_time((item.get("systemData") or {}).get("createdAt"))


def _listed(azure: Azure, address: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    from azure.core.exceptions import HttpResponseError

    try:
        yield from azure.pages(address, version=ASSETS, parameters=query)
    except HttpResponseError as error:
        if error.status_code != 404:  # no version was registered yet
            raise
