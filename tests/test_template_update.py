"""The pipeline `template-update` between states of the template: real git and Copier, GitHub and Azure DevOps faked.

Its two jobs run as in a pipeline: each in a fresh clone, with nothing but the handed-on folder in common. The template
here lacks the projects' code, so that Copier is quick; the commands come from a whole project.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import harness
from tests.support.ci_servers import JOB, PERSONAL, SERVERS, AzureDevOps, Server, running
from tests.test_update import _append, _render

OLD, MIDDLE, NEW = "v9998.0.0", "v9998.5.0", "v9999.0.0"
BRANCH = "template-update/9999.0.0"
# As Azure Repos answers a push without the right.
REFUSAL = "echo \"TF401027: You need the Git 'GenericContribute' permission\" >&2; exit 1"
CHANGELOG = """# Changes

## 9999.0.0 (2026-11-30)

- **A new file**: `.editorconfig`,
  which editors read.

## 9998.5.0

- Nothing that concerns [you](docs/you.md).

## 9998.0.0

- The older release.
"""
KEPT = ("config", "docs", ".gitignore", ".gitattributes", "pyproject.toml", "README.md", "{{ _copier_conf")
systems = pytest.mark.parametrize("ci", SERVERS)

Started = Callable[..., "Story"]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the template with three releases, the newest of which only adds a file to the one before."""
    repository = harness.snapshot(tmp_path_factory.mktemp("released") / "template")
    for path in (repository / "template").iterdir():
        if path.name in ("{{ layer.classical }}", "{{ layer.github }}", "{{ layer.azure_devops }}"):
            continue
        if not path.name.startswith(KEPT) and path.name != ".editorconfig":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for layer in (repository / "template").glob("{{ layer*"):
        for path in layer.iterdir():
            if path.name not in ("config", "data"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    (repository / "CHANGELOG.md").write_text(CHANGELOG)
    template = repository / "template"
    added = template / ".editorconfig"
    new, settings = added.read_bytes(), template / "{{ layer.classical }}" / "config" / "project.yml.jinja"
    added.unlink()
    text = settings.read_text()
    settings.write_text(f"# The first line of an older release.\n{text}")
    moved = template / "docs" / "networks.md.jinja"
    moved.rename(moved.with_name("network-modes.md.jinja"))
    harness.commit(repository, "Older release", OLD)
    settings.write_text(text)
    moved.with_name("network-modes.md.jinja").rename(moved)
    harness.commit(repository, "Release in between", MIDDLE)
    added.write_bytes(new)
    harness.commit(repository, "This release", NEW)
    return repository


@dataclass
class Story:
    """One project, its origin, and the runs of the pipeline on it."""

    folder: Path
    server: Server
    variables: dict[str, str]
    command: list[str]
    environment: dict[str, str]
    results: Path  # of first jobs, for all tests
    checks: int = 0  # exit code of the updated project's tests

    @property
    def project(self) -> Path:
        """The checkout of a person."""
        return self.folder / "project"

    @property
    def tools(self) -> Path:
        """A folder on PATH with an `uv` that records its calls."""
        return self.folder / "bin"

    @property
    def calls(self) -> Path:
        """What was asked of `uv`."""
        return self.folder / "uv.calls"

    def commit(self, message: str) -> None:
        harness.commit(self.project, message)
        harness.git("push", "--quiet", "origin", "HEAD:main", cwd=self.project)

    def update(self) -> dict[str, Any]:
        """Run the first job; return its record. Of equal projects it runs once: it hands on all that it does."""
        handed = self.folder / "handed"
        done = self.results / f"{harness.git('rev-parse', 'main', cwd=self.server.origin).strip()}-{self.checks}"
        if not done.exists():
            self._job("update", "--out", str(done / "handed"))
            if self.calls.exists():
                shutil.copy(self.calls, done)
        shutil.copytree(done, self.folder, dirs_exist_ok=True)
        record: dict[str, Any] = json.loads((handed / "update.json").read_text())
        return record

    def propose(self, *, allowed: bool = True, code: int = 0) -> str:
        """Run the second job, which the CI system may let push or not; return what it said."""
        given = {"TEMPLATE_TOKEN": PERSONAL} if allowed else {}
        if isinstance(self.server, AzureDevOps):
            given = {}
            hook = self.server.origin / "hooks" / "pre-receive"
            hook.write_text(f"#!/bin/sh\n{'exit' if allowed else REFUSAL}\n")
            hook.chmod(0o755)
        return self._job("propose", "--from", str(self.folder / "handed"), code=code, variables=given)

    def run(self, *, allowed: bool = True) -> str:
        """Run both jobs."""
        self.update()
        return self.propose(allowed=allowed)

    def pushed(self) -> dict[str, str]:
        """Return the files that the update's branch changes, each with git's letter for the change."""
        listed = harness.git("diff", "--name-status", "--no-renames", f"main...{BRANCH}", cwd=self.server.origin)
        return {path: letter for letter, path in (line.split("\t") for line in listed.splitlines())}

    def content(self, path: str) -> str:
        return harness.git("show", f"{BRANCH}:{path}", cwd=self.server.origin)

    def _job(self, name: str, *arguments: str, code: int = 0, variables: dict[str, str] | None = None) -> str:
        checkout = self.folder / name
        shutil.rmtree(checkout, ignore_errors=True)
        clone = ("clone", "--quiet", "--depth=1", "--branch=main", f"file://{self.server.origin}", str(checkout))
        harness.git(*clone, cwd=self.folder)
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GIT_AUTHOR", "GIT_COMM"))
        }
        job = self.variables if name == "propose" else {}  # the first has no token at all
        result = subprocess.run(
            [*self.command, "template", name, *arguments],
            cwd=checkout,
            env={
                **kept,
                "PATH": f"{self.tools}{os.pathsep}{kept['PATH']}",
                **self.environment,
                **job,
                **(variables or {}),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        text = result.stdout + result.stderr
        assert result.returncode == code, text
        assert JOB not in text
        assert PERSONAL not in text
        return text


@pytest.fixture(scope="module")
def rendered(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Render a project of a release; equal ones once, so that they have equal commits."""
    made: dict[tuple[str, str], Path] = {}

    def project(ci: str, version: str) -> Path:
        if (ci, version) not in made:
            target = tmp_path_factory.mktemp("rendered") / "project"
            made[ci, version] = _render(released, target, harness.answers_for(ci=ci), version)
            harness.git("branch", "--quiet", "--move", "main", cwd=target)
        return made[ci, version]

    return project


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def started(
    rendered: Callable[[str, str], Path],
    results: Path,
    render: harness.Render,
    environment: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Started]:
    """Start with a project of a release, pushed to its origin."""
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-11-30T06:00:00Z")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-11-30T06:00:00Z")
    with ExitStack() as stack:

        def start(ci: str = "github", version: str = OLD, checks: int = 0) -> Story:
            project = shutil.copytree(rendered(ci, version), tmp_path / "project")
            origin = tmp_path / "origin.git"
            harness.git("clone", "--quiet", "--bare", str(project), str(origin), cwd=tmp_path)
            harness.git("remote", "add", "origin", str(origin), cwd=project)
            uv = tmp_path / "bin" / "uv"
            uv.parent.mkdir()
            uv.write_text(
                f'#!/bin/sh\necho "$@" >> {tmp_path}/uv.calls\necho why\ncase "$*" in *pytest*) exit {checks};; esac\n'
            )
            uv.chmod(0o755)
            server = SERVERS[ci](origin)
            variables = stack.enter_context(running(server))
            source = {"PYTHONPATH": str(render(harness.answers_for(ci=ci)) / "src")}
            command = [str(environment / "bin" / "python"), "-m", "flight_time.cli"]
            return Story(tmp_path, server, variables, command, source, results, checks)

        yield start


def _title(pull: dict[str, Any]) -> tuple[str, str, bool]:
    """Return title, text and whether it is a draft, of either system."""
    return pull["title"], pull.get("body") or pull["description"], bool(pull.get("draft") or pull.get("isDraft"))


def _words(issue: dict[str, Any]) -> str:
    return str(issue.get("body") or issue["System.Description"])


@systems
def test_clean_update_becomes_a_pull_request(ci: str, started: Started) -> None:
    story = started(ci)
    said = story.run()
    (pull,) = story.server.pulls.values()
    title, text, draft = _title(pull)
    assert title == "Update from the template to 9999.0.0"
    assert "The template is at version 9999.0.0; this project was made from 9998.0.0." in text
    assert "- A new file: `.editorconfig`, which editors read.\n" in text
    assert "Nothing that concerns you." in text
    assert "The older release" not in text
    assert "All checks pass." in text
    assert not draft
    assert not story.server.issues
    assert "Opened http" in said
    changed = story.pushed()
    assert changed[".editorconfig"] == "A"
    assert changed["docs/network-modes.md"] == "D"
    assert changed["config/project.yml"] == "M"
    assert "The first line" not in story.content("config/project.yml")
    calls = story.calls.read_text().splitlines()
    assert calls[-4:] == ["run ruff check", "run mypy", "run pytest", "run mlops check"]


def test_pushed_update_is_what_copier_makes(started: Started, released: Path, tmp_path: Path) -> None:
    story = started()
    story.run()
    clone = tmp_path / "pushed"
    harness.git("clone", "--quiet", f"--branch={BRANCH}", str(story.server.origin), str(clone), cwd=tmp_path)
    fresh = _render(released, tmp_path / "fresh", harness.answers_for(), NEW)
    assert harness.digests(clone) == harness.digests(fresh)


def test_conflict_is_a_draft_beside_an_issue(started: Started) -> None:
    story = started()
    config = story.project / "config" / "project.yml"
    config.write_text(config.read_text().replace("# The first line of an", "# Our own"))
    story.commit("Edit a line that the next release edits too")
    story.run()
    (pull,) = story.server.pulls.values()
    _, text, draft = _title(pull)
    assert draft
    assert "template-conflict" in str(pull["labels"])
    assert "- `config/project.yml`\n" in text
    assert "delete the marks" in text
    assert "<<<<<<< before updating" in story.content("config/project.yml")
    assert not story.calls.exists()  # files with marks cannot be checked
    (issue,) = story.server.issues.values()
    assert "The pull request waits for you" in _words(issue)
    assert "config/project.yml" in _words(issue)
    assert "which editors read" in _words(issue)


@systems
def test_without_right_to_push_an_issue_holds_the_commands(ci: str, started: Started) -> None:
    story = started(ci)
    story.run(allowed=False)
    assert not story.server.pulls
    assert not story.server.has(BRANCH)
    (issue,) = story.server.issues.values()
    for command in (f"git switch --create {BRANCH}", "copier update --trust --defaults --skip-answered"):
        assert command in _words(issue)
    assert "which editors read" in _words(issue)
    writes = list(story.server.writes)
    story.run(allowed=False)
    assert story.server.writes == writes  # the second week says nothing new


def test_issue_s_commands_make_the_update(started: Started) -> None:
    story = started()
    story.run(allowed=False)
    commands = [line[3:].partition("`")[0] for line in _words(story.server.issues[1]).splitlines() if line[:3] == "- `"]
    for command in commands[:2]:
        harness.run("sh", "-ec", command, cwd=story.project)
    assert (story.project / ".editorconfig").exists()
    assert harness.git("branch", "--show-current", cwd=story.project).strip() == BRANCH


def test_release_of_new_files_alone_is_proposed(started: Started) -> None:
    story = started(version=MIDDLE)
    story.run()
    assert story.pushed() == {".copier-answers.yml": "M", ".editorconfig": "A"}
    assert len(story.server.pulls) == 1


def test_nothing_happens_when_up_to_date(started: Started) -> None:
    story = started(version=NEW)
    assert story.update() == {"version": None}
    assert "The project is up to date with its template." in story.propose()
    assert story.server.writes == []
    assert not story.server.has(BRANCH)


@systems
def test_closed_pull_request_is_not_reopened(ci: str, started: Started) -> None:
    story = started(ci)
    story.run()
    story.server.close_pulls()
    harness.git("branch", "--delete", "--force", BRANCH, cwd=story.server.origin)
    writes = list(story.server.writes)
    for allowed in (True, False):
        assert "is closed" in story.run(allowed=allowed)
    assert story.server.writes == writes
    assert not story.server.has(BRANCH)


def test_open_pull_request_keeps_what_people_pushed(started: Started) -> None:
    story = started()
    story.run()
    harness.git("fetch", "--quiet", "origin", BRANCH, cwd=story.project)
    harness.git("switch", "--quiet", "--create", "own", "FETCH_HEAD", cwd=story.project)
    (story.project / "own.txt").write_text("settled\n")
    harness.commit(story.project, "Settle")
    harness.git("push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}", cwd=story.project)
    assert "is open" in story.run()
    assert story.content("own.txt") == "settled\n"
    assert len(story.server.pulls) == 1


def test_lost_answer_after_the_push_is_made_up_for(started: Started) -> None:
    story = started()
    story.update()
    create = story.server.answer
    story.server.answer = lambda method, *rest: (500, {}) if method == "POST" else create(method, *rest)  # type: ignore[method-assign]
    assert "refused with 500" in story.propose(code=2)
    assert story.server.has(BRANCH)
    story.server.answer = create  # type: ignore[method-assign]
    story.propose()
    assert len(story.server.pulls) == 1


def test_lost_edit_and_failed_check_need_a_person(started: Started) -> None:
    story = started(checks=1)
    _append(story.project / "docs" / "network-modes.md", "Our own line.")
    story.commit("Edit a file that moves")
    assert story.update()["failed"] == {"uv run pytest": "why"}
    story.propose()
    _, text, draft = _title(story.server.pulls[1])
    assert draft
    assert "- docs/network-modes.md: lines added 1, removed 0; moves to docs/networks.md\n" in text
    assert "- `uv run pytest`\n" in text
    assert "why" in (story.folder / "handed" / "summary.md").read_text()
    assert len(story.server.issues) == 1


@systems
def test_update_that_needs_work_is_a_labelled_draft(ci: str, started: Started) -> None:
    story = started(ci)
    record = story.update()
    news = [f"- Entry {number} of a long CHANGELOG." for number in range(200)]
    (story.folder / "handed" / "update.json").write_text(
        json.dumps({**record, "conflicts": ["config/project.yml"], "news": news})
    )
    story.propose()
    (pull,) = story.server.pulls.values()
    assert _title(pull)[2]
    assert "template-conflict" in str(pull["labels"])
    assert len(story.server.issues) == 1


def test_issue_closes_once_the_update_is_merged(started: Started) -> None:
    story = started()
    story.run(allowed=False)
    harness.run("copier", "update", "--trust", "--defaults", "--quiet", cwd=story.project)
    story.commit("Update")
    story.run(allowed=False)
    assert story.server.issues[1]["state"] == "closed"


def test_uncommitted_work_is_refused(started: Started) -> None:
    story = started()
    (story.project / "README.md").write_text("Unsaved work.\n")
    command = [*story.command, "template", "update", "--out", str(story.folder / "handed")]
    result = subprocess.run(
        command, cwd=story.project, env={**os.environ, **story.environment}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "uncommitted changes: commit or stash them" in result.stderr
    assert (story.project / "README.md").read_text() == "Unsaved work.\n"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": "1.0.0 --force"}, "is refused"),
        ({"version": "1.0/../../main"}, "is refused"),
        ({"base": "--exec=id"}, "is refused"),
        ({"base": "0" * 40}, "start it over"),
        ({"unknown": 1}, "is no record of an update"),
    ],
)
def test_record_that_could_mislead_is_refused(changed: dict[str, Any], said: str, started: Started) -> None:
    story = started(version=MIDDLE)
    folder = story.folder / "handed"
    folder.mkdir()
    head = harness.git("rev-parse", "HEAD", cwd=story.project).strip()
    (folder / "update.json").write_text(json.dumps({"version": "9999.0.0", "before": "1.0.0", "base": head, **changed}))
    (folder / "update.patch").write_text("")
    assert said in story.propose(code=2)
    assert story.server.writes == []


# ---------------------------------------------------------------- what the pipelines look like


def _jobs(project: Path, ci: str) -> dict[str, dict[str, Any]]:
    place = {"github": ".github/workflows", "azure_devops": ".azuredevops"}[ci]
    found = yaml.load((project / place / "template-update.yml").read_text(), Loader=yaml.BaseLoader)
    if ci == "github":
        return dict(found["jobs"])
    return {job["job"]: job for job in found["stages"][0]["jobs"]}


def _called(job: dict[str, Any]) -> list[str]:
    steps = [step.get("run") or step.get("script") for step in job["steps"]]
    return [step for step in steps if step]


def test_both_systems_update_by_the_same_commands(render: harness.Render) -> None:
    one, other = (
        {name: _called(job) for name, job in _jobs(render(harness.answers_for(ci=ci)), ci).items()} for ci in SERVERS
    )
    assert one == other
    assert one == {
        "update": [
            "python -m pip install --require-hashes --requirement requirements/copier.lock.txt",
            "uv run mlops template update",
        ],
        "propose": ["uv run mlops template propose"],
    }


@systems
def test_job_that_runs_the_template_s_code_has_no_token(ci: str, render: harness.Render) -> None:
    job = _jobs(render(harness.answers_for(ci=ci)), ci)["update"]
    assert job.get("permissions", {"contents": "read"}) == {"contents": "read"}
    for forbidden in ("secrets.", "github.token", "System.AccessToken", "azureSubscription", "azure/login"):
        assert forbidden not in str(job)
    checkout = next(step for step in job["steps"] if "checkout" in str(step))
    assert "false" in str(checkout.get("with", checkout)).lower()


@systems
def test_updates_never_wait_for_azure(ci: str, render: harness.Render) -> None:
    """They run on hosted machines, also where the network is closed, and know no environment."""
    for job in _jobs(render(harness.answers_for(ci=ci, network="isolated")), ci).values():
        assert "ubuntu-24.04" in str(job.get("runs-on") or job["pool"])
        assert "environment" not in job
        assert "id-token" not in str(job)


@systems
def test_pull_requests_begin_with_a_template(ci: str, render: harness.Render) -> None:
    folder = {"github": ".github", "azure_devops": ".azuredevops"}[ci]
    assert "How to go back" in (render(harness.answers_for(ci=ci)) / folder / "pull_request_template.md").read_text()


def test_owners_of_code_own_what_exists(render: harness.Render) -> None:
    project = render(harness.answers_for(ci="github", repository="contoso/flights"))
    lines = [line.split() for line in (project / ".github/CODEOWNERS").read_text().splitlines() if line[:1] == "/"]
    for path, *owners in lines:
        assert (project / path.strip("/")).exists(), path
        assert path.endswith("/") == (project / path.strip("/")).is_dir()
        assert owners
        assert all(owner.startswith("@contoso/") for owner in owners)
    assert {"/infra/", "/config/prod.yml", "/.github/"} <= {line[0] for line in lines}


def test_hooks_download_nothing(render: harness.Render, tmp_path: Path) -> None:
    project = render(harness.answers_for())
    path = project / ".pre-commit-config.yaml"
    (source,) = yaml.safe_load(path.read_text())["repos"]
    assert source["repo"] == "local"
    locked = (project / "uv.lock").read_text()
    for hook in source["hooks"]:
        assert hook["language"] == "system"
        words = hook["entry"].split()
        own = words[0] == "git" or words[:3] == ["uv", "run", "mlops"]
        assert own or (words[:2] == ["uv", "run"] and f'name = "{words[2]}"' in locked)
    harness.run("pre-commit", "validate-config", str(path))


@systems
def test_only_main_is_updated(ci: str, render: harness.Render) -> None:
    place = {"github": ".github/workflows", "azure_devops": ".azuredevops"}[ci]
    found = yaml.load(
        (render(harness.answers_for(ci=ci)) / place / "template-update.yml").read_text(), Loader=yaml.BaseLoader
    )
    first = found["jobs"]["update"]["if"] if ci == "github" else found["stages"][0]["condition"]
    assert "'refs/heads/main'" in first
    (schedule,) = found["on"]["schedule"] if ci == "github" else found["schedules"]
    assert schedule["cron"].endswith("* * 1")
    assert schedule["cron"].split()[0] != "0"
