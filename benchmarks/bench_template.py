"""Measure this template against the same Copier on an empty template and on plain files, and `mlops --help`.

    python benchmarks/bench_template.py PROJECT [--rounds 5] [--out FILE]

Run with a Python that has Copier and the template's extensions; PROJECT is a rendered project with its .venv. Rounds of
three things alternate: `copier copy` and `copier update` of this template, of a template with one question and one
file, and of one with one question and the very files that this template renders, as plain files. The last is
Copier's own time for a project of this size, to which the limit applies. Each runs as a process, as a user runs it;
the quickest of each is compared.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import shared

ROOT = Path(__file__).parents[1]
LIMIT = 1.3
HELP_LIMIT_S = 0.5
OURS, PLAIN = "this template", "as many plain files"
MADE = (".venv", ".git", "outputs", "uv.lock", "__pycache__", ".*_cache", ".copier-answers.yml")
QUIET = {"GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@example.com", "GIT_COMMITTER_NAME": "b"}
QUIET |= {"GIT_COMMITTER_EMAIL": "b@example.com", "GIT_CONFIG_GLOBAL": os.devnull}


def run(*command: str | Path, cwd: Path | None = None) -> float:
    """Run a command, which must succeed, and return its seconds."""
    began = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=os.environ | QUIET, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr[-3000:]}")
    return time.perf_counter() - began


def commit(folder: Path, tag: str | None = None) -> None:
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--allow-empty", "--message", "benchmark", cwd=folder)
    if tag:
        run("git", "tag", tag, cwd=folder)


def templates(folder: Path, project: Path) -> dict[str, Path]:
    """Return the three templates by name, each a repository with two releases that differ in one file."""
    full, empty, plain = folder / "full", folder / "empty", folder / "plain"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        target = full / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    shutil.copytree(project, plain / "template", ignore=shutil.ignore_patterns(*MADE))
    (empty / "template").mkdir(parents=True)
    for source in (empty, plain):
        (source / "copier.yml").write_text("name: {type: str, default: x}\n_subdirectory: template\n", encoding="utf-8")
        answers = source / "template" / "{{ _copier_conf.answers_file }}.jinja"
        answers.write_text("{{ _copier_answers|to_nice_yaml }}", encoding="utf-8")
    for source in (full, empty, plain):
        (source / "template" / "NOTE.md").write_text("first\n", encoding="utf-8")
        run("git", "init", "--quiet", cwd=source)
        commit(source, "v90.0.0")
        (source / "template" / "NOTE.md").write_text("second\n", encoding="utf-8")
        commit(source, "v91.0.0")
    return {OURS: full, "empty template": empty, PLAIN: plain}


def measure(project: Path, rounds: int, folder: Path) -> dict[str, Any]:
    copier = [sys.executable, "-m", "copier"]
    common = ["--trust", "--defaults", "--quiet"]
    answers = {OURS: ["--data-file", str(ROOT / "scenarios" / "classical" / "answers.yml")]}
    sources = templates(folder, project)
    seconds: dict[str, dict[str, list[float]]] = {"copy": {}, "update": {}}
    for index in range(rounds):
        for name, source in sources.items():
            target = folder / f"{source.name}-{index}"
            took = run(*copier, "copy", *common, "--vcs-ref", "v90.0.0", *answers.get(name, []), source, target)
            seconds["copy"].setdefault(name, []).append(took)
            run("git", "init", "--quiet", cwd=target)
            commit(target)
            took = run(*copier, "update", *common, "--skip-answered", "--vcs-ref", "v91.0.0", cwd=target)
            seconds["update"].setdefault(name, []).append(took)
            if (target / "NOTE.md").read_text(encoding="utf-8") != "second\n":
                raise SystemExit("the update did not arrive")
    result: dict[str, Any] = {}
    for operation, times in seconds.items():
        best = {name: min(values) for name, values in times.items()}
        ratios = {name: best[OURS] / seconds for name, seconds in best.items() if name != OURS}
        result[operation] = {"seconds": best, "ratio to": ratios, "limit to plain files": LIMIT}
    mlops = project / ".venv" / ("Scripts" if sys.platform == "win32" else "bin") / "mlops"
    result["mlops --help"] = {"seconds": min(run(mlops, "--help") for _ in range(rounds + 1)), "limit": HELP_LIMIT_S}
    result["checks"] = [
        *(
            {"name": f"{name}: time / that of plain files", "value": result[name]["ratio to"][PLAIN], "limit": LIMIT}
            for name in seconds
        ),
        {"name": "seconds of mlops --help", "value": result["mlops --help"]["seconds"], "limit": HELP_LIMIT_S},
    ]
    return result


def main() -> None:
    """Measure, print JSON, and end with 1 if a limit is passed."""
    parser = shared.options(__doc__, "a rendered project with its .venv")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(given.project.resolve(), given.rounds, Path(folder))
    shared.finish(result, given.out)


if __name__ == "__main__":
    main()
