"""A substitute for the process beside a deployment that receives what the data collector's client sends in Azure."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Sidecar:
    """It listens on the port of the client, and keeps the type and the body of each event."""

    port: int
    received: list[tuple[str, str]] = field(default_factory=list)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the rows that were collected under a name."""
        return [
            row for found, body in self.received if found == f"azureml.inference.{kind}" for row in json.loads(body)
        ]

    def wait_for(self, word: str, events: int = 2) -> dict[str, Any]:
        """Return the rows of so many events in which a value is, by the type of the event; fewer after 5 seconds."""
        deadline = time.monotonic() + 5
        found: dict[str, Any] = {}
        while len(found) < events and time.monotonic() < deadline:
            time.sleep(0.05)
            found = {kind: json.loads(body) for kind, body in self.received if f'"{word}"' in body}
        return found


@contextmanager
def listening() -> Iterator[Sidecar]:
    """Receive events until the `with` block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            state.received.append((self.headers["ce-type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Sidecar(listener.server_address[1])
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield state
    listener.shutdown()
    listener.server_close()


def variables(folder: Path, port: int, collections: Sequence[str], run_mode: str = "cloud") -> dict[str, str]:
    """Return the variables that the platform sets for the client; the file that one of them names is in `folder`."""
    content = {"runMode": run_mode, "collections": {name: {"enabled": True} for name in collections}}
    path = folder / "collector.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return {"AZUREML_MDC_CONFIG_PATH": str(path), "AZUREML_MDC_PORT": str(port)}
