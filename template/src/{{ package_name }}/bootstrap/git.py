"""The repository of this project on this machine and its remote `origin`, through the real git."""

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path

from ..errors import StepFailedError, UserError
from ..infra import tools

BRANCH = "main"
REMOTE = "origin"
_PROTECTED = "GH013: Repository rule violations"  # as the server writes it
_BEHIND = ("fetch first", "non-fast-forward")  # as git says that the remote has commits which this checkout lacks


class Git:
    """The checkout in a folder."""

    def __init__(self, folder: Path, server: str, sign_in: Callable[[], str]) -> None:
        """Look at nothing yet.

        Args:
            folder: of the project.
            server: address whose calls carry the sign-in, such as https://example.com.
            sign_in: gives the value of the header `Authorization`; it is passed on by an environment variable, so that
                neither a command line nor a file holds it.
        """
        self._folder = folder
        self._server = server.rstrip("/")
        self._sign_in = sign_in

    def problems(self) -> list[str]:
        """Return what keeps this checkout from being pushed."""
        try:
            inside = self._run("rev-parse", "--show-toplevel")
        except UserError as error:
            return [str(error)]
        if inside.code or Path(inside.out.strip()).resolve() != self._folder.resolve():
            return [f"{self._folder}: is not a git repository: run 'git init -b {BRANCH}', 'git add .', 'git commit'"]
        if self.head() is None:
            return [f"git: no branch {BRANCH!r} with a commit: commit, or rename yours by 'git branch -m {BRANCH}'"]
        found = []
        current = self._run("symbolic-ref", "--quiet", "--short", "HEAD").out.strip()
        if current != BRANCH:  # the commit of config/ would go to another branch than the push
            there = f"on the branch {current!r}" if current else "on no branch"
            found.append(f"git: this checkout is {there}: 'git switch {BRANCH}'")
        if self._author() is None:
            found.append(
                "git: it does not know who you are, and would refuse the commit of config/:"
                " 'git config user.name NAME' and 'git config user.email ADDRESS'"
            )
        return found

    def head(self) -> str | None:
        """Return the newest commit of the branch, None without one."""
        ended = self._run("rev-parse", "--verify", "--quiet", f"refs/heads/{BRANCH}")
        return ended.out.strip() or None

    def roots(self) -> list[str]:
        """Return the first commits of the branch."""
        return self._do("rev-list", "--max-parents=0", BRANCH).split()

    def holds(self, commit: str) -> bool:
        """Return whether the branch holds a commit."""
        return self._run("merge-base", "--is-ancestor", commit, BRANCH).code == 0

    def only_mine(self) -> bool:
        """Return whether the person who works here is the author of all commits of the branch."""
        return not self.others()

    def others(self) -> list[str]:
        """Return the addresses of other authors of the branch's commits.

        A person may have several addresses: each value of `user.email`, whatever file of git it is in, and those that
        `.mailmap` names as theirs.
        """
        authors = set(self._do("log", "--format=%aE", BRANCH).split("\n")) - {""}
        mine = {address.casefold() for address in self._me()}
        return sorted(author for author in authors if author.casefold() not in mine)

    def _author(self) -> str | None:
        """Return the address that git would give to a commit now, None if it would refuse one."""
        ident = self._run("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT")
        found = re.search(r"<([^>]+)>", ident.out) if ident.code == 0 else None
        return found[1] if found else None

    def _me(self) -> set[str]:
        """Return the addresses of the person who works here, none if git knows none."""
        current = self._author()
        if current is None:
            return set()
        written = {*self._run("config", "--get-all", "user.email").out.split("\n"), current} - {""}
        mapped = (self._run("check-mailmap", f"<{address}>").out for address in written)
        return written | {found[1] for each in mapped if (found := re.search(r"<([^>]+)>", each))}

    def origin(self) -> str | None:
        """Return the address of the remote as it is written, before a rewriting by `insteadOf`; None without one."""
        return self._run("config", "--get", f"remote.{REMOTE}.url").out.strip() or None

    def add_origin(self, address: str) -> None:
        """Set the remote."""
        self._do("remote", "add", REMOTE, address)

    def remove_origin(self) -> None:
        """Take the remote away."""
        self._do("remote", "remove", REMOTE)

    def refs(self, address: str) -> dict[str, str]:
        """Return the commit of each branch, tag and pull request of a remote."""
        listed = self._do("ls-remote", address, network=True)
        pairs = (line.split("\t") for line in listed.splitlines())
        return {name: commit for commit, name in pairs if name.startswith("refs/") and not name.endswith("^{}")}

    def push(self) -> None:
        """Push the branch.

        Raises:
            UserError: the branch takes changes by pull request alone, or has commits that this checkout lacks.
            StepFailedError: the remote refuses for another reason.
        """
        ended = self._run("push", REMOTE, f"refs/heads/{BRANCH}:refs/heads/{BRANCH}", network=True)
        if ended.code and _PROTECTED in ended.reason:
            raise UserError(
                f"{BRANCH} takes changes by pull request: 'git push {REMOTE} {BRANCH}:configuration', then open one,"
                " and run this again once it is merged"
            )
        if ended.code and any(word in ended.reason for word in _BEHIND):
            raise UserError(
                f"git: {BRANCH} there has commits that this checkout lacks: 'git pull --rebase {REMOTE} {BRANCH}', then"
                " run this again"
            )
        if ended.code:
            raise StepFailedError(f"git push: {without_sign_in(ended.reason)}")

    def _do(self, *arguments: str, network: bool = False) -> str:
        ended = self._run(*arguments, network=network)
        if ended.code:
            raise StepFailedError(f"git {arguments[0]}: {without_sign_in(ended.reason)}")
        return ended.out

    def _run(self, *arguments: str, network: bool = False) -> tools.Ended:
        path = tools.find("git", "install git")
        return tools.run([path, "-C", str(self._folder), *arguments], variables=self._variables(network))

    def _variables(self, network: bool) -> dict[str, str]:
        quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        if not network:
            return quiet
        number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        return quiet | {
            "GIT_CONFIG_COUNT": str(number + 1),
            f"GIT_CONFIG_KEY_{number}": f"http.{self._server}/.extraheader",
            f"GIT_CONFIG_VALUE_{number}": f"Authorization: {self._sign_in()}",
        }


def basic(user: str, token: str) -> str:
    """Return the value of the header `Authorization` of a user and a token.

    >>> basic("a", "b")
    'Basic YTpi'
    """
    return f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"


def place(address: str) -> str:
    """Return a remote's address without its protocol, user and letter case, to compare it with another.

    >>> place("git@example.com:Org/Repo.git") == place("https://x@example.com/org/repo")
    True
    >>> place("ssh://git@example.com:22/org/repo")
    'example.com/org/repo'
    """
    plain = re.sub(r"^[a-z+]+://", "", address.strip(), flags=re.IGNORECASE)
    plain = re.sub(r"^[^@/]*@", "", plain)
    plain = re.sub(r"^([^/:]+):(\d+/)?", r"\1/", plain)
    return plain.rstrip("/").removesuffix(".git").casefold()


def without_sign_in(text: str) -> str:
    """Return a message of git without user and password of an address.

    >>> without_sign_in("fatal: unable to access 'https://me:secret@example.com/o/r'")
    "fatal: unable to access 'https://example.com/o/r'"
    """
    return re.sub(r"(https?://)[^/@\s]+@", r"\1", text)
