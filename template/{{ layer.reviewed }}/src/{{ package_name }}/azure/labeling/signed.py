"""Addresses under which browsers of people find the files of a queue in the data lake, signed for some days.

A user delegation key signs them: no account key takes part, and whoever asks for it needs the role Storage Blob
Delegator on the account and may read the container (Azure Storage, "Create a user delegation SAS").
"""

from datetime import datetime
from functools import cache
from typing import Any

from ...review.addresses import LONGEST, Address
from ..problems import translated
from .lake import QUEUES, Lake


def addresses(lake: Lake, now: datetime) -> Address:
    """Return a function that signs the address of a file, by its path below the folder of the queues.

    The first address asks for the key: texts need none.
    """
    from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas

    account, end = lake.azure.config.names.data_lake, now + LONGEST
    client = BlobServiceClient(lake.account, credential=lake.azure.credential)

    @cache
    def key() -> Any:
        with translated(lake.azure, f"key that signs addresses of {account}"):
            return client.get_user_delegation_key(now, end)

    def signed(path: str) -> str:
        token = generate_blob_sas(
            account,
            QUEUES,
            path,
            user_delegation_key=key(),
            permission=BlobSasPermissions(read=True),
            expiry=end,
            protocol="https",
        )
        return f"{client.get_blob_client(QUEUES, path).url}?{token}"

    return signed
