"""The rules messages are judged by, in this process's memory.

Every change of a list or a policy raises one number in the database. Each web process looks at it once a second and
reads the rules again when it has risen; a message costs no query.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from moderation.assess import Rules
from moderation.models.rules import PolicyRow
from moderation.selectors.rules import read_rules, rules_version


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules in force.

    Attributes:
        version: the number they were read under.
        everywhere: what holds where a stream has nothing of its own.
        streams: what holds in the others, by their ids.
    """

    version: int
    everywhere: Rules
    streams: Mapping[str, Rules]

    def of(self, stream_id: str) -> Rules:
        """What holds in a stream."""
        return self.streams.get(stream_id, self.everywhere)


_current: Rulebook | None = None


def current() -> Rulebook:
    """The rules as this process knows them; at most a second old in a web process. Elsewhere, `refresh` first."""
    return _current or refresh()


def refresh() -> Rulebook:
    """The rules as they are now: one query, and two more when they have changed. Runs in a database thread."""
    global _current
    # Read first: what changes in between is read again the next time.
    version = rules_version()
    if _current is None or _current.version != version:
        _current = Rulebook(version, *read_rules())
    return _current


def with_draft(draft: PolicyRow) -> Rulebook:
    """The rules as they would be if a draft was in force. Changes nothing."""
    return Rulebook(rules_version(), *read_rules(draft))
