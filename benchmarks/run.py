"""Run every benchmark on freshly rendered projects; results as JSON in build/bench/. Usage: make bench"""

import os
import subprocess
import sys
from pathlib import Path

import copier
import yaml

ROOT = Path(__file__).parents[1]
BENCH = ROOT / "build" / "bench"
SCENARIOS = {  # the others measure a classical project
    "bench_one_cpu.py": ("nlp",),
    "bench_pipeline.py": ("classical", "nlp"),
    "bench_serving.py": ("classical", "nlp", "cv"),
    "bench_texts.py": ("nlp",),
    "bench_images.py": ("cv",),
}
ARGUMENTS = {("bench_pipeline.py", "nlp"): ["--unchanged"], ("bench_scale.py", "classical"): ["--quick"]}


def main() -> None:
    """End with 1 if any benchmark passes its limit."""
    pythons: dict[str, Path] = {}
    failed = []
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        for scenario in SCENARIOS.get(script.name, ("classical",)):
            name = script.stem if scenario == "classical" else f"{script.stem}-{scenario}"
            print(f"== {name}", flush=True)
            python = pythons.get(scenario) or pythons.setdefault(scenario, prepared(scenario))
            if script.name == "bench_template.py":
                python = Path(sys.executable)
            command = [python, script, project(scenario), "--out", BENCH / f"{name}.json"]
            if subprocess.run([*command, *ARGUMENTS.get((script.name, scenario), ())], check=False).returncode:
                failed.append(name)
    print("all within their limits" if not failed else f"beyond a limit: {', '.join(failed)}")
    sys.exit(bool(failed))


def project(scenario: str) -> Path:
    return BENCH / ("project" if scenario == "classical" else f"project-{scenario}")


def prepared(scenario: str) -> Path:
    """Render a project of a scenario and install its packages; return its Python."""
    folder = project(scenario)
    answers = yaml.safe_load((ROOT / "scenarios" / scenario / "answers.yml").read_text(encoding="utf-8"))
    copier.run_copy(
        str(ROOT), folder, data=answers, vcs_ref="HEAD", defaults=True, overwrite=True, unsafe=True, quiet=True
    )
    uv = Path(sys.executable).with_name("uv")
    # Libraries are compiled once, as on a user's machine, also where this process may not keep bytecode.
    own = {**os.environ, "PATH": f"{uv.parent}{os.pathsep}{os.environ['PATH']}", "UV_COMPILE_BYTECODE": "1"}
    trains = "default-groups" in (folder / "pyproject.toml").read_text(encoding="utf-8")
    # A build of torch for CPUs, where pip's configuration offers one: a tenth of the download.
    small = trains and not subprocess.run([sys.executable, "requirements/cpu.py"], cwd=folder, env=own).returncode
    if not small:
        subprocess.run([uv, "sync", "--quiet"], cwd=folder, env=own, check=True)
    return folder / ".venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"


if __name__ == "__main__":
    main()
