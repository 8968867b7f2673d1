"""Record what the stand-in providers must know: the schemas of the types that the Terraform layer uses.

After the layer uses a new type, or to follow a new release of a provider, where Terraform's registry can be reached:

    cd RENDERED_PROJECT/infra && terraform init -backend=false && terraform providers schema -json > /tmp/schemas.json
    python -m tests.infra.schemas.record /tmp/schemas.json

Descriptions are left out: they are the providers' own texts, and no test reads them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support import harness

FOLDER = Path(__file__).parent
PROVIDERS = ("azapi", "azurerm")
_TOLD = {"description", "description_kind", "deprecated", "deprecation_message"}


def used(kind: str) -> set[str]:
    """Types that blocks of a kind (resource or data) have anywhere in the layer."""
    sources = (harness.LAYERS["terraform"] / "infra").rglob("*.tf*")
    return {name for path in sources for name in re.findall(rf'^{kind} "(\w+)"', path.read_text(), re.MULTILINE)}


def reduced(provider: dict[str, Any], name: str) -> dict[str, Any]:
    """The part of a provider's schema that the layer uses."""
    return {
        "provider": _without_texts(provider["provider"]),
        "resource_schemas": dict(_of(provider.get("resource_schemas", {}), used("resource"), name)),
        "data_source_schemas": dict(_of(provider.get("data_source_schemas", {}), used("data"), name)),
    }


def _of(schemas: dict[str, Any], types: set[str], provider: str) -> Iterator[tuple[str, Any]]:
    for kind in sorted(types):
        if kind.startswith(f"{provider}_"):
            if kind not in schemas:
                raise SystemExit(f"{provider} has no {kind}.")
            yield kind, _without_texts(schemas[kind])


def _without_texts(value: Any, *, named: bool = False) -> Any:
    """In a mapping of names (attributes, blocks) a key is somebody's name, and `description` is one of them."""
    if isinstance(value, list):
        return [_without_texts(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item
        if key == "type" and not named  # a type, whose keys are names as well
        else _without_texts(item, named=key in ("attributes", "block_types") and not named)
        for key, item in value.items()
        if named or key not in _TOLD
    }


def main(path: str) -> None:
    for address, provider in json.loads(Path(path).read_text())["provider_schemas"].items():
        name = address.rsplit("/", 1)[1]
        if name in PROVIDERS:
            text = json.dumps({address: reduced(provider, name)}, indent=1, sort_keys=True)
            (FOLDER / f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
