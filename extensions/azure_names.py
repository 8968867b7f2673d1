"""Names of Azure resources by Azure's own rules, one row of a table per kind of resource.

A name is made of a prefix, the project's slug, the environment and the suffix that the answers
keep. Where that is too long, or where the kind forbids the hyphens that tell the parts apart, the
slug is shortened and a hash of all parts takes the suffix's place: two projects never share a name,
and the same answers always give the same names.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import NamedTuple

from jinja2 import Environment
from jinja2.ext import Extension

ENVIRONMENTS = ("dev", "staging", "prod", "shared")

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SUFFIX = re.compile(r"[a-z][a-z0-9]{3}")
_HASH_LENGTH = 6


class Rule(NamedTuple):
    """Azure's rule for the names of one kind of resource.

    `longest` is Azure's limit in characters. All names here start with a letter, end with a letter
    or digit, hold no two hyphens in a row and are lower case, which every kind accepts; so only
    length and hyphens differ.
    """

    prefix: str
    longest: int
    hyphens: bool = True


# Limits: Microsoft's "Naming rules and restrictions for Azure resources" and, for endpoints and
# registries of Azure ML, the page on each.
RULES = {
    "resource_group": Rule("rg", 90),
    "workspace": Rule("mlw", 33),
    "storage_account": Rule("st", 24, hyphens=False),
    "data_lake": Rule("dls", 24, hyphens=False),
    "key_vault": Rule("kv", 24),
    "container_registry": Rule("cr", 50, hyphens=False),
    "log_analytics": Rule("log", 63),
    "application_insights": Rule("appi", 255),
    "online_endpoint": Rule("online", 32),
    "batch_endpoint": Rule("batch", 32),
    "kubernetes_endpoint": Rule("k8s", 32),
    "identity_jobs": Rule("id-jobs", 128),
    "identity_endpoint": Rule("id-endpoint", 128),
    "identity_ci": Rule("id-ci", 128),
    "identity_infrastructure": Rule("id-infra", 128),
    "identity_plan": Rule("id-plan", 128),
    "action_group": Rule("ag", 260),
    "network_group": Rule("rg-network", 90),
    "virtual_network": Rule("vnet", 64),
    "state_resource_group": Rule("rg-state", 90),
    "state_account": Rule("sttf", 24, hyphens=False),
}

# One Azure ML registry serves all environments: its name holds `shared` in each of them.
REGISTRY = Rule("mlr", 32)

# A cluster's name is unique within its workspace only. It is the same in all of them, so that
# pipelines can name it.
CPU_CLUSTER = "cpu-cluster"


def name(rule: Rule, slug: str, environment: str, suffix: str) -> str:
    """Return the name of one resource: valid by `rule`, and different for any other argument.

    Raises ValueError if an argument has another form than the questions accept.
    """
    if not 3 <= len(slug) <= 20 or not _SLUG.fullmatch(slug):
        raise ValueError(f"slug {slug!r}: 3 to 20 of a-z, 0-9 and single hyphens, starting with a letter")
    if environment not in ENVIRONMENTS:
        raise ValueError(f"environment {environment!r} is not one of {', '.join(ENVIRONMENTS)}")
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"suffix {suffix!r}: a letter and three letters or digits, lower case")

    separator = "-" if rule.hyphens else ""
    full = separator.join((rule.prefix, slug, environment, suffix))
    if len(full) <= rule.longest and (rule.hyphens or "-" not in slug):
        return full
    digest = base64.b32encode(hashlib.sha256(f"{slug}/{environment}/{suffix}".encode()).digest()).decode().lower()
    tail = separator.join((environment, digest[:_HASH_LENGTH]))
    room = rule.longest - len(rule.prefix) - len(tail) - 2 * len(separator)
    head = (slug if rule.hyphens else slug.replace("-", ""))[:room].rstrip("-")
    return separator.join((rule.prefix, head, tail))


def azure_names(slug: str, environment: str, suffix: str) -> dict[str, str]:
    """Return the names of one environment's resources by kind; `registry` and `cpu_cluster` are shared."""
    return {
        **{kind: name(rule, slug, environment, suffix) for kind, rule in RULES.items()},
        "registry": name(REGISTRY, slug, "shared", suffix),
        "cpu_cluster": CPU_CLUSTER,
    }


class AzureNames(Extension):
    """Adds the function `azure_names`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["azure_names"] = azure_names
