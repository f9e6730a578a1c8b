"""Rules are data: read strictly, refused with a sentence when they cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.brain.safety.rules import load_contacts, load_rules
from device.contracts import Ruling
from device.errors import SafetyError

FILE = """
benign = ['''kill time''']
[words]
person = '''him|her'''
[[category]]
name = "violence"
ruling = "redirect"
say_instead = "No. Call {emergency}. {crisis}"
  [[category.rule]]
  name = "harm"
  patterns = ['''kill %person%''']
"""
CONTACTS = (
    '[DEFAULT]\nemergency = "1 1 2"\ncrisis = "A doctor."\n[US]\nemergency = "9 1 1"\ncrisis = "9 8 8."\n'
)
CATEGORIES = {
    "hate",
    "sexual",
    "violence",
    "self_harm",
    "abuse_disclosure",
    "bullying",
    "medical_emergency",
    "personal_data",
    "stranger_secret",
    "dangerous_activity",
    "illicit",
    "profanity",
    "jailbreak",
    "unsafe_motion",
}


def written(folder: Path, rules: str = FILE, contacts: str = CONTACTS) -> Path:
    (folder / "xx.toml").write_text(rules, "utf-8")
    (folder / "contacts.toml").write_text(contacts, "utf-8")
    return folder


def test_words_and_contacts_are_filled_in(tmp_path: Path) -> None:
    (rule,) = load_rules("xx", "us", written(tmp_path)).rules
    assert rule.pattern.search("kill her")
    assert not rule.pattern.search("skill her")
    assert rule.say_instead == "No. Call 9 1 1. 9 8 8."


def test_an_unknown_country_gets_the_default_contacts(tmp_path: Path) -> None:
    (rule,) = load_rules("xx", "QQ", written(tmp_path)).rules
    assert rule.say_instead == "No. Call 1 1 2. A doctor."


@pytest.mark.parametrize(
    "broken",
    [
        FILE.replace("kill %person%", "kill %nobody%"),
        FILE.replace("kill %person%", "kill (him"),
        FILE.replace("kill %person%", "kill (?: x)*"),
        FILE.replace("kill %person%", "kill .+"),
        FILE.replace("kill %person%", "kill a{2,}"),
        FILE.replace("redirect", "forgive"),
        FILE.replace("{crisis}", "{nothing}"),
        FILE + "surprise = 1",
        "no toml",
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, broken: str) -> None:
    with pytest.raises(SafetyError, match="cannot be used"):
        load_rules("xx", "", written(tmp_path, broken))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SafetyError):
        load_rules("xx", "", tmp_path)


def test_every_category_has_rules_and_support_comes_first() -> None:
    rules = load_rules("en", "US").rules
    assert {rule.category for rule in rules} >= CATEGORIES
    rulings = [rule.ruling is Ruling.SUPPORT for rule in rules]
    assert rulings == sorted(rulings, reverse=True)


def test_contacts_are_there_for_the_countries_named() -> None:
    assert set(load_contacts()) == {"DEFAULT", "US", "CA", "GB", "IE", "AU", "NZ"}
