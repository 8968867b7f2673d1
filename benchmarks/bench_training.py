"""Compare training and evaluation with the accelerator's; measure how time and memory grow with the rows.

    PROJECT/.venv/bin/python benchmarks/bench_training.py PROJECT [--rounds 3] [--rows 1000000] [--out FILE]

PROJECT is a rendered classical project; run this with a Python that has its dependencies. Two things alternate in one
process on the taxi case, 10 000 rows and 20 columns: the project's own way (choosing a kind on folds, fitting it and
the linear baseline, all metrics on the holdout), and the way of Azure/mlops-v2's train and evaluate scripts, a
RandomForest of 500 trees on one-hot columns, fitted once and scored. The trips are made here: fares follow distance,
duration, hour and zone with noise, as the taxi sample's do, so that both solve the same honest problem.

Growth: the whole of validate, prep, train and evaluate as steps in processes of their own, for a tenth of the rows and
for all of them; peak memory is the process's own.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shared

# One thread each: two processes of this machine would otherwise compete for its cores.
os.environ["OMP_NUM_THREADS"] = "1"

SPEED_LIMIT = 5.0
GROWTH_LIMIT = 1.0
MEMORY_LIMIT_GB = 1.5
STEPS = (
    ("validate_data", ["--data", "data", "--report", "report"]),
    ("prep", ["--data", "data", "--report", "report", "--prepared", "prepared"]),
    ("train", ["--prepared", "prepared", "--model", "model", "--training", "training"]),
    (
        "evaluate",
        ["--prepared", "prepared", "--model", "model", "--training", "training", "--evaluation", "evaluation"],
    ),
)
CONFIG = """
task: regression
columns:
  target: fare
  id: trip
  time: pickup
  numeric:
    [distance, duration, hour, weekday, month, passengers, from_x, from_y, to_x, to_y, temperature, rain, tolls, speed]
  categorical: [zone, vendor, payment]
  boolean: [night, airport, store_forward]
split: {by: time, holdout: 0.2}
metric: {name: rmse}
gate: {minimum: 100, maximum_slice_gap: 100}
slices: [vendor]
monitoring: {metric: 100, slice_gap: 100}
"""


# Runs a script or `-m module` and prints its seconds, its CPU seconds and its peak memory. The peak is not getrusage's:
# there a process takes over the peak of the one that started it.
MEASURED = """
import json, runpy, sys, time
began = time.perf_counter()
if sys.argv[1] == "-m":
    sys.argv[:2] = []
    runpy.run_module(sys.argv[0], run_name="__main__")
else:
    sys.argv[:1] = []
    runpy.run_path(sys.argv[0], run_name="__main__")
seconds = time.perf_counter() - began
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(json.dumps({"seconds": seconds, "cpu": time.process_time(), "gigabytes": peak * 1024 / 1e9}))
"""


def trips(rows: int) -> Any:
    """Return taxi trips, 20 feature columns, deterministic; the fare in dollars depends on them as a meter's does."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(3)
    at = pd.date_range("2015-01-01", periods=rows, freq="2min", tz="UTC")
    from_x, from_y, to_x, to_y = random.normal(0, 3, (4, rows))
    distance = np.hypot(from_x - to_x, from_y - to_y) * random.uniform(1.1, 1.4, rows)
    hour = at.hour.to_numpy().astype(float)
    speed = np.clip(14 - 4 * ((hour > 7) & (hour < 19)) + random.normal(0, 2, rows), 4, None)
    duration = distance / speed * 60
    airport = random.random(rows) < 0.04
    night = (hour < 6) | (hour >= 20)
    fare = 2.5 + 2.5 * distance + 0.35 * duration + 0.5 * night + 17 * airport + random.normal(0, 1.5, rows)
    table = {
        "trip": [f"T{row}" for row in range(rows)],
        "pickup": at,
        "distance": distance,
        "duration": duration,
        "hour": hour,
        "weekday": at.dayofweek.to_numpy().astype(float),
        "month": at.month.to_numpy().astype(float),
        "passengers": random.integers(1, 6, rows).astype(float),
        "from_x": from_x,
        "from_y": from_y,
        "to_x": to_x,
        "to_y": to_y,
        "temperature": random.normal(12, 9, rows),
        "rain": random.exponential(1, rows) * (random.random(rows) < 0.2),
        "tolls": 5.5 * (random.random(rows) < 0.05),
        "speed": speed + random.normal(0, 3, rows),
        "zone": random.choice([f"zone {index}" for index in range(60)], rows),
        "vendor": random.choice(["A", "B"], rows),
        "payment": random.choice(["card", "cash", "other"], rows),
        "night": night,
        "airport": airport,
        "store_forward": random.random(rows) < 0.01,
        "fare": fare,
    }
    return pd.DataFrame(table)


def ours(package: str, table: Any, config: Any) -> tuple[float, float]:
    """Return seconds and holdout RMSE of the project's way."""
    fitting = importlib.import_module(f"{package}.fitting")
    prep = importlib.import_module(f"{package}.steps.prep")
    models = importlib.import_module(f"{package}.models")
    train, holdout = prep.divide(table, config)
    began = time.perf_counter()
    trained = fitting.fit(train, config)
    found = models.evaluate(trained.pipeline, config, holdout)
    models.evaluate(trained.baseline, config, holdout)
    return time.perf_counter() - began, found["rmse"]


def theirs(package: str, table: Any, config: Any) -> tuple[float, float]:
    """Return seconds and holdout RMSE of the accelerator's RandomForest on the same parts of the table."""
    import pandas as pd
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.metrics import root_mean_squared_error

    prep = importlib.import_module(f"{package}.steps.prep")
    train, holdout = prep.divide(table, config)
    columns = config.columns.features
    inputs = pd.get_dummies(train[columns], columns=config.columns.categorical)
    others = pd.get_dummies(holdout[columns], columns=config.columns.categorical).reindex(
        columns=inputs.columns, fill_value=0
    )
    began = time.perf_counter()
    # The defaults of the accelerator's train.py; its max_features "auto" meant all of them.
    forest = RandomForestRegressor(
        n_estimators=500, max_depth=10, max_features=1.0, min_samples_leaf=4, min_samples_split=5, random_state=0
    )
    forest.fit(inputs, train["fare"])
    forest.predict(inputs)  # its train.py also scores what it was trained on
    error = root_mean_squared_error(holdout["fare"], forest.predict(others))
    return time.perf_counter() - began, float(error)


def growth(project: Path, rows: int, folder: Path) -> dict[str, Any]:
    """Return seconds and peak memory (GB) of each step on `rows` rows, each in a process of its own."""
    folder.mkdir()
    (folder / "project.yml").write_text(CONFIG, encoding="utf-8")
    (folder / "data").mkdir()
    trips(rows).to_parquet(folder / "data" / "trips.parquet")
    return run_steps(project, folder, STEPS)


def run_steps(project: Path, folder: Path, steps: Sequence[tuple[str, list[str]]]) -> dict[str, Any]:
    """Run steps of a project in a folder, each in a process of its own; return seconds and peak memory (GB) of each."""
    package = shared.package_of(project)
    variables = os.environ | {"PYTHONPATH": str(project / "src"), "OMP_NUM_THREADS": "1"}
    variables |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
    found = {}
    for step, arguments in steps:
        command = [
            sys.executable,
            "-c",
            MEASURED,
            "-m",
            f"{package}.steps.{step}",
            "--config",
            "project.yml",
            *arguments,
        ]
        ended = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{step} failed:\n{ended.stderr[-3000:]}")
        found[step] = json.loads(ended.stdout.splitlines()[-1])
    return found


def measure(project: Path, rounds: int, rows: int, folder: Path) -> dict[str, Any]:
    package = shared.package_of(project)
    sys.path.insert(0, str(project / "src"))
    config_path = folder / "config" / "project.yml"
    config_path.parent.mkdir()
    config_path.write_text(CONFIG, encoding="utf-8")
    config = importlib.import_module(f"{package}.config.project").load(config_path)
    table = trips(10_000)
    for name in config.columns.boolean:
        table[name] = table[name].astype(float)
    ours(package, table, config)  # the imports
    pairs = [(ours(package, table, config), theirs(package, table, config)) for _ in range(rounds)]
    mine, forest = min(pair[0][0] for pair in pairs), min(pair[1][0] for pair in pairs)
    small = growth(project, rows // 10, folder / "small")
    large = growth(project, rows, folder / "large")
    seconds = {
        name: sum(step["seconds"] for step in steps.values()) for name, steps in (("small", small), ("large", large))
    }
    peak = max(step["gigabytes"] for step in large.values())
    result: dict[str, Any] = {
        "taxi case": {
            "seconds": {"project": mine, "forest of 500": forest},
            "rmse": {"project": pairs[0][0][1], "forest of 500": pairs[0][1][1]},
            "times faster": forest / mine,
            "limit": SPEED_LIMIT,
        },
        "growth": {
            "rows": [rows // 10, rows],
            "seconds": seconds,
            "time per row against a tenth of the rows": seconds["large"] / seconds["small"] / 10,
            "limit": GROWTH_LIMIT,
            "peak gigabytes": peak,
            "memory limit": MEMORY_LIMIT_GB,
            "steps": large,
        },
    }
    growth_of_time = result["growth"]["time per row against a tenth of the rows"]
    result["checks"] = [
        {"name": "seconds / those of a forest of 500", "value": mine / forest, "limit": 1 / SPEED_LIMIT},
        {"name": "rmse / that of a forest of 500", "value": pairs[0][0][1] / pairs[0][1][1], "limit": 1.0},
        {"name": "time per row / that of a tenth of the rows", "value": growth_of_time, "limit": GROWTH_LIMIT},
        {"name": "peak gigabytes", "value": peak, "limit": MEMORY_LIMIT_GB},
    ]
    return result


def main() -> None:
    """Measure, print JSON, and end with 1 if a limit is passed."""
    parser = shared.options(__doc__, "a rendered classical project")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(given.project.resolve(), given.rounds, given.rows, Path(folder))
    shared.finish(result, given.out)


if __name__ == "__main__":
    main()
