"""Kept replies on disk: found by their words or nearly, erased for good, within a budget of bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cache.replies import MOST_CANDIDATES, MOST_PER_TERM, ReplyStore
from cache.reply_rows import NewReply, SoundRow, Wording

DAY_S = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReplyStore]:
    store = ReplyStore(tmp_path / "replies.db")
    yield store
    store.close()


def new(
    *keys: str,
    reply: str = "They have eight.",
    source: str = "system_2",
    character: str = "",
    expires_s: float | None = None,
) -> NewReply:
    wordings = tuple(Wording(key.capitalize() + "?", key, tuple(key.split())) for key in keys)
    return NewReply("en", wordings, reply, source, "allowed", character, expires_s)


def answer(store: ReplyStore, key: str, character: str = "", now_s: float = 0.0) -> str | None:
    row = store.exact("en", key, character, now_s)
    return None if row is None else row.reply


def test_what_was_put_is_found_under_every_wording(store: ReplyStore) -> None:
    reply_id = store.put(new("legs spider", "spider how many legs"), 5.0)
    row = store.exact("en", "spider how many legs", "", 6.0)
    assert row is not None
    assert (row.reply_id, row.asked, row.made_s, row.uses) == (reply_id, "Spider how many legs?", 5.0, 0)
    assert answer(store, "legs spider") == "They have eight."
    assert store.asked(reply_id) == ["Legs spider?", "Spider how many legs?"]


def test_other_words_and_other_languages_find_nothing(store: ReplyStore) -> None:
    store.put(new("legs spider"), 0.0)
    assert answer(store, "legs") is None
    assert store.exact("de", "legs spider", "", 0.0) is None
    assert store.near("de", ["legs", "spider"], "", 0.0) == []


def test_it_lasts_beyond_the_process(tmp_path: Path) -> None:
    first = ReplyStore(tmp_path / "replies.db")
    first.put(new("legs spider"), 0.0)
    first.close()
    second = ReplyStore(tmp_path / "replies.db")
    assert answer(second, "legs spider") == "They have eight."
    second.close()


def test_a_character_gets_its_own_reply_and_what_is_for_everyone(store: ReplyStore) -> None:
    store.put(new("hello you", reply="Arr!", character="pirate"), 0.0)
    store.put(new("hello you", reply="Hello."), 1.0)
    store.put(new("good you", reply="Good."), 1.0)
    assert answer(store, "hello you", "pirate") == "Arr!"
    assert answer(store, "hello you", "nurse") == "Hello."
    assert answer(store, "good you", "pirate") == "Good."
    assert {row.reply for row in store.near("en", ["hello"], "nurse", 0.0)} == {"Hello."}


def test_nothing_is_found_after_its_time(store: ReplyStore) -> None:
    store.put(new("legs spider", expires_s=10.0), 0.0)
    assert answer(store, "legs spider", now_s=9.9) == "They have eight."
    assert answer(store, "legs spider", now_s=10.0) is None
    assert store.near("en", ["spider"], "", 10.0) == []
    assert store.remove_expired(10.0) == 1
    assert store.stats().questions == 0


def test_the_same_question_asks_for_the_newer_reply(store: ReplyStore) -> None:
    store.put(new("legs spider", "legs of spider", reply="Six."), 0.0)
    store.put(new("legs spider", reply="Eight."), 1.0)
    assert answer(store, "legs spider") == "Eight."
    assert answer(store, "legs of spider") == "Six."
    store.put(new("legs of spider", reply="Eight, too."), 2.0)
    assert sorted(row.reply for row in store.all()) == ["Eight, too.", "Eight."]


def test_near_puts_first_what_shares_the_rarest_terms(store: ReplyStore) -> None:
    for animal in ("ant", "bee", "cat", "dog"):
        store.put(new(f"legs {animal}", reply=animal), 0.0)
    store.put(new("wings bee", reply="wings"), 0.0)
    found = [row.reply for row in store.near("en", ["legs", "dog", "hairy"], "", 0.0)]
    assert found[0] == "dog"
    assert set(found) == {"ant", "bee", "cat", "dog"}


def test_the_work_of_near_is_bounded_however_common_a_term(store: ReplyStore) -> None:
    store.put_all((new(f"legs number {number}") for number in range(1000)), 0.0)
    found = store.near("en", ["legs", "number", "17"], "", 0.0)
    assert found[0].key == "legs number 17"
    assert len(found) == MOST_CANDIDATES
    assert store.rows_read == 2 * MOST_PER_TERM + 1


def test_use_is_counted(store: ReplyStore) -> None:
    reply_id = store.put(new("legs spider"), 0.0)
    store.used(reply_id, 7.0)
    store.used(reply_id, 9.0)
    row = store.get(reply_id)
    assert row is not None
    assert (row.uses, row.used_s) == (2, 9.0)


def test_what_was_removed_is_gone_from_the_disk(store: ReplyStore, tmp_path: Path) -> None:
    kept = store.put(new("hello you", reply="Hello."), 0.0)
    gone = store.put(new("zebra stripes", reply="Zanzibar."), 0.0)
    store.sounds.put(gone, "a voice", [SoundRow("Zanzibar.", 16000, b"zzyzzyzzyzzy")])
    assert store.remove([gone, 99]) == 1
    assert store.get(gone) is None
    assert store.get(kept) is not None
    on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"zebra" not in on_disk.lower()
    assert b"Zanzibar" not in on_disk
    assert b"zzyzzy" not in on_disk


def test_forgetting_takes_what_was_learned_since_and_when_the_rest_was_used(store: ReplyStore) -> None:
    pack = store.put(new("hello you", source="pack"), 0.0)
    early = store.put(new("legs spider"), 10.0)
    late = store.put(new("legs ant"), 20.0)
    store.used(pack, 25.0)
    assert store.forget_since(15.0) == 1
    assert store.get(late) is None
    assert store.get(early) is not None
    row = store.get(pack)
    assert row is not None
    assert (row.uses, row.used_s) == (0, None)
    assert store.forget_since(None) == 1
    assert [row.source for row in store.all()] == ["pack"]


def test_eviction_takes_the_least_used_and_oldest_first_and_what_ships_last(store: ReplyStore) -> None:
    sound = [SoundRow("Clause.", 16000, bytes(200_000))]
    ids = {}
    for name, source in (("pack", "pack"), ("person", "person"), ("old", "system_2"), ("used", "system_2")):
        ids[name] = store.put(new(f"question {name}", source=source), 0.0)
        store.sounds.put(ids[name], "a voice", sound)
    store.used(ids["used"], 5 * DAY_S)
    assert store.evict(10_000_000, 9 * DAY_S) == 0
    assert store.evict(780_000, 9 * DAY_S) == 1
    assert store.get(ids["old"]) is None
    assert store.evict(600_000, 9 * DAY_S) == 1
    assert store.get(ids["used"]) is None
    assert store.bytes_used() <= 600_000
    assert {row.source for row in store.all()} == {"pack", "person"}


def test_sounds_belong_to_a_voice(store: ReplyStore) -> None:
    first = store.put(new("hello you", reply="Hello."), 0.0)
    second = store.put(new("legs spider"), 0.0)
    store.used(first, 1.0)
    clauses = (SoundRow("Hello,", 22050, b"\x01\x00"), SoundRow("you.", 22050, b"\x02\x00"))
    assert store.sounds.missing("anna", 9) == [(first, "Hello."), (second, "They have eight.")]
    store.sounds.put(first, "anna", clauses)
    assert store.sounds.get(first, "anna") == clauses
    assert store.sounds.get(first, "bert") == ()
    assert store.sounds.missing("anna", 9) == [(second, "They have eight.")]
    assert store.stats().sounds == {"anna": 1}
    assert store.sounds.keep_only("bert") == 2
    assert store.sounds.get(first, "anna") == ()


def test_a_reply_that_is_gone_gets_no_sound(store: ReplyStore) -> None:
    store.sounds.put(7, "anna", [SoundRow("Hello.", 16000, b"\x01\x00")])
    assert store.sounds.size_bytes() == 0


def test_sound_of_a_reply_that_is_gone_is_never_another_ones(store: ReplyStore) -> None:
    gone = store.put(new("legs spider"), 0.0)
    store.remove([gone])
    after = store.put(new("legs ant", reply="They have six."), 0.0)
    store.sounds.put(gone, "anna", [SoundRow("They have eight.", 16000, b"\x01\x00")])
    assert store.sounds.get(after, "anna") == ()


def test_what_ships_is_replaced_whole_or_not_at_all(store: ReplyStore) -> None:
    store.replace_source("pack", [new("who are you", reply="Pip.", source="pack")], 0.0, "1")
    no_text: Any = None
    broken = new("how are you", reply=no_text, source="pack")
    with pytest.raises(sqlite3.IntegrityError):
        store.replace_source("pack", [new("who are you", reply="Pop.", source="pack"), broken], 1.0, "2")
    assert (answer(store, "who are you"), store.note("pack")) == ("Pip.", "1")
    store.replace_source("pack", [new("where are you", reply="Here.", source="pack")], 1.0, "2")
    assert (answer(store, "who are you"), store.note("pack")) == (None, "2")


def test_search_looks_in_replies_and_wordings(store: ReplyStore) -> None:
    store.put(new("legs spider"), 0.0)
    store.put(new("hello you", reply="Spiders say hello."), 0.0)
    store.put(new("legs ant"), 0.0)
    assert [row.key for row in store.search("SPIDER")] == ["hello you", "legs spider"]
    assert [row.key for row in store.search("legs", most=1)] == ["legs ant"]


def test_a_new_index_replaces_the_old(store: ReplyStore) -> None:
    store.put(new("legs spider"), 0.0)
    ((question_id, language, asked),) = store.wordings(0, 10)
    assert (language, asked) == ("en", "Legs spider?")
    store.reindex([(question_id, "legs spiders", ["arachnid"])])
    assert answer(store, "legs spiders") == "They have eight."
    assert store.near("en", ["spider"], "", 0.0) == []
    assert len(store.near("en", ["arachnid"], "", 0.0)) == 1


def test_notes_say_what_was_read_into_it(store: ReplyStore) -> None:
    assert store.note("pack") == ""
    store.set_note("pack", "abc")
    assert store.note("pack") == "abc"


def test_a_reply_whose_wordings_fail_is_not_there_at_all(store: ReplyStore) -> None:
    with pytest.raises(Exception, match="CHECK"):
        store.put_all([new("legs spider"), new("hello you", source="hearsay")], 0.0)
    assert store.all() == []


def test_among_a_hundred_thousand_no_more_is_read_than_among_few(tmp_path: Path) -> None:
    store = ReplyStore(tmp_path / "replies.db")
    store.put(new("legs spider"), 0.0)
    beside = sqlite3.connect(tmp_path / "replies.db")
    with beside:
        numbers = "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        beside.execute(
            f"{numbers} INSERT INTO replies (id, reply, source, verdict, character, made_s)"
            " SELECT i, 'No.', 'system_2', '', '', 0 FROM n"
        )
        beside.execute(
            f"{numbers} INSERT INTO questions SELECT i, i, 'en', 'legs ' || i, 'Legs?', 'legs ' || i FROM n"
        )
        beside.execute(f"{numbers} INSERT INTO terms SELECT 'legs', i FROM n")
        beside.execute(f"{numbers} INSERT INTO terms SELECT i, i FROM n")
    beside.close()
    found = store.near("en", ["legs", "spider"], "", 0.0)
    assert found[0].reply == "They have eight."
    assert store.rows_read == MOST_PER_TERM + 1
    assert answer(store, "legs 77777") == "No."
    store.close()
