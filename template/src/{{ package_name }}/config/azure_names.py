"""Names, identifiers and other values in config/ about the Azure side, each with Azure's rule for it."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError


def rule(pattern: str, text: str) -> AfterValidator:
    """Return a validator of whole strings whose message states the rule in words.

    >>> rule(r"[a-z0-9]{3,24}", "3 to 24 of a-z and 0-9").func("st-flights")
    Traceback (most recent call last):
    ValueError: 'st-flights' is refused: 3 to 24 of a-z and 0-9
    """
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"{value!r} is refused: {text}")
        return value

    return AfterValidator(check)


def refused_by(kind: Any, value: str) -> str | None:
    """Return the sentence with which a type of this module refuses a value, None if it accepts the value.

    >>> refused_by(StorageName, "stflights"), refused_by(StorageName, "st-flights")
    (None, "'st-flights' is refused: 3 to 24 of a-z and 0-9")
    """
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        return str(error.errors()[0]["ctx"]["error"])
    return None


# Names, by Microsoft's "Naming rules and restrictions for Azure resources".
ActionGroupName = Annotated[
    str, rule(r"[\w().-]{0,259}[\w()-]", "1 to 260 of letters, digits, '_().-', and no '.' at the end")
]
ClusterName = Annotated[
    str,
    rule(
        r"(?=.{3,32}$)[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]",
        "3 to 32 of letters, digits and '-'; first a letter, last no '-'",
    ),
]
ContainerName = Annotated[
    str,
    rule(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*", "3 to 63 of a-z, 0-9 and single '-'; first and last no '-'"),
]
ContainerRegistryName = Annotated[str, rule(r"[A-Za-z0-9]{5,50}", "5 to 50 letters and digits")]
EndpointName = ClusterName
GroupName = Annotated[str, rule(r"[\w().-]{0,89}[\w()-]", "1 to 90 of letters, digits, '_().-', and no '.' at the end")]
IdentityName = Annotated[
    str, rule(r"[A-Za-z0-9][\w-]{2,127}", "3 to 128 of letters, digits, '_-'; first a letter or digit")
]
InsightsName = Annotated[
    str, rule(r"[\w().-]{0,254}[\w()-]", "1 to 255 of letters, digits, '_().-', and no '.' at the end")
]
LogName = Annotated[
    str,
    rule(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]", "4 to 63 of letters, digits and '-'; first and last no '-'"),
]
RegistryName = Annotated[
    str, rule(r"[A-Za-z0-9][\w-]{1,31}", "2 to 32 of letters, digits, '_-'; first a letter or digit")
]
StorageName = Annotated[str, rule(r"[a-z0-9]{3,24}", "3 to 24 of a-z and 0-9")]
VaultName = Annotated[
    str,
    rule(
        r"(?=.{3,24}$)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*",
        "3 to 24 of letters, digits and single '-'; first a letter, last no '-'",
    ),
]
VirtualNetworkName = Annotated[
    str,
    rule(r"[A-Za-z0-9][\w.-]{0,62}\w", "2 to 64 of letters, digits, '_.-'; first a letter or digit, last no '.-'"),
]
WorkspaceName = Annotated[
    str, rule(r"[A-Za-z0-9][\w-]{2,32}", "3 to 33 of letters, digits, '_-'; first a letter or digit")
]

# Identifiers.
_GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _resource(provider: str, *levels: str) -> AfterValidator:
    """Return the rule of a resource's ID; a level is a type, or a type and the name of its only resource."""
    path = "".join(f"/{level}" if "/" in level else f"/{level}/[^/]+" for level in levels)
    shown = path.replace("[^/]+", "...")
    return rule(
        rf"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/{re.escape(provider)}{path}",
        f"write the resource ID: '/subscriptions/.../resourceGroups/.../providers/{provider}{shown}'",
    )


ContainerId = Annotated[str, _resource("Microsoft.Storage", "storageAccounts", "blobServices/default", "containers")]
ContainerRegistryId = Annotated[str, _resource("Microsoft.ContainerRegistry", "registries")]
DnsZoneId = Annotated[
    str,
    rule(
        r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/privateDnsZones/privatelink\.[^/]+",
        "write the zone's resource ID: '/subscriptions/.../privateDnsZones/privatelink....'",
    ),
]
LogAnalyticsId = Annotated[str, _resource("Microsoft.OperationalInsights", "workspaces")]
ObjectId = Annotated[str, rule(_GUID, "write the object ID, in lower case")]
OneLakeId = Annotated[
    str, rule(f"{_GUID}/{_GUID}", "write the GUIDs of the Fabric workspace and the lakehouse: '.../...', in lower case")
]
RoleId = Annotated[
    str, rule(_GUID, "write the role's GUID, in lower case: the name that `az role definition create` prints")
]
SubnetId = Annotated[str, _resource("Microsoft.Network", "virtualNetworks", "subnets")]
SubscriptionId = Annotated[str, rule(_GUID, "write the subscription's ID, in lower case")]
VaultId = Annotated[str, _resource("Microsoft.KeyVault", "vaults")]

# Other values.
DatastoreName = Annotated[str, rule(r"[a-z][a-z0-9_]{0,63}", "1 to 64 of a-z, 0-9 and '_'; first a letter")]
EnvironmentName = Annotated[
    str, rule(r"(?=.{2,16}$)[a-z][a-z0-9]*(-[a-z0-9]+)*", "2 to 16 of a-z, 0-9 and '-'; first a letter, last no '-'")
]
Location = Annotated[str, rule(r"[a-z][a-z0-9]{2,}", "write the region's short name, such as 'westeurope'")]
MachineSize = Annotated[
    str, rule(r"Standard_[A-Z]+[0-9]\w*", "write Azure's name of a size, such as 'Standard_D4ds_v5'")
]
Mailbox = Annotated[str, rule(r"[^@\s]+@[^@\s]+\.[^@\s]+", "write a mailbox, such as 'mlops@example.com'")]
Percent = Annotated[int, Field(ge=1, le=100)]
Person = Annotated[str, rule(r"[a-z][a-z0-9]{0,11}", "1 to 12 of a-z and 0-9; first a letter")]
Tag = Annotated[str, Field(max_length=256)]  # Azure's limit for the value of a tag
