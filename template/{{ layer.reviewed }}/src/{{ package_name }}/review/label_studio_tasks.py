"""The shapes of Label Studio: the interface for labels, an item as a task, a task's annotations as lines of a log."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from pydantic import ValidationError

from ..content import FIELD
from ..errors import UserError
from . import media
from .addresses import Address
from .contract import Annotation, QueueItem
from .display import visible
from .keys import keys

LISTED = 20  # with more labels than these, people search in a list instead of looking at buttons
# Labels stand beside the item and stay in sight: below a large one a person would scroll for each. They come first,
# since a narrow window puts what comes second below.
SIDE_BY_SIDE = "display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1rem 2rem"
LABELS = "flex: 0 1 auto; max-width: 20rem; position: sticky; top: 0"
ITEM = "flex: 1 1 20rem; min-width: 0"


def config(labels: Sequence[str]) -> str:
    """Return the labelling interface for these labels, which people see in this order, with the keys of the terminal.

    Raises:
        UserError: Label Studio cannot show one of them.
    """
    variable = next((label for label in labels if re.search(r"\$\w", label)), None)
    if variable is not None:
        raise UserError(
            f"label {variable!r} is refused: Label Studio takes $ and a letter or digit for the name of a column;"
            " rename the label, or label in the terminal"
        )
    typed = {label: f" hotkey={quoteattr(key)}" for label, key in keys(labels).items() if len(key) == 1}
    choices = "".join(f"<Choice value={quoteattr(label)}{typed.get(label, '')}/>" for label in labels)
    layout = "select" if len(labels) > LISTED else "vertical"
    return (
        f'<View style="{SIDE_BY_SIDE}"><View style="{LABELS}">'
        f'<Choices name="label" toName="item" choice="single" required="true" layout="{layout}" allowNested="false">'
        f'{choices}</Choices></View><View style="{ITEM}"><{media.TAG} name="item" value="${FIELD}"/></View></View>'
    )


def task(item: QueueItem, labels: Sequence[str], address: Address) -> dict[str, Any]:
    """Return an item as a task; a prediction goes with it only if the item is not blind and its label is known.

    Args:
        item: the item.
        labels: those that people choose from.
        address: of the item, if it is a file.
    """
    content: dict[str, Any] = {"data": data(item, address)}
    if not item.blind and item.pred_label in labels:
        choice = {"from_name": "label", "to_name": "item", "type": "choices", "value": {"choices": [item.pred_label]}}
        content["predictions"] = [
            {"model_version": item.model or "", "score": item.pred_confidence, "result": [choice]}
        ]
    return content


def data(item: QueueItem, address: Address) -> dict[str, str]:
    """Return what a task shows of an item: its text, or the address of its file."""
    shown = visible(item.text or "") if item.path is None else address("/".join(Path(item.path).parts[-2:]))
    return {FIELD: shown, "sample_id": item.sample_id}


def is_open(content: Mapping[str, Any]) -> bool:
    """Return whether a task waits for a label; to skip it gives none."""
    return all(each["was_cancelled"] for each in content["annotations"])


def annotations(
    content: Mapping[str, Any], item: QueueItem, users: Mapping[int, str], warnings: list[str]
) -> Iterator[Annotation]:
    """Yield the annotations of a task as lines of logs; adds a warning for each that is no single label.

    Args:
        content: the task, as the server describes it.
        item: the item that it shows.
        users: e-mail address of each user, by id.
        warnings: gets a sentence for each annotation that is left out.
    """
    for each in content["annotations"]:
        skipped = bool(each["was_cancelled"])
        chosen = [] if skipped else _chosen(each["result"])
        author = each["completed_by"]
        number = author["id"] if isinstance(author, dict) else author
        try:
            if not skipped and len(chosen) != 1:
                raise ValueError(f"it has {len(chosen)} labels instead of one")
            yield Annotation(
                annotation_id=f"ls:{each['id']}",
                sample_id=item.sample_id,
                batch_id=item.batch_id,
                content_sha256=item.content_sha256,
                action="skip" if skipped else "label",
                label=None if skipped else chosen[0],
                annotator=users.get(number, f"user-{number}"),
                annotated_at=datetime.fromisoformat(each["updated_at"]),
                saw_prediction=bool(content["predictions"]),
                lead_time_s=None if each["lead_time"] is None else float(each["lead_time"]),
                tool="label-studio",
                note=note(content),
            )
        except (ValidationError, ValueError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            warnings.append(f"annotation {each['id']} of item {item.sample_id} is left out: {reason}")


def note(content: Mapping[str, Any]) -> str:
    """Return the note of lines that come from a task; it tells which of them the task has lost."""
    return f"task {content['id']}"


def _chosen(result: Sequence[Mapping[str, Any]]) -> list[Any]:
    choices = [
        choice
        for each in result
        if each.get("from_name") == "label" and each.get("type") == "choices"
        for choice in each["value"]["choices"]
    ]
    return [choice[-1] if isinstance(choice, list) and choice else choice for choice in choices]
