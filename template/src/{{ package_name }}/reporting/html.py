"""Building blocks of the HTML pages that people look at: one file each, no script, no request to any host.

Every value passes through `Markup.format`, which escapes it: a column called `<b>` shows as such.
"""

import math
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Literal

from markupsafe import Markup, escape

from .. import figures

State = Literal["good", "bad", "warn", "neutral"]
NOTHING = Markup("")
ABSENT = "\N{EN DASH}"
NAME = 36  # letters of a name that are shown; the rest is seen on demand
WORD = 14  # letters; a longer word may be broken
BREAKS = re.compile(r"(?<=[_…])(?=[^_])")  # where a browser may end a line within a name
UNBROKEN = re.compile("(?<=[0-9])\N{EN DASH}(?=[0-9])")  # between the ends of an interval
FOLDED = 12  # rows or sentences after which the others are folded away


def page(title: str, subtitle: str, body: Iterable[Markup], footer: str = "") -> str:
    """Return a whole HTML document; its policy forbids the browser to load anything from anywhere."""
    style = Markup(files(__package__).joinpath("html.css").read_text(encoding="utf-8"))
    return str(
        Markup(
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            'img-src data:">\n<link rel="icon" href="data:,">\n'
            "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n"
            '<header>\n<h1>{}</h1>\n<p class="subtitle">{}</p>\n</header>\n<main>\n{}\n</main>\n'
            "<footer>{}</footer>\n</body>\n</html>\n"
        ).format(title, style, title, subtitle, join(body, "\n"), footer)
    )


def main_part(html: str) -> Markup:
    """Return the body that `page` was given, to show one page within another."""
    return Markup(html.partition("<main>\n")[2].rpartition("\n</main>")[0])


def join(parts: Iterable[Markup], separator: str = "") -> Markup:
    return Markup(separator).join(part for part in parts if part)


def section(title: str, *blocks: Markup, intro: str = "") -> Markup:
    """Return a titled part of a page, nothing without any content."""
    content = join(blocks, "\n")
    if not content:
        return NOTHING
    lead = Markup('<p class="intro">{}</p>\n').format(intro) if intro else NOTHING
    return Markup('<section id="{}">\n<h2>{}</h2>\n{}{}\n</section>').format(anchor(title), title, lead, content)


def anchor(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())


def contents(titles: Iterable[str]) -> Markup:
    """Return links to the sections with these titles."""
    links = (Markup('<li><a href="#{}">{}</a></li>').format(anchor(title), title) for title in titles)
    return Markup('<nav aria-label="Contents"><ul>{}</ul></nav>').format(join(links))


def verdict(state: State, heading: str, text: str) -> Markup:
    """Return the message that a reader must take away, in one glance."""
    return Markup('<div class="verdict {}"><h2>{}</h2><p>{}</p></div>').format(state, heading, text)


def verdicts(*parts: Markup) -> Markup:
    return Markup('<div class="verdicts">{}</div>').format(join(parts))


def badge(state: State, text: str) -> Markup:
    return Markup('<span class="badge {}">{}</span>').format(state, text)


def card(title: str, label: Markup, content: Markup, problems: Iterable[str] = ()) -> Markup:
    """Return a titled picture among others; `problems` are sentences below it."""
    lines = join(Markup('<p class="bad">{}</p>').format(problem) for problem in problems)
    return Markup('<article class="card"><header><h3>{}</h3>{}</header>{}{}</article>').format(
        name(title), label, content, lines
    )


def grid(parts: Iterable[Markup], layout: Literal["grid", "pair"] = "grid") -> Markup:
    content = join(parts)
    return Markup('<div class="{}">{}</div>').format(layout, content) if content else NOTHING


def figure(picture: Markup, caption: str, legend: Sequence[str] = ()) -> Markup:
    """Return a picture with its explanation; `legend` names the first (coloured) and the second (grey) series."""
    keys = join(Markup('<li class="s{}">{}</li>').format(index, name) for index, name in enumerate(legend))
    key = Markup('<ul class="legend">{}</ul>').format(keys) if keys else NOTHING
    return Markup("<figure>{}{}<figcaption>{}</figcaption></figure>").format(key, picture, caption)


def facts(pairs: Iterable[tuple[str, object]]) -> Markup:
    """Return names and values; a value that is not known (None) is left out."""
    items = join(Markup("<dt>{}</dt><dd>{}</dd>").format(key, value) for key, value in pairs if value is not None)
    return Markup("<dl>{}</dl>").format(items) if items else NOTHING


def findings(sentences: Iterable[str]) -> Markup:
    """Return a list of sentences; of many, those after the first are folded away."""
    items = [Markup("<li>{}</li>").format(sentence) for sentence in sentences]
    if not items:
        return NOTHING
    shown, rest = _foldable(items)
    block = Markup('<ul class="findings">{}</ul>')
    return block.format(join(shown)) + (details(f"{len(rest):,} more", block.format(join(rest))) if rest else NOTHING)


def _foldable(items: Sequence[Markup]) -> tuple[Sequence[Markup], Sequence[Markup]]:
    """Return the items to show and those to fold away, which are more than a few."""
    return (items, ()) if len(items) <= FOLDED * 3 // 2 else (items[:FOLDED], items[FOLDED:])


def details(summary: str, *blocks: Markup) -> Markup:
    content = join(blocks)
    return Markup("<details><summary>{}</summary>{}</details>").format(summary, content) if content else NOTHING


def note(text: str) -> Markup:
    return Markup('<p class="note">{}</p>').format(text)


def name(text: str, most: int = NAME) -> Markup:
    """Return a name from the data; of a long one its start and end, and all of it on demand."""
    if len(text) <= most and max(map(len, text.split()), default=0) <= WORD:
        return escape(text)
    whole = Markup(' title="{}"').format(text) if len(text) > most else NOTHING
    parts = BREAKS.split(shorten(text, most))
    return Markup("<bdi{}>{}</bdi>").format(whole, join(map(escape, parts), "<wbr>"))


def shorten(text: str, most: int = NAME) -> str:
    """Return at most so many letters: the start and the end of a longer text.

    >>> shorten("shipping_address_country", 12), shorten("city", 12)
    ('shippi…untry', 'city')
    """
    return text if len(text) <= most else f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"


def table(
    caption: str,
    columns: Sequence[str | Markup],
    rows: Sequence[Sequence[object]],
    numeric: Sequence[str | Markup] = (),
    fold: bool = False,
    dense: bool = False,
) -> Markup:
    """Return a table whose first column names the row.

    Args:
        caption: description of the table; also the name of the area that scrolls sideways on a narrow screen.
        columns: their headings.
        rows: one sequence a row, as long as `columns`; a cell may be Markup.
        numeric: headings of the columns to align to the right.
        fold: show the first rows alone, and the others on demand.
        dense: many narrow columns; on a narrow screen they stand closer.
    """
    if not rows:
        return NOTHING
    marks = [Markup(' class="number"') if heading in numeric else NOTHING for heading in columns]
    head = join(
        Markup('<th scope="col"{}>{}</th>').format(mark, _named(heading))
        for mark, heading in zip(marks, columns, strict=True)
    )
    body = [
        Markup('<tr><th scope="row"{}>{}</th>{}</tr>').format(
            marks[0],
            _named(row[0]),
            join(_cell(mark, value) for mark, value in zip(marks[1:], row[1:], strict=True)),
        )
        for row in rows
    ]
    shown, rest = _foldable(body) if fold else (body, ())
    first = _table(caption, head, shown, dense)
    if not rest:
        return first
    others = details(f"{len(rest):,} more", _table(f"{caption}, continued", head, rest, dense))
    return Markup("<div>{}{}</div>").format(first, others)


def _table(caption: str, head: Markup, rows: Sequence[Markup], dense: bool) -> Markup:
    return Markup(
        '<div class="scroll" role="region" aria-label="{}" tabindex="0"><table{}><caption>{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, Markup(' class="dense"') if dense else NOTHING, caption, head, join(rows))


def _named(value: object) -> object:
    return name(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _cell(mark: Markup, value: object) -> Markup:
    if isinstance(value, Markup) and value.startswith("<td"):
        return value
    if mark and isinstance(value, str):  # "1,084 (33.9 %)" and "0.91 (0.88–0.94)" are broken before the bracket only
        value = UNBROKEN.sub("\N{WORD JOINER}\N{EN DASH}\N{WORD JOINER}", value.replace(" %", "\N{NO-BREAK SPACE}%"))
    return Markup("<td{}>{}</td>").format(mark, value)


def bar(value: float | None, largest: float, style: Literal["", "muted", "over"] = "") -> Markup:
    """Return a table cell that draws `value` as a bar; the figure itself belongs in the cell beside it."""
    share = 0.0 if value is None or largest <= 0 else min(max(value / largest, 0.0), 1.0)
    return Markup('<td class="bar" aria-hidden="true"><span class="{}" style="width:{}%"></span></td>').format(
        style, round(100 * share, 1)
    )


def number(value: float | None, digits: int = 4) -> str:
    """Return a figure as a reader would write it, see `figures.number`; a dash for one that is missing."""
    return ABSENT if value is None or not math.isfinite(value) else figures.number(value, digits)


def apart(one: float, other: float) -> tuple[str, str]:
    """Return two figures with as many digits as are needed to tell them apart.

    >>> apart(0.961, 0.905), apart(0.96134, 0.96129), apart(2 / 3, 2 / 3)
    (('0.961', '0.905'), ('0.96134', '0.96129'), ('0.6667', '0.6667'))
    """
    for digits in (4, 5, 6, 7, 8) if one != other else (4,):
        texts = number(one, digits), number(other, digits)
        if texts[0] != texts[1]:
            break
    return texts


def percent(share: float | None) -> str:
    if share is None or not math.isfinite(share):
        return ABSENT
    return "below 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %".replace(".0 %", " %")
