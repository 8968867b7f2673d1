"""A rendered project holds no word about a choice that was not made."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import harness

# Words of each choice, whatever their case. A link to a repository on github.com is no trace of a CI system, and Azure
# calls an endpoint on Kubernetes an online endpoint too, in its schemas and in resource IDs.
WORDS = {
    ("iac", "terraform"): r"terraform|\.tf\b|\.tfvars|azurerm|azapi",
    ("iac", "bicep"): r"bicep",
    ("iac", "arm"): r"\bARM (template|JSON)|\b(main|registry)\.json\b",
    ("ci", "github"): r"github(?!\.com/)",
    ("ci", "azure_devops"): r"azure[ _-]?devops|azure pipelines|\bTF_BUILD|\bAGENT_TEMP|\bSYSTEM_ACCESS|\bBUILD_SOURCE",
    ("serving", "batch"): r"batch[ _-]?(endpoint|deployment)|endpoints/batch",
    ("serving", "online"): r"(?<!kubernetes)(?<!kubernetes_)(?<!/)online[ _-]?(?!(?-i:Endpoints))(endpoint|deployment)"
    r"|endpoints/online",
    ("serving", "kubernetes"): r"kubernetes|\bAKS\b|\bk8s\b|managedClusters",
}


class Allowed(NamedTuple):
    """Files that may hold the words of a choice."""

    question: str
    value: str | None  # None: all values
    path: str
    reason: str


_LATER = "follows in the issue on infrastructure, with its readme and tests"
_BATCH = "`mlops batch` scores files on this machine as a batch deployment does, in every project"
_SERVE = "`mlops serve` runs the real inference server as an online deployment does, in every project"
_EITHER = "one test for the deployments of any project: it loads those that there are"
_COMPILED = "a project with ARM says that its JSON was compiled, and previews it with that compiler"
ALLOWED = (
    *(Allowed(question, None, "infra/*", _LATER) for question in ("ci", "iac", "serving")),
    *(
        Allowed("iac", "bicep", path, _COMPILED)
        for path in (
            *("src/*/infra/compiler.py", "src/*/infra/preview.py", "src/*/infra/tables.py", "src/*/cli/infra.py"),
            *("tests/support/compiler.py", "tests/test_infra_preview.py", "src/*/infra/linting.py"),
            *(".github/*", ".azuredevops/templates/*"),
        )
    ),
    Allowed("ci", None, "src/*/tracking.py", "reads the commit from the variable of either CI system"),
    Allowed("ci", None, "src/*/variables.py", "keeps variables that any CI system left from redirecting a local run"),
    Allowed("ci", None, "tests/support/leftovers.py", "has such variables of each CI system"),
    *(
        Allowed("ci", None, path, "one module for the JSON interfaces of Azure and of either CI system")
        for path in ("src/*/bootstrap/rest.py", "tests/test_bootstrap_rest.py")
    ),
    *(
        Allowed("ci", "github", path, "Azure Pipelines builds code that is on GitHub too: ci.source")
        for path in (
            *(f"src/*/bootstrap/{name}.py" for name in ("ci", "connections", "pipelines", "place", "policies")),
            *("config/common.yml", "src/*/config/ci.py", "tests/test_bootstrap_devops_connections.py"),
            *(
                "tests/support/bootstrap/devops_api.yml",
                "tests/test_environments_ci.py",
                "tests/test_pipeline_files.py",
            ),
        )
    ),
    *(
        Allowed(
            "iac", "terraform", path, "Azure DevOps has a type `azurerm`; the provider for it is a source of bodies"
        )
        for path in (
            *(f"src/*/bootstrap/{name}.py" for name in ("checks", "connections", "place", "policies")),
            *("tests/support/bootstrap/*.py", "tests/support/bootstrap/devops_api.yml"),
            "tests/test_bootstrap_devops_connections.py",
        )
    ),
    Allowed("serving", "batch", "src/*/scoring/batch.py", _BATCH),
    Allowed("serving", "batch", "src/*/local/*.py", _BATCH),
    Allowed("serving", "online", "src/score.py", _SERVE),
    Allowed("serving", "online", "src/*/scoring/mounted_model.py", _SERVE),
    Allowed("serving", "online", "src/*/local/server.py", _SERVE),
    *(
        Allowed("serving", "online", f"src/*/azure/{path}", "azure-ai-ml has one client for both kinds that answer")
        for path in ("rollout/answering.py", "checking/sdk_loading.py", "checking/limits.py")
    ),
    Allowed("serving", "online", "src/*/azure/checking/rules/kubernetes.yml", "names Microsoft's pages and files"),
    Allowed("serving", None, "tests/test_deployments.py", _EITHER),
    Allowed("serving", None, "tests/test_azure_assets.py", _EITHER),
    Allowed("serving", None, "tests/test_kept_collection.py", _EITHER),
    Allowed("serving", None, "src/*/azure/checking/quota.py", "a region limits endpoints of all kinds together"),
    Allowed("serving", None, "tests/support/azure/*.py", "a model of Azure, which has endpoints of each kind"),
    Allowed("serving", None, "docs/roles.md", f"lists the roles that infra/ assigns, row by row: {_LATER}"),
)

AXES = list(itertools.product(harness.offered("iac"), harness.offered("ci")))


def variants(iac: str, ci: str) -> list[harness.Answers]:
    """Return the variants with these choices; all together show every pair of choices."""
    return [answers for answers in harness.VARIANTS.values() if (answers["iac"], answers["ci"]) == (iac, ci)]


def others(answers: harness.Answers) -> list[tuple[str, str]]:
    """Return the choices that these answers do not make."""
    chosen = {("iac", answers["iac"]), ("ci", answers["ci"]), *(("serving", kind) for kind in answers["serving"])}
    return [choice for choice in WORDS if choice not in chosen]


def traces(answers: harness.Answers, texts: dict[Path, str]) -> Iterator[str]:
    """Yield path, line and choice of each word about a choice that was not made, in names of files and in texts."""
    for question, value in others(answers):
        allowed = [each.path for each in ALLOWED if each.question == question and each.value in (None, value)]
        for path, text in texts.items():
            name = path.as_posix()
            found = [*with_word(question, value, name, 0), *with_word(question, value, text)]
            if found and not any(re.fullmatch(pattern.replace("*", ".*"), name) for pattern in allowed):
                for number, line in found:
                    yield f"{path}:{number}: {value}: {line.strip()[:120]}"


@functools.cache  # most files are the same in many projects
def with_word(question: str, value: str, text: str, first: int = 1) -> list[tuple[int, str]]:
    """Return the lines of a text that have a word of a choice, with their numbers."""
    word = re.compile(WORDS[question, value], re.IGNORECASE)
    if not word.search(text):  # as in most
        return []
    return [(number, line) for number, line in enumerate(text.splitlines(), first) if word.search(line)]


def test_every_offered_choice_has_words() -> None:
    assert set(WORDS) == {
        (question, value) for question in ("iac", "ci", "serving") for value in harness.offered(question)
    }


@pytest.mark.parametrize(("iac", "ci"), AXES)
def test_project_names_only_its_choices(iac: str, ci: str, render: harness.Render) -> None:
    assert variants(iac, ci)
    for answers in variants(iac, ci):
        found = list(traces(answers, harness.texts(render(answers))))
        assert not found, "\n".join([str(answers), *found])


@pytest.mark.parametrize("choice", WORDS)
def test_search_finds_a_trace(choice: tuple[str, str], render: harness.Render) -> None:
    """The words come from real files: a project with the choice has them where others must not."""
    question, value = choice
    with_it = harness.answers_for(**{question: [value] if question == "serving" else value})
    without = {
        **with_it,
        question: [kind for kind in harness.offered("serving") if kind != value]
        if question == "serving"
        else next(other for other in harness.offered(question) if other != value),
    }
    assert any(f": {value}: " in trace for trace in traces(without, harness.texts(render(with_it))))


def test_every_exception_is_used(render: harness.Render) -> None:
    texts = [(path.as_posix(), text) for path, text in harness.all_texts(render)]
    for each in ALLOWED:
        words = [word for choice, word in WORDS.items() if choice[0] == each.question]
        pattern = re.compile("|".join(words), re.IGNORECASE)
        allowed = re.compile(each.path.replace("*", ".*"))
        assert any(allowed.fullmatch(path) and pattern.search(text) for path, text in texts), each
