"""The training data of a run that reads several sources: one folder of links, since the pipeline reads folders.

The folder is named after the content, so that a run of other data never finds its files in it.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..paths import Project
from ..pipeline.digests import Digests, key_of
from ..pipeline.store import writing

NAMED = 3  # of more files, a message names the folders


@dataclass(frozen=True)
class Gathered:
    """A folder whose entries stand for `sources`, in their order."""

    folder: Path
    sources: tuple[Path, ...]

    @property
    def files(self) -> list[Path]:
        width = max(3, len(str(len(self.sources))))
        return [self.folder / f"{number:0{width}}-{source.name}" for number, source in enumerate(self.sources)]

    def in_users_words(self, project: Project, text: str) -> str:
        """Return a message with the names of the user's own files in the place of those in this folder."""
        for file, source in zip(self.files, self.sources, strict=True):
            for name in (str(file), project.relative(file), file.name):
                text = text.replace(name, project.relative(source))
        places = self.sources if len(self.sources) <= NAMED else [source.parent for source in self.sources]
        own = " and ".join(dict.fromkeys(map(project.relative, places)))
        for name in (str(self.folder), project.relative(self.folder)):
            text = text.replace(name, own)
        return text


def gather(project: Project, sources: Sequence[Path]) -> Gathered:
    """Return the folder for `sources`, made if it is not there yet.

    Raises:
        UserError: a source cannot be read, or outputs/ cannot be written.
    """
    digests = Digests(project)
    content = [[source.name, digests.tree(source)] for source in sources]
    found = Gathered(project.outputs / "gathered" / key_of(content), tuple(sources))
    if not _whole(found, [digest for _, digest in content], digests):
        _make(found)
    digests.save()
    return found


def clear(project: Project, keep: Gathered | None) -> None:
    """Remove the folders of earlier runs."""
    folder = project.outputs / "gathered"
    for other in folder.iterdir() if folder.is_dir() else ():
        if keep is None or other != keep.folder:
            shutil.rmtree(other, ignore_errors=True)


def _whole(found: Gathered, wanted: Sequence[str], digests: Digests) -> bool:
    """Return whether the folder holds the content that it is named after: a link changes with its source."""
    if not found.folder.is_dir() or set(found.folder.iterdir()) != set(found.files):
        return False
    return all(digests.tree(file) == digest for file, digest in zip(found.files, wanted, strict=True))


def _make(found: Gathered) -> None:
    partial = found.folder.with_name(f"{found.folder.name}.tmp")
    with writing(partial):
        for folder in (partial, found.folder):
            shutil.rmtree(folder, ignore_errors=True)
        partial.mkdir(parents=True)
        for file, source in zip(found.files, found.sources, strict=True):
            target, resolved = partial / file.name, source.resolve()
            if resolved.is_dir():
                shutil.copytree(resolved, target, copy_function=_link)
            else:
                _link(resolved, target)
        partial.rename(found.folder)


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
