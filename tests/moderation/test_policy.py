"""Scores become actions at the thresholds, and repeated bans last longer."""

from datetime import timedelta

import pytest
from django.test import override_settings

from moderation.assess import assess
from moderation.lexicon import LEVEL_SCORES, Category
from moderation.policy import Action, Policy, mute_duration

POLICY = Policy(hold=0.4, stop=0.6, ban=0.9)


@pytest.mark.parametrize(
    ("score", "action"),
    [
        (0.0, Action.ALLOW),
        (0.3999, Action.ALLOW),
        (0.4, Action.HOLD),
        (0.5999, Action.HOLD),
        (0.6, Action.STOP),
        (0.8999, Action.STOP),
        (0.9, Action.BAN),
        (1.0, Action.BAN),
    ],
)
def test_a_score_on_a_threshold_has_reached_it(score, action):
    assert POLICY.decide(score) == action


def test_the_action_follows_from_the_score_as_it_is_stored():
    (verdict,) = assess(["you suck"], Policy(hold=0.1, stop=0.2, ban=1.0))
    assert verdict.score == round(verdict.score, 4)
    assert verdict.action == Policy(hold=0.1, stop=0.2, ban=1.0).decide(verdict.score)


@override_settings(MODERATION_HOLD_SCORE=0.1, MODERATION_STOP_SCORE=0.2, MODERATION_BAN_SCORE=0.3)
def test_the_settings_hold_without_a_policy():
    assert Policy.from_settings() == Policy(0.1, 0.2, 0.3)
    (verdict,) = assess(["hello"])
    assert verdict.policy_version == "0.1/0.2/0.3"


@pytest.mark.parametrize("thresholds", [(0.6, 0.4, 0.9), (0.4, 0.95, 0.9), (0.0, 0.6, 0.9), (0.4, 0.6, 1.1)])
def test_thresholds_that_do_not_rise_are_refused(thresholds):
    with pytest.raises(ValueError, match="thresholds must rise"):
        Policy(*thresholds)


@override_settings(MODERATION_MUTE_LADDER=[timedelta(minutes=10), timedelta(hours=1), timedelta(days=7)])
def test_mutes_climb_the_ladder_and_stay_on_its_last_step():
    assert [mute_duration(previous) for previous in range(5)] == [
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(days=7),
        timedelta(days=7),
        timedelta(days=7),
    ]


def test_a_negative_count_of_mutes_is_refused():
    with pytest.raises(ValueError, match="-1"):
        mute_duration(-1)


@pytest.mark.parametrize(
    ("level", "actions"),
    [
        (0, "allow allow allow allow allow"),
        (1, "allow allow allow hold stop"),
        (2, "allow allow hold stop ban"),
        (3, "allow hold stop stop ban"),
        (4, "allow stop stop stop ban"),
    ],
)
def test_a_level_says_how_strictly_the_scores_of_a_category_count(level, actions):
    assert [POLICY.decide(score, level) for score in (0.1, *LEVEL_SCORES[1:])] == actions.split()


def test_a_category_that_is_let_pass_stops_only_what_the_model_is_nearly_certain_of():
    lenient = Policy(0.4, 0.6, 0.9, {Category.PROFANITY: 0})
    found, named = {Category.PROFANITY: 0.75}, [Category.PROFANITY]
    assert POLICY.judge(model=0.7, found=found, named=named) is Action.STOP
    assert lenient.judge(model=0.85, found=found, named=named) is Action.ALLOW
    assert lenient.judge(model=0.95, found=found, named=named) is Action.STOP


def test_the_strictest_category_found_decides():
    policy = Policy(0.4, 0.6, 0.9, {Category.PROFANITY: 0, Category.HATE: 4})
    found = {Category.PROFANITY: 0.75, Category.HATE: 0.3}
    assert policy.judge(model=0.1, found=found, named=found) is Action.STOP
    assert policy.judge(model=0.35, found={}, named=[]) is Action.ALLOW


def test_links_are_stopped_where_their_level_says_so():
    text = ["see https://example.com"]
    assert assess(text)[0].action is Action.ALLOW
    assert assess(text, Policy(0.4, 0.6, 0.9, {Category.LINKS: 2}))[0].action is Action.HOLD
    assert assess(text, Policy(0.4, 0.6, 0.9, {Category.LINKS: 3}))[0].action is Action.STOP


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ValueError, match="from 0 to 4"):
        Policy(0.4, 0.6, 0.9, {Category.HATE: 5})
