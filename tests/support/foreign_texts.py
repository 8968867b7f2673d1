"""Data sets of others as files of texts: python foreign_texts.py NAME PACKAGES TARGET.

Standard library alone, so that any Python can run it. PACKAGES is a folder into which the data set's package was
installed; TARGET gets the folders `train` and `production`.
"""

from __future__ import annotations

import csv
import gettext
import json
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

Row = dict[str, str]
Parts = tuple[list[Row], list[Row]]

LOCALES = "de fr es nl fi pl cs hu tr id vi el ru uk hy he ar fa hi th ko ja zh".split()
MODULES = ("asyncio", "email", "multiprocessing", "tkinter", "unittest", "xml")


def names(packages: Path) -> Parts:
    """Return names of countries, to learn from, and of languages, both in 23 languages and 12 scripts (CLDR)."""
    sys.path.insert(0, str(packages))
    from babel import Locale  # type: ignore[import-not-found, unused-ignore]

    parts: Parts = ([], [])
    for locale in LOCALES:
        known = Locale.parse(locale)
        for part, found in zip(parts, (known.territories, known.languages), strict=True):
            part += [
                {"Code": f"{locale}-{code}", "Name": name, "Locale": locale}
                for code, name in sorted(found.items())
                if len(code) == 2 and code[1].upper() < "N"
            ]
    return parts


def messages(packages: Path) -> Parts:
    """Return an application's messages in 32 languages; those of another one come later."""
    parts: Parts = ([], [])
    for part, application in zip(parts, ("contrib/auth", "contrib/sessions"), strict=True):
        for path in sorted((packages / "django" / application / "locale").glob("*/LC_MESSAGES/django.mo"))[::3]:
            with path.open("rb") as stream:
                catalogue = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
            for key, text in catalogue.items():
                if key and text and isinstance(key, str):
                    part.append({"msgstr": text, "lang": path.parts[-3], "app": application})
    return parts


def modules(packages: Path) -> Parts:
    """Return files of Python's standard library by package: code of up to 100 kB."""
    root = Path(sysconfig.get_path("stdlib"))
    found = []
    for package in MODULES:
        for path in sorted((root / package).rglob("*.py")):
            if text := path.read_text(encoding="utf-8").strip():
                found.append({"file": path.relative_to(root).as_posix(), "code": text, "package": package})
    return [row for place, row in enumerate(found) if place % 3], found[::3]


def tweets(packages: Path) -> Parts:
    """Return what two candidates of an election wrote, with the columns of the export; the newest come later."""
    path = packages / "orangecontrib/text/datasets/election-tweets-2016.tab"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))[2:]  # after the kinds and the roles of the columns
    rows = sorted((row for row in rows if row["Content"]), key=lambda row: row["Time"])[::3]
    return rows[:1600], rows[1600:]


def as_csv(rows: list[Row], path: Path) -> None:
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def as_jsonl(rows: list[Row], path: Path) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.with_suffix(".jsonl").write_text(lines, encoding="utf-8")


# Name -> rows, and how they are written.
SETS: dict[str, tuple[Callable[[Path], Parts], Callable[[list[Row], Path], None]]] = {
    "names": (names, as_jsonl),
    "messages": (messages, as_csv),
    "modules": (modules, as_jsonl),
    "tweets": (tweets, as_csv),
}


def main(name: str, packages: Path, target: Path) -> None:
    read, write = SETS[name]
    for part, rows in zip(("train", "production"), read(packages), strict=True):
        (target / part).mkdir(parents=True)
        write(rows, target / part / name)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
