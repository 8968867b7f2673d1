"""Read a YAML file into a typed model; a mistake is one sentence with file, key, value and rule."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import UserError


class Section(BaseModel):
    """A part of a file: unknown keys are refused, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokenRuleError(ValueError):
    """A rule of a section as a whole is broken by the value of `key`, which is relative to that section."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


# libyaml, where PyYAML has it, takes a tenth of the time; Python's own reader says more of what it refuses.
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

AnySection = TypeVar("AnySection", bound=Section)
Key = tuple[str | int, ...]


def load(path: Path, model: type[AnySection]) -> AnySection:
    """Read and check one file.

    Raises:
        UserError: the file is missing, is not YAML, or a value breaks a rule; one line a mistake.
    """
    label = "/".join(path.parts[-2:])
    return check(read(path, label), model, lambda _: label)


def check(content: Mapping[str, Any], model: type[AnySection], label: Callable[[Key], str]) -> AnySection:
    """Check keys and values that were read; `label` names the file that holds a key.

    Raises:
        UserError: a value breaks a rule; one line a mistake.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        sentences = [_sentence(label, model, problem) for problem in error.errors()]
        raise UserError("\n".join(sentences)) from None


def read(path: Path, label: str) -> dict[str, Any]:
    """Return the keys and values of one file, which messages call `label`.

    Raises:
        UserError: the file is missing, is not YAML, or holds something else.
    """
    try:
        content = _copied(_parsed(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{label}: no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{label}: is not valid YAML: {' '.join(str(error).split())}") from None
    except OSError as error:
        raise UserError(f"{label}: cannot be read: {error.strerror}") from None
    if not isinstance(content, dict):
        raise UserError(f"{label}: must hold keys and values, not {type(content).__name__}")
    return content


@lru_cache(maxsize=256)  # commands read the same files for each environment
def _parsed(text: str) -> Any:
    """Return the content of a text; the caller copies what it changes."""
    try:
        return _document(_FAST(text))
    except yaml.YAMLError:
        return _document(yaml.SafeLoader(text))


def _document(loader: Any) -> Any:
    node = loader.get_single_node()
    _refuse_repeated_keys(node)
    return None if node is None else loader.construct_document(node)


def _copied(value: Any) -> Any:
    """Return lists and mappings of YAML as new ones; what they hold besides cannot be changed."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def suggest(name: str, known: Sequence[str]) -> str:
    """Return a hint for a misspelt name, or nothing; a name in letters of another case or with spaces comes first.

    >>> suggest("Age ", ["page", "age"])
    "; did you mean 'age'?"
    """
    folded = {each.strip().casefold(): each for each in known}
    plain = name.strip().casefold()
    close = [plain] if plain in folded else difflib.get_close_matches(plain, folded, n=1)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


def _refuse_repeated_keys(node: Any) -> None:
    """Refuse a key that is written twice; plain YAML would silently keep the last one."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} is given twice", problem_mark=key.start_mark)
            seen.add(key.value)
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item)


def _sentence(label: Callable[[Key], str], model: type[Section], problem: Any) -> str:
    location: Key = problem["loc"]
    error = problem["ctx"]["error"] if problem["type"] == "value_error" else None
    if isinstance(error, BrokenRuleError):
        location = (*location, *error.key.split("."))
    key = f"{'.'.join(map(str, location))}: " if location else ""
    prefix = f"{label(location)}: {key}"
    if problem["type"] == "missing":
        return f"{prefix}is missing"
    if problem["type"] == "extra_forbidden":
        known = list(_section_at(model, location[:-1]).model_fields)
        return f"{prefix}unknown key{suggest(str(location[-1]), known)}; known: {', '.join(known)}"
    if error is not None:
        return f"{prefix}{error}"
    message, hint = problem["msg"], ""
    if problem["type"] == "literal_error":  # Pydantic lists the words as "'a', 'b' or 'c'"
        hint = suggest(str(problem["input"]), re.findall(r"'([^']*)'", problem["ctx"]["expected"]))
    return f"{prefix}{problem['input']!r} is refused: {message[0].lower()}{message[1:]}{hint}"


def _section_at(model: type[Section], location: Sequence[str | int]) -> type[Section]:
    """Return the section that a path of keys leads to; every key on it is a section, an optional one, or names one."""
    for key in location:
        if str(key) not in model.model_fields:
            continue  # a name that an owner gave to a section, such as a source of data
        annotation = model.model_fields[str(key)].annotation
        types = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]
        model = next(kind for kind in types if issubclass(kind, Section))
    return model
