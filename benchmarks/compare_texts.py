"""Compare the two families of texts with what one would write by hand: accuracy, time and memory on the same data.

    PROJECT/.venv/bin/python benchmarks/compare_texts.py PROJECT [--seeds 3] [--out FILE]

PROJECT is a rendered nlp project. The transformers need its dependency group `deep`, and the Trainer of transformers
needs the package accelerate too; a way whose packages are missing is left out, and the table says so. `make bench` does
not run this: it takes a quarter of an hour, and it has no limit.

Every way is fitted to the training part of data/train in a process of its own, on one thread, and is asked for the
holdout and for each file of data/production, which are of other domains. The ways by hand get the texts as they are,
the project's own ways get them normalised, as its pipeline does. Both transformers learn from nothing and have the same
width, layers, heads and size of vocabulary. Of several seeds, which only matter to them, the table shows the means and
the range of the accuracy on the holdout.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import bench_training
import shared

Answer = Callable[[Sequence[str]], Sequence[str]]
TRAINER = ("torch", "transformers", "accelerate")


def main() -> None:
    """Measure each way in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path, help="a rendered nlp project")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="file for the JSON")
    parser.add_argument("--way", nargs=2, help=argparse.SUPPRESS)  # this script's own processes
    given = parser.parse_args()
    root = given.project.resolve()
    if given.way:
        measure(root, given.way[0], int(given.way[1]))
        return
    found: dict[str, Any] = {way: [] for way in WAYS}
    for way, (_, needed, _) in WAYS.items():
        if missing := [name for name in needed if not find_spec(name)]:
            found[way] = f"not measured: {', '.join(missing)} not installed"
    for seed in range(given.seeds):
        for way, (seeded, _, _) in WAYS.items():
            if isinstance(found[way], list) and (seeded or seed == 0):
                found[way].append(process(root, way, seed))
                if given.out:
                    given.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(table(found))


def process(root: Path, way: str, seed: int) -> dict[str, Any]:
    """Return the accuracies, the CPU seconds of the fit and the peak memory (GB) of a way."""
    paths = (str(root / "src"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", ""))
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", bench_training.MEASURED, __file__, str(root), "--way", way, str(seed)]
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{way} failed:\n{ended.stderr[-3000:]}")
    figures, costs = map(json.loads, ended.stdout.splitlines()[-2:])
    print(f"{way}, seed {seed}: {figures}", file=sys.stderr, flush=True)
    return {**figures, "gigabytes": costs["gigabytes"]}


def measure(root: Path, way: str, seed: int) -> None:
    """Fit a way, and print its figures."""
    package = shared.package_of(root)
    project, data, prep, texts = (
        importlib.import_module(f"{package}.{name}") for name in ("config.project", "data", "steps.prep", "texts")
    )
    config = project.load(root / "config" / "project.yml").model_copy(update={"seed": seed})
    text, target = config.columns.text, config.columns.target
    by_hand = WAYS[way][2] in (pipeline, trainer, trainer_defaults)

    def prepared(frame: Any) -> Any:
        return frame if by_hand else frame.assign(**{text: texts.normalised(frame[text], config.texts.mask)})

    # The split is made of the normalised texts, so that it is the same one for all.
    frame = data.read(root / "data" / "train", config)
    parts = prep.divide(frame.assign(**{text: texts.normalised(frame[text], config.texts.mask)}), config)
    train, holdout = (prepared(frame.loc[frame[config.columns.id].isin(part[config.columns.id])]) for part in parts)
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        answer = WAYS[way][2](package, train[text].tolist(), train[target].tolist(), config, Path(folder))
        figures: dict[str, Any] = {"seconds": time.process_time() - began, "rows": len(train), "accuracy": {}}
        files = sorted(path for path in (root / "data" / "production").iterdir() if not path.name.startswith("."))
        asked = {"holdout": holdout, **{path.name.split(".")[0]: prepared(data.read(path, config)) for path in files}}
        for name, rows in asked.items():
            figures["accuracy"][name] = float((rows[target] == list(answer(rows[text].tolist()))).mean())
    print(json.dumps(figures))


def linear(package: str, texts: list[str], labels: list[str], config: Any, folder: Path) -> Answer:
    fitted = importlib.import_module(f"{package}.linear").fit(texts, labels, config.model, config.seed)
    return lambda asked: [fitted.classes[place] for place in fitted.predict_proba(asked).argmax(axis=1)]


def pipeline(package: str, texts: list[str], labels: list[str], config: Any, folder: Path) -> Answer:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels).predict


def transformer(package: str, texts: list[str], labels: list[str], config: Any, folder: Path) -> Answer:
    importlib.import_module(f"{package}.deep.texts").fit(texts, labels, config, folder)
    found = importlib.import_module(f"{package}.deep.classifier").OnnxClassifier.load(folder, threads=1)
    return lambda asked: [found.classes[place] for place in found.predict_proba(asked).argmax(axis=1)]


def trainer(package: str, texts: list[str], labels: list[str], config: Any, folder: Path) -> Answer:
    section = config.model.transformer
    settings = {
        "learning_rate": section.learning_rate,
        "num_train_epochs": section.epochs,
        "per_device_train_batch_size": section.batch_size,
    }
    return trained(texts, labels, config, folder, settings)


def trainer_defaults(package: str, texts: list[str], labels: list[str], config: Any, folder: Path) -> Answer:
    return trained(texts, labels, config, folder, {})


def trained(texts: list[str], labels: list[str], config: Any, folder: Path, settings: dict[str, Any]) -> Answer:
    """Fit as the examples of transformers do, with BERT's own kind of tokenizer learned from the texts."""
    import tokenizers
    import torch
    import transformers

    section, classes = config.model.transformer, sorted(set(labels))
    learned = tokenizers.BertWordPieceTokenizer()
    learned.train_from_iterator(texts, vocab_size=section.vocabulary, show_progress=False)
    words = transformers.PreTrainedTokenizerFast(
        tokenizer_object=learned._tokenizer,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "cls", "sep", "mask")},
        model_max_length=section.max_tokens,
    )
    transformers.set_seed(config.seed)
    model = transformers.DistilBertForSequenceClassification(
        transformers.DistilBertConfig(
            vocab_size=len(words),
            max_position_embeddings=section.max_tokens,
            dim=section.width,
            n_layers=section.layers,
            n_heads=section.heads,
            hidden_dim=4 * section.width,
            pad_token_id=words.pad_token_id,
            num_labels=len(classes),
        )
    )

    def examples(given: Sequence[str]) -> list[dict[str, Any]]:
        read = words(list(given), truncation=True, return_token_type_ids=False)
        return [{name: read[name][row] for name in read} for row in range(len(given))]

    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        seed=config.seed,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        **settings,
    )
    known = [{**row, "labels": classes.index(label)} for row, label in zip(examples(texts), labels, strict=True)]
    made = transformers.Trainer(model=model, args=arguments, train_dataset=known, processing_class=words)
    made.train()
    return lambda asked: [classes[place] for place in made.predict(examples(asked)).predictions.argmax(axis=1)]


# Name -> whether the seed matters, the packages that the project's own dependencies lack, and the function that fits.
WAYS: dict[str, tuple[bool, tuple[str, ...], Callable[..., Answer]]] = {
    "`linear`, the default": (False, (), linear),
    "scikit-learn by hand: `TfidfVectorizer`, `LogisticRegression`": (False, (), pipeline),
    "`transformer` from nothing": (True, TRAINER[:2], transformer),
    "`transformers.Trainer`, the same size and settings": (True, TRAINER, trainer),
    "`transformers.Trainer`, its own defaults": (True, TRAINER, trainer_defaults),
}


def table(found: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    measured = [runs for runs in found.values() if not isinstance(runs, str)]
    names = list(measured[0][0]["accuracy"])
    heads = ("way", *(f"accuracy: {name}" for name in names), "CPU seconds of the fit", "GB at the peak")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for way, runs in found.items():
        if isinstance(runs, str):
            lines.append(f"| {way} | {runs} |" + " |" * (len(names) + 1))
            continue
        cells = [f"{statistics.mean(run['accuracy'][name] for run in runs):.3f}" for name in names]
        if len(runs) > 1:
            values = [run["accuracy"]["holdout"] for run in runs]
            cells[0] += f" ({min(values):.3f} to {max(values):.3f})"
        costs = [statistics.median(run[name] for run in runs) for name in ("seconds", "gigabytes")]
        lines.append(f"| {way} | {' | '.join(cells)} | {costs[0]:.1f} | {costs[1]:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
