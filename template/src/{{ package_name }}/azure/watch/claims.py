"""Claims: an action is written down in the workspace's storage before it is done, so that it is done once.

A claim is a blob, `<lane>/<number>.json`, made with `If-None-Match: *`: of two looks that decided on one state, one
makes it and the other one is refused. Numbers follow one another: whoever makes the next has seen all before it.
A later change (done, or another owner) is written with its etag and refused if another look was faster.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .decide import OWNER_LIVES
from .state import LANES, Entry

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient

CONTAINER = "watch"
HEARTBEAT = "heartbeat.json"
ISSUES = "issues"  # the lane of each issue's creation begins so
Clock = Callable[[], datetime]


class Claims:
    """The claims of one look.

    Args:
        container: `watch` in the workspace's storage, which infra/ makes.
        owner: of this look, unlike any other's.
        clock: the present time, aware.
    """

    def __init__(self, container: "ContainerClient", owner: str, clock: Clock) -> None:
        self.owner = owner
        self.clock = clock
        self._container = container

    def lanes(self) -> dict[str, Entry]:
        """Return the last entry of each lane that has one."""
        found = {lane: self.last(lane) for lane in LANES}
        return {lane: entry for lane, entry in found.items() if entry is not None}

    def last(self, lane: str) -> Entry | None:
        """Return the last entry of a lane, None if there is none."""
        names = [str(name) for name in self._container.list_blob_names(name_starts_with=f"{lane}/")]
        return self._read(max(names)) if names else None

    def claim(self, entry: Entry) -> Entry | None:
        """Claim the next action of a lane; None if another look was faster.

        An answer may be lost and the client repeat its request: it then meets its own claim, which counts as made.
        """
        from azure.core.exceptions import ResourceExistsError

        wanted = replace(entry, owner=self.owner, at=self.clock())
        try:
            return self._write(wanted, overwrite=False)
        except ResourceExistsError:
            found = self._read(_name(wanted))
            return found if found is not None and found.owner == self.owner else None

    def take_over(self, entry: Entry) -> Entry | None:
        """Take over the claim of a look that died; None if another one did, or if its owner came back."""
        return self._change(replace(entry, owner=self.owner, at=self.clock()))

    def finish(self, entry: Entry, link: str) -> Entry | None:
        """Write that a claimed action is done, and where its effect is; None if the claim is another look's by now."""
        return self._change(replace(entry, done=True, link=link))

    def holds(self, entry: Entry) -> bool:
        """Return whether a claim is surely still ours: others wait twice as long before they take it over."""
        return self.clock() - entry.at < OWNER_LIVES / 2

    def beat(self, content: Mapping[str, Any]) -> None:
        """Write the heartbeat: that a look has ended, and when."""
        self._container.upload_blob(HEARTBEAT, json.dumps(content), overwrite=True)

    def heartbeat(self) -> dict[str, Any] | None:
        """Return what the last look left, None if there was none."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found: dict[str, Any] = json.loads(self._container.download_blob(HEARTBEAT).readall())
        except ResourceNotFoundError:
            return None
        return found

    def _change(self, entry: Entry) -> Entry | None:
        from azure.core.exceptions import ResourceModifiedError

        try:
            return self._write(entry, overwrite=True)
        except ResourceModifiedError:
            found = self._read(_name(entry))  # perhaps our own write, whose answer was lost
            same = found is not None and found.owner == self.owner and found.done == entry.done
            return found if same else None

    def _write(self, entry: Entry, *, overwrite: bool) -> Entry:
        from azure.core import MatchConditions

        options: dict[str, Any] = {"overwrite": overwrite}
        if overwrite:
            options |= {"etag": entry.etag, "match_condition": MatchConditions.IfNotModified}
        answer = self._container.get_blob_client(_name(entry)).upload_blob(_text(entry), **options)
        return replace(entry, etag=str(answer["etag"]))

    def _read(self, name: str) -> Entry | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            blob = self._container.download_blob(name)
            content = json.loads(blob.readall())
        except ResourceNotFoundError:
            return None
        lane, _, number = name.rpartition("/")
        return Entry(
            lane=lane,
            number=int(number.removesuffix(".json")),
            key=content["key"],
            owner=content["owner"],
            at=datetime.fromisoformat(content["at"]),
            done=content["state"] == "done",
            causes=tuple(content["causes"]),
            answered=tuple(content["answered"]),
            inputs=content["inputs"],
            link=content["link"],
            etag=str(blob.properties.etag),
        )


def open_claims(account: str, credential: "TokenCredential", owner: str, clock: Clock) -> Claims:
    """Return the claims in a storage account; asks nothing of it yet."""
    from azure.storage.blob import ContainerClient

    address = f"https://{account}.blob.core.windows.net"
    return Claims(ContainerClient(address, CONTAINER, credential=credential), owner, clock)


def _name(entry: Entry) -> str:
    return f"{entry.lane}/{entry.number:06d}.json"


def _text(entry: Entry) -> str:
    content = {
        "key": entry.key,
        "owner": entry.owner,
        "at": entry.at.isoformat(),
        "state": "done" if entry.done else "claimed",
        "causes": list(entry.causes),
        "answered": list(entry.answered),
        "inputs": dict(entry.inputs),
        "link": entry.link,
    }
    return json.dumps(content, indent=2)
