"""Runs a pipeline of azureml/pipelines on this machine: graph, commands and reuse of results as in Azure ML."""

import shlex
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ..errors import StepFailedError, UserError
from ..paths import Project
from ..variables import stated
from . import command, process, runs
from .digests import Digests
from .graph import FILES, Graph, Step
from .inputs import external_input, resolve, step_keys
from .load import load
from .runs import RunResult, StepResult, latest
from .store import Result, Store, writing

__all__ = ["Event", "RunResult", "StepResult", "latest", "plan", "run"]

# Code folder -> its digest when this process first ran a step of it: an imported module does not change any more.
_imported: dict[Path, str] = {}


@dataclass(frozen=True)
class Event:
    """An event to show: a step begins, writes a line to its log, or ends (then with its result)."""

    kind: Literal["begin", "line", "end"]
    step: str
    number: int  # of the step, from 1
    total: int
    text: str = ""
    result: StepResult | None = None


def plan(project: Project, pipeline: Path, inputs: Mapping[str, object]) -> dict[str, str]:
    """Return step -> key of the result that `run` would make or reuse; `latest(project).keys` if nothing changed.

    Raises:
        UserError: as `run` does before its first step.
    """
    found = load(project, pipeline)
    digests = Digests(project)
    planned = step_keys(project, found, resolve(project, found, inputs), digests)
    digests.save()
    return planned


def run(
    project: Project,
    pipeline: Path,
    inputs: Mapping[str, object],
    *,
    isolated: bool = False,
    force: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> RunResult:
    """Run the pipeline; a deterministic step whose code, inputs and parameters are known is not run again.

    Args:
        inputs: pipeline input -> path (relative to the current folder) or value; those left out take their default.
        isolated: give every step a process of its own, in the code folder, as Azure ML does.
        force: run every step.
        on_event: receives the beginning, lines and end of each step.

    Raises:
        UserError: an input, the pipeline or outputs/ cannot be used; or the step's own, such as a refusing gate.
        StepFailedError: a step failed otherwise; the message names it and ends with its log.
    """
    found = load(project, pipeline)
    return _Run(project, found, inputs, isolated, force, on_event or (lambda event: None)).all()


class _Run:
    """A run while it goes on."""

    def __init__(
        self,
        project: Project,
        found: Graph,
        inputs: Mapping[str, object],
        isolated: bool,
        force: bool,
        on_event: Callable[[Event], None],
    ) -> None:
        self.project, self.graph, self.isolated, self.force, self.on_event = (
            project,
            found,
            isolated,
            force,
            on_event,
        )
        self.values = resolve(project, found, inputs)
        self.digests = Digests(project)
        self.keys = step_keys(project, found, self.values, self.digests)
        self.store = Store(project)
        self.run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        self.folder = project.outputs / "runs" / self.run_id
        self.began = time.monotonic()
        self.done: dict[str, StepResult] = {}

    def all(self) -> RunResult:
        with writing(self.folder):
            (self.folder / "logs").mkdir(parents=True)
            (self.project.outputs / "mlflow").mkdir(exist_ok=True)
        self.store.clean()
        self.save("running")
        rerun: set[str] = set()
        try:
            for number, step in enumerate(self.graph.steps, 1):
                # Steps downstream of a re-run step must re-run: their keys do not change.
                if self.force or not step.deterministic or step.needs & rerun:
                    rerun.add(step.name)
                self.notify("begin", number)
                kept = None if step.name in rerun else self.store.find(step.name, self.keys[step.name])
                self.done[step.name] = self.reuse(step, kept) if kept else self.make(number, step)
                self.notify("end", number, result=self.done[step.name])
                self.save("running")
        except BaseException as error:
            with suppress(UserError):  # the first error is the one to show
                self.save("failed" if isinstance(error, Exception) else "interrupted", str(error))
            raise
        result = self.save("complete")
        self.digests.save()
        needed = {
            path.parent
            for kept in runs.referenced(self.project)
            for step in kept.steps
            for path in step.outputs.values()
        }
        for step in self.graph.steps:
            self.store.prune(step.name, needed)
        return result

    def reuse(self, step: Step, kept: Result) -> StepResult:
        self.store.use(kept)
        return StepResult(step.name, "reused", 0.0, kept.outputs(step.outputs), kept.log)

    def make(self, number: int, step: Step) -> StepResult:
        """Run a step and keep its result; of a failed one the outputs so far are moved to failed/<step>."""
        began = time.monotonic()
        log = self.folder / "logs" / f"{step.name}.log"
        with self.store.work(step.name, self.keys[step.name]) as work:
            try:
                self.execute(number, step, work, log)
                self.check(step, work)
            except UserError as error:
                failed = self.folder / "failed" / step.name
                with writing(failed):
                    failed.parent.mkdir(exist_ok=True)
                    work.rename(failed)
                outputs = Result(failed).outputs(step.outputs)
                self.done[step.name] = StepResult(step.name, "failed", time.monotonic() - began, outputs, log)
                self.notify("end", number, result=self.done[step.name])
                if isinstance(error, StepFailedError):
                    ending = f"{self.project.relative(log)} ends with:\n{process.tail(log)}"
                    raise StepFailedError(f"step {step.name!r} failed: {error}\n{ending}") from error
                raise
            seconds = time.monotonic() - began
            with writing(work):
                Result(work).log.write_bytes(log.read_bytes())
            record = {
                "run_id": self.run_id,
                "key": self.keys[step.name],
                "seconds": round(seconds, 3),
                "step": asdict(step),
            }
            kept = self.store.keep(work, record)
        return StepResult(step.name, "ran", seconds, kept.outputs(step.outputs), kept.log)

    def execute(self, number: int, step: Step, work: Path, log: Path) -> None:
        """Run a step's command, its outputs going to `work`."""
        words = self.words(step, work)
        code = (self.project.root / step.code).resolve()
        variables = {
            **stated(self.project),
            "MLFLOW_EXPERIMENT_NAME": self.graph.name,
            "MPLBACKEND": "Agg",  # a step draws into files, never into a window
            **step.variables,
        }
        module = command.module(step.command)
        with writing(log):
            stream = log.open("w", encoding="utf-8", newline="\n")
        with stream:
            out = process.Log(stream, lambda line: self.notify("line", number, line))
            out.write(f"$ {shlex.join(words)}\n")
            if module and not self.isolated and self.is_current(module, code):
                process.inside(module, words[3:], code, variables, out)
            else:
                process.apart([sys.executable, *words[1:]] if module else words, code, variables, out)

    def words(self, step: Step, work: Path) -> list[str]:
        """Return the command with the values of this run; the folder of each output exists, as in Azure ML."""
        texts = {}
        for name in step.inputs:
            binding = step.bindings.get(name)
            if binding is not None and binding.step:
                texts[f"inputs.{name}"] = str(self.done[binding.step].outputs[str(binding.output)])
            elif (value := external_input(step, name, self.values)) is not None:
                texts[f"inputs.{name}"] = str(value)
        for name, kind in step.outputs.items():
            texts[f"outputs.{name}"] = str(work / name)
            if kind not in FILES:
                with writing(work / name):
                    (work / name).mkdir()
        if command.module(step.command):
            return command.words(step.command, texts)
        try:
            return [process.bash(), "-c", command.shell_text(step.command, texts)]
        except ValueError as error:
            why = "bash would change it; use letters, digits and @%+=:,./_- only"
            raise UserError(f"{step.component}: command: cannot be given {str(error)!r}: {why}") from None

    def is_current(self, module: str, code: Path) -> bool:
        """Return whether this process can replace a new one: it would run the same file, as it is now."""
        if not code.joinpath(*module.split(".")).with_suffix(".py").is_file():
            return False
        now = self.digests.tree(code)
        loaded = getattr(sys.modules.get(module.split(".")[0]), "__file__", None)
        return _imported.setdefault(code, now) == now and (not loaded or Path(loaded).resolve().is_relative_to(code))

    def check(self, step: Step, work: Path) -> None:
        """Refuse a result that lacks an output, or whose inputs changed during the run."""
        for name in step.outputs:
            if not (work / name).exists():
                raise StepFailedError(f"it ended without writing its output {name!r}")
        if step_keys(self.project, self.graph, self.values, self.digests) != self.keys:
            raise UserError(f"step {step.name!r}: code, configuration or data changed while it ran; run again")

    def notify(
        self,
        kind: Literal["begin", "line", "end"],
        number: int,
        text: str = "",
        result: StepResult | None = None,
    ) -> None:
        self.on_event(Event(kind, self.graph.steps[number - 1].name, number, len(self.graph.steps), text, result))

    def save(
        self,
        status: Literal["running", "complete", "failed", "interrupted"],
        error: str | None = None,
    ) -> RunResult:
        steps = tuple(self.done.get(step.name) or StepResult(step.name, "skipped") for step in self.graph.steps)
        seconds = time.monotonic() - self.began
        result = RunResult(self.run_id, status, self.folder, self.graph.pipeline, self.keys, steps, seconds, error)
        runs.save(self.project, result)
        return result
