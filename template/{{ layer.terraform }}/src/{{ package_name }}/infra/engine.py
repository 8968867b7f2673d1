"""Terraform behind `mlops infra`: a plan is made, read, shown and, if approved, carried out as it was shown."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.environment import EnvironmentConfig, State, load
from ..errors import StepFailedError, UserError
from ..paths import Project
from . import az, sign_in, tools
from .bootstrap import Preparation
from .changes import Action, Change, Changes
from .stacks import Stack, StackName
from .state import CONTAINER, prepare

# azurerm brings a soft-deleted key vault back when the same one is built again.
RECOVERS_KEY_VAULT = True

_INSTALL = "install Terraform, https://developer.hashicorp.com/terraform/install"

# Those that hold data or a network mode; azapi says the Azure type itself.
_AZURE_TYPES = {
    "azurerm_storage_account": "Microsoft.Storage/storageAccounts",
    "azurerm_storage_container": "Microsoft.Storage/storageAccounts/blobServices/containers",
    "azurerm_storage_data_lake_gen2_filesystem": "Microsoft.Storage/storageAccounts/blobServices/containers",
    "azurerm_key_vault": "Microsoft.KeyVault/vaults",
    "azurerm_machine_learning_workspace": "Microsoft.MachineLearningServices/workspaces",
    "azurerm_container_registry": "Microsoft.ContainerRegistry/registries",
    "azurerm_log_analytics_workspace": "Microsoft.OperationalInsights/workspaces",
}

_ACTIONS: dict[tuple[str, ...], Action] = {
    ("create",): "add",
    ("update",): "change",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("delete",): "destroy",
    ("forget",): "forget",
    ("create", "forget"): "add",
}

# How Terraform says that nobody is signed in, or where: the user's to mend, so no failure of a step.
_SIGN_IN = re.compile(
    r"az login|could not (acquire|configure)\b.*\b(access token|authenti|authori)|subscription_id` is a required prov",
    re.IGNORECASE,
)


# How the azurerm backend says that the state's account or container is not there, or lets this identity not in.
_NO_STATE = re.compile(r"\blookup \S+\.blob\.|\bContainerNotFound\b|\bAuthorizationPermissionMismatch\b")

# How `init` says that the state was somewhere else until now; it asks before it copies anything.
_ELSEWHERE = re.compile(r"state migration action|Backend configuration changed")


@dataclass(frozen=True)
class _Terraform:
    """Terraform in the root of a stack, turned to one environment of one subscription."""

    root: Path
    environment: str
    workspace: str  # whose state it is, among those of this root
    variables: Mapping[str, str]
    state: State | None  # None: in a file beside the root
    subscription: str | None

    def __call__(self, *arguments: str, show: Callable[[str], None] | None = None, select: bool = False) -> str:
        """What `terraform ARGUMENTS` writes; errors as in `planned`."""
        path = tools.find("terraform", _INSTALL)
        variables = {
            "TF_IN_AUTOMATION": "1",
            # By variable, not only by `workspace select`: another terminal may select another one meanwhile.
            "TF_WORKSPACE": "" if select else self.workspace,
            # For the same reason: it says in which account the state is, and each environment has its own.
            **({"TF_DATA_DIR": str(self.root / ".terraform" / self.environment)} if self.state else {}),
            **({az.SUBSCRIPTION: self.subscription} if self.subscription else {}),
            **sign_in.of_ci(),
        }
        ended = tools.run([path, *arguments], folder=self.root, variables=variables, show=show)
        if ended.code == 0:
            return ended.out
        if _SIGN_IN.search(ended.err):
            raise UserError(
                f"nobody is signed in to Azure: run 'az login', or set {az.SUBSCRIPTION} and the ARM_* variables of CI"
            )
        if self.state and _NO_STATE.search(ended.err):
            raise UserError(
                f"Terraform's state of {self.environment} is out of reach, in storage account"
                f" {self.state.storage_account}: run 'mlops infra bootstrap --env {self.environment}', which makes the"
                f" account and lets you in; that may take some minutes to count. Terraform says:\n{ended.reason}"
            )
        if self.state and _ELSEWHERE.search(ended.err):
            move = f"TF_DATA_DIR={variables['TF_DATA_DIR']} terraform init -migrate-state {' '.join(self.backend)}"
            raise UserError(
                f"Terraform's state of {self.environment} was elsewhere until now: move it, in {self.root}:\n  {move}\n"
                f"Terraform says:\n{ended.reason}"
            )
        raise StepFailedError(f"'terraform {arguments[0]}' failed:\n{ended.reason}")

    @property
    def backend(self) -> list[str]:
        """Where the state is, for `init`."""
        if self.state is None:
            return []
        home = {
            "resource_group_name": self.state.resource_group,
            "storage_account_name": self.state.storage_account,
            "container_name": CONTAINER,
        }
        return [f"-backend-config={name}={value}" for name, value in home.items()]

    def begin(self) -> None:
        """Make everything ready for a plan."""
        # Each time: `init` itself knows best whether anything is missing, and takes a moment if nothing is.
        self("init", "-input=false", "-no-color", *self.backend, select=True)
        if self.workspace != "default":
            self("workspace", "select", "-or-create=true", self.workspace, select=True)

    def plan(self, file: Path, *, destroy: bool) -> Changes:
        """Write a plan to `file` and read it."""
        given = [f"-var={name}={value}" for name, value in self.variables.items()]
        extra = [*(["-destroy"] if destroy else []), *given]
        self("plan", "-input=false", "-no-color", "-lock-timeout=1m", f"-out={file}", *extra)
        return read(json.loads(self("show", "-json", str(file))))


def _terraform(project: Project, environment: str, stack: Stack) -> _Terraform:
    """Terraform in the root of this stack.

    Raises:
        UserError: the root keeps its state in Azure, and the configuration does not say where.
    """
    roots = {StackName.environment: "infra", StackName.registry: "infra/registry"}
    folder = roots.get(stack.name, "infra/endpoint")
    root = project.root / folder
    config = load(project.root / "config" / f"{environment}.yml")
    remote = (root / "backend.tf").is_file()
    if remote and config.state is None:
        raise UserError(f"config/{environment}.yml: state is missing: {folder}/backend.tf keeps the state in Azure")
    state = config.state if remote else None
    # Each environment, and each of its endpoints, keeps its state in a Terraform workspace; there is one registry.
    workspaces = {StackName.environment: environment, StackName.registry: "default"}
    variables = {"environment": environment, "kind": stack.name.value} if stack.of_endpoint else {}
    if stack.deployments:
        variables["deployments"] = json.dumps(stack.deployments)
    workspace = workspaces.get(stack.name, f"{environment}-{stack.name}")
    return _Terraform(root, environment, workspace, variables, state, stack.subscription(config) or az.subscription())


@dataclass(frozen=True)
class Planned:
    """A plan that was made and not yet carried out."""

    terraform: _Terraform
    file: Path
    changes: Changes

    @property
    def subscription(self) -> str | None:
        return self.terraform.subscription

    def details(self) -> str:
        """Every changed property; values that Terraform knows to be sensitive are hidden."""
        return self.terraform("show", "-no-color", str(self.file))

    def apply(self, show: Callable[[str], None]) -> None:
        """Carry out exactly this plan; `show` gets Terraform's progress.

        Raises:
            StepFailedError: Terraform failed; what it built until then is in its state.
        """
        self.terraform("apply", "-input=false", "-no-color", "-lock-timeout=1m", str(self.file), show=show)


@contextmanager
def planned(project: Project, environment: str, stack: Stack, *, destroy: bool = False) -> Iterator[Planned]:
    """Plan to bring a stack of `environment` to what its configuration says, or to remove it.

    The plan's file can hold secrets of the state: until the `with` ends it lies in a folder that only this user reads.

    Raises:
        UserError: Terraform is missing, nobody is signed in, or its state is out of reach.
        StepFailedError: Terraform failed; the message holds its own words.
    """
    terraform = _terraform(project, environment, stack)
    terraform.begin()
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        file = Path(folder) / "plan"
        yield Planned(terraform, file, terraform.plan(file, destroy=destroy))


def roles_to_assign(project: Project, environment: str) -> Mapping[str, str]:
    """Commands for somebody who may assign roles, each by what it is for; none where `assign_roles` is true.

    Raises:
        UserError: as in `planned`, or the environment is not built.
        StepFailedError: Terraform failed; the message holds its own words.
    """
    terraform = _terraform(project, environment, Stack())
    terraform.begin()
    outputs = json.loads(terraform("output", "-no-color", "-json"))
    if "roles_to_assign" not in outputs:
        raise UserError(f"{environment} is not built: run 'mlops infra apply --env {environment}' first")
    return dict(outputs["roles_to_assign"]["value"])


def preparation(project: Project, config: EnvironmentConfig) -> Preparation:
    """What is left to do before Terraform can build `config`'s environment: its state needs a place."""
    if not (project.root / "infra" / "backend.tf").is_file():
        return Preparation("Nothing to do: Terraform keeps its state in files beside infra/, as it has no backend.tf.")
    return prepare(config)


def read(plan: Mapping[str, Any]) -> Changes:
    """The changes in what `terraform show -json` says of a plan."""
    resources = [_change(found) for found in plan.get("resource_changes", ()) if found.get("mode") != "data"]
    outputs = any(output["actions"] != ["no-op"] for output in plan.get("output_changes", {}).values())
    return Changes(tuple(change for change in resources if change), others=outputs)


def tool_problem(project: Project) -> str | None:
    """What is wrong with the installed Terraform, None if nothing."""
    try:
        path = tools.find("terraform", _INSTALL)
    except UserError as error:
        return str(error)
    ended = tools.run([path, "version", "-json"], folder=project.root)
    try:
        version = str(json.loads(ended.out)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return f"'terraform version' failed: {ended.reason}"
    wanted = re.search(
        r'required_version\s*=\s*">=\s*([\d.]+)', (project.root / "infra" / "versions.tf").read_text("utf-8")
    )
    if wanted and _numbers(version) < _numbers(wanted[1]):
        return f"Terraform {version} is too old: infra/versions.tf needs {wanted[1]} or later; {_INSTALL}"
    return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0]))


def _change(found: Mapping[str, Any]) -> Change | None:
    change = found["change"]
    before, after = change.get("before") or {}, change.get("after") or {}
    action = _ACTIONS.get(tuple(change["actions"]))
    if action is None and change.get("importing"):
        action = "import"
    if action is None:
        return None
    azapi = str((after or before).get("type", "")).partition("@")[0] if found["type"].startswith("azapi_") else ""
    modes = _isolation(before), _isolation(after)
    return Change(
        address=found["address"],
        module=_module(found.get("module_address", "")),
        kind=azapi or _AZURE_TYPES.get(found["type"], found["type"]),
        action=action,
        name=str((before or after).get("name", found["address"])),
        isolation=(modes[0], modes[1]) if modes[0] and modes[1] else None,
    )


def _module(address: str) -> str:
    """`module.network["a.b"].module.dns` is 'network/dns': the instances of a module count together."""
    return "/".join(re.findall(r'module\.([\w-]+)(?:\[(?:"(?:\\.|[^"\\])*"|\d+)\])?', address)) or "main"


def _isolation(values: Mapping[str, Any]) -> str | None:
    """A workspace's isolation mode as azurerm or azapi writes it, None elsewhere."""
    for block in values.get("managed_network") or ():
        return str(block.get("isolation_mode") or "") or None
    try:
        return str(values["body"]["properties"]["managedNetwork"]["isolationMode"])
    except (KeyError, TypeError):
        return None
