"""Beat and its worker stop for three days and start again: each user has exactly three daily bonuses."""

from datetime import timedelta

from celery.beat import PersistentScheduler
from django.utils import timezone

from gateway.database import in_database
from gifts.services.tiers import buy_tier
from og.models import DailyBonus
from realtime_project.celery import app
from tests.celery_processes import READY_SECONDS, celery_beat, celery_worker, said
from tests.coins import assert_ledger_holds, give, identity_of, wallet
from tests.people import make_people

DAYS = 3
BONUS = 200


def leave_schedule(path, last_run):
    """The schedule file of a beat that stopped at `last_run`."""
    scheduler = PersistentScheduler(app, schedule_filename=str(path), lazy=True)
    scheduler.setup_schedule()
    for entry in scheduler.schedule.values():
        entry.last_run_at = last_run
    scheduler.close()


async def test_who_had_a_tier_meanwhile_is_paid_three_days_once_and_no_more(tmp_path):
    stopped = timezone.now() - timedelta(days=DAYS)
    people = await in_database(make_people, 5)

    def buy():
        for person in people:
            give(person, 5000)
            buy_tier(buyer=identity_of(person), level=1, now=stopped)

    await in_database(buy)
    for run in ("first", "second"):
        schedule, worker, beat = (tmp_path / f"{run}.{name}" for name in ("schedule", "worker", "beat"))
        leave_schedule(schedule, stopped)
        async with celery_worker(worker), celery_beat(beat, schedule):
            await said(beat, "Sending due task keep-tiers", READY_SECONDS)
            await said(worker, r"Task gifts\.tasks\.keep_tiers\S+ succeeded", READY_SECONDS)

    # One more when midnight came meanwhile.
    owed = (timezone.now().date() - stopped.date()).days
    for person in people:
        assert await in_database(DailyBonus.objects.filter(user=person.user).count) == owed
        assert await in_database(wallet, person) == (0, owed * BONUS)
    await in_database(assert_ledger_holds)
