"""azure-ai-ml in tests: what it would make again for each client and each job is made once a test.

A user's process makes one client and submits one job; the tests make thousands of them.
"""

import copy
import gc
import json
import logging
import typing
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare azure-ai-ml repeated work, for one test; what it sends and refuses stays the same."""
    from azure.ai.ml import _ml_client
    from azure.ai.ml._utils import _experimental
    from azure.ai.ml.entities._validation.schema import SchemaValidatableMixin

    _settle()
    if names := getattr(typing, "_get_protocol_attrs", None):  # Python 3.11 asks for them at each isinstance
        monkeypatch.setattr(typing, "_get_protocol_attrs", cache(names))
    # Whether to warn of an experimental class: it reads the sources of the whole stack for each object.
    monkeypatch.setattr(_experimental, "_should_skip_warning", lambda: True)
    for name, made in list(vars(_ml_client).items()):
        if name.startswith("ServiceClient"):  # an MLClient makes seventeen of them, which keep nothing
            monkeypatch.setattr(_ml_client, name, _once(made))
    schemas: dict[Any, Any] = {}

    def schema(entity: Any) -> Any:
        context = entity._default_context()
        key = (type(entity), str(context))
        if key not in schemas:
            schemas[key] = entity._create_schema_for_validation(context=context)
            schemas[key].validate = _remembering(schemas[key].validate)
        return schemas[key]

    monkeypatch.setattr(SchemaValidatableMixin, "_schema_for_validation", property(schema))


def _once(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes one client for each credential, subscription and address."""
    known: dict[Any, Any] = {}

    def made(*, credential: Any, **options: Any) -> Any:
        key = (id(credential), str(sorted(options.items())))
        if key not in known:
            known[key] = (credential, make(credential=credential, **options))  # it is kept, so that its id is its own
        return known[key][1]

    return made


def _remembering(validate: Callable[..., Any]) -> Callable[..., Any]:
    """Return a validation that is done once for the same content, which the runs of a test send again and again."""
    known: dict[str, Any] = {}

    def validated(content: Any, **options: Any) -> Any:
        key = json.dumps([content, options], sort_keys=True, default=repr)
        if key not in known:
            known[key] = validate(content, **options)
        return copy.deepcopy(known[key])

    return validated


@cache
def _settle() -> None:
    """Spare the whole run what no test looks at.

    These are two lines of log for each operation, and rounds of the garbage collector over the SDK's modules.
    """
    logging.getLogger("azure.ai.ml._telemetry").setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()
