"""Top-ups by signed webhook, grants, payouts, statements, and the proof that the ledger is right."""

import json
import time
from io import StringIO

import aiohttp
import pytest
from django.core.management import CommandError as CommandFailed
from django.core.management import call_command

from audit.services import AUTOMATIC
from gateway.database import in_database
from gateway.errors import CommandError
from gateway.testing_servers import server_process
from gifts.models import Payout
from gifts.selectors import ledger_faults
from gifts.services import wallets
from gifts.signature import sign
from tests.coins import assert_ledger_holds, give, send, wallet
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import done, rest

KEYS = ["an-old-key-of-the-provider", "the-new-key-of-the-provider"]


@pytest.fixture(scope="module")
async def till():
    """A server that knows the provider's keys."""
    async with server_process(env={**SERVER_ENVIRONMENT, "TOP_UP_KEYS": ",".join(KEYS)}) as server:
        yield server


async def report(server, body, *, key=KEYS[1], moment=None, signature=None):
    data = json.dumps(body).encode()
    header = signature if signature is not None else sign(data, key, moment or int(time.time()))
    headers = {"X-Signature": header, "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/api/wallet/top-ups/", data=data, headers=headers) as response,
    ):
        return response.status, await response.json()


async def test_a_signed_report_puts_coins_into_the_wallet_once(till, bob, crowd):
    client = await crowd.connect(till, bob)
    body = {"id": f"pay-{bob.id}", "userId": bob.id, "coins": 500, "currency": "EUR"}

    answers = [await report(till, body, key=key) for key in (*KEYS, KEYS[0])]

    assert answers == [(200, answers[0][1])] * 3
    assert await in_database(wallet, bob) == (500, 0)
    told = await client.wait_for("wallet:changed")
    assert (told["coins"], told["reason"], told["transactionId"]) == (500, "top_up", answers[0][1]["transactionId"])
    status, refusal = await report(till, {**body, "coins": 5000})
    assert (status, refusal["error"]["code"]) == (409, "cid_reused")
    assert await in_database(wallet, bob) == (500, 0)


async def test_a_report_that_is_not_the_providers_is_refused(till, bob):
    body = {"id": f"forged-{bob.id}", "userId": bob.id, "coins": 500}
    now = int(time.time())
    good = sign(json.dumps(body).encode(), KEYS[1], now)
    other = sign(json.dumps({**body, "coins": 501}).encode(), KEYS[1], now)
    for refused in (
        {"key": "another key"}, {"moment": now - 301}, {"moment": now + 301}, {"signature": ""}, {"signature": other},
        {"signature": good.upper()}, {"signature": good[:-1]}, {"signature": f"{good},v1=00"},
    ):  # fmt: skip
        assert (await report(till, body, **refused))[0] == 403, refused
    assert await in_database(wallet, bob) == (0, 0)
    assert (await report(till, body, signature=good))[0] == 200


async def test_without_a_key_every_report_is_refused(servers, bob):
    assert (await report(servers[0], {"id": "x", "userId": bob.id, "coins": 5}))[0] == 503


@pytest.mark.parametrize("change", [{"coins": 0}, {"coins": -5}, {"coins": 10**7}, {"coins": 1.5}, {"userId": "0"},
                                    {"userId": "999999999999"}, {"id": ""}])  # fmt: skip
async def test_a_bad_report_changes_nothing(till, bob, change):
    body = {"id": f"bad-{bob.id}", "userId": bob.id, "coins": 5, **change}
    assert (await report(till, body))[0] in (400, 404)
    assert await in_database(wallet, bob) == (0, 0)


async def test_a_payout_leaves_the_wallet_at_once_and_comes_back_when_refused(servers, bob):
    await in_database(give, bob, 3000, 500)
    asked = {"coins": 2000, "key": "p1"}
    first, again = [await rest(servers[0], "POST", "wallet/payouts/", bob, asked) for _ in range(2)]
    assert (first.status, first.body) == (201, again.body)
    assert await in_database(wallet, bob) == (1000, 500)
    for coins, code in ((1001, "insufficient_coins"), (999, "invalid_amount"), (-5, "invalid_amount")):
        refused = await rest(servers[0], "POST", "wallet/payouts/", bob, {"coins": coins, "key": "p2"})
        assert refused.code == code

    payout = await in_database(Payout.objects.get, user=bob.user)
    await in_database(wallets.decide_payout, payout_id=payout.pk, paid=False, actor=AUTOMATIC, reason="no papers")

    assert await in_database(wallet, bob) == (3000, 500)
    with pytest.raises(CommandError, match="decided before"):
        await in_database(wallets.decide_payout, payout_id=payout.pk, paid=True, actor=AUTOMATIC)
    (listed,) = (await rest(servers[0], "GET", "wallet/payouts/", bob)).body
    assert (listed["status"], listed["reason"]) == ("refused", "no papers")
    await in_database(assert_ledger_holds)


async def test_a_statement_tells_what_moved_a_users_coins(servers, alice, bob, stream, crowd):
    await in_database(give, bob, 100, 5)
    client = await crowd.connect(servers[0], bob, "rest")
    receipt = done(await send(client, stream, "rose"))

    lines = (await rest(servers[0], "GET", "wallet/statement/", bob)).body["lines"]

    assert [(line["kind"], line["coins"], line["bonus"]) for line in lines] == [("gift", -5, -5), ("grant", 100, 5)]
    assert lines[0]["transactionId"] == receipt["transactionId"]
    assert (await rest(servers[0], "GET", "wallet/", bob)).body == {"coins": 95, "bonus": 0}
    page = (await rest(servers[0], "GET", f"wallet/statement/?before={receipt['transactionId']}", bob)).body
    assert [line["kind"] for line in page["lines"]] == ["grant"]
    (income,) = (await rest(servers[0], "GET", "wallet/statement/", alice)).body["lines"]
    assert (income["coins"], income["bonus"]) == (3, 3)
    assert (await rest(servers[0], "GET", "wallet/statement/")).status == 401


async def test_a_statement_can_be_had_as_csv(servers, bob):
    await in_database(
        wallets.grant_coins, user_id=bob.user.pk, coins=7, key=f"csv-{bob.id}", reason="=1+1", actor=AUTOMATIC
    )
    headers = {"Authorization": f"Bearer {bob.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{servers[0].url}/api/wallet/statement/?as=csv") as response,
    ):
        assert response.content_type == "text/csv"
        heading, line = (await response.text()).split("\r\n")[:2]
    assert heading == "time,transaction,kind,reason,coins,bonus"
    # A spreadsheet must not take the reason for a formula.
    assert line.endswith(",grant,'=1+1,7,0")
    output = StringIO()
    await in_database(call_command, "export_statement", bob.name, stdout=output)
    assert output.getvalue().splitlines()[1].endswith(",grant,'=1+1,7,0")


async def test_staff_grant_and_void_by_commands(servers, bob, stream, crowd):
    output = StringIO()
    for _ in range(2):
        await in_database(call_command, "grant_coins", bob.name, "50", "--key", f"cmd-{bob.id}", stdout=output)
    await in_database(call_command, "grant_coins", bob.name, "5", "--bonus", stdout=output)
    assert await in_database(wallet, bob) == (50, 5)
    client = await crowd.connect(servers[0], bob, "rest")
    transaction = done(await send(client, stream, "heart"))["transactionId"]
    await in_database(call_command, "void_gift", transaction, "--reason", "a test", stdout=output)
    assert await in_database(wallet, bob) == (50, 5)
    with pytest.raises(CommandFailed, match="voided before"):
        await in_database(call_command, "void_gift", transaction, "--reason", "again", stdout=output)
    for arguments in (("nobody_at_all", "5"), (bob.name, "0"), (bob.name, "-5")):
        with pytest.raises(CommandFailed):
            await in_database(call_command, "grant_coins", *arguments, stdout=output)


async def test_the_catalog_and_statistics(servers, alice, bob, stream, crowd):
    gifts = {gift["id"]: gift for gift in (await rest(servers[0], "GET", "gifts/")).body}
    prices = {"rose": 10, "heart": 50, "crown": 200, "diamond": 500, "halo": 1000}
    assert {name: gifts[name]["price"] for name in prices} == prices
    assert sum(not name.startswith("test_") for name in gifts) == 30
    await in_database(give, bob, 1000)
    client = await crowd.connect(servers[0], bob, "rest")
    for gift, quantity in (("rose", 2), ("heart", 1), ("rose", 1)):
        done(await send(client, stream, gift, quantity))
    body = (await rest(servers[0], "GET", f"streams/{stream.pk}/gifts/")).body
    assert body["gifters"] == [{"userId": bob.id, "username": bob.name, "coins": 80, "gifts": 4}]
    assert [(gift["giftId"], gift["count"], gift["coins"]) for gift in body["gifts"]] == [
        ("heart", 1, 50),
        ("rose", 3, 30),
    ]
    assert (await rest(servers[0], "GET", "gifts/sent/", bob)).body == body["gifts"]


async def test_the_ledger_is_proved_right(servers, bob):
    await in_database(give, bob, 5)
    output = StringIO()
    await in_database(call_command, "reconcile_ledger", stdout=output)
    assert await in_database(lambda: [ids for _, ids in ledger_faults()]) == [[]] * 8


async def test_a_wrong_ledger_is_noticed(servers, bob, monkeypatch):
    from gifts import selectors

    await in_database(give, bob, 5)
    monkeypatch.setattr(selectors, "_PROOFS", {"wallets with coins": "SELECT id FROM gifts_account WHERE balance > 0"})
    output = StringIO()
    with pytest.raises(CommandFailed, match="the ledger is wrong"):
        await in_database(call_command, "reconcile_ledger", stdout=output)
