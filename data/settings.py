"""Every setting, typed and frozen, read from the environment in this one place."""

import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import Code, Refused
from data.files import make_folder
from data.times import as_zone

PLACEHOLDERS = {"changeme", "change-me", "secret", "secret-key", "your-secret-key", "your-secret-key-here", "dev", "password", "botv2"}
ENV_FILE = ".env"
MIN_SECRET_BYTES = 16
ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[1-9][0-9]{0,4})?")
HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
BASE_PATH = re.compile(r"(/[A-Za-z0-9_-]+)+")
DEFAULT_PORT = re.compile(r"http:.*:80|https:.*:443")  # a browser leaves it out, so that it would match nothing


class Settings(BaseSettings):
    """The configuration of one process. Field names are the environment's names in lower case.

    Build it with `Settings.load()`, which turns every fault into one `Refused` that names the variable.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=False)

    database_url: str = Field("", description="Store; empty: SQLite in the data folder")
    secret_key: SecretStr = Field(SecretStr(""), description="Signs what leaves the server; empty: made at the first start")
    botv2_data_dir: Path = Path("./var")
    botv2_host: str = "127.0.0.1"
    botv2_port: int = Field(8050, ge=0, le=65535)
    botv2_admin_password: SecretStr | None = None
    botv2_session_minutes: float = Field(30, gt=0)
    botv2_session_hours: float = Field(12, gt=0)
    botv2_durability: Literal["full", "normal"] = "full"
    botv2_rate_limits: Literal["on", "off"] = "on"
    botv2_retention_days: int = Field(365, ge=1)
    botv2_trading_days: int = Field(365, ge=1, le=366, description="Days in a year, for annual figures; 252 for exchange days")
    botv2_timezone: str = Field("UTC", description="In which moments are shown to who has chosen none")
    botv2_currency: Annotated[str, Field(min_length=1, max_length=20)] = "USD"
    botv2_starting_balance: float = Field(0, ge=0, le=1e18, description="Of a bot that sends no snapshots and has no balance of its own")
    botv2_cors_origins: str = Field("", description="Origins whose pages may read the API with a token, separated by commas")
    botv2_refresh_ms: int = Field(1000, ge=100, le=60_000)
    botv2_trusted_proxies: int = Field(0, ge=0, le=10, description="Proxies in front whose X-Forwarded headers count, from the right")
    botv2_trusted_hosts: str = Field("", description="Names under which the server may be asked for, separated by commas; .name: all below it")
    botv2_base_path: str = Field("", description="The sub-path under which a proxy serves all of it")
    redis_url: SecretStr = Field(SecretStr(""), description="Rate limits and kept answers that several processes share")

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, url: str) -> str:
        if not url:
            return url
        for prefix in ("postgresql://", "postgres://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        if not url.startswith(("postgresql+psycopg://", "sqlite:///")):
            raise ValueError("must begin with postgresql://, postgresql+psycopg:// or sqlite:///")
        return url

    @field_validator("botv2_admin_password")
    @classmethod
    def _password_is_long_enough(cls, password: SecretStr | None) -> SecretStr | None:
        if password is not None and len(password.get_secret_value()) < 8:
            raise ValueError("must have at least 8 characters")
        return password

    @field_validator("botv2_timezone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        return as_zone(name)

    @field_validator("botv2_cors_origins")
    @classmethod
    def _name_origins(cls, value: str) -> str:
        for origin in _listed(value):
            if not ORIGIN.fullmatch(origin) or DEFAULT_PORT.fullmatch(origin):
                raise ValueError("must be origins such as https://desk.example or http://localhost:3000, separated by commas; no path, no *")
        return value

    @field_validator("botv2_trusted_hosts")
    @classmethod
    def _name_hosts(cls, value: str) -> str:
        for host in _listed(value):
            if not HOST.fullmatch(host):
                raise ValueError("must be names such as desk.example or .desk.example (with all below it), separated by commas; no scheme, no port")
        return value

    @field_validator("botv2_base_path")
    @classmethod
    def _base_path_is_plain(cls, path: str) -> str:
        if path and not BASE_PATH.fullmatch(path):
            raise ValueError("must begin with / and not end with it, such as /desk; letters, digits, - and _ between the slashes")
        return path

    @field_validator("redis_url")
    @classmethod
    def _redis_is_named(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return url

    @model_validator(mode="after")
    def _secret_is_no_placeholder(self) -> Self:
        """Refuse a SECRET_KEY that is set but empty, short or copied from a document (S7)."""
        if "secret_key" not in self.model_fields_set:
            return self
        key = self.secret_key.get_secret_value()
        if len(key.encode()) < MIN_SECRET_BYTES or key.strip().lower() in PLACEHOLDERS or len(set(key)) < 6:
            raise ValueError(
                f"SECRET_KEY: is a placeholder or shorter than {MIN_SECRET_BYTES} bytes; remove it (one is made and kept in the data folder) "
                "or set a random one"
            )
        return self

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment, then the `.env` file under it, then apply `overrides` (from command-line flags).

        Raises `Refused` (`bad_setting`), naming the variable, for an unknown ``BOTV2_`` name or a wrong value.
        """
        _refuse_unknown_names(set(cls.model_fields))
        try:
            return cls(_env_file=ENV_FILE, **overrides)
        except ValidationError as error:
            faults = {str(fault["loc"][0]).upper() if fault["loc"] else "SECRET_KEY": _plain(fault["msg"]) for fault in error.errors()}
            raise Refused(Code.BAD_SETTING, "a setting is wrong", fields=faults) from None

    @property
    def store_url(self) -> str:
        """Return the SQLAlchemy address of the store."""
        return self.database_url or f"sqlite:///{(self.botv2_data_dir / 'botv2.sqlite').absolute()}"

    @property
    def cors_origins(self) -> frozenset[str]:
        """Return the origins whose pages may read, as browsers name them: in lower case, without a default port."""
        return _listed(self.botv2_cors_origins)

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """Return the names that a request may ask for; empty where none are given."""
        return _listed(self.botv2_trusted_hosts)

    def signing_key(self) -> bytes:
        """Return the secret key, made at the first use and kept in the data folder with mode 0600."""
        if key := self.secret_key.get_secret_value():
            return key.encode()
        path = self.botv2_data_dir / "secret_key"
        make_folder(self.botv2_data_dir)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        return path.read_bytes()


def _listed(listed: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in listed.split(",") if part.strip())


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("SECRET_KEY: ")


def _refuse_unknown_names(known: set[str]) -> None:
    """A misspelt setting would silently be a default: name it instead."""
    names = set(os.environ)
    if os.path.exists(ENV_FILE):
        from dotenv import dotenv_values

        names |= set(dotenv_values(ENV_FILE))
    unknown = sorted(name for name in names if name.upper().startswith("BOTV2_") and name.lower() not in known)
    if unknown:
        raise Refused(Code.BAD_SETTING, "unknown setting", fields=dict.fromkeys(unknown, "is not a setting; .env.example lists all"))
