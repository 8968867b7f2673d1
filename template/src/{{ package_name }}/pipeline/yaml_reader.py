"""Reads a pipeline file and its components with azure-ai-ml.

Only what a command component on one machine can mean is accepted. Where a step runs (compute,
resources, identity, limits, number of processes) has no meaning here and is left to Azure.
"""

import json
import logging
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from ..errors import UserError
from ..paths import Project
from .graph import EITHER, FILES, FOLDERS, LITERALS, Binding, Graph, Port, Step

PARENT_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.(\w+)\s*\}\}")
STEP_OUTPUT = re.compile(r"\$\{\{\s*parent\.jobs\.(\w+)\.outputs\.(\w+)\s*\}\}")
# azure-ai-ml takes the prefix "azureml:" off a registered asset's name.
ASSET = re.compile(r"azureml://.+|[A-Za-z0-9][\w.-]*[:@][\w.-]+")
PATHS = (*FILES, *FOLDERS, *EITHER)
LITERAL_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def read(project: Project, pipeline: Path) -> tuple[Graph, list[Path]]:
    """Return the graph of a pipeline file as it is written, and the files it was read from.

    Raises:
        UserError: azure-ai-ml refuses a file, or it holds something that cannot run here.
    """
    job = _load(project, pipeline)
    reader = _Reader(project, pipeline)
    return reader.graph(job), [pipeline, *reader.components]


def _load(project: Project, pipeline: Path) -> Any:
    # The first import announces experimental classes, and marshmallow warns by the hundred.
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from azure.ai.ml import load_job

            return load_job(pipeline)
    except Exception as error:  # marshmallow's, the SDK's own, plain ones: no common base
        raise UserError(f"{project.relative(pipeline)}: {reason(error)}") from error
    finally:
        logging.disable(before)


def reason(error: Exception) -> str:
    """Return the useful line of an error of azure-ai-ml, which is a page around a JSON document."""
    text = str(error)
    try:
        first = json.loads(text[text.index("{\n") : text.rindex("}") + 1])["errors"][0]
    except (ValueError, KeyError, IndexError, TypeError):
        return "azure-ai-ml refuses it: " + " ".join(text.split())[:300]
    parts = [" ".join(part.split()).strip("[]'\" ") for part in first["message"].split(";")]
    telling = [part for part in parts if part.startswith(("No such", "Can't find"))] or parts
    return f"{first.get('path', '')}: {telling[-1][:300]}"


class _Reader:
    """Reads one pipeline file; `components` are the files that it refers to."""

    def __init__(self, project: Project, pipeline: Path) -> None:
        self.project = project
        self.pipeline = pipeline
        self.file = project.relative(pipeline)
        self.components: list[Path] = []

    def graph(self, job: Any) -> Graph:
        if job.type != "pipeline":
            raise UserError(f"{self.file}: type: is {job.type!r}, not 'pipeline'")
        return Graph(
            job.experiment_name or job.name or self.pipeline.stem,
            self.file,
            {name: self.pipeline_input(name, item) for name, item in job.inputs.items()},
            tuple(self.step(name, node) for name, node in job.jobs.items()),
        )

    def pipeline_input(self, name: str, item: Any) -> Port:
        value = item._data  # the public properties hide literals
        if not hasattr(value, "type"):
            return Port(LITERAL_TYPES[type(value)], default=value)
        if value.type not in PATHS:
            self.refuse(f"inputs.{name}", _unusable(value.type))
        if not value.path or ASSET.fullmatch(str(value.path)):
            return Port(value.type)  # an asset in Azure: here the caller must give a local path
        return Port(value.type, default=self.project.relative(self.pipeline.parent / value.path))

    def step(self, name: str, node: Any) -> Step:
        where = f"jobs.{name}"
        source = getattr(node.component, "_source_path", None) if node.type == "command" else None
        if not source:
            self.refuse(where, "only 'type: command' with the path of a component's file runs here")
        path, component = Path(source).resolve(), node.component
        self.components.append(path)
        for key, item in node.outputs.items():
            if getattr(item._data, "path", None):
                self.refuse(f"{where}.outputs.{key}", "cannot have a path of its own here")
        step = self.component(name, component, path)
        # `node.inputs` lacks those that the component does not have.
        given = {key: self.binding(step, key, item) for key, item in node._job_inputs.items()}
        variables = {key: str(value) for key, value in (node.environment_variables or {}).items()}
        return replace(step, bindings=given, variables={**step.variables, **variables})

    def component(self, name: str, component: Any, path: Path) -> Step:
        where = self.project.relative(path)
        if getattr(component, "additional_includes", None) or not component.code:
            raise UserError(f"{where}: code: must be one folder, without additional_includes")
        outputs = {key: str(item.type) for key, item in component.outputs.items()}
        for key, kind in outputs.items():
            if kind not in PATHS:
                raise UserError(f"{where}: outputs.{key}: {_unusable(kind)}")
        environment = component.environment
        variables = component.environment_variables or {}
        return Step(
            name,
            where,
            str(component.command).strip(),
            self.project.relative(path.parent / component.code),
            environment if isinstance(environment, str) else str(environment.name),
            component.is_deterministic is not False,
            {key: _port(f"{where}: inputs.{key}", item) for key, item in component.inputs.items()},
            {},
            outputs,
            {key: str(value) for key, value in variables.items()},
        )

    def binding(self, step: Step, name: str, value: Any) -> Binding:
        where = f"jobs.{step.name}.inputs.{name}"
        if name not in step.inputs:
            known = ", ".join(step.inputs) or "none"
            self.refuse(where, f"{step.component} has no such input; it has {known}")
        text = str(getattr(value, "path", value)).strip()
        if match := PARENT_INPUT.fullmatch(text):
            return Binding(input=match[1])
        if match := STEP_OUTPUT.fullmatch(text):
            return Binding(step=match[1], output=match[2])
        if "${{" in text:
            forms = "${{parent.inputs.A}} nor ${{parent.jobs.A.outputs.B}}"
            self.refuse(where, f"{text!r} is neither {forms}")
        if not step.inputs[name].is_literal or hasattr(value, "path"):
            self.refuse(where, f"{text!r} is a path: give the pipeline an input and bind that")
        return Binding(value=step.inputs[name].parse(value, f"{self.file}: {where}"))

    def refuse(self, where: str, why: str) -> NoReturn:
        raise UserError(f"{self.file}: {where}: {why}")


def _port(where: str, item: Any) -> Port:
    if item.type not in (*LITERALS, *PATHS):
        raise UserError(f"{where}: {_unusable(item.type)}")
    port = Port(
        item.type,
        bool(item.optional),
        minimum=_number(item.get("min")),
        maximum=_number(item.get("max")),
        choices=tuple(str(each) for each in item.get("enum") or ()),
    )
    if item.default is None:
        return port
    return replace(port, default=port.parse(item.default, f"{where}.default"))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _unusable(kind: str) -> str:
    return f"type {kind!r} cannot be used here"
