"""How a breach is answered: a job trains on the production data, and its model is the next candidate."""

import pytest

from .pipeline import Run
from .walk import Walk


def given(walk: Walk, run: Run, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Run what a look has started; return the candidate that comes of it, and the environment that has it."""
    place, env = walk.place, run.inputs["env"]
    walk.run(run)
    (job,) = place.jobs(env, "retrain")
    assert walk.look("17 * * * *") == []
    tags = place.end(env, "retrain")["properties"]["tags"]
    made = {key: tags[key] for key in ("code_version", "data")}
    return place.acting.register(env, "1", job["name"], **made), env
