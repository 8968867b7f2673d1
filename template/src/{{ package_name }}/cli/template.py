"""`mlops template`: updates from the template. Thin: the work is done in local/template_edits.py and updates/."""

import shlex
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..figures import plural
from ..paths import Project

if TYPE_CHECKING:
    from ..local.template_edits import Edit

app = typer.Typer(help="Update from the template that this project was made from.", no_args_is_help=True)


Folder = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Folder for the result; default: outputs/template-update.")
]


@app.command()
def check(
    to: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Version of the template; default: the newest. ':current:' keeps it."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Answer that the update changes; repeatable."),
    ] = None,
    patch: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the edits in files that move as a patch for their new paths."),
    ] = None,
) -> None:
    """List the edits that an update would lose: those in files that the template removes or moves.

    Runs Copier with --trust on a temporary copy, as the update itself does: the template's Jinja extensions run. The
    project is not changed. Ends with exit code 2 if there are such edits.
    """
    from ..local import template_edits

    project = Project.find()
    if patch and patch.resolve().is_relative_to(project.root):
        raise UserError(
            f"--patch: '{patch}' is in the project, where an uncommitted file stops the update: name another"
        )
    typer.echo("Copier renders and updates an unedited copy of this project (--trust) ...", err=True)
    with template_edits.simulated(project, to, data or []) as update:
        found = template_edits.edits(project, update)
        if patch:
            _write(patch, template_edits.patch(project, update, found))
    if not found:
        typer.echo("The update loses no edit.")
        return
    for edit in found:
        typer.echo(edit.sentence)
    typer.echo(_advice(found, patch))
    raise UserError(f"the update would lose or leave behind {plural(len(found), 'edit')}")


@app.command()
def update(out: Folder = None) -> None:
    """Update on a branch of its own, commit, and check; hand on a patch and a summary. Needs no token.

    Runs Copier with --trust: the template's code runs. Conflicts are committed with their marks.
    """
    from ..infra import ci
    from ..updates import update, words

    project = Project.find()
    folder = out or project.outputs / "template-update"
    made = update.update(project, folder, lambda line: typer.echo(line, err=True))
    if made is None:
        typer.echo("The project is up to date with its template.")
        return
    ci.write_summary(words.title(made), words.summary(made))
    typer.echo(words.summary(made))
    typer.echo(f"Branch {made.branch} is checked out; {project.relative(folder)} has the patch and the summary.")


@app.command()
def propose(
    of: Annotated[Path | None, typer.Option("--from", metavar="FOLDER", help="Result of `update`.")] = None,
) -> None:
    """Push an update and open its pull request, or an issue with the commands; for a job of the CI system.

    Each version is proposed once. docs/ci.md says what the job needs to push; without it, an issue says what to do.
    """
    from ..config.environment import load
    from ..updates import ci, propose

    project = Project.find()
    system = ci.connect(load(project.root / "config", "prod"))
    if system is None:
        raise UserError("only a job of the CI system can propose: push the branch of 'mlops template update' yourself")
    propose.propose(project, of or project.outputs / "template-update", system, typer.echo)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None


def _advice(found: "list[Edit]", patch: Path | None) -> str:
    """Commands that keep the edits."""
    edited = [edit for edit in found if edit.change == "edited"]
    own = [edit for edit in found if edit.change == "own"]
    lines = []
    if own:
        folders = sorted({str(PurePosixPath(edit.target or "").parent) for edit in own})
        lines += ["", "Before the update:", f"  {shlex.join(['mkdir', '-p', *folders])}"]
        lines += [f"  {shlex.join(['git', 'mv', edit.path, edit.target or ''])}" for edit in own]
        lines += ["  git commit --message 'Move own files'"]
    if any(edit.target for edit in edited):
        if patch:
            file = shlex.quote(str(patch.resolve()))
            lines += [
                "",
                "After the update, with its conflicts settled:",
                "  git add --all",
                f"  git apply --3way {file}",
            ]
        else:
            lines += ["", "To take the edits along, add: --patch ../edits.patch"]
    if any(not edit.target for edit in edited):
        lines += ["", "The update deletes the dropped files; git keeps your version:"]
        lines += [f"  {shlex.join(['git', 'show', f'HEAD:./{edit.path}'])}" for edit in edited if not edit.target]
    if returned := [edit.target or "" for edit in found if edit.change == "deleted"]:
        lines += ["", "After the update, delete again:", f"  {shlex.join(['git', 'rm', '--force', *returned])}"]
    return "\n".join(lines)
