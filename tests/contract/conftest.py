"""What all contract tests share."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The stock Engine.IO client forgets to release its answers to polling requests.
    unreleased = pytest.mark.filterwarnings(r"ignore:Exception ignored in. <function \w+\.__del__")
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(unreleased)
