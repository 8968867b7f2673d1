from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.cases import Case
from tests.infra.flavours import add_compiled
from tests.support import harness

Filled = Callable[[Case, str], Path]


@pytest.fixture(scope="session")
def filled(render: harness.Render, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The filled-in project of a case in a language: made once a session, so change no result."""
    folder = tmp_path_factory.mktemp("filled")

    def project(case: Case, iac: str) -> Path:
        if iac != "arm":
            return case.project(iac, render, folder)
        target = case.project("bicep", render, folder / "arm")
        add_compiled(target)
        return target

    return project
