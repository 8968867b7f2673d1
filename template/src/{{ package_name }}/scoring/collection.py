"""Sends requests and answers to Azure's data collector, for the monitors."""

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger("azmlinfsrv.collection")  # the inference server shows only loggers below its own


class DataCollection:
    """The collections `model_inputs` and `model_outputs`; Azure's monitors find them by these names."""

    def __init__(self) -> None:
        from azureml.ai.monitoring import Collector

        self._inputs = Collector(name="model_inputs", on_error=_log)
        self._outputs = Collector(name="model_outputs", on_error=_log)

    def collect(
        self, inputs: "pd.DataFrame", outputs: Mapping[str, Any], id_column: str | None, ids: list[str] | None
    ) -> None:
        """Queue a request's rows and its answers, joined by a correlation id and, where sent, by the rows' own ids."""
        import pandas as pd

        answers = pd.DataFrame(outputs)
        if id_column is not None and ids is not None:
            inputs, answers = inputs.assign(**{id_column: ids}), answers.assign(**{id_column: ids})
        try:
            self._outputs.collect(answers, self._inputs.collect(inputs))
        except Exception as error:  # the caller gets the answer, whatever fails in the collector
            _log(error)


def from_environment(environment: Mapping[str, str] = os.environ) -> DataCollection | None:
    """Return the collection that the deployment's `data_collector` asks for; None on a laptop, or without one."""
    asked = environment.get("AZUREML_MDC_ENABLED", "").lower() == "true" or environment.get("AZUREML_MDC_CONFIG_PATH")
    if not asked:
        return None
    try:
        return DataCollection()
    except Exception as error:  # as above
        _log(error)
        return None


def _log(error: Exception) -> None:
    logger.warning("data collection: %s", error)
