"""How equity comes about: from snapshots, from closed trades, from several bots, within a range, thinned for a screen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import metrics
from data.columns import Frame
from data.curve import Curve, added, thinned
from data.equity import Basis
from data.metrics.returns import DAY_US
from data.portfolio import iso_texts
from tests.support.api import near

DAY = DAY_US


@pytest.fixture
def backend() -> str:
    return "sqlite"


def of_snapshots(*points: tuple[float, float, float]) -> Curve:
    """The curve of one bot's snapshots: day, value, deposit."""
    days, values, deposits = (np.array(column, float) for column in zip(*points, strict=True))
    deposits[0] = values[0]
    paid = np.flatnonzero(deposits)
    times = (days * DAY).astype(np.int64)
    return Curve(times, values, times[paid], deposits[paid], source="snapshots")


def test_a_deposit_is_no_return_and_no_recovery() -> None:
    curve = of_snapshots((0, 100, 0), (1, 110, 0), (2, 260, 150), (3, 130, 0), (4, 65, -65))
    assert curve.growth == near(np.array([1, 1.1, 1.1, 0.55, 0.55]))
    assert curve.daily()[2] == near(np.array([0.1, 0, -0.5, 0]))
    fall = curve.largest_drawdown()
    assert fall is not None
    assert (fall.amount, fall.fraction) == near((130, -0.5))
    assert [moment.day for moment in (fall.peak_at, fall.trough_at)] == [3, 4]
    assert fall.recovered_at is None


def test_several_accounts_are_carried_forward_and_one_that_comes_later_is_no_gain() -> None:
    first = of_snapshots((0, 100, 0), (2, 120, 0), (4, 90, 0))
    second = of_snapshots((1, 1000, 0), (2, 1000, 0), (5, 1500, 500))
    both = added([second, Curve(), first])
    assert (both.times // DAY).tolist() == [0, 1, 2, 4, 5]
    assert both.values.tolist() == [100, 1100, 1120, 1090, 1590]
    assert both.growth == near(np.array([1, 1, 1120 / 1100, 1090 / 1100, 1090 / 1100]))
    assert both.earned.tolist() == [100, 100, 120, 90, 90]
    assert added([]).times.size == 0
    assert added([first]) is first


def test_a_range_of_snapshots_holds_its_points_and_one_of_trades_begins_with_what_there_was() -> None:
    snapshots = of_snapshots((0, 100, 0), (1, 210, 100), (3, 220, 0), (4, 330, 110))
    middle = snapshots.since(DAY).until(3 * DAY)
    assert middle.values.tolist() == [210, 220]
    assert middle.paid[0].size == 0
    assert middle.growth == near(np.array([1, 220 / 210]))
    places, amounts = snapshots.since(2 * DAY).paid
    assert (places.tolist(), amounts.tolist()) == ([1], [110])
    assert snapshots.since(9 * DAY).times.size == snapshots.until(-1).times.size == 0
    assert snapshots.since(9 * DAY).growth == near(np.empty(0))
    trades = Curve(np.array([0, DAY, 3 * DAY]), np.array([50.0, 60, 55]), np.array([0]), np.array([50.0]), source="trades", opening=True)
    later = trades.since(2 * DAY)
    assert (later.times // DAY).tolist() == [2, 3]
    assert later.values.tolist() == [60, 55]
    assert later.growth == near(np.array([1, 55 / 60]))
    assert trades.since(3 * DAY).values.tolist() == [55]
    assert trades.since(9 * DAY).values.tolist() == [55]
    assert trades.since(-DAY) is trades


def test_a_starting_balance_was_there_before_the_first_day() -> None:
    points = np.array([0, DAY // 2, DAY]), np.array([100.0, 110, 99]), np.array([0]), np.array([100.0])
    days, earlier, returns = Curve(*points, source="trades", opening=True).daily()
    assert (days.astype(int).tolist(), earlier.astype(int).tolist()) == ([0, 1], [-1, 0])
    assert returns == near(np.array([0.1, -0.1]))
    assert Curve(*points, source="snapshots").daily()[2] == near(np.array([-0.1]))
    assert Curve(*points, source="trades", has_balance=False).daily()[2].size == Curve().daily()[2].size == 0


def test_what_no_float_can_hold_breaks_nothing() -> None:
    for values in ([1e-300, 1e18, 1], [0, 5, 0], [-1, -2, 3], [1e18, 1e-300, 1e18]):
        curve = of_snapshots(*((day, value, 0) for day, value in enumerate(values)))
        assert curve.growth is not None
        assert np.isfinite(curve.growth).all()
        assert np.isfinite(curve.daily()[2]).all()
        curve.largest_drawdown()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.001, 1e6) | st.sampled_from([0.0, -5.0]), st.sampled_from([0.0, 0.0, 0.0, 50.0, -70.0])), min_size=1, max_size=30)
)
def test_growth_is_the_product_of_all_steps_however_it_is_computed(points: list[tuple[float, float]]) -> None:
    curve = of_snapshots(*((day, value, deposit) for day, (value, deposit) in enumerate(points)))
    values, deposits = (np.array(column) for column in zip(*points, strict=True))
    assert curve.growth == pytest.approx(metrics.growth_index(values, deposits), rel=1e-9)


def test_each_trader_brings_its_balance_when_it_begins() -> None:
    rows = [(0, 1, 2, 10), (0, 2, 4, -3), (1, 3, 5, 7), (2, 4, 6, 1), (0, 5, 6, 2), (3, 6, 6, 1)]  # bot, entered, left, net
    bots, entered, left, nets = (np.array(column) for column in zip(*rows, strict=True))
    exits = Frame(
        "at",
        {"id": np.arange(6), "bot": bots, "entry_time": entered, "at": left, "net_pnl": nets.astype(float)},
        {"bot": {name: code for code, name in enumerate("abcde")}},
    )
    basis = Basis(
        Frame("timestamp", {"id": np.empty(0, int), "bot": np.empty(0, int)}, {"bot": {}}),
        exits,
        exits,
        "bot",
        {"a": 100, "b": 50, "c": 30, "d": 20},
        "USD",
        [],
    )
    curve = basis.curve
    assert curve.times.tolist() == [1, 2, 3, 4, 5, 6]
    assert curve.values.tolist() == [100, 110, 160, 187, 214, 218]
    assert curve.growth == near(np.array([1, 1.1, 1.1, 1.1 * 157 / 160, 1.1 * 157 / 160 * 194 / 187, 1.1 * 157 / 160 * 194 / 187 * 218 / 214]))
    assert {name: own.values.tolist() for name, own in basis.each().items()} == {
        "a": [100, 110, 107, 109],
        "b": [50, 57],
        "c": [30, 31],
        "d": [20, 21],
    }
    assert (curve.opening, curve.has_balance, basis.without_balance) == (True, True, [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e18, 1e18), min_size=1, max_size=80), st.integers(10, 30), st.data())
def test_thinning_keeps_first_last_highest_lowest_and_what_it_is_told(values: list[float], points: int, data: st.DataObject) -> None:
    told = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=2))
    curve = np.array(values)
    places = thinned(curve, points, told)
    assert (np.diff(places) > 0).all()
    assert len(places) == len(values) if len(values) <= points else len(places) <= points
    assert {0, len(values) - 1, *told} <= set(places.tolist())
    assert curve[places].max() == curve.max()
    assert curve[places].min() == curve.min()


def test_a_peak_and_a_dip_in_every_stretch_are_kept() -> None:
    curve = np.random.default_rng(1).normal(size=10_000)
    peaks, dips = np.arange(100, 10_000, 200), np.arange(150, 10_000, 200)
    curve[peaks] += 50
    curve[dips] -= 50
    assert {*peaks.tolist(), *dips.tolist()} <= set(thinned(curve, 104, []).tolist())


def test_times_are_written_as_everywhere() -> None:
    assert iso_texts(np.array([0, 1_516_131_000_000_001, -1])) == [
        "1970-01-01T00:00:00.000000Z",
        "2018-01-16T19:30:00.000001Z",
        "1969-12-31T23:59:59.999999Z",
    ]
