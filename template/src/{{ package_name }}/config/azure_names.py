"""Names, identifiers and other values of config/{dev,staging,prod}.yml, each with Azure's rule for it."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field


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
# Azure allows 43: the name of a second Logic App is this one with '-in' at its end.
LogicAppName = Annotated[str, rule(r"[\w.-]{1,40}", "1 to 40 of letters, digits, '_.-'")]
RegistryName = Annotated[
    str, rule(r"[A-Za-z0-9][\w-]{1,31}", "2 to 32 of letters, digits, '_-'; first a letter or digit")
]
StorageName = Annotated[str, rule(r"[a-z0-9]{3,24}", "3 to 24 of a-z and 0-9")]
TopicName = Annotated[str, rule(r"[A-Za-z0-9-]{3,50}", "3 to 50 of letters, digits and '-'")]
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
_NETWORK = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/"
DnsZoneId = Annotated[
    str,
    rule(
        _NETWORK + r"privateDnsZones/privatelink\.[^/]+",
        "write the zone's resource ID: '/subscriptions/.../privateDnsZones/privatelink....'",
    ),
]
ObjectId = Annotated[str, rule(_GUID, "write the group's object ID, in lower case")]
SubnetId = Annotated[
    str,
    rule(
        _NETWORK + r"virtualNetworks/[^/]+/subnets/[^/]+",
        "write the subnet's resource ID: '/subscriptions/.../virtualNetworks/.../subnets/...'",
    ),
]
SubscriptionId = Annotated[str, rule(_GUID, "write the subscription's ID, in lower case")]

# Other values.
BlobSuffix = Annotated[str, rule(r"[^\s?#]+", "write how the blob's path ends, such as '/_SUCCESS'")]
Location = Annotated[str, rule(r"[a-z][a-z0-9]{2,}", "write the region's short name, such as 'westeurope'")]
MachineSize = Annotated[
    str, rule(r"Standard_[A-Z]+[0-9]\w*", "write Azure's name of a size, such as 'Standard_D4ds_v5'")
]
Mailbox = Annotated[str, rule(r"[^@\s]+@[^@\s]+\.[^@\s]+", "write a mailbox, such as 'mlops@example.com'")]
Percent = Annotated[int, Field(ge=1, le=100)]
Tag = Annotated[str, Field(max_length=256)]  # Azure's limit for the value of a tag
