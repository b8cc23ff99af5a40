"""Who gets back, over others, what they give."""

import pytest

from gifts.circles import in_circles

LONG = [(person, person + 1) for person in range(50_000)]


@pytest.mark.parametrize(
    ("gifts", "members"),
    [
        ([], set()),
        ([(1, 2)], set()),
        ([(1, 2), (2, 1)], {1, 2}),
        ([(1, 2), (2, 3), (3, 1), (3, 4), (5, 1)], {1, 2, 3}),
        ([(1, 2), (2, 1), (2, 3), (3, 4), (4, 5), (5, 4)], {1, 2, 4, 5}),
        ([(1, 2), (1, 3), (2, 4), (3, 4)], set()),
    ],
    ids=[
        "nobody",
        "one way",
        "to and fro",
        "three of five",
        "between two",
        "two ways there",
    ],
)
def test_the_members_of_circles_and_nobody_else(gifts, members):
    assert in_circles(gifts) == members


def test_a_circle_may_be_as_long_as_a_week_has_gifts():
    assert in_circles(LONG) == set()
    assert len(in_circles([*LONG, (50_000, 0)])) == 50_001
