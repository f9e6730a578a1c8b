"""The settings: one frozen tree, read once from a TOML file and the environment, passed down in slices.

A key that does not exist or a value that cannot be used is refused with its path, the value and a
suggestion. `TWOMINDS_` in the environment overrides the file, with two underscores between the
levels: `TWOMINDS_TALK__MODE=toggle`. Secrets do not live here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Use = Literal["auto", "prefer", "never"]
"""auto: for what needs System 2. prefer: for all that no skill serves. never: every word stays on board."""
Seconds = Annotated[float, Meta(ge=0.1, le=600)]
Percent = Annotated[int, Meta(ge=0, le=100)]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the settings file."""


class Talk(Section, frozen=True):
    """How a person talks to the device."""

    mode: Literal["hold", "toggle"] = "hold"
    """hold: the button is held while speaking. toggle: one press begins, silence or a press ends."""
    patience_s: Annotated[float, Meta(ge=0.3, le=5)] = 0.9
    """In toggle mode, the silence that ends an utterance: longer for people who speak slowly."""
    pre_roll_ms: Annotated[int, Meta(ge=0, le=500)] = 300
    post_roll_ms: Annotated[int, Meta(ge=0, le=1000)] = 200
    longest_s: Annotated[float, Meta(ge=2, le=120)] = 30.0
    """An utterance is ended here, whatever the button says."""


class Deadlines(Section, frozen=True):
    """How long each stage may take before another mind is asked, or the person is told."""

    stt_s: Seconds = 5.0
    """From the end of the utterance to its transcript."""
    first_words_s: Seconds = 8.0
    """From the route to the first words of a reply."""
    system2_words_s: Seconds = 1.5
    """From a question to the first words of System 2; more where it is known to need more."""
    next_words_s: Seconds = 5.0
    """Between the words of a reply."""
    tts_s: Seconds = 4.0
    """For the next piece of a clause's sound."""
    turn_s: Seconds = 120.0
    """A whole answer, speaking included."""


class Engines(Section, frozen=True):
    """Which engine serves a stage; auto takes the best that is installed."""

    stt: Literal["auto", "whisper", "sherpa", "pocketsphinx"] = "auto"
    llm: Literal["auto", "llama", "server", "none"] = "auto"
    tts: Literal["auto", "piper", "espeak"] = "auto"
    vad: Literal["auto", "webrtc", "silero"] = "auto"


Threads = Annotated[int, Meta(ge=0, le=64)]
"""0: chosen by the number of cores."""
Share = Annotated[float, Meta(ge=0, le=1)]


class Whisper(Section, frozen=True):
    """Speech to text by faster-whisper."""

    model: str = ""
    """A name of the catalogue, or a folder; empty: the best that is installed."""
    context: Literal["full", "fitted"] = "full"
    """full: every pass sees 30 s, as the model was trained. fitted: as much as was said, and some more."""
    threads: Threads = 0
    beam_size: Annotated[int, Meta(ge=1, le=10)] = 1


class Sherpa(Section, frozen=True):
    """Streaming speech to text by a sherpa-onnx transducer."""

    model: str = ""
    """A name of the catalogue, or a folder; empty: the best that is installed."""
    threads: Threads = 0


class Llama(Section, frozen=True):
    """The language model on board, by llama.cpp."""

    model: str = ""
    """A name of the catalogue, or a GGUF file; empty: the best that is installed."""
    lora: str = ""
    """A LoRA adapter, as a GGUF file."""
    threads: Threads = 0
    context_tokens: Annotated[int, Meta(ge=256, le=131072)] = 2048
    """Persona, history, request and reply together."""
    memory_map: bool = False


class LlmServer(Section, frozen=True):
    """A language model on another machine: any server that speaks OpenAI's chat completions."""

    url: str = ""
    """Up to and without `/chat/completions`, as in `http://192.168.1.20:8080/v1`."""
    model: str = ""
    """As the server names it; empty: the first that it lists."""
    key_file: str = ""
    """A file with the key that the server wants, if it wants one."""
    context_tokens: Annotated[int, Meta(ge=256, le=131072)] = 4096


class Reply(Section, frozen=True):
    """How a language model answers."""

    longest_tokens: Annotated[int, Meta(ge=16, le=2048)] = 160
    history_tokens: Annotated[int, Meta(ge=0, le=32768)] = 768
    """How much of the conversation it is reminded of."""
    temperature: Annotated[float, Meta(ge=0, le=2)] = 0.7
    top_p: Share = 0.9


class Piper(Section, frozen=True):
    """Text to speech by piper. How fast it speaks is `voice.words_per_minute`."""

    model: str = ""
    """A name of the catalogue, or an ONNX file with its JSON beside it; empty: the best that is installed."""
    speaker: str = ""
    """Of a voice with several speakers: a name or a number."""
    variation: Share = 0.667
    """How much the sound varies (piper's noise_scale)."""
    rhythm: Share = 0.8
    """How much the length of sounds varies (piper's noise_w)."""
    threads: Threads = 0


class Character(Section, frozen=True):
    """Who the device is. A file of its own can hold it, together with voice and language."""

    file: str = ""
    """A TOML file with name, persona, safety, language and [voice]."""
    name: str = "Robot"
    persona: str = ""
    """How the language model is told to be; empty: the persona that ships."""
    safety: Literal["child", "adult"] = "child"


class VoiceSettings(Section, frozen=True):
    """The device's voice."""

    name: str = "en"
    """As the TTS engine names it; for espeak-ng see `espeak-ng --voices`."""
    words_per_minute: Annotated[int, Meta(ge=80, le=450)] = 165
    pitch: Annotated[int, Meta(ge=0, le=99)] = 50
    volume: Percent = 80
    """Loudness at start."""


class Sound(Section, frozen=True):
    """The device's own microphone and speaker."""

    microphone: str = "auto"
    """auto: the sound card's where there is one, else the page's. page: the page's. Or a part of a name."""
    speaker: str = "auto"
    gain_db: Annotated[float, Meta(ge=-20, le=40)] = 0.0
    """Added to what the microphone gives."""
    loudest: Percent = 85
    """What a volume of 100 % is: no voice, button or page makes it louder."""
    open: Literal["always", "pressed"] = "always"
    """always: the microphone fills a ring of half a second in RAM. pressed: it is closed between presses."""
    echo_cancellation: Literal["off", "system"] = "off"
    """system: by the module of PulseAudio or PipeWire."""


class Button(Section, frozen=True):
    """The button that is pressed to talk."""

    pin: str = ""
    """As gpiozero names it: GPIO17, BOARD11; empty: there is none."""
    wiring: Literal["to_ground", "to_3v3"] = "to_ground"
    debounce_ms: Annotated[int, Meta(ge=0, le=200)] = 25
    keyboard: str = ""
    """A part of the name of an input device whose key is a button, too; empty: none."""
    key: str = "space"


class Looks(Section, frozen=True):
    """How the light shows each state: a colour and a pattern."""

    starting: str = "#ffffff rise"
    idle: str = "#101820 dim"
    listening: str = "#0040ff steady"
    thinking: str = "#8020ff spin"
    speaking: str = "#00c040 wave"
    offline: str = "#ffb000 breathe"
    muted: str = "#801000 wink"
    setup: str = "#00c0c0 blink"
    updating: str = "#ffffff fall"
    fault: str = "#ff0000 flash"


class Lights(Section, frozen=True):
    """The light that shows what the device is doing."""

    kind: Literal["none", "rgb", "ring"] = "none"
    """rgb: one LED on three pins. ring: addressable LEDs on SPI."""
    red_pin: str = "GPIO22"
    green_pin: str = "GPIO27"
    blue_pin: str = "GPIO23"
    common: Literal["cathode", "anode"] = "cathode"
    chip: Literal["apa102", "ws2812"] = "apa102"
    device: str = "/dev/spidev0.0"
    count: Annotated[int, Meta(ge=1, le=256)] = 12
    brightness: Percent = 60
    looks: Looks = Looks()


class Panel(Section, frozen=True):
    """The page that the device serves."""

    port: Annotated[int, Meta(ge=0, le=65535)] = 8137
    """On 127.0.0.1; 0 takes any free port."""
    network: bool = False
    """Serve the page to the local network, too, by TLS."""
    network_port: Annotated[int, Meta(ge=0, le=65535)] = 8138
    """On every address of this machine; 0 takes any free port."""


class System2(Section, frozen=True):
    """The deep mind at the other end of the link."""

    url: str = ""
    """Where it is, as in `wss://gateway.example/v1/device`; empty: there is none."""
    dialect: Literal["native", "fastrtc", "twilio"] = "native"
    use: Use = "auto"
    voice: Literal["own", "theirs"] = "own"
    """own: it sends text, and the device speaks. theirs: it sends sound with its words."""
    ca_file: str = ""
    """Certificates, as a PEM file, that are trusted instead of the system's."""
    key_file: str = ""
    """A file with a key that is sent as a bearer token; a device's own key is used beside it."""
    frame_ms: Literal[20, 40, 60] = 60
    """Sound is sent in pieces of this length."""
    bitrate: Annotated[int, Meta(ge=8000, le=64000)] = 18500
    """Of the sound that is sent, in bits a second, before headers."""
    hook_url: str = ""
    """FastRTC only: where the server's program takes what its handler waits for."""
    fastrtc_input_hz: Annotated[int, Meta(ge=8000, le=48000)] = 48000
    """FastRTC only: its handler's `input_sample_rate`, which it never tells."""
    fastrtc_output_hz: Annotated[int, Meta(ge=8000, le=48000)] = 24000
    """FastRTC only: its handler's `output_sample_rate`."""
    race: bool = True
    """Ask System 1 at the same time where either could answer."""


class Replies(Section, frozen=True):
    """The cache of replies that were good before."""

    use: bool = True
    most_mb: Annotated[int, Meta(ge=1, le=10_000)] = 64
    """Of the disk, rendered sound included; what is used least goes first."""
    learned_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    """So long is a reply of System 2 good."""


class Outbox(Section, frozen=True):
    """What waits for System 2 while it cannot be reached."""

    most_items: Annotated[int, Meta(ge=10, le=100_000)] = 10_000
    most_mb: Annotated[int, Meta(ge=1, le=1000)] = 16
    days: Annotated[int, Meta(ge=1, le=365)] = 30


class Promises(Section, frozen=True):
    """Questions that the device has promised to find out about."""

    hours: Annotated[int, Meta(ge=1, le=720)] = 48
    """So long is a question kept, and its answer."""


class Retention(Section, frozen=True):
    """How long what a person has allowed to be kept is kept."""

    transcripts_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    sent_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    """What left the device and when, without words; so long can it be asked back."""


class Developer(Section, frozen=True):
    """For people who work on the device, never for those who live with it."""

    keep_audio: bool = False
    """Write every utterance to disk; the device says so at every start, and the page shows it."""


class Consent(Section, frozen=True):
    """What a person has agreed to. Everything is denied unless it stands here as true."""

    transcripts: bool = False
    """Keep what was said and answered, beyond the turn itself."""
    audio_stream: bool = False
    """Send live sound to System 2."""
    names: bool = False
    """Let System 2 have what was said with names of people."""
    places: bool = False
    """Let System 2 have what was said about where somebody is or lives."""
    health: bool = False
    """Let System 2 have what was said about somebody's health."""
    learning: bool = False
    """Keep general questions and System 2's answers to them, to answer sooner, and offline."""
    questions: bool = False
    """Keep a question that only System 2 can answer until it can; without it, the device asks each time."""
    alerts: bool = False
    """Tell System 2 that somebody may be in need: when and of what kind, never the words."""
    telemetry: bool = False
    """Tell System 2 of each turn: times, routes and reasons, no words."""
    telemetry_content: bool = False
    """Put words into telemetry; without it, times, routes and reasons only."""
    wellness: bool = False


class Settings(Section, frozen=True):
    """All of it."""

    language: Literal["en"] = "en"
    country: Literal["", "US", "CA", "GB", "IE", "AU", "NZ"] = ""
    """Where the device is, so that whoever needs help is told whom to call there."""
    talk: Talk = Talk()
    deadlines: Deadlines = Deadlines()
    engines: Engines = Engines()
    character: Character = Character()
    voice: VoiceSettings = VoiceSettings()
    piper: Piper = Piper()
    whisper: Whisper = Whisper()
    sherpa: Sherpa = Sherpa()
    llama: Llama = Llama()
    llm_server: LlmServer = LlmServer()
    reply: Reply = Reply()
    sound: Sound = Sound()
    button: Button = Button()
    lights: Lights = Lights()
    panel: Panel = Panel()
    system2: System2 = System2()
    replies: Replies = Replies()
    outbox: Outbox = Outbox()
    promises: Promises = Promises()
    retention: Retention = Retention()
    developer: Developer = Developer()
    consent: Consent = Consent()
