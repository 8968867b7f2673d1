"""Support of the tests: few variants that show every pair of choices, and renders that processes share."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.infra.cases import CASES
from tests.support import covering, environments, harness, memory, renders, summary
from tests.support.environments import Environments
from tests.support.scheduling import group

# Makes the folder of its argument once, slowly enough for another process to come along.
SLOWLY = """
import sys, time
from pathlib import Path
from tests.support.renders import made_once

def make(target):
    with (Path(sys.argv[1]).parent / "calls").open("a") as calls:
        calls.write("made\\n")
    target.mkdir()
    (target / "first").touch()
    time.sleep(1)
    (target / "second").touch()

folder = made_once(Path(sys.argv[1]), make)
print(sorted(path.name for path in folder.iterdir()))
"""

# Holds a session until it reads a line.
SESSION = """
import sys
from pathlib import Path
from tests.support import renders

renders.FOLDER = Path(sys.argv[1])
session = renders.Session()
print(session.folder.name, flush=True)
sys.stdin.readline()
session.end()
"""


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, cwd=harness.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.quick
def test_variants_show_every_pair_of_choices() -> None:
    """The pairs are derived from each question's own offers, not from the combinations under test."""
    serving = harness.offered("serving")
    subsets = [list(one) for size in range(1, len(serving) + 1) for one in itertools.combinations(serving, size)]
    single = (*harness.AXES, "network", "python_version")
    values: dict[str, list[Any]] = {question: list(harness.offered(question)) for question in single}
    values["serving"] = subsets
    variants = list(harness.covering_variants().values())
    for one, other in itertools.combinations(values, 2):
        for pair in itertools.product(values[one], values[other]):
            assert any((each[one], each[other]) == pair for each in variants), (one, other, pair)


@pytest.mark.quick
def test_variants_show_every_triple_of_axes() -> None:
    for variants in (harness.covering_variants(), harness.all_variants()):
        shown = {tuple(answers[axis] for axis in harness.AXES) for answers in variants.values()}
        assert shown == set(itertools.product(*map(harness.offered, harness.AXES)))


@pytest.mark.quick
def test_quick_variants_show_every_layer() -> None:
    variants = harness.one_of_each_layer()
    for axis in harness.AXES:
        assert {answers[axis] for answers in variants} == set(harness.offered(axis))


@pytest.mark.quick
def test_runner_follows_from_the_network() -> None:
    """A question with one possible answer is left to its default, so that equal projects are rendered once."""
    assert harness.options("ci_runner", {"network": "public", "ci": "github"}) == []
    assert harness.options("ci_runner", {"network": "isolated", "ci": "github"}) == ["self_hosted"]
    assert not any("ci_runner" in answers for answers in harness.combinations())


@pytest.mark.quick
def test_covering_is_small_and_complete() -> None:
    """A known minimum: an orthogonal array shows all pairs of four questions with three answers in nine rows."""
    every = [dict(zip("abcd", row, strict=True)) for row in itertools.product("012", repeat=4)]
    chosen = covering.covering(every)
    assert 9 <= len(chosen) <= 12
    assert {pair for one in chosen for pair in covering.shown(one)} == {
        pair for one in every for pair in covering.shown(one)
    }


def test_processes_make_a_render_once(tmp_path: Path) -> None:
    processes = [python(SLOWLY, str(tmp_path / "folder")) for _ in range(2)]
    assert [process.communicate()[0] for process in processes] == ["['first', 'second']\n"] * 2
    assert (tmp_path / "calls").read_text() == "made\n"


def test_interrupted_render_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "folder.unfinished").mkdir()
    (tmp_path / "folder.unfinished" / "half").touch()
    folder = renders.made_once(tmp_path / "folder", lambda target: target.mkdir())
    assert list(folder.iterdir()) == []


def test_changed_render_is_reported_and_removed(template: Path, tmp_path: Path) -> None:
    (tmp_path / "template").symlink_to(template)
    shared = renders.Renders(tmp_path)
    projects = [shared.project(harness.answers_for(ci=ci)) for ci in harness.offered("ci")]
    assert shared.changed() == []
    (projects[0] / "README.md").write_text("Changed.\n")
    (report,) = shared.changed()
    assert "github" in report
    assert [project.exists() for project in projects] == [False, True]
    assert renders.Renders(tmp_path).project(harness.answers_for(ci=harness.offered("ci")[0])).exists()


def test_older_renders_are_removed_once_unused(tmp_path: Path) -> None:
    older = tmp_path / "0123456789abcdef"
    (older / "template").mkdir(parents=True)
    first = python(SESSION, str(tmp_path))
    assert first.stdout is not None
    current = first.stdout.readline().strip()
    assert not older.exists()
    older.mkdir()
    # Another run that is still going may be using it.
    second = python(SESSION, str(tmp_path))
    second.communicate("\n")
    assert older.exists()
    first.communicate("\n")
    third = python(SESSION, str(tmp_path))
    third.communicate("\n")
    assert not older.exists()
    assert (tmp_path / current / "template" / "copier.yml").is_file()


def test_released_environment_is_the_next_one_s(
    render: harness.Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    monkeypatch.setattr(harness, "run", lambda *command, **_: Path(command[-1]).mkdir() if "venv" in command else None)
    project = render(harness.answers_for())
    one, other = Environments(), Environments()
    first = one.of(project)
    assert other.of(project) != first
    other.release()
    one.release()
    assert other.of(project, keep=True) == first
    other.release()
    assert one.of(project) != first
    other.release(kept=True)
    one.release()
    assert one.of(project) == first
    one.release()


@pytest.mark.quick
def test_tests_of_a_case_run_in_one_process() -> None:
    for case in CASES:
        tests = [f"tests/infra/test_{name}.py::test_it[{case}{rest}]" for name in "ab" for rest in ("", "-bicep")]
        assert {group(test) for test in tests} == {str(case)}
    assert group("tests/test_render.py::test_it[classical-bicep]") == "tests/test_render.py::test_it[classical-bicep]"
    compilers = {group(f"tests/infra/test_{name}.py::test_it[dev]") for name in ("arm", "bicep")}
    assert len(compilers) == 1
    assert group("tests/infra/test_terraform.py::test_it") not in compilers


def test_summary_names_variants_and_skipped_checks() -> None:
    failed = SimpleNamespace(nodeid="tests/test_render.py::test_variant_renders[two]")
    skipped = SimpleNamespace(longrepr=("tests/x.py", 1, "Skipped: terraform is not installed"))
    text = summary.markdown(["one", "two"], {"passed": [1, 2, 3], "failed": [failed], "skipped": [skipped, skipped]})
    assert "3 tests passed, 1 failed" in text
    assert "1 of 2 variants passed" in text
    assert "- one" in text
    assert "- two" not in text
    assert "2 x terraform is not installed" in text


def test_summary_claims_nothing_after_a_common_failure() -> None:
    failed = SimpleNamespace(nodeid="tests/test_locks.py::test_locks")
    assert "variants passed" not in summary.markdown(["one"], {"failed": [failed]})


def test_variant_is_read_from_its_name() -> None:
    (answers,) = harness.variant("classical-bicep-azure_devops-isolated-online+batch").values()
    chosen = {name: answers[name] for name in ("iac", "ci", "network", "serving")}
    assert chosen == {
        "iac": "bicep",
        "ci": "azure_devops",
        "network": "isolated",
        "serving": ["online", "batch"],
    }
    assert answers["repository"].count("/") == 2


@pytest.mark.parametrize("name", ["classical-pulumi-github", "bicep-terraform"])
def test_refuses_unknown_variant(name: str) -> None:
    with pytest.raises(ValueError, match="is refused: use at most one of each"):
        harness.variant(name)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the one in memory, which has room; without a wish of the user."""
    monkeypatch.setattr(memory, "ROOM", 1)
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_temporary_files_are_in_memory_until_the_end(shared: Path) -> None:
    run = memory.Temporary(shared)
    assert Path(tempfile.gettempdir()).parent == shared
    assert python("import tempfile; print(tempfile.gettempdir())").communicate()[0].strip() == tempfile.gettempdir()
    run.end(kept=False)
    assert not list(shared.iterdir())
    assert shared not in Path(tempfile.gettempdir()).parents


def test_temporary_files_of_a_failed_run_stay_until_the_next(shared: Path) -> None:
    failed = memory.Temporary(shared)
    failed.end(kept=True)
    left = list(shared.iterdir())
    assert failed.folder in left
    running = memory.Temporary(shared)
    assert not set(left) & set(shared.iterdir())
    used = set(shared.iterdir())
    del os.environ["TMPDIR"]
    memory.Temporary(shared).end(kept=False)  # beside the other, which goes on
    assert set(shared.iterdir()) == used
    os.environ["TMPDIR"] = str(running.folder)
    running.end(kept=False)


@pytest.mark.parametrize("wish", ["a user's own folder", "no room"])
def test_temporary_files_stay_on_disk(wish: str, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if wish == "no room":
        monkeypatch.setattr(memory, "ROOM", 1024**6)
    else:
        monkeypatch.setenv("TMPDIR", str(shared / "own"))
    before = os.environ.get("TMPDIR")
    memory.Temporary(shared).end(kept=False)
    assert os.environ.get("TMPDIR") == before
    assert not list(shared.iterdir())
