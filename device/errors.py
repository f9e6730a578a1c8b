"""One tree of errors. Each message is a sentence for a person: what happened and what to do.

`code` is stable and goes into records and telemetry; `retryable` says whether the same thing may
work when tried again without anybody changing anything.
"""

from __future__ import annotations


class TwomindsError(Exception):
    """Anything that twominds itself raises."""

    code = "error"
    retryable = False


class SettingsError(TwomindsError, ValueError):
    """A setting is unknown or has a value that cannot be used."""

    code = "settings"


class AudioFileError(TwomindsError, ValueError):
    """A file is not sound, or not sound that can be read."""

    code = "audio_file"


class AudioDeviceError(TwomindsError, OSError):
    """A microphone or a speaker cannot be opened, or went away."""

    code = "audio_device"
    retryable = True


class HardwareError(TwomindsError, OSError):
    """A button or a light cannot be opened, or went away."""

    code = "hardware"
    retryable = True


class EngineMissing(TwomindsError):
    """An engine's program, library or model is not installed."""

    code = "engine_missing"


class NotInstalled(EngineMissing):
    """Nobody has asked for it yet; nothing is wrong."""

    code = "not_installed"


class ModelError(TwomindsError):
    """A model cannot be fetched, or is not what it should be."""

    code = "model"


class StageError(TwomindsError):
    """A stage of a turn failed."""

    code = "stage"
    retryable = True


class SttError(StageError):
    code = "stt"


class MindError(StageError):
    """`says` is what a mind elsewhere says of it: it may hold a person's words, so `told` is without it."""

    code = "mind"

    def __init__(self, told: str, says: str = "") -> None:
        super().__init__(f"{told} It says: {says}" if says else told)
        self.told = told


class TtsError(StageError):
    code = "tts"


class SafetyError(StageError):
    code = "safety"


class NoSystem2(StageError):
    """What only System 2 could have done cannot be done."""

    code = "no_system_2"


class LinkError(TwomindsError):
    """What came over the link to System 2 is not what it should be, or the link is lost."""

    code = "link"
    retryable = True


class OutboxError(TwomindsError):
    """Something for System 2 cannot be kept on disk."""

    code = "outbox"
    retryable = True


class RepliesError(TwomindsError):
    """The cache of replies cannot be read or changed as a person asked."""

    code = "replies"


class StageTimeout(StageError, TimeoutError):
    """A stage did not answer by its deadline."""

    code = "timeout"

    def __init__(self, stage: str, seconds: float) -> None:
        super().__init__(f"The {stage} did not answer within {seconds:g} s.")
        self.stage = stage


class RobotError(TwomindsError):
    """The robot did not do what it was asked."""

    code = "robot"
    retryable = True


class EgressDenied(TwomindsError, PermissionError):
    """Something tried to open a connection that the egress module was not told about."""

    code = "egress_denied"


def parts(error: BaseException) -> tuple[BaseException, ...]:
    """The errors that an exception group is made of, groups within it too; of any other, itself."""
    if not isinstance(error, BaseExceptionGroup):
        return (error,)
    return tuple(part for member in error.exceptions for part in parts(member))
