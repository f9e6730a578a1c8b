"""What the session says, as the page is told."""

from __future__ import annotations

from typing import assert_never

from device import notices
from device.notices import Notice
from device.panel import messages as m


def of_notice(notice: Notice) -> m.DeviceMessage:
    """The message for a notice; there is one for each kind."""
    match notice:
        case notices.LightChanged(state, leaving, mood):
            return m.Light(state, leaving, mood)
        case notices.Heard(turn_id, text, final, engine):
            return m.Heard(turn_id, text, final, engine)
        case notices.Answering(turn_id, text, route):
            return m.Answering(turn_id, text, route.mind, route.reason, route.rival, route.opens)
        case notices.Moved(gesture):
            return m.Moved(gesture)
        case notices.Standing(muted, setup, online, volume, mode, faults, system2):
            return m.Standing(muted, setup, online, volume, mode, faults, system2)
        case notices.Loudness(peak_dbfs, rms_dbfs):
            return m.Loudness(peak_dbfs, rms_dbfs)
        case notices.Refused(why):
            return m.Refused(why)
        case notices.TurnEnded(record):
            return m.Turn(record)
        case notices.Forgot(report):
            return m.Forgotten(report.done, report.parts, report.sent, report.asked_back)
        case _:
            assert_never(notice)
