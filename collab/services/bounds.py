"""How many there may be of what a session holds."""

from gateway.errors import CommandError, ErrorCode


def require_fewer(count: int, most: int, what: str) -> None:
    """Require that one more may come.

    Args:
        count: how many there are.
        most: how many there may be.
        what: their name, in the plural.

    Raises:
        CommandError: `invalid_state`.
    """
    if count >= most:
        raise CommandError(ErrorCode.INVALID_STATE, f"A session has at most {most} {what}")
