"""Regions of Azure's public cloud, as Azure's APIs name them.

Regions of Azure Government and of Azure in China are left out: a project uses the addresses of the public cloud. So are
the stages and canaries (`...stg`, `...euap`), in which only Microsoft builds.
"""

from __future__ import annotations

import difflib

from jinja2 import Environment, StrictUndefined
from jinja2.ext import Extension

# Microsoft's page "Azure regions list", column "Programmatic name" (MicrosoftDocs/reliability-docs,
# articles/reliability/regions-list.md at c7803c506e09cb705dd2dd45c338c480a0500e27), of this date.
DATE = "2026-07-28"

_LISTED = frozenset(
    """
    australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth
    brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral denmarkeast eastasia eastus
    eastus2 francecentral francesouth germanynorth germanywestcentral indiasouthcentral indonesiacentral
    israelcentral italynorth japaneast japanwest koreacentral koreasouth malaysiawest mexicocentral
    newzealandnorth northcentralus northeurope norwayeast norwaywest polandcentral qatarcentral southafricanorth
    southafricawest southcentralus southeastasia southindia spaincentral swedencentral switzerlandnorth
    switzerlandwest uaecentral uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3
    """.split()
)

# Compared with what `az account list-locations` returned on 2026-03-12: regions that are "Physical" in
# modules/cached-data/locations.tf.json of Azure/terraform-azurerm-avm-utl-regions at
# 9064b20bc601af2754cea78f25f7b6e22858ef24. Microsoft's page has one region more, opened since then: indiasouthcentral.
# It lacks these two, of a partner in India.
_PARTNERS = frozenset({"jioindiacentral", "jioindiawest"})

REGIONS = _LISTED | _PARTNERS


def region_doubt(name: str) -> str:
    """Say that the list lacks a region, and the three most similar names that it has; empty if it is listed."""
    if name in REGIONS:
        return ""
    nearest = ", ".join(f"'{each}'" for each in difflib.get_close_matches(name, sorted(REGIONS), n=3, cutoff=0))
    return f"'{name}' is not on the list of Azure's public regions of {DATE}; nearest are {nearest}."


def region_stands(name: str, confirmed: bool) -> bool | StrictUndefined:
    """Return True for a region that is listed or confirmed; end Copier with the reason for any other."""
    doubt = region_doubt(name)
    if not doubt or confirmed:
        return True
    return StrictUndefined(
        hint=f"{doubt} Take one of them, or, if Azure has it all the same, add '--data unlisted_location=true'."
    )


class AzureRegions(Extension):
    """Adds the filters `region_doubt` and `region_stands`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(region_doubt=region_doubt, region_stands=region_stands)
