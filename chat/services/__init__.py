"""Writing messages: judged, stored and announced a batch at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.utils import timezone

from chat import render, selectors
from chat.events import ChatMessage
from chat.manners import settings_for
from chat.models import ROOM_WIDE, Kind, Message, RemovalReason, Visibility
from chat.render import NewMessage
from chat.rooms import rooms_to_tell
from chat.services.delay import announce_delayed
from chat.services.subjects import MESSAGE_KIND
from gateway.database import write_rows
from gateway.dispatch import refusal
from gateway.encryption import Place, seal
from gateway.errors import CommandError, ErrorCode
from gateway.events import encode, iso
from gateway.idempotency import Answer, CommandKey, remember
from gateway.identity import Identity
from gateway.publish import Announcement, publish_many
from gateway.rooms import user_room
from moderation import rulebook
from moderation import services as moderation_services
from moderation.assess import judge
from moderation.lexicon import Category
from moderation.policy import Action, Verdict
from moderation.restrictions import NONE, restrictions_of
from moderation.rulebook import Rulebook
from moderation.selectors.second_look import lasting_outage
from moderation.services import holds, second_look
from moderation.services.opinions import AWAY_RULE, fail_action
from moderation.spam import has_shortener
from streams import services as stream_services
from streams.selectors import StreamCard

_EVENT = "chat:new"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as its author sent it, to a stream they may see."""

    author: Identity
    card: StreamCard
    text: str
    type: Visibility
    message_type: Kind
    reply_to: int | None = None
    spotlight: bool = False
    key: CommandKey | None = None


@dataclass(slots=True)
class _Outcome:
    """What becomes of a draft: a message, or a refusal; and the answer either way."""

    draft: Draft
    verdict: Verdict
    message: NewMessage | None = None
    error: CommandError | None = None
    is_hidden: bool = False
    is_held: bool = False
    wants_look: bool = False
    appears_at: datetime | None = None
    announcements: list[Announcement] = field(default_factory=list)

    @property
    def answer(self) -> Answer:
        if self.error is not None:
            return refusal(self.error, _EVENT)
        assert self.message is not None
        more: dict[str, object] = {"held": True} if self.is_held else {}
        if self.appears_at is not None:
            more["appearsAt"] = iso(self.appears_at)
        return Answer(ok=True, body=encode({"id": str(self.message.id), **more}).decode())

    @property
    def unshown(self) -> str:
        """Why the room is not shown the message yet; empty when it is."""
        if self.is_held:
            return RemovalReason.HELD
        return RemovalReason.DELAYED if self.appears_at is not None else ""

    @property
    def is_final(self) -> bool:
        return self.error is None or self.error.final


def send_messages(*, drafts: Sequence[Draft]) -> list[Answer]:
    """Judge, store and announce messages: one call of the model, one transaction, one publish pipeline.

    A message that is stopped reaches nobody; its author is warned. One that is held is stored, and reaches nobody
    until a moderator decides; its author is told. A draft whose `cid` was answered before
    has no effect and gets that answer.

    Args:
        drafts: at most one for each (user, cid).

    Returns:
        The answer to each draft, in their order.
    """
    rules = rulebook.current()
    verdicts = judge([draft.text for draft in drafts], [rules.of(draft.card.id) for draft in drafts])
    outcomes = [_Outcome(draft, verdict) for draft, verdict in zip(drafts, verdicts, strict=True)]
    with transaction.atomic(durable=True):
        _decide(outcomes, rules)
        _compose([outcome for outcome in outcomes if outcome.error is None])
        keys = {outcome.draft.key: outcome.answer for outcome in outcomes if outcome.draft.key and outcome.is_final}
        earlier = remember(keys)
        fresh = [outcome for outcome in outcomes if outcome.draft.key not in earlier]
        _store([outcome for outcome in fresh if outcome.message is not None])
        for outcome in fresh:
            if outcome.error is not None and outcome.error.code is ErrorCode.CONTENT_STOPPED:
                _stop(outcome)
    return [
        earlier.get(outcome.draft.key, outcome.answer) if outcome.draft.key else outcome.answer for outcome in outcomes
    ]


def _decide(outcomes: list[_Outcome], rules: Rulebook) -> None:
    restricted = restrictions_of({outcome.draft.author.user_id for outcome in outcomes})
    for outcome in outcomes:
        restrictions = restricted.get(outcome.draft.author.user_id, NONE)
        try:
            restrictions.require_voice(outcome.draft.card.id)
        except CommandError as error:
            outcome.error = error
            continue
        outcome.is_hidden = restrictions.is_hidden_in(outcome.draft.card.id)
        outcome.error = _refused(outcome, rules)
    _hold([outcome for outcome in outcomes if outcome.error is None])


def _refused(outcome: _Outcome, rules: Rulebook) -> CommandError | None:
    draft, verdict = outcome.draft, outcome.verdict
    if verdict.action in (Action.STOP, Action.BAN):
        return moderation_services.refusal(verdict)
    manners = settings_for(draft.author, draft.card)
    if manners is None or Category.LINKS not in verdict.categories:
        return None
    if not manners.links_allowed:
        return CommandError(ErrorCode.LINKS_NOT_ALLOWED)
    if has_shortener(draft.text, rules.of(draft.card.id).lists):
        return CommandError(ErrorCode.LINK_SHORTENER)
    return None


def _hold(outcomes: list[_Outcome]) -> None:
    """Let doubtful messages wait for a moderator, and the first link of a new account; not of who moderates here.

    What a shadow ban hides needs nobody's decision.
    """
    outcomes = [o for o in outcomes if not o.is_hidden and not o.draft.card.may_moderate(o.draft.author)]
    linking = {int(o.draft.author.user_id) for o in outcomes if Category.LINKS in o.verdict.categories}
    newcomers = selectors.newcomers(linking)
    for outcome in outcomes:
        is_first_link = Category.LINKS in outcome.verdict.categories and int(outcome.draft.author.user_id) in newcomers
        outcome.is_held = is_first_link or outcome.verdict.action is Action.HOLD
    _look_again([outcome for outcome in outcomes if not outcome.is_held])


def _look_again(outcomes: list[_Outcome]) -> None:
    """Choose what is looked at again once it is published; while nobody can be asked, do as the streams say.

    Whispers are for a few alone, and shown to nobody elsewhere.
    """
    wanting = [o for o in outcomes if o.draft.type is not Visibility.PRIVATE and second_look.is_wanted(o.verdict.score)]
    is_away = bool(wanting) and lasting_outage() is not None
    for outcome in wanting:
        action = fail_action(outcome.draft.card) if is_away else Action.ALLOW
        outcome.wants_look = action is Action.ALLOW
        if action is Action.HOLD:
            outcome.is_held = True
            outcome.verdict = replace(outcome.verdict, matched=(*outcome.verdict.matched, AWAY_RULE))
        elif action is Action.STOP:
            outcome.error = moderation_services.cannot_check()


def _compose(outcomes: list[_Outcome]) -> None:
    """Make the messages, and the events that tell of them, before either is written."""
    if not outcomes:
        return
    now = timezone.now()
    answered = selectors.messages_by_id(o.draft.reply_to for o in outcomes if o.draft.reply_to is not None)
    mentions = render.resolve_mentions([outcome.draft.text for outcome in outcomes])
    ids = selectors.next_ids(len(outcomes))
    for outcome, message_id, mentioned in zip(outcomes, ids, mentions, strict=True):
        draft = outcome.draft
        target = answered.get(draft.reply_to) if draft.reply_to is not None else None
        if draft.reply_to is not None and not _may_answer(draft, target):
            outcome.error = CommandError(ErrorCode.NOT_FOUND, "The message you answer is not there")
            continue
        manners = settings_for(draft.author, draft.card)
        if manners is not None and manners.chat_delay_seconds and draft.type in ROOM_WIDE and not outcome.is_held:
            outcome.appears_at = now + timedelta(seconds=manners.chat_delay_seconds)
        outcome.message = _message(outcome, message_id, now, mentioned, target)
        event = render.render_of(outcome.message, draft.author, target, draft.card)
        outcome.announcements = _announcements(outcome, event, target)


def _announcements(outcome: _Outcome, event: ChatMessage, target: Message | None) -> list[Announcement]:
    """Who is told of a message: of a delayed one, those who moderate; of what a shadow ban hides, its author alone."""
    draft = outcome.draft
    if outcome.appears_at is not None:
        return [] if outcome.is_hidden else [announce_delayed(event, draft.card, outcome.appears_at)]
    if outcome.is_hidden:
        return [Announcement(user_room(draft.author.user_id), event)]
    return [Announcement(room, event) for room in rooms_to_tell(draft.type, draft.author, target, draft.card)]


def _message(
    outcome: _Outcome, message_id: int, now: datetime, mentions: list[dict[str, object]], target: Message | None
) -> NewMessage:
    draft, verdict = outcome.draft, outcome.verdict
    return NewMessage(
        id=message_id,
        stream_id=int(draft.card.id),
        author_id=int(draft.author.user_id),
        text=draft.text,
        type=draft.type,
        message_type=draft.message_type,
        mentions=mentions,
        reply_to_id=target.pk if target is not None else None,
        thread_id=(target.thread_id or target.pk) if target is not None else None,
        score=verdict.score,
        model_version=verdict.model_version,
        policy_version=verdict.policy_version,
        created_at=now,
        is_spotlight=draft.spotlight,
        is_hidden=outcome.is_hidden,
        removed_at=now if outcome.unshown else None,
        removed_reason=outcome.unshown,
        appears_at=outcome.appears_at,
    )


def _may_answer(draft: Draft, target: Message | None) -> bool:
    if target is None or target.removed_at is not None or str(target.stream_id) != draft.card.id:
        return False
    is_own = str(target.author_id) == draft.author.user_id
    if target.is_hidden and not is_own:
        return False
    if target.type == Visibility.LOUNGE:
        return draft.type is Visibility.LOUNGE
    if target.type != Visibility.PRIVATE:
        return True
    # A whisper is answered in a whisper: a public reply would show its preview to the room.
    return draft.type is Visibility.PRIVATE and (is_own or draft.card.may_moderate(draft.author))


def _store(outcomes: list[_Outcome]) -> None:
    if not outcomes:
        return
    _insert([outcome.message for outcome in outcomes if outcome.message is not None])
    shown = [outcome for outcome in outcomes if not outcome.is_held]
    publish_many(announcement for outcome in shown for announcement in outcome.announcements)
    for outcome in outcomes:
        if outcome.is_held:
            _let_wait(outcome)
    counts = Counter(
        outcome.draft.card.id
        for outcome in shown
        if outcome.draft.type in ROOM_WIDE and not outcome.is_hidden and outcome.appears_at is None
    )
    if counts:
        stream_services.count_comments(counts=counts)
    second_look.ask_for_look(
        second_look.Candidate(MESSAGE_KIND, outcome.message.id, outcome.verdict.score)
        for outcome in shown
        if outcome.wants_look and outcome.message is not None and outcome.appears_at is None
    )


def _insert(messages: list[NewMessage]) -> None:
    write_rows(
        """
        INSERT INTO chat_message (id, stream_id, author_id, text, type, message_type, mentions, reply_to_id, thread_id,
                                  score, model_version, policy_version, created_at, is_spotlight, is_hidden,
                                  removed_at, removed_reason, appears_at)
        SELECT * FROM json_to_recordset(%s) AS m(
            id bigint, stream_id bigint, author_id bigint, text text, type text, message_type text, mentions jsonb,
            reply_to_id bigint, thread_id bigint, score float8, model_version text, policy_version text,
            created_at timestamptz, is_spotlight boolean, is_hidden boolean, removed_at timestamptz,
            removed_reason text, appears_at timestamptz)
        """,
        [_as_stored(message) for message in messages],
    )


def _as_stored(message: NewMessage) -> NewMessage:
    """The message with its text as the row holds it: a whisper's is encrypted for the row."""
    if message.type != Visibility.PRIVATE:
        return message
    place = Place(Message._meta.db_table, "text", str(message.id))
    return msgspec.structs.replace(message, text=seal(message.text, place))


def _let_wait(outcome: _Outcome) -> None:
    assert outcome.message is not None
    holds.hold_message(
        author=outcome.draft.author,
        stream_id=outcome.draft.card.id,
        subject_kind=MESSAGE_KIND,
        subject_id=outcome.message.id,
        text=outcome.draft.text,
        verdict=outcome.verdict,
    )


def _stop(outcome: _Outcome) -> None:
    moderation_services.stop_message(
        author=outcome.draft.author,
        stream_id=outcome.draft.card.id,
        text=outcome.draft.text,
        verdict=outcome.verdict,
    )
