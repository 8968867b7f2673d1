"""Measure the time that score.py adds to the inference server's own, and the throughput under concurrency.

    PROJECT/.venv/bin/python benchmarks/bench_serving.py PROJECT [--rounds 10] [--requests 100] [--out FILE]

PROJECT is a rendered project of any scenario; run this with a Python that has its dependencies. It is copied, and the
copy's pipeline trains the model. Two real inference servers then run side by side, one with the project's score.py and
that model, one with a score.py that does nothing. Both of them and the bare model are asked for the same row in turn,
another one each time, so that cold caches and the noise of the machine affect all three alike. Then the project's
server is asked by 1, 4 and 16 clients at once. Ratios are taken within a round; their medians count.
"""

import concurrent.futures
import http.client
import importlib
import itertools
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# As in the server; it must be set before NumPy is imported.
os.environ["OMP_NUM_THREADS"] = "1"

import shared

OVERHEAD_LIMIT = 1.5
# A tenth is left to the noise of rounds that cannot run at the same time.
THROUGHPUT_LIMIT = 1.1
CLIENTS = (1, 4, 16)
OURS, BARE_SERVER, PREDICT = "score.py", "no-op score.py", "predict"  # what is timed
ROWS = 50  # that are asked for in turn: a model may remember its last answer
NO_OP = "def init(): pass\n\n\ndef run(raw_data): return {'predictions': [0.0]}\n"


def main() -> None:
    """Measure, print a line of JSON, and end with 1 if a limit is passed."""
    parser = shared.options(__doc__, "a rendered project")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--requests", type=int, default=100, help="requests to each server, each round")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(given.project.resolve(), Path(folder), given.rounds, given.requests)
    shared.finish(result, given.out)


def measure(root: Path, work: Path, rounds: int, requests: int) -> dict[str, Any]:
    """Return all figures of one project; milliseconds and requests a second."""
    package = shared.package_of(root)
    sys.path.insert(0, str(root / "src"))
    project_config, contract, data, lifecycle, mounted_model, paths, samples, server, smoke = (
        importlib.import_module(f"{package}.{name}")
        for name in (
            "config.project",
            "scoring.contract",
            "data",
            "local.lifecycle",
            "scoring.mounted_model",
            "paths",
            "scoring.samples",
            "local.server",
            "scoring.smoke",
        )
    )
    shutil.copytree(root, work / "copy", ignore=shared.NOT_COPIED)
    project = paths.Project(work / "copy")
    folder = lifecycle.train(project).champion.model
    model = mounted_model.load(folder, "benchmark", "1")
    frame = data.read(root / "data" / "train", project_config.load(project.config_path))
    rows = smoke.rows_of(model.contract, samples.sendable(model.contract, frame).head(ROWS))
    bodies = [json.dumps({"data": [row]}) for row in rows]
    tables = [contract.check(json.loads(body), model.contract).frame for body in bodies]
    (work / "no_op.py").write_text(NO_OP, encoding="utf-8")

    with (
        server.serve(paths.Project(work / "ours"), folder, 0, script=root / "src" / "score.py") as ours,
        server.serve(paths.Project(work / "no_op"), folder, 0, script=work / "no_op.py") as no_op,
    ):
        milliseconds = compared(model.model, ours, no_op, bodies, tables, rounds, requests)
        throughput = [{clients: rate(ours, bodies, clients, requests) for clients in CLIENTS} for _ in range(rounds)]

    falls = {clients: statistics.median(rates[1] / rates[clients] for rates in throughput) for clients in CLIENTS[1:]}
    return {
        "benchmark": "serving",
        "columns": len(model.contract.features),
        "rounds": rounds,
        "requests": requests,
        "milliseconds": middle(milliseconds),
        "requests a second by clients": {
            str(clients): round(statistics.median(rates[clients] for rates in throughput), 1) for clients in CLIENTS
        },
        "checks": [
            overhead(milliseconds, OVERHEAD_LIMIT),
            *(
                {"name": f"throughput of 1 client / of {clients}", "value": round(value, 3), "limit": THROUGHPUT_LIMIT}
                for clients, value in falls.items()
            ),
        ],
    }


def compared(
    model: Any, ours: Any, no_op: Any, bodies: Sequence[str], tables: Sequence[Any], rounds: int, requests: int
) -> list[dict[str, list[float]]]:
    """Return for each round the milliseconds of requests to both servers and of bare predictions, in turn.

    Each is asked for one body or table after another: a model may remember its last answer.
    """
    first, second, third = itertools.cycle(bodies), itertools.cycle(bodies), itertools.cycle(tables)
    asked: dict[str, Callable[[], object]] = {
        OURS: lambda: ask(ours, next(first)),
        BARE_SERVER: lambda: ask(no_op, next(second)),
        PREDICT: lambda: predict(model, next(third)),
    }
    return [in_turn(asked, requests) for _ in range(rounds)]


def middle(milliseconds: Sequence[dict[str, list[float]]]) -> dict[str, dict[str, float]]:
    """Return the medians over all rounds of the middle and of p95."""
    return {
        name: {
            "p50": round(statistics.median(statistics.median(found[name]) for found in milliseconds), 3),
            "p95": round(statistics.median(p95(found[name]) for found in milliseconds), 3),
        }
        for name in milliseconds[0]
    }


def overhead(milliseconds: Sequence[dict[str, list[float]]], limit: float) -> dict[str, Any]:
    """Return the check of what an answer costs beyond the prediction, as a multiple of an answer of nothing."""
    value = statistics.median(
        (p95(found[OURS]) - p95(found[PREDICT])) / p95(found[BARE_SERVER]) for found in milliseconds
    )
    return {"name": "(p95 - p95 of predict) / p95 of no-op", "value": round(value, 3), "limit": limit}


def ask(server: Any, body: str) -> None:
    """Send one request on a connection of its own: the server's workers keep none open."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    connection.request("POST", "/score", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{server.url} answered {response.status}: {answer.decode()}")


def predict(model: Any, frame: Any) -> None:
    """Do the model's part of an answer."""
    model.predict(frame)
    model.predict_proba(frame)


def in_turn(asked: dict[str, Callable[[], object]], times: int) -> dict[str, list[float]]:
    """Return the milliseconds of each call of each function."""
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(times):
        for name, call in asked.items():
            began = time.perf_counter()
            call()
            found[name].append((time.perf_counter() - began) * 1000)
    return found


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def rate(server: Any, bodies: Sequence[str], clients: int, requests: int) -> float:
    """Return the requests a second of so many clients, each of which sends one request after another."""
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        began = time.perf_counter()
        list(pool.map(lambda number: ask(server, bodies[number % len(bodies)]), range(requests)))
        return requests / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
