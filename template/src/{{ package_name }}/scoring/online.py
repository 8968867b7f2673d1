"""Online scoring, called by the Azure ML inference server: `init` once a worker, `run` once a request.

A good request is answered with status 200 and

    {"predictions": [...], "model": {"name": ..., "version": ...}}

and, for a classification, "classes" and "probabilities" (rows, classes) in their order. `observation` may add remarks
on each row. A bad one is answered with 400
(not JSON) or 422 and

    {"error": "a sentence", "row": 0 or null, "column": "name" or null, "rule": "what should have been there"}

Azure's front end turns every status but 200 into 424 and keeps ours in the header `ms-azureml-model-error-statuscode`.
"""

import logging
from typing import Any

import numpy as np
from azureml_inference_server_http.api.aml_response import AMLResponse

from ..observation import observe, remarks
from ..predictions import of_answers
from . import collection, contract, mounted_model
from .request import InvalidRequestError

logger = logging.getLogger("azmlinfsrv.scoring")  # the inference server shows only loggers below its own


class Scorer:
    """Answers requests with one model."""

    def __init__(
        self, model: mounted_model.MountedModel, data_collection: collection.DataCollection | None = None
    ) -> None:
        self.mounted = model
        self.collection = data_collection

    def answer(self, text: str) -> dict[str, Any] | AMLResponse:
        """Return the content of the answer to a request's text; an `AMLResponse` where its status is not 200.

        Raises:
            Exception: the model itself fails on a valid request; the server logs it and answers with 500.
        """
        try:
            rows = contract.parse(text, self.mounted.contract)
        except InvalidRequestError as error:
            return AMLResponse(error.body(), error.status, json_str=True)
        predictions = self.mounted.model.predict(rows.frame)
        probabilities = self.mounted.model.predict_proba(rows.frame)
        figures = predictions if probabilities is None else probabilities
        # JSON has no word for NaN: the client would get a text that it cannot read.
        finite = np.isfinite(figures)
        if not finite.all():
            row = int(np.argwhere(~finite)[0][0])
            message = f"the model's answer to row {row} is not a finite number; this is a fault of the model"
            logger.error("%s %s: %s", self.mounted.name, self.mounted.version, message)
            return AMLResponse({"error": message, "row": row, "column": None, "rule": None}, 500, json_str=True)
        content: dict[str, Any] = {"predictions": predictions.tolist()}
        if probabilities is not None:
            content |= {"classes": list(self.mounted.contract.classes or ()), "probabilities": probabilities.tolist()}
        if self.collection is not None:
            outputs = {"prediction": predictions}
            if probabilities is not None:
                classes = self.mounted.contract.classes or ()
                outputs["probability"] = of_answers(predictions, probabilities, classes)
            observed = observe(self.mounted.model, rows.frame)
            self.collection.collect(observed, outputs, self.mounted.contract.id, rows.ids)
        content |= remarks(self.mounted.model, rows.frame)
        content["model"] = {"name": self.mounted.name, "version": self.mounted.version}
        return content


_scorer: Scorer | None = None


def init() -> None:
    """Load the model, and let it answer once: a model that cannot must not pass the deployment's readiness probe.

    Raises:
        UserError: there is no model to load.
    """
    global _scorer
    model = mounted_model.from_environment()
    rows = contract.check({"data": [contract.example(model.contract)]}, model.contract)
    model.model.predict(rows.frame)
    _scorer = Scorer(model, collection.from_environment())
    logger.info("serving %s version %s", model.name, model.version)


def run(raw_data: str) -> dict[str, Any] | AMLResponse:
    """Answer one request, given as the text of its body."""
    if _scorer is None:
        raise RuntimeError("run() was called before init()")
    return _scorer.answer(raw_data)
