"""One rollout at a time on an endpoint: a lease of a blob, which Azure Storage gives to one holder.

A lease lasts a minute and is renewed while its holder lives; one whose holder was killed ends by itself. Tags of an
endpoint could not do this: of two writers the last one wins.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .. import waiting
from ..client import Azure
from ..problems import AzureProblemError, translated
from ..sign_in import actor
from ..storage import blob, ensure_container

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

FOLDER = "leases"
SECONDS = 60  # of a lease; Azure's longest but "for ever"
RENEWED = 20.0  # seconds between renewals


class Lease:
    """A lease that is held."""

    def __init__(self, azure: Azure, name: str, held: Any) -> None:
        self.azure = azure
        self.name = name
        self._held = held

    def renew(self) -> None:
        """Renew it; called before each change, so that a process that was asleep changes nothing.

        Raises:
            AzureProblemError: another process holds it by now.
            AzureFailedError: Azure Storage did not answer.
        """
        from azure.core.exceptions import HttpResponseError

        with translated(self.azure, f"lease on {self.name}"):
            try:
                self._held.renew()
            except HttpResponseError as error:
                if error.status_code not in (404, 409, 412):
                    raise
                raise AzureProblemError(
                    f"{self.name}: another process has begun to change this endpoint meanwhile: look with"
                    f" 'mlops azure status --env {self.azure.config.environment.name}'"
                ) from error


@contextmanager
def held(azure: Azure, name: str, command: str, *, first: bool = False) -> Iterator[Lease]:
    """Hold the lease of an endpoint while the block runs.

    Args:
        azure: the environment.
        name: of the endpoint.
        command: that holds it, for the messages of others.
        first: take it from whoever holds it, whose next change is then refused.

    Raises:
        AzureProblemError: another process holds it, for longer than one that was killed could.
        AzureFailedError: Azure Storage did not answer.
    """
    client = blob(azure, f"{FOLDER}/{name}.json")
    with translated(azure, f"lease on {name}"):
        taken = _taken(azure, client, name, first)
        who = {"who": actor(), "command": command, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        client.upload_blob(json.dumps(who).encode(), overwrite=True, lease=taken)
    ended = threading.Event()
    renewal = threading.Thread(target=_renewed, args=(taken, ended), daemon=True, name=f"lease on {name}")
    renewal.start()
    try:
        yield Lease(azure, name, taken)
    finally:
        ended.set()
        with suppress(Exception):  # it ends by itself within a minute
            taken.release()


def _taken(azure: Azure, client: "BlobClient", name: str, first: bool) -> Any:
    from azure.core.exceptions import HttpResponseError, ResourceExistsError
    from azure.storage.blob import BlobLeaseClient

    lease = BlobLeaseClient(client, lease_id=str(uuid.uuid4()))
    waited = 0.0
    while True:
        try:
            lease.acquire(lease_duration=SECONDS)
            return lease
        except HttpResponseError as error:
            if error.status_code == 404:
                ensure_container(azure)
                with suppress(ResourceExistsError):
                    client.upload_blob(b"{}", overwrite=False)
                continue
            if error.status_code != 409:
                raise
            if first:
                lease.break_lease(lease_break_period=0)
                first = False
                continue
            if waited > SECONDS:
                raise AzureProblemError(
                    f"{name}: {_holder(client)} is changing this endpoint: run the command again once that has ended"
                ) from None
            waiting.pause()
            waited += waiting.PAUSE


def _holder(client: "BlobClient") -> str:
    content = json.loads(client.download_blob().readall() or b"{}")
    if not content:
        return "another process"
    return f"'{content['command']}' of {content['who']}, since {content['since']},"


def _renewed(lease: Any, ended: threading.Event) -> None:
    while not ended.wait(RENEWED):
        with suppress(Exception):  # `Lease.renew` speaks of it
            lease.renew()
