"""Who may come in, and what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from data import times
from data.schema.base import Base, Id, Name


class User(Base):
    """A person. Without a password hash only a one-time link opens the door."""

    __tablename__ = "user_account"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(12), comment="admin, operator or viewer")
    disabled: Mapped[bool] = mapped_column(default=False)
    totp_secret: Mapped[str | None] = mapped_column(String(200), comment="what makes the codes of the second factor, encrypted")
    totp_since: Mapped[datetime | None] = mapped_column(comment="since when a code is asked for; null: not, or not confirmed yet")
    totp_step: Mapped[int | None] = mapped_column(BigInteger, comment="the half minute of the last code that counted; no code counts twice")
    created_at: Mapped[datetime] = mapped_column(default=times.now)
    updated_at: Mapped[datetime] = mapped_column(default=times.now, onupdate=times.now)


class Session(Base):
    """One signed-in browser; the key is the SHA-256 of the cookie, so a dump of the table opens nothing."""

    __tablename__ = "session"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(300))
    revoked_at: Mapped[datetime | None]


class ApiToken(Base):
    """A machine's key: hashed, scoped, optionally bound to one bot."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    prefix: Mapped[str] = mapped_column(String(16), comment="its first characters, to recognise it in a list")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(60), comment="space-separated: read ingest control")
    bot: Mapped[str | None] = mapped_column(Name)
    created_by: Mapped[int | None] = mapped_column(BigInteger, comment="the user who made it; null: made on the command line")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignInLink(Base):
    """A link that opens one session, once; one of those that reset a password sets it first."""

    __tablename__ = "sign_in_link"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    resets_password: Mapped[bool] = mapped_column(default=False, server_default=false())


class PendingSignIn(Base):
    """Somebody who knew the password, or had a link, and still owes a code; it opens nothing."""

    __tablename__ = "pending_sign_in"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """What stands in for a code of the second factor, once; the key is its SHA-256."""

    __tablename__ = "recovery_code"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None]


class Preference(Base):
    """What a person has chosen for herself; see `data.preferences` for the names and what each may hold."""

    __tablename__ = "preference"
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[Any | None] = mapped_column(JSON(none_as_null=False))
    updated_at: Mapped[datetime]


class AuditEntry(Base):
    """Who did what, when, from where; what was there before and after. Only ever appended to: each row's hash covers the one before it."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Name)
    action: Mapped[str] = mapped_column(String(60))
    target: Mapped[str | None] = mapped_column(Name)
    address: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    previous_hash: Mapped[str] = mapped_column(String(64), server_default=text("''"))
    hash: Mapped[str] = mapped_column(String(64), server_default=text("''"))
    __table_args__ = (Index("ix_audit_at", "at"),)
