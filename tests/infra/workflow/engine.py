"""Runs a definition: which actions, in which order, with which result, and what they send to whom."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn
from urllib.parse import urlencode

from tests.infra.workflow import expressions, schema
from tests.infra.workflow.errors import DefinitionError, EvaluationError
from tests.infra.workflow.expressions import Node, Value, equal, evaluate

SUCCEEDED, FAILED, SKIPPED, TIMED_OUT, CANCELLED = "Succeeded", "Failed", "Skipped", "TimedOut", "Cancelled"
STATUSES = {SUCCEEDED, FAILED, SKIPPED, TIMED_OUT}
DEEPEST = 8  # levels of actions within actions, Azure's limit
PYTHON_TYPES = {"String": str, "SecureString": str, "Int": int, "Object": dict}
COMMON = {"type", "description", "runAfter"}
KEYS: Mapping[str, set[str]] = {
    "Compose": {"inputs"},
    "Foreach": {"foreach", "actions"},
    "Http": {"inputs", "limit", "operationOptions", "runtimeConfiguration"},
    "If": {"expression", "actions", "else"},
    "InitializeVariable": {"inputs"},
    "ParseJson": {"inputs"},
    "Query": {"inputs"},
    "Response": {"inputs", "kind"},
    "Select": {"inputs"},
    "SetVariable": {"inputs"},
    "Switch": {"expression", "cases", "default"},
    "Terminate": {"inputs"},
    "Wait": {"inputs"},
}
INPUTS: Mapping[str, set[str]] = {
    "Http": {"method", "uri", "queries", "headers", "body", "authentication", "retryPolicy"},
    "InitializeVariable": {"variables"},
    "ParseJson": {"content", "schema"},
    "Query": {"from", "where"},
    "Response": {"statusCode", "body"},
    "Select": {"from", "select"},
    "SetVariable": {"name", "value"},
    "Terminate": {"runStatus", "runError"},
    "Wait": {"interval"},
}
AUTHENTICATIONS: Mapping[str, set[str]] = {"ManagedServiceIdentity": {"audience"}, "Raw": {"value"}}
CONDITIONS = {"and", "not", "equals", "contains", "startsWith"}


@dataclass
class Clock:
    time: datetime


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: Value
    identity_for: str | None = None
    """The audience for which the Logic App's identity asked for a token."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Value = None


class NoAnswer(Exception):
    """What a request raises that nobody answers in time."""


@dataclass(frozen=True)
class Record:
    """What Azure's history of runs shows of one action."""

    action: str
    status: str
    inputs: Value = None
    outputs: Value = None
    error: str = ""


@dataclass
class Run:
    status: str
    """Succeeded, Failed, Cancelled; Refused where Azure does not begin a run at all."""
    answer: Answer
    records: list[Record] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        return [f"{record.action}: {record.error}" for record in self.records if record.error]


class _Terminated(Exception):
    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


Http = Callable[[Request], Answer]


class Definition:
    """A definition that Azure would save."""

    def __init__(self, definition: Any) -> None:
        self.definition = definition
        self.nodes: dict[str, Node] = {}
        self.names: set[str] = set()
        self.variables: dict[str, str] = {}
        """By variable, the action that it begins with."""
        self.earlier: dict[str, set[str]] = {}
        """By action, those beside it that have certainly ended before it, however they did."""
        self.has_response = False
        _known(definition, {"$schema", "contentVersion", "parameters", "triggers", "actions", "outputs"}, "definition")
        for name, parameter in definition["parameters"].items():
            _known(parameter, {"type", "metadata"}, f"parameter {name}")
            if parameter["type"] not in PYTHON_TYPES:
                _refuse(f"parameter {name} has the type {parameter['type']}")
        if list(definition["triggers"]) != ["event"]:
            _refuse("the one trigger is called event")
        self.trigger = definition["triggers"]["event"]
        _known(self.trigger, {"type", "kind", "inputs", "operationOptions", "runtimeConfiguration"}, "trigger")
        _known(self.trigger["inputs"], {"method", "schema"}, "trigger")
        kind = [self.trigger.get(key) for key in ("type", "kind", "operationOptions")]
        if [*kind, self.trigger["inputs"].get("method")] != ["Request", "Http", "EnableSchemaValidation", "POST"]:
            _refuse("the trigger is a request that is checked against its schema")
        schema.check(self.trigger["inputs"]["schema"], "trigger")
        self._check_actions(definition["actions"], visible=set(), depth=1, in_loop=False)
        if self.has_response and "concurrency" in self.trigger.get("runtimeConfiguration", {}):
            _refuse("a trigger that limits concurrency stands beside an action that answers its caller")

    # ---------------------------------------------------------------- what Azure checks when it saves

    def _check_actions(self, actions: Any, *, visible: set[str], depth: int, in_loop: bool) -> None:
        if depth > DEEPEST:
            _refuse(f"actions lie more than {DEEPEST} levels deep")
        for name, action in actions.items():
            if name in self.names or len(name) > 80 or not name.replace("_", "").isalnum():
                _refuse(f"the name {name!r} is taken, too long, or has other than letters, digits and '_'")
            if len(action.get("description", "")) > 256:
                _refuse(f"{name}: the description has more than 256 characters")
            self.names.add(name)
            for before, statuses in action["runAfter"].items():
                if before not in actions or not statuses or set(statuses) - STATUSES:
                    _refuse(f"{name} runs after {before!r}, {statuses}")
        for name in _ordered(actions):
            self.earlier[name] = _before(actions, name, STATUSES)
            self._check_action(name, actions[name], visible | _before(actions, name, {SUCCEEDED}), depth, in_loop)

    def _check_action(self, name: str, action: Any, visible: set[str], depth: int, in_loop: bool) -> None:
        kind = action["type"]
        if kind not in KEYS:
            _refuse(f"{name}: the type {kind!r} is not known")
        _known(action, COMMON | KEYS[kind], name)
        if kind in INPUTS:
            _known(action["inputs"], INPUTS[kind], name)
        _known(action.get("runtimeConfiguration", {}), {"secureData"}, name)
        _known(action.get("runtimeConfiguration", {}).get("secureData", {"properties": []}), {"properties"}, name)
        _known(_hidden(action), {"inputs", "outputs"}, name)
        if kind == "Response" and action.get("kind") != "Http":
            _refuse(f"{name} answers an HTTP request")
        _known(action.get("limit", {}), {"timeout"}, name)
        if action.get("operationOptions", "DisableAsyncPattern") != "DisableAsyncPattern":
            _refuse(f"{name}: the option {action['operationOptions']!r} is not known")
        self.has_response |= kind == "Response"
        inputs = action.get("inputs")
        below = partial(self._check_actions, visible=visible, depth=depth + 1, in_loop=in_loop or kind == "Foreach")
        match kind:
            case "If":
                self._check_condition(action["expression"], name, visible, in_loop)
                below(action["actions"])
                below(action.get("else", {}).get("actions", {}))
            case "Switch":
                self._check_value(action["expression"], name, visible, in_loop)
                for case in [*action["cases"].values(), action["default"]]:
                    below(case["actions"])
            case "Foreach":
                self._check_value(action["foreach"], name, visible, in_loop)
                below(action["actions"])
            case "Query" | "Select":
                self._check_value(inputs["from"], name, visible, in_loop)
                self._check_value(inputs["where" if kind == "Query" else "select"], name, visible, True)
            case "ParseJson":
                schema.check(inputs["schema"], name)
                self._check_value(inputs["content"], name, visible, in_loop)
            case "Terminate":
                if in_loop:
                    _refuse(f"{name}: a loop cannot end the run")
                if inputs["runStatus"] not in (SUCCEEDED, FAILED, CANCELLED) or (
                    "runError" in inputs and inputs["runStatus"] != FAILED
                ):
                    _refuse(f"{name}: only a failure has an error")
                self._check_value(inputs, name, visible, in_loop)
            case "InitializeVariable":
                if depth > 1:
                    _refuse(f"{name}: variables begin at the top")
                self._check_value(inputs, name, visible, in_loop)
                for variable in inputs["variables"]:
                    if variable["type"] != "object" or not isinstance(variable["value"], dict):
                        _refuse(f"{name}: the value of {variable['name']} is no {variable['type']}")
                    self.variables[variable["name"]] = name
            case "SetVariable":
                self._check_variable(inputs["name"], name, visible)
                self._check_value(inputs["value"], name, visible, in_loop)
            case "Http":
                authentication = inputs.get("authentication", {"type": "Raw", "value": ""})
                if authentication["type"] not in AUTHENTICATIONS:
                    _refuse(f"{name}: the authentication {authentication['type']!r} is not known")
                _known(authentication, {"type", *AUTHENTICATIONS[authentication["type"]]}, name)
                _check_retries(inputs.get("retryPolicy", {"type": "unsaid"}), name)
                self._check_value(inputs, name, visible, in_loop)
            case _:
                self._check_value(inputs, name, visible, in_loop)

    def _check_condition(self, condition: Any, name: str, visible: set[str], in_loop: bool) -> None:
        _known(condition, CONDITIONS, name)
        ((operator, operands),) = condition.items()
        if operator == "and":
            for operand in operands:
                self._check_condition(operand, name, visible, in_loop)
        elif operator == "not":
            self._check_condition(operands, name, visible, in_loop)
        elif len(operands) != 2:
            _refuse(f"{name}: {operator} compares two values")
        else:
            self._check_value(operands, name, visible, in_loop)

    def _check_value(self, value: Value, name: str, visible: set[str], in_loop: bool) -> None:
        for text in _texts(value):
            self.nodes[text] = expressions.parse(text)
            for call in expressions.calls(self.nodes[text]):
                self._check_call(call, name, visible, in_loop)

    def _check_call(self, call: expressions.Call, name: str, visible: set[str], in_loop: bool) -> None:
        if call.function == "item" and not in_loop:
            _refuse(f"{name}: item() stands outside of a loop")
        if call.function not in ("actions", "body", "outputs", "parameters", "variables"):
            return
        if not isinstance(call.arguments[0], expressions.Literal):
            _refuse(f"{name}: {call.function} takes a name")
        meant = call.arguments[0].value
        if call.function == "parameters" and meant not in self.definition["parameters"]:
            _refuse(f"{name}: the parameter {meant!r} is not declared")
        if call.function == "variables":
            self._check_variable(meant, name, visible)
        if call.function == "actions" and meant not in self.earlier[name]:
            _refuse(f"{name}: the action {meant!r} does not stand before it")
        if call.function in ("body", "outputs") and meant not in visible:
            _refuse(f"{name}: the action {meant!r} does not exist, or has not certainly run before")

    def _check_variable(self, variable: str, name: str, visible: set[str]) -> None:
        if self.variables.get(variable) not in visible:
            _refuse(f"{name}: the variable {variable!r} is not known")

    # ---------------------------------------------------------------- running it

    def run(self, parameters: Mapping[str, Value], body: Value, http: Http, clock: Clock) -> Run:
        """One request to the trigger. Only waits take time."""
        declared = self.definition["parameters"]
        if set(parameters) != set(declared):
            _refuse(f"parameters {sorted(parameters)} instead of {sorted(declared)}")
        for name, value in parameters.items():
            if type(value) is not PYTHON_TYPES[declared[name]["type"]]:
                _refuse(f"parameter {name}: {value!r} is no {declared[name]['type']}")
        if faults := schema.faults(self.trigger["inputs"]["schema"], body):
            return Run("Refused", Answer(400, {"error": {"message": "; ".join(faults)}}))
        execution = _Execution(self, parameters, body, http, clock)
        try:
            status = execution.actions(self.definition["actions"], _Frame())
        except _Terminated as terminated:
            status = terminated.status
        silence = Answer(502) if self.has_response else Answer(202)
        return Run(status, execution.answer or silence, execution.records)


@dataclass(frozen=True)
class _Frame:
    """What an action sees of those before it: each round of a loop has results of its own."""

    results: Mapping[str, Value] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    item: Value = None


class _Execution:
    def __init__(
        self, definition: Definition, parameters: Mapping[str, Value], body: Value, http: Http, clock: Clock
    ) -> None:
        self.definition = definition
        self.parameters = parameters
        self.body = body
        self.http = http
        self.clock = clock
        self.answer: Answer | None = None
        self.records: list[Record] = []
        self.values: dict[str, Value] = {}

    def actions(self, actions: Any, frame: _Frame) -> str:
        """Runs them in their order; the status of all of them together."""
        statuses: dict[str, str] = {}
        results = dict(frame.results)
        for name in _ordered(actions):
            action = actions[name]
            if any(statuses[before] not in wanted for before, wanted in action["runAfter"].items()):
                statuses[name] = SKIPPED
                self.records.append(Record(name, SKIPPED))
                continue
            statuses[name], results[name] = self.action(
                name, action, replace(frame, results=results, statuses=statuses)
            )
        for name, status in statuses.items():
            handled = any(
                status in action["runAfter"].get(name, []) and statuses[other] != SKIPPED
                for other, action in actions.items()
            )
            if status in (FAILED, TIMED_OUT) and not handled:
                return FAILED
        return SUCCEEDED

    def action(self, name: str, action: Any, frame: _Frame) -> tuple[str, Value]:
        eyes = _Eyes(self, frame)
        inputs: Value = None
        outputs: Value = None
        error = ""
        try:
            match action["type"]:
                case "If":
                    branch = action if self.holds(action["expression"], eyes) else action.get("else", {"actions": {}})
                    status = self.actions(branch["actions"], frame)
                case "Switch":
                    value = eyes.value(action["expression"])
                    cases = [case for case in action["cases"].values() if equal(case["case"], value)]
                    status = self.actions((cases or [action["default"]])[0]["actions"], frame)
                case "Foreach":
                    items = eyes.value(action["foreach"])
                    if not isinstance(items, list):
                        raise EvaluationError(f"{name} needs an array and not {items!r}")
                    rounds = [self.actions(action["actions"], replace(frame, item=item)) for item in items]
                    status = FAILED if FAILED in rounds else SUCCEEDED
                case "Query":
                    where = action["inputs"]["where"]
                    outputs = {"body": [item for item in eyes.items(action) if eyes.at(item).value(where)]}
                    status = SUCCEEDED
                case "Select":
                    outputs = {"body": [eyes.at(item).value(action["inputs"]["select"]) for item in eyes.items(action)]}
                    status = SUCCEEDED
                case "ParseJson":
                    inputs = outputs = {"body": eyes.value(action["inputs"]["content"])}
                    if faults := schema.faults(action["inputs"]["schema"], outputs["body"]):
                        raise EvaluationError("; ".join(faults))
                    status = SUCCEEDED
                case "Http":
                    inputs = eyes.value(action["inputs"])
                    status, outputs = self.ask(inputs)
                    if outputs and outputs["statusCode"] == 202 and "operationOptions" not in action:
                        status = TIMED_OUT  # Azure goes on asking where to find the result, which nobody says
                case _:
                    inputs = eyes.value(action["inputs"])
                    outputs = self.simple(action["type"], inputs)
                    status = SUCCEEDED
        except EvaluationError as failure:
            status, error = FAILED, str(failure)
        hidden = _hidden(action)
        shown = (None if "inputs" in hidden else inputs, None if "outputs" in hidden else outputs)
        self.records.append(Record(name, status, *shown, error))
        return status, outputs

    def simple(self, kind: str, inputs: Value) -> Value:
        match kind:
            case "InitializeVariable":
                self.values |= {variable["name"]: variable["value"] for variable in inputs["variables"]}
            case "SetVariable":
                self.values[inputs["name"]] = inputs["value"]
            case "Response":
                if self.answer is not None:
                    raise EvaluationError("the caller has been answered already")
                self.answer = Answer(inputs["statusCode"], inputs.get("body"))
            case "Wait":
                if inputs["interval"]["unit"] != "Minute":
                    raise EvaluationError(f"a wait in {inputs['interval']['unit']}s")
                self.clock.time += timedelta(minutes=inputs["interval"]["count"])
            case "Terminate":
                raise _Terminated(inputs["runStatus"])
        return inputs

    def ask(self, inputs: Value) -> tuple[str, Value]:
        headers = dict(inputs.get("headers", {}))
        authentication = inputs.get("authentication", {})
        if authentication.get("type") == "Raw":
            headers["Authorization"] = authentication["value"]
        url = inputs["uri"] + ("?" + urlencode(inputs["queries"]) if "queries" in inputs else "")
        body = json.loads(json.dumps(inputs.get("body")))
        request = Request(inputs["method"], url, headers, body, authentication.get("audience"))
        answer: Answer | None = None
        for _ in range(1 + inputs["retryPolicy"].get("count", 0)):
            try:
                answer = self.http(request)
            except NoAnswer:
                continue
            if answer.status not in (408, 429) and answer.status < 500:
                break
        if answer is None:
            return TIMED_OUT, None
        return (SUCCEEDED if 200 <= answer.status < 300 else FAILED), {"statusCode": answer.status, "body": answer.body}

    def holds(self, condition: Any, eyes: _Eyes) -> bool:
        ((operator, operands),) = condition.items()
        match operator:
            case "and":
                return False not in [self.holds(operand, eyes) for operand in operands]
            case "not":
                return not self.holds(operands, eyes)
            case "equals":
                return equal(*eyes.value(operands))
            case "contains":
                return expressions.contains(*eyes.value(operands))
            case _:
                return expressions.starts_with(*eyes.value(operands))


@dataclass(frozen=True)
class _Eyes:
    """What expressions of one action see."""

    execution: _Execution
    frame: _Frame

    def value(self, value: Value) -> Value:
        if isinstance(value, str):
            return evaluate(self.execution.definition.nodes[value], self)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        return value

    def items(self, action: Any) -> list[Value]:
        items = self.value(action["inputs"]["from"])
        if not isinstance(items, list):
            raise EvaluationError(f"an array is needed and not {items!r}")
        return items

    def at(self, item: Value) -> _Eyes:
        return replace(self, frame=replace(self.frame, item=item))

    def parameter(self, name: str) -> Value:
        return self.execution.parameters[name]

    def variable(self, name: str) -> Value:
        return self.execution.values[name]

    def trigger_body(self) -> Value:
        return self.execution.body

    def outputs(self, action: str) -> Value:
        return self.frame.results[action]

    def status(self, action: str) -> str:
        return self.frame.statuses[action]

    def item(self) -> Value:
        return self.frame.item

    def now(self) -> datetime:
        return self.execution.clock.time


def _hidden(action: Any) -> list[str]:
    hidden: list[str] = action.get("runtimeConfiguration", {}).get("secureData", {}).get("properties", [])
    return hidden


def _check_retries(policy: Any, name: str) -> None:
    intervals = {"interval", "minimumInterval", "maximumInterval"}
    _known(policy, {"type", "count", *intervals} if policy["type"] == "exponential" else {"type"}, name)
    if policy["type"] not in ("none", "exponential") or any(
        not re.fullmatch(r"PT[1-9][0-9]*[SM]", policy[interval]) for interval in intervals & set(policy)
    ):
        _refuse(f"{name}: the retry policy {policy} is not known")


def _ordered(actions: Any) -> list[str]:
    """Each action after those that it runs after."""
    order: list[str] = []
    while len(order) < len(actions):
        ready = [name for name in actions if name not in order and set(actions[name]["runAfter"]) <= set(order)]
        if not ready:
            _refuse(f"actions wait for each other: {', '.join(sorted(set(actions) - set(order)))}")
        order += ready
    return order


def _before(actions: Any, name: str, how: set[str]) -> set[str]:
    """What has certainly ended in one of these ways before, among the actions beside it."""
    found: set[str] = set()
    for before, statuses in actions[name]["runAfter"].items():
        if set(statuses) <= how:
            found |= {before, *_before(actions, before, how)}
    return found


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


def _known(value: Iterable[str], keys: set[str], where: str) -> None:
    if unknown := set(value) - keys:
        _refuse(f"{where}: {', '.join(sorted(unknown))} is not known")


def _refuse(why: str) -> NoReturn:
    raise DefinitionError(why)
