"""Measure the time that the local runner adds to the work of the steps, and the time of an unchanged run.

    PROJECT/.venv/bin/python benchmarks/bench_pipeline.py PROJECT [--rounds 5] [--unchanged] [--out FILE]

PROJECT is a rendered project of any scenario; run this with a Python that has its dependencies. The project is copied,
so that its own outputs stay as they are. In one warm process, rounds of two things alternate: the `main` of each step
called directly with the arguments that the runner would give it, and a whole run of the pipeline with no step reused.
The quickest round of each gives the ratio: other programs only ever add time. `mlops run` is also timed in processes of
its own, without a change since the last one; `--unchanged` measures only that. Everything computes on one thread, for
steadier figures.
"""

import argparse
import contextlib
import importlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import shared

OVERHEAD_LIMIT = 1.3
UNCHANGED_LIMIT_S = 2.0


def main() -> None:
    """Measure, print a line of JSON, and end with 1 if a limit is passed."""
    parser = shared.options(__doc__, "a rendered project")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--unchanged", action="store_true", help="leave out the rounds in one warm process")
    parser.add_argument("--warm", action="store_true", help=argparse.SUPPRESS)  # this script's own second process
    given = parser.parse_args()
    if given.warm:
        print(json.dumps(warm(given.project, given.rounds)))
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(given.project, copy, ignore=shared.NOT_COPIED)
        result = measure(copy, given.rounds, given.unchanged)
    shared.finish(result, given.out)


def measure(project: Path, rounds: int, only_unchanged: bool) -> dict[str, Any]:
    """Return all figures of one project, which this changes; seconds of wall time."""
    package = shared.package_of(project)
    environment = {**os.environ, "PYTHONPATH": str(project / "src"), "OMP_NUM_THREADS": "1"}

    def process(*arguments: str) -> tuple[float, str]:
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments], cwd=project, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        return time.perf_counter() - began, done.stdout

    command = ("-c", f"from {package}.cli import main; main()", "run")
    cold, _ = process(*command)
    unchanged = statistics.median(process(*command)[0] for _ in range(rounds))
    seconds = {
        "first run, cold": cold,
        "unchanged run, new process": unchanged,
        "start of Python": statistics.median(process("-c", "pass")[0] for _ in range(rounds)),
    }
    checks = [{"name": "unchanged run, seconds", "value": round(unchanged, 3), "limit": UNCHANGED_LIMIT_S}]
    result: dict[str, Any] = {"benchmark": "pipeline", "rounds": rounds}
    if not only_unchanged:
        inside = json.loads(process(__file__, str(project), "--rounds", str(rounds), "--warm")[1].splitlines()[-1])
        work, run = min(inside["work"]), min(inside["run"])
        seconds |= {"steps called directly, warm": work, "run of the pipeline, warm": run}
        ratio = {"name": "pipeline wall / work of its steps", "value": round(run / work, 3), "limit": OVERHEAD_LIMIT}
        result, checks = {**result, "rounds, seconds": inside}, [ratio, *checks]
    return {**result, "seconds": {name: round(value, 3) for name, value in seconds.items()}, "checks": checks}


def warm(root: Path, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each round: the steps called directly, and the runner running them."""
    package = shared.package_of(root)
    runner = importlib.import_module(f"{package}.pipeline.runner")
    project = importlib.import_module(f"{package}.paths").Project(root)

    def run() -> Any:
        return runner.run(project, project.pipeline, {}, force=True)

    steps = calls(package, project, run())
    seconds: dict[str, list[float]] = {"work": [], "run": []}
    os.environ |= {"MLFLOW_TRACKING_URI": project.mlflow_uri, "MLFLOW_EXPERIMENT_NAME": package, "MPLBACKEND": "Agg"}
    for _ in range(rounds):
        seconds["run"].append(round(timed(run), 3))
        total = 0.0
        for call, outputs in steps:
            for output in outputs:
                shutil.rmtree(output, ignore_errors=True)
                output.mkdir(parents=True)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                total += timed(call)
        seconds["work"].append(round(total, 3))
    return seconds


def calls(package: str, project: Any, result: Any) -> list[tuple[Callable[[], None], list[Path]]]:
    """Return each step's `main` with the arguments of `result` but other folders to write, and these folders."""
    graph = importlib.import_module(f"{package}.pipeline.load").load(project, project.pipeline)
    command = importlib.import_module(f"{package}.pipeline.command")
    inputs = importlib.import_module(f"{package}.pipeline.inputs")
    given = inputs.resolve(project, graph, {})
    folder = project.outputs / "benchmark"
    found: list[tuple[Callable[[], None], list[Path]]] = []
    for step in graph.steps:
        texts = {f"outputs.{name}": str(folder / step.name / name) for name in step.outputs}
        for name in step.inputs:
            binding = step.bindings.get(name)
            if binding is not None and binding.step:
                texts[f"inputs.{name}"] = str(folder / binding.step / binding.output)
            elif (value := inputs.external_input(step, name, given)) is not None:
                texts[f"inputs.{name}"] = str(value)
        words = command.words(step.command, texts)
        module = importlib.import_module(words[2])
        outputs = [folder / step.name / name for name in step.outputs]
        found.append((partial(module.main, words[3:]), outputs))
    assert len(found) == len(result.steps)
    return found


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
