"""Without llama-cpp-python there is a sentence that says so, and nothing else breaks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WITHOUT = "import sys; sys.modules['llama_cpp'] = None\n"


def run(story: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + story], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_the_missing_package_is_told_at_load() -> None:
    done = run("""
import asyncio
from pathlib import Path
from device.brain.llm_llama import LlamaModel
from device.config import Llama, Reply
from device.errors import EngineMissing
try:
    asyncio.run(LlamaModel(Path("any.gguf"), Llama(), Reply(), cores=2).load(30))
except EngineMissing as missing:
    print(missing)
""")
    assert done.stdout.startswith("A language model on board needs llama-cpp-python, which is not installed")
    assert done.stderr == ""


def test_the_measurements_say_that_they_were_not_made() -> None:
    done = run("""
import asyncio
from bench import minds
for figure in (*asyncio.run(minds.warm_beginning()), *asyncio.run(minds.loop_lag()), *minds.memory()):
    print(figure.as_line().replace('\\n', ''))
""")
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert all("not measured    llama-cpp-python is not installed" in line for line in lines), lines
