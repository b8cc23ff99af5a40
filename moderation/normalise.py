"""Undo the disguises of bad words, for judging only: what comes out is never stored and never shown.

The rules, in their order:

1. Ornament is undone everywhere: fullwidth, mathematical, circled, squared and regional letters, small capitals,
   accents and stacked marks on Latin letters, zero-width and blank characters.
2. Spelled-out words ("f u c k", "f.u.c.k") are joined.
3. A word of letters drawn like Latin ones is read as Latin only when it mixes scripts ("fuсk" with a Cyrillic с), or
   when it and every other foreign word of the message look like words of the lexicon. Russian, Greek, Arabic or
   Japanese text is left as it is.
4. Digits and signs that stand for letters are read as letters inside words ("sh1t", "a$$"); numbers with a unit
   ("5pm", "60fps"), ordinals and model names ("A55", "v2") are numbers. Stars that hide letters ("f**k") are filled
   in when only a word of the lexicon fits.
5. Stretched letters ("fuuuck") shrink to the lexicon's word, else to two.
6. A word broken in two ("fu ck") is joined when one part is no word and the whole is one of the lexicon.

Every rule is one pass of a precompiled pattern without nested repetition; the time grows linearly with a chat message.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby

from moderation.lexicon import KNOWN, WORDS
from moderation.lookalikes import LOOKALIKES, STYLED

# One word, with everything that may stand for a letter in it.
_WORD = re.compile(r"[^\W_](?:[\w@$!|+*'’-]*[\w$*])?|[@$][\w@$!|+*]+")
# Single letters with the same gap between every two of them.
_SPELLED = re.compile(
    r"(?<![^\W_])(?<![@$'’])[\w@$!]([ .*~/,-]{1,3})[\w@$!](?![^\W_]|['’])(?:\1[\w@$!](?![^\W_]|['’]))+"
)
_STUB = "[b-df-hj-np-tv-xz]{1,2}"
_BROKEN = re.compile(rf"(?<![\w'’])(?:(\w{{2,8}})[ .*-]({_STUB})|({_STUB})[ .*-](\w{{2,8}}))(?![\w'’])")
_NUMBER = re.compile(r"\d[\d.,:]*[a-z]{0,3}|[a-z]{1,2}\d+")
_SIGN_IN_WORD = re.compile(r"[a-z][0-9@$!|+*]|[0-9@$!|*][a-z]")
_STRETCHED_WORD = re.compile(r"\b\w*?([^\W\d_])\1\w*")
_LONG_RUN = re.compile(r"([^\W\d_])\1{2,}")
_MARKS = re.compile(r"(?<=[A-Za-z])[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_FOREIGN_WORD = re.compile(r"(?<![a-z])[a-z]*[^\W\d_\x00-\x7f][\w@$]*")

# Readings of the signs, the likeliest first. The others count only when they give a word of the lexicon.
_COMMON_SIGNS = {"0": "o", "3": "e", "5": "s", "7": "t", "8": "b", "9": "g", "$": "s", "+": "t", "6": "g"}
_SIGNS = tuple(
    str.maketrans(_COMMON_SIGNS | ambiguous)
    for ambiguous in (
        {"1": "i", "4": "a", "@": "a", "!": "i", "|": "i"},
        {"1": "l", "4": "a", "@": "a", "!": "l", "|": "l"},
        {"1": "i", "4": "u", "@": "u", "!": "i", "|": "l"},
    )
)
_MASKABLE = re.compile(r"[a-z]\*+[a-z]*|[a-z]+\*+[a-z]+")


def normalise(text: str) -> str:
    """`text` as a reader understands it: casefolded, disguises undone."""
    return _decode(text)


def readings(text: str) -> tuple[str, ...]:
    """The ways `text` may be read, none twice: casefolded as it stands, and with its disguises undone.

    Most messages hide nothing and have one reading. Judge the worst of them.
    """
    plain = text.casefold()
    decoded = _decode(text)
    return (plain,) if decoded == plain else (plain, decoded)


def _decode(text: str) -> str:
    decoded = text.casefold() if text.isascii() else _without_ornament(text)
    decoded = _SPELLED.sub(_join_spelled, decoded.replace("_", " "))
    if not decoded.isascii():
        decoded = _without_foreign_looks(decoded)
    if _SIGN_IN_WORD.search(decoded):
        decoded = _WORD.sub(_read_signs, decoded)
    decoded = _STRETCHED_WORD.sub(lambda match: _shrunk(match[0]), decoded)
    return _BROKEN.sub(_join_broken, decoded)


def _without_ornament(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(STYLED)).translate(STYLED)
    return unicodedata.normalize("NFC", _MARKS.sub("", decomposed)).casefold().replace("’", "'")


def _without_foreign_looks(text: str) -> str:
    foreign = [word for word in _FOREIGN_WORD.findall(text) if not _has_latin(word)]
    # One word that says nothing in Latin is enough to tell that a language is spoken here.
    is_language = any(word.translate(LOOKALIKES) not in KNOWN for word in foreign)
    return _FOREIGN_WORD.sub(lambda match: _read_as_latin(match[0], is_language), text)


def _read_as_latin(word: str, is_language: bool) -> str:
    latin = word.translate(LOOKALIKES)
    if not latin.isascii() or (is_language and not _has_latin(word)):
        return word
    return latin


def _has_latin(word: str) -> bool:
    return any("a" <= letter <= "z" for letter in word)


def _join_spelled(match: re.Match[str]) -> str:
    letters = match[0].replace(match[1], "")
    return match[0] if letters.isdecimal() else _split_known(letters)


def _split_known(letters: str) -> str:
    """`letters` with a space after or before the known word they start or end with: "fucku" is "fuck u"."""
    if _known(letters):
        return letters
    for size in range(min(len(letters) - 1, 12), 3, -1):
        if _known(letters[:size]):
            return f"{letters[:size]} {letters[size:]}"
        if _known(letters[-size:]):
            return f"{letters[:-size]} {letters[-size:]}"
    return letters


def _known(word: str) -> bool:
    return any(word.translate(signs) in KNOWN for signs in _SIGNS)


def _read_signs(match: re.Match[str]) -> str:
    word = match[0]
    if not _SIGN_IN_WORD.search(word):
        return word
    if "*" in word:
        return _unmask(word)
    candidates = [word.translate(signs) for signs in _SIGNS]
    known = next((candidate for candidate in candidates if _shrunk(candidate) in KNOWN), None)
    if known and (len(known) > 3 or not _NUMBER.fullmatch(word)):
        return known
    # A mention starts with @ and is a name; what keeps a digit, or adds, was no disguise.
    is_no_word = word[0] == "@" or "+" in word or _NUMBER.fullmatch(word) or not candidates[0].isalpha()
    return word if is_no_word else candidates[0]


def _by_shape(words: Iterable[str]) -> Mapping[tuple[str, str, int], tuple[str, ...]]:
    table: dict[tuple[str, str, int], list[str]] = {}
    for word in words:
        table.setdefault((word[0], word[-1], len(word)), []).append(word)
    return {shape: tuple(found) for shape, found in table.items()}


_SHAPES = _by_shape(WORDS)


def _unmask(word: str) -> str:
    if not _MASKABLE.fullmatch(word):
        return word
    for candidate in _SHAPES.get((word[0], word[-1], len(word)), ()):
        if all(seen in ("*", letter) for seen, letter in zip(word, candidate, strict=True)):
            return candidate
    return word


def _runs(word: str) -> list[tuple[str, int]]:
    return [(letter, len(list(run))) for letter, run in groupby(word)]


def _skeleton(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


_SKELETONS: Mapping[str, str] = {_skeleton(word): word for word in KNOWN if len(word) > 2}


# Chat says the same words over and over.
@lru_cache(maxsize=4096)
def _shrunk(word: str) -> str:
    """`word` with its stretched letters taken back: to the lexicon's word it stretches, else to two of a kind."""
    known = word if word in KNOWN else _SKELETONS.get(_skeleton(word))
    if known and all(ours >= theirs for (_, ours), (_, theirs) in zip(_runs(word), _runs(known), strict=True)):
        return known
    return _LONG_RUN.sub(r"\1\1", word)


def _join_broken(match: re.Match[str]) -> str:
    joined = (match[1] or match[3]) + (match[2] or match[4])
    return joined if joined in KNOWN else match[0]
