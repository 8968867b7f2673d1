"""Networks as ONNX files: export with what an answer needs beside the weights; sessions with stated threads."""

import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError, first_line

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

FILE = "model.onnx"
LARGEST = 2_000_000_000  # bytes; a protobuf message, which the file is, ends at 2 GiB
# Largest difference between torch's and ONNX Runtime's answers: rounding of float32 stays far below, a wrong graph
# does not.
TOLERANCE = 1e-3


def export(
    model: "torch.nn.Module",
    example: "Mapping[str, torch.Tensor]",
    dynamic: Mapping[str, Sequence[int]],
    metadata: Mapping[str, object],
    path: Path,
    outputs: Sequence[str] = ("scores",),
) -> float:
    """Write a network to an ONNX file, and return the largest difference between its answers there and torch's.

    Args:
        model: takes the inputs by their names and returns a tensor (rows, values), or a tuple of it and more of as many
            rows; moved to the CPU.
        example: inputs of at least two rows.
        dynamic: input -> axes whose length may vary.
        metadata: name -> structure of JSON, kept inside the file.
        path: of the file.
        outputs: a name for each tensor.

    Raises:
        UserError: the network cannot be exported, is too large for one file, or answers differently there.
    """
    import numpy as np
    import onnx
    import torch

    size = sum(weight.numel() * weight.element_size() for weight in model.state_dict().values())
    if size > LARGEST:
        raise UserError(f"{path.name}: the network has {size:,} bytes of weights, and one ONNX file holds {LARGEST:,}")
    model = model.cpu().eval()
    inputs = {name: tensor.cpu() for name, tensor in example.items()}
    shapes = {name: dict.fromkeys(axes, torch.export.Dim.DYNAMIC) for name, axes in dynamic.items()}
    try:
        with _quiet(), torch.no_grad():
            torch.onnx.export(
                model,
                (),
                path,
                kwargs=inputs,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=shapes,
                external_data=False,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # of torch's compiler, with a page of text
        raise UserError(f"{path.name}: the network cannot be exported to ONNX: {first_line(error)}") from error
    content = onnx.load(path)
    for name, value in metadata.items():
        content.metadata_props.add(key=name, value=json.dumps(value, ensure_ascii=False))
    onnx.save(content, path)
    with torch.no_grad():
        returned = model(**inputs)
    expected = [tensor.numpy() for tensor in (returned if isinstance(returned, tuple) else (returned,))]
    found = all_answers(session(path), {name: tensor.numpy() for name, tensor in inputs.items()})
    difference = max(float(np.abs(each - other).max()) for each, other in zip(expected, found, strict=True))
    if not difference <= TOLERANCE:
        raise UserError(
            f"{path.name}: ONNX Runtime's answers differ from torch's by {difference:.2g}, and {TOLERANCE:g} is"
            " allowed: this kind of network cannot be exported faithfully"
        )
    return difference


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from logging each of its passes."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnx_ir", "onnxscript")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def session(path: Path, threads: int | None = None) -> Any:
    """Open an ONNX file for answers.

    Args:
        path: the file.
        threads: within one operation; default: OMP_NUM_THREADS, or 1. ONNX Runtime's own default, one for each core
            of the machine, fails or crawls where a container may use fewer (onnxruntime issues 8313 and 10113).

    Raises:
        UserError: it is not an ONNX file.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or int(os.environ.get("OMP_NUM_THREADS") or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its classes have no common base that is public
        raise UserError(f"{path}: cannot be read as an ONNX file: {first_line(error)}") from error


def metadata(opened: Any, name: str, path: Path) -> Any:
    """Return a structure that `export` put into the file.

    Raises:
        UserError: the file has none of this name.
    """
    found = opened.get_modelmeta().custom_metadata_map
    if name not in found:
        raise UserError(f"{path}: has no metadata {name!r}: this project did not export it")
    return json.loads(found[name])


def answers(opened: Any, inputs: "Mapping[str, npt.NDArray[Any]]") -> "npt.NDArray[Any]":
    """Return what the network answers to a batch, such as scores, float32 (rows, values)."""
    return all_answers(opened, inputs)[0]


def all_answers(opened: Any, inputs: "Mapping[str, npt.NDArray[Any]]") -> "Sequence[npt.NDArray[Any]]":
    """Return what each output of the file gives for a batch, float32 with a row for each of the inputs."""
    found: Sequence[Any] = opened.run(None, dict(inputs))
    return found
