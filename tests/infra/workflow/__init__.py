"""The part of Azure Logic Apps that the events' definitions use, so that tests can run them without Azure.

Stricter than Azure where it differs: what is not known here is an error, and so is an action that refers to one that
has not certainly run before it.
"""

from tests.infra.workflow.engine import Answer, Clock, Definition, NoAnswer, Request, Run
from tests.infra.workflow.errors import DefinitionError

__all__ = ["Answer", "Clock", "Definition", "DefinitionError", "NoAnswer", "Request", "Run"]
