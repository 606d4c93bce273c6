"""The risk API, `/api/risk`."""

from app.answers import success
from app.rest.endpoint import Call, Endpoint
from app.rest.portfolio_shapes import Correlations, RiskFigures
from app.rest.shapes import Data
from data.entries import Row
from data.scope import EquityFilter, RiskScope


def get_metrics(call: Call) -> Row:
    """Return the figures of the daily returns and closed trades in scope."""
    return success(data=call.desk.risk.metrics(call.query))


def get_correlation(call: Call) -> Row:
    """Return how the strategies' daily returns move together."""
    return success(data=call.desk.risk.correlation(call.query))


ENDPOINTS = (
    Endpoint("GET", "/metrics", "read", get_metrics, query=RiskScope, returns=Data[RiskFigures]),
    Endpoint("GET", "/correlation", "read", get_correlation, query=EquityFilter, returns=Data[Correlations]),
)
