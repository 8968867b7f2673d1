"""Security of infra/, by checkov alone: without network once it is installed, and without any account.

checkov wants other versions of packages than the project, so it has an environment of its own inside the project's,
from requirements/checkov.lock.txt.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from ..errors import StepFailedError
from ..paths import Project
from . import linting, tools

LOCK = "requirements/checkov.lock.txt"
EXCEPTIONS = "infra/.checkov.yaml"
REPORT = "outputs/checks/checkov.xml"


def lines(project: Project) -> Iterator[str]:
    """Yield what was scanned and what checkov says of it; write its findings for CI, as JUnit has them.

    Raises:
        StepFailedError: checkov finds what infra/.checkov.yaml does not explain, or cannot be installed.
        UserError: uv is missing, or infra/ cannot be read.
    """
    checkov = _installed(project, Path(sys.prefix))
    with tempfile.TemporaryDirectory(prefix="scan-") as made:
        scanned, notes = linting.plain(project, Path(made))
        yield from notes
        if scanned is None:
            return
        report = project.root / REPORT
        report.parent.mkdir(parents=True, exist_ok=True)
        command = [str(checkov), "--directory", str(scanned), "--config-file", str(project.root / EXCEPTIONS)]
        command += ["--skip-download", "--quiet", "--compact"]
        command += ["--output", "cli", "--output", "junitxml", "--output-file-path", f"console,{report}"]
        ended = tools.run(command, folder=project.root)
    summary = next((line for line in ended.out.splitlines() if line.startswith("Passed checks:")), "")
    if ended.code:
        found = ended.out.strip() or ended.reason
        raise StepFailedError(f"{found}\ncheckov: mend it, or name the check in {EXCEPTIONS}, with a reason")
    if notes and not ended.out.strip():
        yield "infra: checkov has no rule for the rest"
        return
    if not summary or "Parsing errors" in summary:  # which checkov itself lets pass
        raise StepFailedError(f"checkov could not read infra/:\n{ended.out.strip() or ended.reason}")
    yield f"infra: {summary}"


def _installed(project: Project, environment: Path) -> Path:
    """Return checkov's command; install what the lock has where another version is there, or none."""
    locked = project.root / LOCK
    folder = environment / "checkov"
    digest = hashlib.sha256(locked.read_bytes()).hexdigest()
    with FileLock(environment / "checkov.lock"):
        marker = folder / "installed"
        if not marker.is_file() or marker.read_text("utf-8") != digest:
            uv = os.environ.get("UV") or tools.find("uv", "install it, https://docs.astral.sh/uv")
            shutil.rmtree(folder, ignore_errors=True)
            python = str(folder / "bin" / "python")
            for words in (
                ("venv", "--quiet", "--python", sys.executable, str(folder)),
                ("pip", "sync", "--quiet", "--require-hashes", "--python", python, str(locked)),
            ):
                if (ended := tools.run([uv, *words], folder=project.root)).code:
                    raise StepFailedError(f"checkov cannot be installed: 'uv {words[0]}' failed:\n{ended.reason}")
            marker.write_text(digest, encoding="utf-8")
    return folder / "bin" / "checkov"
