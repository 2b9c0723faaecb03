"""From options to places."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.tunnel.rendezvous.conftest import Ends
from tunnel.rendezvous.dht import DhtPlace
from tunnel.rendezvous.place import Patient
from tunnel.rendezvous.places import DhtOptions, FolderOptions, PlaceOptions, WebOptions, make_places
from tunnel.wallclock import WallClock


def test_each_option_is_a_place_of_its_kind(tmp_path: Path, ends: Ends) -> None:
    options: list[PlaceOptions] = [
        FolderOptions(tmp_path),
        WebOptions("https://store.example/{hole}"),
        DhtOptions(),
    ]
    places = make_places(options, ends.bot, WallClock())
    assert [place.name for place in places] == [
        f"folder {tmp_path}", "web store store.example", "the BitTorrent DHT"
    ]  # fmt: skip
    assert [isinstance(place, Patient) for place in places] == [False, True, True]


def test_the_nodes_to_begin_with_are_the_usual_ones_unless_said(ends: Ends) -> None:
    own = (("node.example", 6_881),)
    places = make_places([DhtOptions(), DhtOptions(own)], ends.bot, WallClock())
    nodes = [place._bootstrap for place in places if isinstance(place, DhtPlace)]
    assert nodes[0]
    assert nodes[1] == own


def test_the_dht_s_library_is_loaded_only_where_it_is_named() -> None:
    look = "import sys, tunnel.rendezvous.places; print('libtorrent' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "False"
