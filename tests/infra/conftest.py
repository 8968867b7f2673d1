from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.cases import Case
from tests.support import harness

Filled = Callable[[Case, str], Path]


@pytest.fixture(scope="session")
def filled(render: harness.Render, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The filled-in project of a case in a flavour: made once a session, so change no result."""
    folder = tmp_path_factory.mktemp("filled")
    return lambda case, iac: case.project(iac, render, folder)
