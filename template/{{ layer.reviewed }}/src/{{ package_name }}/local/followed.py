"""What the report and the checks show of the loop with people: of the project's own queues, else of the demo's."""

from collections import Counter
from collections.abc import Iterator

from markupsafe import Markup

from ..config.project import ProjectConfig
from ..config.project import load as load_config
from ..errors import Finding, UserError
from ..figures import plural
from ..paths import Project
from ..reporting import people
from ..review import agreement, answers, status, versions
from ..review import estimate as estimates
from ..review.workspace import Workspace
from . import after_breach


def sections(project: Project) -> dict[str, Markup]:
    """Return title -> block.

    Raises:
        UserError: a queue, a log or a version breaks a rule.
    """
    workspace = Workspace.of(project)
    simulated = not workspace.batches()
    if simulated:
        workspace = after_breach.place(project)
    if not workspace.batches():
        return {}
    config = load_config(project.config_path)
    reviewed = answers.collect(workspace)
    rules = answers.LabelRules.of(None, config.labels.renamed)
    compared = None
    if simulated and (workspace.root / after_breach.BeforeAndAfter.FILE).is_file():
        compared = after_breach.BeforeAndAfter.load(workspace.root)
    newest = workspace.newest_version()
    accuracy = estimates.estimate(reviewed, rules, config)
    reasons = Counter(str(item.reason) for queued in reviewed.items.values() for item in queued)
    return {
        "What people reviewed": people.queues(
            status.progress(workspace), reasons, versions.manifest(workspace, newest) if newest else None, simulated
        ),
        "Agreement between people": people.agreement(agreement.measure(reviewed, rules), config.review.agreement),
        "Accuracy in production": people.accuracy(
            accuracy,
            None
            if compared is None
            else (compared.window, compared.before, compared.after, compared.gained, compared.lost, compared.why),
        ),
    }


def findings(project: Project, config: ProjectConfig) -> Iterator[Finding]:
    """Yield what `mlops check` says about the loop with people: its files, and whether online requests are kept."""
    notes = []
    if config.review.keep_inputs == "none":
        notes.append(
            "review.keep_inputs is none: what the online endpoint is asked is not kept, so nobody can review it;"
            " `mlops review select` takes deliveries and the inputs of batch scoring"
        )
    yield Finding("config/project.yml: review", None, tuple(notes))
    workspace = Workspace.of(project)
    if not workspace.batches() and not workspace.versions():
        return
    problem = None
    try:
        states = status.progress(workspace)
        newest = workspace.newest_version()
        if newest:
            versions.verify(workspace.version(newest), versions.manifest(workspace, newest).files)
        waiting = sum(each.waiting + each.partly for each in states)
        disputed = states[-1].disputed if states else 0
        notes = [f"{plural(waiting, 'item waits', 'items wait')} for a label"] if waiting else []
        notes += [f"{plural(disputed, 'item is', 'items are')} disputed"] if disputed else []
    except UserError as error:
        problem, notes = str(error), []
    yield Finding(project.relative(workspace.labeling), problem, tuple(notes))
