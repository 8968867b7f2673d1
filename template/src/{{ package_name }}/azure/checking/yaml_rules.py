"""Rules for Azure ML's YAML that azure-ai-ml does not apply when it loads a file; rules/*.yml hold them.

A file is looked at as subjects: mappings of one kind, such as a deployment, a step of a pipeline, a signal of a
monitor.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ...config import yaml_file

FOLDER = Path(__file__).with_name("rules")
ABSENT = object()
REFUSED_BY = {
    "client": "azure-ai-ml refuses it",
    "service": "Azure refuses it",
    "ignored": "it has no effect",
    "breaks later": "it fails later",
    "unknown": "not to be combined",
}


@dataclass(frozen=True)
class Subject:
    """A mapping of one kind.

    Args:
        kind: a key of `kinds` in a table.
        content: keys and values.
        prefix: of its keys in the file, such as `jobs.train.`.
        within: the kind of the file, whose rules count too.
        facts: what rules ask of other places, by the words of the rule: the key to show, and the value.
    """

    kind: str
    content: Mapping[str, Any]
    prefix: str = ""
    within: str = ""
    facts: Mapping[str, tuple[str, Any]] = field(default_factory=dict)

    def fact(self, words: str) -> Any:
        """Return what the words of a rule stand for; None where it is not known."""
        return self.facts.get(words, ("", None))[1]

    def values(self, path: str) -> Iterator[tuple[str, Any]]:
        """Yield each key that a path leads to, as it stands in the file, with its value."""
        if path in self.facts:
            yield self.facts[path]
        elif path:
            for key, value in _values(self.content, path):
                yield self.prefix + key, value
        else:
            yield self.prefix.rstrip("."), self.content


def problems(subject: Subject) -> Iterator[str]:
    """Yield a sentence for each mistake: key, value, rule."""
    kinds, rules = tables()
    kind = kinds.get(subject.kind, {})
    broken: set[str] = set()
    for rule in rules:
        if {subject.kind, subject.within} & set(rule["kinds"]) and all(
            _holds(subject, test) for test in rule.get("when", ())
        ):
            for test in rule["then"]:
                for key, said in _violations(subject, test, kind):
                    broken.add(key)
                    yield f"{key}: {said}: {rule['why']} ({REFUSED_BY[rule['refused_by']]}; rule {rule['id']})"
    for key, sentence in _of_kind(subject, kind) if kind else ():
        if key not in broken:
            yield f"{key}: {sentence}"


@cache
def tables() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the kinds by name and all rules."""
    kinds: dict[str, Any] = {}
    rules: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "rules" in content:
            kinds |= content["kinds"]
            rules += content["rules"]
    return kinds, rules


def _of_kind(subject: Subject, kind: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield unknown and missing keys, and values that an enumeration, a range or a pattern refuses."""
    name = subject.kind.replace("_", " ")
    for path, known in {"": kind["fields"], **kind.get("nested_fields", {})}.items():
        for key, value in subject.values(path):
            for given in value if isinstance(value, dict) else ():
                if given not in known:
                    hint = yaml_file.suggest(str(given), known)
                    yield f"{key}.{given}".lstrip("."), f"unknown key{hint}; a {name} has {', '.join(known)}"
    for needed in kind.get("required", ()):
        if needed not in subject.content:
            yield subject.prefix + needed, f"is missing: a {name} needs it"
    for path, words in kind.get("enums", {}).items():
        for key, value in subject.values(path):
            if not isinstance(value, dict) and str(value).lower() not in words:
                yield key, f"{value!r} is refused: must be one of {', '.join(words)}"
    for path, (low, high) in kind.get("ranges", {}).items():
        for key, value in subject.values(path):
            for number in value if isinstance(value, list) else [value]:
                if isinstance(number, int | float) and not _within(number, low, high):
                    limits = f"at least {low}" if high is None else f"{low} to {high}"
                    yield key, f"{number!r} is refused: must be {limits}"
    for path, pattern in kind.get("patterns", {}).items():
        for key, value in subject.values(path):
            if not re.search(pattern, str(value)):
                yield key, f"{value!r} is refused: must match {pattern}"


def _within(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def _values(content: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values that a path leads to; `*` is any key, `**` any depth; a key may hold dots."""
    if not isinstance(content, dict):
        return
    if path in content:
        yield path, content[path]
        return
    first, _, rest = path.partition(".")
    if first == "**":
        yield from _values(content, rest)
        for key, value in content.items():
            yield from ((f"{key}.{below}", found) for below, found in _values(value, path))
        return
    for key in content if first == "*" else [first] if first in content else []:
        if rest:
            yield from ((f"{key}.{below}", found) for below, found in _values(content[key], rest))
        else:
            yield str(key), content[key]


def _holds(subject: Subject, test: list[Any]) -> bool:
    """Return whether a test of `when` holds."""
    path, operation, *expected = test
    values = [value for _, value in subject.values(path)]
    if operation == "present":
        return any(value is not None for value in values)
    wanted = expected[0] if operation == "in" else [expected[0]]
    return any(value in wanted for value in values) or (not values and None in wanted)


def _violations(subject: Subject, test: list[Any], kind: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield key and mistake for each value that breaks a test of `then`."""
    path, operation, *rest = test
    expected: Any = rest[0] if rest else None
    if operation.startswith("present"):
        if subject.fact(operation.removeprefix("present or ")):
            return
        above, _, name = path.rpartition(".")
        parents = list(subject.values(above)) or [(subject.prefix + above, {})]
        for key, parent in parents if "*" not in above or list(subject.values(above)) else []:
            if not isinstance(parent, dict) or parent.get(name) is None:
                yield f"{key}.{name}".lstrip("."), "is missing"
        return
    found = list(subject.values(path))
    if operation in ("eq", "in") and not found:
        wanted = expected if operation == "in" else [expected]
        if None not in wanted and "*" not in path:
            yield subject.prefix + path, f"is missing, must be {_shown(wanted)}"
        return
    if operation == "keys_in":
        known = kind["fields"] if expected == "fields" else kind["nested_fields"][path]
        for key, value in found:
            for given in (each for each in value if each not in known) if isinstance(value, dict) else ():
                yield f"{key}.{given}".lstrip("."), f"unknown key{yaml_file.suggest(str(given), known)}"
        return
    for key, value in found:
        for place, leaf in _leaves(key, value) if operation in ("gt", "le") else [(key, value)]:
            if not OPERATIONS[operation](leaf, expected, subject):
                yield place, f"{_shown(leaf)} is refused"


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(f"{key}.{name}", item)
    else:
        yield key, value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(repr(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    return repr(value)


def _matches(value: Any, pattern: str, subject: Subject) -> bool:
    pattern = pattern.replace("<monitor name>", re.escape(str(subject.content.get("name"))))
    texts = value if isinstance(value, list) else [value]
    return all(re.search(pattern, str(text)) for text in texts)


def _literal_matches(value: Any, pattern: str, _: Subject) -> bool:
    return isinstance(value, dict) or re.search(pattern, str(value)) is not None


def _below(value: Any, words: str, subject: Subject) -> bool:
    limits = subject.fact(words) or {}
    return all(
        quantity(value[name]) < quantity(limits[name])
        for name in ("cpu", "memory")
        if isinstance(value, dict) and name in value and name in limits
    )


def quantity(text: object) -> float:
    """Return a quantity of CPU or memory as a number; a text that is none is larger than all.

    >>> quantity("500m"), quantity("2Gi"), quantity(1)
    (0.5, 2147483648.0, 1.0)
    """
    found = re.fullmatch(r"([0-9.]+)(m|[kMGT]i?)?", str(text))
    if found is None:
        return float("inf")
    units = {None: 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    units |= {"ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
    return float(found[1]) * units[found[2]]


def _covers(value: Any, words: str, subject: Subject) -> bool:
    return set(subject.fact(words) or ()) <= set(value)


OPERATIONS: Mapping[str, Callable[[Any, Any, Subject], bool]] = {
    "absent": lambda value, _, __: False,
    "eq": lambda value, expected, _: bool(value == expected),
    "in": lambda value, expected, _: value in expected,
    "not_in": lambda value, expected, _: value not in expected,
    "matches": _matches,
    "not_matches": lambda value, pattern, _: re.search(pattern, str(value)) is None,
    "literal_matches": _literal_matches,
    "le": lambda value, limit, _: not isinstance(value, int | float) or value <= limit,
    "gt": lambda value, limit, _: not isinstance(value, int | float) or value > limit,
    "type": lambda value, _, __: isinstance(value, str),  # the only type that a rule asks for
    "max_items": lambda value, most, _: len(value) <= most,
    "sum_in": lambda value, sums, _: sum(value.values()) in sums,
    "below": _below,
    "covers": _covers,
}
