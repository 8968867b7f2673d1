"""Building blocks of the HTML pages that people look at: one file each, no script, no request to any host.

Every value passes through `Markup.format`, which escapes it: a column called `<b>` shows as such.
"""

import math
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Literal

from markupsafe import Markup

State = Literal["good", "bad", "warn", "neutral"]
NOTHING = Markup("")
ABSENT = "\N{EN DASH}"


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
        title, label, content, lines
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
    items = join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in pairs if value is not None)
    return Markup("<dl>{}</dl>").format(items) if items else NOTHING


def findings(sentences: Iterable[str]) -> Markup:
    items = join(Markup("<li>{}</li>").format(sentence) for sentence in sentences)
    return Markup('<ul class="findings">{}</ul>').format(items) if items else NOTHING


def details(summary: str, *blocks: Markup) -> Markup:
    content = join(blocks)
    return Markup("<details><summary>{}</summary>{}</details>").format(summary, content) if content else NOTHING


def note(text: str) -> Markup:
    return Markup('<p class="note">{}</p>').format(text)


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    numeric: Sequence[str] = (),
) -> Markup:
    """Return a table whose first column names the row.

    Args:
        caption: what the table shows; also the name of the area that scrolls sideways on a narrow screen.
        columns: their headings.
        rows: one sequence a row, as long as `columns`; a cell may be Markup.
        numeric: headings of the columns to align to the right.
    """
    if not rows:
        return NOTHING
    marks = [Markup(' class="number"') if name in numeric else NOTHING for name in columns]
    head = join(
        Markup('<th scope="col"{}>{}</th>').format(mark, name) for mark, name in zip(marks, columns, strict=True)
    )
    body = join(
        Markup('<tr><th scope="row"{}>{}</th>{}</tr>').format(
            marks[0],
            row[0],
            join(_cell(mark, value) for mark, value in zip(marks[1:], row[1:], strict=True)),
        )
        for row in rows
    )
    return Markup(
        '<div class="scroll" role="region" aria-label="{}" tabindex="0"><table><caption>{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, caption, head, body)


def _cell(mark: Markup, value: object) -> Markup:
    return (
        value if isinstance(value, Markup) and value.startswith("<td") else Markup("<td{}>{}</td>").format(mark, value)
    )


def bar(value: float | None, largest: float, style: Literal["", "muted", "over"] = "") -> Markup:
    """Return a table cell that draws `value` as a bar; the figure itself belongs in the cell beside it."""
    share = 0.0 if value is None or largest <= 0 else min(max(value / largest, 0.0), 1.0)
    return Markup('<td class="bar" aria-hidden="true"><span class="{}" style="width:{}%"></span></td>').format(
        style, round(100 * share, 1)
    )


def number(value: float | None) -> str:
    """Return three significant digits, as a reader would write them: 0.0123, 9.87, 15, 12,345, 1.2e-09.

    Zeros at the end say that a figure was rounded: 14.0 stands for 13.96, 14 for exactly that.
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    if value and abs(value) < 0.0001:
        return f"{value:.1e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if float(text) == value and "." in text else text


def percent(share: float | None) -> str:
    if share is None or not math.isfinite(share):
        return ABSENT
    return "below 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %".replace(".0 %", " %")


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
