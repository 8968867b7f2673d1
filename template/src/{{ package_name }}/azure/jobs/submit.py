"""Train in Azure: the pipeline azureml/pipelines/train.yml as one job."""

from datetime import UTC, datetime

from ...errors import UserError
from ..client import Azure
from ..definitions import assets, values
from ..definitions.sync import sync
from ..operations import Say, recorded
from ..tags import CHAMPION
from . import champion as champions
from . import submission
from .runs import Job, Runs

TRAIN, RETRAIN = "train", "retrain"  # purposes
PRODUCTION = "azureml/data/production.yml"


def submit(
    azure: Azure,
    *,
    say: Say,
    data: str | None = None,
    override: str | None = None,
    again: bool = False,
    dry_run: bool = False,
) -> Job | None:
    """Submit training once, and return its job; None from a dry run.

    The same code, configuration, data and champion ask for the same job, whoever asks. `watch` goes on from what the
    job's tags say.

    Args:
        azure: where to train.
        say: receives every line for the user.
        data: NAME:VERSION of a data asset, or an address; default: the data of this repository.
        override: why a challenger that the gate refuses is let through.
        again: train although a completed job did the same.
        dry_run: only say what would be done.

    Raises:
        AzureProblemError, AzureFailedError: Azure refused or failed.
        UserError: a file cannot be filled in.
    """
    sync(azure, say=say, dry_run=dry_run)
    workspace = azure.config.names.workspace
    with recorded(azure, "submit", workspace, say=say, reason=override, dry_run=dry_run) as operation:
        inputs: dict[str, object] = {"override_reason": override}
        if data:
            inputs["data"] = {"type": "uri_folder", "path": path_of(data)}
        pipeline = with_champion(azure, TRAIN, inputs, say)
        return submission.submit(azure, operation, pipeline, repeat=again)


def path_of(data: str) -> str:
    """Return data as the path of a job's input.

    >>> path_of("flights-train:3"), path_of("azureml://datastores/curated/paths/flights/")
    ('azureml:flights-train:3', 'azureml://datastores/curated/paths/flights/')
    """
    return data if data.startswith("azureml:") or "://" in data else f"azureml:{data}"


def with_champion(
    azure: Azure, purpose: str, inputs: dict[str, object], say: Say, again: str = ""
) -> submission.Pipeline:
    """Return the training pipeline, with the champion that its challenger must beat."""
    best = champions.champion(azure)
    if best:
        inputs["champion"] = {"type": "mlflow_model", "path": champions.address(best)}
    say(f"champion: {best.label} of {best.place.name}" if best else "champion: none yet")
    return submission.prepare(azure, purpose, inputs, {CHAMPION: best.label} if best else {}, again=again)


def wait(azure: Azure, job: Job, *, minutes: float, say: Say) -> Job:
    """Return a job once it has completed; see `Runs.follow`."""
    return Runs(azure).follow(job.name, minutes=minutes, say=say)


def retrain(
    azure: Azure,
    *,
    say: Say,
    key: str | None = None,
    reason: str | None = None,
    override: str | None = None,
    again: bool = False,
    dry_run: bool = False,
) -> Job | None:
    """Submit training on the production data, and return its job; None from a dry run.

    The folder of production data grows while its asset stays: the day, or a key of the caller's, tells requests apart.

    Args:
        azure: an environment whose jobs read production data.
        say: receives every line for the user.
        key: of what asks for it, such as a monitor's run; default: today's date in UTC.
        reason: why; an override's reason goes before it.
        override: why a challenger that the gate refuses is let through.
        again: train although a completed job did the same.
        dry_run: only say what would be done.

    Raises:
        UserError: jobs of this environment may not read production data.
        AzureProblemError, AzureFailedError: Azure refused or failed.
    """
    if why := values.unwanted(azure.config, PRODUCTION):
        raise UserError(f"{why}: its jobs may not read production data; retrain in another environment")
    sync(azure, say=say, dry_run=dry_run)
    why = override or reason
    with recorded(azure, RETRAIN, azure.config.names.workspace, say=say, reason=why, dry_run=dry_run) as operation:
        asset = assets.fill(azure.project, azure.config, azure.project.root / PRODUCTION)
        data = {"type": "uri_folder", "path": f"azureml:{asset['name']}:{asset['version']}"}
        inputs: dict[str, object] = {"override_reason": override, "data": data}
        pipeline = with_champion(azure, RETRAIN, inputs, say, again=key or f"{datetime.now(UTC):%Y-%m-%d}")
        return submission.submit(azure, operation, pipeline, repeat=again)
