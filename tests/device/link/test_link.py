"""The link and a System 2 on loopback: from the greeting to the last word."""

from __future__ import annotations

import asyncio

from device.contracts import Question, Say
from device.link import native as n
from tests.device.link.scripted import Peer, answer, device, gateway, running


def test_a_question_is_answered_word_by_word() -> None:
    async def script(peer: Peer) -> None:
        asked = await peer.hears()
        assert isinstance(asked, n.Ask)
        assert (asked.text, asked.already_said) == ("Why?", "Let me think.")
        await peer.say(n.Taken(turn_id=asked.turn_id), n.Text(turn_id=asked.turn_id, text="Because "))
        await peer.say(n.Text(turn_id=asked.turn_id, text="so."), n.Ended(turn_id=asked.turn_id))
        await peer.hears()

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            question = Question(7, "Why?", "en", already_said="Let me think.")
            assert await answer(made.link, question) == [Say("Because "), Say("so.")]
            assert made.link.health.first_words_s is not None
            assert made.link.health.round_trip_s is not None

    asyncio.run(story())
