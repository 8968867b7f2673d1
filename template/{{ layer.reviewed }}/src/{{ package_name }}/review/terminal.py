"""The terminal labeller: a key for each label; every answer is on the disk before the next item is shown."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UserError

try:
    from prompt_toolkit.application import Application
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.keys import Keys
    from prompt_toolkit.layout import FormattedTextControl, Layout, Window
    from prompt_toolkit.output import ColorDepth
except ImportError:
    raise UserError(
        "review label needs the package 'questionary', which is not installed: run it with `uv run`"
    ) from None

from ..config.project import ProjectConfig
from ..figures import plural
from . import contract, log, media
from .contract import LONGEST_NAME, Action, Annotation, QueueItem
from .display import visible
from .keys import keys
from .keys import rows as key_rows
from .offers import Offers, offers
from .workspace import Workspace

if TYPE_CHECKING:
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

NEEDS_TERMINAL = "review label shows items and reads keys, and there is no terminal: run it in one, or use Label Studio"
BLIND = "This item measures the model or the agreement between people: it is labelled without a prediction"
# The second of each is on keyboards without Latin letters too.
SKIP, UNDO, HINT = ("s", "\t"), ("u", "\x7f", "\b"), ("h", "?")
HEAD_AND_FOOT = 5  # rows of the screen that hold neither the item nor the keys


@dataclass(frozen=True)
class Session:
    """What one person has done with a queue, in all sessions so far.

    Args:
        batch_id: the queue.
        annotator: the person.
        labelled, skipped: items of each kind.
        open: items that are still offered to this person.
        left_to_others: disputed items that another person has to decide.
    """

    batch_id: str
    annotator: str
    labelled: int
    skipped: int
    open: int
    left_to_others: int

    @property
    def sentence(self) -> str:
        """The outcome for a reader."""
        text = f"{self.annotator}, {self.batch_id}: {plural(self.labelled, 'label')}, {self.skipped:,} skipped"
        text += f", {plural(self.open, 'item')} open"
        if self.left_to_others:
            text += f"; {plural(self.left_to_others, 'disputed item waits', 'disputed items wait')} for another person"
        return text


def label(
    workspace: Workspace,
    batch_id: str | None,
    annotator: str | None,
    labels: Sequence[str],
    config: ProjectConfig,
    *,
    input: "Input | None" = None,
    output: "Output | None" = None,
) -> Session:
    """Let a person label what a queue offers, until it is done or the person quits; the next call goes on there.

    Args:
        workspace: where queues and logs lie.
        batch_id: the queue; default: the oldest that has something for this person.
        annotator: the person; None asks for the name.
        labels: what to choose from, at least two.
        config: says how items are shown.
        input, output: the terminal, for tests.

    Raises:
        UserError: there is no terminal or no such queue, or a queue or log breaks a rule.
    """
    if input is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(NEEDS_TERMINAL)
    workspace.require_batch(batch_id)
    person = (_ask_name() if annotator is None else annotator).strip()
    if not (0 < len(person) <= LONGEST_NAME and person.isprintable()):
        raise UserError(f"annotator {person!r} is refused: a name has 1 to {LONGEST_NAME} printable characters")
    found = _batch(workspace, person) if batch_id is None else batch_id
    labeller = Labeller(workspace, found, person, labels, config)
    if labeller.open:
        labeller.application(input, output).run()
    return labeller.session()


class Labeller:
    """The state of one session: the item on the screen, and the log that every action goes to."""

    def __init__(
        self, workspace: Workspace, batch_id: str, annotator: str, labels: Sequence[str], config: ProjectConfig
    ) -> None:
        self.batch_id = batch_id
        self.annotator = annotator
        self.keys = keys(labels)
        self._config = config
        self._offers: Offers = offers(workspace, batch_id, annotator)
        self._log = log.Log(workspace.log(batch_id, annotator))
        self._typed = ""
        self._message = ""
        self._first = 0  # row of the item at the top of the screen
        self._show(self.open[0] if self.open else None)

    @property
    def open(self) -> list[QueueItem]:
        """Items that this person has not answered, in the order of the queue."""
        done = {each.sample_id for each in self._log.standing}
        return [item for item in self._offers.items if item.sample_id not in done]

    def session(self) -> Session:
        """Return the outcome so far."""
        actions = [each.action for each in self._log.standing]
        return Session(
            batch_id=self.batch_id,
            annotator=self.annotator,
            labelled=actions.count("label"),
            skipped=actions.count("skip"),
            open=len(self.open),
            left_to_others=self._offers.left_to_others,
        )

    def application(self, input: "Input | None" = None, output: "Output | None" = None) -> "Application[None]":
        """Return the screen."""
        bindings = KeyBindings()
        for name, rows_down in (("up", -1), ("down", 1), ("pageup", -10), ("pagedown", 10)):
            bindings.add(name)(lambda event, by=rows_down: self._scroll(by))
        for key in ("c-c", "c-d", "q"):
            bindings.add(key)(lambda event: event.app.exit())
        bindings.add(Keys.Any)(self._press)
        bindings.add(Keys.BracketedPaste)(lambda event: None)  # a pasted text is no series of answers

        def screen() -> StyleAndTextTuples:
            size = application.output.get_size()
            return self.screen(size.columns, size.rows)

        application: Application[None] = Application(
            layout=Layout(Window(FormattedTextControl(screen, focusable=True, show_cursor=False))),
            key_bindings=bindings,
            full_screen=True,
            color_depth=ColorDepth.TRUE_COLOR,  # 256 colours would change an item
            input=input,
            output=output,
        )
        return application

    def screen(self, columns: int = 80, rows: int = 24) -> StyleAndTextTuples:
        """Return what is shown: place and reason, the item, the keys.

        Plain fragments, never ANSI: an item cannot give the terminal commands.
        """
        item = self._item
        if item is None:
            return []
        number = self._offers.items.index(item) + 1
        help_rows = key_rows(self._help(), max(columns - 1, 10))
        height = max(rows - HEAD_AND_FOOT - len(help_rows), 3)
        body = list(media.screen_rows(item, self._config, max(columns - 4, 20), height))
        if self._numbered:
            body += [[("", row)] for row in ("", *self._choices())]
        self._first = max(0, min(self._first, len(body) - height))
        shown = body[self._first : self._first + height]
        place = f" {number} of {len(self._offers.items)} · {item.reason}"
        if len(body) > height:
            place += f" · rows {self._first + 1}-{self._first + len(shown)} of {len(body)}: arrows, Page Down"
        return [
            ("bold", place + "\n\n"),
            *(fragment for row in shown for fragment in (("", "   "), *row, ("", "\n"))),
            ("italic", f"\n {self._message}\n"),
            ("", "\n".join(f" {row}" for row in help_rows)),
        ]

    @property
    def _numbered(self) -> bool:
        return any(len(key) > 1 for key in self.keys.values())

    def _choices(self) -> list[str]:
        return [f"[{key}] {visible(name)}" for name, key in self.keys.items()]

    def _help(self) -> str:
        actions = "[s]kip [u]ndo [h]int [q]uit"
        if self._numbered:
            return f"type the number of a label: {self._typed}_   {actions}"
        named = " ".join(_marked(visible(name), key) for name, key in self.keys.items())
        return f"{named}   {actions}"

    def _show(self, item: QueueItem | None) -> None:
        self._item = item
        self._first = 0
        self._seen = False
        self._since = time.monotonic()

    def _scroll(self, by: int) -> None:
        self._first += by

    def _press(self, event: KeyPressEvent) -> None:
        key = event.data.casefold()
        self._message = ""
        if key in SKIP:
            self._answer("skip", None)
        elif key in UNDO:
            self._undo()
        elif key in HINT:
            self._hint()
        else:
            self._type(key)
        if self._item is None:
            event.app.exit()

    def _type(self, key: str) -> None:
        typed = self._typed + key
        name = next((name for name, known in self.keys.items() if known == typed), None)
        if name is not None:
            self._answer("label", name)
        elif any(known.startswith(typed) for known in self.keys.values()):
            self._typed = typed
        else:
            self._message = f"{visible(typed)} is the key of no label" if typed.strip() else ""
            self._typed = ""

    def _answer(self, action: Action, name: str | None) -> None:
        item = self._item
        if item is None:
            return
        self._typed = ""
        self._log.append(
            Annotation(
                annotation_id=log.new_id(),
                sample_id=item.sample_id,
                batch_id=item.batch_id,
                content_sha256=item.content_sha256,
                action=action,
                label=name,
                annotator=self.annotator,
                annotated_at=contract.now(),
                saw_prediction=self._seen,
                lead_time_s=round(time.monotonic() - self._since, 1),
                tool="terminal",
            )
        )
        self._show(next(iter(self.open), None))

    def _undo(self) -> None:
        self._typed = ""
        undone = self._log.undo()
        if undone is None:
            self._message = "There is nothing to undo"
            return
        self._message = f"Undone: {visible(undone.label) if undone.label is not None else 'skipped'}"
        item = next((each for each in self._offers.items if each.sample_id == undone.sample_id), None)
        self._show(item or self._item)

    def _hint(self) -> None:
        item = self._item
        if item is None or item.blind:
            self._message = BLIND
        elif item.pred_label is None:
            self._message = "There is no prediction for this item"
        else:
            self._seen = True
            sure = "" if item.pred_confidence is None else f", confidence {item.pred_confidence:.2f}"
            self._message = f"The model says {visible(item.pred_label)}{sure}"


def _batch(workspace: Workspace, annotator: str) -> str:
    """Return the oldest queue that has something open for a person, else the newest."""
    names = workspace.batches()
    for name in names:
        done = {each.sample_id for each in log.replay(log.read(workspace.log(name, annotator)))}
        if any(item.sample_id not in done for item in offers(workspace, name, annotator).items):
            return name
    return names[-1]


def _ask_name() -> str:
    import getpass

    import questionary

    answer = questionary.text(
        "Your name, which stands beside your labels:",
        default=getpass.getuser(),
        validate=lambda text: bool(text.strip()) or "a name is needed",
    ).unsafe_ask()
    return str(answer)


def _marked(name: str, key: str) -> str:
    """Return a label with its key: in place where the key is one of its letters.

    >>> _marked("positive", "p"), _marked("neutral", "e"), _marked("正面", "1")
    ('[p]ositive', 'n[e]utral', '[1] 正面')
    """
    at = name.casefold().find(key)
    if at < 0 or len(name.casefold()) != len(name):
        return f"[{key}] {name}"
    return f"{name[:at]}[{name[at : at + len(key)]}]{name[at + len(key) :]}"
