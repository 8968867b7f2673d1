"""Load a pipeline file as a graph, from a cache where possible.

Reading the YAML needs azure-ai-ml, whose import takes seconds. So the graph is kept as JSON under outputs/cache/graphs
for as long as the files it was read from and azure-ai-ml itself stay the same.
"""

import hashlib
import json
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from ..errors import UserError
from ..files import write_json
from ..paths import Project
from . import rules, yaml_reader
from .graph import Graph


def load(project: Project, pipeline: Path) -> Graph:
    """Return the graph of a pipeline file, from the cache if no file behind it has changed.

    Raises:
        UserError: the file is missing, azure-ai-ml refuses it, or it has something that cannot run on this machine.
    """
    if not pipeline.is_file():
        raise UserError(f"{pipeline}: no such pipeline file")
    try:
        release = metadata.version("azure-ai-ml")
    except metadata.PackageNotFoundError:
        raise UserError("azure-ai-ml is not installed, which reads the pipeline: run 'uv sync'") from None
    identity = "\n".join((project.relative(pipeline), release, _reader()))
    kept = project.outputs / "cache" / "graphs" / f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"
    graph = _kept(project, kept)
    if graph is None:
        read, files = yaml_reader.read(project, pipeline)
        graph = rules.complete(read)
        write_json(
            kept,
            {
                "files": {project.relative(file): _digest(file) for file in files},
                "graph": asdict(graph),
            },
        )
    return graph


def _kept(project: Project, path: Path) -> Graph | None:
    """Return the graph kept at `path`, unless it is missing, damaged or older than a file it was read from."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if any(_digest(project.root / name) != digest for name, digest in content["files"].items()):
            return None
        return Graph.from_dict(content["graph"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _reader() -> str:
    """Return the digest of the code that makes a graph: a newer version of it does not trust what an older one kept."""
    return "".join(
        _digest(Path(__file__).with_name(f"{name}.py")) for name in ("graph", "yaml_reader", "rules", "command")
    )
