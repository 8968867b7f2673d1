"""The tokenizer of a model from scratch: byte-pair encoding of characters, learned from the training texts."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..personal import MASK

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
