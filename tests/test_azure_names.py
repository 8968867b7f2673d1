from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extensions.azure_names import ENVIRONMENTS, azure_names

pytestmark = pytest.mark.quick

slugs = st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", fullmatch=True).filter(lambda slug: 3 <= len(slug) <= 20)
environments = st.sampled_from(ENVIRONMENTS)
suffixes = st.from_regex(r"[a-z][a-z0-9]{3}", fullmatch=True)
projects = st.tuples(slugs, environments, suffixes)

# Azure's own rules, written down a second time and independently of the table under test.
ALLOWED = {
    "resource_group": r"[-\w._()]{0,89}[-\w_()]",
    "workspace": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}",
    "storage_account": r"[a-z0-9]{3,24}",
    "data_lake": r"[a-z0-9]{3,24}",
    "key_vault": r"(?!.*--)[a-zA-Z](?=.{2,23}$)[a-zA-Z0-9-]*[a-zA-Z0-9]",
    "container_registry": r"[a-zA-Z0-9]{5,50}",
    "log_analytics": r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]",
    "application_insights": r"[^%&\\?/]{0,254}[^%&\\?/. ]",
    "online_endpoint": r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]",
    "batch_endpoint": r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]",
    "kubernetes_endpoint": r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]",
    "identity_jobs": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    "identity_endpoint": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    "identity_ci": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    "identity_infrastructure": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    "identity_plan": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    "network_group": r"[-\w._()]{0,89}[-\w_()]",
    "action_group": r"[^:<>+/&%\\?|]{0,259}[^:<>+/&%\\?|. ]",
    "state_resource_group": r"[-\w._()]{0,89}[-\w_()]",
    "state_account": r"[a-z0-9]{3,24}",
    "virtual_network": r"[a-zA-Z0-9][\w.-]{0,62}[a-zA-Z0-9_]",
    "registry": r"[a-zA-Z0-9][a-zA-Z0-9-]{1,31}",
    "cpu_cluster": r"[a-zA-Z][a-zA-Z0-9-]{1,15}",
}


@given(projects)
@example(("a" * 20, "staging", "zzzz"))
@example(("a-" * 9 + "bc", "staging", "zzzz"))
def test_names_follow_azures_rules(project: tuple[str, str, str]) -> None:
    names = azure_names(*project)
    assert names.keys() == ALLOWED.keys()
    for kind, name in names.items():
        assert re.fullmatch(ALLOWED[kind], name, re.ASCII), (kind, name)


@given(projects, projects)
@example(("a-bc", "dev", "x7k2"), ("abc", "dev", "x7k2"))
@example(("flight-time-forecast", "prod", "x7k2"), ("flight-time-forecasu", "prod", "x7k2"))
@example(("abcprod", "dev", "x7k2"), ("abc", "prod", "x7k2"))
@example(("flight-time", "dev", "x7k2"), ("flight-time", "dev", "x7k3"))
def test_projects_never_share_a_name(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    first, second = azure_names(*one), azure_names(*other)
    for kind in first.keys() - {"cpu_cluster", "registry"}:
        assert (first[kind] == second[kind]) == (one == other), kind
    assert (first["registry"] == second["registry"]) == (one[::2] == other[::2])


@given(projects)
def test_resources_never_share_a_name(project: tuple[str, str, str]) -> None:
    names = azure_names(*project)
    assert len(set(names.values())) == len(names)


def test_names_stay_the_same_across_releases() -> None:
    # Azure resources exist under these names: a changed name is a lost resource.
    assert azure_names("flight-time", "staging", "x7k2") == {
        "resource_group": "rg-flight-time-staging-x7k2",
        "workspace": "mlw-flight-time-staging-x7k2",
        "storage_account": "stflighttimstagingxbzdve",
        "data_lake": "dlsflighttistagingxbzdve",
        "key_vault": "kv-flight-staging-xbzdve",
        "container_registry": "crflighttimestagingxbzdve",
        "log_analytics": "log-flight-time-staging-x7k2",
        "application_insights": "appi-flight-time-staging-x7k2",
        "online_endpoint": "online-flight-time-staging-x7k2",
        "batch_endpoint": "batch-flight-time-staging-x7k2",
        "kubernetes_endpoint": "k8s-flight-time-staging-x7k2",
        "identity_jobs": "id-jobs-flight-time-staging-x7k2",
        "identity_endpoint": "id-endpoint-flight-time-staging-x7k2",
        "identity_ci": "id-ci-flight-time-staging-x7k2",
        "identity_infrastructure": "id-infra-flight-time-staging-x7k2",
        "identity_plan": "id-plan-flight-time-staging-x7k2",
        "network_group": "rg-network-flight-time-staging-x7k2",
        "action_group": "ag-flight-time-staging-x7k2",
        "virtual_network": "vnet-flight-time-staging-x7k2",
        "state_resource_group": "rg-state-flight-time-staging-x7k2",
        "state_account": "sttfflighttstagingxbzdve",
        "registry": "mlr-flight-time-shared-x7k2",
        "cpu_cluster": "cpu-cluster",
    }


@pytest.mark.parametrize(
    ("project", "message"),
    [
        (("ab", "dev", "x7k2"), "slug 'ab'"),
        (("Flight", "dev", "x7k2"), "slug 'Flight'"),
        (("flight--time", "dev", "x7k2"), "slug 'flight--time'"),
        (("flight", "test", "x7k2"), "environment 'test'"),
        (("flight", "dev", "7777"), "suffix '7777'"),
    ],
)
def test_refuses_values_that_no_question_accepts(project: tuple[str, str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        azure_names(*project)
