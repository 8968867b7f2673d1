"""`mlops init-config`: look at data, show and ask, then write config/project.yml; what stood there before is kept."""

import filecmp
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import data_folder, proposals
from ..config.commented_yaml import sections_of, to_yaml
from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..config.proposal import LEFT_OUT, NONE, ColumnFinding, Proposal, Question, Wishes
from ..errors import UserError
from ..figures import plural
from ..files import atomic_write
from ..paths import CONFIG, Project
from ..pipeline import load
from ..records import Contract
from . import registry

WIDTH = 100  # columns of the terminal that the table may take
SHORT = 40  # more columns of the data are shown shortened
EXAMPLES = 3  # columns shown for each reason to leave some out, when shortened
LISTED = 15  # more choices are typed with completion
KEPT = ("about", "serving", "seed")  # sections that say nothing about the data: an earlier file's stay

Propose = Callable[[Wishes], Proposal]


def find_project() -> Project:
    """Return the project around the current folder, also one whose config/project.yml is missing."""
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (project := Project(folder)).pipeline.is_file():
            return project
    return Project.find()


def init_config(
    project: Project,
    source: Path | None,
    wishes: Wishes,
    *,
    ask: bool,
    copy: bool | None = None,
    everything: bool = False,
    console: Console | None = None,
) -> None:
    """Propose config/project.yml for the data at `source` and write it, with the old file kept beside it.

    Nothing is changed before the last question is answered; an interruption leaves all files as they were.

    Args:
        project: whose configuration to write.
        source: file or folder to look at; default: the pipeline's own input.
        wishes: decisions already made.
        ask: show the questions; otherwise the proposal is taken.
        copy: bring data from elsewhere to the pipeline's input; default: ask, or do it where `ask` is false.
        everything: show every column, however many there are.
        console: to print on.

    Raises:
        UserError: the data cannot be read or used, or a file cannot be written.
    """
    out = console or Console()
    out.width = min(WIDTH, out.width) if out.is_terminal else WIDTH
    home = project.root / str(load.load(project, project.pipeline).inputs["data"].default)
    source = source or home
    old = _old_text(project)
    survey = proposals.look(source, _usual_target(old))

    def propose(chosen: Wishes) -> Proposal:
        return proposals.propose(survey, chosen)

    proposal = propose(wishes)
    show(out, proposal, project.relative(source), everything)
    if ask:
        proposal, changed = _dialogue(out, propose, proposal, wishes)
        if changed:
            show(out, proposal, project.relative(source), everything)
    kept, remark = _kept_sections(old)
    text = _checked(_heading(proposal) + to_yaml(proposal.sections, kept))
    files = data_folder.files(source)
    placed = _placed(source, files)
    elsewhere = not _equal(placed, _placed(home, _present(home)))
    same = text == old and not elsewhere
    if remark:
        _say(out, remark)
    if same:
        _say(out, f"{CONFIG.as_posix()} is as proposed already: nothing to write.")
        return
    if ask and not _confirm(f"Write {CONFIG.as_posix()}?" + (" The old file is kept as .bak." if old else "")):
        _say(out, "Nothing was changed.")
        return
    if elsewhere and copy is None:
        copy = not ask or _confirm(_copy_question(project, files, home))
    with _data_in_place(project, placed if elsewhere and copy else {}, home) as moved:
        backup = _write(project, text, old)
    for place, former in moved:
        _say(out, f"{project.relative(place)}: the files that were there are now in {project.relative(former)}.")
    if elsewhere and copy:
        _say(out, f"{project.relative(home)} now holds {_amount(files)}.")
    written = f"{CONFIG.as_posix()} is written" + (f" (the old one is {project.relative(backup)})" if backup else "")
    if elsewhere and not copy:
        _say(out, f"{written}. The pipeline still reads {project.relative(home)}, not this data. Next, either:")
        _say(out, f"  put the files into {project.relative(home)} instead of those that are there, then: mlops check")
        _say(out, f"  or train on them where they are: mlops run --data {source}")
        return
    _say(out, f"{written}. Next: read it, then mlops check")
    if problem := _champion_mismatch(project):
        _say(
            out,
            f"The champion here cannot be compared with a new model: {problem}. Let the first one through:"
            " mlops run --override 'other data'",
        )


def show(out: Console, proposal: Proposal, source: str, everything: bool) -> None:
    """Print the files, a row for each column, and the notes; many columns are shortened unless `everything`."""
    _say(out, f"{source}: {proposal.source}")
    findings = list(proposal.findings)
    short = not everything and len(findings) > SHORT
    table = Table(box=None, padding=(0, 1), expand=False)
    for title in ("column", "role", "kind"):
        table.add_column(title, overflow="ellipsis", no_wrap=True, max_width=24)
    for title in ("missing", "distinct"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("example", overflow="ellipsis", no_wrap=True, max_width=18)
    table.add_column("why", overflow="fold", ratio=1)
    groups = Counter(_group(finding) for finding in findings)
    shown: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        group = _group(finding)
        shown[group] += 1
        if not short or shown[group] <= EXAMPLES or finding.suspicious:
            table.add_row(*_row(finding))
        elif shown[group] == groups[group]:
            more = f"... {groups[group] - EXAMPLES:,} more"
            table.add_row(more, Text(finding.role, _style(finding)), "", "", "", "", Text(group[1]))
    out.print(table)
    if short:
        roles = Counter(finding.role for finding in findings)
        _say(out, ", ".join(f"{count:,} {role}" for role, count in roles.items()) + "; every column: --all")
    for note in proposal.notes:
        _say(out, note)


def _group(finding: ColumnFinding) -> tuple[str, str]:
    return finding.role, finding.reason.partition(":")[0] if finding.role == LEFT_OUT else ""


def _row(finding: ColumnFinding) -> list[Text]:
    texts = [finding.name, finding.role, finding.kind, f"{finding.missing:.0%}", f"{finding.distinct:,}"]
    cells = [Text(_printable(text)) for text in (*texts, finding.example, finding.reason)]
    cells[1].stylize(_style(finding))
    return cells


def _style(finding: ColumnFinding) -> str:
    return "red" if finding.suspicious else "dim" if finding.role == LEFT_OUT else "green"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _say(out: Console, sentence: str) -> None:
    out.print(Text(_printable(sentence)))


def _dialogue(out: Console, propose: Propose, proposal: Proposal, wishes: Wishes) -> tuple[Proposal, bool]:
    """Ask each open question; every answer may change the proposal, and with it the questions that are left."""
    asked: set[str] = set()
    changed = False
    while True:
        open_questions = [
            one for one in proposal.questions if one.wish not in asked and getattr(wishes, one.wish) is None
        ]
        if not open_questions:
            return proposal, changed
        question = open_questions[0]
        answer = _answer(question)
        if answer != question.default:
            wished = replace(wishes, **{question.wish: "" if answer == NONE else answer})
            try:
                proposal, wishes, changed = propose(wished), wished, True
            except UserError as error:
                _say(out, f"{error.label}: {error}")
                continue  # ask again
        asked.add(question.wish)


def _answer(question: Question) -> str:
    import questionary

    if len(question.choices) <= LISTED:
        asked = questionary.select(question.text, choices=list(question.choices), default=question.default)
    else:
        asked = questionary.autocomplete(
            question.text,
            choices=list(question.choices),
            default=question.default,
            validate=lambda value: value in question.choices or f"{value!r} is not one of the columns to choose from",
        )
    return str(asked.unsafe_ask())


def _confirm(question: str) -> bool:
    import questionary

    return bool(questionary.confirm(question, default=True).unsafe_ask())


def require_dialogue() -> None:
    """Check that questions can be asked.

    Raises:
        UserError: the package for it is not installed.
    """
    try:
        import questionary  # noqa: F401
    except ImportError:
        raise UserError(
            "init-config asks its questions with the package 'questionary', which is not installed:"
            " run it with `uv run`, or add --yes to accept the proposal"
        ) from None


def _old_text(project: Project) -> str | None:
    try:
        return project.config_path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""  # unreadable as YAML: nothing of it stays, and it is kept as a whole
    except OSError as error:
        raise UserError(f"{CONFIG.as_posix()}: cannot be read: {error.strerror}") from None


def _parsed(text: str | None) -> dict[str, Any]:
    try:
        content = yaml.safe_load(text or "")
    except yaml.YAMLError:
        return {}
    return content if isinstance(content, dict) else {}


def _usual_target(text: str | None) -> str | None:
    columns = _parsed(text).get("columns")
    target = columns.get("target") if isinstance(columns, dict) else None
    return target if isinstance(target, str) else None


def _kept_sections(text: str | None) -> tuple[dict[str, str], str | None]:
    """Return the sections of the old file that stay as they are written, and a sentence if they cannot."""
    content = _parsed(text)
    if not content:
        return {}, None
    try:
        ProjectConfig.model_validate(content)
    except ValidationError:
        return {}, (
            f"The old {CONFIG.as_posix()} is not valid: its sections {', '.join(KEPT)} are not taken over;"
            " copy them from the kept file."
        )
    return {key: block for key, block in sections_of(text or "").items() if key in KEPT}, None


def _checked(text: str) -> str:
    """Return `text` if the project would load it."""
    try:
        ProjectConfig.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise UserError(f"the proposal for {CONFIG.as_posix()} is not valid, nothing was written: {reasons}") from None
    return text


def _heading(proposal: Proposal) -> str:
    return (
        "# The model's task, data and limits, as `mlops init-config` proposed them. `mlops check` reports mistakes in\n"
        f"# this file. Proposed from {_printable(proposal.source)}.\n\n"
    )


def _champion_mismatch(project: Project) -> str | None:
    """Return why the champion of an earlier configuration is none of this one, if it is so."""
    if not project.outputs.is_dir():
        return None
    champion = registry.champion(project)
    return None if champion is None else load_config(project.config_path).mismatch(Contract.load(champion.model))


def _write(project: Project, text: str, old: str | None) -> Path | None:
    """Write the configuration; return where the old one is kept, if there was one and it differs."""
    path = project.config_path
    if text == old:
        return None
    backup = None
    if old is not None:
        backup = _free(path.with_name(path.name + ".bak"))
        try:
            shutil.copyfile(path, backup)
        except OSError as error:
            raise UserError(f"{project.relative(backup)}: cannot be written: {error.strerror}") from None
    try:
        atomic_write(path, text)
    except BaseException:
        if backup:
            backup.unlink(missing_ok=True)
        raise
    return backup


def _free(path: Path) -> Path:
    """Return `path`, or the first of path.1, path.2, ... that does not exist."""
    number, free = 0, path
    while free.exists() or free.is_symlink():
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free


def _present(folder: Path) -> list[Path]:
    """Return the data files of a folder that may hold none."""
    try:
        return data_folder.files(folder)
    except UserError:
        return []


def _placed(source: Path, files: Sequence[Path]) -> dict[Path, Path]:
    """Return where each file stands below its source -> the file."""
    folder = source if source.is_dir() else source.parent
    return {file.relative_to(folder): file for file in files}


def _equal(placed: Mapping[Path, Path], others: Mapping[Path, Path]) -> bool:
    """Whether two folders hold the same files, by name and content."""
    if placed.keys() != others.keys():
        return False
    return all(filecmp.cmp(file, others[place], shallow=False) for place, file in placed.items())


def _copy_question(project: Project, files: Sequence[Path], home: Path) -> str:
    text = f"The pipeline reads {project.relative(home)}. Copy {_amount(files)} there?"
    full = [folder for folder in (home, project.production) if folder.is_dir() and any(folder.iterdir())]
    if full:
        text += f" The files in {' and '.join(map(project.relative, full))} move to a folder beside it, .bak."
    return text


def _amount(files: Sequence[Path]) -> str:
    size = sum(file.stat().st_size for file in files)
    amount = f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"
    return f"{plural(len(files), 'file')} ({amount})"


@contextmanager
def _data_in_place(project: Project, files: Mapping[Path, Path], home: Path) -> Iterator[list[tuple[Path, Path]]]:
    """Copy files to their places below `home`; if the block or the copy fails, all folders are as before.

    Data that arrived later belong to the old data, so data/production moves away too.

    Yields:
        The folders that had files and where these are now.
    """
    moved: list[tuple[Path, Path]] = []
    if not files:
        yield moved
        return
    staging = home.with_name(f".{home.name}.new")
    placed = False
    try:
        try:
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
            for place, file in files.items():
                (staging / place.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, staging / place)
            for folder in (home, project.production):
                if folder.is_dir() and any(folder.iterdir()):
                    former = _free(folder.with_name(folder.name + ".bak"))
                    folder.rename(former)
                    moved.append((folder, former))
            if home.is_dir():
                home.rmdir()  # empty
            staging.rename(home)
            placed = True
        except OSError as error:
            raise UserError(
                f"{error.filename or home}: cannot be copied to {project.relative(home)}: {error.strerror}"
            ) from None
        yield moved
    except BaseException:
        if placed:
            shutil.rmtree(home, ignore_errors=True)
        for folder, former in reversed(moved):
            former.rename(folder)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
