"""Measure `mlops azure status` and `plan` against the tests' Azure in memory, whose every answer takes 100 ms.

    python benchmarks/bench_azure.py PROJECT [--rounds 5] [--out FILE]

Run with the project's own Python; PROJECT is a rendered project. Imports come before the clock: they are paid once,
whatever Azure does. `status` must take at most five round-trip times.
"""

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ANSWER_S = 0.1
LIMIT = 5  # round-trip times


def main() -> None:
    """Print the figures; end with 1 if the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    root = arguments.project.resolve()
    package = next(path.parents[1].name for path in (root / "src").glob("*/azure/status.py"))
    sys.path[:0] = [str(root), str(root / "src")]
    os.chdir(root)
    found = measured(root, package, arguments.rounds)
    found["limit_s"] = LIMIT * ANSWER_S
    text = json.dumps(found, indent=2)
    print(text)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text + "\n", encoding="utf-8")
    sys.exit(found["status_s"] > LIMIT * ANSWER_S)


def measured(root: Path, package: str, rounds: int) -> dict[str, Any]:
    """Return the seconds of the quickest call of each command, and the number of its requests."""
    import pytest

    def module(name: str) -> Any:
        return importlib.import_module(name)

    cloud_of, transport = module("tests.support.azure.cloud"), module("tests.support.azure.transport")
    client, paths = module(f"{package}.azure.client"), module(f"{package}.paths")
    environment = module(f"{package}.config.environment")
    commands: dict[str, Callable[[Any], Any]] = {
        "status": module(f"{package}.azure.status").status,
        "plan": module(f"{package}.azure.plan").plan,
    }
    patch = pytest.MonkeyPatch()
    cloud = cloud_of.Cloud(root / "config")
    cloud.install(patch)
    answered = transport.Transport._respond

    def late(*arguments: Any) -> Any:
        time.sleep(ANSWER_S)
        return answered(*arguments)

    patch.setattr(transport.Transport, "_respond", late)
    found: dict[str, Any] = {}
    for name, command in commands.items():
        seconds = []
        for _ in range(rounds):
            config = environment.load(root / "config", "dev")
            azure = client.Azure(paths.Project(root), config, cloud_of.SUBSCRIPTION, cloud.credential)
            cloud.calls.clear()
            began = time.perf_counter()
            command(azure)
            seconds.append(time.perf_counter() - began)
        found |= {f"{name}_s": round(min(seconds), 3), f"{name}_requests": len(cloud.calls)}
    patch.undo()
    return found


if __name__ == "__main__":
    main()
