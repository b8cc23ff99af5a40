"""What the tests of gifts share."""

import pytest

from tests.coins import give
from tests.people import Person


@pytest.fixture
def rich(bob: Person) -> Person:
    """Bob, with a thousand coins."""
    give(bob, 1000)
    return bob
