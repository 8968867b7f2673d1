"""The locks of images agree with uv.lock and with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RENEW = "run 'uv run --no-project python requirements/lock.py'"
EXPORTED = ("train", "serving", "ci")


def pins(name: str) -> set[tuple[str, str]]:
    """Package and version of each line of requirements/<name>.lock.txt."""
    text = (ROOT / "requirements" / f"{name}.lock.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", text, re.MULTILINE))


def packages(requirements: list[str]) -> set[str]:
    """Names of required packages, as locks write them."""
    names = [re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in requirements]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


@pytest.mark.parametrize("name", EXPORTED)
def test_image_gets_versions_of_uv_lock(name: str) -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    versions = {(package["name"], package.get("version")) for package in lock["package"]}
    assert pins(name) <= versions, RENEW


@pytest.mark.parametrize("name", EXPORTED)
def test_image_gets_every_requirement(name: str) -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = pyproject["dependency-groups"]
    required = groups[name] if name in groups else [*pyproject["project"]["dependencies"], *groups["training"]]
    assert packages(required) <= {package for package, _ in pins(name)}, RENEW


def test_batch_shares_versions_with_serving() -> None:
    if (ROOT / "requirements" / "batch.lock.txt").is_file():
        serving = dict(pins("serving"))
        both = {(package, version) for package, version in pins("batch") if package in serving}
        assert both <= pins("serving"), RENEW
