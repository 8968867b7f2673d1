"""Storage accounts in memory: blobs with conditions and leases."""

from dataclasses import dataclass, field

from .transport import Json, Reply, Request

STAMP = {"x-ms-version": "2021-01-01", "x-ms-blob-type": "BlockBlob"}

# rest/api/storageservices/get-user-delegation-key
KEY = (
    '<?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>me</SignedOid><SignedTid>tenant</SignedTid>'
    "<SignedStart>2024-01-01T00:00:00Z</SignedStart><SignedExpiry>2024-01-08T00:00:00Z</SignedExpiry>"
    "<SignedService>b</SignedService><SignedVersion>2021-01-01</SignedVersion><Value>a2V5</Value></UserDelegationKey>"
)


@dataclass
class Blob:
    """A blob; `etag` changes with every write."""

    content: bytes
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    lease: str = ""  # its ID, while it lasts
    until: float = 0.0  # end of the lease, on the fake's clock
    modified: str = "Mon, 01 Jan 2024 00:00:00 GMT"


class Blobs:
    """Storage accounts, by `account/container/path`: put, head, get, list, delete, conditions."""

    def __init__(self) -> None:
        self.kept: dict[str, Blob] = {}
        self.now = 0.0  # seconds; tests let time pass
        self.sent = 0  # bytes of blobs that were read
        self._writes = 0

    def answer(self, request: Request) -> Reply:
        """Answer a request to *.blob.core.windows.net or *.dfs.core.windows.net."""
        key = request.host.split(".")[0] + request.path
        if request.query.get("comp") == "list":
            return self._list(request, key)
        if request.query.get("comp") == "lease":
            return self._lease(request, known=self.kept.get(key))
        if request.query.get("comp") == "userdelegationkey":
            return Reply(200, KEY, STAMP | {"Content-Type": "application/xml"})
        if request.query.get("restype") == "container":
            return Reply(201 if request.method == "PUT" else 200, None, STAMP)
        known = self.kept.get(key)
        self._check_conditions(request, known)
        if request.method == "PUT":
            return self._write(request, key, known)
        if known is None:
            raise _missing(request)
        if request.method == "DELETE":
            del self.kept[key]
            return Reply(202, None, STAMP)
        headers = self._headers(known) | {f"x-ms-meta-{name}": value for name, value in known.metadata.items()}
        size = len(known.content)
        if request.method == "HEAD":
            return Reply(200, None, headers | {"Content-Length": str(size)})
        if not size:
            return (
                Reply(416, None, {"x-ms-error-code": "InvalidRange"}) if _ranged(request) else Reply(200, b"", headers)
            )
        self.sent += size
        if not _ranged(request):
            return Reply(200, known.content, headers)
        return Reply(206, known.content, headers | {"Content-Range": f"bytes 0-{size - 1}/{size}"})

    def put(self, key: str, content: bytes) -> Blob:
        """Store a blob as `account/container/path`; its lease stays."""
        self._writes += 1
        before = self.kept.get(key) or Blob(b"")
        self.kept[key] = Blob(content, etag=f'"0x{self._writes:X}"', lease=before.lease, until=before.until)
        return self.kept[key]

    def _lease(self, request: Request, known: Blob | None) -> Reply:
        """Acquire, renew or release a lease: rest/api/storageservices/lease-blob."""
        if known is None:
            raise _missing(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        action, given = headers["x-ms-lease-action"], headers.get("x-ms-lease-id", "")
        wanted = headers.get("x-ms-proposed-lease-id", given)
        held = known.until > self.now
        if action == "break":
            known.until = self.now
            return Reply(202, None, self._headers(known) | {"x-ms-lease-time": "0"})
        if held and wanted != known.lease:
            code = "LeaseAlreadyPresent" if action == "acquire" else "LeaseIdMismatchWithLeaseOperation"
            raise Reply(409, _error(code), _why(code))
        if action == "renew" and wanted != known.lease:
            raise Reply(409, _error("LeaseIdMismatchWithLeaseOperation"), _why("LeaseNotPresent"))
        known.lease = wanted
        seconds = float(headers.get("x-ms-lease-duration", 60))
        known.until = self.now if action == "release" else self.now + seconds
        statuses = {"acquire": 201, "renew": 200, "release": 200}
        return Reply(statuses[action], None, self._headers(known) | {"x-ms-lease-id": wanted})

    def _write(self, request: Request, key: str, known: Blob | None) -> Reply:
        content = request.body if isinstance(request.body, bytes) else _text(request.body)
        metadata = {
            name[10:]: value for name, value in request.headers.items() if name.lower().startswith("x-ms-meta-")
        }
        if request.query.get("comp") == "metadata":
            if known is None:
                raise _missing(request)
            known.metadata = metadata
            return Reply(200, None, self._headers(known))
        if request.query.get("comp") == "block":
            before = known.content if known else b""
            content, metadata = before + content, {}
        elif request.query.get("comp") == "blocklist":
            content = known.content if known else b""
        blob = self.put(key, content)
        blob.metadata = metadata
        return Reply(201, None, self._headers(blob))

    def _list(self, request: Request, key: str) -> Reply:
        container = key.rstrip("/")
        prefix = f"{container}/{request.query.get('prefix', '')}"
        names = sorted(name[len(container) + 1 :] for name in self.kept if name.startswith(prefix))
        folders: list[str] = []
        if cut := request.query.get("delimiter", ""):
            start = len(prefix) - len(container) - 1
            folders = sorted({name[: name.index(cut, start) + 1] for name in names if cut in name[start:]})
            names = [name for name in names if cut not in name[start:]]
        items = "".join(self._listed(request, container, name) for name in names)
        items += "".join(f"<BlobPrefix><Name>{folder}</Name></BlobPrefix>" for folder in folders)
        text = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<EnumerationResults><Blobs>{items}</Blobs><NextMarker/></EnumerationResults>"
        )
        return Reply(200, text, STAMP | {"Content-Type": "application/xml"})

    def _listed(self, request: Request, container: str, name: str) -> str:
        blob = self.kept[f"{container}/{name}"]
        shown = blob.metadata if "metadata" in request.query.get("include", "") else {}
        metadata = "".join(f"<{key}>{value}</{key}>" for key, value in shown.items())
        return (
            f"<Blob><Name>{name}</Name><Properties><Content-Length>{len(blob.content)}</Content-Length>"
            f"<Etag>{blob.etag}</Etag><BlobType>BlockBlob</BlobType></Properties><Metadata>{metadata}</Metadata></Blob>"
        )

    def _check_conditions(self, request: Request, known: Blob | None) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.method == "PUT" and headers.get("if-none-match") == "*" and known is not None:
            raise Reply(409, _error("BlobAlreadyExists"), _why("BlobAlreadyExists"))
        is_leased = known is not None and known.until > self.now
        if request.method == "PUT" and known and is_leased and headers.get("x-ms-lease-id") != known.lease:
            raise Reply(412, _error("LeaseIdMissing"), _why("LeaseIdMissing"))
        wanted = headers.get("if-match")
        if wanted and (known is None or known.etag != wanted):
            raise Reply(412, _error("ConditionNotMet"), _why("ConditionNotMet"))

    def _headers(self, blob: Blob) -> dict[str, str]:
        return STAMP | {
            "ETag": blob.etag,
            "Last-Modified": blob.modified,
            "Content-Type": "application/octet-stream",
        }


def _ranged(request: Request) -> bool:
    return any(name.lower() in ("range", "x-ms-range") for name in request.headers)


def _text(body: Json) -> bytes:
    import json

    return b"" if body is None else json.dumps(body).encode()


def _error(code: str) -> str:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"


def _why(code: str) -> dict[str, str]:
    return {"x-ms-error-code": code, "Content-Type": "application/xml"}


def _missing(request: Request) -> Reply:
    headers = {"x-ms-error-code": "BlobNotFound", "Content-Type": "application/xml"}
    return Reply(404, None if request.method == "HEAD" else _error("BlobNotFound"), headers)
