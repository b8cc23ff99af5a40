"""What a fault test did and counted: one line of a table, shown by `make faults`."""

import sys
import time


class Report:
    """Lines of one test; each is printed at once.

    Attributes:
        began: when the test began.
    """

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.began = time.monotonic()

    def line(self, **counted: object) -> None:
        """Print what was counted so far."""
        numbers = ", ".join(f"{name.replace('_', ' ')} {_text(value)}" for name, value in counted.items())
        sys.stdout.write(f"\n| {self.fault} | {numbers} | {time.monotonic() - self.began:.1f} s |")
        sys.stdout.flush()


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
