"""What we use of twitchio, and the one place that imports it: it costs a fifth of a second and 20 MB.

So import this only where Twitch is spoken to over HTTP.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # Its web part, which is imported along, derives from a class of aiohttp's in a way aiohttp discourages.
    warnings.simplefilter("ignore", DeprecationWarning)
    from twitchio.authentication.oauth import OAuth
    from twitchio.authentication.scopes import Scopes
    from twitchio.eventsub.enums import SubscriptionType
    from twitchio.http import Route

__all__ = ["OAuth", "Route", "Scopes", "SubscriptionType"]
