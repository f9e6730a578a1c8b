"""The catalogue that ships: what it says can be true, and it is read strictly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from device.errors import ModelError
from models.board import Board, tier_for
from models.catalogue import SHIPPED, Kind, Model, Tier, load

CATALOGUE = load()
FOR_THE_REST_MIB = 130
"""What the agent itself takes beside its engines: some 100 MiB, as docs/performance.md has it."""


@pytest.mark.parametrize("model", CATALOGUE.models, ids=lambda model: model.name)
def test_a_model_is_described_fully(model: Model) -> None:
    assert model.what
    assert model.licence
    assert model.languages
    assert model.url.startswith("https://")
    assert model.url.endswith("/")
    assert "{revision}" in model.url
    assert re.fullmatch(r"[0-9a-f]{40}|v\d+\.\d+\.\d+|main", model.revision)


@pytest.mark.parametrize("model", CATALOGUE.models, ids=lambda model: model.name)
def test_its_files_have_a_plausible_size(model: Model) -> None:
    for file in model.files:
        assert (file.bytes is None) is (file.about is not None), file.path
        assert 500 < file.expected_bytes < 4_000_000_000, file.path
    assert model.main_file.expected_bytes / 2**20 * 0.4 < model.ram_mib, "less than its weights"
    assert len({file.path for file in model.files}) == len(model.files)


def test_files_without_a_checksum_are_those_that_the_catalogue_names() -> None:
    text = SHIPPED.read_text("utf-8")
    named = re.search(r"Without one are: ([^#]*)\.\n", text)
    assert named is not None
    without = [m.name for m in CATALOGUE.models if any(file.sha256 is None for file in m.files)]
    assert named[1].split(", ") == without


def test_a_branch_is_no_revision_unless_checksums_or_the_first_fetch_hold_the_file() -> None:
    floating = [m for m in CATALOGUE.models if m.revision == "main"]
    assert [m.name for m in floating if not all(file.sha256 for file in m.files)] == ["smollm2-135m-instruct"]


@pytest.mark.parametrize(
    ("kind", "endings"),
    [
        (Kind.WHISPER, {"config.json", "model.bin", "tokenizer.json", "vocabulary.txt"}),
        (Kind.SHERPA, {"encoder", "decoder", "joiner", "tokens.txt"}),
        (Kind.LLAMA, {".gguf"}),
        (Kind.PIPER, {".onnx", ".onnx.json"}),
    ],
)
def test_a_kind_has_the_files_that_its_engine_wants(kind: Kind, endings: set[str]) -> None:
    models = CATALOGUE.of_kind(kind)
    assert models
    for model in models:
        for ending in endings:
            assert any(ending in file.path for file in model.files), (model.name, ending)
        assert len(model.files) == len(endings)


def test_names_are_used_once() -> None:
    names = [model.name for model in CATALOGUE.models] + [tier.name for tier in CATALOGUE.tiers]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("tier", CATALOGUE.tiers, ids=lambda tier: tier.name)
def test_a_tier_has_models_of_the_right_kind(tier: Tier) -> None:
    assert tier.models
    for kind in Kind:
        if name := tier.of_kind(kind):
            assert CATALOGUE.model(name).kind is kind


@pytest.mark.parametrize("tier", CATALOGUE.tiers, ids=lambda tier: tier.name)
def test_a_tier_fits_the_least_memory_that_it_is_for(tier: Tier) -> None:
    """One of whisper and sherpa runs, with the language model, the voice, and some to spare."""
    needs = {kind: CATALOGUE.model(name).ram_mib for kind in Kind if (name := tier.of_kind(kind))}
    ears = max(needs.pop(Kind.WHISPER, 0), needs.pop(Kind.SHERPA, 0))
    least = tier.ram_mib or 400  # of 512 MB, less what the firmware takes
    assert ears + sum(needs.values()) + FOR_THE_REST_MIB < 0.85 * least


def test_tiers_grow() -> None:
    assert [tier.ram_mib for tier in CATALOGUE.tiers] == sorted(tier.ram_mib for tier in CATALOGUE.tiers)
    assert CATALOGUE.tiers[0].ram_mib == 0
    assert CATALOGUE.tiers[0].cores == 1


def test_what_stands_in_for_a_model_under_terms_is_of_its_kind_and_no_bigger() -> None:
    under_terms = [model for model in CATALOGUE.models if model.terms]
    assert {model.name for model in under_terms} == {"gemma-3-1b-it", "gemma-3-270m-it"}
    for model in under_terms:
        assert model.terms is not None
        instead = CATALOGUE.model(model.terms.instead)
        assert instead.kind is model.kind
        assert instead.terms is None
        assert instead.ram_mib <= model.ram_mib


def test_names_and_tiers_choose_models_once_each() -> None:
    chosen = CATALOGUE.chosen(["small", "whisper-tiny.en", "zipformer-en-20m"])
    assert [m.name for m in chosen] == ["zipformer-en-20m", "smollm2-360m-instruct", "whisper-tiny.en"]


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(ModelError, match=r"no model wisper-tiny in .* Did you mean whisper-tiny\?"):
        CATALOGUE.chosen(["wisper-tiny"])
    with pytest.raises(ModelError, match="twominds models list"):
        CATALOGUE.model("xyz")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('colour = "red"\n', "colour"),
        ('models = [{ name = "../up" }]\n', r"models\[0\].name"),
        ("models = 1\n", "Expected `array`"),
        ("models = [\n", r"line 2|Invalid value|Unclosed"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_its_place(tmp_path: Path, wrong: str, said: str) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(
        wrong
        + 'redirects = []\n[[tiers]]\nname = "t"\nwhat = ""\nram_mib = 0\ncores = 1\n'
        + 'boards = []\nhears_with = "whisper"\n'
    )
    with pytest.raises(ModelError, match=said):
        load(file)


@pytest.mark.parametrize(
    ("board", "tier"),
    [
        (Board("Raspberry Pi Zero 2 W Rev 1.0", 416, 4), "zero"),
        (Board("Raspberry Pi 3 Model B Plus Rev 1.3", 906, 4), "small"),
        (Board("Raspberry Pi 3 Model A Plus Rev 1.0", 416, 4), "zero"),
        (Board("Raspberry Pi 4 Model B Rev 1.1", 906, 4), "small"),
        (Board("Raspberry Pi 4 Model B Rev 1.4", 1847, 4), "pi4"),
        (Board("Raspberry Pi 4 Model B Rev 1.4", 3793, 4), "pi4"),
        (Board("Raspberry Pi 4 Model B Rev 1.5", 7811, 4), "pi4"),
        (Board("Raspberry Pi 400 Rev 1.0", 3793, 4), "pi4"),
        (Board("Raspberry Pi Compute Module 4 Rev 1.0", 3793, 4), "pi4"),
        (Board("Raspberry Pi 5 Model B Rev 1.0", 2010, 4), "pi4"),
        (Board("Raspberry Pi 5 Model B Rev 1.0", 4045, 4), "pi5"),
        (Board("Raspberry Pi 5 Model B Rev 1.1", 16218, 4), "pi5"),
        (Board("Raspberry Pi 500 Rev 1.0", 8052, 4), "pi5"),
        (Board("NVIDIA Jetson Orin Nano Developer Kit", 7620, 6), "pi5"),
        (Board("", 7800, 4), "pi5"),
        (Board("", 15800, 8), "edge"),
        (Board("", 64000, 16), "edge"),
        (Board("", 64000, 2), "pi4"),
        (Board("", 64000, 1), "zero"),
        (Board("", 0, 1), "zero"),
    ],
    ids=str,
)
def test_boards_get_the_tier_that_suits_them(board: Board, tier: str) -> None:
    assert tier_for(board, CATALOGUE).name == tier
