"""What the README tells a reader to type does what it says."""

import re
import shutil
import subprocess
import sys

import pytest
import requests

from tests.support.paths import ROOT
from tests.support.server import LiveServer
from tests.support.waiting import until

README = (ROOT / "README.md").read_text()


def block(language: str, containing: str) -> str:
    """Return the code block of the README in which this text stands."""
    return next(code for code in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if containing in code)


def messages(server: LiveServer) -> list[str]:
    answer = requests.get(f"{server.url}/api/monitoring/activity", headers=server.bearer("read"), timeout=10)
    return [event["message"] for event in answer.json()["events"]]


def test_the_lines_of_python_report_to_the_running_server(live_server: LiveServer) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block("python", "get_live_monitor")],
        cwd=ROOT,
        env=live_server.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    until(lambda: messages(live_server) == ["bought 0.1 BTC at 50,000"])


def test_the_five_lines_with_the_client_report_to_the_running_server(live_server: LiveServer) -> None:
    program = block("python", "from client").replace("http://127.0.0.1:8050", live_server.url).replace("the token", live_server.token("ingest"))
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=ROOT, check=True, timeout=20)
    until(lambda: "bought 0.1 BTC at 50,000" in messages(live_server))


def test_the_curl_reports_to_the_running_server(live_server: LiveServer) -> None:
    if shutil.which("curl") is None:
        pytest.skip("not run: curl is not installed")
    script = block("sh", "curl ").replace("http://127.0.0.1:8050", live_server.url).replace("curl ", "curl -sS --fail-with-body ", 1)
    environment = {**live_server.environment, "TOKEN": live_server.token("ingest")}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout
    assert messages(live_server) == ["bought 0.1 BTC at 50,000"]
