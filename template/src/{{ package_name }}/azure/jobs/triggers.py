"""When a schedule starts, in one form: as azureml/ says it, and as Azure shows it."""

import re
from collections.abc import Mapping
from typing import Any


def times(frequency: str, interval: Any, pattern: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides about the times of a recurrence.

    >>> times("Week", 1, {"week_days": ["Monday"], "hours": [5], "minutes": [0]})
    {'frequency': 'week', 'interval': 1, 'hours': [5], 'minutes': [0], 'week_days': ['monday'], 'month_days': []}
    """
    days = {key: sorted(str(each).lower() for each in pattern.get(key) or ()) for key in ("week_days", "month_days")}
    hours = {key: [int(each) for each in pattern.get(key) or ()] for key in ("hours", "minutes")}
    return {"frequency": frequency.lower(), "interval": int(interval or 1), **hours, **days}


def shown(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same of a trigger as Azure shows it, with keys such as `weekDays`."""
    pattern = trigger.get("schedule") or {}
    renamed = {re.sub("([A-Z])", r"_\1", key).lower(): value for key, value in pattern.items()}
    return times(str(trigger.get("frequency")), trigger.get("interval"), renamed)
