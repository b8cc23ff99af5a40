"""What `manage.py doctor` asks of the second look."""

from gateway.events import iso
from gateway.health import check
from moderation.selectors.second_look import lasting_outage


@check("second_look")
def second_look() -> str:
    """The provider of the second look answers, when there is one."""
    outage = lasting_outage()
    return f"{outage.provider} cannot be asked since {iso(outage.began_at)}" if outage else ""
