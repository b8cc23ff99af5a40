"""Reading lists and policies."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db.models import QuerySet

from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity
from moderation.assess import Rules
from moderation.lexicon import Category
from moderation.lists import NO_LISTS, Lists, Rule
from moderation.models.rules import EntryKind, ListEntry, ListName, PolicyRow, RulesVersion
from moderation.policy import Policy
from streams.selectors import access_card


def rules_version() -> int:
    """The number that rises with every change of lists and policies."""
    return RulesVersion.objects.values_list("number", flat=True).get()


def entries() -> QuerySet[ListEntry]:
    """All entries of all lists, the oldest first."""
    return ListEntry.objects.order_by("id")


def policy_in_force(stream_id: int | None) -> PolicyRow | None:
    """The latest policy of a stream alone, or of everywhere; None when there is none."""
    return PolicyRow.objects.filter(stream=stream_id, number__isnull=False).order_by("-number").first()


def policy_of(stream_id: int | None) -> Policy:
    """What holds in a stream, or everywhere, as the database has it."""
    everywhere, own = policy_in_force(None), policy_in_force(stream_id) if stream_id is not None else None
    policy = everywhere.over(Policy.from_settings()) if everywhere is not None else Policy.from_settings()
    return own.over(policy) if own is not None else policy


def access_policed_stream(identity: Identity, stream_id: str) -> int:
    """The id of a stream whose levels the user may set: its host and moderators may.

    Raises:
        CommandError: `invalid_stream`, `access_denied`.
    """
    card = access_card(identity, stream_id)
    if not (card.is_host(identity) or identity.is_moderator):
        raise CommandError(ErrorCode.ACCESS_DENIED)
    return int(card.id)


def drafts() -> QuerySet[PolicyRow]:
    """Policies that are not in force yet."""
    return PolicyRow.objects.filter(number__isnull=True)


def read_rules(draft: PolicyRow | None = None) -> tuple[Rules, dict[str, Rules]]:
    """What holds everywhere, and what holds in the streams that have lists or a policy of their own; two queries.

    With a `draft`, as if it was in force.
    """
    lists, policies = _lists(), _policies()
    if draft is not None:
        policies[draft.stream_id] = draft
    policy = policies.pop(None).over(Policy.from_settings()) if None in policies else Policy.from_settings()
    everywhere = Rules(policy, lists.pop(None, NO_LISTS))
    own = {
        str(stream_id): Rules(
            policies[stream_id].over(policy) if stream_id in policies else policy,
            replace(lists[stream_id], wider=everywhere.lists) if stream_id in lists else everywhere.lists,
        )
        for stream_id in {*lists, *policies} - {None}
    }
    return everywhere, own


def _lists() -> dict[int | None, Lists]:
    found: dict[int | None, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
    rows: Iterable[tuple[int, str, str, str, str, int, int | None]]
    rows = entries().values_list("id", "list", "kind", "value", "category", "level", "stream")
    for pk, name, kind, value, category, level, stream_id in rows:
        found[stream_id][f"{name} {kind}"].append(Rule(f"list/{pk}", value, Category(category), level))
    return {stream_id: _as_lists(rules) for stream_id, rules in found.items()}


def _as_lists(rules: Mapping[str, list[Rule]]) -> Lists:
    """Lists of the rules that are kept under the name of their list and their kind."""

    def of(name: ListName, kind: EntryKind) -> tuple[Rule, ...]:
        return tuple(rules.get(f"{name} {kind}", ()))

    return Lists(
        blocked_words=of(ListName.BLOCK, EntryKind.WORD),
        blocked_patterns=of(ListName.BLOCK, EntryKind.REGEX),
        blocked_domains=of(ListName.BLOCK, EntryKind.DOMAIN),
        allowed_words=of(ListName.ALLOW, EntryKind.WORD),
        allowed_patterns=of(ListName.ALLOW, EntryKind.REGEX),
        allowed_domains=of(ListName.ALLOW, EntryKind.DOMAIN),
    )


def _policies() -> dict[int | None, PolicyRow]:
    latest = PolicyRow.objects.filter(number__isnull=False).order_by("stream_id", "-number").distinct("stream_id")
    return {row.stream_id: row for row in latest}
