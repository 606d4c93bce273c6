"""What the doctor looks at around the store: Python, folder, key, disk, limits, port, proxies, Redis."""

import errno
import importlib.metadata
import os
import resource
import shutil
import socket
import sys
import tomllib
from collections.abc import Iterator

from data.doctor.finding import OTHERS, Finding
from data.settings import Settings
from data.store import MIGRATIONS

OLDEST_PYTHON = (3, 11)
PROJECT = MIGRATIONS.parent / "pyproject.toml"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
FEW_FILES, ENOUGH_FILES = 256, 2_128  # descriptors: 2,000 connections, and the store, logs and libraries
LITTLE_ROOM, SOME_ROOM = 200 * 2**20, 2 * 2**30
REDIS_SECONDS = 2.0


def look_at_python() -> Iterator[Finding]:
    """Yield whether Python and the libraries are those that were tested."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield Finding("fail", "Python", f"{version} is too old", "use 3.11 or newer")
    else:
        yield Finding("ok", "Python", version)
    if not PROJECT.exists():
        yield Finding("ok", "libraries", "not compared: the list of what was tested is not installed here")
        return
    with PROJECT.open("rb") as file:
        wanted = [line.split("==") for line in tomllib.load(file)["project"]["dependencies"]]
    missing, other = [], []
    for name, version in ((words[0].partition("[")[0], words[1]) for words in wanted):
        try:
            if (found := importlib.metadata.version(name)) != version:
                other.append(f"{name} {found} (tested with {version})")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    mend = "install what requirements.txt says: make install"
    if missing:
        yield Finding("fail", "libraries", f"missing: {', '.join(missing)}", mend)
    if other:
        yield Finding("warn", "libraries", f"not those that were tested: {', '.join(other)}", mend)
    if not missing and not other:
        yield Finding("ok", "libraries", f"{len(wanted)}, all as tested")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.botv2_data_dir.absolute()
    if not folder.exists():
        yield Finding("ok", "data folder", f"{folder} is made at the first start")
    elif not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "fail", "data folder", f"{folder} cannot be written by this user", f"chown it, or name another one in BOTV2_DATA_DIR ({folder})"
        )
    elif folder.stat().st_mode & 0o022:
        yield Finding("fail", "data folder", f"{folder} can be written by other users", f"chmod go-w '{folder}'")
    elif folder.stat().st_mode & OTHERS:
        yield Finding("warn", "data folder", f"{folder} can be entered by other users", f"chmod 700 '{folder}'")
    else:
        yield Finding("ok", "data folder", str(folder))


def _key(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key.get_secret_value():
        yield Finding("ok", "secret key", "from the environment")
        return
    path = settings.botv2_data_dir / "secret_key"
    if not path.exists():
        yield Finding("ok", "secret key", "is made at the first start")
    elif path.stat().st_mode & OTHERS:
        yield Finding("fail", "secret key", "other users may read it, and so sign in as anybody", f"chmod 600 '{path}', or remove it for a new one")
    elif not path.stat().st_size:
        yield Finding("fail", "secret key", "is empty", f"remove '{path}': a new one is made at the next start")
    else:
        yield Finding("ok", "secret key", "in the data folder, for its owner alone")


def _room(settings: Settings) -> Iterator[Finding]:
    folder = next(place for place in (settings.botv2_data_dir.absolute(), *settings.botv2_data_dir.absolute().parents) if place.exists())
    free = shutil.disk_usage(folder).free
    words = f"{free / 2**30:.1f} GiB are free for the data folder"
    if free < LITTLE_ROOM:
        yield Finding("fail", "disk", words, "make room: without it records are refused with 507")
    elif free < SOME_ROOM:
        yield Finding("warn", "disk", words, "make room, or keep the events for fewer days (BOTV2_RETENTION_DAYS)")
    else:
        yield Finding("ok", "disk", words)


def _files(_settings: Settings) -> Iterator[Finding]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    words = "as many files may be open as the system has" if unlimited else f"{hard} files may be open"
    if unlimited or hard >= ENOUGH_FILES:
        yield Finding("ok", "open files", words)
        return
    mend = f"raise it to {ENOUGH_FILES}: ulimit -Hn, LimitNOFILE= in a systemd unit"
    yield Finding("fail" if hard < FEW_FILES else "warn", "open files", f"{words}; each page and each bot holds one", mend)


def _port(settings: Settings) -> Iterator[Finding]:
    host, port = settings.botv2_host, settings.botv2_port
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            yield Finding("warn", "port", f"{host}:{port} is taken", "fine if that is the dashboard; else choose another BOTV2_PORT")
        else:
            yield Finding("fail", "port", f"{host}:{port} cannot be listened on: {error.strerror}", "correct BOTV2_HOST and BOTV2_PORT")
        return
    yield Finding("ok", "port", f"{host}:{port} is free")


def _ways_in(settings: Settings) -> Iterator[Finding]:
    """Judge what stands between the server and its viewers by what the settings say of it; nobody is asked."""
    is_local, proxies = settings.botv2_host in LOOPBACK, settings.botv2_trusted_proxies
    found = []
    if not is_local and not proxies:
        mend = "put a proxy with TLS in front and say so in BOTV2_TRUSTED_PROXIES"
        found.append(Finding("warn", "way in", f"the server listens on {settings.botv2_host} without TLS: passwords can be read on the way", mend))
    if not is_local and proxies:
        words = "who reaches the port past the proxy may claim any address (X-Forwarded-For)"
        found.append(Finding("warn", "way in", words, "let only the proxy reach it: BOTV2_HOST=127.0.0.1, a network of its own or a firewall"))
    if proxies and not settings.botv2_trusted_hosts:
        words = "behind a proxy the server answers to every name"
        found.append(Finding("warn", "way in", words, "name those that people use in BOTV2_TRUSTED_HOSTS"))
    if settings.botv2_base_path and not proxies:
        found.append(Finding("warn", "way in", "BOTV2_BASE_PATH is set, but no proxy", "set BOTV2_TRUSTED_PROXIES, or remove the path"))
    if not is_local and settings.botv2_rate_limits == "off":
        found.append(Finding("warn", "way in", "nobody's requests are limited", "BOTV2_RATE_LIMITS=on"))
    yield from found or [Finding("ok", "way in", "this machine alone" if is_local and not proxies else f"{proxies} proxies in front, named hosts")]


def _redis(settings: Settings) -> Iterator[Finding]:
    if not (url := settings.redis_url.get_secret_value()):
        yield Finding("ok", "Redis", "not used: one process, or each with limits of its own")
        return
    import redis  # here, because few installations use it

    try:
        with redis.Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS) as client:
            client.set("botv2:doctor", 1, px=1000)  # one that may only be read is of no use
    except (redis.RedisError, OSError, ValueError) as error:
        mend = "start it or correct REDIS_URL; until then each process has limits of its own"
        yield Finding("fail", "Redis", f"does not answer ({type(error).__name__})", mend)
        return
    yield Finding("ok", "Redis", "answers")


CHECKS = (_folder, _key, _room, _files, _port, _ways_in, _redis)
