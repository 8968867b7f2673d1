"""Fine-tune a transformer on texts, or train a small one from scratch, and export it to ONNX."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import label_rules
from ..config.inputs import FINE_TUNED
from ..config.project import ProjectConfig
from . import base_model, fine_tune, onnx, tokenizer
from .classifier import OnnxClassifier
from .reader import RULE
from .windows import FILE, Rule, Windows, tensors

if TYPE_CHECKING:
    import torch

CHECKED = 8  # texts whose answers are compared at export


@dataclass(frozen=True)
class Examples:
    """Texts in windows, and their labels as numbers."""

    windows: list[list[list[int]]]
    labels: list[int]
    rule: Rule

    def loss(self, weights: "torch.Tensor | None", device: Any) -> Any:
        """Return the loss that `loop.train` asks for: cross-entropy of each text's mean score over its windows.

        Training so learns from every window that serving reads, under the same rule.
        """
        import torch
        from torch.nn import functional

        def of(model: "torch.nn.Module", rows: list[int]) -> "torch.Tensor":
            read = [self.windows[row] for row in rows]
            inputs = tensors([window for each in read for window in each], self.rule.padding)
            scores = model(**{name: value.to(device) for name, value in inputs.items()})
            means = torch.stack([each.mean(0) for each in scores.split([len(each) for each in read])])
            wanted = torch.tensor([self.labels[row] for row in rows], device=device)
            losses = functional.cross_entropy(means, wanted, reduction="none")
            return losses.mean() if weights is None else (losses * weights[wanted]).mean()

        return of


def fit(
    texts: Sequence[str], labels: Sequence[str], config: ProjectConfig, folder: Path, checkpoints: Path | None = None
) -> dict[str, bool | int | float | str]:
    """Train on normalised texts, and write model.onnx and tokenizer.json.

    Each of several processes (torchrun) calls this; the first one writes the files.

    Args:
        texts: normalised texts.
        labels: the class of each.
        config: `model.transformer` and the seed.
        folder: for the files.
        checkpoints: folder where a run that broke off goes on; its checkpoints are removed at the end.

    Returns:
        The settings in use and what training showed, for the record.

    Raises:
        UserError: one class only, a base model that cannot be used, or a checkpoint of another run.
    """
    import torch

    section, classes = config.model.transformer, label_rules.classes(labels)
    torch.manual_seed(config.seed)
    core, windows = _made(texts, classes, config)
    network = _scores_of(core)
    numbers = {name: number for number, name in enumerate(classes)}
    examples = Examples([windows.read(text)[0] for text in texts], [numbers[label] for label in labels], windows.rule)
    return fine_tune.fit(
        network,
        examples.loss,
        labels,
        section,
        config,
        data=[examples.windows, examples.labels],
        rule=windows.rule.as_dict(),
        checkpoints=checkpoints,
        export=lambda: _export(network, texts, classes, windows, folder),
    )


def _made(texts: Sequence[str], classes: list[str], config: ProjectConfig) -> tuple[Any, Windows]:
    """Return the network and the tokenizer that the configuration asks for."""
    section = config.model.transformer
    if section.base_model is None:
        from transformers import DistilBertConfig, DistilBertForSequenceClassification

        learned = tokenizer.learn(texts, section.vocabulary)
        padding, unknown = learned.token_to_id(tokenizer.PADDING), learned.token_to_id(tokenizer.UNKNOWN)
        settings: Any = DistilBertConfig
        shape = settings(
            vocab_size=learned.get_vocab_size(),
            max_position_embeddings=section.max_tokens,
            dim=section.width,
            n_layers=section.layers,
            n_heads=section.heads,
            hidden_dim=4 * section.width,
            pad_token_id=padding,
            num_labels=len(classes),
        )
        core = DistilBertForSequenceClassification(shape)
    else:
        from transformers import AutoModelForSequenceClassification

        source = base_model.locate(section.base_model, FINE_TUNED)
        theirs = tokenizer.of_base_model(source, section.max_tokens)
        core = base_model.network(source, classes, AutoModelForSequenceClassification, FINE_TUNED)
        rule = tokenizer.rule(theirs, core.config, section.max_tokens, section.max_windows)
        core.config.pad_token_id = rule.padding
        return core, Windows(theirs.backend_tokenizer, rule)
    return core, Windows(learned, Rule(section.max_tokens, section.max_windows, padding, unknown))


def _scores_of(core: Any) -> Any:
    """Return a network as a module that takes ids and mask and returns the scores, (windows, classes)."""
    from torch import nn

    class Scores(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.core = core

        def forward(self, input_ids: "torch.Tensor", attention_mask: "torch.Tensor") -> "torch.Tensor":
            return self.core(input_ids=input_ids, attention_mask=attention_mask).logits

    return Scores()


def _export(network: Any, texts: Sequence[str], classes: list[str], windows: Windows, folder: Path) -> float:
    folder.mkdir(parents=True, exist_ok=True)
    windows.tokenizer.save(str(folder / FILE))
    longest = sorted(texts, key=len)[-CHECKED // 2 :]
    read = [window for text in (*texts[:CHECKED], *longest) for window in windows.read(text)[0]]
    inputs = tensors((read * 2)[: 4 * CHECKED], windows.rule.padding)
    axes = dict.fromkeys(inputs, (0, 1))  # windows and tokens
    content = {OnnxClassifier.CONTENT: classes, RULE: windows.rule.as_dict()}
    return onnx.export(network, inputs, axes, content, folder / onnx.FILE)
