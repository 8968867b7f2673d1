"""The tokenizer of a model from scratch: WordPiece, learned from the training texts, for any script."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

PADDING, UNKNOWN, FIRST, LAST = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
# Written without spaces between words: each character is a word here, with its marks, as in annotate.py.
ALONE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Myanmar}\p{Khmer}]\p{M}*"


def learn(texts: Sequence[str], vocabulary: int) -> Any:
    """Return a tokenizers.Tokenizer of at most `vocabulary` entries: lower case, WordPiece (Wu et al. 2016).

    The same texts give the same tokenizer. Half of the entries at most are single characters, the most frequent ones.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN, max_input_chars_per_word=200))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Split(Regex(ALONE), "isolated"),
        ]
    )
    special = [PADDING, UNKNOWN, FIRST, LAST]
    characters = Counter(character for text in texts for character in text.lower() if not character.isspace())
    # The trainer breaks ties by a hash that changes from run to run: the alphabet is given, in an order of our own.
    frequent = sorted(characters, key=lambda character: (-characters[character], character))
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=frequent[: vocabulary // 4],
        limit_alphabet=vocabulary // 2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    ends = [(name, tokenizer.token_to_id(name)) for name in (FIRST, LAST)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{FIRST} $A {LAST}", special_tokens=ends)
    return tokenizer
