"""Properties of every rendered project, whatever the choices."""

from __future__ import annotations

import ast
import itertools
import json
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import hcl2
import jinja2
import pytest
import yaml

from tests.support import harness

TOP_LEVEL = {
    ".copier-answers.yml",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".python-version",
    "README.md",
    "azureml",
    "config",
    "data",
    "docs",
    "infra",
    "notebooks",
    "pyproject.toml",
    "requirements",
    "src",
    "tests",
    "uv.lock",
}
# libyaml's, which takes a tenth of the time, where PyYAML has been built with it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CI_FOLDERS = {"github": ".github", "azure_devops": ".azuredevops"}

# Put together here, so that this file does not name them either.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("anaconda", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "terraform", "io"),
        ("docker", "io"),
        ("crates", "io"),
    )
]


@pytest.mark.quick
@pytest.mark.parametrize("variant", harness.VARIANTS)
def test_variant_renders(variant: str, render: harness.Render) -> None:
    assert (render(harness.VARIANTS[variant]) / "README.md").is_file()


@pytest.mark.quick
def test_top_level_has_exactly_these_files(render: harness.Render) -> None:
    for variant, answers in harness.VARIANTS.items():
        found = {path.name for path in render(answers).iterdir()}
        assert found == TOP_LEVEL | {CI_FOLDERS[answers["ci"]]}, variant


@pytest.mark.quick
def test_answers_are_kept_for_updates(render: harness.Render) -> None:
    for variant, answers in harness.VARIANTS.items():
        kept = yaml.safe_load((render(answers) / ".copier-answers.yml").read_text())
        runner = {} if answers["network"] == "public" else {"ci_runner": "self_hosted"}
        assert {name: value for name, value in kept.items() if name[0] != "_"} == {**answers, **runner}, variant


@pytest.mark.quick
def test_no_mark_of_the_template_is_left(render: harness.Render) -> None:
    """Nor of the notes of its makers, which an owner does not have."""
    answered = "|".join(map(re.escape, [*harness.QUESTIONS, "_copier"]))
    marks = re.compile(rf"(?<!\$)\{{\{{-?\s*(?:{answered})\b|\{{%-?\s*\w[^\n]*%\}}|\.jinja\b|\blayer\.|\w-facts\b")
    for path, text in harness.all_texts(render):
        assert not marks.search(text), f"{path}: {marks.search(text)}"
        assert not re.search(r"[{}]|\blayer\b", str(path))


@pytest.mark.quick
def test_every_file_parses(render: harness.Render) -> None:
    for path, text in harness.all_texts(render):
        assert_parses(path, text)


@pytest.mark.quick
def test_no_file_names_a_registry_or_machine(render: harness.Render) -> None:
    for path, text in harness.all_texts(render):
        assert_names_no_place(path, text)


@pytest.mark.quick
def test_texts_end_in_one_line_break(render: harness.Render) -> None:
    for path, text in harness.all_texts(render):
        if path.parent.name == "infra" and path.suffix == ".json":
            continue  # what the Bicep compiler writes, byte for byte
        assert not text or re.search(r"[^\n]\n\Z", text), f"{path} does not end in one line break"
        assert "\r" not in text, path
        blank = path.suffix != ".md" and [line for line in text.split("\n") if line.endswith((" ", "\t"))]
        assert not blank, f"{path}: {blank}"


@pytest.mark.quick
def test_git_ignores_no_rendered_file(render: harness.Render, tmp_path: Path) -> None:
    """Of the variants with the same rules, all files together."""
    having: dict[tuple[tuple[Path, str], ...], set[Path]] = {}
    for project in map(render, harness.VARIANTS.values()):
        paths = set(harness.rendered_digests(project))
        rules = tuple((path, (project / path).read_text()) for path in sorted(paths) if path.name == ".gitignore")
        having.setdefault(rules, set()).update(paths)
    for number, (rules, paths) in enumerate(having.items()):
        repository = tmp_path / str(number)
        for path in paths:
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).touch()
        for path, text in rules:
            (repository / path).write_text(text)
        harness.git("init", "--quiet", cwd=repository)
        assert harness.git("ls-files", "--others", "--ignored", "--exclude-standard", cwd=repository) == ""
        listed = harness.git("ls-files", "--others", "--exclude-standard", "-z", cwd=repository)
        assert set(map(Path, listed.rstrip("\0").split("\0"))) == paths


@pytest.mark.parametrize("question", harness.ASKED)
def test_answer_changes_the_project(question: str, render: harness.Render) -> None:
    others: dict[str, Any] = {
        "project_name": "Taxi fare",
        "project_slug": "taxi-fare",
        "package_name": "taxi_fare",
        "description": "Something else.",
        "owner": "Taxi operations",
        "location": "northeurope",
        "repository": "other-org/flight-time",
        "alert_email": "other@example.com",
        "name_suffix": "z9z9",
    }
    base = harness.answers_for()
    if question in others:
        changed = [{question: others[question]}]
    elif question == "unlisted_location":
        pytest.skip("it confirms another answer")
    elif question == "ci_runner":
        pytest.skip("'self_hosted' is the only choice where the question is asked")
    elif question == "serving":
        served = harness.offered("serving")
        changed = [{question: list(kinds)} for kinds in itertools.combinations(served, 1)]
    else:
        changed = [{question: value} for value in harness.offered(question)]
    projects = [render(base), *(render(harness.answers_for(**one)) for one in changed)]
    contents = []
    for project in projects:
        found = harness.digests(project)
        del found[Path(".copier-answers.yml")]
        contents.append(found)
    distinct = [content for i, content in enumerate(contents) if content not in contents[:i]]
    assert len(distinct) >= max(len(changed), 2 if question in others else 1)


@pytest.mark.quick
def test_foreign_expressions_are_raw() -> None:
    environment = jinja2.Environment()
    for path in (harness.ROOT / "template").rglob("*.jinja"):
        before = ""
        for _, kind, token in environment.lex(path.read_text()):
            assert not (kind == "variable_begin" and before.endswith("$")), path
            before = token


@pytest.mark.quick
def test_layers_write_different_paths() -> None:
    axis_of = {value: axis for axis in harness.AXES for value in harness.choices(axis)}
    template = harness.ROOT / "template"
    written: dict[str, set[Path]] = {layer: set() for layer in ("", *harness.LAYERS)}
    for path in harness.files(template):
        if "__pycache__" in path.parts:
            continue
        layer = next((name for name, at in harness.LAYERS.items() if at.name == path.parts[0]), "")
        inside = Path(*path.parts[1:]) if layer else path
        target = inside.with_suffix("") if inside.suffix == ".jinja" else inside
        assert target not in written[layer], f"{path} is written twice by its own layer"
        written[layer].add(target)
    for one, other in itertools.combinations(written, 2):
        values = [harness.SHARED.get(layer, {layer}) for layer in (one, other)]
        axes = [{axis_of.get(value) for value in some} for some in values]
        apart = axes[0] == axes[1] != {None} and not values[0] & values[1]
        if not apart:
            assert not written[one] & written[other], (one, other)


@pytest.mark.quick
def test_layers_belong_to_choices() -> None:
    known = {value for axis in harness.AXES for value in harness.choices(axis)}
    assert harness.LAYERS.keys() - harness.SHARED.keys() <= known
    assert set().union(*harness.SHARED.values()) <= known
    for axis in harness.AXES:
        for value in harness.offered(axis):
            assert value in harness.LAYERS, f"{value} is offered and has no layer"


@pytest.mark.quick
def test_template_paths_are_legal_on_windows() -> None:
    seen: dict[str, Path] = {}
    for path in harness.files(harness.ROOT / "template"):
        assert not re.search(r'["<>|:*?\\]', str(path)), path
        assert len(str(path)) < 180, path
        assert seen.setdefault(str(path).lower(), path) == path


@pytest.mark.quick
def test_axes_come_first_without_default() -> None:
    assert tuple(harness.QUESTIONS)[:3] == harness.AXES
    for axis in harness.AXES:
        assert "default" not in harness.QUESTIONS[axis]


@pytest.mark.quick
def test_computed_values_come_last() -> None:
    asked = [value.get("when") is not False for value in harness.QUESTIONS.values()]
    assert asked == sorted(asked, reverse=True)


@pytest.mark.quick
@pytest.mark.parametrize("question", harness.ASKED)
def test_help_is_a_short_question(question: str) -> None:
    text = harness.ASKED[question]["help"]
    assert "?" in text
    assert text.count("\n") < 10
    if "choices" not in harness.ASKED[question] and harness.ASKED[question]["type"] != "bool":
        assert harness.ASKED[question]["placeholder"]
        assert harness.ASKED[question]["validator"]


def assert_names_no_place(path: Path, text: str) -> None:
    # The answers file names where the template was rendered from.
    if path.name != ".copier-answers.yml":
        for place in (*REGISTRY_HOSTS, str(harness.ROOT), f"{Path.home()}/", f"{tempfile.gettempdir()}/pytest-"):
            assert place not in text, f"{path} names {place}"


def assert_parses(path: Path, text: str) -> None:
    match path.suffix:
        case ".py":
            ast.parse(text, str(path))
        case ".toml":
            tomllib.loads(text)
        case ".yml" | ".yaml":
            list(yaml.load_all(text, Loader=LOADER))
        case ".json" | ".ipynb":
            json.loads(text)
        case ".tf" | ".tfvars" | ".hcl":
            hcl2.loads(text)
