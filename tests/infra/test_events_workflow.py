"""What Azure's events and alerts start in the CI system, and what they cannot.

The definitions run in an interpreter of their language, against stand-ins for the services that they call. Payloads
have the shapes of Microsoft's documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.infra.workflow import Answer, Clock, Definition, DefinitionError, NoAnswer, Request, Run
from tests.infra.workflow.services import (
    ORGANISATION,
    PROJECT,
    REPOSITORY,
    SIGN_IN,
    TOKEN,
    VAULT,
    AzureDevOps,
    GitHub,
    Service,
)
from tests.support import harness

CI = ("github", "azure_devops")
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-flight-time-prod"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-flight-time-prod"
LAKE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/dlflighttimeprod"
MODEL = "flight-time"
BREACHED = "azureml_modelmonitor_threshold_breached"
PIPELINES = {"model_registered": 11, "monitor_breach": 12, "data_arrived": 13}
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ALERT = "b9569717-bc32-442f-add5-83a997729330"
OTHER_ALERT = "c0ffee00-bc32-442f-add5-83a997729331"
WORKER = "https://logic.example/worker?sig=stand-in"


def source(definition: str) -> str:
    """The receiver is the same for both CI systems."""
    layer = "{{ layer.azure_devops }}" if definition == "azure_devops" else "{{ layer.github }}"
    name = "receiver.json" if definition == "receiver" else "workflow.json"
    return (harness.ROOT / "template" / layer / "infra" / "events" / name).read_text("utf-8")


# ---------------------------------------------------------------- what Azure sends


def event(kind: str, topic: str, subject: str, data: Any, id: str = "831e1650-001e-001b-66ab-eeb76e069631") -> Any:
    return {
        "topic": topic,
        "subject": subject,
        "eventType": kind,
        "eventTime": "2026-11-23T02:59:58.9584103Z",
        "id": id,
        "data": data,
        "dataVersion": "",
        "metadataVersion": "1",
    }


def model_registered(version: Any = "7", *, name: Any = MODEL, topic: str = WORKSPACE, **more: Any) -> Any:
    data = {"ModelName": name, "ModelVersion": version, "ModelTags": {"gate": "passed"}, "ModelProperties": {}}
    return event("Microsoft.MachineLearningServices.ModelRegistered", topic, f"models/{name}:{version}", data, **more)


def breach(
    signal: str = "prod_drift", *, run: Any = "calm_sun_1x2y", text: Any = None, topic: str = WORKSPACE, **more: Any
) -> Any:
    said = f"The signal '{signal}' has failed due to one or more features violating metric thresholds: distance."
    data = {
        "RunId": run,
        "RunType": "azureml.StepRun",
        "RunTags": {BREACHED: said if text is None else text},
        "RunProperties": {},
    }
    return event("Microsoft.MachineLearningServices.RunStatusChanged", topic, f"experiments/1/runs/{run}", data, **more)


def data_arrived(path: str = "2013-06/_SUCCESS", *, topic: str = LAKE, subject: str = "", **more: Any) -> Any:
    data = {
        "api": "FlushWithClose",
        "requestId": "5c28c3b6-0e0b-4f4e-8d7a-7e8f5a2f0a11",
        "contentLength": 0,
        "blobType": "BlockBlob",
        "url": f"https://dlflighttimeprod.dfs.core.windows.net/curated/{path}",
        "sequencer": "00000000000004420000000000028963",
    }
    subject = subject or f"/blobServices/default/containers/curated/blobs/{path}"
    return event("Microsoft.Storage.BlobCreated", topic, subject, data, **more)


def alert(condition: str = "Fired", id: str = ALERT, **changed: Any) -> Any:
    essentials = {
        "alertId": f"/subscriptions/00000000-0000-0000-0000-000000000000/providers/"
        f"Microsoft.AlertsManagement/alerts/{id}",
        "alertRule": "ml-flight-time-prod-quota",
        "severity": "Sev2",
        "signalType": "Metric",
        "monitorCondition": condition,
        "monitoringService": "Platform",
        "alertTargetIDs": [WORKSPACE.lower()],
        "originAlertId": "3f2d4487_rg-flight-time-prod_microsoft.insights_metricAlerts_quota_-117781227",
        "firedDateTime": "2026-11-23T02:58:24.3713213Z",
        "description": "Cores of the region are nearly used up.",
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
        **changed,
    }
    context: Any = {"properties": None, "conditionType": "SingleResourceMultipleMetricCriteria", "condition": {}}
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": essentials, "alertContext": context, "customProperties": None},
    }


# ---------------------------------------------------------------- the Logic App and those around it


@dataclass
class World:
    definition: Definition
    service: Any
    parameters: dict[str, Any]
    clock: Clock

    def send(self, message: Any) -> Run:
        return self.definition.run(self.parameters, message, self.service, self.clock)

    def sent(self, *messages: Any) -> World:
        for message in messages:
            assert self.send(message).status == "Succeeded"
        return self

    def pass_time(self, minutes: int) -> None:
        self.clock.time += timedelta(minutes=minutes)

    @property
    def started(self) -> list[tuple[str, dict[str, Any]]]:
        return [(run.what, run.fields) for run in self.service.started]

    @property
    def open(self) -> list[int]:
        return [ticket.number for ticket in self.service.tickets if ticket.is_open]


@dataclass(frozen=True)
class Make:
    """Makes worlds that know nothing of each other, around one definition."""

    ci: str
    definition: Definition

    def __call__(self, environment: str = "prod", service: Service | None = None, **changed: Any) -> World:
        clock = Clock(NOW) if service is None else service.clock
        common = {
            "environment": environment,
            "workspaceId": WORKSPACE,
            "dataLakeId": LAKE,
            "model": MODEL,
            "coolDownMinutes": 60,
        }
        if self.ci == "github":
            parameters = {**common, "repository": REPOSITORY, "tokenUri": VAULT}
            return World(self.definition, service or GitHub(clock), {**parameters, **changed}, clock)
        parameters = {
            **common,
            "organisation": ORGANISATION,
            "project": PROJECT,
            "pipelines": PIPELINES,
            "workItemType": "Issue",
        }
        return World(self.definition, service or AzureDevOps(clock), {**parameters, **changed}, clock)


Fact = Callable[[Any], None]
FACTS: list[tuple[str, Fact]] = []


def fact(*definitions: str) -> Callable[[Fact], Fact]:
    """Something that holds for these definitions, and that mutations of them must break."""

    def kept(function: Fact) -> Fact:
        FACTS.extend((definition, function) for definition in definitions)
        return function

    return kept


def subject(definition: str, text: str) -> Any:
    """What facts are told about: the receiver itself, or what makes worlds around the workflow."""
    parsed = Definition(json.loads(text))
    return parsed if definition == "receiver" else Make(definition, parsed)


# ---------------------------------------------------------------- what starts what


@fact("github")
def a_new_version_tells_github(make: Make) -> None:
    world = make("dev").sent(model_registered())
    fields = {
        "title": "model-registered dev 7",
        "environment": "dev",
        "event_id": "831e1650-001e-001b-66ab-eeb76e069631",
        "model": MODEL,
        "version": "7",
    }
    assert world.started == [("model-registered", fields)]


@fact("azure_devops")
def a_new_version_runs_its_pipeline(make: Make) -> None:
    world = make("dev").sent(model_registered())
    fields = {
        "environment": "dev",
        "event_id": "831e1650-001e-001b-66ab-eeb76e069631",
        "model": MODEL,
        "version": "7",
    }
    assert world.started == [("11", fields)]


@fact(*CI)
def a_version_may_be_a_number(make: Make) -> None:
    """Microsoft's sample has one."""
    assert make().sent(model_registered(3)).started[0][1]["version"] == "3"


@fact(*CI)
def a_breach_starts_the_answer_to_it(make: Make) -> None:
    ((what, fields),) = make().sent(breach("prod_drift")).started
    fields = {name: value for name, value in fields.items() if name != "title"}
    assert what == {"github": "model-monitor-breach", "azure_devops": "12"}[make.ci]
    assert fields == {
        "environment": "prod",
        "event_id": "831e1650-001e-001b-66ab-eeb76e069631",
        "run": "calm_sun_1x2y",
        "signal": "prod_drift",
    }


@fact(*CI)
def a_breach_is_understood_in_both_spellings(make: Make) -> None:
    message = breach()
    message["data"] = {"runId": message["data"]["RunId"], "runTags": message["data"]["RunTags"], "runType": None}
    assert make().sent(message).started[0][1]["signal"] == "prod_drift"


@fact(*CI)
def data_starts_the_check_whether_to_retrain(make: Make) -> None:
    ((what, fields),) = make().sent(data_arrived("2013-06/blobs/_SUCCESS")).started
    assert what == {"github": "data-arrived", "azure_devops": "13"}[make.ci]
    assert {name: value for name, value in fields.items() if name != "title"} == {
        "environment": "prod",
        "event_id": "831e1650-001e-001b-66ab-eeb76e069631",
        "container": "curated",
        "path": "2013-06/blobs/_SUCCESS",
    }


@fact(*CI)
def the_case_of_a_resource_id_does_not_matter(make: Make) -> None:
    world = make().sent(
        model_registered(topic=WORKSPACE.upper()), breach(topic=WORKSPACE.lower()), data_arrived(topic=LAKE.upper())
    )
    assert len(world.started) == 3


@fact(*CI)
def a_project_with_spaces_is_addressed(make: Make) -> None:
    world = make().sent(model_registered())
    assert all(" " not in request.url for request in world.service.requests)


# ---------------------------------------------------------------- not twice


@fact(*CI)
def further_breaches_wait_for_the_cool_down(make: Make) -> None:
    """The signals of one monitor are breached within seconds of each other; GitHub lists a run some seconds late."""
    world = make().sent(breach("one", id="1"), breach("two", id="2"))
    world.pass_time(57)
    world.sent(breach("three", id="3"))
    assert [fields["signal"] for _, fields in world.started] == ["one"]
    world.pass_time(5)
    world.sent(breach("four", id="4"))
    assert [fields["signal"] for _, fields in world.started] == ["one", "four"]


@fact(*CI)
def further_data_waits_for_the_cool_down(make: Make) -> None:
    world = make(coolDownMinutes=10).sent(data_arrived("a/_SUCCESS", id="1"), data_arrived("b/_SUCCESS", id="2"))
    world.pass_time(12)
    world.sent(data_arrived("c/_SUCCESS", id="3"))
    assert [fields["path"] for _, fields in world.started] == ["a/_SUCCESS", "c/_SUCCESS"]


@fact(*CI)
def a_cool_down_holds_for_one_kind_in_one_environment(make: Make) -> None:
    world = make("prod").sent(breach(id="1"), data_arrived(id="2"))
    make("staging", world.service).sent(breach(id="3"), data_arrived(id="4"))
    assert len(world.started) == 4


@fact(*CI)
def each_version_is_passed_on_and_none_twice(make: Make) -> None:
    world = make().sent(model_registered("7", id="1"), model_registered("8", id="2"), model_registered("7", id="1"))
    assert [fields["version"] for _, fields in world.started] == ["7", "8"]


@fact("azure_devops")
def a_run_that_does_not_say_for_whom_it_is_counts(make: Make) -> None:
    world = make(service=AzureDevOps(Clock(NOW), names_parameters=False))
    world.sent(breach(id="1"), breach(id="2"), model_registered("7", id="3"), model_registered("8", id="4"))
    assert [what for what, _ in world.started] == ["12", "11", "11"]


@fact("azure_devops")
def an_event_without_a_pipeline_starts_none(make: Make) -> None:
    for key, message in zip(PIPELINES, (model_registered(), breach(), data_arrived()), strict=True):
        world = make(pipelines={**PIPELINES, key: None})
        assert world.send(message).status == "Cancelled"
        assert world.service.requests == []


# ---------------------------------------------------------------- what is none of its business

FOREIGN = {
    "model of another name": model_registered(name="flight-time-2"),
    "model named by an expression": model_registered(name="@{parameters('model')}"),
    "model without a name": model_registered(name=None),
    "model in another workspace": model_registered(topic=WORKSPACE + "2"),
    "model in the data lake": model_registered(topic=LAKE),
    "run without a breach": breach(text="all is well"),
    "run without tags": {**breach(), "data": {"RunId": "x", "RunTags": None}},
    "run in another workspace": breach(topic=WORKSPACE.replace("prod", "dev")),
    "blob in another storage account": data_arrived(topic=LAKE + "x"),
    "blob in the workspace": data_arrived(topic=WORKSPACE),
    "event of another type": {**model_registered(), "eventType": "Microsoft.MachineLearningServices.ModelDeployed"},
    "event without a type": {"id": "1", "data": {}},
    "event without a topic": {"eventType": "Microsoft.Storage.BlobCreated", "data": {}},
    "schema of another name": {**alert(), "schemaId": "azureMonitorOldSchema"},
    "alert of another group": alert(alertTargetIDs=[WORKSPACE.lower().replace("time-prod/", "time-prod2/")]),
    "alert without a target": alert(alertTargetIDs=[]),
    "alert of a budget": alert(alertTargetIDs=None, monitorCondition=None, severity=None, alertRule=None),
    "alert in an unknown condition": alert("Acknowledged"),
}
MALFORMED = {
    "version with a command": model_registered("7; curl evil.example"),
    "version with a newline": model_registered("7\n"),
    "version that is an object": model_registered({"version": 7}),
    "version below nothing": model_registered("-7"),
    "version without end": model_registered("7" * 10_000),
    "event without an ID": {key: value for key, value in model_registered().items() if key != "id"},
    "event with a long ID": model_registered(id="1" * 65),
    "event whose ID is an expression": breach(id="@{parameters('tokenUri')}"),
    "blob without an ID": {key: value for key, value in data_arrived().items() if key != "id"},
    "blob with a long ID": data_arrived(id="1" * 65),
    "run with quotes": breach(run='x"; exit 1 #'),
    "run that is a list": breach(run=["x"]),
    "signal with an expression": breach("@{body('Read_the_token')['value']}"),
    "signal with a template expression": breach("${{ github.token }}"),
    "signal with a quote": breach("a'b"),
    "signal without end": breach("a" * 201),
    "text that is a list": breach(text=["has failed due to one or more features violating metric thresholds"]),
    "text that begins otherwise": breach(
        text="x The signal 'a' has failed due to one or more features violating metric thresholds"
    ),
    "path with a command": data_arrived("$(curl evil.example)/_SUCCESS"),
    "path with quotes": data_arrived("a'b/_SUCCESS"),
    "path with a newline": data_arrived("a/_SUCCESS\n::set-env name=x::y"),
    "path that ends in a newline": data_arrived("a/_SUCCESS\n"),
    "path without end": data_arrived("a" * 401),
    "subject of another form": data_arrived(subject="/blobServices/default/containers/curated"),
    "alert without an ID": alert(alertId=None),
    "alert whose ID is none": alert("Fired", "<!-- alert -->"),
    "rule with markup": alert(alertRule="<img src=x> @everyone"),
    "severity that is none": alert(severity="Sev9"),
    "time that is none": alert(firedDateTime="now, @everyone"),
    "rule that is a number": alert(alertRule=7),
    "severity that is a number": alert(severity=2),
    "time that is a number": alert(firedDateTime=1574478000),
    "targets that are text": alert(alertTargetIDs=WORKSPACE),
    "description that is an object": alert(description={"a": 1}),
}


@fact(*CI)
def a_foreign_message_ends_at_once(make: Make) -> None:
    for what, message in FOREIGN.items():
        world = make()
        run = world.send(message)
        assert run.status == "Cancelled", (what, run.errors)
        assert world.service.requests == [], what


@fact(*CI)
def a_malformed_message_fails_before_anybody_is_asked(make: Make) -> None:
    """An alert then tells of it: it came from this environment, and yet is not what Azure is known to send."""
    for what, message in MALFORMED.items():
        world = make()
        assert world.send(message).status == "Failed", what
        assert world.service.requests == [], what


@fact(*CI)
def what_is_no_message_begins_no_run(make: Make) -> None:
    bodies: list[Any] = [None, "text", 7, [], [model_registered()], {}, {"data": "text"}]
    bodies += [{**breach(), name: 7} for name in ("schemaId", "id", "topic", "subject", "eventType")]
    bodies += [{"data": {name: "text"}} for name in ("essentials", "RunTags", "runTags")]
    for body in bodies:
        world = make()
        run = world.send(body)
        assert (run.status, run.answer.status, world.service.requests) == ("Refused", 400, []), body


# ---------------------------------------------------------------- alerts


@fact("github")
def an_alert_opens_an_issue(make: Make) -> None:
    world = make().sent(alert())
    (issue,) = world.service.tickets
    assert issue.title == "ml-flight-time-prod-quota (prod)"
    assert issue.labels == ["infra-alert"]
    assert f"<!-- alert:{ALERT} -->" in issue.text
    for part in ("Sev2", "2026-11-23T02:58:24.3713213Z", "Cores of the region are nearly used up."):
        assert part in issue.text
    link = re.search(r"\((https://portal\.azure\.com/#view/\S+)\)", issue.text)
    assert link is not None
    assert link[1].endswith(f"alertId/%2Fsubscriptions%2F00000000-0000-0000-0000-000000000000%2Fproviders%2F"
                            f"microsoft.alertsmanagement%2Falerts%2F{ALERT}")  # fmt: skip
    assert world.started == []


@fact("azure_devops")
def an_alert_creates_a_work_item(make: Make) -> None:
    world = make(workItemType="Product Backlog Item").sent(alert(description="a < b & c > d"))
    (item,) = world.service.tickets
    assert (item.title, item.kind) == ("ml-flight-time-prod-quota (prod)", "Product Backlog Item")
    assert item.labels == ["infra-alert", f"alert-{ALERT}"]
    for part in ("Sev2", "2026-11-23T02:58:24.3713213Z", "a &lt; b &amp; c &gt; d"):
        assert part in item.text
    assert 'href="https://portal.azure.com/#view/Microsoft_Azure_Monitoring_Alerts/' in item.text
    assert f'%2Falerts%2F{ALERT}"' in item.text
    assert world.started == []


@fact(*CI)
def an_alert_that_is_told_twice_is_written_down_once(make: Make) -> None:
    world = make().sent(alert(), alert(), alert("Fired", OTHER_ALERT))
    assert world.open == [1, 2]


@fact(*CI)
def a_resolved_alert_closes_its_own_ticket(make: Make) -> None:
    world = make().sent(alert("Fired", OTHER_ALERT), alert(), alert("Resolved"))
    assert world.open == [1]
    assert world.service.tickets[0].comments == []
    assert world.service.tickets[1].comments == ["Azure Monitor says that the alert is resolved."]
    world.sent(alert("Resolved", OTHER_ALERT))
    assert world.open == []


@fact(*CI)
def an_alert_that_nobody_wrote_down_is_resolved_in_silence(make: Make) -> None:
    world = make().sent(alert("Fired", OTHER_ALERT), alert("Resolved"))
    assert world.open == [1]
    assert len(world.service.tickets) == 1


@fact(*CI)
def an_alert_whose_ticket_was_closed_by_hand_is_written_down_again(make: Make) -> None:
    world = make().sent(alert())
    world.service.tickets[0].is_open = False
    assert world.sent(alert("Resolved")).service.tickets[0].comments == []
    assert world.sent(alert()).open == [2]


@fact("github")
def a_pull_request_is_no_issue(make: Make) -> None:
    world = make()
    request = world.service.new_ticket("Fix", f"<!-- alert:{ALERT} -->", ["infra-alert"])
    request.is_pull_request = True
    assert world.sent(alert()).open == [1, 2]
    assert world.sent(alert("Resolved")).open == [1]


@fact("github")
def an_issue_without_text_is_passed_over(make: Make) -> None:
    world = make()
    world.service.new_ticket("By hand", "", ["infra-alert"])
    assert world.sent(alert(), alert("Resolved")).open == [1]


@fact("github")
def a_description_can_neither_pose_as_another_alert_nor_leave_its_block(make: Make) -> None:
    world = make().sent(alert(description=f"``` @everyone\n<!-- alert:{OTHER_ALERT} -->" + "x" * 2000))
    assert world.sent(alert("Resolved", OTHER_ALERT)).open == [1]
    text = world.service.tickets[0].text
    assert text.count("```") == 2
    assert len(text) < 2000


@fact("azure_devops")
def a_description_is_text(make: Make) -> None:
    item = make().sent(alert(description="<script>alert(1)</script>" + "x" * 2000)).service.tickets[0]
    assert "<script>" not in item.text
    assert len(item.text) < 2000


@fact("azure_devops")
def states_have_the_names_of_the_process(make: Make) -> None:
    states = {"New": "Proposed", "It's over": "Completed", "Removed": "Removed"}
    world = make(service=AzureDevOps(Clock(NOW), states=states))
    assert world.sent(alert(), alert()).open == [1]
    assert world.sent(alert("Resolved")).open == []


# ---------------------------------------------------------------- when a service does not do its part

ERRANDS: dict[str, tuple[list[Any], Any]] = {
    "version": ([], model_registered()),
    "breach": ([], breach()),
    "data": ([], data_arrived()),
    "alert": ([], alert()),
    "resolved alert": ([alert()], alert("Resolved")),
}


def requests_of(make: Make, before: list[Any], message: Any) -> Iterator[tuple[World, int, int]]:
    """A world before the message for each request that it causes, the request's number, and how many came before."""
    world = make().sent(*before)
    earlier = len(world.service.requests)
    world.sent(message)
    for number in range(earlier, len(world.service.requests)):
        yield make().sent(*before), number, earlier


@fact(*CI)
def a_service_that_fails_for_good_fails_the_run(make: Make) -> None:
    for errand, (before, message) in ERRANDS.items():
        for world, number, _ in requests_of(make, before, message):
            world.service.disturb = lambda count, _, number=number: Answer(503) if count >= number else None
            assert world.send(message).status == "Failed", (errand, number)
            assert len(world.service.requests) == number + 4, "three retries"


@fact(*CI)
def a_refusal_fails_the_run_and_is_not_repeated(make: Make) -> None:
    for errand, (before, message) in ERRANDS.items():
        for world, number, _ in requests_of(make, before, message):
            world.service.disturb = lambda count, _, number=number: Answer(401) if count >= number else None
            assert world.send(message).status == "Failed", (errand, number)
            assert len(world.service.requests) == number + 1


@fact(*CI)
def a_service_that_is_silent_fails_the_run(make: Make) -> None:
    for errand, (before, message) in ERRANDS.items():
        for world, number, _ in requests_of(make, before, message):

            def disturb(count: int, request: Request, number: int = number) -> Answer | None:
                if count >= number:
                    raise NoAnswer
                return None

            world.service.disturb = disturb
            assert world.send(message).status == "Failed", (errand, number)


@fact(*CI)
def a_service_that_stumbles_is_asked_again(make: Make) -> None:
    for errand, (before, message) in ERRANDS.items():
        for world, number, _ in requests_of(make, before, message):
            world.service.disturb = lambda count, _, number=number: Answer(429) if count == number else None
            assert world.send(message).status == "Succeeded", (errand, number)
            assert len(world.started) + len(world.service.tickets) == 1


@fact("azure_devops")
def a_page_for_people_is_no_answer(make: Make) -> None:
    """Azure DevOps answers 203 where it does not know the caller."""
    for errand, (before, message) in ERRANDS.items():
        for answer in (
            Answer(203, SIGN_IN),
            Answer(203, {"id": 1, "value": [], "workItems": []}),
            Answer(200, SIGN_IN),
        ):
            for world, number, _ in requests_of(make, before, message):
                world.service.disturb = lambda count, _, number=number, answer=answer: (
                    answer if count == number else None
                )
                assert world.send(message).status == "Failed", (errand, number)


RETRIES = {
    "type": "exponential",
    "count": 3,
    "interval": "PT10S",
    "minimumInterval": "PT5S",
    "maximumInterval": "PT1M",
}


@fact("github")
def all_that_is_said_with_the_token_is_hidden(make: Make) -> None:
    for name, action in http_actions(make.definition.definition["actions"]):
        assert action["runtimeConfiguration"] == {"secureData": {"properties": ["inputs", "outputs"]}}, name


@fact("github")
def the_history_of_runs_does_not_show_the_token(make: Make) -> None:
    for before, message in ERRANDS.values():
        world = make().sent(*before)
        run = world.send(message)
        assert f"Bearer {TOKEN}" in {request.headers.get("Authorization") for request in world.service.requests}
        assert TOKEN not in json.dumps([asdict(record) for record in run.records])


@fact("github")
def only_github_is_given_the_token(make: Make) -> None:
    for before, message in ERRANDS.values():
        for request in make().sent(*before, message).service.requests:
            assert (request.url == VAULT) == (TOKEN not in json.dumps(dict(request.headers)))
            assert TOKEN not in request.url + json.dumps(request.body)


@fact(*CI)
def one_message_is_worked_on_at_a_time(make: Make) -> None:
    """What two runs at once would do twice, and the reason why nothing here answers the caller itself."""
    assert make.definition.trigger["runtimeConfiguration"] == {"concurrency": {"runs": 1, "maximumWaitingRuns": 100}}
    assert make().send(model_registered()).answer == Answer(202)


@fact(*CI)
def every_request_ends(make: Make) -> None:
    """A request that hangs would hold up all messages after it."""
    for name, action in http_actions(make.definition.definition["actions"]):
        assert action["limit"] == {"timeout": "PT5M"}, name
        assert action["inputs"]["retryPolicy"] == RETRIES, name


def http_actions(value: Any) -> Iterator[tuple[str, Any]]:
    for name, part in value.items():
        if isinstance(part, dict):
            if part.get("type") == "Http":
                yield name, part
            yield from http_actions(part)


# ---------------------------------------------------------------- the receiver


@dataclass
class Worker:
    """Where the receiver passes events on."""

    answers: list[int]
    requests: list[Request]

    def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        assert request.headers == {"Content-Type": "application/json"}
        status = self.answers[len(self.requests) - 1]
        if status == 0:
            raise NoAnswer
        return Answer(status)


def receive(receiver: Definition, events: Any, *answers: int) -> tuple[Run, list[Request]]:
    worker = Worker(list(answers), [])
    return receiver.run({"workflowUrl": WORKER}, events, worker, Clock(NOW)), worker.requests


@fact("receiver")
def the_handshake_is_answered_with_its_code(receiver: Definition) -> None:
    """Nothing is called for it, neither the validationUrl nor the workflow."""
    data = {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6", "validationUrl": "https://evil.example/validate"}
    run, requests = receive(receiver, [event("Microsoft.EventGrid.SubscriptionValidationEvent", WORKSPACE, "", data)])
    assert run.answer == Answer(200, {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"})
    assert (run.status, requests) == ("Succeeded", [])


@fact("receiver")
def events_are_passed_on_as_they_are(receiver: Definition) -> None:
    events = [model_registered(name="@{parameters('workflowUrl')}"), breach('"}{')]
    run, requests = receive(receiver, events, 202, 202)
    assert (run.status, run.answer) == ("Succeeded", Answer(202))
    assert [(request.method, request.url, request.body) for request in requests] == [
        ("POST", WORKER, one) for one in events
    ]


@fact("receiver")
def event_grid_hears_of_an_event_that_was_not_taken(receiver: Definition) -> None:
    """It delivers again then. 429: too many wait."""
    for answer in (0, 400, 401, 404, 429, 500, 503):
        run, requests = receive(receiver, [breach()], answer)
        assert (run.status, run.answer.status, len(requests)) == ("Failed", 503, 1), answer
    run, _ = receive(receiver, [breach(), breach()], 202, 429)
    assert run.answer.status == 503


@fact("receiver")
def what_are_no_events_begins_no_run(receiver: Definition) -> None:
    bodies: list[Any] = [None, "text", {}, [], ["text"], breach()]
    for body in bodies:
        run, requests = receive(receiver, body)
        assert (run.status, run.answer.status, requests) == ("Refused", 400, []), body


@fact("receiver")
def the_history_of_runs_does_not_show_the_address(receiver: Definition) -> None:
    """Whoever has it may call the workflow."""
    for answer in (202, 503):
        run, _ = receive(receiver, [breach()], answer)
        assert "stand-in" not in json.dumps([asdict(record) for record in run.records])


@fact("receiver")
def event_grid_is_answered_in_time(receiver: Definition) -> None:
    """It waits for 30 seconds."""
    ((_, action),) = http_actions(receiver.definition["actions"])
    assert action["limit"] == {"timeout": "PT20S"}
    assert action["inputs"]["retryPolicy"] == {"type": "none"}


@fact("receiver")
def the_address_is_a_secret(receiver: Definition) -> None:
    assert receiver.definition["parameters"]["workflowUrl"]["type"] == "SecureString"


# ---------------------------------------------------------------- the tests


@pytest.mark.parametrize(("definition", "holds"), FACTS, ids=lambda value: getattr(value, "__name__", value))
def test_the_definition_does_what_it_should(definition: str, holds: Fact) -> None:
    holds(subject(definition, source(definition)))


@pytest.mark.parametrize("ci", CI)
def test_a_project_has_the_definitions_for_its_ci(ci: str, render: harness.Render) -> None:
    events = render(harness.answers_for(ci=ci)) / "infra" / "events"
    assert {path.name: path.read_text("utf-8") for path in events.iterdir()} == {
        "receiver.json": source("receiver"),
        "workflow.json": source(ci),
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
PLAIN = re.compile(r"[0-9A-Za-z_./=+, -]{1,400}")


@pytest.mark.parametrize("ci", CI)
@given(message=st.sampled_from([model_registered(), breach(), data_arrived(), alert()]), data=st.data())
def test_whatever_azure_seems_to_say_only_plain_fields_leave_it(ci: str, message: Any, data: st.DataObject) -> None:
    """Any one field of a message may be anything. The stand-ins refuse all hosts but their own."""
    message = json.loads(json.dumps(message))
    parts = [message, message["data"], *message["data"].values()]
    part = data.draw(st.sampled_from([part for part in parts if part and isinstance(part, dict)]))
    part[data.draw(st.sampled_from(sorted(part)))] = data.draw(JSON)
    world: World = subject(ci, source(ci))()
    assert world.send(message).status in ("Succeeded", "Cancelled", "Failed", "Refused")
    for _, fields in world.started:
        assert len(fields) <= 10
        assert all(isinstance(value, str) and PLAIN.fullmatch(value) for value in fields.values()), fields
    for ticket in world.service.tickets:
        assert ticket.text.count("<!--") == (1 if ci == "github" else 0)


@dataclass(frozen=True)
class Mutation:
    definition: str
    what: str
    old: str
    new: str
    at: int | None = None
    """Which of the places where the old text stands; all of them without a number."""

    def __str__(self) -> str:
        return f"{self.definition}: {self.what}"

    def applied(self) -> str:
        text = source(self.definition)
        places = [match.start() for match in re.finditer(re.escape(self.old), text)]
        assert places, f"{self}: the definition no longer says {self.old}"
        for place in reversed(places if self.at is None else [places[self.at]]):
            text = text[:place] + self.new + text[place + len(self.old) :]
        return text


FIRST, SECOND, LAST = 0, 1, -1
TOPIC = "@toLower(coalesce(triggerBody()?['topic'], ''))"
SECURE = '"secureData": { "properties": ["inputs", "outputs"] }'
CHECKED = "@variables('checked')['fields']\""
SAME_ENVIRONMENT = (
    "equals(coalesce(item()?['templateParameters']?['environment'], parameters('environment')), "
    "parameters('environment'))"
)
SINCE = "@{subtractFromTime(utcNow(), parameters('coolDownMinutes'), 'Minute', 'yyyy-MM-ddTHH:mm:ssZ')}"
DISPATCHES = "api.github.com/repos/@{parameters('repository')}/dispatches"
CANCELLED = '"Terminate", "inputs": { "runStatus": "Cancelled" }'
GITHUB_MUTATIONS: list[tuple[Any, ...]] = [
    ("any workspace", "@toLower(parameters('workspaceId'))", TOPIC),
    ("any workspace for models", "@toLower(parameters('workspaceId'))", TOPIC, FIRST),
    ("the case of IDs matters", TOPIC, "@coalesce(triggerBody()?['topic'], '')"),
    ("any model", "@triggerBody()?['data']?['ModelName']", "@parameters('model')"),
    ("one spelling of tags", "['runTags']?", "['RunTags']?"),
    ("any version", "^[0-9]{1,10}$(?!\\\\n)", "^[0-9]"),
    ("a newline at the end of fields", "(?!\\\\n)", ""),
    ("any path", "/blobs/[0-9A-Za-z_./=+, -]{1,400}$(?!\\\\n)", "/blobs/"),
    ("any rule", "^[0-9A-Za-z _.,()-]{1,200}$(?!\\\\n)", "."),
    ("the whole message", CHECKED, '@triggerBody()"'),
    ("a type that nobody listens to", '"kind": "model-monitor-breach"', '"kind": "breach"'),
    ("another part of the path", "'/'), 6)", "'/'), 5)"),
    ("no wait for the run to be listed", '"count": 1, "unit"', '"count": 0, "unit"'),
    ("one cool-down for all environments", "breach @{parameters('environment')}", "breach"),
    ("one title for all versions", " @{body('Check_the_version')['version']}", ""),
    ("a cool-down without end", SINCE, "2020-01-01T00:00:00Z"),
    ("a cool-down of an hour", "parameters('coolDownMinutes')", "60"),
    ("runs are not looked at", "\"@length(body('Runs_that_such_an_event_began'))\", 0", "0, 0"),
    ("pull requests are issues", "equals(item()?['pull_request'], null)", "true"),
    ("each issue has text", "coalesce(item()?['body'], '')", "item()?['body']"),
    ("any alert's issue", "variables('checked')['marker'])", "'<!-- alert:')"),
    ("fired is resolved", "['monitorCondition'], 'Resolved')", "['monitorCondition'], 'Fired')"),
    ("a new issue each time", "\"@length(body('Issues_of_this_alert'))\", 0", "0, 0"),
    ("no label", '"labels": ["infra-alert"]', '"labels": []'),
    ("alerts of the whole subscription", "'/'), 5), '/')", "'/'), 3), '/')"),
    ("alerts of groups whose names go on", "'/'), 5), '/'), '/'))", "'/'), 5), '/'), ''))"),
    ("markers within descriptions", "'<!--', '<! --'", "'<!--', '<!--'"),
    ("code blocks that descriptions end", "'`', ''''", "'`', '`'"),
    ("descriptions without end", ", 1000)", ", 100000)"),
    ("the token in the history, as it is read", SECURE, '"secureData": { "properties": ["inputs"] }', FIRST),
    ("the token in the history, as it is used", SECURE, '"secureData": { "properties": ["outputs"] }', LAST),
    ("the token for another host", DISPATCHES, DISPATCHES.replace(".com", ".example")),
    ("no name of its own", '"User-Agent": "azure-logic-apps",', ""),
    ("no retries", '"count": 3', '"count": 0'),
    ("ten at a time", '"runs": 1', '"runs": 10'),
    ("foreign events raise the alarm", '"Cancelled"', '"Failed"', FIRST),
]
AZURE_DEVOPS_MUTATIONS: list[tuple[Any, ...]] = [
    ("any workspace for breaches", "@toLower(parameters('workspaceId'))", TOPIC, SECOND),
    ("any data lake", "@toLower(parameters('dataLakeId'))", TOPIC),
    ("one spelling of the run", "['runId']", "['RunId']"),
    ("any text is a breach", "has failed due to one or more features violating metric thresholds", ""),
    ("any signal", "^The signal '[0-9A-Za-z_. -]{1,200}' has failed ", "^The signal"),
    ("any run", "^[0-9A-Za-z_.-]{1,256}$(?!\\\\n)", "."),
    ("the whole message", CHECKED, '@triggerBody()"'),
    ("another pipeline", "@parameters('pipelines')['monitor_breach']", "@parameters('pipelines')['data_arrived']"),
    ("a pipeline that is not named", '"@null"', '"none"'),
    ("a cool-down of an hour", "parameters('coolDownMinutes')", "60"),
    ("no cool-down", '"cools_down": true', '"cools_down": false'),
    ("a cool-down for models", '"cools_down": false', '"cools_down": true'),
    ("one cool-down for all environments", SAME_ENVIRONMENT, "true"),
    ("one event twice", "equals(item()?['templateParameters']?['event_id']", "equals('none'"),
    ("any alert's work item", "CONTAINS '@{variables('checked')['tag']}'", "CONTAINS 'infra-alert'"),
    ("never resolved", "['monitorCondition'], 'Resolved')", "['monitorCondition'], 'Closed')"),
    ("descriptions are HTML", "'<', '&lt;'", "'<', '<'"),
    ("states have one name", "@first(body('States_of_finished_items'))['name']", "Done"),
    ("finished is removed", "equals(item()['category'], 'Completed')", "equals(item()['category'], 'Removed')"),
    ("removed is open", "createArray('Completed', 'Removed')", "createArray('Completed')"),
    ("names of states end strings", "'''', ''''''", "'''', ''''"),
    ("203 is an answer", '"enum": [200]', '"enum": [200, 203]'),
    ("an answer may be a page", '"answer": { "type": "object" }', '"answer": {}'),
    ("an identity for another service", "499b84ac-1321-427f-aa17-267ca6975798", "https://management.azure.com"),
    ("no end", '"limit": { "timeout": "PT5M" }', '"limit": { "timeout": "P1D" }', LAST),
    ("unknown events go on", CANCELLED, '"Compose", "inputs": ""', LAST),
]
RECEIVER_MUTATIONS: list[tuple[Any, ...]] = [
    ("another answer to the handshake", "['validationCode']", "['validationUrl']"),
    ("thanks for what was lost", "202, 503)", "202, 202)"),
    ("no answer when something fails", '["Succeeded", "Failed", "TimedOut"]', '["Succeeded", "TimedOut"]'),
    ("a failure that looks like none", '[\'status\']", "Succeeded"', '[\'status\']", "Failed"'),
    ("a result is waited for", '"operationOptions": "DisableAsyncPattern",', ""),
    ("the address in the history", '["inputs", "outputs"]', '["outputs"]'),
    ("an address that may be shown", '"SecureString"', '"String"'),
    ("only the first event", '"body": "@item()"', '"body": "@first(triggerBody())"'),
    ("too late for Event Grid", "PT20S", "PT2M"),
    ("anything is an event", '"minItems": 1, ', ""),
]
MUTATIONS = [
    *(Mutation("github", *mutation) for mutation in GITHUB_MUTATIONS),
    *(Mutation("azure_devops", *mutation) for mutation in AZURE_DEVOPS_MUTATIONS),
    *(Mutation("receiver", *mutation) for mutation in RECEIVER_MUTATIONS),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_mistake_in_a_definition_is_noticed(mutation: Mutation) -> None:
    changed = subject(mutation.definition, mutation.applied())
    with pytest.raises((AssertionError, KeyError, ValueError)):
        all_hold(mutation.definition, changed)


def all_hold(definition: str, changed: Any) -> None:
    for of, holds in FACTS:
        if of == definition:
            holds(changed)


REFUSED: list[tuple[Any, ...]] = [
    ("the function 'tolower' is not known", "@toLower(", "@tolower("),
    ("last with 2 arguments", "'/'))} -->", "'/'), 1)} -->"),
    ("expected }", "@{parameters('environment')}", "@{parameters('environment')", FIRST),
    ("nothing may follow", "@parameters('environment')\"", "@parameters('environment') x\""),
    ("the type 'Script' is not known", '"type": "Compose"', '"type": "Script"'),
    ("does not exist, or has not", "outputs('Read_what_the_monitor_says')", "outputs('Nothing')"),
    ("does not exist, or has not", "body('Check_the_version')", "body('Check_the_path')"),
    ("does not exist, or has not", '"List_recent_runs": ["Succeeded"]', '"List_recent_runs": ["Failed"]'),
    ("runs after", '"Check_the_version": ["Succeeded"]', '"Check_the_versions": ["Succeeded"]'),
    ("does not stand before it", "@{item()['number']", "@{actions('Tell_GitHub')['status']"),
    ("more than 256 characters", '"description": "GitHub lists', '"description": "' + "GitHub lists" * 22),
    ("wait for each other", '"Check_the_message": ["Succeeded"]', '"Is_it_an_alert": ["Succeeded"]'),
    ("the parameter 'repo' is not declared", "parameters('repository')", "parameters('repo')"),
    ("the variable 'check' is not known", "variables('checked')", "variables('check')"),
    ("the variable 'checked' is not known", '"Begin_with_nothing_checked": ["Succeeded"]', ""),
    ("the retry policy", "PT10S", "10"),
    ("is taken", '"Keep_the_path": {', '"Keep_the_signal": {'),
    ("timeouts is not known", '"limit": { "timeout"', '"limit": { "timeouts"'),
    ("item() stands outside", "@variables('checked')['kind']\", \"alert", "@item()['kind']\", \"alert"),
    ("only a failure has an error", '{ "runStatus": "Cancelled" }', '{ "runStatus": "Cancelled", "runError": {} }'),
    ("the schema says format", '"id": { "type": "string" }', '"id": { "type": "string", "format": "uuid" }'),
]


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused[0])
def test_the_interpreter_refuses_what_azure_would_or_what_it_does_not_know(refused: Any) -> None:
    message, *change = refused
    with pytest.raises(DefinitionError, match=re.escape(message)):
        subject("github", Mutation("github", message, *change).applied())


def test_what_takes_one_message_at_a_time_cannot_answer_it() -> None:
    """Azure refuses to save that: the reason why there are two workflows."""
    receiver = json.loads(source("receiver"))
    receiver["triggers"]["event"]["runtimeConfiguration"] = {"concurrency": {"runs": 1}}
    with pytest.raises(DefinitionError, match="stands beside an action that answers its caller"):
        Definition(receiver)


# ---------------------------------------------------------------- the interpreter itself


def small(actions: dict[str, Any]) -> Run:
    """A run of these actions, each after the one before it where it does not say otherwise."""
    before: dict[str, list[str]] = {}
    for name, action in actions.items():
        action.setdefault("runAfter", before)
        before = {name: ["Succeeded"]}
    trigger = {
        "type": "Request",
        "kind": "Http",
        "inputs": {"method": "POST", "schema": {}},
        "operationOptions": "EnableSchemaValidation",
    }
    definition = Definition({"parameters": {}, "triggers": {"event": trigger}, "actions": actions})
    return definition.run({}, {"list": [1, 2], "text": "a'b"}, Worker([], []), Clock(NOW))


# Most are examples of Azure's reference of functions.
VALUES = {
    "@coalesce(null, 'hello', 'world')": "hello",
    "@concat('Hello', 'World')": "HelloWorld",
    "@contains('hello world', 'universe')": False,
    "@createArray('h', 'e')": ["h", "e"],
    "@encodeUriComponent('https://contoso.com')": "https%3A%2F%2Fcontoso.com",
    "@if(equals(1, 1), 'yes', 'no')": "yes",
    "@join(createArray('a', 'b', 'c'), '.')": "a.b.c",
    "@last('abcd')": "d",
    "@length('abcd')": 4,
    "@replace('the old string', 'old', 'new')": "the new string",
    "@skip(createArray(0, 1, 2, 3), 1)": [1, 2, 3],
    "@split('a;b;c', ';')": ["a", "b", "c"],
    "@subtractFromTime('2018-01-02T00:00:00Z', 1, 'Minute', 'yyyy-MM-ddTHH:mm:ssZ')": "2018-01-01T23:59:00Z",
    "@take('abcde', 3)": "abc",
    "@toLower('Hello World')": "hello world",
    "@equals(1, '1')": False,
    "@contains(createArray(1), true)": False,
    "@split(triggerBody()['text'], '''')[1]": "b",
    "@triggerBody()?['none']?['deeper']": None,
    "@triggerBody()?['list']?[7]": None,
    "@@literal": "@literal",
    "plain, a@example.com": "plain, a@example.com",
    "@{1}@{null}@{'}'}@{triggerBody()?['list']}": "1}[1, 2]",
}


@pytest.mark.parametrize("text", VALUES)
def test_expressions_have_the_values_of_the_reference(text: str) -> None:
    run = small({"Value": {"type": "Compose", "inputs": text}})
    assert (run.status, run.records[0].outputs) == ("Succeeded", VALUES[text]), run.errors


@pytest.mark.parametrize(
    "text",
    [
        "@triggerBody()['none']",
        "@triggerBody()?['none']['deeper']",
        "@triggerBody()?['list']?['name']",
        "@triggerBody()['list'][2]",
        "@toLower(null)",
        "@first('')",
        "@length(null)",
        "@contains('a1', 1)",
        "@if('true', 1, 2)",
        "@if(true, 1, toLower(null))",
        "@take('abc', '1')",
        "@split(triggerBody()['list'], ',')",
    ],
)
def test_an_expression_without_a_value_fails_its_action(text: str) -> None:
    run = small({"Value": {"type": "Compose", "inputs": text}})
    assert (run.status, [record.status for record in run.records]) == ("Failed", ["Failed"])


FAILS: Any = {"type": "Compose", "inputs": "@toLower(null)"}
WORKS: Any = {"type": "Compose", "inputs": "x"}


@pytest.mark.parametrize(
    ("actions", "statuses", "status"),
    [
        ({"A": FAILS, "B": WORKS}, "Failed Skipped", "Failed"),
        ({"A": FAILS, "B": {**WORKS, "runAfter": {"A": ["Failed"]}}}, "Failed Succeeded", "Succeeded"),
        ({"A": WORKS, "B": {**WORKS, "runAfter": {"A": ["Failed"]}}}, "Succeeded Skipped", "Succeeded"),
        ({"A": WORKS, "B": {**WORKS, "runAfter": {}}, "C": FAILS}, "Succeeded Succeeded Failed", "Failed"),
    ],
)
def test_a_run_fails_with_a_failure_that_nothing_follows(actions: dict[str, Any], statuses: str, status: str) -> None:
    run = small({name: dict(action) for name, action in actions.items()})
    assert (" ".join(record.status for record in run.records), run.status) == (statuses, status)
