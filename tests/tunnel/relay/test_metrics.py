from __future__ import annotations

from tunnel.relay.metrics import exposition


def test_the_page_is_what_prometheus_reads() -> None:
    page = exposition({"members": 3, "messages_in": 7, "dropped": {"rate": 2, "queue": 1}})
    assert page == (
        "# HELP crowdpad_relay_members Connections that have logged in.\n"
        "# TYPE crowdpad_relay_members gauge\n"
        "crowdpad_relay_members 3\n"
        "# HELP crowdpad_relay_messages_in_total Datagrams received from members.\n"
        "# TYPE crowdpad_relay_messages_in_total counter\n"
        "crowdpad_relay_messages_in_total 7\n"
        "# HELP crowdpad_relay_dropped_total Datagrams dropped.\n"
        "# TYPE crowdpad_relay_dropped_total counter\n"
        'crowdpad_relay_dropped_total{reason="queue"} 1\n'
        'crowdpad_relay_dropped_total{reason="rate"} 2\n'
    )
