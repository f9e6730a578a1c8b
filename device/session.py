"""The owner of the conversation: one inbox of events, one state, at most one turn.

Whatever a person does arrives here through `Controls`, whatever a turn reports through the inbox;
the machine decides, and this carries its actions out. A press silences the speaker before anything
else happens, and the frames after it are kept while the turn before is still being ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import assert_never

from device import machine as m
from device.audio.earcon import refusal, trouble
from device.audio.endpointer import Endpointer
from device.audio.frames import FrameHub
from device.circumstances import Circumstances
from device.config import Settings, Talk, Use
from device.contracts import (
    TAP_S,
    Announcement,
    Audio,
    Emotion,
    Express,
    Gesture,
    LinkHealth,
    Outcome,
    Perform,
    SetVolume,
    Stock,
)
from device.conversation import Conversation
from device.errors import RobotError, StageError, parts
from device.hearing import Hearing
from device.hw.lights import light
from device.hw.talk_button import BUTTONS
from device.notices import LightChanged, LightState, Moved, Refused, Standing
from device.ports import Robot, SpeechToText, VoiceDetector
from device.record import Kind, Stage, TurnRecord
from device.speaking import Act
from device.stop import StopLatch
from device.turn import Answerers, Turn, Typed, Words

log = logging.getLogger(__name__)

INBOX_SIZE = 256
LAST_TURN_BOUND_S = 3.0
"""How long a new turn waits for the one before it to end; engines are given up well before."""
GESTURE_BOUND_S = 15.0


@dataclass(frozen=True, slots=True)
class Ears:
    """Those who hear."""

    hub: FrameHub
    detector: VoiceDetector
    stt: SpeechToText
    want: Callable[[bool], None] = lambda wanted: None
    """Opens the microphone, or closes it."""
    echo_free: Callable[[], bool] = lambda: False
    """Whether what the speaker plays does not come back through the microphone now: proven on this device."""


@dataclass(slots=True)
class _UnderWay:
    """The turn that the session owns now, or the last one."""

    turn: Turn
    began_s: float
    """Lived seconds."""
    hearing: Hearing | None = None
    task: asyncio.Task[None] | None = None
    """None before it runs: a task that is cancelled too early never does, and nobody tidies up after it."""
    going_on: bool = True
    """Its event is not in the inbox yet."""


class Session:
    """Implements `ports.Controls`, `ports.Button` and `ports.Switches`. Everything runs in one event loop.

    Only `latch` may be pulled from other threads.
    """

    def __init__(
        self,
        settings: Settings,
        ears: Ears,
        answerers: Answerers,
        robot: Robot,
        ended: Callable[[TurnRecord], None],
        clock: Callable[[], float],
        conversation: Conversation,
    ) -> None:
        self._settings = settings
        self._ears = ears
        self._with = answerers
        self._robot = robot
        self._ended = ended
        self._clock = clock
        self._inbox: asyncio.Queue[m.Event] = asyncio.Queue(INBOX_SIZE)
        self._state = m.State()
        self._so = Circumstances(settings, clock, answerers.board.post)
        self._under_way: _UnderWay | None = None
        self._unended: set[asyncio.Task[None]] = set()
        """Turns that the next one has to wait for."""
        self._conversation = conversation
        self._quiet_since_s = clock()
        self._pressed_s = clock()
        self._held = False
        self._held_too_long = False
        """The button is still down, though the utterance has reached its limit: nobody is heard for that."""
        self._said_last = ""
        self._forgot_s = float("-inf")
        """When a person last wanted something forgotten, lived seconds."""
        self._wanted: bool | None = None
        self.latch = StopLatch()
        self.latch.reaches(robot.halt)
        self.announced: Callable[[int, Outcome], None] = lambda announcement_id, outcome: None
        """Told what became of every announcement."""
        self.stilled: Callable[[], None] = lambda: None
        """Told when a person has wanted silence."""
        self.light = LightChanged(LightState.STARTING, leaving=False)
        """What the light shows now."""

    # --- what a person does (ports.Controls) ---

    def press(self) -> None:
        """Sound and motion stop here and now, not when the inbox gets to it.

        While somebody is heard nothing sounds, and the answer to come must not be silenced beforehand.
        """
        self._pressed_s = self._clock()
        self._held, self._held_too_long = True, False
        if self._state.phase is not m.Phase.LISTENING:
            self._cancel()
            self._be_still()
        if not (self._so.facts.muted or self._so.facts.setup or self._so.facts.updating):
            self._want(True)  # now: a page's first sound comes right after its press
        self._deliver(m.Pressed(self._pressed_s))

    def release(self) -> None:
        """A tap in which nobody speaks was meant to silence, and is not answered.

        A press in setup mode is no talk; with its end, setup ends: there has to be a way out by hand.
        """
        if self._so.facts.setup:
            self.set_up(False)
        self._held = self._held_too_long = False
        tapped = self._clock() - self._pressed_s < TAP_S and self._so.talk.mode == "hold"
        if tapped and self._under_way and self._under_way.hearing:
            self._under_way.turn.record.tapped = True
        self._deliver(m.Released())

    def ask(self, text: str) -> None:
        self._deliver(m.Asked(text))

    def stop(self) -> None:
        """Silence and stillness at once, whatever the turn is doing."""
        self._cancel()
        self._be_still()
        self._deliver(m.Stopped())

    # --- what a person switches (ports.Switches) ---

    def mute(self, muted: bool) -> None:
        """What the microphone gave while muted is never heard, nor by a pre-roll that reaches back to it."""
        self._so.mute(muted)
        self._ears.hub.forget_all()
        self._deliver(m.FactsChanged())

    def repeat(self) -> None:
        """Two taps; not if somebody spoke in them."""
        hearing = self._under_way.hearing if self._under_way else None
        busy = self._state.phase in (m.Phase.LISTENING, m.Phase.THINKING)
        if not (busy and hearing and hearing.heard_speech):
            self._deliver(m.Repeated())

    def set_up(self, on: bool) -> None:
        self._so.set_up(on)
        self._deliver(m.FactsChanged())

    def set_volume(self, percent: int) -> None:
        """0 to 100, of the loudest that the owner allows."""
        self._so.set_volume(percent)
        self._with.speaker.set_volume(round(self.volume * self._settings.sound.loudest / 100))

    def set_talk(self, talk: Talk) -> None:
        """From the next press on."""
        self._so.set_talk(talk)
        self._deliver(m.FactsChanged())

    def set_use(self, use: Use) -> None:
        """When System 2 is asked, from the next question on."""
        self._so.set_use(use)
        self._deliver(m.FactsChanged())

    # --- what the device's other parts tell, and may know ---

    @property
    def idle(self) -> bool:
        """Nobody speaks, neither a person nor the device."""
        return self._state.phase is m.Phase.IDLE

    @property
    def volume(self) -> int:
        return self._so.volume

    @property
    def use(self) -> Use:
        """When a person wants System 2 to be asked."""
        return self._so.use

    @property
    def standing(self) -> Standing:
        """What is so now, whatever the conversation is doing."""
        return self._so.standing

    @property
    def faults(self) -> Mapping[str, str]:
        """Of each part that does not work, why, as a sentence for a person."""
        return self._so.faults

    def announce(self, announcement: Announcement) -> None:
        self._deliver(m.Announced(announcement))

    def withdraw(self, announcement_id: int) -> None:
        """What waits to be announced is not to be said any more."""
        self._deliver(m.Withdrawn(announcement_id))

    def fault(self, part: str, why: str) -> None:
        """A part does not work: `why` is a sentence for a person. "": it works again."""
        self._so.fault(part, why)
        self._deliver(m.FactsChanged())

    def linked(self, health: LinkHealth) -> None:
        """How System 2 can be reached now; told by the link, whenever it has measured or lost it."""
        self._so.linked(health)
        self._deliver(m.FactsChanged())

    def content_is_leaving(self, leaving: bool) -> None:
        """Told by the egress module, never by whoever means to send."""
        self._show_light(leaving)

    async def forget(self, since_s: float | None) -> int:
        """What was said last is not said again, and of the turns under way no words are kept.

        There is nothing older here, so it goes whatever `since_s` is.
        """
        gone = int(bool(self._said_last))
        self._said_last = ""
        self._forgot_s = self._conversation.now()
        return gone

    async def run(self) -> None:
        """Until cancelled; what it leaves is silent and still.

        An error here is a fault of the session itself and ends the process.
        """
        self.set_volume(self.volume)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._show_light()
                self._open_or_close()
                while True:
                    self._take(await self._inbox.get())
        finally:
            self._be_still()

    def _take(self, event: m.Event) -> None:
        self._state, actions = m.step(self._state, event, self._so.now())
        if self._state.phase in (m.Phase.IDLE, m.Phase.LISTENING):
            self._feel(Emotion.NEUTRAL)
        self._show_light()
        for action in actions:
            self._carry_out(action)
        self._open_or_close()

    def _open_or_close(self) -> None:
        """The microphone: closed while muted, and between presses where the owner wants it so.

        One that was lost is wanted until it is found again: it is refused at every press until then.
        """
        hearing = self._under_way.hearing if self._under_way else None
        captures = hearing is not None and hearing.capturing
        stuck = self._held_too_long or BUTTONS & self._so.facts.faults
        lost = m.MICROPHONE in self._so.facts.faults
        waits = (self._settings.sound.open == "always" or lost) and not stuck
        self._want((captures or waits) and not self._so.facts.muted)

    def _want(self, wanted: bool) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            self._ears.want(wanted)

    # --- actions ---

    def _carry_out(self, action: m.Action) -> None:
        match action:
            case m.Listen(turn_id, pressed_s):
                self._listen(turn_id, pressed_s)
            case m.EndCapture():
                self._end_capture()
            case m.Answer(turn_id, text):
                self._allow_motion()
                turn = self._new_turn(turn_id, Kind.TYPED)
                turn.record.mark(Stage.RELEASED)
                self._begin(turn, partial(self._answer, turn, Typed(text)))
            case m.SayAgain(turn_id):
                turn = self._new_turn(turn_id, Kind.AGAIN)
                again = self._said_last or self._with.phrases(Stock.NOTHING_TO_REPEAT)
                self._begin(turn, partial(turn.announce, again, "said again"))
            case m.Announce(turn_id, announcement):
                turn = self._new_turn(turn_id, Kind.ANNOUNCEMENT)
                said = partial(turn.announce, announcement.text, rings=announcement.rings)
                self._begin(turn, said)
            case m.Cancel():
                self._cancel()
            case m.Halt():
                self._be_still()
                self.stilled()
            case m.Refuse(why):
                self._refuse(why)
            case m.Dismiss(announcement):
                log.info("announcement %d was dismissed", announcement.announcement_id)
                self.announced(announcement.announcement_id, Outcome.DISMISSED)
            case m.Said(announcement):
                self.announced(announcement.announcement_id, Outcome.SAID)
            case m.Drop(announcement):
                log.warning("announcement %d was never said", announcement.announcement_id)
                self.announced(announcement.announcement_id, Outcome.DROPPED)
            case _:
                assert_never(action)

    def _listen(self, turn_id: int, pressed_s: float) -> None:
        """The tap opens now, so that nothing is lost while the turn before is still ending."""
        self._allow_motion()
        talk = self._so.talk
        own_voice_until_s = self._quiet_since_s + self._with.speaker.latency_s
        unmuted_s = self._so.unmuted_s
        not_before_s = unmuted_s if self._ears.echo_free() else max(own_voice_until_s, unmuted_s)
        tap = self._ears.hub.listen(pressed_s - talk.pre_roll_ms / 1000, not_before_s)
        turn = self._new_turn(turn_id, Kind.SPOKEN)
        turn.record.mark(Stage.PRESSED, pressed_s)
        turn.record.engines |= {"stt": self._ears.stt.name, "vad": self._ears.detector.name}
        hearing = Hearing(
            tap,
            self._ears.detector,
            Endpointer.for_talk(talk),
            self._ears.stt,
            turn.record,
            self._with.board,
            talk.longest_s,
            self._settings.deadlines.stt_s,
            self._deliver,
            self._open_or_close,
        )
        self._begin(turn, partial(self._answer, turn, hearing), hearing)

    def _end_capture(self) -> None:
        """The press that ends an utterance stops as every press does, and then allows what is asked for."""
        self._allow_motion()
        self._held_too_long = self._held and self._so.facts.mode is m.TalkMode.HOLD
        if self._under_way and self._under_way.hearing:
            self._under_way.hearing.end(self._so.talk.post_roll_ms / 1000)

    def _cancel(self) -> None:
        """The task ends by itself from here; whatever begins next awaits it first. Idempotent.

        A press does this at once: a turn that is only silenced would go on to speak before the inbox is read.
        """
        self._silence()
        turn = self._under_way
        if turn and turn.going_on and not turn.turn.record.cut_off:
            turn.turn.record.cut_off = True
            if turn.task:
                turn.task.cancel()

    def _refuse(self, why: m.Refusal) -> None:
        stock = {
            m.Refusal.MUTED: Stock.MUTED,
            m.Refusal.SETUP: Stock.SETUP,
            m.Refusal.UPDATING: Stock.UPDATING,
            m.Refusal.LISTENING: Stock.STILL_LISTENING,
            m.Refusal.NO_MICROPHONE: Stock.NO_MICROPHONE,
        }[why]
        self._with.board.post(Refused(self._with.phrases(stock)))
        if self._state.phase is m.Phase.IDLE:
            self._signal(refusal())

    # --- turns ---

    def _new_turn(self, turn_id: int, kind: Kind) -> Turn:
        started_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = TurnRecord(turn_id, kind, self._clock, started_utc)
        record.engines["tts"] = self._with.tts.name
        settings = self._settings
        return Turn(record, self._with, settings.deadlines, settings.language, self._deliver, self._act)

    async def _answer(self, turn: Turn, words: Words) -> m.Event:
        return await turn.answer(words, lambda: self._conversation.history)

    def _begin(
        self, turn: Turn, work: Callable[[], Awaitable[m.Event]], hearing: Hearing | None = None
    ) -> None:
        under_way = self._under_way = _UnderWay(turn, self._conversation.now(), hearing)
        seen_through = self._see_through(under_way, work, frozenset(self._unended))
        task = self._tasks.create_task(seen_through, name=f"turn {turn.record.turn_id}")
        self._unended.add(task)
        task.add_done_callback(self._unended.discard)

    async def _see_through(
        self,
        under_way: _UnderWay,
        work: Callable[[], Awaitable[m.Event]],
        before: frozenset[asyncio.Task[None]],
    ) -> None:
        """Await the turns before, run this one, and whatever happens, write it down."""
        under_way.task = asyncio.current_task()
        record = under_way.turn.record
        try:
            if not record.cut_off:
                await self._last_turns_end(before)
                event = await work()
                under_way.going_on = False
                self._deliver(event)
        except Exception as error:
            log.exception("turn %d ended without an answer", record.turn_id)
            why = parts(error)[0]
            record.error = str(why)
            record.error_code = why.code if isinstance(why, StageError) else "turn_failed"
            self._deliver(m.TurnFailed(record.turn_id, record.error))
            if under_way is self._under_way:
                self._tell_trouble()
        finally:
            if under_way.hearing:
                under_way.hearing.close()
            self._note_quiet(under_way.turn)
            if under_way.began_s <= self._forgot_s:
                record.forget_words()
            self._said_last = record.made or self._said_last
            self._conversation.add(under_way.turn.lines(), under_way.began_s)
            self._ended(record)

    async def _last_turns_end(self, before: frozenset[asyncio.Task[None]]) -> None:
        """Wait, but not for ever: a turn whose engine does not let go is waited for once, and left behind."""
        if before:
            _, stuck = await asyncio.wait(before, timeout=LAST_TURN_BOUND_S)
            for task in stuck:
                log.error("%s does not end; the next one goes on without it", task.get_name())
            self._unended -= stuck

    def _tell_trouble(self) -> None:
        """The turn could not say that it failed: a signal does, and the page."""
        self._silence()
        self._with.board.post(Refused(self._with.phrases(Stock.LOST_THREAD)))
        self._signal(trouble())

    def _act(self, act: Act) -> None:
        match act:
            case Perform(gesture):
                if not self.latch.pulled:
                    self._with.board.post(Moved(gesture))
                    self._tasks.create_task(self._perform(gesture), name="gesture")
            case Express(emotion):
                self._feel(emotion)
            case SetVolume(percent, change):
                self.set_volume(percent if percent is not None else self.volume + (change or 0))
            case _:
                self.stop()

    async def _perform(self, gesture: Gesture) -> None:
        await self._robot_does(gesture.value, self._robot.perform(gesture))

    def _feel(self, emotion: Emotion) -> None:
        """A mood ends with the words that it came with."""
        if emotion is not self.light.mood:
            self._show_light(mood=emotion)
            self._tasks.create_task(self._express(emotion), name="mood")

    async def _express(self, emotion: Emotion) -> None:
        await self._robot_does(f"look {emotion.value}", self._robot.express(emotion))

    async def _robot_does(self, what: str, doing: Awaitable[None]) -> None:
        """A body that falls over does not end the conversation."""
        try:
            async with asyncio.timeout(GESTURE_BOUND_S):
                await doing
        except (RobotError, TimeoutError) as error:
            log.warning("the robot did not %s: %s", what, error)
        except Exception:
            log.exception("the robot failed to %s", what)

    # --- small things ---

    def _be_still(self) -> None:
        self._silence()
        self.latch.pull()

    def _allow_motion(self) -> None:
        self.latch.release()
        self._robot.release()

    def _silence(self) -> None:
        self._with.speaker.silence()
        if self._under_way and self._state.phase in (m.Phase.THINKING, m.Phase.SPEAKING):
            self._note_quiet(self._under_way.turn)

    def _note_quiet(self, turn: Turn) -> None:
        """A turn that never sounded must not cost the next one its pre-roll."""
        if turn.aloud:
            self._quiet_since_s = self._clock()

    def _signal(self, sound: Audio) -> None:
        playback = self._with.speaker.begin(self._state.turn_id)
        self._tasks.create_task(playback.write(sound), name="signal")

    def _deliver(self, event: m.Event) -> None:
        """Never blocks. 256 unread events mean that the session is stuck: better to say so than to hang."""
        try:
            self._inbox.put_nowait(event)
        except asyncio.QueueFull:
            log.error("the session does not keep up; an event was lost: %s", type(event).__name__)

    def _show_light(self, leaving: bool | None = None, mood: Emotion | None = None) -> None:
        leaving = self.light.leaving if leaving is None else leaving
        shown = LightChanged(light(self._state.phase, self._so.facts), leaving, mood or self.light.mood)
        if shown != self.light:
            self.light = shown
            self._with.board.post(shown)
