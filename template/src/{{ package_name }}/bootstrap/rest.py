"""JSON APIs over HTTP: one sign-in, waits and retries where a second call is safe, refusals as typed errors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import sleep, time
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import ClientAuthenticationError

from ..errors import StepFailedError, UserError, first_line

SECONDS = 60.0  # that one call may take
TRIES = 5
LONGEST_WAIT = 60.0  # seconds between two tries, if the service asks for less or says nothing
_SAFE = ("GET", "PUT", "PATCH", "DELETE")  # of these, the second of two equal calls changes nothing
_BUSY = (408, 429, 500, 502, 503, 504)


class RefusedError(UserError):
    """The service answered, and refused the call.

    Attributes:
        status: of HTTP.
        code: the service's own word, such as `PrincipalNotFound` or `EnvironmentExistsException`; "" if it has none.
        message: the service's own sentence.
        needs: the rights that it asks for, if it names them (GitHub does).
    """

    def __init__(self, what: str, status: int, code: str, message: str, needs: str = "") -> None:
        said = ": ".join(filter(None, [code, message])) or "without a reason"
        super().__init__(f"{what}: refused with {status}: {said}{f'; it needs {needs}' if needs else ''}")
        self.status = status
        self.code = code
        self.message = message
        self.needs = needs


class Rest:
    """One JSON API. Paths are relative to `base`; a whole address is taken only on the same host."""

    def __init__(
        self,
        base: str,
        token: Callable[[], str],
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        scheme: str = "Bearer",
    ) -> None:
        """Open a session.

        Args:
            base: the address that paths are added to.
            token: gives a token; is called for each request, so it should keep one.
            name: of the service, for messages.
            headers: of each request.
            params: of each request's query, such as `api-version`.
            scheme: of the header `Authorization`.
        """
        self._base = base.rstrip("/")
        self._token = token
        self._scheme = scheme
        self._name = name
        self._params = dict(params or {})
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", **(headers or {})})

    def get(self, path: str, *, missing: Sequence[int] = (), **options: Any) -> Any:
        """Return a resource; None if the answer's status is one of `missing`, such as (404,)."""
        return self.call("GET", path, missing=missing, **options)

    def put(self, path: str, **options: Any) -> Any:
        """Write a resource; return the answer."""
        return self.call("PUT", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        """Send a POST; return the answer. It is repeated only if the service says that it did nothing (429)."""
        return self.call("POST", path, **options)

    def patch(self, path: str, **options: Any) -> Any:
        """Change a resource; return the answer."""
        return self.call("PATCH", path, **options)

    def delete(self, path: str, *, missing: Sequence[int] = (404,), **options: Any) -> Any:
        """Delete a resource, or find that it is not there."""
        return self.call("DELETE", path, missing=missing, **{"ok": (200, 202, 204), **options})

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        ok: Sequence[int] = (200, 201, 204),
        missing: Sequence[int] = (),
    ) -> Any:
        """Send a request and return the JSON of its answer, None if that is empty or its status is in `missing`.

        A redirect is never followed: GitHub answers 303 where an object exists; put 303 into `ok` to take it.

        Raises:
            RefusedError: the service refused it.
            UserError: the sign-in is not accepted.
            StepFailedError: no answer came.
        """
        answer = self.send(method, path, json=json, params=params, headers=headers, ok=ok, missing=missing)
        return None if answer.status_code in missing else _content(answer)

    def pages(
        self,
        path: str,
        key: str | None = None,
        *,
        params: Mapping[str, str] | None = None,
        missing: Sequence[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Any]:
        """Yield the items of a list, page after page; none if the first answer's status is in `missing`.

        The next page is found by `Link` (GitHub), `nextLink` (Azure), `@odata.nextLink` (Graph) or
        `x-ms-continuationtoken` (Azure DevOps). `key` holds the items in an answer; without it, the answer is a list
        or holds `value`.
        """
        query: Mapping[str, str] | None = params
        while True:
            answer = self.send("GET", path, params=query, missing=missing, headers=headers)
            if answer.status_code in missing:
                return
            content = _content(answer) or []
            yield from content if isinstance(content, list) else content.get(key or "value") or ()
            following = answer.links.get("next", {}).get("url")
            if following is None and isinstance(content, dict):
                following = content.get("nextLink") or content.get("@odata.nextLink")
            if following:
                path, query = following, None
            elif token := answer.headers.get("x-ms-continuationtoken"):
                query = {**(params or {}), "continuationToken": token}
            else:
                return

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        ok: Sequence[int] = (200, 201, 204),
        missing: Sequence[int] = (),
    ) -> requests.Response:
        """Send a request as `call` does; return the whole answer, for its headers."""
        address = self._address(path)
        what = f"{self._name}: {method} {urlsplit(address).path}"
        # The link to a next page carries its whole query.
        query = params if path.startswith("https://") else {**self._params, **(params or {})}
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            answer = None
            try:
                answer = self._session.request(
                    method,
                    address,
                    json=json,
                    params=query,
                    headers=dict(headers or {}),
                    auth=self._sign,  # a header alone would give way to an entry of ~/.netrc
                    timeout=SECONDS,
                    allow_redirects=False,
                )
            except requests.exceptions.RequestException as error:
                if last or method not in _SAFE:
                    raise StepFailedError(f"{what}: no answer: {type(error).__name__}; run it again") from error
            if answer is not None and (last or not _again(method, answer)):
                _refuse(what, answer, (*ok, *missing))
                return answer
            sleep(_seconds(answer, attempt))
        raise AssertionError("unreachable")

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        try:
            token = self._token()
        except ClientAuthenticationError as error:  # also: `az` is missing, or its sign-in has ended
            raise UserError(f"{self._name}: not signed in: run 'az login' ({first_line(error)})") from None
        request.headers["Authorization"] = f"{self._scheme} {token}"
        return request

    def _address(self, path: str) -> str:
        if not path.startswith("https://"):
            return f"{self._base}{path}"
        if urlsplit(path).netloc != urlsplit(self._base).netloc:  # it would get the token
            raise StepFailedError(
                f"{self._name}: an answer leads to {urlsplit(path).netloc}, which is not this service"
            )
        return path


def _content(answer: requests.Response) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        where = urlsplit(answer.url)
        raise StepFailedError(
            f"{where.netloc}{where.path}: the answer {answer.status_code} is not JSON; does a proxy answer instead?"
        ) from None


def _again(method: str, answer: requests.Response) -> bool:
    limited = answer.status_code == 429 or (answer.status_code == 403 and _is_limited(answer))
    return limited or (method in _SAFE and answer.status_code in _BUSY)


def _is_limited(answer: requests.Response) -> bool:
    """Return whether a 403 is GitHub's word for "too many calls"."""
    return "Retry-After" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"


def _seconds(answer: requests.Response | None, attempt: int) -> float:
    headers = {} if answer is None else answer.headers
    asked, reset = headers.get("Retry-After", ""), headers.get("x-ratelimit-reset", "")
    if asked.isdigit():
        return float(asked)
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():  # seconds since 1970, at most an hour ahead
        return max(float(reset) - time(), 1.0)
    return min(2.0**attempt, LONGEST_WAIT)


def _refuse(what: str, answer: requests.Response, accepted: Sequence[int]) -> None:
    is_html = "html" in answer.headers.get("Content-Type", "")
    # Azure DevOps answers a bad sign-in with a page, or the way to one.
    if answer.status_code in (203, 302) or (answer.status_code == 401 and is_html) or (answer.ok and is_html):
        raise UserError(
            f"{what}: the sign-in is not accepted: the service answers with a page to sign in; sign in again"
        )
    if answer.status_code in accepted:
        return
    code, message = _said(answer)
    raise RefusedError(what, answer.status_code, code, message, answer.headers.get("X-Accepted-GitHub-Permissions", ""))


def _said(answer: requests.Response) -> tuple[str, str]:
    """Return code and sentence of a refusal by Azure, Graph, GitHub or Azure DevOps."""
    try:
        content = answer.json()
    except ValueError:
        page = "html" in answer.headers.get("Content-Type", "")
        return "", "it answers with a page instead of JSON" if page else answer.text[:200]
    if not isinstance(content, dict):
        return "", answer.text[:200]
    error = content.get("error")
    if isinstance(error, dict):
        return str(error.get("code") or ""), str(error.get("message") or "")
    more = [
        str(each.get("message") or each.get("code")) for each in content.get("errors") or () if isinstance(each, dict)
    ]
    more += [each for each in content.get("errors") or () if isinstance(each, str)]
    return str(content.get("typeKey") or ""), "; ".join([str(content.get("message") or ""), *more])
