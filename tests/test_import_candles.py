"""Candles out of CSV: each once however often, all of the file or nothing of it when something in it is wrong."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from data.desk import Desk
from data.errors import Refused
from data.importers.base import Imported
from data.importers.candles import import_candles
from data.schema import Journal, MarketData
from tests.support.paths import real_file

HEAD = "time;Open;High;Low;Close;Volume\n"


def counts(desk: Desk) -> tuple[int, int]:
    """Return how many candles and how many journal rows there are."""
    with desk.store.read() as connection:
        numbers = [connection.scalar(select(func.count()).select_from(table)) or 0 for table in (MarketData, Journal)]
    return numbers[0], numbers[1]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_real_candles_are_stored_once_with_their_volume_and_number_of_trades(backend: str, desk: Desk) -> None:
    path = real_file("candles/WLD-USDT-1h.csv")
    assert import_candles(desk.journal, path, "WLD/USDT") == Imported(2160, 0, 0)
    assert import_candles(desk.journal, path, "WLD/USDT", bot="other") == Imported(0, 2160, 0), "a candle is the market's, whoever brings it"
    assert counts(desk) == (2160, 2160)
    with desk.store.read() as connection:
        first = connection.execute(select(MarketData.__table__).order_by(MarketData.timestamp).limit(1)).mappings().one()
    assert (first["symbol"], first["timeframe"], first["timestamp"].isoformat()) == ("WLD/USDT", "1h", "2023-09-12T22:00:00+00:00")
    assert (first["open"], first["close"], first["volume"], first["trades_count"]) == (1.0349, 1.0195, 3866278.0, 19643)


def test_a_candle_that_has_changed_is_replaced_and_the_first_wrong_row_keeps_all_out(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "X-Y-1h.csv"
    path.write_text(HEAD + "1700000000;1;2;0.5;1.5;9\n1700003600;1;2;0.5;1.5;9\n")
    assert import_candles(desk.journal, path) == Imported(2, 0, 0)
    path.write_text(path.read_text().replace("1700003600;1;2;0.5;1.5;9", "1700003600;1;2;0.5;1.75;"))
    assert import_candles(desk.journal, path) == Imported(0, 1, 1)
    before = counts(desk)
    path.write_text(HEAD + "1600000000;1;2;0.5;1.5;9\n1600003600;1;2;3;1.5;9\n")
    with pytest.raises(Refused, match=r"X-Y-1h.csv, line 3, column open"):
        import_candles(desk.journal, path)
    with pytest.raises(Refused, match="bot"):
        import_candles(desk.journal, path, bot="")
    assert counts(desk) == before == (2, 3)
