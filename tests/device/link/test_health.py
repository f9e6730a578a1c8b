"""How the link is: from what was measured, and from what did not come."""

from __future__ import annotations

from device.link.health import FIRST_REST_S, FRESH_S, LONGEST_REST_S, Reachable


def connected() -> Reachable:
    reachable = Reachable("being called")
    reachable.started(hears=True)
    return reachable


def test_it_is_down_with_a_reason_until_it_is_up() -> None:
    reachable = Reachable("being called")
    assert (reachable.at(0).up, reachable.at(0).why, reachable.at(0).hears) == (False, "being called", False)
    reachable.started(hears=True)
    assert (reachable.at(0).up, reachable.at(0).why, reachable.at(0).hears) == (True, "", True)
    reachable.lost("gone")
    assert (reachable.at(0).up, reachable.at(0).why, reachable.at(0).hears) == (False, "gone", False)


def test_a_round_trip_is_the_median_so_that_one_odd_one_changes_nothing() -> None:
    reachable = connected()
    assert reachable.at(0).round_trip_s is None
    for seconds in (0.1, 0.1, 5.0, 0.1, 0.1):
        reachable.came_back(seconds, 0)
    assert reachable.at(0).round_trip_s == 0.1


def test_what_was_measured_long_ago_says_nothing_of_now() -> None:
    reachable = connected()
    reachable.first_words(9.0, 100)
    assert reachable.at(100 + FRESH_S).first_words_s == 9.0
    assert reachable.at(101 + FRESH_S).first_words_s is None


def test_a_question_that_was_given_up_counts_as_twice_what_was_waited() -> None:
    reachable = connected()
    reachable.given_up(2.0, 0)
    assert reachable.at(0).first_words_s == 4.0


def test_giving_up_early_does_not_make_it_look_fast() -> None:
    reachable = connected()
    reachable.given_up(0.1, 0)
    assert reachable.at(0).first_words_s is None
    reachable.first_words(2.0, 0)
    reachable.given_up(0.5, 0)
    assert reachable.at(0).first_words_s == 2.0


def test_races_that_were_lost_narrowly_do_not_make_it_look_slow() -> None:
    reachable = connected()
    reachable.first_words(0.8, 0)
    for _ in range(5):
        reachable.given_up(0.7, 0)
    assert reachable.at(0).first_words_s == 0.8
    for _ in range(5):
        reachable.given_up(0.9, 0)
    assert reachable.at(0).first_words_s == 0.9


def test_one_slow_answer_is_soon_forgotten() -> None:
    reachable = connected()
    for waited_s in (6.0, 0.6, 0.6):
        reachable.first_words(waited_s, 0)
    assert reachable.at(0).first_words_s == 0.6


def test_patience_grows_with_the_round_trip() -> None:
    reachable = connected()
    assert reachable.patience_s(0) == 0.5
    reachable.came_back(0.05, 0)
    assert reachable.patience_s(0) == 0.5
    for _ in range(3):
        reachable.came_back(0.3, 0)
    assert reachable.patience_s(0) == 1.2


def test_a_silent_system_2_is_left_alone_for_longer_each_time() -> None:
    reachable, now_s = connected(), 0.0
    rests = []
    for _ in range(8):
        reachable.silent(now_s)
        assert not reachable.at(now_s).up
        assert "does not answer" in reachable.at(now_s).why
        began_s = now_s
        while not reachable.at(now_s).up:
            now_s += 1
        rests.append(now_s - began_s)
    assert rests == [
        FIRST_REST_S,
        30,
        60,
        120,
        LONGEST_REST_S,
        LONGEST_REST_S,
        LONGEST_REST_S,
        LONGEST_REST_S,
    ]


def test_a_sign_ends_the_rest_at_once() -> None:
    reachable = connected()
    reachable.silent(0)
    reachable.silent(0)
    reachable.sign()
    assert reachable.at(0).up
    reachable.silent(0)
    assert reachable.at(FIRST_REST_S).up
