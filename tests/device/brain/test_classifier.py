"""The classifier's arithmetic, on weights small enough to check by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from device.brain.classifier import BUCKETS, Classifier, features


@pytest.fixture
def classifier(tmp_path: Path) -> Classifier:
    """Knows "hello", which weighs 3 for greeting; everything else is nothing."""
    weights = np.zeros((BUCKETS, 2), np.int8)
    hello = set(features("hello")) - set(features(""))
    weights[sorted(hello), 1] = 30
    np.savez_compressed(
        tmp_path / "w.npz",
        weights=weights,
        scale=np.array([0.1, 0.1], np.float32),
        bias=np.array([1.0, 0.0], np.float32),
        names=np.array(["", "greeting"]),
        least=np.float32(0.9),
    )
    return Classifier(tmp_path / "w.npz")


def test_what_it_learnt_it_names(classifier: Classifier) -> None:
    guess = classifier.guess("hello")
    assert guess is not None
    assert guess.name == "greeting"
    assert guess.probability > 0.99


def test_what_it_did_not_learn_it_leaves(classifier: Classifier) -> None:
    assert classifier.guess("transfer money") is None
    assert classifier.likeliest("transfer money").name == ""


def test_numbers_count_as_numbers() -> None:
    assert features("volume 4").tolist() == features("volume 70").tolist()


def test_the_weights_in_the_repository_are_small() -> None:
    weights = Path(__file__).parents[3] / "device/brain/weights/en.npz"
    assert weights.stat().st_size <= 300_000
