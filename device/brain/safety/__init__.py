"""The safety gate: every text, from the person or for the speaker, is judged here.

`load_gate` gives the gate, `ReplyJudge` judges a reply's clauses in their context.
"""

from device.brain.safety.gate import ReplyJudge, RuleGate, load_gate

__all__ = ["ReplyJudge", "RuleGate", "load_gate"]
