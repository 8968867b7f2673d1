"""Whether what jobs download fits on the disks of their machines."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..azure.definitions import assets
from ..config import environment
from ..config.environment import EnvironmentConfig
from ..errors import UserError
from ..paths import Project

GIB = 1024**3
# GiB of the temporary disk, to which Azure ML downloads, of a machine size: "Local storage" of each series on
# https://learn.microsoft.com/azure/virtual-machines/sizes (Ddsv5, Edsv5, NCasT4_v3, NC_A100_v4), read in November 2026.
DISKS = {
    **{f"Standard_{kind}{cores}ds_v5": 37.5 * cores for kind in "DE" for cores in (2, 4, 8, 16, 32, 48, 64, 96)},
    "Standard_E20ds_v5": 750,
    "Standard_E104ids_v5": 3800,
    "Standard_NC4as_T4_v3": 176,
    "Standard_NC8as_T4_v3": 352,
    "Standard_NC16as_T4_v3": 352,
    "Standard_NC64as_T4_v3": 2816,
    "Standard_NC24ads_A100_v4": 64,
    "Standard_NC48ads_A100_v4": 128,
    "Standard_NC96ads_A100_v4": 256,
}
FREE = 0.8  # share of a disk for what is downloaded; the image of the environment and the outputs take the rest


@dataclass(frozen=True)
class Amounts:
    """Bytes that a job downloads: of the pipeline's input, or at most of what an earlier step made of it."""

    data: int
    prepared: int


def warnings(project: Project, amounts: Amounts) -> Iterator[str]:
    """Yield a sentence for each size of machines whose disk is too small for the inputs that a job on it downloads.

    Environments that cannot be loaded are left out: other checks tell of them.
    """
    said: set[str] = set()
    for name in environment.names(project.root / "config"):
        try:
            config = environment.load(project.root / "config", name)
            pipeline = assets.fill(project, config, project.pipeline)
        except UserError:
            continue
        for job, key, size in _downloads(pipeline, config, amounts):
            fault = _fault(size, getattr(config, key).vm_size)
            where = config.where(f"{key}.vm_size")
            if fault and where not in said:
                said.add(where)
                yield (
                    f"{where}: {fault}, and the job {job!r} downloads about {size / 1e9:,.1f} GB; take a size with a"
                    f" larger disk, or let the job mount its input (see {project.relative(project.pipeline)})"
                )


def _fault(size: int, machine: str) -> str:
    """Return what speaks against a download of so many bytes to such a machine, if anything does."""
    disk = DISKS.get(machine)
    if size <= FREE * (disk or min(DISKS.values())) * GIB:
        return ""
    if disk is None:
        return f"the disk of {machine} is not known here"
    return f"{machine} has a disk of {disk * GIB / 1e9:,.1f} GB, of which {FREE:.0%} is for downloads"


def _downloads(pipeline: dict[str, Any], config: EnvironmentConfig, amounts: Amounts) -> Iterator[tuple[str, str, int]]:
    """Yield each job that downloads: its name, the section of its cluster, and the bytes, most first."""
    sections = {
        f"azureml:{cluster.name}": key
        for key, cluster in (("cpu_cluster", config.cpu_cluster), ("gpu_cluster", config.gpu_cluster))
        if cluster
    }
    found = []
    for name, job in pipeline["jobs"].items():
        section = sections.get(job.get("compute", pipeline["settings"]["default_compute"]))
        size = sum(
            amounts.prepared if "parent.jobs." in str(value["path"]) else amounts.data
            for value in job["inputs"].values()
            if isinstance(value, dict) and value.get("mode") == "download"
        )
        if section and size:
            found.append((name, section, size))
    yield from sorted(found, key=lambda each: -each[2])
