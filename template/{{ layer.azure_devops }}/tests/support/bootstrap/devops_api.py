"""What is published about Azure DevOps (devops_api.yml); a call that is not in it is refused."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..azure.transport import Request
from .ci_fake_answers import refusal

PUBLISHED: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("devops_api.yml").read_text(encoding="utf-8"))
GUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
RIGHTS: dict[str, dict[str, tuple[int, str]]] = {
    each["id"]: {name: tuple(right) for name, right in each["rights"].items()}
    for each in PUBLISHED["namespaces"].values()
}
TOKENS = {each["id"]: each["token"].replace("{guid}", GUID) for each in PUBLISHED["namespaces"].values()}


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path.replace("{path}", ".+")), re.IGNORECASE)


_CALLS = [
    (call.partition(" ")[0], _pattern(call.partition(" ")[2]), found) for call, found in PUBLISHED["calls"].items()
]


def refuse_unpublished(request: Request, path: str) -> None:
    """Refuse a call with another version, or with a name in its query or body, than what is published.

    Args:
        request: the call.
        path: below the organisation.
    """
    published = _published(request.method, path)
    if published is None:
        raise refusal(404, "VssResourceNotFoundException", f"devops_api.yml has no {request.method} {path}")
    version, query = request.query.get("api-version"), request.query.keys() - {"api-version"}
    if version != published["version"]:
        raise refusal(400, "VssVersionNotSpecifiedException", f"{path} has version {published['version']}: {version}")
    names = (published.get("query") or "").split()
    missing = {name[:-1] for name in names if name.endswith("!")} - query
    unknown = query - {name.rstrip("!") for name in names}
    if isinstance(request.body, dict):
        unknown |= request.body.keys() - set((published.get("body") or "").split())
    if missing or unknown:
        raise refusal(400, "InvalidArgument", f"{path}: unknown {sorted(unknown)}, missing {sorted(missing)}")


@cache
def _published(method: str, path: str) -> dict[str, Any] | None:
    return next((found for verb, pattern, found in _CALLS if verb == method and pattern.fullmatch(path)), None)
