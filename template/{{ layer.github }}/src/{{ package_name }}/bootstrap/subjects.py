"""How GitHub names the tokens of jobs: Azure compares the subject letter by letter."""

from typing import Any

from .github import GitHub

DEFAULT = ["repo", "context"]  # the claims of a subject that was not customised


def prefix(hub: GitHub) -> str | None:
    """Return what all subjects of the repository begin with, None while it does not exist.

    GitHub says it; where it does not, names with numeric IDs are its form since July 2026.
    """
    repository = hub.repository()
    if repository is None:
        return None
    if said := _customisation(hub).get("sub_claim_prefix"):
        return str(said)
    owner = repository["owner"]
    return f"repo:{owner['login']}@{owner['id']}/{repository['name']}@{repository['id']}"


def problems(hub: GitHub) -> list[str]:
    """Return why subjects are not `prefix:environment:name`."""
    if hub.repository() is None:
        return []
    found = _customisation(hub)
    keys = found.get("include_claim_keys") or DEFAULT
    if found.get("use_default", True) or keys == DEFAULT:
        return []
    return [
        f"{hub.path.removeprefix('/repos/')} on GitHub: the subject of its tokens is customised ({', '.join(keys)}), and"
        f" Azure would trust another: gh api --method PUT {hub.path}/actions/oidc/customization/sub -F use_default=true"
    ]


def _customisation(hub: GitHub) -> dict[str, Any]:
    found: dict[str, Any] | None = hub.rest.get(f"{hub.path}/actions/oidc/customization/sub", missing=(404,))
    return found or {}
