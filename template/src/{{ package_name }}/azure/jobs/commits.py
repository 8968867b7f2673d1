"""This project as it was at a commit, for jobs that must run what a model was made with."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ...errors import UserError
from ...paths import CONFIG, Project
from ...tracking import code_version
from ..client import Azure


@contextmanager
def at(azure: Azure, commit: str) -> Iterator[Azure]:
    """Give an environment with the project's files as they were at a commit, in a folder of their own for that time.

    The environment's own configuration stays that of today: it says where work is done, not what.

    Raises:
        UserError: the commit is not in this clone, or was none.
    """
    if commit == code_version():
        yield azure
        return
    if not commit or commit == "unknown" or commit.endswith("-dirty"):
        raise UserError(
            f"commit {commit or 'unknown'!r}: is refused: the model was made from files that no commit holds; train it"
            " again from a clean checkout"
        )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        command = ["git", "archive", "--format=tar", commit]
        try:
            packed = subprocess.run(command, cwd=azure.project.root, capture_output=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise UserError(
                f"commit {commit}: is not in this clone: fetch it, such as with 'git fetch --unshallow'"
            ) from error
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            files.extractall(root, filter="data")
        if not (root / CONFIG).is_file():
            raise UserError(f"commit {commit}: has no {CONFIG.as_posix()}")
        yield replace(azure, project=Project(root))
