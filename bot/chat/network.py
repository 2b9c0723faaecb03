"""What the chat sources say of a line that is down, in a streamer's words. Opens nothing itself."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from urllib.parse import urlsplit

_ERRNO = re.compile(r"\[Errno (\d+)\]")


def is_loopback(url: str) -> bool:
    """Whether this address can only be the machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reason(error: Exception) -> str:
    """What went wrong in the words of whoever noticed, on one line."""
    if isinstance(error, TimeoutError):
        return "the chat server does not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror) and error.strerror:
        return f"the chat server's name is not found ({error.strerror})"
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and (numbers := _ERRNO.findall(text)):
        # asyncio's own words hold addresses and numbers, once for each address that it tried.
        return " and ".join(dict.fromkeys(_plain(int(number)) for number in numbers))
    return text or type(error).__name__


def _plain(number: int) -> str:
    words = os.strerror(number)
    return words[:1].lower() + words[1:]
