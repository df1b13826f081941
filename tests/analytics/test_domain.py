from hypothesis import given
from hypothesis import strategies as st

from analytics_service.domain import CompletedRun, Feedback, Proposals, Sessions, ratio
from analytics_service.main import service
from peerloom_events import event_types
from peerloom_service.identifiers import new_id

few = st.integers(0, 40)


def a_run(value: int, upper_bound: int) -> CompletedRun:
    return CompletedRun(new_id(), people=2, pairs=1, trios=0, unmatched=0, value=value, upper_bound=upper_bound)


def feedback(*usefulness: int, asked: int = 10, learned: int = 0, again: int = 0) -> Feedback:
    """`usefulness`: how many answers gave 1, 2, 3, 4 and 5."""
    one, two, three, four, five = usefulness
    return Feedback(asked, (one, two, three, four, five), learned, again)


def test_analytics_hears_every_event_there_is() -> None:
    assert set(service.subscribes) == set(event_types().values())


def test_a_rate_of_nothing_is_no_rate() -> None:
    assert ratio(0, 0) is None
    assert ratio(0, 3) == 0.0
    assert ratio(2, 3) == 0.6667


def test_nobody_asked_is_no_response_rate_of_0() -> None:
    unasked = feedback(0, 0, 0, 0, 0, asked=0)

    assert unasked.response_rate is None
    assert unasked.usefulness_mean is None
    assert unasked.share_learned_something is None
    assert unasked.share_meet_again is None
    assert unasked.usefulness_distribution == {1: 0, 2: 0, 3: 0, 4: 0, 5: 0}


def test_nobody_answering_is_a_response_rate_of_0_and_no_mean() -> None:
    silent = feedback(0, 0, 0, 0, 0, asked=8)

    assert silent.response_rate == 0.0
    assert silent.usefulness_mean is None


def test_figures_of_a_few_answers_are_those_one_counts_by_hand() -> None:
    heard = feedback(1, 0, 0, 2, 1, asked=8, learned=3, again=1)

    assert heard.surveys_answered == 4
    assert heard.response_rate == 0.5
    assert heard.usefulness_mean == (1 + 4 + 4 + 5) / 4
    assert heard.share_learned_something == 0.75
    assert heard.share_meet_again == 0.25


@given(few, few, few, few, few)
def test_a_mean_lies_between_the_lowest_and_the_highest_answer(one: int, two: int, three: int, four: int, five: int) -> None:
    heard = feedback(one, two, three, four, five, asked=200)

    given = [score for score, answers in heard.usefulness_distribution.items() if answers]
    if given:
        assert heard.usefulness_mean is not None
        assert min(given) <= heard.usefulness_mean <= max(given)
    else:
        assert heard.usefulness_mean is None


@given(few, few, few, few, few)
def test_every_proposal_waits_or_has_ended(waiting: int, declined: int, expired: int, confirmed: int, yes: int) -> None:
    proposals = Proposals(waiting + declined + expired + confirmed, yes, declined, expired, confirmed)

    assert proposals.waiting == waiting


@given(few, few, few)
def test_every_session_is_to_come_or_has_ended(to_come: int, completed: int, missed: int) -> None:
    assert Sessions(to_come + completed + missed, completed, missed).to_come == to_come


def test_a_gap_is_what_may_be_missing_as_a_share_of_the_bound() -> None:
    assert a_run(750_000, 1_000_000).gap == 0.25
    assert a_run(1_000_000, 1_000_000).gap == 0.0


def test_where_there_was_nothing_to_gain_nothing_is_missing() -> None:
    assert a_run(0, 0).gap == 0.0
