from __future__ import annotations

import pickle

from bench.setting import AT_ONCE
from bench.throughput import RATE
from config.controllers import load_controller


def test_at_the_highest_rate_every_input_begins_at_once() -> None:
    down_at_a_time = RATE * load_controller(AT_ONCE.controller).default_ms / 1_000
    assert AT_ONCE.modes.start == "anarchy"
    assert AT_ONCE.modes.anarchy.together > 2 * down_at_a_time


def test_a_setting_reaches_another_process_as_it_was() -> None:
    assert pickle.loads(pickle.dumps(AT_ONCE)) == AT_ONCE
