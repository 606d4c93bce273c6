"""The downloads beside each live list: the same rows, as a spreadsheet or as one JSON array."""

import csv
import io
import json
from typing import Any

from tests.support.api import ALERT, POSITION, SIGNAL, Api, without

LISTS = {"signals": ("/signals/update", SIGNAL), "positions": ("/positions/update", POSITION), "alerts": ("/alerts", ALERT)}


def download(api: Api, name: str, **query: Any) -> bytes:
    response = api.client.get(f"/api/monitoring/{name}/export", query_string=query, headers=api.headers)
    assert response.status_code == 200, response.get_data()
    extension = query.get("format", "csv")
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}.{extension}"'
    return response.get_data()


def table(raw: bytes) -> list[dict[str, str]]:
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_an_empty_list_is_an_empty_array_and_a_table_with_its_head(api: Api) -> None:
    for name in ("activity", *LISTS):
        assert download(api, name, format="json") == b"[]"
        assert download(api, name).count(b"\r\n") == 1
        assert api.get(f"/{name}/export", 400, format="pdf")["error"]["fields"].keys() == {"format"}
        assert api.get(f"/{name}/export", 400, colour="red")["error"]["fields"].keys() == {"colour"}


def test_json_holds_the_records_as_the_list_gives_them(api: Api) -> None:
    for name, (path, record) in LISTS.items():
        api.post(path, record)
        assert json.loads(download(api, name, format="json")) == api.get(f"/{name}", **({"clear": "false"} if name == "alerts" else {}))[name]


def test_in_csv_numbers_stay_numbers_and_texts_run_no_formula(api: Api) -> None:
    losing = {
        **without(POSITION, "unrealized_pnl", "unrealized_pnl_pct"),
        "current_price": 49_500,
        "symbol": "=cmd|' /C calc'!A0",
        "strategy": '-a, "b"',
    }
    api.post("/positions/update", losing)
    [position] = table(download(api, "positions"))
    assert (float(position["unrealized_pnl"]), float(position["unrealized_pnl_pct"])) == (-50, -1)
    assert (position["symbol"], position["strategy"]) == ("'=cmd|' /C calc'!A0", '\'-a, "b"')
    api.post("/signals/update", {**SIGNAL, "strategy_name": "+1", "symbol": "\uff1d1", "ensemble_vote": None})
    [signal] = table(download(api, "signals"))
    assert (signal["strategy_name"], signal["ensemble_vote"], float(signal["confidence"])) == ("'+1", "", 0.85)
    assert signal["symbol"] == "'\uff1d1", "a full-width sign begins a formula too"
    api.post("/alerts", {**ALERT, "title": "@x", "message": "\r\n=1+1"})
    [alert] = table(download(api, "alerts"))
    assert (alert["title"], alert["message"]) == ("'@x", "'\r\n=1+1")
