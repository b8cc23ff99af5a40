"""Changing lists and policies: one change at a time, and every process hears of it within a second."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from audit.services import Actor, record
from gateway.errors import CommandError, ErrorCode
from moderation.models.rules import MOST_PATTERNS, EntryKind, ListEntry, PolicyRow, RulesVersion
from moderation.policy import Policy
from moderation.selectors.rules import drafts, policy_in_force

_IN_ONE_STATEMENT = 1000


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do."""

    added: int
    changed: int
    unchanged: int


def raise_rules_version() -> None:
    """Let every process read the rules again, once the caller's transaction is committed."""
    RulesVersion.objects.update(number=F("number") + 1)


def import_entries(*, actor: Actor, entries: Sequence[ListEntry], is_trial: bool = False) -> Imported:
    """Put entries on the lists, all or none; those that are there take over category, level and note.

    Args:
        actor: who does.
        entries: not saved yet, and validated but for being there already; the last of several for one value counts.
        is_trial: whether to change nothing.

    Raises:
        CommandError: `invalid_payload` when there would be too many patterns.
    """
    wanted = {_key(entry): entry for entry in entries}
    with transaction.atomic(durable=True):
        raise_rules_version()
        there = {_key(entry): entry for entry in ListEntry.objects.all()}
        new = [entry for key, entry in wanted.items() if key not in there]
        changed = [
            _take_over(there[key], entry)
            for key, entry in wanted.items()
            if key in there and _meaning(there[key]) != _meaning(entry)
        ]
        told = Imported(len(new), len(changed), len(wanted) - len(new) - len(changed))
        _require_few_patterns([*there.values(), *new])
        if is_trial:
            transaction.set_rollback(True)
            return told
        ListEntry.objects.bulk_create(new, _IN_ONE_STATEMENT)
        ListEntry.objects.bulk_update(changed, ["category", "level", "note"], _IN_ONE_STATEMENT)
        record(
            actor=actor,
            action="lists.import",
            target_kind="moderation.listentry",
            after={"added": told.added, "changed": told.changed},
        )
    return told


def put_in_force(*, actor: Actor, policy: PolicyRow, reason: str = "") -> PolicyRow:
    """Let a policy that is not saved yet, or a draft, replace the one in force where it holds.

    Raises:
        CommandError: `invalid_payload`, saying what is wrong with it; `invalid_state` when it has been in force.
    """
    if policy.number is not None:
        raise CommandError(ErrorCode.INVALID_STATE, "This policy has been in force; make another")
    with transaction.atomic():
        # The lock of the one row: numbers follow one another.
        raise_rules_version()
        before = policy_in_force(policy.stream_id)
        require_valid(policy)
        policy.number = before.number + 1 if before is not None and before.number is not None else 1
        policy.save()
        record(
            actor=actor,
            action="policy.put_in_force",
            target_kind="moderation.policyrow",
            target_id=str(policy.pk),
            before=described(before) if before is not None else None,
            after=described(policy),
            reason=reason,
        )
    return policy


def require_valid(policy: PolicyRow) -> None:
    """Check a policy as it would be in force.

    Raises:
        CommandError: `invalid_payload`, saying what is wrong.
    """
    try:
        policy.clean_fields()
        policy.over(Policy.from_settings())
        _require_least_levels(policy)
    except ValidationError as error:
        name, reasons = next(iter(error.message_dict.items()))
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {name}: {reasons[0]}") from error
    except ValueError as error:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error}") from error


def draft_by_id(policy_id: int) -> PolicyRow:
    """A draft that is kept.

    Raises:
        CommandError: `not_found`.
    """
    draft = drafts().filter(pk=policy_id).first()
    if draft is None:
        raise CommandError(ErrorCode.NOT_FOUND, f"There is no draft {policy_id}.")
    return draft


def draft_of(values: Mapping[str, Any]) -> PolicyRow:
    """A draft that is not kept, by those of its fields it has: `stream`, `hold`, `stop`, `ban`, `levels`, `undecided`.

    Raises:
        CommandError: `invalid_payload`, saying what is wrong.
    """
    unknown = values.keys() - {"stream", "hold", "stop", "ban", "levels", "undecided"}
    if unknown:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: nobody knows {min(unknown)}")
    given = dict(values)
    draft = PolicyRow(stream_id=given.pop("stream", None), **given)
    require_valid(draft)
    return draft


def change_policy(
    *, actor: Actor, stream_id: int, levels: Mapping[str, int], undecided: str | None = None
) -> PolicyRow:
    """Change how strictly categories are moderated in a stream; what is left out stays as it is.

    Args:
        levels: by category.
        undecided: what becomes of held messages nobody decides in time, `show` or `hide`.

    Raises:
        CommandError: `invalid_payload`, naming the category or the level that is none.
    """
    with transaction.atomic(durable=True):
        RulesVersion.objects.select_for_update().get()
        before = policy_in_force(stream_id)
        policy = PolicyRow(
            stream_id=stream_id,
            hold=before.hold if before is not None else None,
            stop=before.stop if before is not None else None,
            ban=before.ban if before is not None else None,
            levels={**(before.levels if before is not None else {}), **levels},
            undecided=undecided or (before.undecided if before is not None else ""),
            created_by_id=actor.user_id,
        )
        return put_in_force(actor=actor, policy=policy)


def described(policy: PolicyRow) -> dict[str, object]:
    """A policy as the audit log keeps it."""
    thresholds = {"hold": policy.hold, "stop": policy.stop, "ban": policy.ban}
    rest = {"levels": policy.levels, "undecided": policy.undecided}
    return {"stream": policy.stream_id, "number": policy.number, **thresholds, **rest}


def _require_least_levels(policy: PolicyRow) -> None:
    if policy.stream_id is None:
        return
    for name, least in settings.MODERATION_LEAST_LEVELS.items():
        if policy.levels.get(name, least) < least:
            raise ValueError(f"in a stream the level of {name} is at least {least}")


def _require_few_patterns(entries: Iterable[ListEntry]) -> None:
    patterns = Counter(entry.stream_id for entry in entries if entry.kind == EntryKind.REGEX)
    if max(patterns.values(), default=0) > MOST_PATTERNS:
        words = f"there may be {MOST_PATTERNS} patterns in a stream and as many everywhere; words cost less"
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {words}")


def _key(entry: ListEntry) -> tuple[str, str, str, int | None]:
    return entry.list, entry.kind, entry.value, entry.stream_id


def _meaning(entry: ListEntry) -> tuple[str, int, str]:
    return entry.category, entry.level, entry.note


def _take_over(there: ListEntry, wanted: ListEntry) -> ListEntry:
    there.category, there.level, there.note = wanted.category, wanted.level, wanted.note
    return there
