"""What all contract tests share."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The stock Engine.IO client forgets answers to polling requests, and its session when the server ends it.
    unreleased = pytest.mark.filterwarnings(
        r"ignore:Exception ignored in. <function (Connection|ClientSession)\.__del__"
    )
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(unreleased)
