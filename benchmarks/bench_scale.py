"""Measure where one machine ends: time and peak memory of each step by rows and columns, and the loss of sampling.

    PROJECT/.venv/bin/python benchmarks/bench_scale.py PROJECT [--quick] [--out FILE] [--write FILE]

PROJECT is a rendered classical project; run this with a Python that has its dependencies. Nothing in it is changed.
Tables are made here and written as Parquet, and once as CSV. Each step then runs in a process of its own, as in Azure
ML, on all cores of this machine. Tables of results show CPU seconds, which other programs on the machine hardly change,
and the peak memory of the process. Batch scoring reads the whole table as one file.

Sampling: the training part is cut to 10 and 30 % at random, the holdout stays whole, and the kind of model is chosen
and fitted as always. The loss is the difference in the holdout's RMSE, for trips made here and for the project's own
data.

It takes about a quarter of an hour; `--quick` takes the smallest table only. `--write` puts the results between the
marks of a document in place of the old ones.
"""

import argparse
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bench_training
import shared

SHAPES = (
    (100_000, 20, "parquet"),
    (1_000_000, 20, "parquet"),
    (3_000_000, 20, "parquet"),
    (1_000_000, 20, "csv.gz"),
    (100_000, 751, "parquet"),
)
SHARES = (0.1, 0.3, 1.0)
SEED = 5
STEPS = {
    **dict(bench_training.STEPS),
    "responsible_ai": [
        *("--evaluation", "evaluation", "--model", "model", "--training", "training"),
        *("--responsible-ai", "responsible_ai"),
    ],
}
BATCH = "batch"
MARKS = ("<!-- figures -->", "<!-- end of the figures -->")


def main() -> None:
    """Measure, and print the tables and JSON."""
    parser = shared.options(__doc__, "a rendered classical project")
    parser.add_argument("--quick", action="store_true", help="the smallest table only")
    parser.add_argument("--write", type=Path, help="document to put the tables into")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)  # this script's own processes
    given = parser.parse_args()
    if given.part:
        PARTS[given.part[0]](given.project.resolve(), *given.part[1:])
        return
    project = given.project.resolve()
    result: dict[str, Any] = {"benchmark": "scale", "machine": machine(), "growth": [], "sampling": {}}
    with tempfile.TemporaryDirectory() as folder:
        result["sampling"]["own"] = loss(project, own(project, Path(folder) / "own"))
        for rows, columns, form in SHAPES[:1] if given.quick else SHAPES:
            work = Path(folder) / f"{rows}-{columns}-{form}"
            found = steps(project, work, rows, columns, form)
            result["growth"].append({"rows": rows, "columns": columns, "format": form, "steps": found})
            if (rows, columns, form) == SHAPES[0 if given.quick else 1]:
                result["sampling"]["trips"] = loss(project, work)
            shutil.rmtree(work)
            if given.out:  # what is measured so far: the largest tables can be too much for a machine
                given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    text = tables(result)
    print(text)
    if given.write:
        put(given.write, text)


def steps(project: Path, folder: Path, rows: int, columns: int, form: str) -> dict[str, dict[str, float]]:
    """Make a table in `folder`; return seconds, CPU seconds and peak memory (GB) of each step on it."""
    (folder / "data").mkdir(parents=True)
    process(project, folder, [__file__, str(project), "--part", "table", str(folder), str(rows), str(columns), form])
    found = {}
    for step, arguments in STEPS.items():
        module = f"{shared.package_of(project)}.steps.{step}"
        found[step] = process(project, folder, ["-m", module, "--config", "project.yml", *arguments])
        print(f"{rows} x {columns} {form}: {step} {found[step]}", file=sys.stderr, flush=True)
    found[BATCH] = process(project, folder, [__file__, str(project), "--part", "score", str(folder)])
    return found


def loss(project: Path, folder: Path) -> list[dict[str, float]]:
    """Return the rows, the costs and the holdout's RMSE for each share of a prepared training part."""
    return [
        process(project, folder, [__file__, str(project), "--part", "fit", str(folder), str(share)]) for share in SHARES
    ]


def own(project: Path, folder: Path) -> Path:
    """Prepare the project's own data in `folder`, and return it."""
    folder.mkdir()
    (folder / "project.yml").write_bytes((project / "config" / "project.yml").read_bytes())
    (folder / "data").symlink_to(project / "data" / "train")
    for step in ("validate_data", "prep"):
        module = f"{shared.package_of(project)}.steps.{step}"
        process(project, folder, ["-m", module, "--config", "project.yml", *STEPS[step]])
    return folder


def process(project: Path, folder: Path, arguments: Sequence[str]) -> dict[str, float]:
    """Run Python in a process of its own; return its costs, and what it printed last if that is JSON."""
    variables = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    variables |= {
        "PYTHONPATH": os.pathsep.join((str(project / "src"), str(Path(__file__).parent))),
        "MPLBACKEND": "Agg",
    }
    variables |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
    command = [sys.executable, "-c", bench_training.MEASURED, *arguments]
    ended = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{ended.stderr[-3000:]}")
    *printed, measured = ended.stdout.splitlines()
    return {**(json.loads(printed[-1]) if printed and printed[-1].startswith("{") else {}), **json.loads(measured)}


def write_table(project: Path, folder: str, rows: str, columns: str, form: str) -> None:
    """Write trips with noise columns up to the number of features, and the configuration that names them."""
    import numpy as np

    table = bench_training.trips(int(rows))
    extra = [f"noise_{index}" for index in range(int(columns) - 20)]
    random = np.random.default_rng(SEED)
    for name in extra:
        table[name] = random.normal(size=len(table)).astype(np.float32)
    config = bench_training.CONFIG.replace("speed]", ", ".join(["speed", *extra]) + "]")
    (Path(folder) / "project.yml").write_text(config, encoding="utf-8")
    path = Path(folder) / "data" / f"trips.{form}"
    if form == "parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)


def score(project: Path, folder: str) -> None:
    """Score the table as a batch deployment does."""
    package = shared.package_of(project)
    batch, paths = (importlib.import_module(f"{package}.{name}") for name in ("scoring.batch", "paths"))
    base = Path(folder)
    summary = batch.score_folder(paths.Project(base), base / "model", base / "data", base / "scored")
    if summary.failed_files:
        raise SystemExit(str(summary.failed_files))


def fit(project: Path, folder: str, share: str) -> None:
    """Train on a share of the prepared rows and print the holdout's RMSE."""
    import pandas as pd

    package = shared.package_of(project)
    load, fitting, models = (
        importlib.import_module(f"{package}.{name}") for name in ("config.project", "fitting", "models")
    )
    config = load.load(Path(folder) / "project.yml")
    train = pd.read_parquet(Path(folder) / "prepared" / "train.parquet")
    if float(share) < 1:
        train = train.sample(frac=float(share), random_state=SEED).sort_index()
    fitted = fitting.fit(train, config)
    holdout = pd.read_parquet(Path(folder) / "prepared" / "holdout.parquet")
    rmse = models.evaluate(fitted.pipeline, config, holdout)["rmse"]
    print(json.dumps({"share": float(share), "rows": len(train), "rmse": rmse}))


PARTS: dict[str, Callable[..., None]] = {"table": write_table, "score": score, "fit": fit}


def machine() -> str:
    """Return what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, Python {platform.python_version()}"


def put(document: Path, text: str) -> None:
    """Put the figures between the marks of a document in place of the old ones."""
    begin, end = MARKS
    before, rest = document.read_text(encoding="utf-8").split(begin)
    document.write_text(f"{before}{begin}\n\n{text.rstrip()}\n\n{end}{rest.split(end)[1]}", encoding="utf-8")


def tables(result: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    names = [*STEPS, BATCH]
    lines = [
        f"Measured on {result['machine']}; CPU seconds / GB of memory at the peak.",
        "",
        f"| rows x columns | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for each in result["growth"]:
        cells = [f"{each['steps'][name]['cpu']:.0f} / {each['steps'][name]['gigabytes']:.1f}" for name in names]
        form = "" if each["format"] == "parquet" else " (CSV)"
        lines.append(f"| {each['rows']:,} x {each['columns']}{form} | {' | '.join(cells)} |")
    lines += [
        "",
        "| training rows | CPU seconds | GB of memory | RMSE on the same holdout | against all rows |",
        "|---|---|---|---|---|",
    ]
    labels = {"trips": "trips made for this", "own": "the sample in `data/`"}
    for name, label in labels.items():
        every = result["sampling"][name][-1]["rmse"]
        for row in result["sampling"][name]:
            against = f"{row['rmse'] / every - 1:+.1%}" if row["share"] < 1 else "-"
            lines.append(
                f"| {row['rows']:,} ({row['share']:.0%} of {label}) | {row['cpu']:.0f}"
                f" | {row['gigabytes']:.1f} | {row['rmse']:.3f} | {against} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
