"""Measure the answers of an exported transformer where the server may use one CPU, as in a small container.

    PROJECT/.venv/bin/python benchmarks/bench_one_cpu.py PROJECT [--rounds 5] [--requests 60] [--out FILE]

PROJECT is a rendered project about texts whose dependency group `deep` is installed (`uv sync --group deep`); without
it, and where processes cannot be bound to a CPU, nothing is measured. Nothing in the project is changed. A transformer
of the default size is trained for one epoch on a part of the sample and exported to ONNX. This process binds itself to
one CPU, and with it the real inference servers that it starts, one with the project's score.py and that model, one with
a score.py that does nothing. Both and the bare model are asked for the same text in turn.
"""

import importlib
import json
import os
import re
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# As in the deployment; it must be set before NumPy is imported.
os.environ |= {"OMP_NUM_THREADS": "1", "WORKER_COUNT": "1"}

import shared
from bench_serving import NO_OP, ROWS, compared, middle, overhead

OVERHEAD_LIMIT = 2.0  # 1.5 where there are CPUs enough: here client and server share one
TEXTS = 400  # of the sample: what the model has learned does not change its speed


def main() -> None:
    """Measure, print a line of JSON, and end with 1 if a limit is passed."""
    parser = shared.options(__doc__, "a rendered project about texts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=60, help="requests to each server, each round")
    given = parser.parse_args()
    if find_spec("torch") is None or not hasattr(os, "sched_setaffinity"):
        print("not measured: needs Linux and the dependency group deep: uv sync --group deep")
        return
    with tempfile.TemporaryDirectory() as folder:
        result = measure(given.project.resolve(), Path(folder), given.rounds, given.requests)
    shared.finish(result, given.out)


def measure(root: Path, work: Path, rounds: int, requests: int) -> dict[str, Any]:
    """Return all figures of one project in milliseconds, and the number of the server's lines about errors."""
    sys.path.insert(0, str(root / "src"))
    folder = trained(root, work)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    package = shared.package_of(root)
    contract, paths, server, smoke, mounted_model = (
        importlib.import_module(f"{package}.{name}")
        for name in ("scoring.contract", "paths", "local.server", "scoring.smoke", "scoring.mounted_model")
    )
    data = importlib.import_module(f"{package}.data")
    config = importlib.import_module(f"{package}.config.project").load(paths.Project(root).config_path)
    model = mounted_model.load(folder, "benchmark", "1")
    rows = smoke.rows_of(model.contract, data.read(root / "data" / "train", config).head(ROWS))
    bodies = [json.dumps({"data": [row]}) for row in rows]
    tables = [contract.check(json.loads(body), model.contract).frame for body in bodies]
    (work / "no_op.py").write_text(NO_OP, encoding="utf-8")

    with (
        server.serve(
            paths.Project(work / "ours"), folder, 0, name="m", version="1", script=root / "src" / "score.py"
        ) as ours,
        server.serve(paths.Project(work / "no_op"), folder, 0, script=work / "no_op.py") as no_op,
    ):
        milliseconds = compared(model.model, ours, no_op, bodies, tables, rounds, requests)
        log = ours.log.read_text(encoding="utf-8")

    errors = len(re.findall(r" [EC] \[|\[E:onnxruntime", log))  # levels of its lines, and of ONNX Runtime's
    return {
        "benchmark": "one CPU",
        "rounds": rounds,
        "requests": requests,
        "milliseconds": middle(milliseconds),
        "checks": [
            overhead(milliseconds, OVERHEAD_LIMIT),
            {"name": "lines about errors in the server's log", "value": errors, "limit": 0},
        ],
    }


def trained(root: Path, work: Path) -> Path:
    """Train a transformer on a part of the sample, and return its model folder."""
    package = shared.package_of(root)
    project_config, data, embedding, models, paths, texts = (
        importlib.import_module(f"{package}.{name}")
        for name in ("config.project", "data", "embedding", "models", "paths", "deep.texts")
    )
    config = project_config.load(paths.Project(root).config_path)
    section = config.model.transformer.model_copy(update={"epochs": 1})
    model = config.model.model_copy(update={"kind": "transformer", "transformer": section})
    config = config.model_copy(update={"model": model})
    frame = data.read(root / "data" / "train", config).sample(TEXTS, random_state=config.seed)
    notes, labels = (frame[name].tolist() for name in (config.columns.text, config.columns.target))
    texts.fit(notes, labels, config, work / "fitted")
    embedding.fit(notes, config, work / "embedded")
    models.save(work / "fitted", work / "embedded", None, config, frame, work / "model")
    return work / "model"


if __name__ == "__main__":
    main()
