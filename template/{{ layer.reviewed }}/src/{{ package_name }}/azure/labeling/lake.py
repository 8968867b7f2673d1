"""The containers of the loop with people in the data lake, beside a workspace on this machine.

Queues and versions are written once, logs are only ever appended to, in the lake as on this machine. So a workspace is
brought to the state of the lake, and the lake to that of the workspace, without a question of who is right; two people
meet only in the log of one person who labels on two machines at once, which is refused.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UserError
from ...figures import plural
from ...review import versions
from ...review.workspace import Workspace
from ..client import Azure
from ..operations import Operation
from ..problems import translated

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

QUEUES, LABELS, VERSIONS = "labeling-queue", "labeled", "training"
CLAIM = ".claim.json"  # of a version: the manifest of the merge that writes it
SECONDS = 60  # to wait for an answer

_BATCH = r"[0-9]{8}-[0-9]{6}-[0-9a-f]{10}"
_QUEUE = re.compile(rf"{_BATCH}(\.jsonl|/[^/]+)")
_LOG = re.compile(rf"{_BATCH}/[^/]+\.jsonl")


@dataclass(frozen=True)
class Lake:
    """The data lake of an environment, and the workspace that stands for it here."""

    azure: Azure
    workspace: Workspace

    @classmethod
    def of(cls, azure: Azure) -> "Lake":
        """Return that of an environment: what people do here stays on the disk until the lake has it."""
        return cls(azure, Workspace(Workspace.of(azure.project).labeling / "azure" / azure.config.environment.name))

    @property
    def account(self) -> str:
        """The address of the storage account."""
        return f"https://{self.azure.config.names.data_lake}.blob.core.windows.net"

    def container(self, name: str) -> "ContainerClient":
        """Return the client of a container; asks nothing of it yet."""
        from azure.storage.blob import ContainerClient

        return ContainerClient(
            self.account,
            name,
            credential=self.azure.credential,
            connection_timeout=SECONDS,
            read_timeout=SECONDS,
        )

    def fetch(self) -> None:
        """Bring queues and labels of the lake here; what is here alone stays.

        Raises:
            UserError: a log has lines here and other ones in the lake, or Azure refused or failed.
        """
        queues = self.container(QUEUES)
        # A list comes after the files that it names: a reader finds all of a queue or nothing of it.
        for name in sorted(self.names(QUEUES, _QUEUE), key=lambda name: name.endswith(".jsonl")):
            if not (path := self.workspace.queues / name).exists():
                _write(path, self._read(queues, name))
        labels = self.container(LABELS)
        for name in self.names(LABELS, _LOG):
            path, there = self._log(name), self._read(labels, name)
            here = path.read_bytes() if path.exists() else b""
            if there.startswith(here):
                if there != here:
                    _write(path, there)
            elif not here.startswith(there):
                raise UserError(
                    f"{path}: has lines that {LABELS}/{name} in the data lake does not have, and the other way round:"
                    " label on one machine at a time; move this file away and label again what it had"
                )

    def fetch_version(self, *, whole: bool = True) -> None:
        """Bring the newest version of the training data here; with `whole` false, its list of rows alone.

        A version here that the lake does not have, or has otherwise, is what a merge left that did not end: labels
        make it again.

        Raises:
            UserError: Azure refused or failed.
        """
        newest, client = self._newest(), self.container(VERSIONS)
        for number in self.workspace.versions():
            manifest = self.workspace.version(number) / versions.MANIFEST
            if newest is None or number != newest or manifest.read_bytes() != self._manifest(newest):
                shutil.rmtree(manifest.parent)
        if newest is None or newest in self.workspace.versions():
            return
        target = self.workspace.version(newest)
        partial = target.with_name(f"{versions.UNFINISHED}lake")
        shutil.rmtree(partial, ignore_errors=True)
        prefix = f"{newest}/"
        for name in self._below(VERSIONS, prefix):
            listed = name.rpartition("/")[2] in (versions.MANIFEST, versions.MERGED)
            if name != f"{prefix}{CLAIM}" and (whole or listed):
                _write(partial / name.removeprefix(prefix), self._read(client, name))
        partial.rename(target)

    def send(self, operation: Operation) -> None:
        """Bring queues and labels into the lake, as far as it lacks them.

        Raises:
            UserError: something else was written there meanwhile, or Azure refused or failed.
        """
        there = set(self.names(QUEUES, _QUEUE))
        for batch in self.workspace.batches():
            if f"{batch}.jsonl" not in there:
                self.send_queue(operation, batch)
        for path in sorted(path for batch in self.workspace.batches() for path in self.workspace.logs(batch)):
            self._send_log(operation, path)

    def send_queue(self, operation: Operation, batch: str) -> None:
        """Write a queue: its files, then its list, which makes it one."""
        if operation.applies(f"{QUEUES}/{batch}.jsonl", None, "queued"):
            self.send_files(batch)
            self.write_once(self.container(QUEUES), f"{batch}.jsonl", self.workspace.queue(batch).read_bytes())

    def send_files(self, batch: str) -> None:
        """Write the files that the list of a queue names."""
        client, folder = self.container(QUEUES), self.workspace.files(batch)
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            self.write_once(client, f"{batch}/{path.name}", path.read_bytes())

    def send_version(self, operation: Operation) -> int | None:
        """Write the newest version, its manifest last, and return its number; None if the lake has it.

        Raises:
            UserError: another merge writes this version, or wrote it.
        """
        number, newest = self.workspace.newest_version(), self._newest()
        if number is None:
            return None
        client, folder = self.container(VERSIONS), self.workspace.version(number)
        manifest = (folder / versions.MANIFEST).read_bytes()
        if newest is not None and newest >= number:
            if newest == number and self._manifest(newest) == manifest:
                return None
            raise UserError(f"{VERSIONS}/{number}: another merge made it meanwhile: run this again")
        if not operation.applies(f"{VERSIONS}/{number}", None, "a version of the training data"):
            return None
        self.write_once(client, f"{number}/{CLAIM}", manifest)
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != versions.MANIFEST)
        for path in [*files, folder / versions.MANIFEST]:
            self.write_once(client, f"{number}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        return number

    def names(self, container: str, allowed: re.Pattern[str]) -> list[str]:
        """Return the blobs of a container whose whole name is of a form."""
        return [name for name in self._below(container, "") if allowed.fullmatch(name)]

    def write_once(self, client: "ContainerClient", name: str, content: bytes) -> None:
        """Write a blob that must not be there with another content.

        Raises:
            UserError: it is.
        """
        from azure.core.exceptions import ResourceExistsError

        with translated(self.azure, f"{client.container_name}/{name}"):
            try:
                client.upload_blob(name, content, overwrite=False)
            except ResourceExistsError:  # perhaps our own, whose answer was lost
                if client.download_blob(name).readall() != content:
                    raise UserError(
                        f"{client.container_name}/{name}: is in the data lake with another content: another command"
                        " writes there: wait until it has ended, and run this again; if none does, delete the blob"
                    ) from None

    def _send_log(self, operation: Operation, path: Path) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

        name, content = f"{path.parent.name}/{path.name}", path.read_bytes()
        blob = self.container(LABELS).get_blob_client(name)
        with translated(self.azure, f"{LABELS}/{name}"):
            try:
                found = blob.download_blob()
                before = found.readall()
            except ResourceNotFoundError:
                found, before = None, b""
            if before == content:
                return
            before_and_after = (plural(text.count(b"\n"), "line") for text in (before, content))
            if not operation.applies(f"{LABELS}/{name}", *before_and_after):
                return
            unchanged: dict[str, Any] = {"overwrite": False}
            if found:
                unchanged = {"etag": found.properties.etag, "match_condition": MatchConditions.IfNotModified}
                unchanged["overwrite"] = True
            try:
                blob.upload_blob(content, **unchanged)
            except (ResourceExistsError, ResourceModifiedError):
                if blob.download_blob().readall() != content:
                    raise UserError(f"{LABELS}/{name}: was changed meanwhile: run this command again") from None

    def _newest(self) -> int | None:
        """Return the number of the newest version that is complete."""
        with translated(self.azure, VERSIONS):
            found = [str(each.name).rstrip("/") for each in self.container(VERSIONS).walk_blobs(delimiter="/")]
        for number in sorted((int(name) for name in found if name.isdecimal()), reverse=True):
            if self._exists(f"{number}/{versions.MANIFEST}"):
                return number
        return None

    def _exists(self, name: str) -> bool:
        with translated(self.azure, f"{VERSIONS}/{name}"):
            return self.container(VERSIONS).get_blob_client(name).exists()

    def _manifest(self, number: int) -> bytes:
        return self._read(self.container(VERSIONS), f"{number}/{versions.MANIFEST}")

    def _below(self, container: str, prefix: str) -> list[str]:
        with translated(self.azure, container):
            found = self.container(container).list_blobs(name_starts_with=prefix)
            # A folder of a hierarchical account is listed too, as a blob without content.
            return [str(blob.name) for blob in found if blob.size and ".." not in str(blob.name).split("/")]

    def _read(self, client: "ContainerClient", name: str) -> bytes:
        with translated(self.azure, f"{client.container_name}/{name}"):
            return bytes(client.download_blob(name).readall())

    def _log(self, name: str) -> Path:
        batch, _, file = name.partition("/")
        return self.workspace.labels(batch) / file


def _write(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(content)
    partial.replace(path)
