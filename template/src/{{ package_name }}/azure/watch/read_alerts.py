"""Azure's alerts and budgets of the environment's resource group, as they stand now."""

from collections.abc import Iterator
from typing import Any

from ...figures import number
from ..client import Azure
from .read_models import as_time
from .state import Alert, Budget

ALERTS = "2019-03-01"  # the newest stable version of Microsoft.AlertsManagement
BUDGETS = "2024-08-01"
PAGE = "25"  # the most that Azure returns with the context, in which the measured value is


def alerts(azure: Azure) -> list[Alert]:
    """Return the newest alert of each rule on each target, of the 30 days that Azure keeps.

    One that is gone afterwards has not resolved: its condition may hold, and it does not fire again.

    Right: Monitoring Reader; acknowledging needs Monitoring Contributor.
    """
    address = f"{azure.group_id}/providers/Microsoft.AlertsManagement/alerts"
    query = {"timeRange": "30d", "includeContext": "true", "pageCount": PAGE}
    newest: dict[str, Alert] = {}
    for item in azure.pages(address, version=ALERTS, parameters=query):
        alert = _alert(item)
        if alert.key not in newest or newest[alert.key].at < alert.at:
            newest[alert.key] = alert
    return list(newest.values())


def budgets(azure: Azure) -> list[Budget]:
    """Return the budgets of the resource group; Azure adds up costs 8 to 24 hours late.

    Right: Cost Management Reader.
    """
    found = []
    for item in azure.pages(f"{azure.group_id}/providers/Microsoft.Consumption/budgets", version=BUDGETS):
        properties = item["properties"]
        spent = properties.get("currentSpend") or {}
        told = [
            float(each["threshold"])
            for each in (properties.get("notifications") or {}).values()
            if each.get("enabled") and each.get("thresholdType", "Actual") == "Actual"
        ]
        found.append(
            Budget(
                name=item["name"],
                spent=float(spent.get("amount", 0)),
                limit=float(properties["amount"]),
                unit=str(spent.get("unit", "")),
                percent=min(told, default=80.0),
            )
        )
    return found


def _alert(item: dict[str, Any]) -> Alert:
    essentials = item["properties"]["essentials"]
    return Alert(
        id=item["id"],
        rule=str(essentials["alertRule"]).rpartition("/")[2],
        target=str(essentials.get("targetResource") or ""),
        fired=essentials["monitorCondition"] == "Fired",
        at=as_time(essentials.get("startDateTime") or essentials.get("lastModifiedDateTime")),
        description=str(essentials.get("description") or ""),
        measured="; ".join(_measured(item["properties"].get("context"))),
        stateless="activity" in f"{essentials.get('signalType', '')} {essentials.get('monitorService', '')}".lower(),
        muted=bool((essentials.get("actionStatus") or {}).get("isSuppressed"))
        or essentials.get("alertState") == "Closed",
        acknowledged=essentials.get("alertState") != "New",
    )


def _measured(context: Any) -> Iterator[str]:
    """Yield value and limit of each condition in an alert's context, wherever the kind of alert puts them."""
    if isinstance(context, list):
        for each in context:
            yield from _measured(each)
    if not isinstance(context, dict):
        return
    if "metricValue" in context and "threshold" in context:
        name = context.get("metricName") or "value"
        yield f"{name} {_figure(context['metricValue'])}, limit {_figure(context['threshold'])}"
        return
    for each in context.values():
        yield from _measured(each)


def _figure(value: Any) -> str:
    try:
        return number(float(value))
    except (TypeError, ValueError):
        return str(value)
