"""Stand-ins for the providers azurerm and azapi: Terraform plans and applies without Azure and without a network.

They know the schemas of the types that the layer uses, refuse a few values that Azure would refuse, and fill in what
Azure makes up: IDs from the resource's own attributes, the rest from `stand_in`, so that a second run gives the same.
Terraform finds them through TF_REATTACH_PROVIDERS and then neither downloads nor starts a provider.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent import futures
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import grpc
import msgpack
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as services

from tests.infra.reference import load, why_not
from tests.infra.resource import SUBSCRIPTION, TENANT, arm_id, behind_registry, group_id, stand_in
from tests.infra.settings import ROWS, Attributes

Schema = dict[str, Any]
Values = dict[str, Any]

UNKNOWN = msgpack.ExtType(0, b"\0")
_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
_NO_LIMIT = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]

_TYPES = {"string": "string", "int": "number", "float": "number", "bool": "bool"}
# Types of what is exported, where it is no text.
_EXPORTED = {
    **dict.fromkeys(("is_default", "has_immutability_policy", "has_legal_hold"), "bool"),
    **dict.fromkeys(("is_a_legacy_log_analytics_rule", "is_workspace_alerts_storage_configured"), "bool"),
    "data_endpoint_host_names": ["list", "string"],
    "custom_dns_configs": ["list", "string"],
    "network_interface": ["list", "string"],
    "private_dns_zone_configs": ["list", "string"],
}
# Where the provider gives up after 30 minutes and Azure takes longer: (type, condition, least minutes of `create`).
# Provisioning a managed network takes about 30 minutes, and a rule with a firewall about 10 more: Microsoft's
# how-to-managed-network; the provider's default timeouts are in azurerm_rules.json.
_SLOW = [("azurerm_machine_learning_workspace", "managed_network.provision_on_creation_enabled", 60)]


@cache
def read_schemas() -> dict[str, Schema]:
    """The schema of each provider, by its address: azurerm's from its rules, and azapi's, which was recorded."""
    resources = {name: _resource(rule) for name, rule in load("azurerm_rules")["resources"].items()}
    arguments = ("subscription_id", "tenant_id", "client_id", "environment", "resource_provider_registrations")
    features = {
        name: {"nesting_mode": "list", "block": {"attributes": _options(rule, "bool"), "block_types": {}}}
        for name, rule in load("azurerm_rules")["provider"]["features"].items()
        if isinstance(rule, dict)
    }
    provider = {
        "attributes": {
            **_options(arguments, "string"),
            **_options(("storage_use_azuread", "use_oidc", "use_cli", "use_msi"), "bool"),
        },
        "block_types": {
            "features": {
                "nesting_mode": "list",
                "min_items": 1,
                "block": {"attributes": {}, "block_types": features},
            }
        },
    }
    client = ("client_id", "object_id", "subscription_id", "tenant_id", "id")
    read = {"version": 0, "block": {"attributes": {name: _said("string") for name in client}, "block_types": {}}}
    azurerm = {
        "provider": {"version": 0, "block": provider},
        "resource_schemas": resources,
        "data_source_schemas": {"azurerm_client_config": read},
    }
    return {"hashicorp/azurerm": azurerm, **load("azapi_schema")}


def _options(names: Iterable[str], kind: str) -> Schema:
    return {name: {"type": kind, "optional": True} for name in names}


def _said(kind: Any) -> Schema:
    """An attribute that only Azure sets."""
    return {"type": kind, "computed": True}


def _resource(rule: Schema) -> Schema:
    block = _of_rules(rule["attributes"], rule.get("exported", []))
    block["attributes"]["id"] = {"type": "string", "optional": True, "computed": True}
    waits = {"attributes": _options(rule["timeouts_minutes"], "string"), "block_types": {}}
    block["block_types"]["timeouts"] = {"nesting_mode": "single", "block": waits}
    return {"version": 0, "block": block}


def _of_rules(rules: Schema, exported: list[str]) -> Schema:
    attributes: Schema = {name: _said(_EXPORTED.get(name, "string")) for name in exported}
    blocks: Schema = {}
    for name, rule in rules.items():
        if "block" in rule:
            blocks[name] = {
                "nesting_mode": rule["type"],
                "block": _of_rules(rule["block"], rule.get("exported", [])),
                "min_items": 1 if rule.get("required") else 0,
                "max_items": rule.get("max_items", 0),
            }
        else:
            inner = rule.get("elements", {}).get("type", "string")
            kind = _TYPES.get(rule["type"]) or [rule["type"], _TYPES[inner]]
            needed = rule.get("required", False)
            attributes[name] = {"type": kind, "required": needed, "optional": not needed}
            attributes[name]["computed"] = rule.get("computed", False)
    return {"attributes": attributes, "block_types": blocks}


def _attribute(name: str, attribute: Schema) -> Any:
    shape: dict[str, Any] = (
        {"nested_type": _object(attribute["nested_type"])}
        if "nested_type" in attribute
        else {"type": json.dumps(attribute["type"]).encode()}
    )
    flags = {flag: attribute.get(flag, False) for flag in ("required", "optional", "computed", "sensitive")}
    return pb.Schema.Attribute(name=name, **flags, **shape)


def _object(nested: Schema) -> Any:
    attributes = [_attribute(name, attribute) for name, attribute in nested["attributes"].items()]
    return pb.Schema.Object(attributes=attributes, nesting=_NESTING[nested["nesting_mode"]])


def _block(block: Schema) -> Any:
    return pb.Schema.Block(
        attributes=[_attribute(name, attribute) for name, attribute in block.get("attributes", {}).items()],
        block_types=[
            pb.Schema.NestedBlock(
                type_name=name,
                block=_block(kind["block"]),
                nesting=_NESTING[kind["nesting_mode"]],
                min_items=kind.get("min_items", 0),
                max_items=kind.get("max_items", 0),
            )
            for name, kind in block.get("block_types", {}).items()
        ],
    )


def _schema(recorded: Schema) -> Any:
    return pb.Schema(version=recorded["version"], block=_block(recorded["block"]))


def _decoded(value: Any) -> Any:
    return msgpack.unpackb(value.msgpack, strict_map_key=False)


def _encoded(value: Any) -> Any:
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def plain(dynamic: Any) -> Any:
    """The value of an attribute of type dynamic, which travels with its type."""
    return dynamic[1] if isinstance(dynamic, list) and len(dynamic) == 2 and isinstance(dynamic[0], bytes) else dynamic


def _type_of(value: Any) -> Any:
    if isinstance(value, dict):
        return ["object", {name: _type_of(item) for name, item in value.items()}]
    if isinstance(value, list):
        return ["tuple", [_type_of(item) for item in value]]
    return "bool" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "string"


def _dynamic(value: Any) -> Any:
    return [json.dumps(_type_of(value)).encode(), value]


def _filled(block: Schema, value: Any, make: Callable[[str, Schema], Any], path: str = "") -> Any:
    """A resource with each attribute that is still Azure's to say replaced by `make(path, attribute)`."""
    if isinstance(value, list):
        return [_filled(block, item, make, path) for item in value]
    if not isinstance(value, dict):
        return value
    found = dict(value)
    for name, attribute in block.get("attributes", {}).items():
        open_ = found.get(name) is None or isinstance(found[name], msgpack.ExtType)
        if open_ and attribute.get("computed"):
            found[name] = make(path + name, attribute)
    for name, kind in block.get("block_types", {}).items():
        found[name] = _filled(kind["block"], found.get(name), make, f"{path}{name}.")
    return found


def _values_at(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _values_at(item, path)
    elif not path:
        if value is not None and not isinstance(value, msgpack.ExtType):
            yield value
    elif isinstance(value, dict):
        yield from _values_at(value.get(path[0]), path[1:])


def faults_of(name: str, config: Values) -> Iterator[str]:
    """Why the real provider would refuse a resource, as far as its rules tell and values are known."""
    if name not in load("azurerm_rules")["resources"]:
        return
    rules = load("azurerm_rules")["resources"][name]
    for path, why in _broken(rules["attributes"], rules.get("exported", []), config, config, ""):
        yield f"{name}: {path} {why}."
    for kind, condition, minutes in _SLOW:
        if kind == name and True in _values_at(config, condition.split(".")):
            given = next(_values_at(config, ["timeouts", "create"]), f"{rules['timeouts_minutes']['create']}m")
            if _minutes(given) < minutes:
                yield f"{name}: timeouts.create '{given}' is too short: with {condition} it must be {minutes}m or more."


def _minutes(duration: str) -> float:
    parts = re.findall(r"(\d+)([hms])", duration)
    return sum(int(number) * {"h": 60, "m": 1, "s": 1 / 60}[unit] for number, unit in parts)


def _broken(rules: Schema, exported: list[str], block: Any, whole: Values, path: str) -> Iterator[tuple[str, str]]:
    for item in block if isinstance(block, list) else [block]:
        if not isinstance(item, dict):
            continue
        for name in exported:
            if item.get(name) is not None:
                yield path + name, "is said by Azure and cannot be set"
        for name, rule in rules.items():
            value = item.get(name)
            yield from ((path + name, why) for why in _together(path + name, rule, value, whole))
            if "block" in rule:
                yield from _broken(rule["block"], rule.get("exported", []), value, whole, f"{path}{name}.")
                if "min_items" in rule and value and len(value) < rule["min_items"]:
                    yield path + name, f"must be there {rule['min_items']} times"
            elif "/providers/Microsoft.Management/" not in rule.get("format", ""):
                for one in value if isinstance(value, list) else [value]:
                    why = why_not(one, rule.get("elements", rule)) if _known(one) else None
                    if why:
                        yield path + name, f"'{one}' is refused: {why}"


def _known(value: Any) -> bool:
    return not isinstance(value, msgpack.ExtType)


def _together(path: str, rule: Schema, value: Any, whole: Values) -> Iterator[str]:
    """Rules between attributes."""
    given = value not in (None, [], {})

    def others(key: str) -> list[str]:
        return [
            one for one in (each.replace(".0.", ".") for each in rule.get(key, [])) if _there(whole, one.split("."))
        ]

    if given and (conflict := others("conflicts_with")):
        yield f"conflicts with {', '.join(conflict)}"
    if given and len(others("required_with")) < len(rule.get("required_with", [])):
        yield f"needs {', '.join(rule['required_with'])}"
    above = path.split(".")[:-1]
    if not above or _there(whole, above):
        if "exactly_one_of" in rule and len(others("exactly_one_of")) != 1:
            yield f"exactly one must be set of {', '.join(rule['exactly_one_of'])}"
        if "at_least_one_of" in rule and not others("at_least_one_of"):
            yield f"at least one must be set of {', '.join(rule['at_least_one_of'])}"


def _there(value: Any, path: list[str]) -> bool:
    """Whether something is set at a path, known or not."""
    if isinstance(value, list):
        return any(_there(item, path) for item in value)
    if not path:
        return value not in (None, [], {})
    return isinstance(value, dict) and _there(value.get(path[0]), path[1:])


def resource_id(name: str, values: Values) -> str:
    """The ID that Azure would give to a resource."""
    if name == "azapi_resource":
        kind = values["type"].partition("@")[0]
        return arm_id(kind, values["name"], None, parent=values["parent_id"])
    return ROWS[name].id(Attributes(values))


def _made_up(name: str, values: Values) -> Callable[[str, Schema], Any]:
    """What Azure would say of a resource that it has just made."""
    own = resource_id(name, values)
    exported = values.get("response_export_values")

    def make(path: str, attribute: Schema) -> Any:
        last = path.rsplit(".", 1)[-1]
        if path == "id":
            return own
        if path == "output" and name == "azapi_resource":
            return _dynamic({} if exported is None else _exported(own, plain(exported)))
        if attribute.get("optional"):
            return None  # unset means Azure's default here, which the settings table knows
        words = last.split("_")
        return _sample(attribute, stand_in(own, words[0] + "".join(word.title() for word in words[1:])))

    return make


def _sample(attribute: Schema, text: str) -> Any:
    kind = attribute.get("type", "dynamic")
    if isinstance(kind, list):
        return {} if kind[0] == "map" else []
    return {"string": text, "number": 0, "bool": False, "dynamic": None}[kind]


def _exported(own: str, wanted: Any) -> Values:
    """What an answer of Azure exports: a list of paths, or names with the path of each."""
    paths = wanted if isinstance(wanted, dict) else {path: path for path in wanted}
    found: Values = {}
    for name, path in paths.items():
        value = _answer(own, path)
        if isinstance(wanted, dict):
            found[name] = value
        else:  # a list of paths keeps the answer's own shape
            *above, last = path.split(".")
            inner = found
            for step in above:
                inner = inner.setdefault(step, {})
            inner[last] = value
    return found


def _answer(own: str, path: str) -> Any:
    if path == "properties.regionDetails":
        storage, images = (behind_registry(own, part) for part in ("storageAccountDetails", "acrDetails"))
        return [
            {
                "storageAccountDetails": [{"systemCreatedStorageAccount": {"armResourceId": {"resourceId": storage}}}],
                "acrDetails": [{"systemCreatedAcrAccount": {"armResourceId": {"resourceId": images}}}],
            }
        ]
    if path == "properties.managedResourceGroup.resourceId":
        return group_id(f"azureml-rg-{own.rsplit('/', 1)[1]}")
    return stand_in(own, path.rsplit(".", 1)[-1])


def _data(name: str, config: Values, schema: Schema) -> Values:
    """What a data source reads."""
    known: dict[str, Callable[[], Values]] = {
        "azurerm_client_config": lambda: {
            "tenant_id": TENANT,
            "subscription_id": SUBSCRIPTION,
            "id": SUBSCRIPTION,
            "object_id": stand_in("deployer", "objectId"),  # as the snapshot of Bicep calls the identity that deploys
        },
        "azapi_client_config": lambda: {"tenant_id": TENANT, "subscription_id": SUBSCRIPTION},
        "azurerm_subscription": lambda: {
            "subscription_id": SUBSCRIPTION,
            "tenant_id": TENANT,
            "id": f"/subscriptions/{SUBSCRIPTION}",
        },
        "azurerm_resource_group": lambda: {"id": group_id(config["name"]), "location": "westeurope", "tags": {}},
        "azapi_resource_action": lambda: {
            output: _dynamic(_exported(config["resource_id"], plain(config[values])))
            for output, values in (
                ("output", "response_export_values"),
                ("sensitive_output", "sensitive_response_export_values"),
            )
            if config.get(values) is not None
        },
    }
    if name not in known:
        raise ValueError(f"The stand-in does not know what {name} reads.")
    said = known[name]()
    own = said.get("id") or config.get("resource_id") or name
    return _filled(  # type: ignore[no-any-return]
        schema["block"],
        {**config, **said},
        lambda path, attribute: _sample(attribute, stand_in(own, path)),
    )


def _refusals(messages: Iterator[str]) -> list[Any]:
    return [pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary="Refused", detail=message) for message in messages]


class StandIn(services.ProviderServicer):  # type: ignore[misc]
    """Terraform's plugin protocol; its names are given."""

    def __init__(self, recorded: Schema) -> None:
        self.resources: dict[str, Schema] = recorded["resource_schemas"]
        self.data: dict[str, Schema] = recorded["data_source_schemas"]
        self.provider: Schema = recorded["provider"]

    @cached_property
    def _described(self) -> Any:
        return pb.GetProviderSchema.Response(
            provider=_schema(self.provider),
            resource_schemas={name: _schema(schema) for name, schema in self.resources.items()},
            data_source_schemas={name: _schema(schema) for name, schema in self.data.items()},
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
        )

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        return self._described

    def GetMetadata(self, request: Any, context: Any) -> Any:
        return pb.GetMetadata.Response(
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
            resources=[pb.GetMetadata.ResourceMetadata(type_name=name) for name in self.resources],
            data_sources=[pb.GetMetadata.DataSourceMetadata(type_name=name) for name in self.data],
        )

    def GetFunctions(self, request: Any, context: Any) -> Any:
        return pb.GetFunctions.Response()

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        faults = faults_of(request.type_name, _decoded(request.config))
        return pb.ValidateResourceConfig.Response(diagnostics=_refusals(faults))

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        return pb.ConfigureProvider.Response()

    def StopProvider(self, request: Any, context: Any) -> Any:
        return pb.StopProvider.Response()

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        return pb.UpgradeResourceState.Response(upgraded_state=pb.DynamicValue(json=request.raw_state.json))

    def ReadResource(self, request: Any, context: Any) -> Any:
        return pb.ReadResource.Response(new_state=request.current_state)

    def ImportResourceState(self, request: Any, context: Any) -> Any:
        found = existing.get(request.id)
        if found is None:
            said = _refusals(iter([f"Cannot import non-existent remote object {request.id}"]))
            return pb.ImportResourceState.Response(diagnostics=said)
        imported = pb.ImportResourceState.ImportedResource(type_name=request.type_name, state=_encoded(found))
        return pb.ImportResourceState.Response(imported_resources=[imported])

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        proposed, prior = _decoded(request.proposed_new_state), _decoded(request.prior_state)
        if proposed is None:  # to be destroyed
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        block = self.resources[request.type_name]["block"]
        if prior is not None:  # what Azure has said stays, and what it left unsaid stays unsaid
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        planned = _filled(block, proposed, lambda path, attribute: UNKNOWN)
        # The real provider asks while it plans, so that a fault shows before anything is made.
        faults = faults_of(request.type_name, proposed)
        return pb.PlanResourceChange.Response(planned_state=_encoded(planned), diagnostics=_refusals(faults))

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        planned = _decoded(request.planned_state)
        if planned is None:
            return pb.ApplyResourceChange.Response(new_state=request.planned_state)
        name = request.type_name
        made = _filled(self.resources[name]["block"], planned, _made_up(name, planned))
        return pb.ApplyResourceChange.Response(new_state=_encoded(made))

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        name = request.type_name
        try:
            read = _data(name, _decoded(request.config), self.data[name])
        except ValueError as error:
            return pb.ReadDataSource.Response(diagnostics=_refusals(iter([str(error)])))
        return pb.ReadDataSource.Response(state=_encoded(read))


# What Azure has and no state knows: ID -> attributes as the provider reads them.
existing: dict[str, Values] = {}


@cache
def reattach() -> str:
    """Serve the stand-ins until Python ends, and say where, as TF_REATTACH_PROVIDERS wants it."""
    folder = tempfile.TemporaryDirectory(prefix="providers-")
    atexit.register(folder.cleanup)
    served: dict[str, Mapping[str, Any]] = {}
    for number, (address, recorded) in enumerate(read_schemas().items()):
        socket = str(Path(folder.name) / str(number))
        server = grpc.server(futures.ThreadPoolExecutor(8), options=_NO_LIMIT)
        services.add_ProviderServicer_to_server(StandIn(recorded), server)
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        atexit.register(server.stop, None)
        served[address] = {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            "Test": True,  # Terraform leaves it running when it ends
            "Addr": {"Network": "unix", "String": socket},
        }
    return json.dumps(served)
