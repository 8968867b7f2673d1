"""The command line of an Azure ML component: its placeholders, and the words that one run makes of them.

Azure ML puts values into the text of the command and hands the text to bash. Here the text is split into words
first and the values are put in afterwards, so that a path with a space stays one word; `faults` refuses the commands
for which the two ways would differ.
"""

import re
import shlex
from collections.abc import Collection, Mapping

PLACEHOLDER = re.compile(r"\$\{\{\s*((?:inputs|outputs)\.\w+)\s*\}\}")
OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
SHELL_SYNTAX = re.compile(r"[|&;<>()`$*?~#{}\n]")
PLAIN = re.compile(r"[\w@%+=:,./\\-]*")


def references(command: str) -> tuple[set[str], set[str]]:
    """Return the names that a command uses, such as `inputs.data`: outside and inside `$[[ ... ]]`."""
    inside = {name for block in OPTIONAL.findall(command) for name in PLACEHOLDER.findall(block)}
    return set(PLACEHOLDER.findall(OPTIONAL.sub(" ", command))), inside


def module(command: str) -> str | None:
    """Return the module of `python -m MODULE ...`, or None for any other command, which bash runs."""
    bare = PLACEHOLDER.sub("x", OPTIONAL.sub(r"\1", command)).strip()
    if SHELL_SYNTAX.search(bare):
        return None
    words = shlex.split(bare)
    return words[2] if len(words) > 2 and words[0] in ("python", "python3") and words[1] == "-m" else None


def faults(command: str, texts: Collection[str]) -> list[str]:
    """Return the faults of a command whose inputs named in `texts` may hold spaces."""
    found = []
    if re.search(r"\$\{\{|\$\[\[", PLACEHOLDER.sub("", OPTIONAL.sub(r"\1", command))):
        found.append("only ${{inputs.NAME}}, ${{outputs.NAME}} and $[[ ... ]] may be used in a command")
        return found
    try:
        for name in sorted(texts):
            one, two = (len(shlex.split(_insert(command, {name: value}))) for value in ("a", "a b"))
            if one != two:
                found.append(f'put quotes around ${{{{{name}}}}}: bash would split "two words" of it in two')
    except ValueError as error:
        found.append(f"its quotes are not balanced ({error})")
    return found


def words(command: str, values: Mapping[str, str]) -> list[str]:
    """Return the command as a list of words; a `$[[ ... ]]` block without a value for its input is left out."""
    text = PLACEHOLDER.sub(r"${{\1}}", _present(command, values))
    return [_insert(word, values) for word in shlex.split(text)]


def shell_text(command: str, values: Mapping[str, str]) -> str:
    """Return the command as text for bash.

    Raises:
        ValueError: a value would be split or changed by bash; it is the exception's text.
    """
    for name in PLACEHOLDER.findall(_present(command, values)):
        if not PLAIN.fullmatch(values[name]):
            raise ValueError(values[name])
    return _insert(_present(command, values), values)


def _present(command: str, values: Mapping[str, str]) -> str:
    def keep(block: re.Match[str]) -> str:
        return block[1] if all(name in values for name in PLACEHOLDER.findall(block[1])) else ""

    return OPTIONAL.sub(keep, command)


def _insert(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
