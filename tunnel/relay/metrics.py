"""A relay's counters as Prometheus reads them (text exposition format 0.0.4). Pure.

The snapshot has plain numbers, and for what is counted by reason a mapping from reason to number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

Snapshot = Mapping[str, int | Mapping[str, int]]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class _Metric(NamedTuple):
    key: str  # in the snapshot
    kind: str
    help: str
    label: str | None = None  # what the keys of a mapping are

    @property
    def name(self) -> str:
        return f"crowdpad_relay_{self.key}" + ("_total" if self.kind == "counter" else "")


METRICS: Final = (
    _Metric("connections", "gauge", "Open TCP connections"),
    _Metric("waiting", "gauge", "Connections that have not logged in"),
    _Metric("members", "gauge", "Connections that have logged in"),
    _Metric("rooms", "gauge", "Rooms with somebody inside"),
    _Metric("parked", "gauge", "Datagrams waiting for members who read slowly"),
    _Metric("messages_in", "counter", "Datagrams received from members"),
    _Metric("messages_out", "counter", "Datagrams written to members"),
    _Metric("bytes_in", "counter", "Bytes of datagrams received from members"),
    _Metric("bytes_out", "counter", "Bytes of datagrams written to members"),
    _Metric("dropped", "counter", "Datagrams dropped", "reason"),
    _Metric("turned_away", "counter", "Connections closed before they could say anything", "limit"),
    _Metric("logins", "counter", "Logins", "result"),
    _Metric("closed", "counter", "Members closed by the relay", "reason"),
    _Metric("stun", "counter", "Datagrams at the UDP port that answers STUN, and its mishaps", "result"),
    _Metric(
        "stun_tcp", "counter", "STUN questions at the TCP port, and connections that fell silent", "result"
    ),
)


def exposition(snapshot: Snapshot) -> str:
    """The page. What the snapshot lacks is left out."""
    lines: list[str] = []
    for metric in METRICS:
        value = snapshot.get(metric.key)
        if value is None:
            continue
        lines.append(f"# HELP {metric.name} {metric.help}.")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        if isinstance(value, int):
            lines.append(f"{metric.name} {value}")
        else:
            # Reasons are our own words, so nothing in them needs escaping.
            lines += [f'{metric.name}{{{metric.label}="{k}"}} {v}' for k, v in sorted(value.items())]
    return "\n".join(lines) + "\n"
