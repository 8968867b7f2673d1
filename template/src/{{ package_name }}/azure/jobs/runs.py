"""Jobs of Azure ML while they run and after: status, steps, logs, and what a failure comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any

from ...errors import GateRefusedError, StepFailedError, UserError
from ...figures import plural
from .. import waiting
from ..client import Azure
from ..problems import translated

ENDED = ("Completed", "Failed", "Canceled", "NotResponding")
PAUSE = 20.0  # seconds between looks
LINES = 30  # of a failed step's log that are shown
REUSED = "azureml.reusedrunid"  # property of a run, as azure-ai-ml's PipelineConstants.REUSED_JOB_ID

Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """A job as it stands; `link` leads to it in the studio."""

    name: str
    status: str
    tags: Mapping[str, str]
    link: str
    created: str

    @property
    def ended(self) -> bool:
        """Whether its status will not change."""
        return self.status in ENDED


@dataclass(frozen=True)
class Step:
    """A step of a pipeline job; `origin` is the run whose outputs it reuses, if it did not run itself."""

    name: str
    run: str
    status: str
    origin: str = ""


@dataclass(frozen=True)
class Runs:
    """The jobs of an environment's workspace."""

    azure: Azure

    def find(self, name: str) -> Job | None:
        """Return a job, None if there is none of that name.

        Raises:
            AzureProblemError, AzureFailedError: Azure refused or failed.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with translated(self.azure, f"job {name}"):
            try:
                return job(self.azure.call("GET", f"{self.azure.workspace_id}/jobs/{name}").body)
            except ResourceNotFoundError as error:
                if error.error and error.error.code == "ParentResourceNotFound":
                    raise
                return None

    def must(self, name: str) -> Job:
        """Return a job.

        Raises:
            UserError: there is none of that name.
        """
        found = self.find(name)
        if found is None:
            env, workspace = self.azure.config.environment.name, self.azure.config.names.workspace
            raise UserError(f"{workspace}: job {name}: does not exist; 'mlops azure status --env {env}' lists the last")
        return found

    def status(self, name: str) -> str:
        """Return the status of a run of any kind."""
        with translated(self.azure, f"job {name}"):
            return str(self._details(name)["status"])

    def steps(self, name: str) -> list[Step]:
        """Return the steps of a pipeline job that have begun."""
        with translated(self.azure, f"steps of job {name}"):
            answer = self.azure.call("GET", f"{self._history}/runs/{name}/children", version=None).body
        return [_step(each) for each in answer.get("value", [])]

    def log(self, run: str, lines: int = LINES) -> str:
        """Return the end of the log of a step; empty where it has written none."""
        with translated(self.azure, f"log of {run}"):
            files: Mapping[str, str] = self._details(run).get("logFiles") or {}
            name = min((each for each in files if "std_log" in each), default=None) or min(files, default=None)
            if name is None:
                return ""
            text = self.azure.call("GET", files[name], version=None, scope=None).body  # the address is signed
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text or "")
        return "\n".join(text.rstrip().splitlines()[-lines:])

    def follow(self, name: str, *, minutes: float, say: Say) -> Job:
        """Wait until a job has ended, saying which steps begin and end; return it completed.

        Raises:
            StepFailedError: it failed, or has not ended in time (then it goes on).
            GateRefusedError: its gate refused the model.
            UserError: it was canceled.
            KeyboardInterrupt: after a line that says what is left running.
        """
        began, said = monotonic(), dict[str, str]()
        try:
            while (status := self.status(name)) not in ENDED:
                self._say_steps(name, said, say)
                if monotonic() - began > minutes * 60:
                    raise StepFailedError(
                        f"job {name} has not ended within {plural(round(minutes), 'minute')}; it goes on: wait again"
                        f" with the same command, or look with 'mlops azure logs --job {name}"
                        f" --env {self.azure.config.environment.name}'"
                    )
                waiting.pause(PAUSE)
        except KeyboardInterrupt:
            say(f"interrupted; left running in Azure: job {name}")
            raise
        self._say_steps(name, said, say)
        if status != "Completed":
            raise self.failure(self.must(name), status)
        return self.must(name)

    def failure(self, found: Job, status: str) -> UserError:
        """Return the error of a job that did not complete: its step, what that said, and where to look."""
        failed = next((step for step in self.steps(found.name) if step.status == "Failed"), None)
        if failed is None:
            return StepFailedError(f"job {found.name}: {status.lower()} before or between its steps: {found.link}")
        log = self.log(failed.run)
        if failed.name == "gate" and (refusal := _said_by(log, GateRefusedError)):
            return GateRefusedError(f"{refusal}\njob {found.name}: {found.link}")
        ending = f"its log ends with:\n{log}\n" if log else "it has written no log\n"
        return StepFailedError(f"job {found.name}: step {failed.name!r} failed; {ending}{found.link}")

    def _say_steps(self, name: str, said: dict[str, str], say: Say) -> None:
        for step in self.steps(name):
            if said.get(step.run) != step.status:
                said[step.run] = step.status
                say(f"{step.name}: {step.status}")

    @cached_property
    def _history(self) -> str:
        """The address of run history, which the workspace names."""
        workspace = self.azure.call("GET", self.azure.workspace_id).body["properties"]
        services = self.azure.call("GET", workspace["discoveryUrl"], version=None).body
        return f"{services['api']}/history/v1.0{self.azure.workspace_id}"

    def _details(self, run: str) -> Any:
        return self.azure.call("GET", f"{self._history}/runs/{run}/details", version=None).body


def job(body: Any) -> Job:
    """Return a job of Azure Resource Manager's answer."""
    properties = body["properties"]
    studio = ((properties.get("services") or {}).get("Studio") or {}).get("endpoint") or ""
    created = (body.get("systemData") or {}).get("createdAt", "")
    return Job(body["name"], properties.get("status", ""), properties.get("tags") or {}, studio, str(created))


def _step(run: Mapping[str, Any]) -> Step:
    origin = (run.get("properties") or {}).get(REUSED) or ""
    shown = str(run.get("displayName") or run.get("name") or run["runId"])
    return Step(step_name(shown), str(run["runId"]), str(run.get("status", "")), str(origin))


def step_name(shown: str) -> str:
    """Return a step's name as the pipeline has it; a run may show the title of its component instead.

    >>> step_name("Validate data"), step_name("validate_data")
    ('validate_data', 'validate_data')
    """
    return "_".join(shown.lower().replace("-", " ").split())


def _said_by(log: str, error: type[UserError]) -> str | None:
    """Return what a step's last message of an error says, without its beginning."""
    start = f"{error.__name__}: "
    lines = log.splitlines()
    found = [number for number, line in enumerate(lines) if line.startswith(start)]
    return "\n".join(lines[found[-1] :]).removeprefix(start) if found else None
