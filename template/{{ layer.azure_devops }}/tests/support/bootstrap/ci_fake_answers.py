"""Answers in the form of Azure DevOps."""

from typing import Any

from ..azure.transport import Reply, Request

Json = dict[str, Any]


def refusal(status: int, code: str, message: str = "refused") -> Reply:
    """Return a refusal in the form of Azure DevOps."""
    return Reply(status, {"typeKey": code, "message": message, "errorCode": 0})


def only(body: Json, known: str) -> None:
    """Refuse a body with a field that the specification does not have."""
    if unknown := set(body) - set(known.split()):
        raise refusal(400, "InvalidArgument", f"unknown fields {sorted(unknown)}")


def previewed(request: Request) -> None:
    """Refuse a call whose version is not a preview's."""
    if "preview" not in request.query["api-version"]:
        raise refusal(400, "VssInvalidPreviewVersionException", "the -preview flag must be supplied")
