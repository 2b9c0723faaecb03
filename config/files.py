"""The files a configuration names, for every model that names one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from config.base import Model
from config.kinds import FileName
from config.mistakes import CALL

_KEY_FILE: Final = FileName("a key file", private=True, remedy=f"`{CALL} keys new {{}}` makes it")
_PASSPHRASE_FILE: Final = FileName("a file that holds a passphrase", private=True)

KeyFile = Annotated[Path, _KEY_FILE]
PassphraseFile = Annotated[Path, _PASSPHRASE_FILE]


class TlsFiles(Model):
    """The files of a TLS certificate; with them a server speaks wss://."""

    cert: Annotated[Path, FileName("a certificate file")] = Field(
        description="The certificate and its chain, PEM."
    )
    key: Annotated[Path, FileName("a file that holds the certificate's key", private=True)] = Field(
        description="The certificate's private key, PEM, readable by its owner alone."
    )
