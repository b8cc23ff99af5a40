"""What another policy would have done with messages that were judged already."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from moderation.assess import Rules, judge
from moderation.policy import HARDNESS, Action, Verdict
from moderation.rulebook import Rulebook

BATCH = 256


@dataclass(frozen=True, slots=True)
class Said:
    """A message that was judged: shown, held or taken back since (`message`), or stopped (`decision`)."""

    kind: str
    id: int
    stream_id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A message another policy would treat otherwise."""

    said: Said
    now: Action
    then: Action
    categories: tuple[str, ...]

    @property
    def is_stricter(self) -> bool:
        return HARDNESS[self.then] > HARDNESS[self.now]


@dataclass(slots=True)
class Outcome:
    """What the policy in force and another one make of the same messages."""

    messages: int = 0
    now: Counter[Action] = field(default_factory=Counter)
    then: Counter[Action] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)

    def by_category(self) -> dict[str, Counter[str]]:
        """For each category, how many of its messages would be treated more strictly, and how many more mildly."""
        found: dict[str, Counter[str]] = {}
        for change in self.changes:
            for category in change.categories or ("none",):
                found.setdefault(category, Counter())["stricter" if change.is_stricter else "milder"] += 1
        return dict(sorted(found.items()))

    def add(self, said: Said, now: Verdict, then: Verdict) -> None:
        """Count one message."""
        self.messages += 1
        self.now[now.action] += 1
        self.then[then.action] += 1
        if now.action is not then.action:
            self.changes.append(Change(said, now.action, then.action, tuple(sorted(then.categories))))


def batches(messages: Sequence[Said]) -> Iterator[Sequence[Said]]:
    """The messages, as many at a time as are judged together."""
    return (messages[start : start + BATCH] for start in range(0, len(messages), BATCH))


def compare(messages: Sequence[Said], now: Rulebook, then: Rulebook, outcome: Outcome) -> None:
    """Judge messages by both rulebooks, as the model and the lists are today, and add them to `outcome`."""
    texts = [said.text for said in messages]
    before, after = (judge(texts, _rules(messages, book)) for book in (now, then))
    for said, one, other in zip(messages, before, after, strict=True):
        outcome.add(said, one, other)


def _rules(messages: Sequence[Said], book: Rulebook) -> list[Rules]:
    return [book.of(said.stream_id) for said in messages]
