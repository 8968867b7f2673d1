"""What config/ must say so that the tables of infra/ can be followed; `mlops check` and every plan look at it."""

from collections.abc import Iterator

from ..config.environment import EnvironmentConfig
from ..errors import UserError
from ..paths import Project
from . import roles, tables


def refuse_disagreement(project: Project, config: EnvironmentConfig) -> None:
    """Compare one environment with the tables.

    Raises:
        UserError: a table is refused, or the data lake lacks a container, or the list of DNS zones a zone, that a
            table names.
    """
    problems = [*_containers(project, config), *_zones(project, config)]
    if problems:
        raise UserError("\n".join(problems))


def _containers(project: Project, config: EnvironmentConfig) -> Iterator[str]:
    known = config.data_lake.containers
    missing: dict[str, str] = {}
    for grant in tables.roles(project).grants:
        resource, _, container = grant.on.partition("/")
        if resource == "data_lake" and container and container not in known and roles.counts(grant, config):
            missing.setdefault(container, f"{grant.who}: {grant.why}")
    for container, why in missing.items():
        yield f"{config.where('data_lake.containers')}: lacks {container!r}, where roles are given ({why})"


def _zones(project: Project, config: EnvironmentConfig) -> Iterator[str]:
    given = {zone.rpartition("/")[2].lower() for zone in config.network.private_dns_zone_ids}
    table = tables.network(project)
    endpoints = [row for row in table.private_endpoints if config.network.mode in row.modes]
    needed = sorted({zone for row in endpoints for zone in table.zones[row.subresource]})
    missing = [zone for zone in needed if zone not in given]
    if given and missing:
        yield (
            f"{config.where('network.private_dns_zone_ids')}: lacks {' and '.join(missing)}: list all zones, or none"
            " where a policy registers the endpoints"
        )
