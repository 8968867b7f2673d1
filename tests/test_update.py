"""Behaviour of `copier copy` and `copier update` in a folder with a team's work, and of `mlops template check`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy, run_update
from copier.errors import ShallowCloneWarning, UserMessageError

from tests.support import harness
from tests.support.renders import digest

OLD, NEW = "v9998.0.0", "v9999.0.0"

# The last commit before the package got its present folders: almost every module of a project made from it moves.
BEFORE_FOLDERS = "46cdb6e731298b343aede12e29b49e341745edf3"

# Folders with most of the template's files, and those of them that tests edit.
LARGE = {"src", "tests", "azureml", "infra", ".github", ".azuredevops"}
FEW = {"__init__.py", "gate.py", "split.py", "compute.tf"}

Check = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the template with two releases, as `_release` makes them."""
    return _release(harness.snapshot(tmp_path_factory.mktemp("whole") / "template"))


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of a template with few files of its large folders, which Copier renders in a fraction of the time."""
    repository = harness.snapshot(tmp_path_factory.mktemp("released") / "template")
    for path in harness.files(repository / "template"):
        if LARGE & set(path.parts) and path.name.removesuffix(".jinja") not in FEW:
            (repository / "template" / path).unlink()
    return _release(repository)


def _release(repository: Path) -> Path:
    """Commit two releases: an older state, and the one that there is.

    The older state lacks a file, has one more, one at another path, and other lines in files that projects edit.
    """
    changed = {path: path.read_bytes() for path in _differing(repository)}
    for path, content in changed.items():
        path.write_bytes(b"# The first line of an older release.\n" + content)
    added = repository / "template" / ".editorconfig"
    new = added.read_bytes()
    added.unlink()
    dropped = repository / "template" / "config" / "retired.yml"
    dropped.write_text("retired: true\n")
    moved = repository / "template" / "docs" / "networks.md.jinja"
    moved.rename(moved.with_name("network-modes.md.jinja"))
    harness.commit(repository, "Older release", OLD)
    for path, content in changed.items():
        path.write_bytes(content)
    added.write_bytes(new)
    dropped.unlink()
    moved.with_name("network-modes.md.jinja").rename(moved)
    harness.commit(repository, "This release", NEW)
    return repository


def _differing(repository: Path) -> list[Path]:
    """Return sources of some files that begin with a comment, whether or not they are Jinja templates."""
    rendered = (
        "pyproject.toml",
        ".gitignore",
        "{{ layer.classical }}/config/project.yml",
        "{{ layer.terraform }}/infra/compute.tf",
    )
    return [next((repository / "template").glob(f"{path}*")) for path in rendered]


@pytest.fixture(scope="module")
def rendered(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _render(released, tmp_path_factory.mktemp("rendered") / "project", harness.answers_for(), OLD)


@pytest.fixture(scope="module")
def whole_rendered(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _render(whole, tmp_path_factory.mktemp("rendered") / "project", harness.answers_for(), OLD)


@pytest.fixture
def whole_project(whole_rendered: Path, tmp_path: Path) -> Path:
    """A project of the older release with all of its files, committed."""
    return shutil.copytree(whole_rendered, tmp_path / "project")


@pytest.fixture
def project(rendered: Path, tmp_path: Path) -> Path:
    """A project of the older release of the template with few files, committed."""
    return shutil.copytree(rendered, tmp_path / "project")


def test_update_equals_fresh_render(whole_project: Path, whole: Path, tmp_path: Path) -> None:
    _update(whole_project)
    fresh = _render(whole, tmp_path / "fresh", harness.answers_for(), NEW)
    assert harness.digests(whole_project) == harness.digests(fresh)


@pytest.fixture(scope="module")
def current(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of the template with its history, and the working tree as its newest release."""
    repository = tmp_path_factory.mktemp("current") / "template"
    harness.git("clone", "--quiet", str(harness.ROOT), str(repository), cwd=harness.ROOT)
    harness.git("rm", "--quiet", "-r", ".", cwd=repository)
    harness.commit(harness.snapshot(repository), "This release", NEW)
    return repository


@pytest.fixture(scope="module")
def check(render: harness.Render, environment: Path) -> Check:
    """`mlops template check` of this release, called in the folder of a project of any version."""
    source = render(harness.answers_for())

    def checked(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        before = harness.digests(project)
        result = subprocess.run(
            [str(environment / "bin" / "python"), "-m", "flight_time.cli", "template", "check", *arguments],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(source / "src")},
            capture_output=True,
            text=True,
        )
        assert harness.digests(project) == before
        return result

    return checked


def _earlier(repository: Path, state: str) -> str:
    """Return a commit of the template to update from: the newest release, or the one named."""
    if state != "release":
        known = subprocess.run(["git", "cat-file", "-e", f"{state}^{{commit}}"], cwd=harness.ROOT, capture_output=True)
        if known.returncode:
            pytest.skip(f"this clone lacks commit {state[:7]}; if it is shallow, run 'git fetch --unshallow'")
        return state
    releases = harness.git("tag", "--list", "v*", "--sort=-version:refname", cwd=harness.ROOT).split()
    if not releases:
        pytest.skip("no release has been tagged yet")
    return releases[0]


@pytest.mark.parametrize("state", [BEFORE_FOLDERS, "release"], ids=["before-folders", "release"])
def test_earlier_project_updates_to_fresh_render(state: str, current: Path, tmp_path: Path) -> None:
    project = _render(current, tmp_path / "project", harness.answers_for(), _earlier(current, state))
    locks = {path: digest for path, digest in harness.digests(project).items() if path.match("requirements/*.lock.txt")}
    _update(project)
    fresh = harness.digests(_render(current, tmp_path / "fresh", harness.answers_for(), NEW))
    # The template leaves locks alone that exist; it still removes those that it dropped.
    assert harness.digests(project) == fresh | {path: digest for path, digest in locks.items() if path in fresh}


def test_edits_of_earlier_project_are_reported(current: Path, check: Check, tmp_path: Path) -> None:
    project = _render(current, tmp_path / "project", harness.answers_for(), _earlier(current, BEFORE_FOLDERS))
    for name in ("checks.py", "plots.py", "environments.py"):
        _append(project / "src" / "flight_time" / name, "# Our own line.")
    harness.commit(project, "Our own work")

    result = check(project)

    assert result.returncode == 2, result.stderr
    assert [line.replace("src/flight_time/", "") for line in result.stdout.splitlines()[:3]] == [
        "checks.py: lines added 1, removed 0; moves to local/checks.py",
        "environments.py: lines added 1, removed 0; moves to config/environment.py",
        "plots.py: lines added 1, removed 0; moves to reporting/plots.py",
    ]


def test_update_loses_edit_of_moved_file(project: Path) -> None:
    """This is why `mlops template check` exists: it can go once Copier follows moved files."""
    _append(project / "docs" / "network-modes.md", "Our own line.")
    harness.commit(project, "Edit a file that moves")

    _update(project)

    assert _conflicts(project) == []
    assert not [path for path, text in harness.texts(project).items() if "Our own line." in text]


def test_check_finds_nothing_without_edits(project: Path, check: Check) -> None:
    result = check(project)
    assert (result.returncode, result.stdout) == (0, "The update loses no edit.\n"), result.stderr


def test_check_names_new_path_and_writes_patch(project: Path, check: Check, tmp_path: Path) -> None:
    _append(project / "docs" / "network-modes.md", "Our own line.")
    _append(project / "docs" / "roles.md", "Merged by Copier: this file stays.")
    harness.commit(project, "Edit a file that moves")
    patch = tmp_path / "edits.patch"

    result = check(project, "--patch", str(patch))

    assert result.returncode == 2, result.stderr
    listed, *advice = result.stdout.splitlines()
    assert listed == "docs/network-modes.md: lines added 1, removed 0; moves to docs/networks.md"
    assert "Error: the update would lose or leave behind 1 edit" in result.stderr
    _update(project)
    harness.run("sh", "-ec", "\n".join(line for line in advice if line.startswith("  ")), cwd=project)
    assert (project / "docs" / "networks.md").read_text().endswith("Our own line.\n")
    assert (project / "docs" / "roles.md").read_text().endswith("this file stays.\n")
    assert not (project / "docs" / "network-modes.md").exists()
    assert _conflicts(project) == []


def test_check_names_files_that_an_answer_removes(project: Path, check: Check) -> None:
    _append(project / "infra" / "compute.tf", "# Our own line.")
    harness.commit(project, "Our own work")
    result = check(project, "--data", "iac=bicep")
    assert result.returncode == 2, result.stderr
    assert "infra/compute.tf: lines added 1, removed 0; the template drops it" in result.stdout
    shown = re.search(r"git show .*", result.stdout)
    assert shown
    assert "# Our own line." in harness.run(*shlex.split(shown.group()), cwd=project)


def test_check_names_files_that_an_answer_moves(project: Path, check: Check) -> None:
    package = project / "src" / "flight_time"
    _append(package / "gate.py", "# Our own line.")
    _append(package / "steps" / "__init__.py", "# Our own line.")
    (package / "split.py").unlink()
    (package / "weather.py").write_text("WIND = 3\n")
    harness.commit(project, "Our own work")
    result = check(project, "--data", "package_name=air_time", "--to", ":current:")
    assert result.returncode == 2, result.stderr
    assert result.stdout.splitlines()[:4] == [
        "src/flight_time/gate.py: lines added 1, removed 0; moves to src/air_time/gate.py",
        "src/flight_time/split.py: deleted here; comes back as src/air_time/split.py",
        "src/flight_time/steps/__init__.py: lines added 1, removed 0; moves to src/air_time/steps/__init__.py",
        "src/flight_time/weather.py: your own file; its folder moves to src/air_time",
    ]


def test_file_moved_beforehand_keeps_its_edit(project: Path) -> None:
    """This is the other way that docs/updating.md describes."""
    _append(project / "docs" / "network-modes.md", "Our own line.")
    harness.git("mv", "docs/network-modes.md", "docs/networks.md", cwd=project)
    harness.commit(project, "Move an edited file to its new path")

    _update(project)

    assert _conflicts(project) == ["docs/networks.md"]
    assert "<<<<<<< before updating\nOur own line.\n=======\n" in (project / "docs" / "networks.md").read_text()


def test_documented_commands_undo_an_update(project: Path) -> None:
    config = project / "config" / "project.yml"
    config.write_text(config.read_text().replace("# The first line of an", "# Our own"))
    (project / "outputs").mkdir()
    (project / "outputs" / "kept.txt").write_text("ignored by git\n")
    harness.commit(project, "Edit a line that the next release edits too")
    before = harness.digests(project)
    _update(project)
    assert _conflicts(project)
    assert subprocess.run(["git", "restore", "."], cwd=project, capture_output=True).returncode

    harness.run("sh", "-ec", _documented("Back to the state before"), cwd=project)

    assert harness.git("status", "--porcelain", cwd=project) == ""
    assert harness.digests(project) == before


def test_documented_recopy_leaves_data_alone(project: Path) -> None:
    samples = sorted((project / "data").rglob("*.csv.gz"))
    samples[0].write_bytes(b"\x1f\x8b our own data")
    for sample in samples[1:]:
        sample.unlink()
    _append(project / "README.md", "Our own line.")
    harness.commit(project, "Our own data")

    harness.run("sh", "-ec", _documented("Starting from the template again"), cwd=project)

    assert "Our own line." not in (project / "README.md").read_text()
    assert samples[0].read_bytes() == b"\x1f\x8b our own data"
    assert not [sample for sample in samples[1:] if sample.exists()]


def test_project_in_a_subfolder_is_updated(released: Path, tmp_path: Path) -> None:
    project = tmp_path / "company" / "flights"
    _copy(released, project, harness.answers_for(), OLD)
    harness.commit(project.parent, "Render")
    _update(project)
    fresh = _render(released, tmp_path / "fresh", harness.answers_for(), NEW)
    assert harness.digests(project) == harness.digests(fresh)


@pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
def test_readme_command_ignores_uncommitted_changes(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "cache"))
    checkout = _clone(released, tmp_path / "checkout")
    for tag in (OLD, NEW):  # before the first release, Copier takes the state of the checkout
        harness.git("tag", "--delete", tag, cwd=checkout)
    _append(checkout / "template" / "README.md.jinja", "Not committed.")
    command = re.search(r"copier copy --trust \"(.+)\" \.\./flights", (harness.ROOT / "README.md").read_text())
    assert command
    answers = ("--defaults", "--data-file", str(harness.ROOT / "scenarios/classical/answers.yml"))
    for address, name in ((command.group(1), "documented"), ("$PWD", "plain")):
        harness.run("sh", "-ec", f'copier copy --trust {shlex.join(answers)} "{address}" ../{name}', cwd=checkout)
        harness.commit(tmp_path / name, "Render")

    assert "Not committed." not in (tmp_path / "documented" / "README.md").read_text()
    _update(tmp_path / "documented")
    with pytest.raises(ValueError, match="Unknown revision"):
        _update(tmp_path / "plain")

    answers_file = tmp_path / "plain" / ".copier-answers.yml"
    real = harness.git("rev-parse", "HEAD", cwd=checkout).strip()
    answers_file.write_text(re.sub("_commit: .*", f"_commit: {real}", answers_file.read_text()))
    harness.commit(tmp_path / "plain", "Name a commit that exists")
    _update(tmp_path / "plain")


def test_shallow_template_is_refused_until_complete(released: Path, project: Path, tmp_path: Path) -> None:
    shallow = _clone(released, tmp_path / "shallow", "--depth=1")
    answers_file = project / ".copier-answers.yml"
    answers_file.write_text(re.sub("_src_path: .*", f"_src_path: {shallow}", answers_file.read_text()))
    harness.commit(project, "The template has another address")
    with pytest.warns(ShallowCloneWarning), pytest.raises(ValueError, match="Unknown revision"):
        _update(project)

    cure = re.search("git fetch --unshallow[^`]*", (harness.ROOT / "docs" / "updating.md").read_text())
    assert cure
    harness.run(*cure.group().split(), cwd=shallow)
    _update(project)
    assert (project / "docs" / "networks.md").exists()


def test_changed_ci_without_repository_is_one_message(project: Path) -> None:
    command = ["copier", "update", "--trust", "--defaults", "--quiet", "--data", "ci=azure_devops"]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == (
        "'repository' has no answer that fits ci 'azure_devops': add '--data "
        "repository=organisation/project/repository'.\n"
    )
    assert harness.git("status", "--porcelain", cwd=project) == ""


def test_second_update_changes_nothing(project: Path) -> None:
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
def test_changed_answer_equals_fresh_render(
    switched: dict[str, Any], whole_project: Path, whole: Path, tmp_path: Path
) -> None:
    _update(whole_project, data=switched)
    fresh = _render(whole, tmp_path / "fresh", harness.answers_for(**switched), NEW)
    assert harness.digests(whole_project) == harness.digests(fresh)


def test_network_opened_again_drops_runner(project: Path, tmp_path: Path) -> None:
    _update(project, data={"network": "managed"})
    assert _kept(project)["ci_runner"] == "self_hosted"
    harness.commit(project, "Close the network")
    _update(project, data={"network": "public"})
    assert "ci_runner" not in _kept(project)


def test_update_keeps_edits_additions_deletions(project: Path) -> None:
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


@pytest.mark.parametrize("scenario", harness.MANIFESTS)
def test_update_keeps_replaced_and_deleted_data(scenario: str, released: Path, tmp_path: Path) -> None:
    project = _render(released, tmp_path / "project", harness.answers_for(scenario), OLD)
    samples = sorted(path for path in (project / "data").rglob("*") if path.suffix in (".gz", ".zip"))
    assert len(samples) > 2
    samples[0].write_bytes(b"our own data")
    for sample in samples[1:]:
        sample.unlink()
    harness.commit(project, "Our own data")

    _update(project)

    assert samples[0].read_bytes() == b"our own data"
    assert not [sample for sample in samples[1:] if sample.exists()]


def test_line_changed_by_both_is_a_conflict(project: Path) -> None:
    config = project / "config" / "project.yml"
    config.write_text(config.read_text().replace("# The first line of an", "# Our own"))
    harness.commit(project, "Edit what the next release edits too")

    _update(project)

    assert _conflicts(project) == ["config/project.yml"]
    text = config.read_text()
    assert "<<<<<<< before updating" in text
    assert "# Our own older release." in text
    assert ">>>>>>> after updating" in text


def test_update_refuses_uncommitted_work(project: Path) -> None:
    (project / "README.md").write_text("Unsaved work.\n")
    with pytest.raises(UserMessageError, match="dirty"):
        _update(project)
    assert (project / "README.md").read_text() == "Unsaved work.\n"


def test_update_without_answers_file_is_refused(project: Path) -> None:
    (project / ".copier-answers.yml").unlink()
    harness.commit(project, "Lose the answers")
    before = harness.digests(project)
    with pytest.raises(UserMessageError, match=r"\.copier-answers\.yml"):
        _update(project)
    assert harness.digests(project) == before


@pytest.mark.parametrize("question", harness.AXES)
def test_copy_without_axis_creates_nothing(question: str, template: Path, tmp_path: Path) -> None:
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
        ("package_name", "pandas", "question 'package_name': 'pandas' is a dependency"),
        ("owner", "a\nb", "question 'owner': 'a\\\\nb' has U\\+000A: use one printable line"),
        ("repository", "flights", "question 'repository': 'flights' is not of the form 'owner/name'"),
        ("python_version", "3.8", "Invalid choice for 'python_version': '3.8' is not in"),
    ],
)
def test_bad_answer_is_refused_with_its_rule(
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
        ("7 Flüge — to New York & back again", "fluege-to-new-york-b", "fluege_to_new_york_b"),
        ("Größe", "groesse", "groesse"),
        ("2nd flight time: New York, all airlines", "nd-flight-time-new-y", "nd_flight_time_new_y"),
    ],
)
def test_short_names_derive_from_project_name(name: str, slug: str, package: str, render: harness.Render) -> None:
    answers = _without_short_names()
    kept = _kept(render({**answers, "project_name": name}))
    assert (kept["project_slug"], kept["package_name"]) == (slug, package)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"project_name": "AI"}, "'ai' has 2 characters: use 3 to 20. Add '--data project_slug=...'."),
        ({"project_name": "予測"}, "'予測' has no usual spelling in a-z. Add '--data project_slug=...'."),
        ({"project_slug": "json"}, "'json' is a Python module: use another name. Add '--data package_name=...'."),
    ],
)
def test_suggests_no_name_that_is_refused(given: dict[str, str], message: str, template: Path, tmp_path: Path) -> None:
    answers = _without_short_names()
    with pytest.raises(UserMessageError) as refusal:
        _copy(template, tmp_path / "project", {**answers, **given})
    assert str(refusal.value) == f"No name is suggested: {message}"
    assert list(tmp_path.iterdir()) == []


def test_unlisted_region_needs_a_confirmation(template: Path, tmp_path: Path) -> None:
    answers = harness.answers_for(location="westeuropenarnia")
    for refused in (answers, {**answers, "unlisted_location": False}):
        with pytest.raises(UserMessageError, match=r"'westeuropenarnia' is not on the list .*nearest are 'westeurope'"):
            _copy(template, tmp_path / "project", refused)
    assert list(tmp_path.iterdir()) == []


def test_confirmed_region_stays_confirmed(released: Path, tmp_path: Path) -> None:
    answers = harness.answers_for(location="westeuropenarnia", unlisted_location=True)
    project = _render(released, tmp_path / "project", answers, OLD)
    _update(project)
    assert _kept(project)["unlisted_location"] is True
    assert "location: westeuropenarnia\n" in (project / "config" / "common.yml").read_text()


def test_update_keeps_a_region_that_was_accepted(released: Path, tmp_path: Path) -> None:
    """A project goes on where it runs; only a region that is new to it has to be confirmed."""
    repository = _clone(released, tmp_path / "template", f"--branch={OLD}")
    regions = repository / "extensions" / "azure_regions.py"
    regions.write_text(regions.read_text().replace(" westeurope ", " westeurope westeuropenarnia "))
    harness.commit(repository, "A list with one region more", "v9998.0.1")
    project = _render(repository, tmp_path / "project", harness.answers_for(location="westeuropenarnia"), "v9998.0.1")

    with pytest.raises(UserMessageError, match="'westeuropenarnib' is not on the list"):
        _update(project, {"location": "westeuropenarnib"})
    _update(project)

    kept = _kept(project)
    assert (kept["location"], kept["unlisted_location"]) == ("westeuropenarnia", True)


def test_listed_region_asks_for_no_confirmation(render: harness.Render) -> None:
    assert "unlisted_location" not in _kept(render(harness.answers_for()))


@pytest.mark.parametrize("network", ["managed", "isolated"])
def test_hosted_runners_need_a_public_network(network: str, template: Path, tmp_path: Path) -> None:
    answers = harness.answers_for(network=network, ci_runner="hosted")
    with pytest.raises(ValueError, match="'hosted' runners cannot reach"):
        _copy(template, tmp_path / "project", answers)


def test_own_runners_need_a_closed_network(template: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'self_hosted' runners serve closed networks"):
        _copy(template, tmp_path / "project", harness.answers_for(ci_runner="self_hosted"))


def test_random_suffix_survives_updates(released: Path, tmp_path: Path) -> None:
    answers = harness.answers_for()
    del answers["name_suffix"]
    projects = [_render(released, tmp_path / name, answers, OLD) for name in ("one", "other")]
    suffixes = [_kept(project)["name_suffix"] for project in projects]
    assert suffixes[0] != suffixes[1]
    _update(projects[0])
    assert _kept(projects[0])["name_suffix"] == suffixes[0]
    assert suffixes[0] in (projects[0] / "config" / "dev.yml").read_text()


def test_command_line_refuses_without_trust(template: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        ["copier", "copy", "--defaults", str(template), str(tmp_path / "project")],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 4
    assert "jinja_extensions" in result.stderr
    assert not (tmp_path / "project").exists()


def test_command_line_names_next_steps(template: Path, render: harness.Render, tmp_path: Path) -> None:
    """It also makes the project that the tests have from `copier_once`, whose render is quicker."""
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
    made, known = (digest(project, harness.files(project)) for project in (target, render(harness.answers_for())))
    assert made == known


def _copy(template: Path, target: Path, answers: harness.Answers, ref: str | None = None) -> None:
    run_copy(str(template), target, dict(answers), vcs_ref=ref, defaults=True, unsafe=True, quiet=True)


def _render(template: Path, target: Path, answers: harness.Answers, ref: str) -> Path:
    _copy(template, target, answers, ref)
    harness.commit(target, "Render")
    return target


def _update(project: Path, data: dict[str, Any] | None = None) -> None:
    run_update(project, data, defaults=True, overwrite=True, unsafe=True, quiet=True)


def _clone(repository: Path, target: Path, *options: str) -> Path:
    harness.git("clone", "--quiet", *options, f"file://{repository}", str(target), cwd=repository)
    return target


def _append(file: Path, line: str) -> None:
    file.write_text(f"{file.read_text()}{line}\n")


def _documented(section: str) -> str:
    """Return the first block of commands in a section of docs/updating.md."""
    text = (harness.ROOT / "docs" / "updating.md").read_text()
    block = re.search(rf"^## {section}$.*?^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert block, section
    return block.group(1)


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
