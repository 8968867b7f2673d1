"""Rebuild the sentences that the nlp layer ships, from the source archive of `vaderSentiment` 3.3.2 (MIT).

Usage: python scenarios/nlp/make_sample.py vaderSentiment-3.3.2.tar.gz
Needs numpy.
"""

import gzip
import html
import importlib.util
import io
import json
import sys
import tarfile
from pathlib import Path
from types import ModuleType

LAYER = Path(__file__).parents[2] / "template" / "{{ layer.nlp }}"
INSIDE = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
CLEAR = 0.5  # sentences whose mean rating, of -4 to 4, is nearer to 0 have no clear mood
SIMILAR = 0.8
FILES = {  # file of the archive -> name of the source, file of the sample
    "movieReviewSnippets": ("movie", "train/1-movie.jsonl.gz"),
    "amazonReviewSnippets": ("amazon", "production/2-amazon.jsonl.gz"),
    "tweets": ("tweet", "production/3-tweet.jsonl.gz"),
}


def module(name: str) -> ModuleType:
    """Return a module of the layer that imports nothing of its package."""
    spec = importlib.util.spec_from_file_location(name, LAYER / "src" / "{{ package_name }}" / f"{name}.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def rows(text: str, source: str) -> list[dict[str, str]]:
    """Return the sentences of a clear mood, without copies and near copies of earlier ones."""
    found = []
    for line in filter(None, text.split("\r\n")):
        number, rating, sentence = line.split("\t")
        if abs(float(rating)) > CLEAR:
            label = "positive" if float(rating) > 0 else "negative"
            sentence = " ".join(html.unescape(sentence).split())
            found.append({"id": f"{source}-{number}", "text": sentence, "label": label, "source": source})
    first = module("duplicates").first_alike([row["text"] for row in found], SIMILAR)
    return [row for position, row in enumerate(found) if first[position] == position]


def write(found: list[dict[str, str]], path: Path) -> None:
    """Write JSON Lines into a gzip file without a time stamp, so that a rebuild gives the same bytes."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def main() -> None:
    with tarfile.open(sys.argv[1]) as outer:
        member = outer.extractfile(INSIDE)
        assert member
        archive = io.BytesIO(member.read())
    with tarfile.open(fileobj=archive) as inner:
        for name, (source, path) in FILES.items():
            (found,) = (each for each in inner.getmembers() if each.name.endswith(f"/{name}_GroundTruth.txt"))
            member = inner.extractfile(found)
            assert member
            kept = rows(member.read().decode(), source)
            write(kept, LAYER / "data" / path)
            print(f"{path}: {len(kept)} sentences, {sum(row['label'] == 'positive' for row in kept)} positive")


if __name__ == "__main__":
    main()
