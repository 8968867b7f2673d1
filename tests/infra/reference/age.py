"""Print how old the lists beside this file are, and where each is looked up again.

python -m tests.infra.reference.age
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from tests.infra.reference import load


def lines(today: datetime.date) -> Iterator[str]:
    """One line for each source: its age in days, what it is, and where it is looked up."""
    for name, rule in sorted(load("azure_monitor")["types"].items()):
        for part in ("logs", "metrics"):
            if source := rule.get(f"{part}_source"):
                yield f"{_age(source['page_date'], today)}  {part} of {name}: {source['page']}"
    values = load("azureml_values")
    for part in ("api_versions", "enumerations"):
        yield f"{_age(values['about']['date'], today)}  {part} of ARM types: {values[f'{part}_source']}"
    for part in ("managed_network", "online_skus", "roles"):
        yield f"{_age(values['about']['date'], today)}  {part}: {values[part]['source']}"
    rules = load("azurerm_rules")
    provider = rules["about"]["provider"]
    yield f"{_age(provider[-11:-1], today)}  azurerm: {provider}"
    for name, rule in sorted(rules["resources"].items()):
        yield f"             {name}: {rule['file']}"


def _age(date: str | None, today: datetime.date) -> str:
    try:
        return f"{(today - datetime.date.fromisoformat(date or '')).days:>6} days"
    except ValueError:  # some pages carry no date
        return f"{'?':>6} days"


if __name__ == "__main__":
    print("\n".join(lines(datetime.datetime.now(tz=datetime.UTC).date())))
