"""Load a file of azureml/ with azure-ai-ml; its errors are pages around one line."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..pipeline.yaml_reader import reason as reason


@contextmanager
def quiet() -> Iterator[None]:
    """Keep azure-ai-ml from announcing experimental classes and marshmallow from warning by the hundred."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def load(path: Path, kind: str) -> Any:
    """Return what azure-ai-ml makes of a file; the exceptions are its own.

    Args:
        path: the file.
        kind: as `subjects.kind_of` tells.
    """
    from azure.ai.ml import (
        load_batch_endpoint,
        load_component,
        load_data,
        load_environment,
        load_job,
        load_online_deployment,
        load_online_endpoint,
    )

    # Without public names: the loaders of `type: model` and of schedules.
    from azure.ai.ml.entities._load_functions import load_model_batch_deployment, load_schedule

    loaders: dict[str, Callable[[Path], Any]] = {
        "batch_endpoint": load_batch_endpoint,
        "command_component": load_component,
        "data": load_data,
        "environment": load_environment,
        "job_schedule": load_schedule,
        "model_batch_deployment": load_model_batch_deployment,
        "monitor_schedule": load_schedule,
        "pipeline_job": load_job,
    }
    if kind.endswith("_online_endpoint"):
        return load_online_endpoint(path)
    if kind.endswith("_online_deployment"):
        return load_online_deployment(path)
    if kind not in loaders:
        raise ValueError("$schema: is of no kind that this project uses")
    return loaders[kind](path)
