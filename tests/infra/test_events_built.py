"""The Logic Apps as each flavour builds them: what Event Grid and the alerts tell them reaches the CI system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.cases import REPRESENTATIVE, Case
from tests.infra.conftest import Filled
from tests.infra.flavours import MADE, config_of
from tests.infra.resource import Resource, callback_url
from tests.infra.terraform import needs_terraform
from tests.infra.test_events_workflow import NOW, alert, breach, data_arrived, model_registered
from tests.infra.workflow import Answer, Clock, Definition, Request, Run
from tests.infra.workflow.services import AzureDevOps, GitHub, Service

FLAVOURS = [pytest.param("terraform", marks=needs_terraform), "bicep"]
LOGIC_APP = "Microsoft.Logic/workflows"
SUBSCRIPTION = "Microsoft.EventGrid/systemTopics/eventSubscriptions"
STARTED = {
    "github": {
        "model-registered": "model-registered",
        "monitor-breach": "model-monitor-breach",
        "data-arrived": "data-arrived",
    },
    "azure_devops": {"model-registered": "11", "monitor-breach": "12", "data-arrived": "13"},
}


class Azure:
    """Calls Logic Apps by the addresses of their triggers, as Event Grid and Azure Monitor do."""

    def __init__(self, resources: list[Resource], ci: str) -> None:
        self.clock = Clock(NOW)
        self.resources = resources
        self.apps = {callback_url(f"{app.id}/triggers/event"): app for app in self.of(LOGIC_APP)}
        self.service: Service = AzureDevOps(self.clock)
        if ci == "github":
            (vault,) = {str(uri) for app in self.apps.values() if (uri := parameters_of(app).get("tokenUri"))}
            self.service = GitHub(self.clock, vault=vault)

    def of(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind == kind]

    def call(self, address: str, message: Any) -> Run:
        app = self.apps[address]
        definition = Definition(app.body["properties"]["definition"])
        return definition.run(parameters_of(app), message, self.answer, self.clock)

    def answer(self, request: Request) -> Answer:
        return self.call(request.url, request.body).answer if request.url in self.apps else self.service(request)


def parameters_of(app: Resource) -> dict[str, Any]:
    return {name: given["value"] for name, given in app.body["properties"]["parameters"].items()}


def message_for(subscription: Resource, topic: str, model: str) -> Any:
    """An event that passes the subscription's filter."""
    told = subscription.body["properties"]["filter"]
    match subscription.name:
        case "model-registered":
            message = model_registered(name=model, topic=topic)
        case "monitor-breach":
            message = breach(topic=topic)
        case _:
            message = data_arrived(
                subject=f"{told['subjectBeginsWith']}blobs/2013-06{told['subjectEndsWith']}", topic=topic
            )
    assert told["includedEventTypes"] == [message["eventType"]]
    assert message["subject"].startswith(told.get("subjectBeginsWith") or "")
    for condition in told.get("advancedFilters") or []:
        value = message
        for part in condition["key"].split("."):
            value = value[part]
        matches = {"StringIn": str.__eq__, "StringContains": str.__contains__}[condition["operatorType"]]
        assert any(matches(value, wanted) for wanted in condition["values"]), condition
    return message


Build = Callable[[Case, str, str], Azure]


@pytest.fixture(scope="module")
def build(filled: Filled) -> Build:
    """Each environment is built once, for a fresh CI system each time."""
    made: dict[tuple[Case, str, str], list[Resource]] = {}

    def built(case: Case, iac: str, environment: str) -> Azure:
        key = (case, iac, environment)
        if key not in made:
            made[key] = MADE[iac](filled(case, iac), environment, next(case.stacks()))
        return Azure(made[key], case.ci)

    return built


@pytest.mark.parametrize("iac", FLAVOURS)
@pytest.mark.parametrize("case", [REPRESENTATIVE[0], REPRESENTATIVE[2]], ids=str)
@pytest.mark.parametrize("environment", ["staging", "prod"])  # between them they hear of everything
def test_what_is_heard_starts_what_it_should(
    environment: str, case: Case, iac: str, filled: Filled, build: Build
) -> None:
    azure = build(case, iac, environment)
    model = config_of(filled(case, iac), environment)["events"]["model"]
    sources = {topic.id: topic.body["properties"]["source"] for topic in azure.of("Microsoft.EventGrid/systemTopics")}
    subscriptions = azure.of(SUBSCRIPTION)
    for subscription in subscriptions:
        topic = sources[subscription.id.rsplit("/eventSubscriptions/", 1)[0]]
        message = message_for(subscription, topic, model)
        address = subscription.body["properties"]["destination"]["properties"]["endpointUrl"]
        assert azure.call(address, [message]).answer == Answer(202)
    assert subscriptions
    assert [run.what for run in azure.service.started] == [STARTED[case.ci][one.name] for one in subscriptions]
    assert {run.fields["environment"] for run in azure.service.started} == {environment}


@pytest.mark.parametrize("iac", FLAVOURS)
@pytest.mark.parametrize("case", [REPRESENTATIVE[0], REPRESENTATIVE[2]], ids=str)
def test_alerts_become_tickets_and_close_them(case: Case, iac: str, build: Build) -> None:
    azure = build(case, iac, "prod")
    alerts = azure.of("Microsoft.Insights/metricAlerts")
    (receiver,) = [
        receiver
        for group in azure.of("Microsoft.Insights/actionGroups")
        for receiver in group.body["properties"].get("logicAppReceivers") or []
    ]
    told = [each for each in alerts if LOGIC_APP not in each.body["properties"]["scopes"][0]]
    assert len(told) >= 4
    for number, each in enumerate(told):
        fields = {"alertRule": each.name, "alertTargetIDs": [each.body["properties"]["scopes"][0].lower()]}
        for condition in ("Fired", "Resolved"):
            run = azure.call(
                receiver["callbackUrl"], alert(condition, f"b9569717-bc32-442f-add5-{number:012}", **fields)
            )
            assert run.status == "Succeeded", run.errors
            assert [ticket.is_open for ticket in azure.service.tickets[number:]] == [condition == "Fired"]
        assert each.name in azure.service.tickets[number].title
