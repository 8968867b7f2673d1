"""Lines of a script for an administrator: what only an organisation's or a project's administrator may do.

Each may be run twice, so it looks first: `az devops project create`, and a POST of a pool, fail the second time. Once
the person is among the Project Administrators, `mlops bootstrap` may do all else in the project.
"""

import json
from shlex import join
from typing import Any
from urllib.parse import quote

from .place import PREVIEW, RESOURCE, VERSION, Place

ADMINISTRATORS = "Project Administrators"


def project(place: Place) -> str:
    """Return the lines that make the project."""
    chosen = ["--org", place.server, "--output", "none"]
    look = join(["az", "devops", "project", "show", "--project", place.project_name, *chosen])
    make = join(["az", "devops", "project", "create", "--name", place.project_name, "--visibility", "private", *chosen])
    return f"{look} 2>/dev/null ||\n  {make}\n{administrator(place)}"


def administrator(place: Place) -> str:
    """Return the lines by which the person who is signed in may set up the project."""
    line = ["az", "devops", "security", "group", "membership", "add", "--org", place.server, "--output", "none"]
    return f'{_group(place, ADMINISTRATORS)}\n{join([*line, "--member-id", place.account])} --group-id "$group"'


def member(place: Place, origin: str, role: str) -> str:
    """Return the lines by which a group of Entra ID becomes a member of a group of the project."""
    query = f"groupDescriptors=$group&api-version={PREVIEW['api-version']}"
    address = f"{place.server.replace('dev.azure.com', 'vssps.dev.azure.com')}/_apis/graph/groups?{query}"
    return f"{_group(place, role)}\n{_post(address, {'originId': origin})}"


def queue(place: Place, pool: str) -> str:
    """Return the lines that make an agent pool, if the organisation has none of this name, for use by the project."""
    exact, version = f"--query \"[?name=='{pool}'].id | [0]\" --output tsv", VERSION["api-version"]
    there = f"{join(['az', 'pipelines', 'pool', 'list', '--org', place.server])} {exact}"
    queues = join(["az", "pipelines", "queue", "list", "--org", place.server, "--project", place.project_name])
    made = _post(f"{place.server}/_apis/distributedtask/pools?api-version={version}", {"name": pool}, shown="id")
    address = f"{place.server}/{quote(place.project_name)}/_apis/distributedtask/queues"
    body = {"name": pool, "pool": {"id": "$pool"}}
    used = _post(f"{address}?authorizePipelines=false&api-version={version}", body)
    lines = [
        f'pool="$({there})"',
        f'[ -n "$pool" ] || pool="$({made})"',
        "# Then start at least one agent in it, inside the network, with the Azure CLI.",
        f'queue="$({queues} {exact})"',
        f'[ -n "$queue" ] || {used}',
    ]
    return "\n".join(lines)


def _group(place: Place, role: str) -> str:
    """Return the line that finds a group of the project: `az` takes its descriptor, and no name."""
    line = join(["az", "devops", "security", "group", "list", "--org", place.server, "--project", place.project_name])
    return f'group="$({line} --query "graphGroups[?displayName==\'{role}\'].descriptor | [0]" --output tsv)"'


def _post(address: str, body: dict[str, Any], shown: str | None = None) -> str:
    """Return the line that sends a body, in which variables of the shell are filled in."""
    output = f"--query {shown} --output tsv" if shown else "--output none"
    text = json.dumps(body).replace('"$pool"', "$pool").replace('"', '\\"')
    return (
        f'az rest --method post --resource {RESOURCE} --uri "{address}" --headers Content-Type=application/json'
        f' --body "{text}" {output}'
    )
