"""The safety gate: a verdict on every text, from the person or for the speaker, that fails closed."""

from device.brain.safety.gate import RuleGate, load_gate

__all__ = ["RuleGate", "load_gate"]
