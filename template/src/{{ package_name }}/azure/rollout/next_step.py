"""How an endpoint gets from what is there to what is wanted: one step at a time, decided from the state alone.

Nothing here knows of Azure. The caller reads the state, does the step, and reads again: so a run that was interrupted
anywhere is finished by the next one. Traffic is in percent. An endpoint of batch jobs has all of its traffic on its
default deployment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

COLOURS = ("blue", "green")
READY, FAILED = "Succeeded", ("Failed", "Canceled")
ALL = 100


@dataclass(frozen=True)
class Deployment:
    """A deployment as it is."""

    name: str
    state: str = READY  # Azure's provisioning state
    content: str = ""  # digest of what it was made from; empty for one that this project did not make
    tested: bool = False
    instances: int = 0
    model: str = ""

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        return self.state == READY

    @property
    def changing(self) -> bool:
        """Whether Azure is at work on it."""
        return self.state != READY and self.state not in FAILED


@dataclass(frozen=True)
class Endpoint:
    """An endpoint as it is."""

    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    traffic: Mapping[str, int] = field(default_factory=dict)  # without zeros
    mirror: Mapping[str, int] = field(default_factory=dict)
    previous: str = ""  # deployment that served before, until `finish`

    @property
    def main(self) -> Deployment | None:
        """The deployment with most of the traffic."""
        if not self.traffic:
            return None
        return self.deployments.get(max(self.traffic, key=lambda name: self.traffic[name]))

    def share(self, name: str) -> int:
        """Return the traffic of a deployment."""
        return self.traffic.get(name, 0)


@dataclass(frozen=True)
class Wanted:
    """What shall serve, and how it gets there."""

    content: str
    model: str
    instances: int = 0
    stages: tuple[int, ...] = ()  # percent before all
    mirror: int = 0  # percent of requests copied beforehand


@dataclass(frozen=True)
class Settle:
    """Wait until Azure has finished its work on a deployment."""

    name: str


@dataclass(frozen=True)
class Remove:
    """Delete a deployment without traffic."""

    name: str
    failed: bool = False  # its logs are fetched first


@dataclass(frozen=True)
class Create:
    """Make a deployment without traffic."""

    name: str
    instances: int


@dataclass(frozen=True)
class Scale:
    """Give a deployment more instances."""

    name: str
    instances: int


@dataclass(frozen=True)
class Test:
    """Ask a deployment, by its name, and mark it as tested if it answers well."""

    name: str


@dataclass(frozen=True)
class Remember:
    """Record which deployment served before; none: there is no way back any more."""

    name: str


@dataclass(frozen=True)
class Shift:
    """Divide the traffic."""

    traffic: Mapping[str, int]
    mirror: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Watch:
    """Look at a deployment at work, before it gets more."""

    name: str


@dataclass(frozen=True)
class Distrust:
    """Take the mark off a deployment that was rolled back."""

    name: str


@dataclass(frozen=True)
class Refuse:
    """Stop: the state allows no step."""

    reason: str


Step = Settle | Remove | Create | Scale | Test | Remember | Shift | Watch | Distrust | Refuse


def forward(endpoint: Endpoint, wanted: Wanted, watched: bool = False) -> Step | None:
    """Return the next step of a deployment, None once the wanted one has all traffic.

    Args:
        endpoint: the present state.
        wanted: what shall serve.
        watched: the newcomer was watched at its present share of the traffic.
    """
    found = _newcomer(endpoint, wanted)
    if isinstance(found, Refuse):
        return found
    name, newcomer, share = found, endpoint.deployments.get(found), endpoint.share(found)
    others = {other: part for other, part in endpoint.traffic.items() if other != name}
    if newcomer is not None and newcomer.changing:
        return Settle(name)
    if share == ALL:
        return None if newcomer and newcomer.ready else Refuse(_broken(name))
    if newcomer is None or not newcomer.ready or newcomer.content != wanted.content:
        return _replaced(endpoint, name, newcomer, wanted)
    if len(others) > 1:
        return Refuse(f"traffic is divided between {', '.join(others)}: give it to one of them first")
    old = endpoint.deployments.get(next(iter(others), ""))
    if old is not None and old.changing:
        return Settle(old.name)
    if old is not None and newcomer.instances < old.instances:
        return Scale(name, old.instances)
    if not newcomer.tested:
        return Test(name)
    if endpoint.previous == name:  # it served before, and comes back
        return Shift({name: ALL})
    return _taking_over(endpoint, wanted, newcomer, old, watched)


def back(endpoint: Endpoint) -> Step | None:
    """Return the next step of a rollback, None once the last good deployment has all traffic and others no mark."""
    main, previous = endpoint.main, endpoint.deployments.get(endpoint.previous)
    target = previous if previous is not None and not _gone(previous) else None
    if target is None and main is not None and main.ready and main.tested:
        target = main  # what is new has no traffic, or not the most
    if target is None:
        ready = [each for each in endpoint.deployments.values() if each.ready and each.tested]
        if len(ready) != 1:
            return Refuse("no deployment is left that served before")
        target = ready[0]
    if target.changing:
        return Settle(target.name)
    if endpoint.traffic == {target.name: ALL} and not endpoint.mirror:
        return _forgotten(endpoint, target)
    needed = max((each.instances for each in _loaded(endpoint) if each.name != target.name and each.ready), default=0)
    if target.instances < needed and endpoint.share(target.name) <= ALL / 2:  # else it carries most of it already
        return Scale(target.name, needed)
    return Shift({target.name: ALL})


def end(endpoint: Endpoint) -> Step | None:
    """Return the next step after a deployment that has proved itself: the old one goes. None if nothing is left."""
    main = endpoint.main
    if main is None or endpoint.traffic != {main.name: ALL} or endpoint.previous == main.name:
        return Refuse("no deployment has taken over all traffic: run 'deploy' again, or 'rollback'")
    if not main.ready:
        return Refuse(_broken(main.name))
    old = endpoint.deployments.get(endpoint.previous)
    if old is None:
        return Remember("") if endpoint.previous else None
    return Settle(old.name) if old.changing else Remove(old.name, failed=False)


def leftovers(endpoint: Endpoint) -> Iterator[Remove]:
    """Yield deployments that a rollout left behind: without traffic, and neither the previous one nor another's."""
    for name in COLOURS:
        found = endpoint.deployments.get(name)
        busy = endpoint.share(name) or endpoint.mirror.get(name) or name == endpoint.previous
        if found is not None and not busy and not found.changing:
            yield Remove(name, failed=found.state in FAILED)


def after(endpoint: Endpoint, step: Step, wanted: Wanted | None = None) -> Endpoint:
    """Return the state that a step leads to, if all goes well."""
    deployments = dict(endpoint.deployments)
    match step:
        case Settle(name):
            deployments[name] = replace(deployments[name], state=READY)
        case Remove(name):
            del deployments[name]
        case Create(name, instances) if wanted is not None:
            deployments[name] = Deployment(name, READY, wanted.content, False, instances, wanted.model)
        case Scale(name, instances):
            deployments[name] = replace(deployments[name], instances=instances)
        case Test(name):
            deployments[name] = replace(deployments[name], tested=True)
        case Distrust(name):
            deployments[name] = replace(deployments[name], tested=False)
        case Remember(name):
            return replace(endpoint, previous=name)
        case Shift(traffic, mirror):
            return replace(endpoint, traffic=dict(traffic), mirror=dict(mirror))
    return replace(endpoint, deployments=deployments)


def _newcomer(endpoint: Endpoint, wanted: Wanted) -> str | Refuse:
    """Return the name of the deployment that takes over: one that does already, or the idle colour."""
    having = [name for name in endpoint.traffic if _content(endpoint, name) == wanted.content]
    if having:
        return max(having, key=endpoint.share)
    idle = [name for name in COLOURS if not endpoint.share(name)]
    if not idle:
        return Refuse(
            "another version is taking over the traffic at present: run 'deploy' for that one again, or 'rollback'"
        )
    same = [name for name in idle if _content(endpoint, name) == wanted.content]
    free = [name for name in idle if name not in endpoint.deployments]
    return (same or free or [name for name in idle if name != endpoint.previous] or idle)[0]


def _replaced(endpoint: Endpoint, name: str, newcomer: Deployment | None, wanted: Wanted) -> Step:
    """Return the step towards a deployment with the wanted content in the place of what has this name."""
    if endpoint.share(name):
        return Shift(_without(endpoint, name)) if len(endpoint.traffic) > 1 else Refuse(_broken(name))
    if endpoint.mirror.get(name):
        return Shift(endpoint.traffic)
    if endpoint.previous == name:  # also one that is gone: what gets its name never served
        return Remember("")
    if newcomer is None:
        main = endpoint.main
        return Create(name, max(wanted.instances, main.instances if main else 0))
    return Remove(name, failed=newcomer.state in FAILED)


def _taking_over(
    endpoint: Endpoint, wanted: Wanted, newcomer: Deployment, old: Deployment | None, watched: bool
) -> Step:
    name, share = newcomer.name, endpoint.share(newcomer.name)
    if old is None or not old.ready:
        return Shift({name: ALL})
    if endpoint.previous != old.name:
        return Remember(old.name)
    if (share or endpoint.mirror.get(name)) and not watched:
        return Watch(name)
    if not share and wanted.mirror and not endpoint.mirror.get(name):
        return Shift({old.name: ALL}, {name: wanted.mirror})
    following = next((stage for stage in sorted(wanted.stages) if share < stage < ALL), ALL)
    return Shift({name: following} | ({old.name: ALL - following} if following < ALL else {}))


def _forgotten(endpoint: Endpoint, target: Deployment) -> Step | None:
    for other in endpoint.deployments.values():
        if other.name in COLOURS and other.name != target.name and other.tested:
            return Settle(other.name) if other.changing else Distrust(other.name)
    return Remember("") if endpoint.previous else None


def _loaded(endpoint: Endpoint) -> list[Deployment]:
    return [endpoint.deployments[name] for name in endpoint.traffic if name in endpoint.deployments]


def _without(endpoint: Endpoint, name: str) -> dict[str, int]:
    """Return the traffic with a deployment's share given to the one that has most of the rest."""
    rest = {other: part for other, part in endpoint.traffic.items() if other != name}
    largest = max(rest, key=lambda other: rest[other])
    return rest | {largest: rest[largest] + endpoint.share(name)}


def _content(endpoint: Endpoint, name: str) -> str:
    found = endpoint.deployments.get(name)
    return found.content if found else ""


def _gone(deployment: Deployment) -> bool:
    return deployment.state in (*FAILED, "Deleting")


def _broken(name: str) -> str:
    return f"deployment {name} has all the traffic and is not ready: run 'rollback', or look at its logs with 'logs'"
