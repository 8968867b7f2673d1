"""Reads a pipeline file with azure-ai-ml into a `Graph`, and checks what azure-ai-ml itself leaves to the service.

Only what a command component on one machine can mean is accepted. Where a step runs (compute, resources, identity,
limits, number of processes) has no meaning here and is left to Azure.
"""

import json
import logging
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from ..errors import UserError
from ..project import Project
from . import command
from .graph import EITHER, FILES, FOLDERS, LITERALS, Binding, Graph, Port, Scalar, Step

PARENT_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.(\w+)\s*\}\}")
STEP_OUTPUT = re.compile(r"\$\{\{\s*parent\.jobs\.(\w+)\.outputs\.(\w+)\s*\}\}")
# azure-ai-ml takes the prefix "azureml:" off a registered asset's name.
ASSET = re.compile(r"azureml://.+|[A-Za-z0-9][\w.-]*[:@][\w.-]+")
PATHS = (*FILES, *FOLDERS, *EITHER)


def read(project: Project, pipeline: Path) -> tuple[Graph, list[Path]]:
    """The graph of a pipeline file, and the files it was read from.

    Raises:
        UserError: azure-ai-ml refuses a file, or it holds something that cannot run here; names file, job and key.
    """
    job = _load(project, pipeline)
    reader = _Reader(project, pipeline)
    graph = reader.graph(job)
    return graph, [pipeline, *reader.components]


def _load(project: Project, pipeline: Path) -> Any:
    # The first import announces experimental classes, and marshmallow warns by the hundred.
    logger = logging.getLogger("azure.ai.ml")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from azure.ai.ml import load_job

            return load_job(pipeline)
    except (
        Exception
    ) as error:  # marshmallow's, the SDK's own and plain ones: there is no common base
        raise UserError(f"{project.relative(pipeline)}: {_reason(error)}") from error
    finally:
        logger.setLevel(level)


def _reason(error: Exception) -> str:
    """The telling line of an error of azure-ai-ml, which comes as a page that holds a JSON document."""
    text = str(error)
    try:
        first = json.loads(text[text.index("{\n") : text.rindex("}") + 1])["errors"][0]
    except (ValueError, KeyError, IndexError, TypeError):
        return "azure-ai-ml refuses it: " + " ".join(text.split())[:300]
    parts = [" ".join(part.split()).strip("[]'\" ") for part in first["message"].split(";")]
    telling = [part for part in parts if part.startswith(("No such", "Can't find"))] or parts
    return f"{first.get('path', '')}: {telling[-1][:300]}"


class _Reader:
    """What is known while one pipeline file is read."""

    def __init__(self, project: Project, pipeline: Path) -> None:
        self.project = project
        self.pipeline = pipeline
        self.file = project.relative(pipeline)
        self.components: list[Path] = []

    def graph(self, job: Any) -> Graph:
        if job.type != "pipeline":
            raise UserError(f"{self.file}: type: is {job.type!r}, not 'pipeline'")
        inputs = {name: self.pipeline_input(name, item) for name, item in job.inputs.items()}
        steps = [self.step(name, node) for name, node in job.jobs.items()]
        if not steps:
            raise UserError(f"{self.file}: jobs: is empty")
        steps = [
            replace(step, bindings={**step.bindings, **self.open_inputs(step, inputs)})
            for step in steps
        ]
        for step in steps:
            for name, binding in step.bindings.items():
                self.check_binding(step, name, binding, inputs, steps)
        name = job.experiment_name or job.name or self.pipeline.stem
        return Graph(name, self.file, inputs, tuple(self.in_order(steps)))

    def pipeline_input(self, name: str, item: Any) -> Port:
        value = item._data  # the only way to an input's value: the public properties hide literals
        if not hasattr(value, "type"):
            kinds: dict[type, str] = {
                bool: "boolean",
                int: "integer",
                float: "number",
                str: "string",
            }
            return Port(kinds[type(value)], default=value)
        if value.type not in PATHS:
            self.refuse(
                f"inputs.{name}",
                f"type {value.type!r} cannot be used here; use one of {', '.join(PATHS)}",
            )
        if not value.path or ASSET.fullmatch(str(value.path)):
            return Port(value.type)  # an asset in Azure: here the caller must give a local path
        return Port(value.type, default=self.project.relative(self.pipeline.parent / value.path))

    def step(self, name: str, node: Any) -> Step:
        source = getattr(node.component, "_source_path", None) if node.type == "command" else None
        if not source:
            self.refuse(
                f"jobs.{name}",
                "only 'type: command' with 'component:' and the path of its YAML file runs here",
            )
        component, path = node.component, Path(source).resolve()
        self.components.append(path)
        where = self.project.relative(path)
        if getattr(component, "additional_includes", None) or not component.code:
            raise UserError(f"{where}: code: must be one folder, without additional_includes")
        ports = {
            key: self.component_input(where, key, item) for key, item in component.inputs.items()
        }
        outputs = {key: str(item.type) for key, item in component.outputs.items()}
        for key, kind in outputs.items():
            if kind not in PATHS:
                raise UserError(
                    f"{where}: outputs.{key}: type {kind!r} cannot be used here; use {', '.join(PATHS)}"
                )
        for key, item in node.outputs.items():
            if getattr(item._data, "path", None):
                self.refuse(
                    f"jobs.{name}.outputs.{key}",
                    "a path of its own cannot be kept to here; leave it out",
                )
        bindings = {
            key: self.binding(name, key, item, ports)
            for key, item in node.inputs.items()
            if item._data is not None
        }
        variables = {
            **(component.environment_variables or {}),
            **(node.environment_variables or {}),
        }
        environment = component.environment
        step = Step(
            name,
            where,
            str(component.command).strip(),
            self.project.relative(path.parent / component.code),
            environment if isinstance(environment, str) else str(environment.name),
            component.is_deterministic is not False,
            ports,
            bindings,
            outputs,
            {key: str(value) for key, value in variables.items()},
        )
        _check_command(step)
        return step

    def component_input(self, where: str, name: str, item: Any) -> Port:
        if item.type not in (*LITERALS, *PATHS):
            raise UserError(f"{where}: inputs.{name}: type {item.type!r} cannot be used here")
        port = Port(
            item.type,
            bool(item.optional),
            minimum=_number(item.get("min")),
            maximum=_number(item.get("max")),
            choices=tuple(str(each) for each in item.get("enum") or ()),
        )
        if item.default is None:
            return port
        default = port.parse(item.default, f"{where}: inputs.{name}.default")
        return replace(port, default=default)

    def binding(self, job: str, name: str, item: Any, ports: Mapping[str, Port]) -> Binding:
        where = f"jobs.{job}.inputs.{name}"
        if name not in ports:
            self.refuse(
                where, f"the component has no such input; it has {', '.join(ports) or 'none'}"
            )
        value = item._data
        text = str(getattr(value, "path", value)).strip()
        if match := PARENT_INPUT.fullmatch(text):
            return Binding(input=match[1])
        if match := STEP_OUTPUT.fullmatch(text):
            return Binding(step=match[1], output=match[2])
        if "${{" in text:
            self.refuse(
                where,
                f"{text!r} is neither ${{{{parent.inputs.A}}}} nor ${{{{parent.jobs.A.outputs.B}}}}",
            )
        if not ports[name].is_literal or hasattr(value, "path"):
            self.refuse(
                where, f"{text!r} is a path: give the pipeline an input for it and bind that"
            )
        return Binding(value=ports[name].parse(value, f"{self.file}: {where}"))

    def open_inputs(self, step: Step, inputs: dict[str, Port]) -> dict[str, Binding]:
        """Bind what the file leaves open: an optional input is offered as an input of the pipeline.

        The file itself cannot: Azure ML knows optional inputs of components, not of pipeline jobs.
        """
        found = {}
        for name, port in step.inputs.items():
            if name in step.bindings or port.default is not None:
                continue
            where = f"jobs.{step.name}.inputs.{name}"
            if not port.optional:
                self.refuse(where, f"is missing; {step.component} requires it")
            if inputs.setdefault(name, port) == port:
                found[name] = Binding(input=name)
            elif inputs[name].optional:
                self.refuse(
                    where, "another job leaves an input of this name open, but of another type"
                )
        return found

    def check_binding(
        self,
        step: Step,
        name: str,
        binding: Binding,
        inputs: Mapping[str, Port],
        steps: Iterable[Step],
    ) -> None:
        where, port = f"jobs.{step.name}.inputs.{name}", step.inputs[name]
        if binding.input:
            source = inputs.get(binding.input)
            if source is None:
                self.refuse(
                    where,
                    f"the pipeline has no input {binding.input!r}; it has {', '.join(inputs) or 'none'}",
                )
            kind = source.type
            if source.default is not None and port.is_literal and port.accepts(kind):
                port.parse(source.default, f"{self.file}: inputs.{binding.input}")
        elif binding.step:
            outputs = {other.name: other.outputs for other in steps}
            found = outputs.get(binding.step, {}).get(str(binding.output))
            if found is None:
                self.refuse(where, f"no job {binding.step!r} has an output {binding.output!r}")
            kind = found
        else:
            return
        if not port.accepts(kind):
            self.refuse(where, f"is of type {port.type} and cannot be given a {kind}")

    def in_order(self, steps: list[Step]) -> list[Step]:
        """Each step after those it needs, otherwise as in the file."""
        ordered: list[Step] = []
        while waiting := [step for step in steps if step not in ordered]:
            done = {step.name for step in ordered}
            ready = next((step for step in waiting if step.needs <= done), None)
            if ready is None:
                self.refuse(
                    "jobs", f"{', '.join(step.name for step in waiting)} wait for each other"
                )
            ordered.append(ready)
        return ordered

    def refuse(self, where: str, why: str) -> NoReturn:
        raise UserError(f"{self.file}: {where}: {why}")


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _check_command(step: Step) -> None:
    """Refuse a command that Azure ML would refuse or read differently.

    Raises:
        UserError: names the component's file and the rule.
    """
    where = f"{step.component}: command"
    declared = {f"inputs.{name}" for name in step.inputs} | {
        f"outputs.{name}" for name in step.outputs
    }
    optional = {f"inputs.{name}" for name, port in step.inputs.items() if port.optional}
    outside, inside = command.references(step.command)
    for name in sorted((outside | inside) - declared):
        raise UserError(f"{where}: ${{{{{name}}}}} is not declared by the component")
    for name in sorted(outside & optional):
        raise UserError(f"{where}: ${{{{{name}}}}} is optional and must stand in $[[ ... ]]")
    texts = {
        f"inputs.{name}"
        for name, port in step.inputs.items()
        if port.type == "string" and not port.choices
    }
    for fault in command.faults(step.command, texts & (outside | inside)):
        raise UserError(f"{where}: {fault}")
