"""Rendered projects by their own tools: formatter, linter, type checker, tests, `mlops check`."""

from __future__ import annotations

import ast
import contextlib
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.infra import stub
from tests.support import harness
from tests.support.environments import FOLDER, Environments, linked, mypy_cache, share_bytecode

PYTEST = ("-q", "-p", "no:cacheprovider")
# Tests that scenarios share, about files or code that each of them brings: pipelines; texts and images that are shown,
# copied and sent.
OF_LAYERS = [
    f"tests/test_{name}.py"
    for name in [
        *("azure_labeling", "azure_review", "azure_submit", "deployments", "doctests", "entry", "label_studio"),
        *("notebook", "review_loop", "review_merge", "review_terminal"),
    ]
]
# The walk through the whole story, half a minute long: in the first project, in one of a scenario whose breaches open
# a review, and in one of the other CI system, with another language of infrastructure.
WALK = "tests/test_story.py"
WALKED = "nlp"
# Tests that try each fault in each call of a command, commands after or beside one another, hundreds of tasks of a
# server, or each mistake in a pipeline, with the files that answer them: where a scenario that ran the same test before
# has all of these alike, it proves nothing new. Each scenario runs the other tests, with its own content.
_FAKES = ("blobs", "cloud", "control", "data_plane", "faults", "fixtures", "resources", "transport")
_CALLS = ("src/*/azure/*.py", *(f"tests/support/azure/{name}.py" for name in _FAKES))
_QUEUES = [f"src/*/review/{name}.py" for name in ("contract", "log", "queue", "workspace")]
_LAKE = (*_CALLS, "src/*/azure/labeling/*.py", *_QUEUES)
TRIED_ONCE = {
    "tests/test_azure_labeling.py::test_any_fault_ends_in_the_same_lake": _LAKE,
    "tests/test_azure_review.py::test_any_fault_ends_in_one_queue": _LAKE,
    "tests/test_azure_review.py::test_two_commands_at_once_make_one_queue": _LAKE,
    **{
        f"tests/test_azure_submit.py::test_{test}": (
            *_CALLS,
            *(f"src/*/azure/jobs/{name}.py" for name in ("runs", "submission", "submit")),
        )
        for test in [
            *("any_fault_ends_in_one_job", "a_failed_job_is_followed_by_another", "the_same_request_is_one_job"),
            *("other_data_or_champion_is_another_request", "wait_has_a_limit_and_leaves_the_job"),
            "wait_tells_the_failed_step",
        ]
    },
    # `look` differs in where a retraining runs: tests of `decide` and of deliveries prove that.
    "tests/test_azure_watch_look.py::test_any_call_may_fail_and_the_next_looks_end_the_same": (
        *_CALLS,
        "src/*/azure/watch/[!l]*.py",
    ),
    **{
        f"tests/test_label_studio.py::test_{test}": (
            *(
                f"src/*/review/{name}.py"
                for name in ("label_studio*", "contract", "log", "queue", "server", "workspace")
            ),
            *("tests/support/label_studio.py", "tests/support/queues.py"),
        )
        for test in [
            *("one_bad_task_hides_no_other", "pull_asks_for_changes_only"),
            *("push_goes_on_after_the_server_went_down", "push_twice_sends_nothing_twice"),
        ]
    },
    f"{WALK}::test_walk_fails_with_each_mistake": (".github/workflows/promote.yml", "tests/support/story/[!a]*.py"),
}
# Tests that every CI system has alike, of code that calls the layer of the CI system.
OF_CI = ["bootstrap_*", "story", "updates"]
SCENARIO = harness.answers_for()["scenario"]
OTHERS = [name for name in harness.offered("scenario") if name != SCENARIO]


@pytest.mark.quick
def test_python_is_formatted_and_clean(render: harness.Render) -> None:
    """The rules are those of the project's own pyproject.toml; equal files under equal rules are read once."""
    known: set[tuple[str, Path, str]] = set()
    for project in harness.distinct(render, (".py", ".toml", ".ipynb")):
        found = harness.rendered_digests(project)
        rules = found[Path("pyproject.toml")]
        new = {(rules, path, digest) for path, digest in found.items() if path.suffix in (".py", ".ipynb")} - known
        known |= new
        paths = sorted(str(path) for _, path, _ in new)
        if paths:
            options = ("--quiet", "--no-cache", "--force-exclude")
            harness.run("ruff", "format", "--check", *options, *paths, cwd=project)
            harness.run("ruff", "check", "--output-format=concise", *options, "pyproject.toml", *paths, cwd=project)


@pytest.mark.quick
def test_yaml_passes_yamllint(render: harness.Render) -> None:
    known: set[tuple[Path, str]] = set()
    for project in harness.distinct(render, (".yml", ".yaml")):
        found = harness.rendered_digests(project)
        new = {(path, digest) for path, digest in found.items() if path.suffix in (".yml", ".yaml")} - known
        known |= new
        paths = sorted(str(path) for path, _ in new)
        if paths:
            rules = str(harness.ROOT / ".yamllint.yml")
            harness.run("yamllint", "--strict", "--config-file", rules, *paths, cwd=project)


@pytest.fixture
def beside_environments() -> Iterator[Path]:
    """Yield an empty folder on the disk of other environments, so that uv has links to its cache put into a new one."""
    with tempfile.TemporaryDirectory(prefix="ci-", dir=FOLDER.parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.mark.first
@pytest.mark.parametrize("part", ["azure", "others"])
def test_ci_passes_step_by_step(
    part: str, environments: Environments, render: harness.Render, beside_environments: Path
) -> None:
    """Each command of the pipeline `ci`, for real and in order: it is the one run of this project's own tests.

    In two parts, which two processes run side by side: one has the tests of azure/ alone. `REPLACED` lists the rest.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"  # the interpreter that there is
    project = shutil.copytree(render(harness.answers_for(python_version=version)), beside_environments / "project")
    environment = environments.of(project)
    if linked(environment):
        share_bytecode(project / ".venv")
    shutil.copy(environment / "uv.lock", project)  # as its owner commits it: with hashes of the index
    azure = sorted(f"tests/{path.name}" for path in (project / "tests").glob("test_azure_*.py"))
    assert azure
    chosen = azure if part == "azure" else [f"--ignore={name}" for name in azure]
    variables = {
        "UV_NO_SYNC": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "VIRTUAL_ENV": str(project / ".venv"),  # never that of this test, which `uv pip sync` would empty
        "PYTEST_ADDOPTS": " ".join([*PYTEST, *chosen]),
        "TF_REATTACH_PROVIDERS": stub.reattach() if shutil.which("terraform") else "",
        "TF_CLI_CONFIG_FILE": os.devnull,
    }
    unset = {"UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT"} & os.environ.keys()
    assert not unset, f"{unset}: would choose another environment than the project's"
    harness.commit(project, "All")  # some commands ask for a repository
    for command in ci_commands(project):
        if any(command.startswith(begin) for begin in REPLACED):
            continue
        if part == "azure" and command.startswith("uv run ") and not command.startswith("uv run pytest"):
            continue
        if "infra lint" in command and not shutil.which("terraform"):
            continue
        with mypy_cache() if "mypy" in command else contextlib.nullcontext("") as cache:
            cached = variables | {"MYPY_CACHE_DIR": str(cache)}
            harness.run("bash", "-e", "-c", command, cwd=project, timeout=900, variables=cached)
    assert part == "azure" or (project / "outputs/report/index.html").is_file()


# What the machine of a CI system brings and this one has: uv in the template's own environment.
REPLACED = ("python -m pip install --require-hashes --requirement requirements/ci.lock.txt",)


def ci_commands(project: Path) -> list[str]:
    """Return the commands of the pipeline `ci` in order; set-up of Python, Terraform and the cache are actions."""
    loaded = yaml.safe_load((project / ".github/workflows/ci.yml").read_text())
    (job,) = loaded["jobs"].values()
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.mark.first
@pytest.mark.parametrize("scenario", OTHERS)
def test_tests_of_another_scenario_pass(
    scenario: str,
    environments: Environments,
    render: harness.Render,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """Those that no scenario before it has alike, and those that depend on a layer; all with --exhaustive."""
    answers = harness.answers_for()  # equal names, so that equal files are equal
    before = itertools.takewhile(lambda name: name != scenario, [SCENARIO, *OTHERS])
    known, other = [render({**answers, "scenario": name}) for name in before], render({**answers, "scenario": scenario})
    everything = request.config.getoption("--exhaustive")
    chosen = {*brought(known, other), *OF_LAYERS} - {WALK} | ({WALK} if scenario == WALKED else set())
    left_out = [word for test in tried(known, other) for word in ("--deselect", test)]
    run_tests(other, [] if everything else [*sorted(chosen), *left_out], environments, tmp_path)


@pytest.mark.variant
@pytest.mark.parametrize("variant", harness.VARIANTS)
def test_variant_passes_its_own_checks(
    variant: str, environments: Environments, render: harness.Render, tmp_path: Path
) -> None:
    """Those of its CI: types, tests, configuration."""
    environment, project = run_tests(render(harness.VARIANTS[variant]), [], environments, tmp_path)
    with mypy_cache() as cache:
        harness.run(str(environment / "bin" / "mypy"), f"--cache-dir={cache}", cwd=project, timeout=900)
    harness.run(str(environment / "bin" / "mlops"), "check", cwd=project)


@pytest.mark.first
def test_types_fit(environments: Environments, render: harness.Render, request: pytest.FixtureRequest) -> None:
    """Those of each statement that any variant has, in one of the projects that have it; with --exhaustive in all.

    mypy reads again only files that differ from the project before, and what uses them. Hence all projects have the
    same names, and those that differ least follow one another. Types of the libraries differ between versions of
    Python: the version is this interpreter's, so that mypy reads them once; with --exhaustive it is the project's own.
    Unknown names are found in each content of each file, by the linter above.
    """
    everything = request.config.getoption("--exhaustive")
    version = [] if everything else [f"--python-version={sys.version_info.major}.{sys.version_info.minor}"]
    names = harness.names_of(harness.answers_for())
    variants = [answers if everything else {**answers, **names} for answers in harness.VARIANTS.values()]
    chosen = harness.distinct(render, (".py",), variants) if everything else harness.sufficient(render, variants)
    for project in harness.in_short_steps(chosen, (".py",)):
        environment = environments.of(project)
        with mypy_cache() as cache:
            mypy = (str(environment / "bin" / "mypy"), f"--cache-dir={cache}", *version)
            harness.run(*mypy, cwd=project, timeout=900)


@pytest.mark.first
@pytest.mark.parametrize(
    "iac",
    [
        # The project of ARM has the code and the tests of Bicep's.
        pytest.param(iac, marks=pytest.mark.exhaustive) if iac == "arm" else iac
        for iac in harness.offered("iac")
        if iac != harness.answers_for()["iac"]
    ],
)
def test_tests_of_another_iac_pass(
    iac: str, environments: Environments, render: harness.Render, tmp_path: Path
) -> None:
    """Those in which its project differs from the one above, whose other tests need not run twice."""
    known, other = (render(answers) for answers in (harness.answers_for(), harness.answers_for(iac=iac)))
    own = [name for name in brought([known], other) if name != WALK]
    shared = [
        str(path) for path in harness.files(other) if path.match("tests/test_*infra*.py") and str(path) not in own
    ]
    run_tests(other, [*own, *shared], environments, tmp_path)


@pytest.mark.first
@pytest.mark.parametrize("ci", [ci for ci in harness.offered("ci") if ci != harness.answers_for()["ci"]])
def test_tests_of_another_ci_pass(ci: str, environments: Environments, render: harness.Render, tmp_path: Path) -> None:
    """Those in which its project differs from the two above, and those that call the CI system through its layer."""
    default = harness.answers_for()
    iac = next(iac for iac in harness.offered("iac") if iac != default["iac"])
    known = [render(default), render(harness.answers_for(iac=iac))]
    other = render(harness.answers_for(iac=iac, ci=ci))
    own = brought(known, other)
    through = [str(path) for name in OF_CI for path in harness.files(other) if path.match(f"tests/test_{name}.py")]
    assert through
    run_tests(other, sorted({*own, *through}), environments, tmp_path)


@pytest.mark.first
@pytest.mark.parametrize(("iac", "ci"), [("terraform", "azure_devops"), ("bicep", "github")])
def test_configuration_passes_its_checks(
    iac: str, ci: str, environments: Environments, render: harness.Render, tmp_path: Path
) -> None:
    everything = harness.answers_for(iac=iac, ci=ci, network="isolated", serving=harness.offered("serving"))
    tests = ["tests/test_environments.py", "tests/test_checks.py"]
    same = ["--deselect", "tests/test_checks.py::test_sound_project_has_no_problem"]  # as the command below
    environment, project = run_tests(render(everything), [*tests, *same], environments, tmp_path)
    harness.run(str(environment / "bin" / "mlops"), "check", cwd=project)


def brought(known: Iterable[Path], other: Path) -> list[str]:
    """Return the test files of a project that none of some others has with the same content."""
    before, found = [harness.digests(project) for project in known], harness.digests(other)
    own = [
        str(path)
        for path in found
        if path.match("tests/test_*.py") and all(digests.get(path) != found[path] for digests in before)
    ]
    assert own
    return own


def tried(known: Iterable[Path], other: Path) -> list[str]:
    """Return the tests of `TRIED_ONCE` that one of some projects before has with the same files."""
    first, *later = [(project, harness.digests(project)) for project in known]
    found = harness.digests(other)
    again = []
    for test, exercised in TRIED_ONCE.items():
        text = source(other, test)
        assert text, f"{test}: no such test"
        own = {path: found[path] for path in found if any(path.match(pattern) for pattern in exercised)}
        assert own, test
        # The first scenario runs all tests; another one before not the walk.
        before = [first] if test.startswith(WALK) else [first, *later]
        if any(own.items() <= digests.items() and source(project, test) == text for project, digests in before):
            again.append(test)
    return again


def source(project: Path, test: str) -> str:
    """Return the text of a test, with its decorators; an empty one if the project has no such test."""
    name, _, function = test.partition("::")
    path = project / name
    found = ast.parse(path.read_bytes()).body if path.is_file() else []
    return "".join(ast.unparse(node) for node in found if getattr(node, "name", "") == function)


def run_tests(rendered: Path, tests: list[str], environments: Environments, folder: Path) -> tuple[Path, Path]:
    """Run files of a project's own tests in a copy, all if none is named; return its environment and the copy."""
    project = shutil.copytree(rendered, folder / "project")
    environment = environments.of(project)
    harness.install(environment, project)
    harness.run(str(environment / "bin" / "pytest"), *PYTEST, *tests, cwd=project, timeout=900)
    return environment, project
