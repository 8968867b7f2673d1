"""Locks of rendered projects: the tested versions from whichever index, and no address in any file."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy, run_update
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import harness
from tests.support.environments import Environments

OLD, NEW = "v9998.0.0", "v9999.0.0"
Versions = set[tuple[str, str]]


def packages(project: Path) -> list[dict[str, Any]]:
    """Return the packages of a project's uv.lock that come from an index."""
    lock = tomllib.loads((project / "uv.lock").read_text())
    return [package for package in lock["package"] if "registry" in package["source"]]


# The lock that a project begins with is that of both CI systems; its first lock leaves these out on GitHub.
OF_OTHER_CI = {"check-jsonschema", "regress", "ruamel-yaml"}


def versions(project: Path) -> Versions:
    found = ((package["name"], package["version"]) for package in packages(project))
    return {(name, version) for name, version in found if name not in OF_OTHER_CI}


def registries(project: Path) -> set[str]:
    return {package["source"]["registry"] for package in packages(project)}


class Index:
    """A package index on this machine: every package of a lock in its locked version and in a newer one.

    It serves pages and metadata, which is all that resolving needs, and no packages.
    """

    def __init__(self, locked: list[dict[str, Any]]) -> None:
        self.pages: dict[str, list[dict[str, Any]]] = {}
        self.metadata: dict[str, str] = {}
        for package in locked:
            for version in (package["version"], newer(package["version"])):
                self._add(package, version)

    def _add(self, package: dict[str, Any], version: str) -> None:
        name = package["name"]
        file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        text = "\n".join(("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *requirements(package), ""))
        self.metadata[f"{file}.metadata"] = text
        # Of two locked versions, the second needs the Python that its markers begin with.
        python = re.findall(r"python_full_version >= '([\d.]+)'", str(package.get("resolution-markers", "")))
        self.pages.setdefault(name, []).append(
            {
                "filename": file,
                "url": f"/files/{file}",
                "hashes": {"sha256": hashlib.sha256(file.encode()).hexdigest()},
                "core-metadata": {"sha256": hashlib.sha256(text.encode()).hexdigest()},
                "requires-python": f">={min(python, default='3.8')}",
            }
        )

    def answer(self, path: str) -> tuple[str, str] | None:
        """Return content type and content of a page; None if there is none."""
        match path.strip("/").split("/"):
            case ["simple", name] if name in self.pages:
                page = {"meta": {"api-version": "1.1"}, "name": name, "files": self.pages[name]}
                return "application/vnd.pypi.simple.v1+json", json.dumps(page)
            case ["links"]:
                files = [file for page in self.pages.values() for file in page]
                rows = [
                    f'<a href="{file["url"]}#sha256={file["hashes"]["sha256"]}" '
                    f'data-requires-python="&gt;={file["requires-python"][2:]}" '
                    f'data-core-metadata="sha256={file["core-metadata"]["sha256"]}">{file["filename"]}</a>'
                    for file in files
                ]
                return "text/html", "<!DOCTYPE html><html><body>\n" + "\n".join(rows) + "\n</body></html>"
            case ["files", file] if file in self.metadata:
                return "application/octet-stream", self.metadata[file]
        return None


def newer(version: str) -> str:
    """Return a later release of the same version, which bounds allow unless they name the exact version."""
    release, _, number = version.partition(".post")
    return f"{release}.post{int(number or 0) + 1}"


def requirements(package: dict[str, Any]) -> Iterator[str]:
    """Yield the metadata lines with a package's dependencies, without bounds, which a lock does not hold."""
    for extra, dependencies in {
        "": package.get("dependencies", []),
        **package.get("optional-dependencies", {}),
    }.items():
        if extra:
            yield f"Provides-Extra: {extra}"
        for dependency in dependencies:
            extras = f"[{','.join(dependency['extra'])}]" if "extra" in dependency else ""
            markers = [f"({dependency['marker']})"] if "marker" in dependency else []
            markers += [f"extra == '{extra}'"] if extra else []
            condition = f" ; {' and '.join(markers)}" if markers else ""
            yield f"Requires-Dist: {dependency['name']}{extras}{condition}"


@pytest.fixture(scope="module")
def addresses(environment: Path) -> Iterator[list[str]]:
    """Addresses of two servers that offer the same packages."""
    index = Index(packages(environment))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = index.answer(self.path)
            self.send_response(200 if found else 404)
            kind, content = found or ("text/plain", "")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content.encode())))
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def project(render: harness.Render, tmp_path: Path) -> Path:
    return shutil.copytree(render(harness.answers_for()), tmp_path / "project")


def lock(project: Path, *options: str, **variables: str) -> None:
    """Lock a project as `uv run` does before it installs, apart from the settings and the cache of this machine."""
    settings = {"UV_CACHE_DIR": str(project.parent / "cache"), "UV_NO_CONFIG": "1", "NO_PROXY": "127.0.0.1"}
    harness.run("uv", "lock", *options, cwd=project, variables={**settings, **variables})


def test_lock_has_tested_versions_from_any_index(project: Path, addresses: list[str]) -> None:
    tested = versions(project)
    for address in addresses:
        lock(project, UV_DEFAULT_INDEX=f"{address}/simple")
        assert versions(project) == tested
        assert registries(project) == {f"{address}/simple"}


def test_lock_has_tested_versions_from_links(project: Path, addresses: list[str]) -> None:
    tested = versions(project)
    lock(project, UV_NO_INDEX="1", UV_FIND_LINKS=f"{addresses[0]}/links")
    assert versions(project) == tested


def test_upgrade_takes_newer_versions(project: Path, addresses: list[str]) -> None:
    """This also shows that the index of these tests offers them."""
    tested = versions(project)
    lock(project, "--upgrade", UV_DEFAULT_INDEX=f"{addresses[0]}/simple")
    bounded = {"mlflow"}
    assert {name for name, _ in versions(project) & tested} == bounded


def test_added_package_moves_no_other(project: Path, addresses: list[str]) -> None:
    tested = versions(project)
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"filelock>=3.16"', '"filelock>=3.16,!=4.2.11"'))
    lock(project, UV_DEFAULT_INDEX=f"{addresses[0]}/simple")
    assert {name for name, _ in versions(project) ^ tested} == {"filelock"}


@pytest.mark.parametrize("scenario", harness.offered("scenario"))
def test_image_locks_are_exported_from_uv_lock(
    scenario: str, environments: Environments, render: harness.Render, tmp_path: Path
) -> None:
    project = shutil.copytree(render(harness.answers_for(scenario)), tmp_path / "project")
    shutil.copy(environments.of(project) / "uv.lock", project)
    for name in ("batch.in", "checkov.in", "copier.in"):  # resolved apart, which needs the index
        (project / "requirements" / name).unlink()
    shipped = pinned_lines(project)
    harness.run(sys.executable, "requirements/lock.py", cwd=project, variables={"UV_OFFLINE": "1"})
    assert pinned_lines(project) == shipped


def pinned_lines(project: Path) -> dict[str, list[str]]:
    """Return versions and markers of each lock of an image, without hashes: files may be added to a release."""
    return {
        path.name: [line for line in path.read_text().splitlines() if "==" in line]
        for path in sorted((project / "requirements").glob("*.lock.txt"))
    }


@pytest.mark.parametrize("scenario", harness.offered("scenario"))
def test_tested_versions_are_within_bounds(scenario: str, render: harness.Render) -> None:
    project = render(harness.answers_for(scenario))
    pyproject = tomllib.loads((project / "pyproject.toml").read_text())
    required = [pyproject["project"]["dependencies"], *pyproject["dependency-groups"].values()]
    tested = versions(project)
    for requirement in (Requirement(entry) for group in required for entry in group if isinstance(entry, str)):
        found = [version for name, version in tested if name == canonicalize_name(requirement.name)]
        assert found, requirement
        assert all(requirement.specifier.contains(version, prereleases=True) for version in found), requirement


def test_no_lock_has_an_address() -> None:
    locks = [path for path in (harness.ROOT / "template").rglob("*") if re.search(r"\.lock(\.txt)?\b", path.name)]
    assert {path.name for path in locks} >= {"uv.lock", "train.lock.txt", "ci.lock.txt"}
    for path in locks:
        assert not re.search(r'://|registry = "[^"]|index-url|find-links', path.read_text()), path


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the template with two releases, the older of which was tested with another filelock."""
    repository = harness.snapshot(tmp_path_factory.mktemp("released") / "template")
    (tested,) = repository.glob("template/*classical*/uv.lock")
    text = tested.read_text()
    tested.write_text(re.sub(r'(?<="filelock", version = ")[^"]+', "4.0.0", text))
    assert tested.read_text() != text
    harness.commit(repository, "Older release", OLD)
    tested.write_text(text)
    harness.commit(repository, "This release", NEW)
    return repository


@pytest.fixture
def older(released: Path, tmp_path: Path) -> Path:
    """A project of the older release, whose owner has committed a completed lock."""
    project = tmp_path / "older"
    run_copy(str(released), project, harness.answers_for(), vcs_ref=OLD, defaults=True, unsafe=True, quiet=True)
    path = project / "uv.lock"
    path.write_text(path.read_text().replace('registry = ""', 'registry = "https://index.example.com/simple"'))
    harness.commit(project, "Render and lock")
    return project


def test_update_keeps_locks_of_project(older: Path) -> None:
    before = (older / "uv.lock").read_text()
    run_update(older, defaults=True, overwrite=True, unsafe=True, quiet=True)
    assert (older / "uv.lock").read_text() == before
    assert not list(older.rglob("*.rej"))
    assert harness.git("diff", "--name-only", "--diff-filter=U", cwd=older) == ""


def test_update_brings_locks_that_were_deleted(older: Path, render: harness.Render) -> None:
    locks = ["uv.lock", *(f"requirements/{path.name}" for path in (older / "requirements").glob("*.lock.txt"))]
    for name in locks:
        (older / name).unlink()
    harness.commit(older, "Take the locks of the next release")
    run_update(older, defaults=True, overwrite=True, unsafe=True, quiet=True)
    fresh = harness.digests(render(harness.answers_for()))
    assert {Path(name): fresh[Path(name)] for name in locks}.items() <= harness.digests(older).items()


@pytest.mark.exhaustive
def test_first_run_installs_tested_versions(project: Path, environment: Path) -> None:
    tested = versions(project)
    harness.run("uv", "run", "--python", sys.executable, "mlops", "--help", cwd=project, timeout=900)
    installed = frozen(project / ".venv")
    assert installed <= tested
    assert installed == frozen(environment)


def frozen(environment: Path) -> Versions:
    listed = harness.run("uv", "pip", "freeze", "--exclude-editable", f"--python={environment}")
    return {(canonicalize_name(name), version) for name, version in re.findall(r"^(\S+)==(\S+)$", listed, re.MULTILINE)}
