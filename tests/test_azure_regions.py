"""The list of Azure's regions, and a name that is not on it."""

from __future__ import annotations

import datetime
import re

import pytest
from jinja2.exceptions import UndefinedError

from extensions import answers, azure_regions
from tests.support import harness

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    "name",
    [
        # A region of each geography of Azure's documentation, and the two newest of July 2026.
        *("westeurope", "northeurope", "swedencentral", "uksouth", "germanywestcentral", "switzerlandnorth"),
        *("eastus2", "westus3", "canadacentral", "mexicocentral", "brazilsouth", "chilecentral"),
        *("australiaeast", "newzealandnorth", "japaneast", "koreacentral", "southeastasia", "malaysiawest"),
        *("southafricanorth", "uaenorth", "israelcentral", "indiasouthcentral", "denmarkeast", "jioindiawest"),
    ],
)
def test_region_of_the_public_cloud_is_listed(name: str) -> None:
    assert azure_regions.region_doubt(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "westeuropenarnia",
        "europe",
        "global",
        "usgovvirginia",
        "chinanorth3",
        "eastus2euap",
        "eastusstg",
        "germanycentral",
    ],
)
def test_other_place_is_not_listed(name: str) -> None:
    assert azure_regions.region_doubt(name).startswith(
        f"'{name}' is not on the list of Azure's public regions of 2026-"
    )


def test_doubt_names_the_three_nearest() -> None:
    assert azure_regions.region_doubt("westeurop").endswith("nearest are 'westeurope', 'westus', 'westus3'.")
    assert len(re.findall("'[a-z0-9]+'", azure_regions.region_doubt("narnia"))) == 4


def test_list_has_a_date_and_good_names() -> None:
    assert datetime.date.fromisoformat(azure_regions.DATE) <= datetime.date.today()
    assert not any(map(answers.location_fault, azure_regions.REGIONS))


def test_regions_often_used_are_listed() -> None:
    lines = harness.ASKED["location"]["help"].splitlines()[1:4]
    names = " ".join(lines).removeprefix("Often used: ").split()
    assert len(names) == 22
    assert not any(map(azure_regions.region_doubt, names))
    assert harness.ASKED["location"]["default"] in names


def test_confirmed_region_stands() -> None:
    assert azure_regions.region_stands("westeurope", False) is True
    assert azure_regions.region_stands("westeuropenarnia", True) is True
    with pytest.raises(UndefinedError, match="add '--data unlisted_location=true'"):
        str(azure_regions.region_stands("westeuropenarnia", False))
