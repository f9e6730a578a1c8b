"""Turns without a person: typed words or recordings through the same session that serves people.

`twominds ask` and `twominds replay` stand on this, and so do the benches. The microphone is a
recording, the speaker keeps what was said; everything between them is the real thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RECORDINGS = {".wav", ".flac", ".mp3", ".ogg"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one recording, or one typed question, came to."""

    file: str
    transcript: str = ""
    route: str = ""
    reply: str = ""
    spoken_s: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def as_text(self) -> str:
        """For a person: what was heard, what was answered, by whom and how soon."""
        title = f"{self.file}\n" if self.file else ""
        if self.error and not self.reply:
            return f"{title}  {self.error}"
        sound_ms = self.stages_ms.get("first_audio")
        soon = f", first sound after {sound_ms:.0f} ms" if sound_ms is not None else ""
        lines = [
            f"  heard  {self.transcript or '(nothing)'}",
            f"  said   {self.reply or '(nothing)'}",
            f"  by     {self.route or 'nobody'}{soon}",
        ]
        if self.error:
            lines.append(f"  but    {self.error}")
        return title + "\n".join(lines)
