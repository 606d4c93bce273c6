"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for who has lost it."""

import base64
import hmac
import logging
import os
import secrets
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from data import times
from data.accounts.base import AccountsBase
from data.accounts.principal import digest_of
from data.errors import Code, Refused
from data.schema import RecoveryCode, User

log = logging.getLogger("botv2.accounts")

STEP_SECONDS = 30
DRIFT = (0, -1, 1)  # steps that a clock may be wrong by
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else; 16 of them are 79 bits
NONCE_BYTES = 12


class SecondFactor(AccountsBase):
    """The part of `Accounts` that knows codes. The secret behind them is stored encrypted, under a key made of the settings' secret key."""

    def two_factor(self, number: int) -> dict[str, Any]:
        """Return a user's state: `enabled`, `since` (None while it is off) and how many recovery codes are left in `recovery_codes`."""
        unused = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == number, RecoveryCode.used_at.is_(None))
        with self._store.read() as connection:
            since = connection.scalar(select(User.totp_since).where(User.id == number))
            left = connection.scalar(unused) or 0
        return {"enabled": since is not None, "since": since, "recovery_codes": left}

    def begin_two_factor(self, name: str, present: str, *, address: str) -> str:
        """Return a new secret for an authenticator app; no code is asked for until `confirm_two_factor`.

        Raises `Refused`: `invalid_fields` for a wrong password, `conflict` when it is on.
        """
        import pyotp

        self._confirm_password(name, present, address)
        secret = pyotp.random_base32()
        with self._store.write() as connection:
            number = self._user(connection, name).id
            fresh = update(User).where(User.id == number, User.totp_since.is_(None))
            if not connection.execute(fresh.values(totp_secret=self._sealed(number, secret), totp_step=None)).rowcount:
                raise Refused(Code.CONFLICT, "the second factor is on; switch it off first")
        return secret

    def confirm_two_factor(self, name: str, code: str, *, address: str) -> list[str]:
        """Switch the second factor on, for who can read a first code off the app, and return the recovery codes, this once.

        Raises `Refused`: `invalid_fields` for a wrong code, `conflict` when nothing was begun.
        """
        with self._store.write() as connection:
            number = self._user(connection, name).id
            begun = connection.scalar(select(User.totp_secret).where(User.id == number, User.totp_since.is_(None)))
            if begun is None:
                raise Refused(Code.CONFLICT, "there is nothing to confirm: begin anew")
            if not self._accepts(connection, number, code):
                raise Refused(Code.INVALID_FIELDS, "the code is wrong", fields={"code": "is wrong; is the clock of the device right?"})
            connection.execute(update(User).where(User.id == number).values(totp_since=times.now()))
            codes = self._new_codes(connection, number)
            self._audit.add(connection, name, "two_factor.on", name, address)
        return codes

    def renew_recovery_codes(self, name: str, present: str, *, address: str) -> list[str]:
        """Return new recovery codes, this once; the old ones count no more. Raises `Refused` as `begin_two_factor`."""
        self._confirm_password(name, present, address)
        with self._store.write() as connection:
            number = self._user(connection, name).id
            if connection.scalar(select(User.totp_since).where(User.id == number)) is None:
                raise Refused(Code.CONFLICT, "the second factor is off")
            codes = self._new_codes(connection, number)
            self._audit.add(connection, name, "two_factor.codes", name, address)
        return codes

    def end_own_two_factor(self, name: str, present: str, *, address: str) -> None:
        """Switch one's own second factor off, for who knows the password; raises `Refused` (`invalid_fields`, `rate_limited`)."""
        self._confirm_password(name, present, address)
        self.end_two_factor(name, actor=name, address=address)

    def end_two_factor(self, name: str, *, actor: str = "cli", address: str = "") -> bool:
        """Switch a user's second factor off; return whether it was on. Raises `Refused` (`not_found`)."""
        with self._store.write() as connection:
            number = self._user(connection, name).id
            was_on = connection.scalar(select(User.totp_since).where(User.id == number)) is not None
            connection.execute(update(User).where(User.id == number).values(totp_secret=None, totp_since=None, totp_step=None))
            connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == number))
            if was_on:
                self._audit.add(connection, actor, "two_factor.off", name, address)
        return was_on

    def _accepts(self, connection: Connection, number: int, code: str) -> bool:
        """Return whether a code of the app counts now; it then counts no more."""
        import pyotp

        sealed = connection.scalar(select(User.totp_secret).where(User.id == number))
        secret = None if sealed is None else self._opened(number, sealed)
        digits = code.replace(" ", "")
        if secret is None or not digits.isascii() or not digits.isdecimal():
            return False
        app, present = pyotp.TOTP(secret), int(times.now().timestamp()) // STEP_SECONDS
        for step in (present + drift for drift in DRIFT):
            if hmac.compare_digest(app.generate_otp(step), digits):
                later = (User.totp_step.is_(None)) | (User.totp_step < step)
                return bool(connection.execute(update(User).where(User.id == number, later).values(totp_step=step)).rowcount)
        return False

    @staticmethod
    def _recovers(connection: Connection, number: int, code: str) -> bool:
        """Return whether this is an unused recovery code of the user; it is used then."""
        plain = "".join(character for character in code.lower() if character.isalnum())
        unused = update(RecoveryCode).where(RecoveryCode.digest == digest_of(plain), RecoveryCode.user_id == number, RecoveryCode.used_at.is_(None))
        return bool(connection.execute(unused.values(used_at=times.now())).rowcount)

    @staticmethod
    def _new_codes(connection: Connection, number: int) -> list[str]:
        connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == number))
        codes = ["-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4)) for _ in range(RECOVERY_CODES)]
        connection.execute(insert(RecoveryCode), [{"digest": digest_of(code.replace("-", "")), "user_id": number} for code in codes])
        return codes

    def _sealed(self, number: int, secret: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher().encrypt(nonce, secret.encode(), str(number).encode())).decode()

    def _opened(self, number: int, sealed: str) -> str | None:
        from cryptography.exceptions import InvalidTag

        raw = base64.b64decode(sealed)
        try:
            return bytes(self._cipher().decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], str(number).encode())).decode()
        except InvalidTag:
            log.error("the second factor of user %d was stored under another SECRET_KEY; `python -m app user unlock` switches it off", number)
            return None

    def _cipher(self) -> Any:
        # Imported here: most installations never need it, and it is slow to load.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"botv2 second factor").derive(self._settings.signing_key()))
