from __future__ import annotations


class DefinitionError(Exception):
    """Azure would refuse to save this definition, or this simulator does not know what it says."""


class EvaluationError(Exception):
    """An expression that has no value: the action that holds it fails."""
