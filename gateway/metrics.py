"""What Prometheus reads. One registry for each process; nothing of it says who a device is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

LATENCY_S = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 13, 20)


class Metrics:
    """The collectors. docs/gateway.md lists them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.connections = Gauge(
            "gateway_connections", "Devices connected to this process.", registry=self.registry
        )
        self.endings = self._counter("connections_ended", "Connections the gateway ended, by code.", "code")
        self.turns = self._counter("turns", "Turns that ended, by reason.", "reason")
        self.errors = self._counter("errors", "Stages that failed, by code.", "code")
        self.tokens = self._counter("tokens", "Tokens, as the endpoint counts them, by kind.", "kind")
        self.reports = self._counter("reports", "The device channel, by what became of it.", "status")
        self.rejected = self._counter("reports_rejected", "Reports that never count, by why.", "why")
        self.alerts = self._counter("alerts", "Alerts, by what became of them.", "became")
        self.questions = self._counter("questions", "Promised questions, by what became of them.", "became")
        self.first_words = self._histogram("first_words_seconds", "From a question to its first words.")
        self.first_sound = self._histogram("first_sound_seconds", "From a question to its first sound.")

    def page(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, by: str) -> Counter:
        return Counter(f"gateway_{name}", what, [by], registry=self.registry)

    def _histogram(self, name: str, what: str) -> Histogram:
        return Histogram(f"gateway_{name}", what, buckets=LATENCY_S, registry=self.registry)
