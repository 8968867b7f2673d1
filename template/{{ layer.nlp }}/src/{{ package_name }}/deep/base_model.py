"""A base model to fine-tune, from a folder or the Hugging Face hub, with its tokenizer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import UserError

CODE = Path(__file__).resolve().parents[2]  # the folder src, which Azure ML uploads with each job
KEY = "config/project.yml: model.transformer.base_model"
TIMEOUT = 10  # seconds for the hub's first answer


def locate(name: str) -> str:
    """Return where transformers finds a base model: a folder, or the id of a model that is cached or on the hub.

    Args:
        name: an absolute path, a path relative to src/, or a hub id such as `distilbert/distilbert-base-uncased`.

    Raises:
        UserError: there is no such model, or the hub does not answer and the model is not in its cache.
    """
    folder = CODE / name  # an absolute path replaces src/
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UserError(f"{KEY}: {folder}: holds no config.json, so it is not the folder of a base model")
        return str(folder)
    if Path(name).is_absolute() or name.startswith(".") or name.count("/") > 1:
        raise UserError(f"{KEY}: {name!r}: no such folder ({folder}), and it is not of the form of a hub id")
    from huggingface_hub import HfApi, constants, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        if isinstance(try_to_load_from_cache(name, "config.json"), str):
            return name
        if constants.HF_HUB_OFFLINE:
            raise UserError(
                f"{KEY}: {name!r} is neither a folder under src/ nor in the cache of the hub, and HF_HUB_OFFLINE is set"
            )
        HfApi().model_info(name, timeout=TIMEOUT)
    except HFValidationError as error:
        raise UserError(f"{KEY}: {name!r} is neither a folder under src/ nor a hub id: {error}") from error
    except RepositoryNotFoundError as error:
        raise UserError(
            f"{KEY}: {name!r} is neither a folder under src/ nor a model of the hub; a private one needs HF_TOKEN"
        ) from error
    except UserError:
        raise
    except Exception as error:  # of whichever HTTP client, and the hub's own
        raise UserError(
            f"{KEY}: {name!r} is neither a folder under src/ nor in the cache of the hub, and the hub does not answer"
            f" ({type(error).__name__}): download it on a machine that reaches the hub, and name its folder"
        ) from error
    return name


def tokenizer(source: str, max_tokens: int) -> Any:
    """Return the fast tokenizer (transformers' class) of a base model.

    Raises:
        UserError: it has none, or reads fewer tokens than `max_tokens`.
    """
    from transformers import AutoTokenizer

    with _quiet():
        try:
            found = AutoTokenizer.from_pretrained(source)
        except Exception as error:
            raise UserError(f"{KEY}: {source}: its tokenizer cannot be loaded: {_line(error)}") from error
    if not getattr(found, "is_fast", False):
        raise UserError(
            f"{KEY}: {source}: has a slow tokenizer only ({type(found).__name__}), which serving without transformers"
            " cannot run: save it as a fast one (tokenizer.json), or take another base model"
        )
    if max_tokens > found.model_max_length:
        raise UserError(
            f"config/project.yml: model.transformer.max_tokens: {max_tokens} is refused: {source} reads"
            f" {found.model_max_length} tokens at most"
        )
    return found


def network(source: str, classes: list[str]) -> Any:
    """Return the network for these classes, with the base model's weights; without a weights file, with random ones.

    Raises:
        UserError: it cannot be loaded.
    """
    import transformers

    configurations: Any = transformers.AutoConfig
    networks: Any = transformers.AutoModelForSequenceClassification
    names = dict(enumerate(classes))
    with _quiet():
        try:
            config = configurations.from_pretrained(source, num_labels=len(classes), id2label=names)
            if Path(source).is_dir() and not any(Path(source).glob("*.safetensors")):
                return networks.from_config(config)
            return networks.from_pretrained(source, config=config, ignore_mismatched_sizes=True, dtype="float32")
        except Exception as error:
            raise UserError(f"{KEY}: {source}: cannot be loaded for classification: {_line(error)}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from announcing each new layer and each file on the terminal."""
    from transformers.utils import logging

    control: Any = logging
    before = control.get_verbosity()
    control.set_verbosity_error()
    control.disable_progress_bar()
    try:
        yield
    finally:
        control.set_verbosity(before)


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
