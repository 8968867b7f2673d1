"""This project's workflows on GitHub in memory: which event starts which, and what each job of a run is given."""

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..azure.ci_system import REPOSITORY, CiSystem
from ..azure.transport import Reply, Request
from ..bootstrap.world import World
from .entra import AUDIENCE, signed
from .expressions import Context, condition, filled
from .pipeline import Event, Job, NotUnderstoodError, Run, Step
from .place import Place

TOKEN_OF_JOB = "token-of-the-job"
ISSUER = "https://token.actions.githubusercontent.com"
PROVIDER = "pipelines.actions.githubusercontent.com"
HERE = "$/.github/"  # of this repository
# They set a machine up, as the tests' own is; commands of the project sign in by themselves.
REPLACED = {"actions/checkout", "actions/setup-python", "azure/login"}
WRITES = {"dispatches": "actions", "issues": "issues"}  # part of a path -> permission of a job's token


@cache
def _parsed(text: str) -> Any:
    """Return the content of a file, to read only: a walk asks for each some twenty times."""
    return yaml.load(text, Loader=yaml.BaseLoader)


class StoryCi:
    """The repository that bootstrap has made, with GitHub Actions in it.

    Attributes:
        system: issues, and runs as looks find them.
    """

    def __init__(self, world: World, place: Place) -> None:
        self.fake = world.ci
        self.place = place
        self._folder = world.project.root / ".github"
        with pytest.MonkeyPatch.context() as passing:
            self.system = CiSystem(place, passing)
        self.system.workflows = []
        place.hosts[:0] = [(r"api\.github\.com", self._answer), (re.escape(PROVIDER), self._give_token)]
        self._runs: list[Run] = []  # that were dispatched
        self._taken = 0
        self._job: Job | None = None  # that runs now

    def triggered(self, event: Event) -> list[Run]:
        """Return the runs that an event on main starts."""
        found = []
        for path in sorted((self._folder / "workflows").glob("*.yml")):
            on: Any = self._file(f"workflows/{path.name}")["on"]
            if event.reason not in on:
                continue
            trigger = on[event.reason] or {}
            if event.reason == "schedule":
                starts = event.cron in [each["cron"] for each in trigger]
            else:
                if trigger.get("branches", ["main"]) != ["main"]:
                    raise NotUnderstoodError(f"{path.name}: branches {trigger['branches']}")
                patterns = trigger.get("paths", ["**"])
                starts = any(fnmatch.fnmatch(each, pattern) for each in event.paths for pattern in patterns)
            if starts:
                found.append(Run(path.stem, event=event))
        return found

    def dispatch(self, pipeline: str, **inputs: str) -> Run:
        """Start a workflow by hand."""
        return self._started(f"{pipeline}.yml", inputs)

    def arrived(self) -> list[Run]:
        """Return the runs that were dispatched since the last call, by bootstrap or by looks."""
        assert self.fake.repository
        for file in self.fake.repository.runs[len(self._runs) :]:
            self._runs.append(self._started(file, {}))
        new = self._runs[self._taken :]
        self._taken = len(self._runs)
        return new

    def titles(self) -> list[str]:
        """Return the titles of the open issues."""
        return self.system.titles()

    def state(self) -> object:
        """Return a copy of issues and runs."""
        return {number: dict(each) for number, each in self.system.issues.items()}, len(self._runs)

    def ended(self, run: Run) -> None:
        """Let a run be over."""
        self.system.finished.add(run.name)

    def jobs(self, run: Run) -> Iterator[Job]:
        """Yield the jobs of a run when they start; their results decide which ones follow."""
        content = self._file(f"workflows/{run.pipeline}.yml")
        for name, job in _ordered(content["jobs"]):
            needs = job.get("needs", [])
            before = [needs] if isinstance(needs, str) else needs
            context = self._context(run, before)
            status = _status([run.results[each] for each in before])
            if not condition(job.get("if", ""), context, status):
                run.results[name] = "skipped"
                continue
            run.results[name] = "success"
            outputs: dict[str, str] = {}
            for label, variant, values in self._variants(name, job):
                started = self._job_of(label, variant, {**context, **values}, content.get("env", {}))
                self._job = started
                yield started
                self._job = None
                if started.result != "success":
                    run.results[name] = started.result
                steps = {step: {"outputs": found} for step, found in started.handed_on.items()}
                outputs |= {key: filled(text, {"steps": steps}) for key, text in variant.get("outputs", {}).items()}
            run.outputs[name] = outputs

    def variables(self, job: Job, folder: Path) -> dict[str, str]:
        """Return what a runner adds to the variables of a job's steps; `folder` is the step's own."""
        found = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": "ada",
            "GITHUB_RUN_ID": "17",
            "GITHUB_REPOSITORY": self._repository,
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }
        if "id-token: write" in job.rights:
            found["ACTIONS_ID_TOKEN_REQUEST_URL"] = f"https://{PROVIDER}/token?api-version=2.0"
            found["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = TOKEN_OF_JOB
        return found

    def handed_on(self, output: str, folder: Path) -> dict[str, str]:
        """Return what a step gave to later ones."""
        path = folder / "output"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines)

    def subscription(self, job: Job) -> str:
        """Return the subscription in which `az` is signed in, empty where it is not."""
        return str(self._variables(job.environment).get("AZURE_SUBSCRIPTION_ID", ""))

    @property
    def _repository(self) -> str:
        return f"{self.fake.owner['login']}/{self.fake.name}"

    def _file(self, name: str) -> Any:
        return _parsed((self._folder / name).read_text(encoding="utf-8"))

    def _context(self, run: Run, before: list[str]) -> Context:
        event = run.event or Event("workflow_dispatch")
        given: dict[str, Any] = {"schedule": event.cron} if event.cron else {}
        if event.reason == "pull_request":
            given["pull_request"] = {"head": {"repo": {"full_name": self._repository}}}
        pulled = event.reason == "pull_request"
        return {
            "github": {
                "event_name": event.reason,
                "event": given,
                "ref": "refs/pull/1/merge" if pulled else "refs/heads/main",
                "repository": self._repository,
                "token": TOKEN_OF_JOB,
                "run_id": "17",
            },
            "inputs": run.inputs,
            "needs": {each: {"result": run.results[each], "outputs": run.outputs.get(each, {})} for each in before},
            "vars": self._variables(None),
        }

    def _variables(self, environment: str | None) -> dict[str, str]:
        there = self.fake.repository
        assert there
        if environment is None:
            return dict(there.variables)
        if environment not in there.environments:
            raise NotUnderstoodError(f"environment {environment!r}: bootstrap has made {', '.join(there.environments)}")
        return {**there.variables, **there.environments[environment]["variables"]}

    def _variants(self, name: str, job: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Context]]:
        """Yield a job as often as it runs, with a name and the values that only it has."""
        if "uses" in job:
            called = self._file(job["uses"].removeprefix(HERE))
            declared, given = called["on"]["workflow_call"]["inputs"], job.get("with", {})
            if declared.keys() != given.keys():
                raise NotUnderstoodError(f"{name}: inputs {sorted(given)} of {job['uses']}")
            ((_, inner),) = called["jobs"].items()
            # A called workflow has no more rights than its caller gives.
            yield name, {**inner, "permissions": job.get("permissions", {})}, {"inputs": given}
            return
        rows = job.get("strategy", {}).get("matrix", {"": [""]})
        ((key, values),) = rows.items()
        for each in values:
            yield f"{name}_{each}".rstrip("_"), job, {"matrix": {key: each}}

    def _job_of(self, name: str, job: Mapping[str, Any], context: Context, variables: Mapping[str, str]) -> Job:
        environment = filled(job["environment"], context) if "environment" in job else None
        context = {**context, "vars": self._variables(environment)}
        own = {**variables, **{key: filled(text, context) for key, text in job.get("env", {}).items()}}
        context = {**context, "env": own}
        steps = list(self._steps(job["steps"], context, own))
        assert self.fake.repository
        rules = self.fake.repository.environments[environment] if environment else {}
        branch = "main" if context["github"]["ref"] == "refs/heads/main" else context["github"]["ref"]
        allowed = set(rules["policies"].values()) if rules else set()
        if allowed and branch not in allowed:
            raise NotUnderstoodError(f"environment {environment}: {branch} may not use it")
        return Job(
            name=name,
            environment=environment,
            asks=bool(rules and rules["reviewers"]),
            client=own.get("AZURE_CLIENT_ID") or None,
            rights=frozenset(f"{key}: {right}" for key, right in (job.get("permissions") or {}).items()),
            steps=steps,
        )

    def _steps(self, steps: list[Mapping[str, Any]], context: Context, variables: dict[str, str]) -> Iterator[Step]:
        for step in steps:
            if "uses" in step:
                action = step["uses"].partition("@")[0]
                if action.startswith(HERE):
                    inner = self._file(f"{action.removeprefix(HERE)}/action.yml")["runs"]["steps"]
                    yield from self._steps(inner, context, variables)
                elif action in REPLACED or action.startswith("hashicorp/setup-"):
                    for text in step.get("with", {}).values():
                        filled(str(text), context)
                else:
                    raise NotUnderstoodError(f"action {action}")
                continue
            if "if" in step or "continue-on-error" in step:
                raise NotUnderstoodError(f"step {step}")
            own = {key: filled(text, context) for key, text in step.get("env", {}).items()}
            if "${{" in step["run"]:
                raise NotUnderstoodError(f"script {step['run']!r}: it takes values from its environment only")
            yield Step(step.get("id", ""), step["run"], {**variables, **own})

    def _started(self, file: str, inputs: dict[str, str]) -> Run:
        """Return a run that was dispatched; GitHub refuses what its file does not declare."""
        content = self._file(f"workflows/{file}")
        declared = (content["on"]["workflow_dispatch"] or {}).get("inputs", {})
        given = {key: each.get("default", "") for key, each in declared.items()} | inputs
        missing = [key for key, each in declared.items() if each.get("required") == "true" and not given[key]]
        other = [key for key, text in given.items() if key not in declared or _other(declared[key], text)]
        if missing or other:
            raise Reply(422, {"message": f"{file}: missing {missing}, refused {other}"})
        run = Run(file.removesuffix(".yml"), given)
        run.name = filled(content.get("run-name", run.pipeline), {"inputs": given})
        return run

    def _answer(self, request: Request) -> Reply:
        """Answer a person from the repository, and a job by the permissions of its token."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN_OF_JOB}":
            return self.fake.answer(request)
        right = next((right for part, right in WRITES.items() if part in request.path), None)
        if request.method != "GET" and right and (self._job is None or f"{right}: write" not in self._job.rights):
            needed = {"X-Accepted-GitHub-Permissions": f"{right}=write"}
            raise Reply(403, {"message": "Resource not accessible by integration"}, needed)
        file = request.path.rpartition("/workflows/")[2].partition("/")[0]
        if request.path.endswith("/dispatches"):
            run = self._started(file, request.body["inputs"])
            reply = self.fake._dispatch(request, file)
            self._runs.append(run)
            self.system.started.append({"workflow": file, **run.inputs, "key": run.name})
            return reply
        self.system.workflows = [Path(each).name for each in self.fake._workflow_files()]
        own = f"/repos/{self._repository}"
        return self.system._answer(replace(request, url=request.url.replace(own, f"/repos/{REPOSITORY}")))

    def _give_token(self, request: Request) -> Reply:
        """Give a job the token that names its environment."""
        if self._job is None or "id-token: write" not in self._job.rights:
            raise Reply(403, {"message": "the job has no right to a token"})
        assert request.query["audience"] == AUDIENCE
        prefix = self.fake._subject(request).body["sub_claim_prefix"]
        subject = f"{prefix}:environment:{self._job.environment}" if self._job.environment else f"{prefix}:ref:main"
        return Reply(200, {"value": signed({"iss": ISSUER, "sub": subject, "aud": AUDIENCE})})


def _status(results: list[str]) -> dict[str, Callable[[], bool]]:
    """Return the functions by which a job's condition asks for those before it."""
    return {
        "success": lambda: set(results) <= {"success"},
        "cancelled": lambda: False,
        "always": lambda: True,
    }


def _ordered(jobs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return jobs after those that they need."""
    found: list[tuple[str, Any]] = []
    left = dict(jobs)
    while left:
        done = {name for name, _ in found}
        ready = [
            name
            for name, job in left.items()
            if done >= {*([needs] if isinstance(needs := job.get("needs", []), str) else needs)}
        ]
        if not ready:
            raise NotUnderstoodError(f"jobs {sorted(left)} wait for each other")
        found.append((ready[0], left.pop(ready[0])))
    return found


def _other(declared: Mapping[str, Any], text: str) -> bool:
    return declared["type"] == "choice" and text not in declared["options"]
