"""Answers in the form of Azure DevOps."""

from typing import Any

from ..azure.transport import Reply

Json = dict[str, Any]


def refusal(status: int, code: str, message: str = "refused") -> Reply:
    """Return a refusal in the form of Azure DevOps."""
    return Reply(status, {"typeKey": code, "message": message, "errorCode": 0})
