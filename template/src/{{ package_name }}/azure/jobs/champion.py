"""The champion in Azure: the model that serves in production, which a challenger must beat."""

from .. import models, serving
from ..client import Azure, connect
from ..problems import AzureProblemError
from ..tags import STAGED


def champion(azure: Azure, besides: str = "") -> models.Version | None:
    """Return the version of the registry that serves in prod; else the newest promoted one; None before the first.

    `besides` is the NAME:VERSION of a candidate, which is not its own champion.

    Whoever trains in dev may be no reader of prod, which then does not answer: the registry, which all environments
    share, has what was promoted. A version that staging refused is none.

    Raises:
        AzureProblemError, AzureFailedError: the registry may not be read, or Azure failed.
    """
    place, name = models.registry(azure), model_name(azure)
    try:
        prod = connect(azure.project, "prod") if azure.config.environment.name != "prod" else azure
        serving_now = [each.serving.model for each in serving.endpoints(prod) if each.serving]
    except AzureProblemError:
        serving_now = []
    for label in serving_now:
        served, _, version = label.partition(":")
        if served == name and label != besides and (found := models.find(azure, place, name, version)):
            return found
    promoted = [each for each in models.versions(azure, place, name) if each.tags.get(STAGED) != "refused"]
    return next((each for each in promoted if each.label != besides), None)


def model_name(azure: Azure) -> str:
    """Return the name under which this project's pipeline registers its models."""
    from ..definitions import assets

    pipeline = assets.fill(azure.project, azure.config, azure.project.pipeline)
    return str(pipeline["inputs"]["model_name"])


def address(found: models.Version) -> str:
    """Return a version of the registry as an input of a job."""
    return f"azureml://registries/{found.place.name}/models/{found.name}/versions/{found.version}"
