"""A batch is judged as its messages would be one by one, with one call of the model."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import override_settings

from moderation.assess import Rules, assess, explain
from moderation.model import load_model
from moderation.policy import Policy

WATCHED = "tests.moderation.models.WatchedModel"
MESSAGES = ["hello", "fuck you", "nice stream", "f u c k you", "gg", "kill yourself", "hello"]


@pytest.fixture
def model():
    with override_settings(MODERATION_MODEL=WATCHED):
        watched = load_model(WATCHED)
        watched.batches.clear()
        yield watched


def test_a_batch_is_one_call_of_the_model(model):
    assess(MESSAGES)
    assert len(model.batches) == 1


def test_verdicts_come_in_the_order_of_the_messages():
    one_by_one = [verdict for message in MESSAGES for verdict in assess([message])]
    assert assess(MESSAGES) == one_by_one
    assert len({verdict.score for verdict in one_by_one}) > 3


def test_an_undisguised_message_costs_one_reading(model):
    assess(["hello everyone, what a lovely evening!"])
    assert [len(batch) for batch in model.batches] == [1]


def test_a_disguised_message_costs_two_readings(model):
    assess(["f u c k you"])
    assert model.batches == [["f u c k you", "fuck you"]]


def test_an_empty_batch_has_no_verdicts():
    assert assess([]) == []


def test_the_worst_reading_decides():
    (assessment,) = explain(["f u c k you"], [Rules(Policy.from_settings())])
    assert [reading.text for reading in assessment.readings] == ["fuck you", "f u c k you"]
    assert assessment.verdict.score == pytest.approx(assessment.readings[0].score, abs=1e-4)


def test_the_verdict_names_the_model_and_the_policy(model):
    (verdict,) = assess(["hello"])
    assert (verdict.model_version, verdict.policy_version) == ("watched", "0.4/0.6/0.9")


def test_threads_judge_at_the_same_time():
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(assess, [MESSAGES] * 16))
    assert all(result == results[0] for result in results)
