"""What a fault test did and counted: one line of a table, shown by `make faults`."""

import sys
import time

# How long a test waits for what must come, however busy the machine is.
PATIENCE_SECONDS = 60.0


class Report:
    """Lines of one test; each is printed at once.

    Attributes:
        is_held: whether a time that is promised fails the test when it is not kept.
        began: when the test began.
    """

    def __init__(self, fault: str, *, is_held: bool) -> None:
        self.fault = fault
        self.is_held = is_held
        self.began = time.monotonic()

    def within(self, promised: float, took: float) -> float:
        """`took`, which was promised to be at most `promised` seconds."""
        assert took <= promised or not self.is_held, f"{took:.2f} s, and {promised} s were promised"
        return took

    def line(self, **counted: object) -> None:
        """Print what was counted so far."""
        numbers = ", ".join(f"{name.replace('_', ' ')} {_text(value)}" for name, value in counted.items())
        sys.stdout.write(f"\n| {self.fault} | {numbers} | {time.monotonic() - self.began:.1f} s |")
        sys.stdout.flush()


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
