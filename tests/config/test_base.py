from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.base import Misfit, Model
from config.play import DemocracyOptions


def test_a_model_whose_values_do_not_fit_together_says_which_and_why() -> None:
    with pytest.raises(ValidationError, match="shortest_window_s: the shortest") as caught:
        DemocracyOptions(window_s=4)
    (error,) = caught.value.errors()
    assert error["type"] == "misfit"
    (misfit,) = error["ctx"]["misfits"]
    assert misfit.path == ("shortest_window_s",)
    assert misfit.other == ("window_s",)


def test_a_model_of_which_nothing_is_said_fits() -> None:
    assert tuple(Model().misfits()) == ()
    assert DemocracyOptions(window_s=5).window_s == 5


def test_a_misfit_need_not_name_another_value() -> None:
    assert Misfit(("a",), "no").other == ()
