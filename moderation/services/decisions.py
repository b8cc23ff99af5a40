"""Keeping what was decided on a message, with all that led to it."""

from moderation.models import Decision
from moderation.policy import Verdict


def keep_decision(*, user_id: int, stream_id: int, text: str, verdict: Verdict, provider: str = "") -> Decision:
    """Write down a verdict, in the caller's transaction.

    Args:
        text: what was judged; empty when nothing followed and the message itself is there to be read.
        provider: who judged, when it was not the model on this machine.
    """
    return Decision.objects.create(
        user_id=user_id,
        stream_id=stream_id,
        text=text,
        action=verdict.action,
        score=verdict.score,
        categories=dict(verdict.categories),
        matched=list(verdict.matched),
        provider=provider,
        model_version=verdict.model_version,
        policy_version=verdict.policy_version,
        thresholds=verdict.policy.as_stored(),
    )
