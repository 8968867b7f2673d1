"""What CI leaves to people: roles that its identity may not give, and connections that need one of them.

What is in the state stays in every plan.
"""

import os
from collections.abc import Collection

from ..config.environment import EnvironmentConfig
from ..paths import Project
from . import az, roles, sign_in, tables
from .adopted import Address, Adopted, key

LeftOut = dict[str, list[str]]  # the variable `left_to_people` of infra/


def found(project: Project, config: EnvironmentConfig, known: Collection[Address], taken_over: Adopted) -> LeftOut:
    """Return the rows of roles and of outbound rules that the tables have, and that neither state nor Azure has.

    Args:
        project: whose tables count.
        config: of the environment.
        known: the addresses in the state.
        taken_over: what this plan takes into the state.
    """
    here = config.environment.name
    people = [key(row) for row in roles.assignments(project, here) if row.by == roles.PEOPLE]
    there = taken_over.get("roles", {})
    rows = [name for name in people if name not in there and ("azurerm_role_assignment", "main", name) not in known]
    rules = [
        rule.name
        for rule in tables.network(project).outbound_rules
        if config.network.mode in rule.modes and rule.on in roles.OUTSIDE
        if all(roles.condition(case, config) for case in rule.when)
        if ("azapi_resource", "outbound_rule", rule.name) not in known
    ]
    return {part: names for part, names in (("roles", rows), ("outbound_rules", rules)) if names}


def is_ci(config: EnvironmentConfig, subscription: str) -> bool:
    """Return whether Terraform acts as the identity that builds infrastructure in CI, or plans there."""
    client = os.environ.get("ARM_CLIENT_ID") or sign_in.variables().get("ARM_CLIENT_ID")
    if client is None or not config.ci.builds_infrastructure:
        return False
    names = {config.names.identity_infrastructure.lower(), config.names.identity_plan.lower()}
    where = ("--resource-group", config.names.resource_group, "--subscription", subscription)
    listed = az.ask("identity", "list", *where)
    return client in [each["clientId"] for each in listed if each["name"].lower() in names]
