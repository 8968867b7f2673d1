"""What `copier copy` and `copier update` do to a folder that somebody works in."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy, run_update
from copier.errors import UserMessageError

from tests.support import harness

OLD, NEW = "v9998.0.0", "v9999.0.0"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the template with two releases: an older state, and the working tree.

    The older state lacks a file, has one more, and says other things in files that projects edit.
    """
    repository = harness.snapshot(tmp_path_factory.mktemp("released") / "template")
    changed = {path: path.read_bytes() for path in _differing(repository)}
    for path, content in changed.items():
        path.write_bytes(b"# The first line of an older release.\n" + content)
    added = repository / "template" / ".editorconfig"
    new = added.read_bytes()
    added.unlink()
    dropped = repository / "template" / "config" / "retired.yml"
    dropped.write_text("retired: true\n")
    harness.commit(repository, "Older release", OLD)
    for path, content in changed.items():
        path.write_bytes(content)
    added.write_bytes(new)
    dropped.unlink()
    harness.commit(repository, "This release", NEW)
    return repository


def _differing(repository: Path) -> list[Path]:
    """Sources of some files that begin with a comment, whether or not they are Jinja templates."""
    rendered = (
        "pyproject.toml",
        ".gitignore",
        "{{ layer.classical }}/config/project.yml",
        "{{ layer.terraform }}/infra/main.tf",
    )
    return [next((repository / "template").glob(f"{path}*")) for path in rendered]


@pytest.fixture
def project(released: Path, tmp_path: Path) -> Path:
    """A project of the older release, committed."""
    return _render(released, tmp_path / "project", harness.answers_for(), OLD)


def test_an_update_equals_a_fresh_render(project: Path, released: Path, tmp_path: Path) -> None:
    _update(project)
    fresh = _render(released, tmp_path / "fresh", harness.answers_for(), NEW)
    assert harness.digests(project) == harness.digests(fresh)


def test_a_project_of_the_last_release_updates_to_a_fresh_render(tmp_path: Path) -> None:
    releases = harness.git("tag", "--list", "v*", "--sort=-version:refname", cwd=harness.ROOT).split()
    if not releases:
        pytest.skip("no release has been tagged yet")
    repository = tmp_path / "template"
    harness.git("clone", "--quiet", str(harness.ROOT), str(repository), cwd=tmp_path)
    harness.git("rm", "--quiet", "-r", ".", cwd=repository)
    harness.commit(harness.snapshot(repository), "This release", NEW)
    project = _render(repository, tmp_path / "project", harness.answers_for(), releases[0])

    _update(project)

    fresh = _render(repository, tmp_path / "fresh", harness.answers_for(), NEW)
    assert harness.digests(project) == harness.digests(fresh)


def test_a_second_update_changes_nothing(project: Path) -> None:
    _update(project)
    harness.commit(project, "Update")
    _update(project)
    assert harness.git("status", "--porcelain", cwd=project) == ""


@pytest.mark.parametrize(
    "switched",
    [
        {"ci": "azure_devops", "repository": "example-org/Flight time/flight-time"},
        {"network": "isolated"},
        {"serving": ["online"]},
        {"package_name": "air_time", "description": "Says something else."},
    ],
    ids=lambda answers: next(iter(answers)),
)
def test_switching_an_answer_equals_a_fresh_render(
    switched: dict[str, Any], project: Path, released: Path, tmp_path: Path
) -> None:
    _update(project, data=switched)
    fresh = _render(released, tmp_path / "fresh", harness.answers_for(**switched), NEW)
    assert harness.digests(project) == harness.digests(fresh)


def test_a_network_opened_again_forgets_the_runner(project: Path, tmp_path: Path) -> None:
    _update(project, data={"network": "managed"})
    assert _kept(project)["ci_runner"] == "self_hosted"
    harness.commit(project, "Close the network")
    _update(project, data={"network": "public"})
    assert "ci_runner" not in _kept(project)


def test_an_update_keeps_what_the_team_changed_added_and_deleted(project: Path) -> None:
    config = project / "config" / "project.yml"
    edited = config.read_text().replace("seed: 42", "seed: 7")
    assert edited != config.read_text()
    config.write_text(edited)
    own = project / "src" / "flight_time" / "weather.py"
    own.write_text("WIND = 3\n")
    (project / "notebooks" / "eda.ipynb").unlink()
    harness.commit(project, "Our own work")

    _update(project)

    assert "seed: 7" in config.read_text()
    assert "older release" not in config.read_text()
    assert own.read_text() == "WIND = 3\n"
    assert not (project / "notebooks" / "eda.ipynb").exists()
    assert _conflicts(project) == []


def test_an_update_leaves_replaced_and_deleted_data_alone(project: Path) -> None:
    samples = sorted((project / "data" / "production").glob("*.csv.gz"))
    samples[0].write_bytes(b"\x1f\x8b our own data")
    samples[1].unlink()
    harness.commit(project, "Our own data")

    _update(project)

    assert samples[0].read_bytes() == b"\x1f\x8b our own data"
    assert not samples[1].exists()


def test_a_line_that_both_sides_changed_is_shown_as_a_conflict(project: Path) -> None:
    config = project / "config" / "project.yml"
    config.write_text(config.read_text().replace("# The first line of an", "# Our own"))
    harness.commit(project, "Edit what the next release edits too")

    _update(project)

    assert _conflicts(project) == ["config/project.yml"]
    text = config.read_text()
    assert "<<<<<<< before updating" in text
    assert "# Our own older release." in text
    assert ">>>>>>> after updating" in text


def test_an_update_refuses_a_project_with_uncommitted_work(project: Path) -> None:
    (project / "README.md").write_text("Unsaved work.\n")
    with pytest.raises(UserMessageError, match="dirty"):
        _update(project)
    assert (project / "README.md").read_text() == "Unsaved work.\n"


def test_an_update_without_an_answers_file_says_so_and_changes_nothing(project: Path) -> None:
    (project / ".copier-answers.yml").unlink()
    harness.commit(project, "Lose the answers")
    before = harness.digests(project)
    with pytest.raises(UserMessageError, match=r"\.copier-answers\.yml"):
        _update(project)
    assert harness.digests(project) == before


@pytest.mark.parametrize("question", harness.AXES)
def test_a_copy_without_an_axis_asks_for_it_and_creates_nothing(question: str, template: Path, tmp_path: Path) -> None:
    answers = harness.answers_for()
    del answers[question]
    with pytest.raises(ValueError, match=f'Question "{question}" is required'):
        _copy(template, tmp_path / "project", answers)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("question", "value", "message"),
    [
        ("scenario", "tabular", "Invalid choice for 'scenario': 'tabular' is not in"),
        ("ci", "jenkins", "Invalid choice for 'ci': 'jenkins' is not in"),
        ("network", "open", "Invalid choice for 'network': 'open' is not in"),
        ("serving", ["ftp"], "Invalid choice for 'serving': 'ftp' is not in"),
        ("serving", [], "Validation error for question 'serving': '\\[\\]' is empty"),
        ("project_slug", "Flight_Time", "question 'project_slug': 'Flight_Time' has 'F': use a-z"),
        ("package_name", "pandas", "question 'package_name': 'pandas' is a package"),
        ("owner", "a\nb", "question 'owner': 'a\\\\nb' has U\\+000A: use one line"),
        ("repository", "flights", "question 'repository': 'flights' is no GitHub repository"),
        ("python_version", "3.8", "Invalid choice for 'python_version': '3.8' is not in"),
    ],
)
def test_a_bad_answer_is_refused_by_name_and_rule_and_touches_nothing(
    question: str, value: Any, message: str, template: Path, tmp_path: Path
) -> None:
    target = tmp_path / "project"
    target.mkdir()
    (target / "README.md").write_text("Mine.\n")
    with pytest.raises(ValueError, match=message):
        _copy(template, target, harness.answers_for(**{question: value}))
    assert harness.digests(target).keys() == {Path("README.md")}
    assert (target / "README.md").read_text() == "Mine.\n"


@pytest.mark.parametrize(
    ("name", "slug", "package"),
    [
        ("Flight time", "flight-time", "flight_time"),
        ("7 Flüge — to New York & back again", "fl-ge-to-new-york-ba", "fl_ge_to_new_york_ba"),
        ("2nd flight time: New York, all airlines", "nd-flight-time-new-y", "nd_flight_time_new_y"),
    ],
)
def test_short_names_are_suggested_from_the_projects_name(
    name: str, slug: str, package: str, render: harness.Render
) -> None:
    answers = _without_short_names()
    kept = _kept(render({**answers, "project_name": name}))
    assert (kept["project_slug"], kept["package_name"]) == (slug, package)


@pytest.mark.parametrize(
    ("given", "question"),
    [
        ({"project_name": "AI"}, "project_slug"),
        ({"project_name": "予測"}, "project_slug"),
        ({"project_slug": "json"}, "package_name"),
    ],
)
def test_a_suggestion_that_would_be_refused_is_not_made(
    given: dict[str, str], question: str, template: Path, tmp_path: Path
) -> None:
    answers = _without_short_names()
    with pytest.raises(ValueError, match=f'Question "{question}" is required'):
        _copy(template, tmp_path / "project", {**answers, **given})


@pytest.mark.parametrize(
    ("axis", "value"),
    [(axis, value) for axis in harness.AXES for value, reason in harness.choices(axis).items() if reason],
)
def test_a_choice_that_is_not_ready_is_visible_and_refused_with_its_reason(
    axis: str, value: str, template: Path, tmp_path: Path
) -> None:
    answers = {**harness.answers_for(), axis: value}
    with pytest.raises(ValueError, match=f"Invalid choice for '{axis}': '{value}' is not ready"):
        _copy(template, tmp_path / "project", answers)


@pytest.mark.parametrize("network", ["managed", "isolated"])
def test_hosted_runners_are_refused_where_they_cannot_reach(network: str, template: Path, tmp_path: Path) -> None:
    answers = harness.answers_for(network=network, ci_runner="hosted")
    with pytest.raises(ValueError, match="'hosted' runners cannot reach"):
        _copy(template, tmp_path / "project", answers)


def test_own_runners_are_refused_where_nothing_needs_them(template: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'self_hosted' runners serve a network"):
        _copy(template, tmp_path / "project", harness.answers_for(ci_runner="self_hosted"))


def test_the_random_suffix_stays_the_same_in_every_update(released: Path, tmp_path: Path) -> None:
    answers = harness.answers_for()
    del answers["name_suffix"]
    projects = [_render(released, tmp_path / name, answers, OLD) for name in ("one", "other")]
    suffixes = [_kept(project)["name_suffix"] for project in projects]
    assert suffixes[0] != suffixes[1]
    _update(projects[0])
    assert _kept(projects[0])["name_suffix"] == suffixes[0]
    assert suffixes[0] in (projects[0] / "config" / "dev.yml").read_text()


def test_the_command_line_refuses_to_run_without_trust(template: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        ["copier", "copy", "--defaults", str(template), str(tmp_path / "project")],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 4
    assert "jinja_extensions" in result.stderr
    assert not (tmp_path / "project").exists()


def test_the_command_line_says_how_to_go_on(template: Path, tmp_path: Path) -> None:
    target = tmp_path / "my flights"
    result = subprocess.run(
        [
            *("copier", "copy", "--trust", "--defaults"),
            *("--data-file", str(template / "scenarios/classical/answers.yml")),
            *(str(template), str(target)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"Flight time is in '{target}'." in result.stderr
    assert "uv run mlops demo" in result.stderr


def _copy(template: Path, target: Path, answers: harness.Answers, ref: str | None = None) -> None:
    run_copy(str(template), target, dict(answers), vcs_ref=ref, defaults=True, unsafe=True, quiet=True)


def _render(template: Path, target: Path, answers: harness.Answers, ref: str) -> Path:
    _copy(template, target, answers, ref)
    harness.commit(target, "Render")
    return target


def _update(project: Path, data: dict[str, Any] | None = None) -> None:
    run_update(project, data, defaults=True, overwrite=True, unsafe=True, quiet=True)


def _without_short_names() -> dict[str, Any]:
    answers = harness.answers_for()
    del answers["project_slug"], answers["package_name"]
    return answers


def _kept(project: Path) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers


def _conflicts(project: Path) -> list[str]:
    listed = harness.git("diff", "--name-only", "--diff-filter=U", cwd=project)
    assert not list(project.rglob("*.rej"))
    return listed.split()
