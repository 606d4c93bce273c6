"""From an empty store to the first record; and the pages where people act: alerts and their rules, the system's health."""

from typing import TYPE_CHECKING

import pytest
import requests
from selenium.webdriver.common.keys import Keys

from components.ids import Id
from tests.support.page import axe_violations, click, find, open_page, script, sender, text_of, wait, wait_for_text
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
WEBHOOK = {"event_type": "ORDER", "message": "entry_fill BTC/USDT at 1.5e-07", "metadata": {"pair": "BTC/USDT", "tags": ["None"]}}


def test_a_new_user_makes_a_token_copies_a_snippet_and_sees_the_first_record_arrive(signed_in: "Browser", live_server: LiveServer) -> None:
    open_page(signed_in, live_server, "/")
    wait(signed_in).until(lambda _: "Waiting for the first record" in find(signed_in, ".onboarding").text)
    assert axe_violations(signed_in) == []
    field = find(signed_in, f"#{Id.FIRST_NAME}")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("freqtrade-1")
    click(signed_in, f"#{Id.FIRST_MAKE}")
    wait(signed_in).until(lambda _: len(script(signed_in, "return [...document.querySelectorAll('.made pre')].map((one) => one.textContent)")) >= 4)
    token, python, curl, webhook = script(signed_in, "return [...document.querySelectorAll('.made pre')].map((one) => one.textContent)")[:4]
    assert token.startswith("bv2_")
    assert token in python
    assert token in curl
    assert f"freqtrade-1:{token}@" in webhook, "freqtrade's webhook can be told nothing but an address"
    address = f"{live_server.url.replace('://', f'://freqtrade-1:{token}@')}/api/monitoring/activity"
    answer = requests.post(address, json=WEBHOOK, timeout=10)
    assert answer.status_code == 201, answer.text
    wait(signed_in).until(lambda _: "The first record is here: freqtrade-1" in find(signed_in, ".onboarding").text)
    assert WEBHOOK["message"] in find(signed_in, ".onboarding").text
    assert axe_violations(signed_in) == []
    wrong = requests.post(address.replace(token, "bv2_wrong"), json=WEBHOOK, timeout=10)
    assert wrong.status_code == 401
    proxied = requests.get(f"{live_server.url.replace('://', '://someone:elses@')}/health", timeout=10)
    assert proxied.status_code == 200, "a proxy's own password is none of ours"


def test_alerts_are_acknowledged_and_resolved_and_rules_made_switched_and_deleted(signed_in: "Browser", live_server: LiveServer) -> None:
    post = sender(live_server)
    post("/alerts", {"title": "Margin is low", "message": "12 % left", "severity": "WARNING", "bot": "alpha"})
    headers = live_server.bearer("read")

    def rest(path: str) -> dict[str, object]:
        return dict(requests.get(f"{live_server.url}/api/alerts{path}", headers=headers, timeout=10).json()["data"])

    open_page(signed_in, live_server, "/alerts")
    wait_for_text(signed_in, Id.PANEL_ACTIVE_ALERTS, "Margin is low")
    click(signed_in, "[data-send$=acknowledge]")
    wait_for_text(signed_in, Id.PANEL_ACTIVE_ALERTS, "acknowledged")
    assert rest("/history")["alerts"][0]["status"] == "acknowledged"  # type: ignore[index]  # JSON
    click(signed_in, "[data-send$=resolve]")
    wait_for_text(signed_in, Id.PANEL_ACTIVE_ALERTS, "No active alerts")
    click(signed_in, "[data-rule=new]")
    wait(signed_in).until(lambda _: script(signed_in, f"return document.getElementById('{Id.RULE_DIALOG}').open"))
    assert axe_violations(signed_in) == []
    click(signed_in, "[data-rule=save]")
    wait(signed_in).until(lambda _: "name" in find(signed_in, f"#{Id.RULE_DIALOG} .fault").text)
    find(signed_in, f"#{Id.RULE_NAME}").send_keys("Five down")
    find(signed_in, f"#{Id.RULE_THRESHOLD}").send_keys("5")
    click(signed_in, "[data-rule=save]")
    wait_for_text(signed_in, Id.PANEL_RULES, "Five down")
    assert "Drawdown of a bot beyond 5 %" in text_of(signed_in, Id.PANEL_RULES)
    [made] = [rule for rule in rest("/rules")["rules"] if rule["name"] == "Five down"]  # type: ignore[attr-defined]  # JSON
    assert (made["condition"], made["threshold"], made["enabled"]) == ("drawdown", 5, True)
    click(signed_in, f"[data-send='PATCH /api/alerts/rules/{made['id']}']")
    wait(signed_in).until(lambda _: not next(rule for rule in rest("/rules")["rules"] if rule["id"] == made["id"])["enabled"])  # type: ignore[attr-defined]  # JSON
    click(signed_in, f"[data-send='DELETE /api/alerts/rules/{made['id']}']")
    click(signed_in, "[data-answer=yes]")
    wait(signed_in).until(lambda _: "Five down" not in text_of(signed_in, Id.PANEL_RULES))


def test_system_health_tells_bots_store_and_errors(signed_in: "Browser", live_server: LiveServer) -> None:
    sender(live_server)("/activity", {"event_type": "SYSTEM", "message": "up", "bot": "alpha", "metadata": {"heartbeat_seconds": 5}})
    open_page(signed_in, live_server, "/system")
    wait_for_text(signed_in, Id.PANEL_LAG, "alpha")
    assert "15" in text_of(signed_in, Id.PANEL_LAG), "silent after three heartbeats"
    wait_for_text(signed_in, Id.PANEL_VITALS, "answers (sqlite)")
    assert "No warning and no error" in text_of(signed_in, Id.PANEL_ERRORS)
