"""Pin the newest allowed versions: rewrites requirements/*.lock.txt and the constraints in pyproject.toml.

Usage, in the project's folder: uv run --no-project python requirements/lock.py
The bounds are in pyproject.toml. The locks hold for every supported Python and platform, with hashes.
"""

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent / "pyproject.toml"
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--no-header", "--no-annotate"]
COMPILE += ["--no-emit-index-url", "--no-emit-find-links", "--generate-hashes"]
# Everything at once first; the smaller locks are then kept to the same versions.
LOCKS = {
    "dev": [str(PROJECT), "--group", f"{PROJECT}:dev"],
    "train": [str(PROJECT), "--group", f"{PROJECT}:training", "--constraint", str(HERE / "dev.lock.txt")],
    "ci": ["--group", f"{PROJECT}:ci"],
    "serving": ["--group", f"{PROJECT}:serving", "--constraint", str(HERE / "dev.lock.txt")],
}
if (HERE / "batch.in").is_file():
    batch = [str(HERE / "batch.in"), "--group", f"{PROJECT}:serving", "--constraint", str(HERE / "serving.lock.txt")]
    LOCKS["batch"] = batch
PINNED = re.compile(r"^([\w.\[\]-]+==\S+(?: ; .+?)?) \\$", re.MULTILINE)
BLOCK = re.compile(r"(constraint-dependencies = \[\n).*?(^\])", re.DOTALL | re.MULTILINE)


def main() -> None:
    # Constraints of the last time would keep every version where it is.
    text = BLOCK.sub(r"\1\2", PROJECT.read_text(encoding="utf-8"))
    PROJECT.write_text(text, encoding="utf-8")
    for name, sources in LOCKS.items():
        target = HERE / f"{name}.lock.txt"
        target.unlink(missing_ok=True)  # an existing lock would be preferred over newer versions
        subprocess.run([*COMPILE, *sources, "--output-file", str(target)], check=True)
    pins = PINNED.findall((HERE / "dev.lock.txt").read_text(encoding="utf-8"))
    lines = "".join(f'  "{pin.replace(chr(34), chr(39))}",\n' for pin in pins)
    PROJECT.write_text(BLOCK.sub(lambda match: match[1] + lines + match[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
