"""Tests of an endpoint as it stands in staging: known answers, speed under load, and the project's own gates."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...errors import UserError
from ..client import Azure
from ..deliveries import deliveries, download
from ..operations import Say
from ..problems import translated
from ..tags import MODEL
from .endpoint import Served, UnfitError
from .releases import Release


def test(served: Served, *, say: Say) -> None:
    """Test what serves, and say the figures.

    Raises:
        UserError: nothing serves.
        UnfitError: it answers wrongly, slowly or not at all, or a gate refuses.
    """
    release, name = serving(served)
    say(f"{release.label} on {name}: {served.test(release, name)}")
    with TemporaryDirectory() as folder:
        model = served.download(release, Path(folder) / "model")
        say(gates(served.azure, model, newest(served.azure, Path(folder) / "data")))


def serving(served: Served) -> tuple[Release, str]:
    """Return the release that has most of an endpoint's traffic, and the name of its deployment.

    Raises:
        UserError: there is none, or it is not one of this project's.
    """
    main = served.read().main
    if main is None:
        raise UserError(f"endpoint {served.name}: nothing serves: run 'mlops azure deploy' first")
    found = served.resource(served.deployment_path(main.name)) or {}
    label = (found.get("tags") or {}).get(MODEL, "")
    if not label:
        raise UserError(f"deployment {main.name} of {served.name}: has no tag {MODEL}: it was not made by 'deploy'")
    name, _, version = label.partition(":")
    return Release(name, version, reference(found), dict(found["tags"])), main.name


def reference(deployment: dict[str, Any]) -> str:
    """Return the model of a deployment as the commands name it."""
    model = deployment["properties"]["model"]
    identifier = str(model["assetId"] if isinstance(model, dict) else model)
    if identifier.startswith("azureml:"):
        return identifier
    *_, name, _, version = identifier.split("/")
    return f"azureml:{name}:{version}"


@dataclass(frozen=True)
class Newest:
    """The newest labelled data that an environment has.

    Args:
        path: a data file or a folder of them.
        where: their place, for messages.
        arrived: whether they came after the training.
    """

    path: Path
    where: str
    arrived: bool


def newest(azure: Azure, folder: Path) -> Newest:
    """Return the newest complete delivery to the environment's lake, else the newest data of this checkout.

    Args:
        azure: the environment.
        folder: that a delivery is downloaded to.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    from ... import data_folder

    with translated(azure, f"deliveries in {azure.config.names.data_lake}"):
        delivered = deliveries(azure)
    if delivered:
        last = max(delivered, key=lambda each: (each.at, each.path))
        return Newest(download(azure, last, folder), last.path, arrived=True)
    project = azure.project
    windows = data_folder.windows(project.production)
    path = windows[-1] if windows else project.root / "data" / "train"
    where = f"{project.relative(path)} (nothing was delivered to {azure.config.names.data_lake})"
    return Newest(path, where, arrived=bool(windows))


def gates(azure: Azure, model: Path, data: Newest) -> str:
    """Check data, and how a model serves each slice of them; return the findings in words.

    Args:
        azure: for the configuration.
        model: the model folder.
        data: what both are tested on.

    Raises:
        UnfitError: the data break a rule, or the model treats slices too differently.
    """
    from ... import models, predictions, slices
    from ...config.project import load
    from ...steps.validate_data import inspect

    config, where = load(azure.project.config_path), data.where
    # New data are judged as a monitor does, those of the training as the gate does.
    limit = config.monitoring.slice_gap if data.arrived else config.gate.maximum_slice_gap
    found, quality = inspect(data.path, config, thorough=True)
    if quality.errors:
        raise UnfitError(f"data quality: {where}: {'; '.join(quality.errors[:3])}")
    loaded = models.load(model)
    table = found.frame.join(predictions.predict(loaded, found.frame))
    measured = slices.measure(
        table,
        config.slices,
        config.columns.target,
        loaded.contract.classes,
        metric=config.metric.name,
        limit=limit,
        minimum_rows=config.gate.slice_rows,
        positive=config.decision.positive,
    )
    if measured.largest_gap is not None and measured.largest_gap > measured.limit:
        raise UnfitError(f"responsible AI: {where}: {measured.summary}")
    return f"{where}: {quality.summary}; {measured.summary}"
