"""The portfolio API, `/api/portfolio`: what the accounts are worth."""

from app.answers import success
from app.rest.editor import editor
from app.rest.endpoint import Call, Endpoint
from app.rest.portfolio_shapes import CurrentPortfolio, EquityCurve, SnapshotPage, SnapshotRow, StartingBalance
from app.rest.shapes import Data
from data.edits import BalanceIn
from data.entries import Row
from data.records import SnapshotIn
from data.scope import EquityScope, PortfolioScope, SnapshotScope


def get_current(call: Call) -> Row:
    """Return what all accounts of one currency are worth now, each bot's part, and the open positions."""
    return success(data=call.desk.portfolio.current(call.query))


def get_history(call: Call) -> Row:
    """Return a page of snapshots, newest first."""
    return success(data=call.desk.portfolio.history(call.query))


def get_equity(call: Call) -> Row:
    """Return equity and drawdown over time, thinned without losing a peak."""
    return success(data=call.desk.portfolio.equity(call.query))


def post_snapshot(call: Call) -> Row:
    """Store a snapshot; return it as the history gives it."""
    answer: Row = call.desk.record(
        [call.body], call.principal, retry=call.retry, answer=lambda outcomes: success(data=outcomes[0].record)
    )  # stored as it was sent, because inside the transaction nobody sees yet what it is compared with
    return answer | {"data": call.desk.portfolio.completed([answer["data"]])[0]}


set_balance = editor("balance.set", "Say what the equity of a bot that sends no snapshots began with; with a strategy, also that of the strategy.")

ENDPOINTS = (
    Endpoint("GET", "", "read", get_current, query=PortfolioScope, returns=Data[CurrentPortfolio]),
    Endpoint("GET", "/history", "read", get_history, query=SnapshotScope, returns=Data[SnapshotPage]),
    Endpoint("GET", "/equity", "read", get_equity, query=EquityScope, returns=Data[EquityCurve]),
    Endpoint("POST", "/starting-balance", "control", set_balance, body=BalanceIn, returns=Data[StartingBalance]),
    Endpoint("POST", "", "ingest", post_snapshot, body=SnapshotIn, status=201, returns=Data[SnapshotRow]),
)
