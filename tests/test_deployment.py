"""What is shipped to run it for others: the image's content and compose's settings behind the shipped proxy, over TLS and under a sub-path.

nginx, PostgreSQL and Redis are real; a container engine is not needed, because the image's content runs as it would be copied.
"""

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from selenium.webdriver.common.by import By
from sqlalchemy import text

from client import connect
from components.ids import Id, graph_of
from data.settings import Settings
from data.store import Store
from tests.support import shipped
from tests.support.nginx import NAME, Nginx
from tests.support.page import click, find, script, wait, wait_for_text, wait_for_word
from tests.support.paths import ROOT
from tests.support.postgres import PostgresServer
from tests.support.processes import free_port
from tests.support.redis import RedisServer
from tests.support.server import ADMIN_PASSWORD, LiveServer
from tests.support.sockets import socket_client
from tests.support.waiting import until

if TYPE_CHECKING:
    from dash.testing.browser import Browser

BASE = "/desk"
GIVEN = shipped.GIVEN | {"SERVER_NAME": NAME, "BOTV2_ADMIN_PASSWORD": ADMIN_PASSWORD, "BOTV2_BASE_PATH": BASE}
IMAGE = shipped.stages()[-1]
HEADERS = {
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
FORM = {"username": "admin", "password": ADMIN_PASSWORD}


class Site:
    """The program and the proxy in front of it."""

    def __init__(self, server: LiveServer, proxy: Nginx) -> None:
        self.server, self.proxy, self.url = server, proxy, proxy.url
        self.origin = f"https://{NAME}:{proxy.port}"

    def visitor(self) -> requests.Session:
        """Return somebody who trusts the certificate."""
        session = requests.Session()
        session.verify = str(self.proxy.certificate)
        session.trust_env = False
        return session

    def raw(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return the answer to a request without a body, whatever its headers say of one: status, headers, body."""
        connection = http.client.HTTPSConnection(NAME, self.proxy.port, timeout=10, context=ssl.create_default_context(cafile=self.proxy.certificate))
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, postgres_template: str) -> Iterator[Site]:
    """One for all of this: what the image holds, set as compose.yaml sets it, on PostgreSQL and Redis, behind nginx."""
    folder = tmp_path_factory.mktemp("site")
    redis = RedisServer(folder)
    postgres.create("deployed", postgres_template)
    server = LiveServer(folder, by_hand=True, **_settings(folder, postgres.url("deployed"), redis.url))
    proxy = Nginx(folder, f"127.0.0.1:{server.port}", BASE)
    try:
        redis.start()
        server.start()
        proxy.start()
        yield Site(server, proxy)
    finally:
        proxy.stop()
        server.kill()
        redis.close()
        postgres.drop("deployed")


def _settings(folder: Path, store: str, redis: str) -> dict[str, str]:
    """Return the environment of the container's program, with what differs here: addresses, and where the image lies."""
    image = folder / "image"
    for source, target in shipped.copied(IMAGE):
        is_folder = (ROOT / source).is_dir()
        (image / target).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if is_folder else shutil.copy)(ROOT / source, image / target)
    set_there = {**shipped.environment(IMAGE), **shipped.compose(GIVEN)["services"]["app"]["environment"]}
    return {
        **{name: str(value) for name, value in set_there.items() if name != "PATH"},
        "DATABASE_URL": store,
        "REDIS_URL": redis,
        "BOTV2_HOST": "127.0.0.1",
        "BOTV2_DATA_DIR": str(folder),
        "PYTHONPATH": str(image),
    }


def test_a_person_signs_in_over_tls_and_only_from_this_site(site: Site) -> None:
    visitor = site.visitor()
    away = visitor.get(f"{site.url}/trades", headers={"Accept": "text/html"}, allow_redirects=False)
    assert (away.status_code, away.headers["Location"]) == (302, f"{BASE}/login?next=/trades")
    assert visitor.get(site.url, allow_redirects=False).headers["Location"].endswith(f"{BASE}/")
    for foreign in ("https://evil.example", f"http://{NAME}", f"https://{NAME}", "null"):  # another port is another site
        assert visitor.post(f"{site.url}/login", data=FORM, headers={"Origin": foreign}, allow_redirects=False).status_code == 403
    told = {"Origin": site.origin, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-For": "198.51.100.7"}
    back = visitor.post(f"{site.url}/login", data=FORM | {"next": "/trades"}, headers=told, allow_redirects=False)
    assert (back.status_code, back.headers["Location"]) == (302, f"{BASE}/trades")
    cookie = back.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    page = visitor.get(f"{site.url}/trades")
    assert f'data-base="{BASE}"' in page.text
    assert page.headers["Content-Encoding"] == "gzip"
    assert _last_address(site) == "127.0.0.1"
    assert visitor.post(f"{site.url}/logout", headers={"Origin": site.origin}, allow_redirects=False).headers["Location"] == f"{BASE}/login"
    assert visitor.get(f"{site.url}/api/preferences").status_code == 401


def _last_address(site: Site) -> str:
    """Return from where the last security event came, as the server has it."""
    store = Store(Settings.load(database_url=site.server.environment["DATABASE_URL"]).store_url)
    try:
        with store.read() as session:
            return str(session.execute(text("SELECT address FROM audit WHERE action LIKE 'sign_in%' ORDER BY id DESC LIMIT 1")).scalar())
    finally:
        store.close()


def test_every_answer_carries_the_headers_once_the_proxys_own_ones_too(site: Site) -> None:
    visitor, token = site.visitor(), site.server.bearer("read")
    answers = [visitor.get(site.url + path, headers=token) for path in ("/", "/nowhere", "/api/nowhere", "/assets/10-tokens.css", "/health")]
    answers += [visitor.get(f"{site.url}/socket.io/?EIO=4&transport=polling"), visitor.get(f"{site.url}/login")]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200, 200, 401, 200]
    large = site.raw("POST", f"{BASE}/api/monitoring/batch", {"Content-Length": "10000000", "Authorization": "Bearer none"})
    assert (large[0], json.loads(large[2])["error"]["code"]) == (413, "too_large")
    outside = site.raw("GET", "/", {})  # nobody serves what lies beside the sub-path
    assert outside[0] == 404
    shown = [list(answer.headers.items()) for answer in answers] + [large[1], outside[1]]
    for pairs in shown:
        headers = {name.lower(): value for name, value in pairs}
        assert HEADERS.items() <= headers.items()
        assert headers["content-security-policy"].count("frame-ancestors 'none'") == 1
        assert headers.get("server", "nginx") == "nginx"  # without its version


def test_another_name_gets_no_answer_and_plain_http_is_sent_to_tls(site: Site) -> None:
    plain = http.client.HTTPConnection("127.0.0.1", site.proxy.plain_port, timeout=10)
    plain.request("GET", f"{BASE}/login?next=/x", headers={"Host": NAME})
    sent = plain.getresponse()
    assert (sent.status, sent.getheader("Location")) == (301, f"https://{NAME}{BASE}/login?next=/x")
    sent.read()
    plain.request("GET", "/", headers={"Host": "evil.example"})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        plain.getresponse()
    plain.close()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        site.raw("GET", f"{BASE}/health", {"Host": "evil.example"})
    direct = requests.get(f"{site.server.url}/health", headers={"Host": "evil.example"}, timeout=10)
    assert direct.status_code == 400  # nor by the program itself


def test_a_bot_posts_and_a_socket_hears_of_it_through_the_proxy(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.proxy.certificate))  # what the bot's machine trusts
    heard: dict[str, list[Any]] = {"websocket": [], "polling": []}
    reader = site.server.bearer("read")
    for transport, messages in heard.items():
        with socket_client(site.origin, reader, transport, path=f"{BASE}/socket.io", verify=str(site.proxy.certificate)) as listener:
            assert listener.transport() == transport
            listener.on("activity", messages.append)
            listener.call("subscribe", {}, timeout=10)
            monitor = connect(site.url, site.server.token("ingest"), bot="alpha")
            monitor.log_event("ORDER", f"bought by {transport}")
            monitor.close()
            until(lambda messages=messages: messages, within=15, otherwise=f"nothing was pushed over {transport}")  # type: ignore[misc]  # bound at once
    found = site.visitor().get(f"{site.url}/api/monitoring/activity?bot=alpha", headers=reader).json()["events"]
    assert {event["message"] for event in found} >= {"bought by websocket", "bought by polling"}


def test_a_server_that_is_away_is_a_503_in_the_form_of_its_own_refusals(tmp_path: Path) -> None:
    proxy = Nginx(tmp_path, f"127.0.0.1:{free_port()}")
    try:
        proxy.start()
        answer = requests.get(f"{proxy.url}/health", verify=str(proxy.certificate), timeout=10)
    finally:
        proxy.stop()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) <= 3
    assert HEADERS.items() <= {name.lower(): value for name, value in answer.headers.items()}.items()


def test_in_a_browser_the_pages_draw_and_the_socket_is_live_under_the_sub_path(site: Site, browser: "Browser") -> None:
    token, visitor, driver = site.server.bearer("ingest"), site.visitor(), browser.driver
    trades = [_trade(number) for number in range(12)]
    assert visitor.post(f"{site.url}/api/monitoring/batch", json={"records": trades}, headers=token).ok
    driver.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})  # it is signed by itself
    driver.get(f"{site.url}/monitoring")
    for field, value in FORM.items():
        driver.find_element(By.ID, field).send_keys(value)
    click(browser, "form button")
    wait_for_word(browser, "Live")
    event = {"event_type": "ORDER", "message": "bought under the desk", "bot": "alpha"}
    assert visitor.post(f"{site.url}/api/monitoring/activity", json=event, headers=token).ok
    wait_for_text(browser, Id.PANEL_ACTIVITY, event["message"])
    transports = "return performance.getEntriesByType('resource').filter((one) => one.name.includes('transport=polling')).length"
    assert script(browser, transports) == 0  # it is a WebSocket
    links = script(browser, "return [...document.querySelectorAll('a[href]')].map((link) => link.href)")
    assert [link for link in links if link.startswith(site.origin) and not link.startswith(f"{site.url}/")] == []
    assert any(link.startswith(site.url) for link in links)
    exported = next(link for link in links if "/activity/export?" in link)
    assert script(browser, "return fetch(arguments[0]).then((answer) => answer.status)", exported) == 200
    click(browser, f"#{Id.NAV_TRADES} a")
    chart = f"return document.querySelectorAll('#{graph_of(Id.PANEL_HOURS)} .nsewdrag').length > 0"
    wait(browser, 30).until(lambda _: script(browser, chart), "no chart was drawn")
    assert urlsplit(driver.current_url).path == f"{BASE}/trades"
    assert find(browser, f"#{Id.NAV_TRADES} a").get_attribute("aria-current") == "page"
    faults = [line["message"] for line in driver.get_log("browser") if line["level"] == "SEVERE"]
    assert [fault for fault in faults if "certificate error" not in fault] == []  # no browser takes a service worker from such a server


def _trade(number: int) -> dict[str, Any]:
    begun = datetime.now(UTC) - timedelta(days=number + 1)
    record = {"kind": "trade", "trade_id": f"t{number}", "symbol": "BTC/USDT", "strategy": "Trend", "bot": "alpha", "direction": "long", "size": 1}
    times = {"entry_time": begun.isoformat(), "exit_time": (begun + timedelta(hours=1)).isoformat()}
    return record | times | {"entry_price": 100, "exit_price": 101, "net_pnl": (7.5, -4)[number % 2]}


def test_the_health_check_of_the_image_tells_a_server_from_none(site: Site) -> None:
    words = dict(IMAGE)["HEALTHCHECK"]
    script_of_image = [word.strip("[],") for word in words[words.index("CMD") + 1 :]][1:]  # its JSON form; the first is Python
    for port, status in ((site.server.port, 0), (free_port(), 1)):
        surroundings = {**os.environ, "BOTV2_PORT": str(port)}
        command = [sys.executable, *script_of_image]
        ended = subprocess.run(command, cwd=site.server.folder / "image", env=surroundings, timeout=20, check=False)
        assert ended.returncode == status
