"""The gateway runs where there is no device: nothing of it needs a sound card, pins or an engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ABSENT = ("sounddevice", "gpiozero", "pocketsphinx", "faster_whisper", "llama_cpp", "piper", "onnxruntime")
TRY = f"""
import importlib, pkgutil, sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Nothing())
import gateway
for found in pkgutil.walk_packages(gateway.__path__, "gateway."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
import device.brain.stt_whisper, device.brain.tts_espeak, device.brain.tts_piper
print(len([name for name in sys.modules if name.startswith("gateway.")]))
"""


def test_every_module_of_it_can_be_imported_without_what_only_a_device_has() -> None:
    done = subprocess.run([sys.executable, "-c", TRY], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30
