"""Versions of the model in the workspace and in the registry, by their tags; `latest` is never asked for."""

import re
from datetime import UTC, datetime

from .. import models
from ..client import Azure
from ..tags import CANDIDATE, GATE, JOB, SOURCE, STAGE_VERDICT, STAGED
from .state import Copy, Version


def versions(azure: Azure, name: str) -> list[Version]:
    """Return the versions of the workspace that a gate has judged.

    Right: Reader on the workspace.
    """
    return [
        Version(name, each.version, as_time(each.created), each.tags[GATE], each.tags.get(STAGED), each.tags.get(JOB))
        for each in models.versions(azure, models.workspace(azure), name)
        if GATE in each.tags
    ]


def copies(azure: Azure, name: str) -> list[Copy]:
    """Return the versions in the registry.

    Right: Reader on the registry.
    """
    return [
        Copy(
            name=name,
            version=each.version,
            created=as_time(each.created),
            candidate=each.tags.get(CANDIDATE),
            source=each.tags.get(SOURCE),
            staged=each.tags.get(STAGED),
            verdict=each.tags.get(STAGE_VERDICT, ""),
        )
        for each in models.versions(azure, models.registry(azure), name)
    ]


def as_time(text: str | None) -> datetime:
    """Return a time of Azure, which may have more digits than Python reads; without one, the oldest there is.

    >>> as_time("2026-11-29T10:00:00.1234567Z").isoformat()
    '2026-11-29T10:00:00.123456+00:00'
    """
    if not text:
        return datetime.min.replace(tzinfo=UTC)
    time = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    return time if time.tzinfo else time.replace(tzinfo=UTC)
