"""Malformed, oversized and hostile input over every transport: nobody is let in, and a room notices nothing.

`make faults` sends fifty times as much of each.
"""

from tests.faults.hostile import attack


async def test_forty_of_each_kind(alice, bob, charlie, stream, crowd):
    sent = (await attack(1, 40, alice, bob, charlie, stream, crowd)).sent

    assert set(sent.values()) == {40}
