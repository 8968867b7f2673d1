"""Install the project with a build of torch for CPUs: on Linux 0.3 GB instead of the 3 GB of PyPI's, which is for GPUs.

Usage, in the project's folder:
  uv run --no-project python requirements/cpu.py --index ADDRESS       an index of CPU builds; pytorch.org tells it
  uv run --no-project python requirements/cpu.py --find-links FOLDER   a folder or page of wheels
  uv run --no-project python requirements/cpu.py                       where pip's configuration finds wheels

Everything else comes from uv.lock, and torch in the version that it locks. From then on call `uv run --no-sync`, or set
UV_NO_SYNC=1: `uv run` alone would put PyPI's build in its place. macOS and Windows get CPU builds from PyPI; they need
none of this.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOR_GPUS = re.compile(r"torch|triton|(nvidia|cuda)-.*")  # torch, and what only its build for GPUs needs
FOR_A_GPU = 3  # exit status
PROBE = f"import torch; raise SystemExit({FOR_A_GPU} if torch.version.cuda else 0)"


def main(options: list[str]) -> None:
    options = options or [f"--find-links={link}" for link in pip_links()]
    if not options:
        sys.exit("requirements/cpu.py: no place of CPU builds is known: name one by --index or --find-links")
    run("uv", "lock", "--quiet")
    locked = {package["name"]: package["version"] for package in lock()["package"]}
    left_out = [f"--no-install-package={name}" for name in locked if FOR_GPUS.fullmatch(name)]
    run("uv", "sync", "--frozen", "--quiet", "--group", "deep", *left_out)
    run(
        "uv",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--reinstall-package=torch",
        *options,
        f"torch=={locked['torch']}",
    )
    found = subprocess.run(["uv", "run", "--no-sync", "python", "-c", PROBE], cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        fault = found.stderr.strip().splitlines()[-1:] or ["no reason was given"]
        is_no = "is no build for CPUs" if found.returncode == FOR_A_GPU else f"cannot be imported: {fault[0]}"
        sys.exit(f"requirements/cpu.py: torch {locked['torch']} of {' '.join(options)} {is_no}")


def lock() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return found


def pip_links() -> list[str]:
    """Return the folders and pages of wheels that pip's configuration names."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    return sorted({link for links in re.findall(r"find-links='(.*)'", listed.stdout) for link in links.split()})


def run(*command: str) -> None:
    result = subprocess.run(command, cwd=ROOT)
    if result.returncode:
        sys.exit(result.returncode)  # uv has said why


if __name__ == "__main__":
    main(sys.argv[1:])
