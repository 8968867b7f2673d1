"""The Bicep compiler, one process for many files: diagnostics, compiled ARM, and snapshots of what a deployment makes.

Found by BICEP, on PATH, or where the Azure CLI installs it. `readEnvironmentVariable` reads the variables of the
process, whose environment is ENVIRONMENT; for another one, with_literals() replaces it in the file.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts import arm
from tests.infra.resource import SUBSCRIPTION, TENANT

MISSING = (
    "The Bicep compiler is not installed: run `az bicep install`, put it on PATH, or name it in the variable BICEP."
)


found = functools.cache(arm.compiler)
needs_bicep = pytest.mark.skipif(not found(), reason=MISSING)


ENVIRONMENT = "staging"
_READ = re.compile(r"readEnvironmentVariable\('(\w+)'(?:, '([^']*)')?\)")


class CompileError(Exception):
    """What the compiler says against a file."""


@dataclass(frozen=True)
class Compiled:
    """A file as ARM JSON."""

    diagnostics: tuple[str, ...]
    """`file:line: level code: message`, of the file and of those that it uses."""
    template: dict[str, Any]
    text: str


class Compiler:
    """A process of `bicep jsonrpc`."""

    def __init__(self, command: str) -> None:
        # The compiler needs ICU otherwise, which a small image lacks; nothing here depends on a language.
        variables = {
            "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
            "DOTNET_TieredPGO": "0",  # counts calls to optimise them later than this process lives
            "KIND": "online",
            "DEPLOYMENTS": "blue,green",
            **os.environ,
            "ENVIRONMENT": ENVIRONMENT,
        }
        self.process = subprocess.Popen(
            [command, "jsonrpc", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=variables,
        )
        self.numbers = itertools.count()
        atexit.register(self.end)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def ask(self, method: str, **parameters: Any) -> Any:
        """The answer to one request; the frames are those of the language server protocol."""
        request = {"jsonrpc": "2.0", "id": next(self.numbers), "method": f"bicep/{method}", "params": [parameters]}
        body = json.dumps(request).encode()
        sent, received = self.process.stdin, self.process.stdout
        assert sent
        assert received
        sent.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        sent.flush()
        length = 0
        while line := received.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        answer = json.loads(received.read(length))
        if "error" in answer:
            raise CompileError(answer["error"]["message"])
        return answer["result"]

    def compile(self, path: Path) -> Compiled:
        answer = self.ask("compile", path=str(path.resolve()))
        diagnostics = tuple(_said(one) for one in answer["diagnostics"])
        if not answer["success"]:
            raise CompileError("\n".join(diagnostics))
        return Compiled(diagnostics, json.loads(answer["contents"]), answer["contents"])

    def parameters(self, path: Path) -> dict[str, Any]:
        """The values that a .bicepparam gives, by name; raise what the compiler says against it, warnings included."""
        answer = self.ask("compileParams", path=str(path.resolve()), parameterOverrides={})
        if not answer["success"] or answer["diagnostics"]:
            raise CompileError("\n".join(map(_said, answer["diagnostics"])))
        given = json.loads(answer["parameters"])["parameters"]
        return {name: value.get("value") for name, value in given.items()}

    def snapshot(self, path: Path, group: str, location: str = "westeurope") -> dict[str, Any]:
        """What a deployment with a .bicepparam would make in a resource group: predictedResources and diagnostics."""
        metadata = {
            "tenantId": TENANT,
            "subscriptionId": SUBSCRIPTION,
            "resourceGroup": group,
            "location": location,
            "deploymentName": path.stem,
        }
        try:
            answer = self.ask("getSnapshot", path=str(path.resolve()), metadata=metadata, externalInputs=[])
        except CompileError as error:
            more = self.ask("compileParams", path=str(path.resolve()), parameterOverrides={})["diagnostics"]
            raise CompileError("\n".join([str(error), *map(_said, more)])) from error
        snapshot: dict[str, Any] = json.loads(answer["snapshot"])
        return snapshot


def _said(diagnostic: dict[str, Any]) -> str:
    line = diagnostic["range"]["start"]["line"] + 1
    file = Path(diagnostic["source"]).name
    return f"{file}:{line}: {diagnostic['level']} {diagnostic['code']}: {diagnostic['message']}"


@functools.cache
def compiler() -> Compiler:
    """The process, started when it is needed first."""
    command = found()
    if not command:
        pytest.skip(MISSING)
    return Compiler(command)


def with_literals(text: str, variables: Mapping[str, str]) -> str:
    """A .bicepparam with environment variables as literals; raise CompileError for one that has no value."""

    def literal(found: re.Match[str]) -> str:
        if found[1] not in variables and found[2] is None:
            raise CompileError(f"the environment variable {found[1]} is not set")
        value = variables.get(found[1], found[2] or "")
        assert value == value.lower()
        return f"toLower('{value}')"  # of the literal's own type; the linter refuses the literal itself as a key

    return _READ.sub(literal, text)


def formatted(path: Path) -> str:
    """A file in the compiler's own format."""
    text: str = compiler().ask("format", path=str(path.resolve()))["contents"]
    return text
