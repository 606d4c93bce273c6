"""Machines' keys."""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, or_, select, update

from data import times
from data.accounts.base import AccountsBase
from data.accounts.principal import MAX_NAME, ROLE_SCOPES, SCOPES, Principal, digest_of, new_secret, storable
from data.accounts.rows import KnownToken
from data.errors import Code, Refused
from data.schema import ApiToken, User
from data.store import PASSING_SECONDS

PREFIX = "bv2_"
SHOWN = len(PREFIX) + 6
USED_EVERY = timedelta(minutes=1)


class Tokens(AccountsBase):
    """The part of `Accounts` that knows machines."""

    def create_token(
        self,
        name: str,
        scopes: Iterable[str],
        bot: str | None = None,
        expires_in: timedelta | None = None,
        *,
        owner: int | None = None,
        actor: str = "cli",
        address: str = "",
    ) -> str:
        """Make a token and return its text, which is shown this once and stored nowhere; raises `Refused` (`invalid_fields`).

        With an `owner`, the number of a user, it may never do more than that user may at the time.
        """
        wanted = frozenset(scopes)
        faults = _token_faults(name, wanted, bot, expires_in)
        if faults:
            raise Refused(Code.INVALID_FIELDS, "the token cannot be made", fields=faults)
        token, moment = PREFIX + new_secret(), times.now()
        listed = " ".join(sorted(wanted))
        row: dict[str, Any] = {"name": name, "prefix": token[:SHOWN], "digest": digest_of(token), "scopes": listed, "bot": bot, "created_at": moment}
        row["created_by"] = owner
        with self._store.write() as connection:
            made = insert(ApiToken).values(**row, expires_at=moment + expires_in if expires_in else None).returning(ApiToken.id)
            number: int = connection.execute(made).scalar_one()
            self._audit.add(connection, actor, "token.create", f"token:{number}", address, after={"name": name, "scopes": listed, "bot": bot})
        return token

    def list_tokens(self, owner: int | None = None) -> list[dict[str, Any]]:
        """Return every token, or those that a user made, the newest first, without its secret: `id, name, prefix, scopes, bot`,
        the name of who made it in `created_by` (None for the command line), and its four times.
        """  # noqa: D205  # the names are one list
        columns = (ApiToken.id, ApiToken.name, ApiToken.prefix, ApiToken.scopes, ApiToken.bot)
        dates = (ApiToken.created_at, ApiToken.expires_at, ApiToken.last_used_at, ApiToken.revoked_at)
        with self._store.read() as connection:
            query = select(*columns, *dates, User.name.label("created_by")).outerjoin(User, User.id == ApiToken.created_by)
            if owner is not None:
                query = query.where(ApiToken.created_by == owner)
            return [dict(row) for row in connection.execute(query.order_by(ApiToken.id.desc())).mappings()]

    def revoke_token(self, number: int, *, owner: int | None = None, actor: str = "cli", address: str = "") -> bool:
        """End a token by its id, with an `owner` only one that this user made; return whether there was one in force."""
        theirs = () if owner is None else (ApiToken.created_by == owner,)
        with self._store.write() as connection:
            ended = update(ApiToken).where(ApiToken.id == number, ApiToken.revoked_at.is_(None), *theirs).values(revoked_at=times.now())
            was_open = bool(connection.execute(ended).rowcount)
            if was_open:
                self._audit.add(connection, actor, "token.revoke", f"token:{number}", address)
        self._known_tokens.forget()
        return was_open

    def resolve_token(self, text: str) -> Principal | None:
        """Return what this token opens, or None: unknown, revoked or expired."""
        return self._live_token(digest_of(text)) if text.startswith(PREFIX) else None

    def _live_token(self, digest: str) -> Principal | None:
        known = self._known_tokens.get(digest, self._load_token)
        return known.principal if known and (known.expires_at is None or times.now() < known.expires_at) else None

    def _load_token(self, digest: str) -> KnownToken | None:
        query = select(ApiToken.id, ApiToken.name, ApiToken.scopes, ApiToken.bot, ApiToken.expires_at, ApiToken.last_used_at)
        query = query.add_columns(ApiToken.created_by, User.role, User.disabled).outerjoin(User, User.id == ApiToken.created_by)
        with self._store.read() as connection:
            row = connection.execute(query.where(ApiToken.digest == digest, ApiToken.revoked_at.is_(None))).first()
        if row is None or row.disabled:
            return None
        if row.last_used_at is None or times.now() - row.last_used_at >= USED_EVERY:
            self._note_use(row.id, digest)
        name = f"token:{row.id}"
        scopes = frozenset(row.scopes.split()) & (SCOPES if row.created_by is None else ROLE_SCOPES.get(row.role, frozenset()))
        return KnownToken(Principal(name, row.name, None, scopes, row.bot, name, digest), row.expires_at)

    def _note_use(self, number: int, digest: str) -> None:
        """Write down that the token was used; tried once a minute, because whoever tries waits for a store that is locked."""
        if time.monotonic() < self._use_due.get(number, 0.0):
            return
        self._use_due[number] = time.monotonic() + USED_EVERY.total_seconds()
        moment = times.now()
        stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= moment - USED_EVERY)
        try:
            with self._store.write(durable=False, patience=PASSING_SECONDS) as connection:
                connection.execute(update(ApiToken).where(ApiToken.digest == digest, stale).values(last_used_at=moment))
        except Refused:
            return  # a convenience for the list of tokens; a full disk must not keep readers out


def _token_faults(name: str, scopes: frozenset[str], bot: str | None, expires_in: timedelta | None) -> dict[str, str]:
    faults = {}
    if not name.strip() or storable(name, MAX_NAME) != name:
        faults["name"] = f"must have 1 to {MAX_NAME} characters"
    if not scopes or not scopes <= SCOPES:
        faults["scopes"] = f"must be one or more of {', '.join(sorted(SCOPES))}"
    if bot is not None and (not bot.strip() or storable(bot, MAX_NAME) != bot):
        faults["bot"] = f"must have 1 to {MAX_NAME} characters"
    if expires_in is not None and expires_in <= timedelta(0):
        faults["expires_in"] = "must be longer than nothing"
    return faults
