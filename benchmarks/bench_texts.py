"""Compare the linear family of texts with scikit-learn's defaults; measure growth, and the choice of what to review.

    PROJECT/.venv/bin/python benchmarks/bench_texts.py PROJECT [--rounds 3] [--rows 200000] [--out FILE] [--write FILE]

PROJECT is a rendered nlp project; run this with a Python that has its dependencies. Nothing in it is changed.

Fit: the project's linear family and what a user would write by hand, TfidfVectorizer and LogisticRegression with their
defaults, alternate on the same parts of the sample. Growth: all steps that read rows, in processes of their own, for a
quarter of the rows and for all of them; the texts are made here, of the sample's words. Review: `mlops review select`
on 100 000 such texts, in a copy of the project whose pipeline has run. Seconds are those of the CPU, one thread each,
which other programs on the machine change little. `--write` puts the tables of growth and review between the marks of
a document in place of the old ones, as bench_scale.py does.
"""

import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shared

# One thread each, as in bench_training.py; it must be set before NumPy is imported.
os.environ["OMP_NUM_THREADS"] = "1"

import bench_scale
import bench_training

FIT_LIMIT_SECONDS = 10.0
ACCURACY_LIMIT = 0.01
GROWTH_LIMIT = 1.0
MEMORY_LIMIT_GB = 2.0
REVIEW_LIMIT_SECONDS = 10.0
REVIEWED = 100_000
STEPS = (
    ("validate_data", ["--data", "data", "--report", "report"]),
    ("normalise", ["--data", "data", "--report", "report", "--normalised", "normalised"]),
    ("annotate", ["--normalised", "normalised", "--annotated", "annotated"]),
    ("prep", ["--data", "annotated", "--report", "report", "--prepared", "prepared"]),
    ("embed", ["--prepared", "prepared", "--embedding", "embedding"]),
    ("train", ["--prepared", "prepared", "--embedding", "embedding", "--model", "model", "--training", "training"]),
    (
        "evaluate",
        ["--prepared", "prepared", "--model", "model", "--training", "training", "--evaluation", "evaluation"],
    ),
    ("robustness", ["--prepared", "prepared", "--model", "model", "--robustness", "robustness"]),
    (
        "responsible_ai",
        [
            *("--evaluation", "evaluation", "--model", "model", "--training", "training"),
            *("--robustness", "robustness", "--responsible-ai", "responsible_ai"),
        ],
    ),
)


def main() -> None:
    """Measure, print JSON, and end with 1 if a limit is passed."""
    parser = shared.options(__doc__, "a rendered nlp project")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--write", type=Path, help="document to put the tables into")
    given = parser.parse_args()
    root = given.project.resolve()
    sys.path.insert(0, str(root / "src"))
    package = shared.package_of(root)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(package, root, Path(folder), given.rounds, given.rows)
    if given.write:
        bench_scale.put(given.write, tables(result))
    shared.finish(result, given.out)


def measure(package: str, root: Path, work: Path, rounds: int, rows: int) -> dict[str, Any]:
    """Return all figures of one project."""
    project, data, prep, texts = (
        importlib.import_module(f"{package}.{name}") for name in ("config.project", "data", "steps.prep", "texts")
    )
    config = project.load(root / "config" / "project.yml")
    frame = data.read(root / "data" / "train", config)
    frame = frame.assign(**{config.columns.text: texts.normalised(frame[config.columns.text], config.texts.mask)})
    parts = prep.divide(frame, config)
    fits = [(ours(package, *parts, config), theirs(*parts, config)) for _ in range(rounds)]
    chosen = review(package, root, work, frame, config)
    small, large = (grown(root, work / str(count), frame, config, count) for count in (rows // 4, rows))
    growth = sum(large["cpu"].values()) / sum(small["cpu"].values()) / 4
    behind = fits[0][1][1] - fits[0][0][1]
    seconds = statistics.median(fit[0][0] for fit in fits)
    return {
        "benchmark": "texts",
        "rows": len(frame),
        "fit": {
            "seconds": round(seconds, 2),
            "seconds of scikit-learn's defaults": round(statistics.median(fit[1][0] for fit in fits), 2),
            "accuracy": round(fits[0][0][1], 4),
            "accuracy of scikit-learn's defaults": round(fits[0][1][1], 4),
        },
        "growth": {str(rows // 4): small, str(rows): large},
        "review": {"rows": REVIEWED, **chosen},
        "checks": [
            {"name": "seconds of the fit on the sample", "value": round(seconds, 2), "limit": FIT_LIMIT_SECONDS},
            {"name": "accuracy behind scikit-learn's defaults", "value": round(behind, 4), "limit": ACCURACY_LIMIT},
            {"name": "time per row, all rows / a quarter", "value": round(growth, 3), "limit": GROWTH_LIMIT},
            {"name": "peak memory, GB", "value": max(large["gigabytes"].values()), "limit": MEMORY_LIMIT_GB},
            {"name": "seconds of `mlops review select`", "value": chosen["cpu"], "limit": REVIEW_LIMIT_SECONDS},
        ],
    }


def tables(result: dict[str, Any]) -> str:
    """Return growth and review as Markdown."""
    names = [name for name, _ in STEPS]
    lines = [
        f"Measured on {bench_scale.machine()}; CPU seconds / GB of memory at the peak.",
        "",
        f"| texts | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for rows, found in result["growth"].items():
        cells = [f"{found['cpu'][name]:.0f} / {found['gigabytes'][name]:.1f}" for name in names]
        lines.append(f"| {int(rows):,} | {' | '.join(cells)} |")
    found = result["review"]
    return "\n".join((*lines, "", f"`mlops review select` of {found['rows']:,} texts: {found['cpu']:.0f} CPU seconds."))


def ours(package: str, train: Any, holdout: Any, config: Any) -> tuple[float, float]:
    """Return seconds of the fit and accuracy on the holdout of the project's linear family."""
    models = importlib.import_module(f"{package}.models")
    began = time.process_time()
    fitted = models.fit_linear(train, config)
    seconds = time.process_time() - began
    probability = fitted.predict_proba(holdout[config.columns.text].tolist())
    answers = [fitted.classes[place] for place in probability.argmax(axis=1)]
    return seconds, float((holdout[config.columns.target] == answers).mean())


def theirs(train: Any, holdout: Any, config: Any) -> tuple[float, float]:
    """Return the same of scikit-learn's vectorizer and logistic regression with their defaults."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    text, target = config.columns.text, config.columns.target
    began = time.process_time()
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(train[text], train[target])
    seconds = time.process_time() - began
    return seconds, float(fitted.score(holdout[text], holdout[target]))


def made(frame: Any, config: Any, rows: int) -> Iterator[dict[str, str]]:
    """Yield labelled rows whose texts are words of the sample's texts, at random."""
    import numpy as np

    random, columns = np.random.default_rng(5), config.columns
    by_label = {
        label: np.array(" ".join(group).split()) for label, group in frame.groupby(columns.target)[columns.text]
    }
    labels = sorted(by_label)
    for row in range(rows):
        label = labels[row % len(labels)]
        text = " ".join(random.choice(by_label[label], random.integers(8, 30)))
        yield {columns.id: f"made-{row}", columns.text: text, columns.target: label} | dict.fromkeys(
            columns.categorical, "made"
        )


def write(path: Path, rows: Iterator[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


def grown(root: Path, work: Path, frame: Any, config: Any, rows: int) -> dict[str, dict[str, float]]:
    """Return seconds, CPU seconds and peak gigabytes of each step on so many texts."""
    write(work / "data" / "texts.jsonl", made(frame, config, rows))
    shutil.copy(root / "config" / "project.yml", work / "project.yml")
    found = bench_training.run_steps(root, work, STEPS)
    kinds = ("seconds", "cpu", "gigabytes")
    return {kind: {name: round(figures[kind], 3) for name, figures in found.items()} for kind in kinds}


def review(package: str, root: Path, work: Path, frame: Any, config: Any) -> dict[str, float]:
    """Return the seconds and the CPU seconds of `mlops review select` on many rows."""
    copy, arrived = work / "copy", work / "arrived.jsonl"
    shutil.copytree(root, copy, ignore=shared.NOT_COPIED)
    for name in ("labeling", "versions"):  # without what people reviewed: it may hold the same ids
        shutil.rmtree(copy / "data" / name, ignore_errors=True)
    write(arrived, made(frame, config, REVIEWED))

    def mlops(*arguments: str | Path) -> None:
        command = [sys.executable, "-c", f"from {package}.cli import main; main()", *map(str, arguments)]
        variables = os.environ | {"PYTHONPATH": str(copy / "src")}
        subprocess.run(command, cwd=copy, env=variables, stdout=subprocess.DEVNULL, check=True)

    mlops("run")
    before = os.times()
    mlops("review", "select", "--data", arrived)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": round(after.elapsed - before.elapsed, 2), "cpu": round(cpu, 2)}


if __name__ == "__main__":
    main()
