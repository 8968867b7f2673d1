"""Distribution of tests to processes: in their order, with tests that share something costly in one process.

The groups of pytest-xdist itself (`--dist loadgroup`) do nothing under pytest 9.2: its issue 1386.
"""

from __future__ import annotations

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

# A module whose tests share a project, updates that are made once, or modules that share processes of the Bicep
# compiler; and a case of the infrastructure, which Terraform applies once in a process.
GROUPS = re.compile(
    r"(tests/test_(?:new_scenario|template_update)\.py|tests/infra/test_(?=(?:arm|bicep)\.py))"
    r"|tests/infra/.*\[([\w+-]+-(?:bare|filled|withheld))\b"
)


def group(nodeid: str) -> str:
    """Return the name of the tests that one process runs; a test of no group is alone.

    >>> group("tests/infra/test_policy.py::test_promises[classical-github-public-batch-bare-bicep]")
    'classical-github-public-batch-bare'
    """
    found = GROUPS.match(nodeid)
    return found[1] or found[2] if found else nodeid


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each process the next test, or the next group as one."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
