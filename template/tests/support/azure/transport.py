"""The edge: every HTTP call of this process ends here instead of in the network, and may be made to fail."""

import base64
import io
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.pipeline.transport import HttpTransport
from urllib3.response import HTTPResponse

from . import sdk

Json = Any


class Killed(BaseException):
    """The process was killed: no `except Exception` of the code under test may see it."""


class Reply(Exception):
    """An answer; raised by routes that end early."""

    def __init__(self, status: int, body: Json = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def refusal(status: int, code: str, message: str) -> Reply:
    """Return an error in the form of Azure Resource Manager."""
    return Reply(status, {"error": {"code": code, "message": message}})


@dataclass
class Request:
    """What was sent; `body` is parsed JSON, or bytes."""

    method: str
    url: str
    headers: dict[str, str]
    body: Json

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.url).path)

    @property
    def query(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(self.url).query, keep_blank_values=True).items()}

    @property
    def line(self) -> str:
        return f"{self.method} {self.url}"


@dataclass
class Call(Request):
    """A request with the status of its answer; -1 if none came."""

    status: int = 0

    def __str__(self) -> str:
        path = re.sub(r"^.*?/(workspaces|registries)/([^/]+)", r"{\2}", self.path)
        host = "" if self.host == "management.azure.com" else f"{self.host} "
        return f"{self.method} {host}{path} {self.query.get('api-version', '')} -> {self.status}"


@dataclass
class Fault:
    """Fails call `nth` (from 1) and the next ones, `times` in all, of those whose "METHOD url" matches `pattern`.

    With `after`, the work is done and the answer is lost.
    """

    pattern: str
    status: int | None = None
    raises: BaseException | None = None
    nth: int = 1
    times: int = 1
    code: str = "Injected"
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    seen: int = 0

    def hits(self, line: str) -> bool:
        """Count a call and return whether it fails."""
        if not re.search(self.pattern, line, re.IGNORECASE):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    def reply(self) -> Reply:
        if self.raises is not None:
            raise self.raises
        return Reply(self.status or 500, {"error": {"code": self.code, "message": "injected"}}, self.headers)


class Credential:
    """A sign-in; `scopes` are those that tokens were asked for."""

    def __init__(self) -> None:
        self.scopes: list[tuple[str, ...]] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.scopes.append(scopes)
        return AccessToken(token(scopes[0]), int(time.time()) + 86_400)

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        self.scopes.append(scopes)
        return AccessTokenInfo(token(scopes[0]), int(time.time()) + 86_400)


def token(scope: str) -> str:
    """Return an unsigned token for a scope; the SDK reads `aud` of pipeline jobs' and `tid` of all."""

    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    content = {"aud": scope.removesuffix("/.default"), "tid": "tenant", "oid": "me", "exp": int(time.time()) + 86_400}
    return ".".join([part({"alg": "none", "typ": "JWT"}), part(content), "c2lnbmF0dXJl"])


class Transport:
    """Answers requests by `route`, records them and injects faults."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.sleeps: list[float] = []  # seconds that the clients would have waited
        self.hosts: list[tuple[str, Callable[[Request], Reply]]] = []  # pattern of a host -> its answers
        self._lock = threading.RLock()  # pollers and uploads call from threads of their own

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the place of the network for one test."""
        from azure.ai.ml.constants._endpoint import EndpointInvokeFields
        from azure.ai.ml.operations import _job_operations, _job_ops_helper

        sdk.hasten(monkeypatch)

        def send(adapter: Any, request: Any, **options: Any) -> Any:
            return self._respond(adapter, request)

        def settings(session: Any, url: str, proxies: Any, stream: Any, verify: Any, cert: Any) -> dict[str, Any]:
            return {"proxies": {}, "stream": stream, "verify": verify, "cert": cert}

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
        monkeypatch.setattr(requests.Session, "request", _directly(requests.Session.request))
        monkeypatch.setattr(requests.Session, "merge_environment_settings", settings)  # it parses os.environ each time
        monkeypatch.setattr(requests.sessions, "get_netrc_auth", lambda url: None)  # it looks for a file each time
        monkeypatch.setattr(HttpTransport, "sleep", lambda transport, seconds: self.sleeps.append(seconds))
        monkeypatch.setattr(_job_ops_helper, "_wait_before_polling", lambda seconds: 0)
        monkeypatch.setattr(_job_operations, "get_git_properties", dict)  # it would run git for each submission
        monkeypatch.setattr(EndpointInvokeFields, "DEFAULT_HEADER", {"Content-Type": "application/json"})
        monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureCloud")  # MLClient writes it into os.environ

    def fail(self, pattern: str, **fault: Any) -> None:
        """Add a fault."""
        self.faults.append(Fault(pattern, **fault))

    def log(self) -> list[str]:
        """Return the calls in short."""
        return [str(call) for call in self.calls]

    def sent(self, method: str, pattern: str) -> list[Call]:
        """Return the calls of a method whose path matches."""
        return [call for call in self.calls if call.method == method and re.search(pattern, call.path, re.IGNORECASE)]

    def route(self, request: Request) -> Reply:
        """Return the answer to a request."""
        for pattern, answer in self.hosts:
            if re.fullmatch(pattern, request.host):
                return answer(request)
        raise requests.exceptions.ConnectionError(f"the fake knows no host {request.host}")

    def _respond(self, adapter: Any, prepared: Any) -> Any:
        content = prepared.body.read() if hasattr(prepared.body, "read") else prepared.body
        content = content.encode() if isinstance(content, str) else content
        is_json = content and "json" in prepared.headers.get("Content-Type", "")
        body = _parsed(content) if is_json else content
        request = Request(prepared.method, prepared.url, dict(prepared.headers), body)
        with self._lock:
            return _built(adapter, prepared, self._answered(request))

    def _answered(self, request: Request) -> Reply:
        fault = next((each for each in self.faults if each.hits(request.line)), None)
        call = Call(request.method, request.url, request.headers, request.body, status=-1)
        self.calls.append(call)
        if fault and not fault.after:
            call.status = fault.status or -1
            return fault.reply()
        try:
            reply = self.route(replace(request, body=_copied(request.body)))
        except Reply as early:
            reply = early
        call.status = reply.status
        return fault.reply() if fault else reply


def _directly(request: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of a session that passes on what azure-core has made ready, without the session's own work.

    That is a third of the time of a call: cookies, redirects, and parsing the address three times.
    """

    usual, own = requests.utils.default_headers(), ("files", "json", "params", "auth", "cookies")

    def sent(session: requests.Session, method: str, url: str, **options: Any) -> Any:
        body, headers = options.get("data"), options.get("headers")
        others = options.get("allow_redirects", True) or any(options.get(name) for name in own)
        if others or session.headers != usual or not isinstance(body, bytes | str | None):
            return request(session, method, url, **options)  # of another client, or a body in another form
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.body = method.upper(), url, body
        prepared.headers = requests.structures.CaseInsensitiveDict(headers or {})
        response = session.get_adapter(url).send(prepared)
        if not options.get("stream"):
            assert response.content is not None  # as a session does: the body is read before it returns
        return response

    return sent


def _parsed(content: bytes) -> Json:
    try:
        return json.loads(content)
    except ValueError:  # as a client may send it to an endpoint
        return content


def _copied(body: Json) -> Json:
    """Return a body that a route may change."""
    return body if body is None or isinstance(body, bytes) else json.loads(json.dumps(body))


def _built(adapter: Any, prepared: Any, reply: Reply) -> Any:
    content, headers = None if prepared.method == "HEAD" else reply.body, dict(reply.headers)
    if isinstance(content, dict | list):
        content, headers = json.dumps(content).encode(), {"Content-Type": "application/json", **headers}
    elif isinstance(content, str):
        content = content.encode()
    content = content or b""
    headers.setdefault("Content-Length", str(len(content)))
    raw = HTTPResponse(
        io.BytesIO(content),
        headers=headers,
        status=reply.status,
        reason="fake",
        preload_content=False,
        request_method=prepared.method,
    )
    return adapter.build_response(prepared, raw)
