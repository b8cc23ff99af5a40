"""What the model is trained on: our own lines, and labelled comments from a CSV file that stays where it is."""

import csv
import html
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LINES = Path(__file__).parent
# Our files, and how toxic a line of each is: rude lines should score above a stop and below a ban.
FILES = (("toxic.txt", 1.0), ("rude.txt", 0.75), ("clean.txt", 0.0), ("words.txt", 0.0))
# A line with slots stands for at most this many texts, and they weigh together as much as this many lines.
FILLED = 50
FILLED_WEIGHT = 10.0

_SLOT = re.compile(r"\{(\w+)\}")
_ADDRESS = re.compile(r"https?://\S+")
_RETWEET = re.compile(r'^[!\s"]*RT @\w+:?')
_MENTION = re.compile(r"@\w+")

TEXT_COLUMNS = ("text", "tweet", "comment", "message")
LABEL_COLUMNS = ("toxic", "is_toxic", "istoxic", "label")
CLEAN_LABELS = frozenset(("0", "0.0", "false", "no", "clean", "not toxic", "non-toxic", "nontoxic", "neither", "none"))


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text. Examples of one `origin` are variants: never train on one and test on another."""

    text: str
    toxic: bool
    weight: float
    origin: str


def own_examples(seed: int) -> list[Example]:
    """The examples of FILES, slots filled at random; the same for the same `seed`."""
    chance = random.Random(seed)
    slots = _slots()
    return [
        example
        for name, toxicity in FILES
        for line in _lines(LINES / name)
        for text, weight in _filled(line, slots, chance)
        for example in _weighted(text, toxicity, weight, line)
    ]


def held_out_examples() -> list[Example]:
    """Our own lines that no model is trained on."""
    pairs = (line.split("\t", 1) for line in _lines(LINES / "heldout.tsv"))
    return [Example(text, label == "toxic", 1.0, text) for label, text in pairs]


def read_examples(path: Path) -> list[Example]:
    """The labelled texts of the CSV file `path`.

    Either it has a column of TEXT_COLUMNS and one of LABEL_COLUMNS, where CLEAN_LABELS mean clean and all else toxic;
    or it is of the form of t-davidson/hate-speech-and-offensive-language, whose texts weigh the more, the more its
    judges agreed. Case does not matter in either. Raises ValueError for a file of another form.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        columns = {name.casefold().strip(): name for name in rows.fieldnames or ()}
        text = next((columns[name] for name in TEXT_COLUMNS if name in columns), None)
        if text and {"hate_speech", "offensive_language", "count", "class"} <= columns.keys():
            return [_judged(row, row[text]) for row in rows]
        label = next((columns[name] for name in LABEL_COLUMNS if name in columns), None)
        if not text or not label:
            raise ValueError(f"{path} needs a column of {TEXT_COLUMNS} and one of {LABEL_COLUMNS}")
        return [_labelled(row[text], row[label]) for row in rows]


def _labelled(text: str, label: str) -> Example:
    return Example(text, label.strip().casefold() not in CLEAN_LABELS, 1.0, text)


def _judged(row: Mapping[str, str], tweet: str) -> Example:
    against = (int(row["hate_speech"]) + int(row["offensive_language"])) / int(row["count"])
    return Example(_without_twitter(tweet), row["class"] != "2", abs(2 * against - 1), tweet)


def _without_twitter(tweet: str) -> str:
    """`tweet` without what tells a tweet from a chat message: retweet heads, addresses, names, HTML entities."""
    text = _ADDRESS.sub("", html.unescape(tweet))
    return _MENTION.sub("@user", _RETWEET.sub("", text)).strip(' "!')


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("# "):
            yield line.strip()


def _slots() -> Mapping[str, tuple[str, ...]]:
    named = (line.split(":", 1) for line in _lines(LINES / "slots.txt"))
    return {name: tuple(filler.strip() for filler in fillers.split(",")) for name, fillers in named}


def _filled(line: str, slots: Mapping[str, tuple[str, ...]], chance: random.Random) -> Iterator[tuple[str, float]]:
    if not _SLOT.search(line):
        yield line, 1.0
        return
    drawn = (_SLOT.sub(lambda slot: chance.choice(slots[slot[1]]), line) for _ in range(FILLED))
    texts = tuple(dict.fromkeys(drawn))
    for text in texts:
        yield text, min(1.0, FILLED_WEIGHT / len(texts))


def _weighted(text: str, toxicity: float, weight: float, origin: str) -> Iterator[Example]:
    """A text that is toxic only in part is an example of both labels, each with its part of the weight."""
    for toxic, part in ((True, toxicity), (False, 1.0 - toxicity)):
        if part:
            yield Example(text, toxic, weight * part, origin)
