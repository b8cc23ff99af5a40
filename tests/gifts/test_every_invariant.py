"""Whatever sequence of gifts, voids, boosts, purchases, payouts and crashes: every invariant holds after each step."""

import asyncio
import json
import secrets
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audit.services import AUTOMATIC
from gateway.database import in_database
from gateway.errors import CommandError
from gateway.idempotency import CommandKey
from gifts.models import SentGift
from gifts.services import wallets
from gifts.services.boosts import boost_battle
from gifts.services.sending import GiftDraft, send_gifts
from gifts.services.tiers import buy_tier, pay_daily_bonuses
from gifts.services.voids import void_gift
from og.models import DailyBonus, Progress
from streams.models import Battle, BattlePoints, BattleStatus, Reign, StreamTotal
from streams.selectors import find_card
from streams.services import battles, challenges, throne
from tests.coins import assert_ledger_holds, give, identity_of, wallet
from tests.people import make_people, make_stream

PRICES = {"rose": 10, "heart": 50, "crown": 200, "halo": 1000}


class Crash(Exception):
    """The process died before it could commit."""


@contextmanager
def crashing(happens):
    """All that is done inside is undone, as when the process dies before the commit."""
    if not happens:
        yield
        return
    process = transaction.atomic()
    # Services insist on being outermost, unless a test stands around them.
    process._from_testcase = True
    with suppress(Crash), process:
        yield
        raise Crash


crashes = st.sampled_from([False, False, False, True])
viewers = st.integers(0, 2)
streams = st.integers(0, 1)


class Coins(RuleBasedStateMachine):
    """Three viewers, two hosts who battle, and a model of what each must have."""

    @initialize()
    def begin(self):
        self.now = timezone.now()
        self.people = make_people(5)
        self.hosts, self.viewers = self.people[3:], self.people[:3]
        self.streams = [make_stream(host) for host in self.hosts]
        self.cards = [find_card(str(stream.pk)) for stream in self.streams]
        self.gifts = []
        self.answers = {}
        self.held = Counter()
        self.gifted = defaultdict(Counter)
        for person in self.viewers:
            self.issue(person, 3000, 100)
        host, rival = map(identity_of, self.hosts)
        challenges.invite_to_battle(host=host, card=self.cards[0], opponent=self.cards[1], now=self.now)
        self.battle = Battle.objects.get(sides__stream=self.streams[0])
        challenges.accept_battle(host=rival, battle_id=str(self.battle.pk), now=self.now)

    def issue(self, person, coins, bonus):
        give(person, coins, bonus)
        self.held[person.id] += coins + bonus

    @rule(
        viewer=viewers, stream=streams, gift=st.sampled_from(sorted(PRICES)), quantity=st.integers(1, 3), crash=crashes
    )
    def send(self, viewer, stream, gift, quantity, crash):
        person, cost = self.viewers[viewer], PRICES[gift] * quantity
        affordable = self.held[person.id] >= cost
        cid = secrets.token_hex(4)
        key = CommandKey(person.id, "gift:sent", cid, b"0" * 16)
        draft = GiftDraft(identity_of(person), self.cards[stream], gift, quantity, key)
        before = wallet(person)
        with crashing(crash):
            (answer,) = send_gifts(drafts=[draft], now=self.now)
        assert answer.ok == affordable
        if affordable and not crash:
            bonus = min(before[1], cost)
            self.held[person.id] -= cost
            self.held[self.hosts[stream].id] += (cost - bonus) * 70 // 100 + bonus * 70 // 100
            self.gifted[stream][person.id] += cost
            self.gifts.append(
                (SentGift.objects.get(sender=person.user, transfer=transaction_of(answer)), viewer, stream)
            )
            self.answers[cid] = (draft, answer)

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def retry(self, data):
        draft, answer = self.answers[data.draw(st.sampled_from(sorted(self.answers)))]
        assert send_gifts(drafts=[draft], now=self.now) == [answer]

    @precondition(lambda self: self.gifts)
    @rule(data=st.data(), crash=crashes)
    def void(self, data, crash):
        number = data.draw(st.integers(0, len(self.gifts) - 1))
        sent, viewer, stream = self.gifts[number]
        host = self.hosts[stream]
        before = sum(wallet(host))
        with crashing(crash):
            void_gift(transfer_id=sent.transfer_id, reason="a test", actor=AUTOMATIC, now=self.now)
        if not crash:
            del self.gifts[number]
            self.held[self.viewers[viewer].id] += sent.cost
            self.held[host.id] += sum(wallet(host)) - before
            self.gifted[stream][self.viewers[viewer].id] -= sent.cost
            assert sum(wallet(host)) <= before

    @rule(viewer=viewers, stream=streams, kind=st.sampled_from(["attack", "special", "defense"]),
          amount=st.integers(1, 400), crash=crashes)  # fmt: skip
    def boost(self, viewer, stream, kind, amount, crash):
        person = self.viewers[viewer]
        try:
            with crashing(crash):
                boost_battle(
                    booster=identity_of(person), card=self.cards[stream], kind=kind, amount=amount, now=self.now
                )
        except CommandError:
            return
        if not crash:
            self.held[person.id] -= amount

    @rule(viewer=viewers, level=st.integers(1, 2), crash=crashes)
    def buy(self, viewer, level, crash):
        person = self.viewers[viewer]
        before = sum(wallet(person))
        try:
            with crashing(crash):
                buy_tier(buyer=identity_of(person), level=level, now=self.now)
        except CommandError:
            return
        self.held[person.id] += sum(wallet(person)) - before
        assert sum(wallet(person)) <= before

    @rule(viewer=viewers, coins=st.integers(4000, 9000), crash=crashes)
    def top_up(self, viewer, coins, crash):
        person, provider_id = self.viewers[viewer], secrets.token_hex(6)
        with crashing(crash):
            for _ in range(2):
                wallets.top_up(provider_id=provider_id, user_id=person.user.pk, coins=coins, report={}, now=self.now)
        if not crash:
            self.held[person.id] += coins

    @rule(host=streams, coins=st.integers(1000, 2000), paid=st.booleans())
    def payout(self, host, coins, paid):
        person = self.hosts[host]
        try:
            payout = wallets.request_payout(user_id=person.user.pk, coins=coins, key=secrets.token_hex(6), now=self.now)
        except CommandError:
            assert wallet(person)[0] < coins
            return
        wallets.decide_payout(payout_id=payout.pk, paid=paid, actor=AUTOMATIC, now=self.now)
        if paid:
            self.held[person.id] -= coins

    @rule(viewer=viewers, stream=streams)
    def claim(self, viewer, stream):
        try:
            throne.claim_throne(claimer=identity_of(self.viewers[viewer]), card=self.cards[stream], now=self.now)
        except CommandError:
            return

    @rule(hours=st.sampled_from([0, 0.01, 0.05, 1, 25]))
    def wait(self, hours):
        self.now += timedelta(hours=hours)
        pay_daily_bonuses(now=self.now)
        battles.finish_due(now=self.now)
        for person in self.viewers:
            paid = sum(DailyBonus.objects.filter(user=person.user).values_list("coins", flat=True))
            self.held[person.id] += paid - self.__dict__.setdefault("bonuses", Counter())[person.id]
            self.bonuses[person.id] = paid

    @invariant()
    def everybody_has_what_they_must_have(self):
        for person in getattr(self, "people", []):
            assert sum(wallet(person)) == self.held[person.id]

    @invariant()
    def the_ledger_holds(self):
        assert_ledger_holds()

    @invariant()
    def totals_are_those_of_the_gifts(self):
        for number, stream in enumerate(getattr(self, "streams", [])):
            totals = {str(total.user_id): total.coins for total in StreamTotal.objects.filter(stream=stream)}
            assert +Counter(totals) == +self.gifted[number]
        for person in getattr(self, "viewers", []):
            gifted = sum(self.gifted[number][person.id] for number in range(2))
            assert sum(Progress.objects.filter(user=person.user).values_list("coins", flat=True)) == gifted

    @invariant()
    def who_sits_on_a_throne_has_what_it_took(self):
        for number, stream in enumerate(getattr(self, "streams", [])):
            for reign in Reign.objects.filter(throne=stream.pk, ended_at=None, expires_at__gt=self.now):
                assert self.gifted[number][str(reign.user_id)] >= reign.needed

    @invariant()
    def scores_are_those_of_the_points(self):
        if hasattr(self, "battle"):
            for side in self.battle.sides.all():
                points = BattlePoints.objects.filter(side=side, is_void=False)
                assert side.score == sum(points.values_list("points", flat=True))
            self.battle.refresh_from_db()
            assert (self.battle.status == BattleStatus.ENDED) <= (self.now >= self.battle.ends_at)


def transaction_of(answer):
    return int(json.loads(answer.body)["transactionId"])


async def test_every_invariant_holds_after_every_step():
    def run():
        run_state_machine_as_test(
            Coins,
            settings=settings(
                max_examples=15,
                stateful_step_count=25,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

    await asyncio.wait_for(in_database(run), 120)
