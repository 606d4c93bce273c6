"""Symbols, their last prices and their candles."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from app.rest import market_shapes as shape
from tests.support.api import CANDLE, Api, ago, without
from tests.support.nasty import BODIES, bodies_with

MARKET = "/api/market"
START = datetime(2025, 1, 1, tzinfo=UTC)
OHLCV = without(CANDLE, "symbol", "timeframe")


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def candle(minutes: float, close: float = 2, **changes: Any) -> dict[str, Any]:
    return {**OHLCV, "timestamp": at(minutes), "open": close, "high": close + 1, "low": close - 1, "close": close, **changes}


def post(api: Api, symbol: str, timeframe: str, *candles: dict[str, Any], status: int = 201) -> Any:
    return api.post(f"{MARKET}/{symbol}/ohlcv", {"timeframe": timeframe, "candles": list(candles)}, status)


def got(api: Api, path: str, model: type[BaseModel], **query: Any) -> Any:
    content = api.get(f"{MARKET}{path}", **query)["data"]
    model.model_validate_json(json.dumps(content))
    return content


def closes(api: Api, path: str, **query: Any) -> list[float]:
    content = got(api, f"{path}/ohlcv", shape.Candles, **query)
    assert content["count"] == len(content["candles"])
    return [each["close"] for each in content["candles"]]


def test_candles_are_read_back_oldest_first_and_one_sent_again_is_replaced(api: Api) -> None:
    whole = candle(1, 7, volume=5.5, trades_count=3, vwap=6.5)
    stored = post(api, "BTC%2FUSDT", "1m", candle(2, 8), whole, candle(0, 6))["data"]
    shape.StoredCandles.model_validate(stored)
    assert (stored["accepted"], len(got(api, "", shape.LastPrices)["symbols"])) == (3, 1)
    assert closes(api, "/BTC%2FUSDT") == closes(api, "/BTC/USDT") == [6, 7, 8]
    read = api.get(f"{MARKET}/BTC%2FUSDT/ohlcv")["data"]["candles"]
    assert max(each["id"] for each in read) == stored["last_id"]
    assert {**whole, "timestamp": read[1]["timestamp"]} == without(read[1], "id", "bot")
    assert post(api, "BTC%2FUSDT", "1m", candle(1, 7.5))["data"]["last_id"] == read[1]["id"]
    assert closes(api, "/BTC%2FUSDT") == [6, 7.5, 8]


def test_the_newest_candles_of_the_range_are_given_up_to_the_limit(api: Api) -> None:
    post(api, "X", "1m", *(candle(minute, minute) for minute in range(10)))
    post(api, "X", "1h", *(candle(60 * hour, 100 + hour) for hour in range(3)))
    for query, expected, has_more in (
        ({}, [*range(10)], False),
        ({"limit": 3}, [7, 8, 9], True),
        ({"limit": 10}, [*range(10)], False),
        ({"limit": 3, "end": at(6)}, [4, 5, 6], True),
        ({"start": at(3), "end": at(4.5)}, [3, 4], False),
        ({"start": at(3), "limit": 7}, [*range(3, 10)], False),
        ({"days": 1}, [], False),
        ({"timeframe": "1h"}, [100, 101, 102], False),
        ({"timeframe": "1d"}, [], False),
    ):
        assert closes(api, "/X", **query) == expected, query
        assert api.get(f"{MARKET}/X/ohlcv", **query)["data"]["has_more"] is has_more, query
    assert api.get(f"{MARKET}/X/ohlcv")["data"]["timeframe"] == "1m"


def test_a_symbol_tells_its_last_close_and_the_24_hours_that_end_with_it(api: Api) -> None:
    post(api, "X", "1h", *(candle(60 * hour, 100 + hour, volume=1) for hour in range(49)), candle(49 * 60, 10, low=-5, high=500))
    found = got(api, "/X", shape.MarketSymbol)
    assert (found["price"], found["previous_close"], found["as_of"]) == (10, 148, "2025-01-03T01:00:00.000000Z")
    assert (found["change_24h"], found["change_24h_pct"]) == (10 - 125, (10 - 125) / 125 * 100)
    assert (found["high_24h"], found["low_24h"], found["volume_24h"]) == (500, -5, 23)


def test_24_hours_that_nobody_has_told_of_are_null(api: Api) -> None:
    post(api, "NEW", "1m", candle(0, 5))
    found = got(api, "/NEW", shape.MarketSymbol)
    assert [found[name] for name in ("price", "previous_close", "change_24h", "change_24h_pct", "volume_24h")] == [5, None, None, None, None]
    assert (found["high_24h"], found["low_24h"]) == (6, 4)
    post(api, "GAP", "1d", candle(0, 5), candle(1440 * 9, 6))
    assert got(api, "/GAP", shape.MarketSymbol)["change_24h"] is None, "the last close before is more than a week older"
    post(api, "WEEK", "1w", candle(0, 5), candle(1440 * 7, 6))
    week = got(api, "/WEEK", shape.MarketSymbol)
    assert (week["price"], week["previous_close"], week["high_24h"], week["change_24h"]) == (6, 5, None, None)
    post(api, "OLD", "1m", {**candle(0, 5), "timestamp": "0001-01-01T00:00:00Z"})
    assert got(api, "/OLD", shape.MarketSymbol)["price"] == 5
    post(api, "ZERO", "1d", candle(0, 0), candle(1440, 1))
    assert [got(api, "/ZERO", shape.MarketSymbol)[name] for name in ("change_24h", "change_24h_pct")] == [1, None]


def test_the_price_is_that_of_the_candle_that_opened_last(api: Api) -> None:
    post(api, "X", "1d", candle(0, 1), candle(1440, 2))
    post(api, "X", "15m", candle(0, 3), candle(1440, 4))
    post(api, "X", "1m", candle(1439, 5))
    found = got(api, "/X", shape.MarketSymbol)
    assert (found["price"], found["timeframe"], found["timeframes"]) == (4, "15m", ["1m", "15m", "1d"])
    assert [got(api, "/X", shape.MarketSymbol, timeframe=name)["price"] for name in ("1m", "1d")] == [5, 2]
    assert api.get(f"{MARKET}/X", 404, timeframe="4h")["error"]["code"] == "not_found"
    [listed] = got(api, "", shape.LastPrices)["symbols"]
    assert listed == {name: found[name] for name in listed}


def test_symbols_are_listed_by_name_in_pages(api: Api) -> None:
    assert got(api, "", shape.LastPrices) == {"symbols": [], "count": 0, "total": 0, "has_more": False}
    names = ["A", "B/C", "Bé", "a", "z z"]
    for name in names:
        post(api, name.replace("/", "%2F"), "1h", candle(0, 3))
        post(api, name.replace("/", "%2F"), "1M", candle(0, 3))
    page = got(api, "", shape.LastPrices)
    assert ([each["symbol"] for each in page["symbols"]], page["total"], page["has_more"]) == (names, 5, False)
    part = got(api, "", shape.LastPrices, limit=2, offset=1)
    assert ([each["symbol"] for each in part["symbols"]], part["has_more"]) == (["B/C", "Bé"], True)
    assert got(api, "", shape.LastPrices, offset=2**62 - 1)["symbols"] == []


def test_an_unknown_symbol_is_404_and_a_wrong_parameter_400(api: Api) -> None:
    post(api, "X", "1h", candle(0))
    for path in ("/Y", "/Y/ohlcv", "/X%00", "/" + "x" * 1000, "/x"):
        assert api.get(MARKET + path, 404)["error"]["code"] == "not_found", path
    for name, value in (("limit", 0), ("limit", 1001), ("timeframe", "1x"), ("timeframe", "0m"), ("start", "2025-01-01"), ("points", 3)):
        assert list(api.get(f"{MARKET}/X/ohlcv", 400, **{name: value})["error"]["fields"]) == [name]
    assert api.get(MARKET, 400, offset=-1)["error"]["fields"].keys() == {"offset"}


@pytest.mark.parametrize(
    ("candles", "fields"),
    [
        ([], ["candles"]),
        ({}, ["candles"]),
        ([{}], [f"candles[0].{name}" for name in ("timestamp", "open", "high", "low", "close")]),
        ([OHLCV, 5], ["candles[1]"]),
        ([OHLCV, OHLCV, OHLCV, {**OHLCV, "high": 0.1}], ["candles[3].high"]),
        ([{**OHLCV, "close": None}, {**OHLCV, "volume": -1}], ["candles[0].close", "candles[1].volume"]),
        ([{**OHLCV, "timestamp": ago(hours=-25)}], ["candles[0].timestamp"]),
        ([{**OHLCV, "symbol": "X"}], ["candles[0].symbol"]),
        ([{**OHLCV, "timeframe": "1h"}], ["candles[0].timeframe"]),
        ([{**OHLCV, "bot": "alpha"}], ["candles[0].bot"]),
        ([{**OHLCV, "more": 1}], ["candles[0].more"]),
        ([OHLCV] * 10_001, ["candles"]),
    ],
)
def test_a_faulty_candle_is_named_and_none_is_stored(api: Api, candles: Any, fields: list[str]) -> None:
    body = {"timeframe": "1h", "candles": candles}
    response = api.client.post(f"{MARKET}/X/ohlcv", json=body, headers=api.headers)
    if response.status_code != 413:
        assert response.status_code == 422
        assert list(response.get_json()["error"]["fields"]) == fields
    api.get(f"{MARKET}/X", 404)


def test_a_faulty_symbol_or_frame_is_named_once(api: Api) -> None:
    assert list(post(api, "x" * 201, "1h", candle(0), candle(1), status=422)["error"]["fields"]) == ["symbol"]
    assert list(post(api, "a%00b", "1h", candle(0), status=422)["error"]["fields"]) == ["symbol"]
    assert list(post(api, "X", "1 hour", candle(0), status=422)["error"]["fields"]) == ["timeframe"]
    assert list(api.post(f"{MARKET}/X/ohlcv", {"timeframe": "1h", "candles": [OHLCV], "symbol": "Y"}, 422)["error"]["fields"]) == ["symbol"]


def test_nasty_bodies_are_refused(api: Api) -> None:
    for name, body in [*BODIES.items(), *bodies_with({"timeframe": "1h"}, "candles")]:
        assert 400 <= api.send(f"{MARKET}/X/ohlcv", body).status_code < 500, name
    for field in OHLCV:
        for name, body in bodies_with(OHLCV, field):
            answer = api.send(f"{MARKET}/X/ohlcv", b'{"timeframe": "1h", "candles": [' + body + b"]}")
            assert 400 <= answer.status_code < 500, (field, name)


def test_candles_need_the_scope_ingest_and_are_those_of_the_token_s_bot(api: Api, api_as: Callable[..., Api]) -> None:
    post(api_as("ingest", bot="alpha"), "X", "1h", candle(0))
    assert api.get(f"{MARKET}/X/ohlcv")["data"]["candles"][0]["bot"] == "alpha"
    assert api_as("read").post(f"{MARKET}/X/ohlcv", {"timeframe": "1h", "candles": [OHLCV]}, 403)["error"]["code"] == "forbidden"
    api_as("ingest").get(f"{MARKET}/X", 403)


def test_a_retry_gets_the_first_answer(api: Api) -> None:
    body = {"timeframe": "1h", "candles": [OHLCV]}
    first = api.post(f"{MARKET}/X/ohlcv", body, 201, Idempotency_Key="k")
    assert api.post(f"{MARKET}/X/ohlcv", body, 201, Idempotency_Key="k") == first
    assert api.post(f"{MARKET}/Y/ohlcv", body, 409, Idempotency_Key="k")["error"]["code"] == "conflict"


def test_new_candles_change_the_answers(api: Api) -> None:
    post(api, "X", "1h", candle(0, 1))
    assert (closes(api, "/X"), got(api, "/X", shape.MarketSymbol)["price"]) == ([1], 1)
    post(api, "X", "1h", candle(60, 2))
    assert (closes(api, "/X"), got(api, "/X", shape.MarketSymbol)["price"]) == ([1, 2], 2)
    assert got(api, "", shape.LastPrices)["symbols"][0]["price"] == 2
