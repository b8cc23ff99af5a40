"""Malformed, oversized and hostile input over every transport: nobody is let in, and a room notices nothing.

`make faults` sends a hundred times as much.
"""

from tests.faults.hostile import attack


async def test_a_hundred_of_each_kind(alice, bob, charlie, stream, crowd):
    sent = (await attack(1, 100, alice, bob, charlie, stream, crowd)).sent

    assert set(sent.values()) == {100}
