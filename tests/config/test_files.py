"""The files a configuration names."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.files import TlsFiles


def test_a_certificate_goes_with_its_key() -> None:
    with pytest.raises(ValidationError):
        TlsFiles.model_validate({"cert": "cert.pem"})
