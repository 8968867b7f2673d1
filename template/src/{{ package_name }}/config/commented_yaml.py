"""Write YAML with comments, and cut a YAML file into its sections with theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True)
class Noted:
    """A value with a comment behind it, and lines of comment below it."""

    value: Any
    comment: str = ""
    below: tuple[str, ...] = ()


def to_yaml(sections: Mapping[str, Any], verbatim: Mapping[str, str] | None = None) -> str:
    """Return the text of a commented YAML file, one blank line between sections.

    Args:
        sections: key -> value, `Noted` where there is a comment, also inside mappings and lists.
        verbatim: key -> text that replaces the section of that key, as it stood in an earlier file.

    >>> print(to_yaml({"seed": 42, "split": {"by": Noted("id", "a hash")}, "slices": Noted([], "none", ("more",))}))
    seed: 42
    <BLANKLINE>
    split:
      by: id # a hash
    <BLANKLINE>
    slices: [] # none
      # more
    <BLANKLINE>
    """
    kept = verbatim or {}
    blocks = [kept[key] if key in kept else "\n".join(_lines(key, value, "")) for key, value in sections.items()]
    return "\n\n".join(blocks) + "\n"


def plain(value: Any) -> Any:
    """Return `value` without its comments.

    >>> plain({"by": Noted("id", "a hash"), "names": [Noted("a", "first")]})
    {'by': 'id', 'names': ['a']}
    """
    if isinstance(value, Noted):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def sections_of(text: str) -> dict[str, str]:
    """Return the lines of each top-level section of a YAML file, with its comments, without blank lines at its end.

    Comments above a section's first line belong to it only if no blank line is between them.

    >>> sections_of("a: 1 # one\\n\\n# of b\\nb:\\n  c: 2\\n")
    {'a': 'a: 1 # one', 'b': '# of b\\nb:\\n  c: 2'}
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        return {}
    lines = text.splitlines()
    starts: list[int] = []
    for key, _ in node.value:
        start = key.start_mark.line
        while starts and start and lines[start - 1].startswith("#"):
            start -= 1
        starts.append(start)
    ends = [*starts[1:], len(lines)]
    return {
        key.value: "\n".join(lines[start:end]).rstrip()
        for (key, _), start, end in zip(node.value, starts, ends, strict=True)
    }


def _lines(key: str, value: Any, indent: str) -> list[str]:
    noted = value if isinstance(value, Noted) else Noted(value)
    inner = indent + "  "
    comment = _comment(noted.comment)
    name = f"{indent}{_scalar(key)}:"
    below = [f"{inner}#{' ' * bool(line)}{_one_line(line)}".rstrip() for line in noted.below]
    if isinstance(noted.value, Mapping) and noted.value:
        return [
            name + comment,
            *(line for k, item in noted.value.items() for line in _lines(str(k), item, inner)),
            *below,
        ]
    if isinstance(noted.value, list) and any(isinstance(item, Noted) for item in noted.value):
        items = [item if isinstance(item, Noted) else Noted(item) for item in noted.value]
        return [
            name + comment,
            *(f"{inner}- {_scalar(item.value)}{_comment(item.comment)}" for item in items),
            *below,
        ]
    return [f"{name} {_scalar(noted.value)}{comment}", *below]


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _comment(text: str) -> str:
    return f" # {_one_line(text)}" if text else ""


def _one_line(text: str) -> str:
    """Characters that YAML does not allow, or that end a line, become a space."""
    return "".join(character if character.isprintable() else " " for character in text).strip()
