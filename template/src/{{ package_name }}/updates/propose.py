"""The job with a token: push an update that another job made, and open its pull request; or an issue with the commands.

It runs nothing of the update: the patch goes into a commit beside the checkout, whose files stay as they are on main.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from ..azure.watch.issues import short
from ..errors import UserError
from ..paths import Project
from . import handover, words
from .ci import Ci
from .handover import Update
from .repository import author, git


def propose(project: Project, folder: Path, ci: Ci, show: Callable[[str], None]) -> None:
    """Propose an update once: a pull request of its version, open, merged or closed, is left as it is.

    Raises:
        UserError: there is no update to propose, or it was made for another commit.
        StepFailedError: the CI system did not answer.
    """
    update = handover.read(folder)
    if update is None:
        _settle(ci, show)
        show("The project is up to date with its template.")
        return
    if found := ci.pull_request(update.branch):
        show(f"Nothing to do: {found.url} is {found.state}.")
        return
    url = _opened(project, folder, update, ci, show) if ci.writes else None
    if url is None or update.needs_work:
        _tell(ci, update, url, show)
    else:
        _settle(ci, show)


def _opened(project: Project, folder: Path, update: Update, ci: Ci, show: Callable[[str], None]) -> str | None:
    """Push and open the pull request; None where the CI system does not let this job do so."""
    try:
        _push(project, folder, update, ci)
        url = ci.open(update.branch, words.title(update), words.lines(update), draft=update.needs_work)
    except UserError as error:
        if not ci.refuses(error):
            raise
        show(f"No pull request: {error}")
        return None
    show(f"Opened {url}")
    return url


def _tell(ci: Ci, update: Update, url: str | None, show: Callable[[str], None]) -> None:
    """Open or change the issue; one that a person closed opens again for a later version only."""
    key = short(words.KEY)
    ticket = next((each for each in ci.issues.tickets() if each.key == key), None)
    if ticket is None:
        show(f"Opened {ci.issues.create(words.issue(update, url, frozenset()))}")
        return
    content = words.issue(update, url, ticket.causes)
    if not ticket.open and content.causes <= ticket.causes:
        show(f"Nothing to do: {ticket.link} was closed.")
    elif ticket.digest != content.digest or not ticket.open:
        show(f"Changed {ci.issues.change(ticket, content)}")


def _settle(ci: Ci, show: Callable[[str], None]) -> None:
    """Close the issue of an update that no person has to work on any more."""
    key = short(words.KEY)
    for ticket in ci.issues.tickets():
        if ticket.key == key and ticket.open:
            show(f"Closed {ci.issues.change(ticket, words.done(ticket.causes))}")


def _push(project: Project, folder: Path, update: Update, ci: Ci) -> None:
    """Push the update as one commit on its base; a branch that is there stays, with what people pushed to it."""
    variables = ci.sign_in()
    reference = f"refs/heads/{update.branch}"
    if git(project.root, "ls-remote", "origin", reference, variables=variables).strip():
        return
    commit = _commit(project, folder / handover.PATCH, update)
    git(project.root, "push", "--quiet", "--no-verify", "origin", f"{commit}:{reference}", variables=variables)


def _commit(project: Project, patch: Path, update: Update) -> str:
    """Return a new commit of the patch; neither the checkout nor its index changes."""
    top = Path(git(project.root, "rev-parse", "--show-toplevel").strip())
    head = git(top, "rev-parse", "HEAD").strip()
    if head != update.base:
        raise UserError(f"the update was made for commit {update.base[:12]}, and this is {head[:12]}: start it over")
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(top, "read-tree", "HEAD", variables=index)
        git(top, "apply", "--cached", "--whitespace=nowarn", str(patch.resolve()), variables=index)
        tree = git(top, "write-tree", variables=index).strip()
    return git(top, "commit-tree", tree, "-p", head, "-m", words.title(update), variables=author(top)).strip()
