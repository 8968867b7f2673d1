"""Whether what a file of azureml/ names is there: inputs, outputs, datastores, columns, scripts, scheduled jobs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...config import project as project_file
from ...config.project import ProjectConfig
from ...paths import Project
from ..definitions.versions import Document
from .subjects import Filled, kind_of

PARENT = re.compile(r"\$\{\{\s*parent\.inputs\.(\w+)\s*\}\}")
STEP = re.compile(r"\$\{\{\s*parent\.jobs\.(\w+)\.outputs\.(\w+)\s*\}\}")
DATASTORE = re.compile(r"azureml://datastores/([^/]+)/")
BUILT_IN = ("workspaceblobstore", "workspacefilestore", "workspaceworkingdirectory", "workspaceartifactstore")
ONCE = "a job of a fixed name runs once; leave it out"
LATEST = "name one version, so that the tested model is the served one"
LONGEST_EMAILS = 499  # characters together, by Azure's type MonitorEmailNotificationSettings


def problems(project: Project, name: str, filled: Filled) -> Iterator[str]:
    """Yield a sentence for each mistake in one file: key, value, rule."""
    document = filled.documents[name]
    kind = kind_of(document)
    yield from _datastores(document, filled, "")
    if kind == "pipeline_job":
        yield from _steps(name, document, filled)
        if "name" in document:
            yield f"name: {document['name']!r} is refused: {ONCE} (rule no-job-name)"
    elif kind.endswith("_deployment"):
        yield from _scripts(project, name, document)
        yield from _models(name, document, filled)
    elif kind == "job_schedule":
        yield from _scheduled(name, document, filled)
    elif kind == "monitor_schedule":
        yield from _monitored(document["create_monitor"], filled, project_file.load(project.config_path))


def _datastores(value: Any, filled: Filled, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _datastores(item, filled, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _datastores(item, filled, f"{key}[{number}]")
    elif isinstance(value, str) and (found := DATASTORE.match(value)):
        data = filled.config.data
        known = {*filled.lake, *BUILT_IN, *data.sources, *data.targets}
        known |= {filled.config.production_datastore or "production"}
        if found[1] not in known:
            yield (
                f"{key}: {value!r} is refused: {filled.config.where('data_lake.containers')} makes no datastore"
                f" {found[1]!r}; known: {', '.join(sorted(known))} (rule datastore-known)"
            )


def _steps(name: str, document: Document, filled: Filled) -> Iterator[str]:
    """Check the inputs of each step against its component, and that what it names has the wanted type."""
    inputs = {key: _type(value) for key, value in _mapping(document.get("inputs")).items()}
    steps = {job: step for job, step in _mapping(document.get("jobs")).items() if isinstance(step, dict)}
    components = {job: filled.target(name, step.get("component", step.get("trial"))) for job, step in steps.items()}
    for job, step in steps.items():
        component, given = components[job], _mapping(step.get("inputs"))
        ports = _mapping(component.get("inputs"))
        if not component:
            path = step.get("component", step.get("trial"))
            if isinstance(path, str) and path.startswith(("./", "../")):
                key = "trial" if step.get("type") == "sweep" else "component"
                yield f"jobs.{job}.{key}: {path!r}: no such file of azureml/ (rule component-there)"
            continue  # one of the workspace or a registry
        searched = _mapping(step.get("search_space"))
        for port, declared in ports.items():
            required = not declared.get("optional") and "default" not in declared
            if required and port not in given and port not in searched:
                yield f"jobs.{job}.inputs.{port}: is missing: {component['name']} requires it (rule input-bound)"
        for port, value in given.items():
            key = f"jobs.{job}.inputs.{port}"
            if port not in ports:
                yield f"{key}: unknown input: {component['name']} has {', '.join(ports)} (rule input-known)"
                continue
            text = str(value.get("path") if isinstance(value, dict) else value).strip()
            source, wanted = None, ports[port].get("type")
            if parent := PARENT.fullmatch(text):
                source = inputs.get(parent[1])
                if parent[1] not in inputs:
                    yield f"{key}: {text!r} is refused: the pipeline has no input {parent[1]!r} (rule input-source)"
            elif other := STEP.fullmatch(text):
                source = _mapping(_mapping(components.get(other[1], {}).get("outputs")).get(other[2])).get("type")
                if source is None:
                    there = f"no job {other[1]!r} has an output {other[2]!r}"
                    yield f"{key}: {text!r} is refused: {there} (rule input-source)"
            if source and wanted and not _fits(source, wanted):
                yield f"{key}: {text!r} is refused: is a {source}, a {wanted} is needed (rule input-type)"
        for port in searched:
            if port not in ports:
                key = f"jobs.{job}.search_space.{port}"
                yield f"{key}: unknown input: {component['name']} has {', '.join(ports)} (rule input-known)"


def _fits(source: str, wanted: str) -> bool:
    folders = ("uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model")
    return source == wanted or (source in folders and wanted in folders) or (source, wanted) == ("integer", "number")


def _scripts(project: Project, name: str, document: Document) -> Iterator[str]:
    code = _mapping(document.get("code_configuration"))
    if not code:
        return
    script = (project.root / name).parent / str(code.get("code")) / str(code.get("scoring_script"))
    try:
        text = script.read_text(encoding="utf-8")
    except OSError:
        yield f"code_configuration.scoring_script: {code.get('scoring_script')!r}: no such file (rule script-there)"
        return
    for function in ("init", "run"):
        if not re.search(rf"^(def {function}\b|.*\bimport\b.*\b{function}\b)", text, re.MULTILINE):
            key = "code_configuration.scoring_script"
            yield f"{key}: {code['scoring_script']!r} has no {function}() (rule script-whole)"


def _models(name: str, document: Document, filled: Filled) -> Iterator[str]:
    """Check that the deployment serves the model that the pipeline registers."""
    model = str(document.get("model"))
    registered = _mapping(filled.documents.get("azureml/pipelines/train.yml", {}).get("inputs")).get("model_name")
    found = re.fullmatch(r"azureml:([^:@/]+)[:@].+", model)
    if found and registered is not None and found[1] != registered:
        there = f"azureml/pipelines/train.yml registers {registered!r}"
        yield f"model: {model!r} is refused: {there} (rule model-registered)"
    if "@latest" in model or "/labels/" in model:
        yield f"model: {model!r} is refused: {LATEST} (rule no-latest)"
    endpoint = filled.target(name, "endpoint.yml")
    if not endpoint:
        yield "endpoint_name: endpoint.yml is missing beside this file (rule endpoint-there)"


def _scheduled(name: str, document: Document, filled: Filled) -> Iterator[str]:
    """Check that a scheduled job runs again each time, on data that the deployments leave."""
    job = document["create_job"]
    path = job.get("job") if isinstance(job, dict) else job
    pipeline = filled.target(name, path)
    if not pipeline:
        yield f"create_job.job: {path!r}: no such file of azureml/ (rule job-there)"
        return
    own = _mapping(job.get("settings")) if isinstance(job, dict) else {}
    settings = {**_mapping(pipeline.get("settings")), **own}
    if settings.get("force_rerun") is not True:
        yield (
            "create_job.settings.force_rerun: must be true, there or in the job's file: later runs would reuse the"
            " outputs of the first one (rule force-rerun)"
        )
    for key in ("name", "job_name"):
        if isinstance(job, dict) and key in job:
            yield f"create_job.{key}: {job[key]!r} is refused: {ONCE} (rule no-job-name)"
    inputs = {**_mapping(pipeline.get("inputs")), **(_mapping(job.get("inputs")) if isinstance(job, dict) else {})}
    if "window_days" in inputs and "folder" in inputs:
        yield from _fed(inputs, filled)


def _fed(inputs: Mapping[str, Any], filled: Filled) -> Iterator[str]:
    """Check that a monitor reads where the deployments collect."""
    root = str(_mapping(inputs.get("production")).get("path"))
    folder = f"{root}{str(inputs['folder']).strip('/')}/"
    if not root.startswith("azureml://datastores/inference/"):
        return
    places = {str(_mapping(each.get("data")).get("path")) for _, _, each in filled.collectors}
    for collection in ("model_inputs", "model_outputs"):
        if f"{folder}{collection}" not in places:
            yield (
                f"create_job.inputs.folder: {inputs['folder']!r} is refused: no deployment collects to"
                f" {folder}{collection}, so that the monitor would never see a row (rule monitor-fed)"
            )


def _monitored(monitor: Any, filled: Filled, config: ProjectConfig) -> Iterator[str]:
    """Check a built-in monitor against config/project.yml."""
    content = _mapping(monitor)
    task = _mapping(content.get("monitoring_target")).get("ml_task")
    if task in ("classification", "regression") and task != config.task:
        key = "create_monitor.monitoring_target.ml_task"
        yield f"{key}: {task!r} is refused: config/project.yml: task is {config.task!r} (rule same-task)"
    emails = _mapping(content.get("alert_notification")).get("emails") or []
    if sum(map(len, emails)) > LONGEST_EMAILS:
        key = "create_monitor.alert_notification.emails"
        yield f"{key}: is refused: at most {LONGEST_EMAILS} characters together (rule emails-short)"
    known = {*config.columns.features, config.columns.target, config.columns.id, "prediction"}
    for signal, each in _mapping(content.get("monitoring_signals")).items():
        key = f"create_monitor.monitoring_signals.{signal}"
        named: list[tuple[str, Any]] = []
        if isinstance(features := _mapping(each).get("features"), list):
            named += [(f"{key}.features", name) for name in features]
        for side in ("production_data", "reference_data"):
            columns = _mapping(_mapping(_mapping(each).get(side)).get("data_column_names"))
            named += [(f"{key}.{side}.data_column_names.{role}", name) for role, name in columns.items()]
        for place, name in named:
            if name not in known:
                yield f"{place}: {name!r} is refused: no column of config/project.yml (rule column-known)"


def _type(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("type", "uri_folder"))
    return {bool: "boolean", int: "integer", float: "number"}.get(type(value), "string")


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
