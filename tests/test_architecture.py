"""Imports of the rendered package run one way, and the skeleton knows its layers by fixed names alone."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import harness

pytestmark = pytest.mark.quick

# From the bottom: a module imports from its own floor or from below. A name is a module or a package.
FLOORS = [
    "errors figures intervals paths files delimited variables entry tracking records gate metrics"
    " predictions slices bias split histogram robustness services",
    "config",
    "data_folder arrow_reader jsonl values dataset survey roles images measuring sources listing duplicates parts"
    " content data data_rules features texts personal alike text_rules image_rules label_rules recordings annotate"
    " preparation linear preprocessing augmentation pixels",
    "deep",
    "models model_folder decisions embedder embedding projection noise mistakes explain observation perturbations"
    " suitability drafts label_columns label_drafts proposals data_checks fitting",
    "review",
    "reporting",
    "scoring monitoring",
    "steps",
    "pipeline",
    "infra",
    "azure",
    "bootstrap",
    "local",
    "updates ci",
    "cli",
]
FLOOR_OF = {name: number for number, names in enumerate(FLOORS) for name in names.split()}

# The modules of layers that other code may name. docs/adding-a-scenario.md says what each brings.
INTERFACE = {
    "config.inputs",
    "config.ci",
    "content",
    "review.media",
    "models",
    "explain",
    "observation",
    "perturbations",
    "proposals",
    "data_checks",
    "fitting",
    "scoring.contract",
    "scoring.samples",
    "monitoring.signals",
    "reporting.examples",
    "embedder",
    "local.after_breach",
    "local.followed",
    "local.training_data",
    "infra.drift",
    "infra.engine",
    "infra.linting",
    "infra.ci",
    "azure.sign_in",
    "azure.watch.ci",
    "updates.ci",
    "bootstrap.ci",
    "ci.linting",
    "bootstrap.environments",
    # Of the layer that Bicep and ARM share, which the CLI names only there; templates is each language's own.
    "infra.compiler",
    "infra.parameters",
    "infra.preview",
    "infra.templates",
    # Of the layer of scenarios whose production people review, which the skeleton names only there.
    "azure.labeling.opening",
    "cli.review",
    "scoring.kept",
}

# A scenario's layer may use all of the layers that it stands on; these know of it what is in INTERFACE.
STANDS_ON = {
    scenario: {layer for layer in ("automatic", "reviewed", "deep") if scenario in harness.SHARED[layer]}
    for scenario in harness.MANIFESTS
}

# Words that only a layer for tables may use.
OF_TABLES = re.compile(
    r"lightgbm|hist_gradient|boosting|columns\.(?:numeric|categorical|boolean)\b|\btabular\b(?!-nums)|\btables in\b"
    r"|\.csv\.gz\b|the table against|\bpandera\b",
    re.IGNORECASE,
)


@functools.cache
def imports(package: Path) -> tuple[tuple[str, str], ...]:
    """Return importing and imported module, by their names within the package; imports inside functions too."""
    return tuple(_imports(package))


def _imports(package: Path) -> Iterator[tuple[str, str]]:
    modules = {name_of(package, path): path for path in package.rglob("*.py")}
    for name, path in modules.items():
        inside = (package.name, *filter(None, name.split(".")))
        within = inside if path.name == "__init__.py" else inside[:-1]
        for each in imported_names(path.read_text(), within):
            target = each.removeprefix(f"{package.name}.")
            if target == each:
                continue  # of another package
            target = target if target in modules else target.rpartition(".")[0]
            assert target in modules, f"{name} imports {target}, which does not exist"
            if target != name:
                yield name, target


@functools.cache  # most modules are the same in many packages
def imported_names(text: str, within: tuple[str, ...]) -> list[str]:
    """Return the full names of all that a module of this package imports."""
    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = within[: len(within) - node.level + 1] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def name_of(package: Path, path: Path) -> str:
    return ".".join(path.relative_to(package).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


def room(module: str) -> str:
    return module.partition(".")[0]


def packages(render: harness.Render) -> Iterator[Path]:
    for project in harness.distinct(render, (".py",)):
        (package,) = (path.parent for path in (project / "src").glob("*/__init__.py"))
        yield package


def test_every_module_has_a_floor(render: harness.Render) -> None:
    for package in packages(render):
        names = {room(name_of(package, path)) for path in package.rglob("*.py")} - {""}
        assert names <= FLOOR_OF.keys(), names - FLOOR_OF.keys()


def test_imports_run_down(render: harness.Render) -> None:
    for package in packages(render):
        for importer, imported in imports(package):
            own, other = FLOOR_OF[room(importer)], FLOOR_OF[room(imported)]
            beside = own == other and room(importer) != room(imported) and (package / room(imported)).is_dir()
            assert own >= other, f"{importer} imports {imported} from above"
            assert not beside, f"{importer} imports {imported}, which is beside it"


def test_no_circle_of_modules(render: harness.Render) -> None:
    for package in packages(render):
        graph = graphlib.TopologicalSorter[str]()
        for importer, imported in imports(package):
            graph.add(importer, imported)
        graph.prepare()  # raises CycleError, which names the circle


def test_layers_are_known_by_interface_alone(render: harness.Render) -> None:
    """Modules of a layer or of the skeleton import from another layer only modules that every such layer brings."""
    for package in packages(render):
        for importer, imported in imports(package):
            layers, own = layers_of(imported), layers_of(importer)
            below = {name for layer in own for name in STANDS_ON.get(layer, ())}
            if layers and not layers & (own | below):
                assert imported in INTERFACE, f"{importer} imports {imported}, a module of {layers}"


def test_interface_names_modules_of_layers() -> None:
    assert all(layers_of(module) for module in INTERFACE), [name for name in INTERFACE if not layers_of(name)]


@functools.cache
def layers_of(module: str) -> set[str]:
    """Return the layers that bring a module; none for one of the skeleton."""
    path = Path("src", "{{ package_name }}", *module.split("."))
    return {
        name
        for name, layer in harness.LAYERS.items()
        for suffix in (".py", ".py.jinja", "/__init__.py")
        if (layer / f"{path}{suffix}").is_file()
    }


def test_skeleton_says_nothing_about_tables() -> None:
    files = [
        path for path in (harness.ROOT / "template" / "src").rglob("*") if path.suffix != ".pyc" and path.is_file()
    ]
    assert files
    for path in files:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert not OF_TABLES.search(line), f"{path.relative_to(harness.ROOT)}:{number}: {line.strip()}"
