"""The words of update pull requests and issues: pure functions of an update."""

import re
from collections.abc import Sequence

from ..azure.watch.issues import Content, short
from .handover import Update

KEY = "template-update"  # of the issue
UPDATE = "copier update --trust --defaults --skip-answered --conflict inline"
LEADS_ON = "docs/ci.md describes updates, and what lets the pipeline push them."


def title(update: Update) -> str:
    """Return the title of pull request, issue and commit."""
    return f"Update from the template to {update.version}"


def lines(update: Update) -> list[str]:
    """Return what an update changes and what is left to do: paragraphs, and items where they begin with '- '."""
    return [
        f"The template is at version {update.version}; this project was made from {update.before}.",
        *update.news,
        *_conflicts(update),
        *_lost(update),
        *_checks(update),
    ]


def issue(update: Update, pull_request: str | None, known: frozenset[str]) -> Content:
    """Return the issue of an update that waits for a person.

    Args:
        update: what is ready.
        pull_request: where it is proposed; None: no token could push it.
        known: digests of the versions that the issue has told already.
    """
    if pull_request:
        start = [
            f"The pull request waits for you: {pull_request}",
            f"- `git fetch origin && git switch {update.branch}`",
        ]
    else:
        start = [
            "The pipeline may not push the update itself. With a clean checkout of main:",
            f"- `git switch --create {update.branch}`",
            f"- `{UPDATE}`",
            "- `git add --all && git commit` once the steps below are done, then push it and open a pull request.",
        ]
    causes = known | {short(update.version)}
    return Content(KEY, title(update), "setup", (*start, *lines(update), LEADS_ON), causes)


def done(known: frozenset[str]) -> Content:
    """Return the issue once there is nothing to do."""
    return Content(KEY, "Update from the template", "setup", ("The project is up to date.",), known, open=False)


def markdown(paragraphs: Sequence[str], most: int = 60_000) -> str:
    """Return paragraphs and items as Markdown of at most `most` characters.

    >>> markdown(["One:", "- a", "- b", "Two."])
    'One:\\n\\n- a\\n- b\\n\\nTwo.\\n'
    """
    text = "\n\n".join(paragraphs) + "\n"
    text = re.sub(r"^(- .*)\n\n(?=- )", r"\1\n", text, flags=re.MULTILINE)
    end = "\n\nThe rest is in the file summary.md of the run.\n"
    return text if len(text) <= most else text[: most - len(end)].rpartition("\n")[0] + end


def _conflicts(update: Update) -> list[str]:
    if not update.conflicts:
        return []
    return [
        "These files hold both versions of some lines, between `<<<<<<<` and `>>>>>>>`. Keep what is right, delete the"
        " marks, commit; `git grep -n '^<<<<<<<'` finds those that are left:",
        *(f"- `{path}`" for path in update.conflicts),
        "If pyproject.toml was among them: `uv run --no-project python requirements/lock.py`. Checks have not run.",
    ]


def _lost(update: Update) -> list[str]:
    if not update.lost:
        return []
    return [
        "Your edits in these files are not in the update, since the template moves or drops the files;"
        " `mlops template check --patch ../edits.patch` on main writes them for the new paths:",
        *(f"- {sentence}" for sentence in update.lost),
    ]


def _checks(update: Update) -> list[str]:
    if update.conflicts:
        return []
    if not update.failed:
        return ["All checks pass."]
    return [
        "These checks fail after the update; the run's summary.md has the end of what they print:",
        *(f"- `{command}`" for command in update.failed),
    ]


def summary(update: Update) -> str:
    """Return the whole summary, with the ends of failed checks."""
    parts = [f"# {title(update)}", *lines(update)]
    for command, end in update.failed.items():
        fence = "`" * max([3, *(len(found) + 1 for found in re.findall("`+", end))])
        parts += [f"## {command}", f"{fence}text\n{end}\n{fence}"]
    return markdown(parts)
