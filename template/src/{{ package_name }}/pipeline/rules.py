"""Rules that azure-ai-ml leaves to the service to check: bindings, types, commands and order of a graph.

Every function here raises a UserError that names the file, the job, the key and the rule.
"""

from dataclasses import replace
from typing import NoReturn

from ..errors import UserError
from . import command
from .graph import Binding, Graph, Port, Step


def complete(graph: Graph) -> Graph:
    """Return the graph with open optional inputs bound and its steps in the order they run, all checked.

    Raises:
        UserError: the pipeline cannot work.
    """
    if not graph.steps:
        _refuse(graph, "jobs", "is empty")
    graph = _offer_open_inputs(graph)
    for step in graph.steps:
        for name in step.bindings:
            _check_binding(graph, step, name)
        _check_command(step)
    return replace(graph, steps=tuple(_in_order(graph)))


def _offer_open_inputs(graph: Graph) -> Graph:
    """Offer an optional input that a job leaves open as an input of the pipeline.

    The file itself cannot: Azure ML knows optional inputs of components, not of pipeline jobs.
    """
    inputs: dict[str, Port] = dict(graph.inputs)
    steps = []
    for step in graph.steps:
        bindings = dict(step.bindings)
        for name, port in step.inputs.items():
            if name in bindings or port.default is not None:
                continue
            where = f"jobs.{step.name}.inputs.{name}"
            if not port.optional:
                _refuse(graph, where, f"is missing; {step.component} requires it")
            if inputs.setdefault(name, port) == port:
                bindings[name] = Binding(input=name)
            elif inputs[name].optional:
                _refuse(graph, where, "another job leaves it open too, but with another type")
        steps.append(replace(step, bindings=bindings))
    return replace(graph, inputs=inputs, steps=tuple(steps))


def _check_binding(graph: Graph, step: Step, name: str) -> None:
    """Refuse a binding to nothing, and one to something of another type or out of range."""
    where, port, binding = f"jobs.{step.name}.inputs.{name}", step.inputs[name], step.bindings[name]
    if binding.input:
        source = graph.inputs.get(binding.input)
        if source is None:
            known = ", ".join(graph.inputs) or "none"
            _refuse(graph, where, f"the pipeline has no input {binding.input!r}; it has {known}")
        kind = source.type
    elif binding.step:
        outputs = {other.name: other.outputs for other in graph.steps}.get(binding.step, {})
        source, kind = None, outputs.get(binding.output or "", "")
        if not kind:
            _refuse(graph, where, f"no job {binding.step!r} has an output {binding.output!r}")
    else:
        return
    if not port.accepts(kind):
        _refuse(graph, where, f"is of type {port.type} and cannot be given a {kind}")
    if source is not None and source.default is not None and port.is_literal:
        port.parse(source.default, f"{graph.pipeline}: inputs.{binding.input}")


def _check_command(step: Step) -> None:
    """Refuse a command that Azure ML would refuse or read differently."""
    where = f"{step.component}: command"
    inputs = {f"inputs.{name}": port for name, port in step.inputs.items()}
    declared = inputs.keys() | {f"outputs.{name}" for name in step.outputs}
    outside, inside = command.references(step.command)
    for name in sorted((outside | inside) - declared):
        raise UserError(f"{where}: ${{{{{name}}}}} is not declared by the component")
    for name in sorted(outside & {name for name, port in inputs.items() if port.optional}):
        raise UserError(f"{where}: ${{{{{name}}}}} is optional and must be inside $[[ ... ]]")
    texts = {n for n, port in inputs.items() if port.type == "string" and not port.choices}
    for fault in command.faults(step.command, texts & (outside | inside)):
        raise UserError(f"{where}: {fault}")


def _in_order(graph: Graph) -> list[Step]:
    """Return each step after those it needs, otherwise as in the file."""
    ordered: list[Step] = []
    while waiting := [step for step in graph.steps if step not in ordered]:
        done = {step.name for step in ordered}
        ready = next((step for step in waiting if step.needs <= done), None)
        if ready is None:
            names = ", ".join(step.name for step in waiting)
            _refuse(graph, "jobs", f"{names} wait for each other")
        ordered.append(ready)
    return ordered


def _refuse(graph: Graph, where: str, why: str) -> NoReturn:
    raise UserError(f"{graph.pipeline}: {where}: {why}")
