"""Repositories of the fake Azure DevOps, by the real git."""

import subprocess
from pathlib import Path

PERSON = {"user.name": "Ada", "user.email": "ada@example.com", "commit.gpgsign": "false"}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return its output."""
    line = ["git", *(part for key, value in PERSON.items() for part in ("-c", f"{key}={value}")), *arguments]
    return subprocess.run(line, cwd=folder, check=True, capture_output=True, text=True).stdout


def heads(folder: Path) -> dict[str, str]:
    """Return the commits of a repository's refs, without a process: tests ask often."""
    packed = folder / "packed-refs"
    lines = packed.read_text().splitlines() if packed.exists() else []
    found = {line.split()[1]: line.split()[0] for line in lines if line[0] not in "#^"}
    loose = {
        path.relative_to(folder).as_posix(): path.read_text().strip()
        for path in folder.glob("refs/**/*")
        if path.is_file()
    }
    return dict(sorted({**found, **loose}.items()))


def bare(folder: Path) -> None:
    """Make an empty bare repository, without a process."""
    for name in ("objects", "refs/heads"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n", encoding="utf-8")
