"""The real Azure ML inference server on this machine, and a client for it."""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import UserError
from ..paths import Project
from ..services import claim_port, stop
from ..variables import local, stated

PORT = 5001
LOOPBACK = ("127.0.0.1", "localhost")
READY_SECONDS = 90.0
LOG_LINES = 15
EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit)\b")


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    host: str
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path | None

    @property
    def url(self) -> str:
        """The address of scoring requests."""
        return f"http://{self.host}:{self.port}/score"

    def wait(self, project: Project) -> NoReturn:
        """Block for as long as the server runs.

        Raises:
            UserError: it has ended by itself.
        """
        status = self.process.wait()
        raise UserError(f"the inference server ended with exit status {status}{_tail(self, project)}")


@contextlib.contextmanager
def serve(
    project: Project,
    model_dir: Path,
    port: int = PORT,
    *,
    host: str = "127.0.0.1",
    foreground: bool = False,
    name: str | None = None,
    version: str | None = None,
    script: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Serve a model with src/score.py, as an online deployment does, until the `with` block ends.

    Args:
        project: the project whose src/ is served; the log goes to its outputs/serve/server-<port>.log.
        model_dir: the model folder, given to score.py as AZUREML_MODEL_DIR.
        port: 1 to 65535, or 0 for one that is free.
        host: the address to listen on; the default is reached from this machine only.
        foreground: the server's log goes to the terminal instead.
        name, version: of the model, given to score.py as MODEL_NAME and MODEL_VERSION.
        script: another entry script than src/score.py.
        environment: further variables for the server.

    Raises:
        UserError: the port is taken or out of range, or the server ends or is not ready within `READY_SECONDS`;
            the message holds its last log lines.
    """
    port = claim_port(host, port)
    log = None if foreground else project.outputs / "serve" / f"server-{port}.log"
    mounted = _mounted(project, model_dir.resolve(), name, version)
    variables = {**stated(project), "AZUREML_MODEL_DIR": str(mounted), "AML_APP_ROOT": str(project.root)}
    # As in the deployment: one request uses one core, or concurrent ones fight for all of them.
    variables |= {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    # gunicorn would offer its remote control in the user's home, one for all servers.
    variables |= {"GUNICORN_CMD_ARGS": "--no-control-socket"}
    variables |= {key: value for key, value in (("MODEL_NAME", name), ("MODEL_VERSION", version)) if value}
    # By its file: the served code is that of the project, and PYTHONPATH cannot hold a path with a colon.
    command = [sys.executable, "-P", str(Path(__file__).with_name("inference_server.py")), host]
    command += ["--entry_script", str(script or project.code / "score.py"), "--port", str(port)]
    with contextlib.ExitStack() as stack:
        sink: Any = None
        if log is not None:
            try:
                log.parent.mkdir(parents=True, exist_ok=True)
                sink = stack.enter_context(log.open("wb"))
            except OSError as error:
                raise UserError(f"{project.relative(log)}: cannot be written: {error.strerror}") from None
        process = subprocess.Popen(
            command,
            cwd=project.root,
            env=local({**variables, **(environment or {})}),
            stdin=subprocess.PIPE,  # held open, never written to: see inference_server.py
            stdout=sink,
            stderr=subprocess.STDOUT if sink else None,
            start_new_session=True,  # Ctrl-C is for us; we then stop the server and its workers
        )
        stack.callback(stop, process)
        server = Server(host, port, process, log)
        _wait_until_ready(server, project)
        yield server


def _mounted(project: Project, model: Path, name: str | None, version: str | None) -> Path:
    """Return a link to the model at a path like that of Azure, which the server takes name and version from.

    Azure's path is azureml-models/<name>/<version>; at any other, the server reports an error at each start.
    """
    if not name or not version:
        return model
    link = project.outputs / "serve" / "azureml-models" / name / version
    made = link.with_name(f".{version}.{os.getpid()}")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        made.symlink_to(os.path.relpath(model, link.parent.resolve()), target_is_directory=True)
        made.replace(link)
    except OSError:  # a disk without links: only the log is longer
        with contextlib.suppress(OSError):
            made.unlink()
        return model
    return link


def invoke(
    url: str, payload: object, *, content_type: str = "application/json", timeout: float = 30.0
) -> tuple[int, Any]:
    """Send one request: `payload` as JSON, or unchanged where it is `str` or `bytes`.

    Returns:
        The status and the answer, parsed where it is JSON.

    Raises:
        UserError: no server answers at `url`, or not within `timeout` seconds.
    """
    body = payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
    body = body.encode() if isinstance(body, str) else body
    try:
        request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type})
        # A proxy that the environment names cannot reach this machine's own address.
        proxies: dict[str, str] | None = {} if request.host.partition(":")[0] in LOOPBACK else None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
        with opener.open(request, timeout=timeout) as response:
            return response.status, _content(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _content(error.read())
    except TimeoutError:
        raise UserError(f"{url}: no answer within {timeout:g} s") from None
    except urllib.error.URLError as error:
        raise UserError(f"{url}: cannot be reached ({error.reason}); is the server running?") from None
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise UserError(f"{url}: cannot be asked: {error}") from None


def _content(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _wait_until_ready(server: Server, project: Project) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while server.process.poll() is None:
        if time.monotonic() > deadline:
            raise UserError(f"the inference server is not ready after {READY_SECONDS:g} s{_tail(server, project)}")
        # The port is open before the worker has loaded the model; only then is the probe answered.
        connection = http.client.HTTPConnection(server.host, server.port, timeout=1)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise UserError(f"the inference server ended with exit status {server.process.returncode}{_tail(server, project)}")


def _tail(server: Server, project: Project) -> str:
    if server.log is None:
        return "; its log is above"
    lines = server.log.read_text(encoding="utf-8", errors="replace").splitlines()
    # The server wraps what the script raised into exceptions of its own; those say nothing.
    cause = next((f": {line}" for line in reversed(lines) if EXCEPTION.match(line) and "UserScript" not in line), "")
    return f"{cause}\nThe end of {project.relative(server.log)}:\n" + "\n".join(lines[-LOG_LINES:])
