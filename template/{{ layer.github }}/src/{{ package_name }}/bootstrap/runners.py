"""Machines of your own that jobs run on: whether GitHub knows a runner with the labels that `runs-on` names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..config import yaml_file
from .github import GitHub

FOLDER = Path(".github") / "workflows"
OWN = "self-hosted"  # the label by which a job asks for a machine of its owner
HIDDEN = (403, 404)  # GitHub's answers about an organisation's runners without the right to see them
Labels = frozenset[str]


def missing(hub: GitHub, root: Path) -> list[str]:
    """Return a sentence for each set of labels that no running runner has.

    GitHub cancels a job that has waited for one for 24 to 48 hours ("Usage limits for self-hosted runners").
    Runners that are made for one job are not listed between jobs: this keeps nothing from being set up.
    """
    wanted = sorted(_wanted(root), key=sorted)
    if not wanted:
        return []
    known = list(_of_repository(hub))
    of_organisation = _of_organisation(hub)
    known += of_organisation or []
    hidden = of_organisation is None
    return [sentence for labels in wanted if (sentence := _sentence(hub, labels, known, hidden))]


def _sentence(hub: GitHub, labels: Labels, known: list[dict[str, Any]], hidden: bool) -> str | None:
    fitting = [each for each in known if labels <= {label["name"].casefold() for label in each["labels"]}]
    if any(each["status"] == "online" for each in fitting):
        return None
    shown = " and ".join(sorted(labels, reverse=True))
    if fitting:
        return f"start the runner {fitting[0]['name']}: it is offline, and jobs wait for the labels {shown}"
    page = f"{hub.server}/{hub.path.removeprefix('/repos/')}/settings/actions/runners"
    why = f"; those of {hub.owner().login} are shown with 'gh auth refresh --scopes admin:org' alone" if hidden else ""
    return (
        f"start a runner with the labels {shown} inside the network, with the Azure CLI on it, and register it in"
        f" {page}: GitHub shows none, and cancels jobs after a day or two{why}"
    )


def _wanted(root: Path) -> Iterator[Labels]:
    """Yield the labels of jobs that run on machines of their owner."""
    found: set[Labels] = set()
    for path in sorted((root / FOLDER).glob("*.yml")):
        if OWN not in path.read_text(encoding="utf-8"):
            continue
        for job in yaml_file.read(path, (FOLDER / path.name).as_posix())["jobs"].values():
            place = job.get("runs-on") or ()
            listed = place.get("labels") or () if isinstance(place, dict) else place
            labels = frozenset(label.casefold() for label in ([listed] if isinstance(listed, str) else listed))
            if OWN in labels:
                found.add(labels)
    yield from found


def _of_repository(hub: GitHub) -> Iterator[dict[str, Any]]:
    yield from hub.rest.pages(f"{hub.path}/actions/runners", "runners", params={"per_page": "100"}, missing=(404,))


def _of_organisation(hub: GitHub) -> list[dict[str, Any]] | None:
    """Return the runners in groups of the organisation that the repository may use; None: hidden from this sign-in."""
    owner, repository = hub.owner(), hub.repository()
    if not owner.organisation:
        return []
    groups = f"/orgs/{owner.login}/actions/runner-groups"
    query = {"per_page": "100"} | ({"visible_to_repository": repository["name"]} if repository else {})
    if hub.rest.get(groups, params=query, missing=HIDDEN) is None:
        return None
    found: list[dict[str, Any]] = []
    for each in hub.rest.pages(groups, "runner_groups", params=query):
        found += hub.rest.pages(f"{groups}/{each['id']}/runners", "runners", params={"per_page": "100"})
    return found
