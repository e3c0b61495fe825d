"""What strangers may repeat is counted before it is done, for all processes together."""

from collections import Counter as Tally
from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from tests.support.actors import who
from tests.support.threads import at_once
from workflows import throttles
from workflows.models import Counter
from workflows.throttles import Limit, Throttled

TWO_A_MINUTE = Limit("guess", timedelta(minutes=1), most=2)


def pass_time(span: timedelta) -> None:
    Counter.objects.update(until=F("until") - span)


@pytest.mark.django_db
def test_nobody_gets_more_places_than_the_limit_until_its_time_is_over() -> None:
    assert [TWO_A_MINUTE.count("alice"), TWO_A_MINUTE.count("alice")] == [1, 2]
    with pytest.raises(Throttled) as refused:
        TWO_A_MINUTE.count("alice")
    assert 1 <= refused.value.wait_s <= 60
    assert TWO_A_MINUTE.count("bob") == 1

    pass_time(timedelta(minutes=1))
    assert TWO_A_MINUTE.count("alice") == 1


@pytest.mark.django_db
def test_place_that_is_given_back_is_free_again() -> None:
    TWO_A_MINUTE.count("alice")
    TWO_A_MINUTE.count("alice")
    TWO_A_MINUTE.give_back("alice")

    assert TWO_A_MINUTE.count("alice") == 2


@pytest.mark.django_db
def test_refusal_reads_one_row_and_writes_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    TWO_A_MINUTE.count("alice")
    TWO_A_MINUTE.count("alice")

    with django_assert_num_queries(1) as statements, pytest.raises(Throttled):
        TWO_A_MINUTE.count("alice")
    assert statements[0]["sql"].startswith("SELECT")


@pytest.mark.django_db(transaction=True)
def test_guesses_of_the_same_moment_share_the_limit() -> None:
    outcomes = at_once([lambda: TWO_A_MINUTE.count("alice")] * 10)

    assert Tally(type(outcome) for outcome in outcomes) == {int: 2, Throttled: 8}


@pytest.mark.django_db
def test_invented_keys_do_not_fill_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles, "ROWS", 5)
    for key in range(100):
        Limit("guess", timedelta(minutes=1)).count(key)

    assert Counter.objects.count() == 5


@pytest.mark.django_db
def test_counters_whose_time_is_over_are_removed() -> None:
    TWO_A_MINUTE.count("alice")
    pass_time(timedelta(minutes=1))
    TWO_A_MINUTE.count("bob")

    assert throttles.remove_counters(by=who("tick")) == 1
    assert Counter.objects.count() == 1
