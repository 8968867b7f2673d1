"""Why a deployment failed: the cause named from the ends of its containers' logs and from Azure's own message."""

import re
from dataclasses import dataclass

SHOWN = 200  # characters of the line that tells


@dataclass(frozen=True)
class Cause:
    """A cause, the line that shows it, and what to do."""

    name: str
    evidence: str
    advice: str

    @property
    def sentence(self) -> str:
        """All in one line."""
        return f"{self.name}: {self.evidence}; {self.advice}"


# Most telling first: a container that cannot import ends with failing probes, too. Sources of the patterns: logs in
# issues of Azure/azureml-examples, Azure/azure-cli-extensions and Azure/mlops-v2, and Azure ML's page
# about troubleshooting of endpoints, with its codes of errors.
_CAUSES = (
    (
        "quota",
        r"OutOfQuota|OutOfCapacity|Not enough (?:quota|vCPUs?|cores)|QuotaExceeded|exceed(?:s|ing) approved .* quota"
        r"|Insufficient (?:cpu|memory|nvidia)|subscription does not have enough",
        "ask for quota in the portal, or choose a smaller instance_type or fewer instances",
    ),
    (
        "image",
        r"ImageBuildFailure|Image ?(?:build|pull) ?(?:failure|failed|error)|ErrImagePull|ImagePullBackOff"
        r"|unauthorized: authentication|UserContainerImagePull: Failed|manifest unknown|pull access denied"
        r"|failed to solve:|executor failed running"
        r"|TLS certificate.*registry|ACRTokenFailed",
        "look at the build log of the environment in the studio, and at the endpoint identity's role AcrPull"
        " ('mlops infra roles')",
    ),
    (
        "memory",
        r"MemoryError|OOMKilled|Perhaps out of memory|Out of memory|OutOfMemory|Cannot allocate memory"
        r"|DefaultCPUAllocator: (?:can't|not enough)|exit(?:ed with)? code 137",
        "choose a larger instance_type, or fewer workers (WORKER_COUNT), in azureml/endpoints/",
    ),
    (
        "import",
        r"ModuleNotFoundError: .*|ImportError: .*|cannot import name .*|No module named .*|binary incompatibility.*"
        r"|size changed, may indicate binary.*",
        "the image lacks a package or has another version: compare requirements/serving.lock.txt with the imports",
    ),
    (
        "model path",
        r"must hold one contract\.json.*|AZUREML_MODEL_DIR.*|No such file or directory: '[^']*azureml-models[^']*'"
        r"|ModelDownload: Failed|BlobNotFound|AuthorizationPermissionMismatch"
        r"|(?:File|Model) .*azureml-models.* (?:doesn't exist|not found)|ArtifactPermissionError",
        "the model's files are missing or may not be read: check the version in the registry, and the endpoint"
        " identity's role Storage Blob Data Reader ('mlops infra roles')",
    ),
    (
        "scoring script",
        r"UserScript\w*Exception.*|Exception in (?:init|worker process).*|Worker failed to boot"
        r"|User script .* (?:failed|threw).*",
        "init() of src/score.py failed: the traceback is in the log; try it with 'mlops serve'",
    ),
    (
        "probe",
        r"(?:Liveness|Readiness|Startup) probe failed.*|(?:Liveness|Readiness)ProbeFailed|ResourceNotReady.*probe",
        "the container did not answer in time: raise initial_delay or failure_threshold of the probes, or look for what"
        " init() waits for",
    ),
)


def cause(logs: str, message: str = "") -> Cause | None:
    """Return why a deployment failed, None if nothing tells.

    Args:
        logs: ends of the logs of `inference-server`, and of `storage-initializer`, which fetches model and code.
        message: of Azure, when the operation failed.
    """
    lines = [line.strip() for line in (*logs.splitlines(), *message.splitlines())]
    for name, pattern, advice in _CAUSES:
        for line in reversed(lines):
            if re.search(pattern, line, re.IGNORECASE):
                return Cause(name, line[:SHOWN], advice)
    return None
