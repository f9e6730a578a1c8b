"""The floor: who of several pages has it."""

from __future__ import annotations

from device.panel.floor import Floor


class FakePage:
    def __init__(self, name: str) -> None:
        self.name = name
        self.yours: list[bool] = []

    def floor_changed(self, yours: bool) -> None:
        self.yours.append(yours)


class FakeVoice:
    def __init__(self) -> None:
        self.told: list[str] = []

    def attach(self, outlet: FakePage) -> None:
        self.told.append(f"attach {outlet.name}")

    def detach(self, outlet: FakePage) -> None:
        self.told.append(f"detach {outlet.name}")


def test_the_first_page_has_it_until_another_takes_it_and_gets_it_back_when_that_one_leaves() -> None:
    voice = FakeVoice()
    floor = Floor[FakePage](voice)
    first, second = FakePage("first"), FakePage("second")
    floor.join(first)
    floor.join(second)
    floor.take(second)
    floor.take(second)
    assert floor.has(second)
    assert not floor.has(first)
    floor.leave(second)
    assert floor.has(first)
    assert voice.told == ["attach first", "detach first", "attach second", "detach second", "attach first"]
    assert first.yours == [True, False, True]
    assert second.yours == [False, True]


def test_a_page_without_it_leaves_unnoticed() -> None:
    voice = FakeVoice()
    floor = Floor[FakePage](voice)
    first, second = FakePage("first"), FakePage("second")
    floor.join(first)
    floor.join(second)
    floor.leave(second)
    assert voice.told == ["attach first"]
    floor.leave(first)
    assert len(floor) == 0
