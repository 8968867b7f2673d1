"""Compare the linear family of texts with scikit-learn's defaults; measure growth, and the choice of what to review.

    PROJECT/.venv/bin/python benchmarks/bench_texts.py PROJECT [--rounds 3] [--rows 200000] [--out FILE]

PROJECT is a rendered nlp project; run this with a Python that has its dependencies. Nothing in it is changed.

Fit: the project's linear family and what a user would write by hand, TfidfVectorizer and LogisticRegression with their
defaults, alternate on the same parts of the sample. Growth: the steps from validate_data to train in processes of their
own, for a tenth of the rows and for all of them; the texts are made here, of the sample's words. Review: the choice of
a queue from 100 000 rows.
"""

import argparse
import importlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# One thread each, as in bench_training.py; it must be set before NumPy is imported.
os.environ["OMP_NUM_THREADS"] = "1"

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
)


def main() -> None:
    """Measure, print JSON, and end with 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path, help="a rendered nlp project")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--out", type=Path, help="file for the JSON too")
    given = parser.parse_args()
    root = given.project.resolve()
    sys.path.insert(0, str(root / "src"))
    package = bench_training.package_of(root)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(package, root, Path(folder), given.rounds, given.rows)
    text = json.dumps(result, indent=2)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    sys.exit(any(check["value"] > check["limit"] for check in result["checks"]))


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
    small, large = (grown(root, work / str(count), frame, config, count) for count in (rows // 10, rows))
    growth = sum(large["seconds"].values()) / sum(small["seconds"].values()) / 10
    chosen = review(package, config)
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
        "growth": {str(rows // 10): small, str(rows): large},
        "review": {"rows": REVIEWED, "seconds": round(chosen, 2)},
        "checks": [
            {"name": "seconds of the fit on the sample", "value": round(seconds, 2), "limit": FIT_LIMIT_SECONDS},
            {"name": "accuracy behind scikit-learn's defaults", "value": round(behind, 4), "limit": ACCURACY_LIMIT},
            {"name": "time per row, all rows / a tenth", "value": round(growth, 3), "limit": GROWTH_LIMIT},
            {"name": "peak memory, GB", "value": max(large["gigabytes"].values()), "limit": MEMORY_LIMIT_GB},
            {"name": "seconds of the choice for review", "value": round(chosen, 2), "limit": REVIEW_LIMIT_SECONDS},
        ],
    }


def ours(package: str, train: Any, holdout: Any, config: Any) -> tuple[float, float]:
    """Return seconds of the fit and accuracy on the holdout of the project's linear family."""
    models = importlib.import_module(f"{package}.models")
    began = time.perf_counter()
    fitted = models.fit_linear(train, config)
    seconds = time.perf_counter() - began
    probability = fitted.predict_proba(holdout[config.columns.text].tolist())
    answers = [fitted.classes[place] for place in probability.argmax(axis=1)]
    return seconds, float((holdout[config.columns.target] == answers).mean())


def theirs(train: Any, holdout: Any, config: Any) -> tuple[float, float]:
    """Return the same of scikit-learn's vectorizer and logistic regression with their defaults."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    text, target = config.columns.text, config.columns.target
    began = time.perf_counter()
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(train[text], train[target])
    seconds = time.perf_counter() - began
    return seconds, float(fitted.score(holdout[text], holdout[target]))


def grown(root: Path, work: Path, frame: Any, config: Any, rows: int) -> dict[str, dict[str, float]]:
    """Return seconds and peak gigabytes of each step on so many texts, made of the words of the sample's texts."""
    import numpy as np
    import yaml

    random = np.random.default_rng(5)
    columns = config.columns
    labels = sorted(frame[columns.target].unique())
    words = {
        label: np.array(" ".join(frame.loc[frame[columns.target] == label, columns.text]).split()) for label in labels
    }
    (work / "data").mkdir(parents=True)
    with (work / "data" / "texts.jsonl").open("w", encoding="utf-8") as stream:
        for row in range(rows):
            label = labels[row % len(labels)]
            text = " ".join(random.choice(words[label], random.integers(8, 30)))
            stream.write(json.dumps({"id": f"made-{row}", "text": text, "label": label}) + "\n")
    sections = yaml.safe_load((root / "config" / "project.yml").read_text(encoding="utf-8"))
    sections["columns"] = {"target": "label", "id": "id", "text": "text"}
    (work / "project.yml").write_text(yaml.safe_dump(sections), encoding="utf-8")
    found = bench_training.run_steps(root, work, STEPS)
    return {key: {name: round(figures[key], 3) for name, figures in found.items()} for key in ("seconds", "gigabytes")}


def review(package: str, config: Any) -> float:
    """Return the seconds that the choice of a queue from many rows takes."""
    import numpy as np

    select = importlib.import_module(f"{package}.review.select")
    random = np.random.default_rng(7)
    vectors = random.normal(0, 1, (REVIEWED, config.embedding.components)).astype("float32")
    second = random.random(REVIEWED)
    probability, reference = np.column_stack([1 - second, second]), vectors[:20_000] * 0.8
    began = time.perf_counter()
    select.by_chance([str(row) for row in range(REVIEWED)], 12, config.seed)
    select.choose(vectors, probability, reference, drifted=24, uncertain=24, seed=config.seed)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
