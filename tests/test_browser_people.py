"""The people in the settings as a person uses them, in a real browser: second factor, users, sessions, the audit log."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyotp
import pytest
import requests
from selenium.webdriver.common.by import By

from tests.support.chromium import Chromium
from tests.support.page import axe_violations, click, find, open_page, script, sign_in, wait
from tests.support.server import ADMIN_PASSWORD, LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

DIALOG = "#people-dialog"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("people")
    server = LiveServer(folder, f"sqlite:///{folder}/botv2.sqlite")
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def page(chromium: Chromium, server: LiveServer) -> Iterator["Browser"]:
    page = chromium.window()
    sign_in(page, server)
    open_page(page, server, "/settings")
    wait(page).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[data-people]"))
    yield page
    chromium.clear()


pytestmark = [
    pytest.mark.browser,
    *(pytest.mark.filterwarnings(f"ignore:{words}:DeprecationWarning") for words in ("HTTPResponse.getheader", "desired_capabilities")),
]


def fill(page: "Browser", **fields: str) -> None:
    for name, value in fields.items():
        find(page, f"{DIALOG} [name={name}]").send_keys(value)
    click(page, f"{DIALOG} button[type=submit]")


def shown(page: "Browser", selector: str) -> str:
    wait(page).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, f"{DIALOG} {selector}"))
    return str(find(page, f"{DIALOG} {selector}").text)


def test_a_user_is_added_chooses_a_password_by_the_link_and_is_shut_out(page: "Browser", server: LiveServer) -> None:
    click(page, "[data-people='POST /api/people/users']")
    fill(page, name="vera", role="Viewer: looks at everything")
    link = shown(page, "pre")
    answer = requests.post(link, data={"password": "correct horse battery"}, allow_redirects=False, timeout=20)
    assert (answer.status_code, "session" in answer.cookies) == (302, True)
    assert axe_violations(page) == []
    click(page, f"{DIALOG} [data-close]")
    click(page, "[data-people='PATCH /api/people/users/2'][data-body]")
    assert "vera" in shown(page, "p")
    click(page, f"{DIALOG} button[type=submit]")
    wait(page).until(lambda driver: "shut out" in driver.find_element(By.ID, "settings-users").text)
    assert requests.get(f"{server.url}/api/people/me", cookies=answer.cookies, timeout=20).status_code == 401
    click(page, "[data-audit=verify]")
    wait(page).until(lambda driver: "as they were written" in driver.find_element(By.ID, "audit").text)
    find(page, "[data-audit-field=action] input").send_keys("user.disable")
    click(page, "[data-audit=show]")
    wait(page).until(lambda driver: len(driver.find_elements(By.CSS_SELECTOR, "#audit tbody tr")) == 1)
    files = [link.get_attribute("href") for link in page.driver.find_elements(By.CSS_SELECTOR, "#audit a[download]")]
    assert ["csv" in files[0], "json" in files[1]] == [True, True]
    assert all("action=user.disable" in address for address in files), "a file holds what is shown"
    assert axe_violations(page) == []
    assert [line for line in page.get_logs() if "422" not in line["message"]] == []


def test_the_second_factor_is_switched_on_asked_for_and_switched_off(page: "Browser", server: LiveServer) -> None:
    click(page, "[data-people='POST /api/people/me/two-factor']")
    fill(page, present="wrong")
    wait(page).until(lambda _: "is wrong" in shown(page, ".fault"))
    find(page, f"{DIALOG} [name=present]").clear()
    fill(page, present=ADMIN_PASSWORD)
    app = pyotp.TOTP(shown(page, "pre"))
    picture = "return document.querySelector('#people-dialog img').naturalWidth"
    wait(page).until(lambda _: script(page, picture) > 100)  # the policy lets it through
    find(page, f"{DIALOG} form input").send_keys(app.at(time.time() - 30))
    click(page, f"{DIALOG} button[type=submit]")
    wait(page).until(lambda _: len(shown(page, "pre").split()) == 10)
    codes = shown(page, "pre").split()
    assert axe_violations(page) == []
    click(page, f"{DIALOG} [data-close]")
    assert codes[0] not in page.driver.page_source, "shown this once"
    wait(page).until(lambda driver: "10" in driver.find_element(By.ID, "people-account").text)
    page.driver.delete_all_cookies()
    page.driver.get(f"{server.url}/login")
    find(page, "[name=username]").send_keys("admin")
    find(page, "[name=password]").send_keys(ADMIN_PASSWORD)
    click(page, "button[type=submit]")
    wait(page).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[name=code]"))
    assert axe_violations(page) == []
    find(page, "[name=code]").send_keys(codes[0])
    click(page, "button[type=submit]")
    page.wait_for_element(".page", timeout=30)
    open_page(page, server, "/settings")
    click(page, "[data-people='POST /api/people/me/two-factor/off']")
    fill(page, present=ADMIN_PASSWORD)
    wait(page).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[data-people='POST /api/people/me/two-factor']"))
    assert [line for line in page.get_logs() if "422" not in line["message"]] == []
