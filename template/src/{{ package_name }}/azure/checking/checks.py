"""`mlops azure check`: every file of azureml/ for every environment, without Azure.

Findings are kept for as long as the files that they depend on stay the same, so that `mlops check` need not import
azure-ai-ml, which takes seconds.
"""

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from ...config import environment
from ...config.environment import EnvironmentConfig
from ...errors import Finding, UserError, first_line
from ...files import read_json, write_json
from ...infra import tables
from ...paths import Project
from ...pipeline.digests import Digests, key_of
from ..definitions import assets, values
from ..definitions.versions import Document
from . import limits, references, yaml_rules
from .subjects import Filled, kind_of, subjects

SOURCES = ("azureml", "config", "src/score.py", "src/batch_score.py", tables.label("retention"))

# The words of azure-ai-ml about a file, by its content: most files are the same in all environments.
_LOADED: dict[str, str | None] = {}


def findings(project: Project) -> list[Finding]:
    """Return a finding for each environment's files of azureml/, from an earlier check where nothing changed."""
    digests = Digests(project)
    sources = [*(project.root / name for name in SOURCES), Path(__file__).parent]
    content = [digests.tree(path) for path in sources if path.exists()]
    digests.save()
    images = sorted(path.name for path in (project.root / "requirements").glob("*"))
    key = key_of([metadata.version("azure-ai-ml"), content, images])
    kept = project.outputs / "cache" / "azure-check" / f"{key}.json"
    try:
        return [Finding(each["name"], each["problem"]) for each in read_json(kept)["findings"]]
    except (UserError, KeyError, TypeError):
        pass
    found = list(_findings(project))
    write_json(kept, {"findings": [{"name": each.name, "problem": each.problem} for each in found]})
    return found


def _findings(project: Project) -> Iterator[Finding]:
    folder = project.root / "config"
    for name in environment.names(folder):
        label = f"azureml/ for {name}"
        try:
            config = environment.load(folder, name)
            lines = list(problems(project, config))
        except UserError as error:
            lines = str(error).splitlines()
        yield Finding(label, "\n".join(lines) or None)


def problems(project: Project, config: EnvironmentConfig) -> Iterator[str]:
    """Yield a sentence for each mistake in the files of azureml/ as an environment gets them: file, key, rule.

    Raises:
        UserError: a file cannot be filled in.
    """
    filled = Filled(assets.fill_all(project, config), config)
    said: dict[str, list[str]] = {
        name: list(dict.fromkeys(_of_rules(project, name, filled))) for name in filled.documents
    }
    jobs = {name for name, document in filled.documents.items() if "create_job" in document}  # loaded with their jobs
    # The sentence of a rule is the better one, and one about a job is about its schedule too.
    told = {name for name, sentences in said.items() if sentences} | (jobs if any(said.values()) else set())
    refused = _refused(project, filled.documents, told)
    if refused.keys() - jobs:
        refused = {name: sentence for name, sentence in refused.items() if name not in jobs}
    for name, sentences in said.items():
        if not values.unwanted(config, name):
            shown = sentences or ([refused[name]] if name in refused else [])
            yield from (f"{name}: {sentence}" for sentence in shown)
    yield from _repeated(filled.documents)


def _of_rules(project: Project, name: str, filled: Filled) -> Iterator[str]:
    for subject in subjects(name, filled):
        yield from yaml_rules.problems(subject)
    yield from references.problems(project, name, filled)
    yield from limits.problems(project, name, filled)


def _repeated(documents: Mapping[str, Document]) -> Iterator[str]:
    """Yield names that two files of one folder share: the second would replace the first."""
    owners: dict[tuple[str, str], str] = {}
    for name, document in documents.items():
        kind = name.split("/")[1]
        if kind in ("components", "data", "environments", "schedules"):
            owner = owners.setdefault((kind, str(document.get("name"))), name)
            if owner != name:
                yield f"{name}: name: {document.get('name')!r} is refused: {owner} has it (rule name-unique)"


def _refused(project: Project, documents: Mapping[str, Document], told: Collection[str]) -> dict[str, str]:
    """Return for each file that azure-ai-ml refuses to load why it does; those in `told` are not loaded."""
    from . import sdk_loading

    found: dict[str, str] = {}
    digests = {name: key_of(json.loads(json.dumps(document, default=str))) for name, document in documents.items()}
    # A pipeline is loaded with its components, a schedule with its pipeline.
    parts = {
        folder: [digest for name, digest in digests.items() if name.split("/")[1] in ("components", folder)]
        for folder in {name.split("/")[1] for name in documents}
    }
    named = {"pipelines": key_of(parts.get("components", [])), "schedules": key_of(parts.get("pipelines", []))}
    keys = {name: f"{name} {digest} {named.get(name.split('/')[1], '')}" for name, digest in digests.items()}
    loaded = [name for name in documents if name not in told]
    waiting = [name for name in loaded if keys[name] not in _LOADED]
    if waiting:
        with tempfile.TemporaryDirectory(dir=_scratch(project)) as scratch, sdk_loading.quiet():
            assets.write_all(project, documents, Path(scratch))
            for name in waiting:
                try:
                    sdk_loading.load(Path(scratch, name), kind_of(documents[name]))
                    _LOADED[keys[name]] = None
                except Exception as error:  # marshmallow's, the SDK's own, plain ones: no common base
                    _LOADED[keys[name]] = sdk_loading.reason(error) or first_line(error)
    for name in loaded:
        if (sentence := _LOADED[keys[name]]) is not None:
            found[name] = sentence
    return found


def _scratch(project: Project) -> Path:
    """Return a folder of this project, so that relative paths of the files stay short."""
    folder = project.outputs / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
