"""What every connection and every request works with, made once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from device.ports import SpeechToText, TextToSpeech
from gateway.answering import Answering
from gateway.metrics import Metrics
from gateway.minds.ports import Mind
from gateway.settings import Settings
from gateway.stores.ports import Stores


@dataclass(frozen=True, slots=True)
class Services:
    """Ears and voice are None where the settings name none."""

    settings: Settings
    stores: Stores
    mind: Mind
    answering: Answering
    ears: SpeechToText | None
    voice: TextToSpeech | None
    metrics: Metrics
