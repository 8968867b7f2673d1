from __future__ import annotations

import ast
import html
import json
import re
import shutil
import subprocess
import tomllib

import hcl2
import pytest
import yaml
from hypothesis import example, given
from markdown_it import MarkdownIt

from extensions import literals
from tests.support.texts import BREAKS, INJECTIONS, anything, one_line

pytestmark = pytest.mark.quick


@given(anything)
def test_json_reads_back_the_same_text(value: str) -> None:
    assert json.loads(literals.json_string(value)) == value


@given(anything)
def test_yaml_reads_back_the_same_text(value: str) -> None:
    assert yaml.safe_load(f"key: {literals.yaml_string(value)}  # comment\n") == {"key": value}
    assert yaml.safe_load(f"[{literals.yaml_string(value)}, 1]") == [value, 1]


@given(anything)
def test_toml_reads_back_the_same_text(value: str) -> None:
    assert tomllib.loads(f"key = {literals.toml_string(value)}  # comment\n") == {"key": value}


@given(anything)
def test_python_reads_back_ascii_literals(value: str) -> None:
    literal = literals.python_string(value)
    assert ast.literal_eval(literal) == value
    assert literal.isascii()


def test_ruff_leaves_python_literals_alone() -> None:
    source = "".join(f"x = {literals.python_string(value)}\n" for value in INJECTIONS + BREAKS)
    result = subprocess.run(
        ["ruff", "format", "--no-cache", "--isolated", "--line-length=320", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == source


@given(anything)
def test_bicep_reads_back_the_same_text(value: str) -> None:
    assert _read_bicep(literals.bicep_string(value)) == value


@given(anything)
def test_hcl_string_has_no_interpolation(value: str) -> None:
    literal = literals.hcl_string(value)
    assert "${" not in literal
    assert "%{" not in literal
    assert _read_hcl(literal) == value


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on PATH")
def test_terraform_reads_back_the_same_text() -> None:
    # U+0085 and U+2028 are printed by terraform as they are; NUL is refused in any form.
    values = [value for value in INJECTIONS + BREAKS if "\x00" not in value]
    expression = f"jsonencode([{', '.join(literals.hcl_string(value) for value in values)}])\n"
    result = subprocess.run(
        ["terraform", "console"],
        input=expression,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(json.loads(result.stdout.split("\n", 1)[0])) == values


@given(anything)
def test_hcl_parses_as_an_attribute(value: str) -> None:
    assert list(hcl2.loads(f"key = {literals.hcl_string(value)}\n")) == ["key"]


@given(one_line)
@example("snake_case and _edge_")
@example("1. first")
def test_markdown_shows_the_same_text(value: str) -> None:
    value = " ".join(value.split())
    rendered = (
        MarkdownIt("commonmark", {"html": True})
        .enable(["table", "strikethrough"])
        .render(literals.markdown_text(value) + "\n")
    )
    inner = re.fullmatch(r"<p>(.*)</p>\n", rendered, re.DOTALL) if value else re.fullmatch("()", rendered)
    assert inner, rendered
    assert "<" not in inner[1]
    assert html.unescape(inner[1]) == value


def test_plain_words_stay_readable() -> None:
    text = "Predicts a flight's air-time (in minutes)."
    assert literals.markdown_text(text) == text
    assert literals.yaml_string(text) == f'"{text}"'
    assert literals.hcl_string(text) == f'"{text}"'


def _read_hcl(literal: str) -> str:
    """Resolve the escapes of a quoted HCL template that has no interpolation."""
    return _unescape(literal[1:-1], r'\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt"\\]))', '"')


def _read_bicep(literal: str) -> str:
    assert literal[0] == literal[-1] == "'"
    assert not re.search(r"(?<!\\)(?:\\\\)*\$\{", literal)
    return _unescape(literal[1:-1], r"\\(?:u\{([0-9a-f]+)\}|(?!)()|([nrt'\\$]))", "'")


def _unescape(text: str, escape: str, quote: str) -> str:
    assert quote not in re.sub(escape, "", text)
    assert "\\" not in re.sub(escape, "", text)

    def read(match: re.Match[str]) -> str:
        if code := match[1] or match[2]:
            return chr(int(code, 16))
        return {"n": "\n", "r": "\r", "t": "\t"}.get(match[3], match[3])

    return re.sub(escape, read, text)
