"""Which Latin letter a foreign or ornamental character is drawn like.

Two tables. `STYLED` undoes pure ornament: characters that are Latin letters by their meaning (accented, circled,
squared, small capitals, regional indicators) and characters that are not seen at all. `LOOKALIKES` maps letters of
other scripts by their looks, from Unicode's confusables (UTS #39, shipped by confusable-homoglyphs) and the drawn
"fonts" that copy-and-paste sites offer; it may be applied only where the text is known not to be a language of its
own, see `moderation.normalise`.
"""

import re
import unicodedata
from itertools import chain

from confusable_homoglyphs.confusables import confusables_data  # type: ignore[import-untyped]

# Latin letters beyond ASCII: Latin-1 to IPA, phonetic extensions, Latin Extended Additional, C, D and E.
_LATIN_BLOCKS = (
    (0xC0, 0x2B0),
    (0x1D00, 0x1DC0),
    (0x1E00, 0x1F00),
    (0x2C60, 0x2C80),
    (0xA720, 0xA800),
    (0xAB30, 0xAB70),
)
_LATIN_NAME = re.compile(
    r"(?:LATIN|MODIFIER) (?:SMALL |CAPITAL )?LETTER (?:SMALL |CAPITAL |TURNED |REVERSED )*([A-Z])(?: WITH .*)?$"
)
# Blocks of 26 letters, A to Z, that NFKD leaves alone: negative circled, negative squared, regional indicators.
_ALPHABETS = (0x1F150, 0x1F170, 0x1F1E6)

_INVISIBLE = chain(
    (0xAD, 0x34F, 0x61C, 0x20E3, 0xFEFF),
    range(0x17B4, 0x17B6),
    range(0x180B, 0x1810),
    range(0x200B, 0x2010),
    range(0x202A, 0x202F),
    range(0x2060, 0x2070),
    range(0xFE00, 0xFE10),
    range(0xE0000, 0xE0200),
)
# Letters to Unicode, blank to the eye, so used as spaces that are none.
_BLANKS = (0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0)

# Looks that UTS #39 misses because a capital or a handwritten form is meant, and the two most used drawn fonts.
_DRAWN = (
    ("кмнтвгпилдяшщбфзэю", "kmhtbrnunarwwbfseo"),
    ("ετκηαβγδθλμνξπστυφχψω", "etknabydolmvenstufxww"),
    ("卂乃匚ᗪ乇千卄丨ﾌҜㄥ爪几ㄖ卩尺丂ㄒㄩᐯ山乂ㄚ乙", "abcdefhijklmnoprstuvwxyz"),
    ("ᗩᗷᑕᗞᕮᖴᘜᕼᓰᒍᖽᒪᗰᘉᕈᖇᔕᖶᑌᐺᘺ᙭ᖻᗱ", "abcdefghijklmnprstuvwxye"),
)


def _latin_letter(character: str) -> str | None:
    match = _LATIN_NAME.match(unicodedata.name(character, ""))
    return match[1].lower() if match else None


def _styled() -> dict[int, str]:
    table = {
        code: letter
        for start, end in _LATIN_BLOCKS
        for code in range(start, end)
        if (letter := _latin_letter(chr(code)))
    }
    for start in _ALPHABETS:
        table.update({start + place: chr(ord("a") + place) for place in range(26)})
    table.update(dict.fromkeys(_INVISIBLE, ""))
    table.update(dict.fromkeys(_BLANKS, " "))
    return table


def _is_letter(look: str) -> bool:
    return len(look) == 1 and look.isascii() and look.isalpha()


def _lookalikes() -> dict[int, str]:
    table: dict[int, str] = {}
    for character, homoglyphs in confusables_data.items():
        latin = next((entry["c"].lower() for entry in homoglyphs if _is_letter(entry["c"])), None)
        if latin and len(character) == 1 and not character.isascii():
            table[ord(character)] = latin
    for characters, letters in _DRAWN:
        for character, letter in zip(characters, letters, strict=True):
            # Keys are written as `normalise` sees them: decomposed and casefolded.
            table[ord(unicodedata.normalize("NFKC", character).casefold())] = letter
    return table


STYLED: dict[int, str] = _styled()
LOOKALIKES: dict[int, str] = _lookalikes()
