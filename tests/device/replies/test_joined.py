"""The cache of replies as the settings want it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from device.brain.learning import Refusal
from device.config import Consent, Settings
from device.replies.joined import kept_replies
from tests.device.replies.test_lessons import turn


@pytest.mark.parametrize("agreed", [True, False])
def test_what_ships_is_found_and_what_system_2_says_is_learned_only_by_consent(
    tmp_path: Path, agreed: bool
) -> None:
    async def story() -> None:
        settings = Settings(consent=Consent(learning=agreed))
        async with kept_replies(settings, "a voice", tmp_path, lambda: 1e9) as replies:
            assert await replies.open()
            found = await replies.recall("do you have feelings", "en")
            assert found is not None
            assert found.source == "pack"
            record = turn("Let me see. Mice come out in the dark.", opens=True)
            replies.learn(replace(record, heard="why do owls hunt at night"))
            await replies.tidy()
            learned = await replies.recall("why do owls hunt at night", "en")
            assert (learned.text if learned else "") == ("Mice come out in the dark." if agreed else "")
            assert replies.refused == ({} if agreed else {Refusal.NO_CONSENT: 1})

    asyncio.run(story())
