"""The rows of the demo's table, shown as they come."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from ..pipeline import runner
from ..records import summary
from . import lifecycle

COLOURS = {"ok": "green", "passed": "green", "promoted": "green", "refused": "red", "BREACH": "red"}


@dataclass
class Row:
    """One line of the demo."""

    step: str
    text: str = ""
    outcome: str = "ok"
    seconds: float = 0.0


@dataclass
class Story:
    """The rows so far, shown as they come."""

    console: Console
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.rows.append(row)
        self.console.print(_line(len(self.rows), row), soft_wrap=True)

    @contextmanager
    def row(self, step: str) -> Iterator[Row]:
        """Time the block and add its row, unless it raises."""
        row, began = Row(step), time.perf_counter()
        with self.console.status(step):
            yield row
        row.seconds = time.perf_counter() - began
        self.add(row)

    def pipeline(self, prefix: str = "") -> lifecycle.OnEvent:
        """Return a listener that adds a row for each step of a pipeline run."""

        def show(event: runner.Event) -> None:
            if event.kind == "end" and event.result and event.result.status != "failed":
                text = summary(event.result.outputs)
                outcome = {"gate": "passed", "register": "promoted"}.get(event.step, "ok")
                if event.result.status == "reused":
                    text += " (reused)"
                self.add(Row(prefix + event.step, text, outcome, event.result.seconds))

        return show


def _line(number: int, row: Row) -> Text:
    return Text.assemble(
        f"{number:2} {row.step:15} ",
        (f"{row.outcome:8}", COLOURS.get(row.outcome, "")),
        f" {row.seconds:5.1f} s  {row.text}",
    )
