"""What a record tells of who was asked, and who answered in the end."""

from __future__ import annotations

from device.contracts import AnsweredBy, Mind, Route
from device.record import Kind, TurnRecord

LATE = AnsweredBy(Mind.SYSTEM_1, "System 2 had no words within 1.5 s")


def a_record(route: Route | None) -> TurnRecord:
    return TurnRecord(1, Kind.TYPED, lambda: 0.0, "2025-05-04T10:20:30+00:00", route=route)


def test_it_tells_who_was_asked_why_and_against_whom() -> None:
    told = a_record(Route(Mind.SYSTEM_2, "it asks for news", rival=Mind.SYSTEM_1, opens=True)).as_json(
        with_words=False
    )
    assert (told["asked"], told["route"], told["reason"]) == ("system_2", "system_2", "it asks for news")
    assert (told["rival"], told["opens"], told["falls"]) == ("system_1", True, [])


def test_who_answers_instead_is_told_with_its_reason_in_order() -> None:
    record = a_record(Route(Mind.SYSTEM_2, "it asks for news", opens=True))
    assert record.answered_by(LATE) == Route(Mind.SYSTEM_1, LATE.reason)
    record.answered_by(AnsweredBy(Mind.STOCK, "the mind gave no answer"))
    told = record.as_json(with_words=False)
    assert (told["asked"], told["reason"], told["opens"]) == ("system_2", "it asks for news", True)
    assert told["route"] == "stock"
    record.route = Route(Mind.STOCK, "the turn failed: mind")
    assert record.as_json(with_words=False)["reason"] == "it asks for news"
    assert told["falls"] == [f"system_1: {LATE.reason}", "stock: the mind gave no answer"]


def test_a_turn_that_asked_nobody_says_so() -> None:
    told = a_record(None).as_json(with_words=False)
    assert (told["asked"], told["rival"], told["opens"], told["route"]) == (None, None, False, None)
