"""A real nginx with the shipped configuration, on ports of 127.0.0.1 and with a certificate of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from string import Template

import pytest

from tests.support.paths import ROOT
from tests.support.processes import bound_to_the_tests, free_port

TEMPLATE = ROOT / "deploy/nginx.conf.template"
NAME = "localhost"
STARTS_WITHIN = 10.0
# What Debian's own nginx.conf has around conf.d/.
AROUND = """daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 768; }}
http {{
    access_log off;
    {temporary}
    include {folder}/site.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def find_program() -> str:
    """Return nginx, or skip the test by name."""
    if (found := shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")) is None:
        pytest.skip("not run: nginx is not installed")
    if shutil.which("openssl") is None:
        pytest.skip("not run: openssl is not installed")
    return found


class Nginx:
    """One proxy in front of `upstream` (``127.0.0.1:8050``), for `https://localhost:<port>`; `certificate` is what to trust."""

    def __init__(self, folder: Path, upstream: str, base_path: str = "") -> None:
        self.program, self.folder = find_program(), folder
        self.port, self.plain_port = free_port(), free_port()
        self.certificate = folder / "desk.crt"
        self.url = f"https://{NAME}:{self.port}{base_path}"
        self._filled = {"SERVER_NAME": NAME, "UPSTREAM": upstream, "BASE_PATH": base_path}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the certificate and the configuration, start it and wait until it listens."""
        make_certificate(self.folder)
        self._write()
        with (self.folder / "nginx.out").open("ab") as log:
            command = [*bound_to_the_tests("TERM"), self.program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nginx did not start: {(self.folder / 'nginx.out').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once, its workers with it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
        self._process = None

    def _write(self) -> None:
        """Fill the template in as `envsubst` does, which leaves nginx's own variables alone, and move it to ports and paths of the test."""
        site = Template(TEMPLATE.read_text()).safe_substitute(self._filled)
        for shipped, here in (("listen 443", f"listen 127.0.0.1:{self.port}"), ("listen 80", f"listen 127.0.0.1:{self.plain_port}")):
            site = site.replace(shipped, here)
        (self.folder / "site.conf").write_text(site.replace("/etc/nginx/tls", str(self.folder)))
        temporary = "\n    ".join(f"{name}_temp_path {self.folder}/{name};" for name in TEMPORARY)
        user = "user root;" if os.geteuid() == 0 else ""  # pytest's folders are closed to everybody else
        (self.folder / "nginx.conf").write_text(AROUND.format(user=user, folder=self.folder, temporary=temporary))


def make_certificate(folder: Path) -> None:
    """Write `desk.crt` and `desk.key` for localhost, signed by themselves, with the command of docs/operations.md."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 30 -keyout desk.key -out desk.crt"
    names = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True, timeout=60)
