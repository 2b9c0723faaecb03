"""Log in to Twitch with a code, for `source: eventsub` and `source: twitch`.

  python3 run.py login --client-id ID twitch.login     shows a code and where to type it, and waits
  python3 run.py login twitch.login                    the same again, with the client id in the file

Log in as the streamer: then rewards and subscriptions count, too. Another account can read and answer.
The file is the login: whoever has it can write as that account. It keeps itself fresh while the bot runs.
docs/twitch.md says how to get a client id.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.chat.device_login import DeviceLogin, DeviceLoginError
from bot.chat.eventsub_wishes import READ_CHAT, SCOPES, SEE_BANS
from bot.chat.helix_answer import HelixError
from bot.chat.tokens import Login, LoginError, Tokens, check_place, read, write
from cli.errors import EXIT_TROUBLE, EXIT_USAGE, CommandError
from cli.running import run_until_stopped
from config.mistakes import CALL
from tunnel.wallclock import WallClock

if TYPE_CHECKING:
    from bot.chat.helix import DeviceCode, Helix

ID_URL: Final = "https://id.twitch.tv/"
# What can be asked for besides what is always asked for.
MORE_SCOPES: Final = {SEE_BANS: "see bans of people who never wrote"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, the application, what it may do."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the login file to make, or to replace")
    parser.add_argument("--client-id", metavar="ID", help="of your application at dev.twitch.tv/console")
    parser.add_argument(
        "--scope",
        action="append",
        choices=sorted(MORE_SCOPES),
        default=[],
        help=f"ask for this too ({'; '.join(f'{scope}: {what}' for scope, what in MORE_SCOPES.items())})",
    )
    parser.add_argument("--id-url", default=ID_URL, help=argparse.SUPPRESS)  # where a test's Twitch is


def run(args: argparse.Namespace) -> int:
    """0 once the login is stored; 1 if it came to nothing; CommandError for what cannot work."""
    client_id = client_id_of(args.file, args.client_id)
    scopes = frozenset(SCOPES) | frozenset(args.scope)
    stored: list[Login] = []

    async def log_in() -> None:
        stored.append(await get_login(client_id, scopes, args.id_url))

    try:
        check_place(args.file)  # before somebody types a code for nothing
        run_until_stopped(log_in())
        if not stored:
            print("\nStopped. Nothing was stored.")
            return EXIT_TROUBLE
        write(args.file, stored[0])
    except (HelixError, DeviceLoginError) as error:
        raise CommandError(f"that did not work: {error}") from error
    except LoginError as error:
        raise CommandError(f"{error}") from error
    print(summary(stored[0], scopes, args.file))
    return 0


def client_id_of(file: Path, given: str | None) -> str:
    """The one given, or that of the login to be replaced. A file that is no login is never replaced."""
    kept = ""
    if file.exists():
        try:
            kept = read(file).client_id
        except LoginError as error:
            raise CommandError(f"{error}; name another file, or remove it", EXIT_USAGE) from error
    client_id = given or kept
    if not client_id:
        raise CommandError("give --client-id ID; docs/twitch.md says how to get one", EXIT_USAGE)
    if not re.fullmatch("[A-Za-z0-9]{10,64}", client_id):
        raise CommandError("a client id is about 30 letters and digits", EXIT_USAGE)
    return client_id


async def get_login(client_id: str, scopes: frozenset[str], id_url: str) -> Login:
    """Shows the code and waits. Raises HelixError or DeviceLoginError."""
    from bot.chat.helix import Helix  # here, because of what it costs to import

    async with Helix(client_id, id_url=id_url) as helix:
        code = await helix.ask_device_code(scopes)
        print(invitation(code), flush=True)
        tokens = await wait_for(helix, code, scopes)
        account = await helix.look_up(tokens.access)
    return Login(
        client_id, account.user_id, account.user, Tokens(tokens.access, tokens.refresh, account.scopes)
    )


async def wait_for(helix: Helix, code: DeviceCode, scopes: frozenset[str]) -> Tokens:
    """Asks as often as Twitch wants to be asked, and for as long as the code is good."""
    clock = WallClock()
    login = DeviceLogin(interval_ms=code.interval_s * 1000, lasts_ms=code.expires_s * 1000, now=clock.now())
    while True:
        await asyncio.sleep(max(0.0, login.next_poll - clock.now()) / 1000)
        try:
            return await helix.trade_device_code(code, scopes)
        except HelixError as error:
            login.refused(error, clock.now())


def invitation(code: DeviceCode) -> str:
    """What to do now."""
    return "\n".join(
        [
            f"Open    {code.url}",
            f"and see that it shows the code   {code.user_code}",
            "Log in there as the account the bot shall use, and agree.",
            f"Waiting for at most {max(1, code.expires_s // 60)} minutes. Ctrl-C ends it.",
        ]
    )


def summary(login: Login, asked: frozenset[str], file: Path) -> str:
    """Who logged in and what that allows."""
    words = {**SCOPES, **MORE_SCOPES}
    granted = [words[scope] for scope in words if scope in login.tokens.scopes]
    lines = [
        f"Logged in as {login.user}. The bot may: {', '.join(granted) or 'nothing'}.",
        f"Stored in {file}, which only you can read. In the bot's config:",
        f"  chat: {{source: twitch, channel: {login.user}, login: {file.name}}}",
    ]
    missing = sorted(asked - login.tokens.scopes)
    if missing:
        lines.append(f"Twitch did not grant {', '.join(missing)}.")
    if READ_CHAT not in login.tokens.scopes:
        lines.append(f"Without {READ_CHAT} it cannot read the chat: run `{CALL} login {file}` again.")
    return "\n".join(lines)
