from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import copier_once, harness, summary
from tests.support.environments import Environments
from tests.support.memory import Temporary
from tests.support.renders import Renders, Session

settings.register_profile("quick", max_examples=60, deadline=None)
settings.register_profile("exhaustive", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SESSION = pytest.StashKey[Session]()
FOLDER = pytest.StashKey[Path]()
TEMPORARY = pytest.StashKey[Temporary]()
# Libraries that would use all cores in each of the processes that run tests.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="also run the long tests, on all variants")
    parser.addoption(
        "--variant", metavar="NAME", help="check one variant, such as classical-bicep-github, and no other"
    )
    parser.addoption("--quick", action="store_true", help="run the quick tests only, on one variant of each layer")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "exhaustive: takes minutes, and runs with --exhaustive only")
    config.addinivalue_line(
        "markers", "quick: takes seconds, and finds what a small edit breaks; runs with --quick too"
    )
    config.addinivalue_line("markers", "variant: runs a variant's own tests, with --variant only")
    config.addinivalue_line("markers", "first: takes longest, and is begun before the others")
    config.stash[TEMPORARY] = Temporary()
    copier_once.install()
    exhaustive, quick = config.getoption("--exhaustive"), config.getoption("--quick")
    settings.load_profile("exhaustive" if exhaustive else "quick")
    if name := config.getoption("--variant"):
        try:
            harness.VARIANTS.update(harness.variant(name))
        except ValueError as error:
            raise pytest.UsageError(f"--variant: {error}") from None
    else:
        variants = harness.all_variants if exhaustive else harness.covering_variants
        harness.VARIANTS.update(harness.named(harness.one_of_each_layer()) if quick else variants())
    # Tools of the template's own environment come first, also when pytest is called by its path.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    os.environ |= dict.fromkeys(THREADS, "1")
    # Bytecode is kept in one place, outside of renders: compiling what azure-ai-ml or MLflow import takes seconds.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(harness.BYTECODE)
    # A user's own settings of git change no test: signatures, hooks, the name of branches.
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
    os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    for role in ("AUTHOR", "COMMITTER"):
        os.environ[f"GIT_{role}_NAME"] = "Template tests"
        os.environ[f"GIT_{role}_EMAIL"] = "tests@example.com"


def pytest_sessionstart(session: pytest.Session) -> None:
    """Take the template as it is now for all processes, so that an edit during the tests does not mix two states."""
    config = session.config
    if (given := getattr(config, "workerinput", None)) is not None:
        config.stash[FOLDER] = Path(given["renders"])
    else:
        config.stash[SESSION] = Session()
        config.stash[FOLDER] = config.stash[SESSION].folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["renders"] = str(node.config.stash[FOLDER])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.support.scheduling import Scheduling

    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if SESSION in session.config.stash:
        session.config.stash[SESSION].end()
    session.config.stash[TEMPORARY].end(kept=exitstatus == pytest.ExitCode.TESTS_FAILED)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    one_variant = bool(config.getoption("--variant"))
    if config.getoption("--quick") or one_variant:
        wanted = ("quick", "variant") if one_variant else ("quick",)
        chosen = [item for item in items if any(map(item.get_closest_marker, wanted))]
    else:
        chosen = [item for item in items if not item.get_closest_marker("variant")]
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen
    if not config.getoption("--exhaustive"):
        for item in items:
            if item.get_closest_marker("exhaustive"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: run with --exhaustive"))
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays until the end; modules of Copier, Jinja and Azure do."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the variants and the skipped checks into the summary of a job of GitHub Actions."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(summary.markdown(harness.VARIANTS, terminalreporter.stats))


@pytest.fixture(scope="session")
def renders(request: pytest.FixtureRequest) -> Iterator[Renders]:
    """Renders of the working tree; at the end none may have been changed."""
    found = Renders(request.config.stash[FOLDER])
    yield found
    changed = found.changed()
    assert not changed, "tests changed these shared projects; copy a project before changing it: " + "; ".join(changed)


@pytest.fixture(scope="session")
def template(renders: Renders) -> Path:
    """The working tree's template as a plain folder, which Copier renders without cloning it each time."""
    return renders.template


@pytest.fixture(scope="session")
def render(renders: Renders) -> harness.Render:
    """Render the working tree; equal answers are rendered once for all processes, so change no result."""
    return renders.project


@pytest.fixture(scope="session")
def claimed() -> Iterator[Environments]:
    """Virtual environments with the packages of rendered projects that this process has for now."""
    found = Environments()
    yield found
    found.release(kept=True)


@pytest.fixture
def environments(claimed: Environments) -> Iterator[Environments]:
    """Virtual environments with the packages of rendered projects, for this test alone."""
    yield claimed
    claimed.release()


@pytest.fixture(scope="session")
def environment(claimed: Environments, render: harness.Render) -> Path:
    """A virtual environment with the packages of the checked-in answers."""
    return claimed.of(render(harness.answers_for()), keep=True)
