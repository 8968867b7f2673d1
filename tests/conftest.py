from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import harness

settings.register_profile("quick", max_examples=100, deadline=None)
settings.register_profile("exhaustive", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="also run the long tests")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "exhaustive: takes minutes, and runs with --exhaustive only")
    settings.load_profile("exhaustive" if config.getoption("--exhaustive") else "quick")
    # Tools of the template's own environment come first, also when pytest is called by its path.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    # Nobody's own settings of git change what a test sees: signatures, hooks, the name of branches.
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
    os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    for role in ("AUTHOR", "COMMITTER"):
        os.environ[f"GIT_{role}_NAME"] = "Template tests"
        os.environ[f"GIT_{role}_EMAIL"] = "tests@example.com"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--exhaustive"):
        for item in items:
            if item.get_closest_marker("exhaustive"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: run with --exhaustive"))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as a plain folder, which Copier renders without cloning it each time."""
    return harness.snapshot(tmp_path_factory.mktemp("template") / "azure-mlops-template")


@pytest.fixture(scope="session")
def render(template: Path, copie_session: Any) -> harness.Render:
    """Render the working tree; equal answers are rendered once a session, so change no result."""
    rendered: dict[str, Path] = {}

    def rendered_once(answers: harness.Answers) -> Path:
        key = json.dumps(answers, sort_keys=True)
        if key not in rendered:
            result = copie_session.copy(dict(answers), template_dir=template)
            if result.exception is not None:
                raise result.exception
            rendered[key] = result.project_dir
        return rendered[key]

    return rendered_once


@pytest.fixture(scope="session")
def environment(render: harness.Render) -> Path:
    """A virtual environment with a project's locked packages, kept in build/ for as long as the lock stays the same."""
    lock = render(harness.answers_for()) / "requirements" / "dev.lock.txt"
    key = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = harness.ROOT / "build" / "environments" / key
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        harness.run("uv", "venv", "--quiet", "--python", sys.executable, str(folder))
        harness.run("uv", "pip", "sync", "--quiet", "--require-hashes", f"--python={folder}", str(lock))
        (folder / "complete").touch()
    return folder
