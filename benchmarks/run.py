"""Run every benchmark on a freshly rendered project; results as JSON in build/bench/. Usage: make bench"""

import subprocess
import sys
from pathlib import Path

import copier
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "build" / "bench" / "project"


def main() -> None:
    """End with 1 if any benchmark passes its limit."""
    answers = yaml.safe_load((ROOT / "scenarios" / "classical" / "answers.yml").read_text(encoding="utf-8"))
    copier.run_copy(
        str(ROOT), PROJECT, data=answers, vcs_ref="HEAD", defaults=True, overwrite=True, unsafe=True, quiet=True
    )
    subprocess.run([Path(sys.executable).with_name("uv"), "sync", "--quiet"], cwd=PROJECT, check=True)
    programs = "Scripts" if sys.platform == "win32" else "bin"
    project_python = PROJECT / ".venv" / programs / "python"
    pythons = {"bench_template.py": Path(sys.executable)}
    shorter = {"bench_scale.py": ["--quick"]}
    failed = []
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"== {script.stem}", flush=True)
        out = PROJECT.parent / f"{script.stem}.json"
        command = [
            pythons.get(script.name, project_python),
            script,
            PROJECT,
            "--out",
            out,
            *shorter.get(script.name, ()),
        ]
        if subprocess.run(command, check=False).returncode:
            failed.append(script.stem)
    print("all within their limits" if not failed else f"beyond a limit: {', '.join(failed)}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
