"""Tokenizers: one learned from the training texts, for a model from scratch, or that of a base model."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..config.inputs import FINE_TUNED
from ..errors import UserError, first_line
from ..personal import MASK
from .base_model import quiet
from .windows import Rule

PADDING, UNKNOWN, FIRST, LAST = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
SEEN = 5  # texts of the training part that hold a mask which becomes an entry
SPACE = "\u2581"  # stands before each word that a space, a mask or the beginning comes before
# Written without spaces between words: each character is a word here, with its marks, as in annotate.py.
ALONE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Myanmar}\p{Khmer}]\p{M}*"


def learn(texts: Sequence[str], vocabulary: int) -> Any:
    """Return a tokenizers.Tokenizer of at most `vocabulary` entries: lower case, pairs merged (Sennrich et al. 2016).

    A mask such as [URL] that `SEEN` texts or more hold is an entry of its own; the others are read as spaces, for their
    letters would be taken for words.

    The same texts give the same tokenizer, also in another process: those that train together learn one each. So it is
    no WordPiece, whose trainer in this library orders its alphabet by hashes that differ from process to process. Half
    of the entries at most are single characters, the most frequent ones.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN, fuse_unk=True))
    held = Counter(mask for text in texts for mask in set(MASK.findall(text)))
    kept = sorted(mask for mask, count in held.items() if count >= SEEN)
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(MASK.pattern), " "),
            normalizers.NFC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(SPACE, prepend_scheme="always"),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Split(Regex(ALONE), "isolated"),
        ]
    )
    characters = Counter(character for text in texts for character in tokenizer.normalizer.normalize_str(text))
    del characters[" "]
    frequent = sorted(characters, key=lambda character: (-characters[character], character))[: vocabulary // 2]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PADDING, UNKNOWN, FIRST, LAST, *kept],
        initial_alphabet=[SPACE, *frequent],
        limit_alphabet=1 + len(frequent),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    ends = [(name, tokenizer.token_to_id(name)) for name in (FIRST, LAST)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{FIRST} $A {LAST}", special_tokens=ends)
    return tokenizer


def of_base_model(source: str, max_tokens: int, section: str = FINE_TUNED) -> Any:
    """Return the fast tokenizer (transformers' class) of a base model.

    Raises:
        UserError: it has none, or reads fewer tokens than `max_tokens`.
    """
    from transformers import AutoTokenizer

    key = f"config/project.yml: {section}.base_model"
    with quiet():
        try:
            found = AutoTokenizer.from_pretrained(source)
        except Exception as error:
            raise UserError(f"{key}: {source}: its tokenizer cannot be loaded: {first_line(error)}") from error
    if not getattr(found, "is_fast", False):
        raise UserError(
            f"{key}: {source}: has a slow tokenizer only ({type(found).__name__}), which serving without transformers"
            " cannot run: save it as a fast one (tokenizer.json), or take another base model"
        )
    if max_tokens > found.model_max_length:
        raise UserError(
            f"config/project.yml: {section}.max_tokens: {max_tokens} is refused: {source} reads"
            f" {found.model_max_length} tokens at most"
        )
    return found


def rule(theirs: Any, settings: Any, max_tokens: int, max_windows: int) -> Rule:
    """Return how texts are read for a base model.

    Args:
        theirs: its tokenizer.
        settings: its configuration (transformers' class).
        max_tokens: of one window.
        max_windows: of one text.
    """
    candidates = (theirs.pad_token_id, settings.pad_token_id, theirs.eos_token_id)
    padding = next((each for each in candidates if each is not None), 0)
    unknown = theirs.unk_token_id if theirs.unk_token_id != theirs.eos_token_id else None
    return Rule(max_tokens, max_windows, padding, unknown)
