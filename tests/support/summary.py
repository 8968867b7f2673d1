"""Summary of a test run for people who look at a CI job: variants that passed, and checks that could not run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def markdown(variants: Iterable[str], stats: Mapping[str, Sequence[Any]]) -> str:
    """Return the summary; `stats` holds pytest's reports by outcome.

    A variant has passed if no test that names it failed. A failure that names none concerns all of them.
    """
    failed = [report.nodeid for outcome in ("failed", "error") for report in stats.get(outcome, ())]
    names = list(variants)
    concerned = [nodeid for nodeid in failed if any(f"[{name}" in nodeid for name in names)]
    lines = [f"### {len(stats.get('passed', ()))} tests passed, {len(failed)} failed", ""]
    lines += [f"- failed: `{nodeid}`" for nodeid in failed]
    if len(concerned) == len(failed):
        passed = [name for name in names if not any(f"[{name}" in nodeid for nodeid in concerned)]
        lines += ["", f"<details><summary>{len(passed)} of {len(names)} variants passed</summary>", ""]
        lines += [*(f"- {name}" for name in passed), "", "</details>"]
    reasons = Counter(_reason(report) for report in stats.get("skipped", ()))
    if reasons:
        lines += ["", "Checks that did not run here:", ""]
        lines += [f"- {count} x {reason}" for reason, count in sorted(reasons.items())]
    return "\n".join([*lines, ""])


def _reason(report: Any) -> str:
    """Return why a test was skipped: pytest keeps it as file, line and text."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(text).removeprefix("Skipped: ")
