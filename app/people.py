"""The commands about people, their tokens and the audit log."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from data.accounts import Accounts, chain
from data.backup import migrated
from data.errors import Code, Refused
from data.settings import Settings
from data.store import Store
from data.times import iso

TOKEN_DATES = ("created_at", "expires_at", "last_used_at", "revoked_at")


@contextmanager
def _accounts(*, migrating: bool = True) -> Iterator[Accounts]:
    settings = Settings.load()
    store = Store(settings.store_url)
    try:
        if migrating:
            migrated(store, settings)
        yield Accounts(store, settings)
    finally:
        store.close()


def token_create(name: str, scope: list[str], bot: str | None, expires_in: timedelta | None) -> None:
    """Print a new token alone on the last line."""
    with _accounts() as accounts:
        print(accounts.create_token(name, scope, bot=bot, expires_in=expires_in))


def token_list() -> None:
    """Print a line per token, the newest first."""
    with _accounts() as accounts:
        for token in accounts.list_tokens():
            dates = [f"{name.removesuffix('_at')} {iso(token[name])}" for name in TOKEN_DATES if token[name] is not None]
            print(f"{token['id']}  {token['prefix']}…  {token['name']!r}  {token['scopes']}  bot {token['bot'] or 'any'}  {', '.join(dates)}")


def token_revoke(number: int) -> None:
    """Revoke a token."""
    with _accounts() as accounts:
        if not accounts.revoke_token(number):
            raise Refused(Code.NOT_FOUND, f"there is no token {number} in force; `token list` shows all")
    print(f"revoked token {number}")


def user_add(name: str, role: str) -> None:
    """Add a person."""
    with _accounts() as accounts:
        accounts.add_user(name, _ask_password(), role)
    print(f"added {name} as {role}")


def user_passwd(name: str) -> None:
    """Change a password."""
    with _accounts() as accounts:
        accounts.set_password(name, _ask_password())
    print(f"changed the password of {name} and ended their sessions")


def _ask_password() -> str:
    return getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def user_list() -> None:
    """Print a line per person, by name."""
    with _accounts() as accounts:
        for user in accounts.list_users():
            marks = [word for word, on in (("shut out", user["disabled"]), ("second factor", user["two_factor"])) if on]
            print("  ".join([f"{user['id']}", repr(user["name"]), user["role"], f"since {iso(user['created_at'])}", *marks]))


def user_change(name: str, role: str | None = None, disabled: bool | None = None) -> None:
    """Give a person another role, shut one out or let one in again."""
    with _accounts() as accounts:
        if role is not None:
            accounts.set_role(name, role)
        if disabled is not None:
            accounts.set_disabled(name, disabled)
    print(f"changed {name}")


def user_link(name: str) -> None:
    """Print the path of a link by which a person chooses a new password, alone on the last line."""
    with _accounts() as accounts:
        print(f"/login/once/{accounts.create_link(name, resets_password=True)}")


def user_unlock(name: str) -> None:
    """Switch a person's second factor off."""
    with _accounts() as accounts:
        was_on = accounts.end_two_factor(name)
    print(f"switched the second factor of {name} off" if was_on else f"the second factor of {name} was off")


def audit_verify(anchor: tuple[int, str] | None) -> int:
    """Compute every hash of the audit log again; the status is 1 when one does not hold."""
    with _accounts(migrating=False) as accounts:
        found = chain.verify(accounts.store, anchor)
    if found["broken"]:
        print(f"row {found['broken']['id']}: {found['broken']['why']}; {found['rows']} rows before it hold")
        return 1
    print(f"{found['rows']} rows hold; the last is {found['head']['id']}:{found['head']['hash']}")
    return 0
