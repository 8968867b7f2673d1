"""A base model to fine-tune or to take vectors from, of a folder or the Hugging Face hub."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import UserError, first_line

CODE = Path(__file__).resolve().parents[2]  # the folder src, which Azure ML uploads with each job
TIMEOUT = 10  # seconds for the hub's first answer


def locate(name: str, section: str) -> str:
    """Return where transformers finds a base model: a folder, or the id of a model that is cached or on the hub.

    Args:
        name: an absolute path, a path relative to src/, or a hub id such as `distilbert/distilbert-base-uncased`.
        section: of config/project.yml, which names it; for messages.

    Raises:
        UserError: there is no such model, or the hub does not answer and the model is not in its cache.
    """
    key = f"config/project.yml: {section}.base_model"
    folder = CODE / name  # an absolute path replaces src/
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UserError(f"{key}: {folder}: holds no config.json, so it is not the folder of a base model")
        return str(folder)
    if Path(name).is_absolute() or name.startswith(".") or name.count("/") > 1:
        raise UserError(f"{key}: {name!r}: no such folder ({folder}), and it is not of the form of a hub id")
    from huggingface_hub import HfApi, constants, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        if isinstance(try_to_load_from_cache(name, "config.json"), str):
            return name
        if constants.HF_HUB_OFFLINE:
            raise UserError(
                f"{key}: {name!r} is neither a folder under src/ nor in the cache of the hub, and HF_HUB_OFFLINE is set"
            )
        HfApi().model_info(name, timeout=TIMEOUT)
    except HFValidationError as error:
        raise UserError(f"{key}: {name!r} is neither a folder under src/ nor a hub id: {error}") from error
    except RepositoryNotFoundError as error:
        raise UserError(
            f"{key}: {name!r} is neither a folder under src/ nor a model of the hub; a private one needs HF_TOKEN"
        ) from error
    except UserError:
        raise
    except Exception as error:  # of whichever HTTP client, and the hub's own
        raise UserError(
            f"{key}: {name!r} is neither a folder under src/ nor in the cache of the hub, and the hub does not answer"
            f" ({type(error).__name__}): download it on a machine that reaches the hub, and name its folder"
        ) from error
    return name


def problem(name: str | None, section: str) -> str | None:
    """Return why a base model cannot be found; None if it can, or none is named."""
    if name is None:
        return None
    try:
        locate(name, section)
    except UserError as error:
        return str(error)
    return None


def network(source: str, classes: Sequence[str], networks: Any, section: str) -> Any:
    """Return the network for these classes, with the base model's weights; without a weights file, with random ones.

    Args:
        source: see `locate`.
        classes: their names.
        networks: the class of transformers that loads it, such as AutoModelForSequenceClassification.
        section: of config/project.yml, for messages.

    Raises:
        UserError: it cannot be loaded.
    """
    import transformers

    configurations: Any = transformers.AutoConfig
    names = dict(enumerate(classes))
    with quiet():
        try:
            config = configurations.from_pretrained(source, num_labels=len(classes), id2label=names)
            if Path(source).is_dir() and not any(Path(source).glob("*.safetensors")):
                return networks.from_config(config)
            return networks.from_pretrained(source, config=config, ignore_mismatched_sizes=True, dtype="float32")
        except Exception as error:
            key = f"config/project.yml: {section}.base_model"
            raise UserError(f"{key}: {source}: cannot be loaded for classification: {first_line(error)}") from error


def encoder(source: str, section: str) -> Any:
    """Return the network of a base model without a head; its `last_hidden_state` is (rows, tokens or patches, width).

    Args:
        source: see `locate`.
        section: of config/project.yml, for messages.

    Raises:
        UserError: it cannot be loaded, or the folder holds no weights.
    """
    import transformers

    networks: Any = transformers.AutoModel
    key = f"config/project.yml: {section}.base_model"
    if Path(source).is_dir() and not any(Path(source).glob("*.safetensors")):
        raise UserError(f"{key}: {source}: holds no weights (*.safetensors), without which its vectors say nothing")
    with quiet():
        try:
            return networks.from_pretrained(source, dtype="float32")
        except Exception as error:
            raise UserError(f"{key}: {source}: cannot be loaded: {first_line(error)}") from error


@contextmanager
def quiet() -> Iterator[None]:
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
