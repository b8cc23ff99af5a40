"""What moderation shows of a user on their page in the admin."""

from django.urls import reverse

from accounts.models import User
from accounts.user_page import Section, contribute, listed
from moderation.selectors import moderation_score, sanctions_of

_ROWS = 10


@contribute
def sanctions(user: User) -> Section:
    """The user's record, and the way to add to it."""
    rows = [
        (
            sanction.created_at,
            sanction.get_rung_display(),
            sanction.stream or "everywhere",
            sanction.until or "—",
            "over" if sanction.ended_at else "in force",
            sanction.reason,
        )
        for sanction in sanctions_of(user.pk)[:_ROWS]
    ]
    return Section(
        f"Sanctions · score {moderation_score(user.pk):.1f}",
        ("When", "Rung", "Where", "Until", "State", "Reason"),
        rows,
        [
            ("Sanction", f"{reverse('admin:moderation_sanction_add')}?user={user.pk}"),
            ("Lift and see all", listed("moderation_sanction", q=user.username)),
        ],
    )
