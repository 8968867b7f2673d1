"""The template in the working tree, its variants, and rendered projects as files."""

from __future__ import annotations

import ast
import functools
import hashlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tests.support import covering

Answers = Mapping[str, Any]
Render = Callable[[Answers], Path]

ROOT = Path(__file__).parents[2]
BYTECODE = ROOT / "build" / "bytecode"
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text())
QUESTIONS = {name: value for name, value in CONFIG.items() if not name.startswith("_")}
ASKED = {name: value for name, value in QUESTIONS.items() if value.get("when") is not False}
AXES = ("scenario", "iac", "ci")
# Answers that each scenario's checked-in answers have of their own.
TYPED = ("project_name", "project_slug", "package_name", "description", "owner")

# Layers are the folders of template/ whose whole name is a Jinja expression.
LAYERS = {
    folder.name.removeprefix("{{ layer.").removesuffix(" }}"): folder
    for folder in (ROOT / "template").iterdir()
    if folder.name.startswith("{{ layer.")
}


def _manifests() -> dict[str, dict[str, Any]]:
    """Return the manifest of each scenario that has one."""
    found = sorted((ROOT / "scenarios").glob("*/scenario.yml"))
    return {path.parent.name: yaml.safe_load(path.read_text()) for path in found}


MANIFESTS = _manifests()

# Layers that several values of an axis share, with these values: copier.yml has the conditions, manifests the facts.
SHARED = {
    "resource_manager": {"bicep", "arm"},
    **{
        policy: {name for name, facts in MANIFESTS.items() if facts["retraining"] == policy}
        for policy in ("automatic", "reviewed")
    },
    "deep": {name for name, facts in MANIFESTS.items() if "deep" in facts["requirements"]},
}

_REPOSITORIES = {
    "github": "example-org/flight-time",
    "azure_devops": "example-org/Flight time/flight-time",
}


def choices(question: str) -> dict[str, str]:
    """Return the values of a question, each with the reason why it is disabled: empty if it is not."""
    listed = ASKED[question]["choices"]
    values = listed.values() if isinstance(listed, dict) else listed
    extended = [value if isinstance(value, dict) else {"value": value} for value in values]
    # A validator with Jinja depends on other answers: the value is offered to some.
    return {
        value["value"]: "" if "{{" in value.get("validator", "") else value.get("validator", "") for value in extended
    }


def offered(question: str) -> list[str]:
    """Return the values of a question that a user can choose in this version."""
    return [value for value, reason in choices(question).items() if not reason]


def checked_in_answers(scenario: str) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load((ROOT / "scenarios" / scenario / "answers.yml").read_text())
    return answers


def answers_for(scenario: str = "classical", /, **changed: Any) -> dict[str, Any]:
    """Return the checked-in answers of a scenario with some changed, and with the answers that follow from these."""
    answers = {**checked_in_answers(scenario), **changed}
    if changed.get("ci") in _REPOSITORIES and "repository" not in changed:
        answers["repository"] = _REPOSITORIES[answers["ci"]]
    return answers


def options(question: str, answers: Answers) -> list[Any]:
    """Return the possible answers to a question with choices after other answers; none if it is not asked."""
    settings = ASKED[question]
    if not yaml.safe_load(_rendered(str(settings.get("when", True)), answers)):
        return []
    listed = settings["choices"]
    values = [
        value if isinstance(value, dict) else {"value": value}
        for value in (listed.values() if isinstance(listed, dict) else listed)
    ]
    allowed = [value["value"] for value in values if not _rendered(value.get("validator", ""), answers)]
    if not settings.get("multiselect"):
        return allowed
    lengths = range(1, len(allowed) + 1)
    return [subset for length in lengths for subset in itertools.combinations(allowed, length)]


@functools.cache
def _compiled(text: str) -> jinja2.Template:
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text)


def _rendered(text: str, answers: Answers) -> str:
    """Render a text of a question, which may be Jinja that reads other answers."""
    return _compiled(text).render(answers)


def combinations() -> list[dict[str, Any]]:
    """Return each allowed combination of choices, without the questions that have one possible answer."""
    found: list[dict[str, Any]] = [{}]
    for question in (name for name, settings in ASKED.items() if "choices" in settings):
        found = [
            {**answers, question: option} if len(allowed) > 1 or question in AXES else answers
            for answers in found
            for allowed in [options(question, answers)]
            for option in allowed or [None]
        ]
    return found


def one_of_each_layer() -> list[dict[str, Any]]:
    """Return as few combinations as show each value of each axis; all other answers are the checked-in ones."""
    values = {axis: offered(axis) for axis in AXES}
    count = max(map(len, values.values()))
    return [{axis: found[number % len(found)] for axis, found in values.items()} for number in range(count)]


def named(chosen: Iterable[covering.Combination]) -> dict[str, dict[str, Any]]:
    """Return the answers of combinations by a readable name."""
    found = {}
    for combination in chosen:
        words = ("+".join(value) if isinstance(value, tuple) else str(value) for value in combination.values())
        changed = {name: list(value) if isinstance(value, tuple) else value for name, value in combination.items()}
        found["-".join(words)] = answers_for(str(changed.pop("scenario")), **changed)
    return found


def variant(name: str) -> dict[str, dict[str, Any]]:
    """Return the one variant that a name such as `classical-bicep-github` or `nlp-arm-github-isolated-batch` describes.

    Each word answers the question that has it as a choice; all other answers are the checked-in ones.

    Raises:
        ValueError: a word is no choice, or two words answer one question.
    """
    asked = [question for question, settings in ASKED.items() if "choices" in settings]
    chosen: dict[str, Any] = {}
    for word in name.split("-"):
        values = word.split("+")
        question = next((each for each in asked if set(values) <= set(offered(each))), None)
        if question is None or question in chosen:
            known = "; ".join(f"{each}: {', '.join(offered(each))}" for each in asked)
            raise ValueError(f"{word!r} in {name!r} is refused: use at most one of each ({known})")
        chosen[question] = tuple(values) if ASKED[question].get("multiselect") else word
    return named([{"scenario": answers_for()["scenario"], **chosen}])


def covering_variants() -> dict[str, dict[str, Any]]:
    """Return variants that show all pairs of choices and all triples of the axes.

    The first of each scenario has the names of its checked-in answers. All others have the same names, so that files
    which do not depend on other answers are equal, and are read once by tests that read each file of all variants.
    """
    same = names_of(answers_for())
    found = named(covering.covering(combinations(), AXES))
    first = {answers["scenario"]: variant for variant, answers in reversed(found.items())}
    return {
        variant: answers if first[answers["scenario"]] == variant else answers | same
        for variant, answers in found.items()
    }


def names_of(answers: Answers) -> dict[str, Any]:
    """Return those of some answers that a user types, and that no other answer follows from."""
    return {name: answers[name] for name in TYPED}


def all_variants() -> dict[str, dict[str, Any]]:
    """Return all combinations with one version of Python, and those in which the others meet every other choice."""
    version = answers_for()["python_version"]
    return {**covering_variants(), **named(one for one in combinations() if one["python_version"] == version)}


# Filled by tests/conftest.py before any test is collected: --quick, --exhaustive or neither decides how many.
VARIANTS: dict[str, dict[str, Any]] = {}


def run(*command: str, cwd: Path = ROOT, timeout: int = 300, variables: Mapping[str, str] | None = None) -> str:
    """Run a command and fail with all that it printed, which is the result otherwise."""
    result = subprocess.run(
        command,
        cwd=cwd,
        timeout=timeout,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(variables or {})},
    )
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}"
    return result.stdout


def install(environment: Path, project: Path) -> None:
    """Make a rendered project the one that a virtual environment with its packages runs."""
    run(
        *("uv", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", f"--python={environment}"),
        *("--editable", "."),
        cwd=project,
    )


def git(*arguments: str, cwd: Path) -> str:
    return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout


def working_tree(parts: Iterable[str] = ()) -> Iterator[Path]:
    """Yield files of the working tree, committed or not: all of them, or those of some files and folders."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *parts, cwd=ROOT)
    for path in map(Path, filter(None, listed.split("\0"))):
        if (ROOT / path).is_file():
            yield path


def copied(paths: Iterable[Path], target: Path) -> Path:
    """Copy files of the working tree to a new folder."""
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target / path)
    return target


def snapshot(target: Path) -> Path:
    """Copy the working tree, with what is not committed yet, to a new folder without history."""
    return copied(working_tree(), target)


def commit(folder: Path, message: str, tag: str | None = None) -> None:
    """Commit everything in a folder, making it a repository first if need be."""
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--allow-empty", "--message", message, cwd=folder)
    if tag:
        git("tag", tag, cwd=folder)


def files(project: Path) -> Iterator[Path]:
    """Yield files of a project that are not git's own, relative to it and in order."""
    for path in sorted(project.rglob("*")):
        relative = path.relative_to(project)
        if path.is_file() and relative.parts[0] != ".git":
            yield relative


def texts(project: Path) -> dict[Path, str]:
    """Return all files of a project that are text."""
    found = {}
    for path in files(project):
        content = (project / path).read_bytes()
        if b"\0" not in content and path.suffix != ".gz":
            found[path] = content.decode()
    return found


def all_texts(render: Render) -> Iterator[tuple[Path, str]]:
    """Yield all text files of all variants, each content at each path once."""
    return iter(_all_texts(tuple(map(render, VARIANTS.values()))))


@functools.cache
def _all_texts(projects: tuple[Path, ...]) -> list[tuple[Path, str]]:
    """Return them of renders, which no test changes."""
    return list(dict.fromkeys(file for project in projects for file in texts(project).items()))


def digests(project: Path) -> dict[Path, str]:
    return {path: hashlib.sha256((project / path).read_bytes()).hexdigest() for path in files(project)}


rendered_digests = functools.cache(digests)
"""Of a render, which no test changes."""


def distinct(render: Render, suffixes: tuple[str, ...], variants: Iterable[Answers] | None = None) -> Iterator[Path]:
    """Yield one rendered project for each set of files of these kinds that any variant has."""
    seen = []
    for answers in VARIANTS.values() if variants is None else variants:
        project = render(answers)
        relevant = {path: digest for path, digest in rendered_digests(project).items() if path.suffix in suffixes}
        if relevant not in seen:
            seen.append(relevant)
            yield project


def sufficient(render: Render, variants: Iterable[Answers]) -> Iterator[Path]:
    """Yield few rendered projects that together hold each statement of each Python file that any variant has.

    A statement is one of a module or of a class there, with its own path; of a file that is the same in all variants
    which have it, the whole is one.
    """
    digests = {project: rendered_digests(project).items() for project in map(render, variants)}
    contents: dict[Path, set[str]] = {}
    for path, digest in {file for files in digests.values() for file in files if file[0].suffix == ".py"}:
        contents.setdefault(path, set()).add(digest)
    left = {
        project: {
            (path, part)
            for path, digest in files
            if path in contents
            for part in (_statements(project / path, digest) if len(contents[path]) > 1 else (digest,))
        }
        for project, files in digests.items()
    }
    while any(left.values()):
        project = max(left, key=lambda each: len(left[each]))
        known = left[project]
        yield project
        left = {each: held - known for each, held in left.items()}


_parsed: dict[str, frozenset[str]] = {}


def _statements(path: Path, digest: str) -> frozenset[str]:
    """Return the statements of a Python file of this digest."""
    if digest not in _parsed:
        found: set[str] = set()
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ClassDef):
                found |= {f"{node.name}.{ast.unparse(inner)}" for inner in node.body}
                node.body = [ast.Pass()]  # what it is derived from, and its decorators
                found.add(ast.unparse(node))
            else:
                found.add(ast.unparse(node))
        _parsed[digest] = frozenset(found)
    return _parsed[digest]


def in_short_steps(projects: Iterable[Path], suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield rendered projects, the next always the one with the fewest other files of these kinds than the last."""
    left = {
        project: {file for file in rendered_digests(project).items() if file[0].suffix in suffixes}
        for project in projects
    }
    last: set[tuple[Path, str]] = set()
    while left:
        project = min(left, key=lambda each: len(left[each] - last))
        last = left.pop(project)
        yield project
