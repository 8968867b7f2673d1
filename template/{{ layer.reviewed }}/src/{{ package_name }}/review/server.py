"""Label Studio on this machine, in an environment of its own that uv makes, reached from this machine only."""

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from ..content import FIELD
from ..errors import UserError
from ..files import atomic_write
from ..services import claim_port, stop
from .label_studio_api import TOKEN

RELEASE = "1.23.2"  # the release that the tests of this project ran against
PYTHON = "3.11"
HOST = "127.0.0.1"
PORT = 8181
USER = "you@example.com"
READY_SECONDS = 300.0  # the first start makes the database: 40 s on two cores, after a download of 1 GB
LOG_LINES = 15
# Variables that Label Studio reads although they do not carry its name.
LEFTOVERS = re.compile(r"LABEL_STUDIO_.*|HOST|PORT|DEBUG|DJANGO_.*|(FRONTEND_)?SENTRY_.*|COLLECT_ANALYTICS|PYTHON.*")


@dataclass(frozen=True)
class Account:
    """The user that the first start makes."""

    user: str
    password: str


@dataclass(frozen=True)
class Running:
    """A Label Studio that answers; `account` only on the start that made it."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path
    account: Account | None


@contextlib.contextmanager
def start(folder: Path, port: int = PORT, say: Callable[[str], None] = lambda line: None) -> Iterator[Running]:
    """Run Label Studio until the `with` block ends; its database, files and log lie in `folder`.

    Args:
        folder: made where it is missing, in the folder of `labeling`, whose queues it shows; Git leaves it out.
        port: 1 to 65535, or 0 for one that is free.
        say: gets what a person should read while the server starts.

    Raises:
        UserError: uv is missing, the port is taken, or the server ends or is not ready within `READY_SECONDS`.
    """
    uv = _uv()
    port = claim_port(HOST, port)  # Label Studio would take the next one without a word
    atomic_write(folder / ".gitignore", "*\n")
    made = folder / "made"
    account = None
    if not made.exists():
        account = Account(USER, secrets.token_urlsafe(12))
        # Left by a start that was interrupted before anyone could use it; the password of its user is not known.
        (folder / "label_studio.sqlite3").unlink(missing_ok=True)
    log = folder / "server.log"
    say(f"Label Studio {RELEASE} starts; the first time it is installed, which takes minutes and 1 GB")
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command(uv, port),
            cwd=folder,
            env=environment(folder, account),
            stdin=subprocess.PIPE,  # held open, never written to: see label_studio_process.py
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us; we then stop the server
        )
        try:
            running = Running(f"http://{HOST}:{port}", process, log, account)
            _wait_until_ready(running)
            made.touch()
            yield running
        finally:
            stop(process)


def serve(folder: Path, port: int, say: Callable[[str], None]) -> None:
    """Run Label Studio until Ctrl-C and say how to use it; the password is shown on the first start only.

    Raises:
        UserError: as `start`, or the server ends by itself.
    """
    with start(folder, port, say) as running:
        if running.account:
            token = personal_token(running.url, running.account)
            say(f"user {running.account.user}, password {running.account.password} (shown this once: keep it)")
            say(f"export {TOKEN}={token}    # what push and pull sign in with, in another terminal")
            say("Others sign up with the link under Organization, Invite Members")
        say(f"Label Studio at {running.url}; log: {running.log}; Ctrl-C ends it")
        status = running.process.wait()
        raise UserError(f"Label Studio ended with exit status {status}{_tail(running.log)}")


def command(uv: str, port: int) -> list[str]:
    """Return the command of the server; without -P, modules of this folder would hide its own."""
    script = Path(__file__).with_name("label_studio_process.py")
    return [
        *(uv, "tool", "run", "--quiet", "--python", PYTHON, "--from", f"label-studio=={RELEASE}", "python"),
        *("-P", str(script), "start", "--no-browser", "--internal-host", HOST, "--port", str(port)),
    ]


def environment(folder: Path, account: Account | None, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of the server: nothing is sent to its vendor, and only invited people sign up."""
    own = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder.resolve()),
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",  # empty, not unset: the vendor's default is on
        "FRONTEND_SENTRY_DSN": "",
        "PYTHONUNBUFFERED": "1",
    }
    if FIELD == "path":
        # A project shows files of the folders below this one that it was given, see `Client.show_files`.
        own["LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED"] = "true"
        own["LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT"] = str(folder.resolve().parent)
    if account:
        own |= {"LABEL_STUDIO_USERNAME": account.user, "LABEL_STUDIO_PASSWORD": account.password}
    return {name: value for name, value in inherited.items() if not LEFTOVERS.fullmatch(name)} | own


def personal_token(url: str, account: Account) -> str:
    """Return the personal access token of a user who has none yet.

    Raises:
        UserError: the server refuses the user or has given the token before.
    """
    with requests.Session() as session:
        session.trust_env = False  # a proxy cannot reach this machine's own address
        session.get(f"{url}/user/login/", timeout=60)
        form = {
            "email": account.user,
            "password": account.password,
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        }
        session.post(f"{url}/user/login/", data=form, headers={"Referer": url}, timeout=60)
        headers = {"X-CSRFToken": session.cookies["csrftoken"], "Referer": url}
        answer = session.post(f"{url}/api/token/", headers=headers, timeout=60)
        if not answer.ok:
            raise UserError(
                f"{url}: gives no personal access token to {account.user}: it answered {answer.status_code}"
            )
        return str(answer.json()["token"])


def _uv() -> str:
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise UserError("uv is not installed, and Label Studio needs it: https://docs.astral.sh/uv, or pip install uv")
    return uv


def _wait_until_ready(running: Running) -> None:
    deadline = time.monotonic() + READY_SECONDS
    with requests.Session() as session:
        session.trust_env = False
        while running.process.poll() is None:
            if time.monotonic() > deadline:
                raise UserError(f"Label Studio is not ready after {READY_SECONDS:g} s{_tail(running.log)}")
            with contextlib.suppress(requests.RequestException):
                if session.get(f"{running.url}/health", timeout=5).status_code == 200:
                    return
            time.sleep(0.2)
    raise UserError(f"Label Studio ended with exit status {running.process.returncode}{_tail(running.log)}")


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return f"\nThe end of {log}:\n" + "\n".join(lines[-LOG_LINES:])
