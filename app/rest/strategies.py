"""The strategies API, `/api/strategies`: what is set of them, and what their trades earned."""

from app.answers import success
from app.rest.editor import editor
from app.rest.endpoint import Call, Endpoint
from app.rest.shapes import Data
from app.rest.strategy_shapes import Strategy, StrategyComparison, StrategyPage, StrategyPerformance, StrategyRow
from data.edits import StrategyChange, StrategyIn
from data.entries import Row
from data.scope import ComparisonScope, OneStrategyScope, PerformanceScope, StrategyScope


def get_strategies(call: Call) -> Row:
    """Return a page of strategies with their figures, in order of name unless `sort` says otherwise."""
    return success(data=call.desk.strategies.page(call.query))


def get_strategy(call: Call, record_id: int) -> Row:
    """Return one strategy with its figures."""
    return success(data=call.desk.strategies.one(record_id, call.query))


def get_performance(call: Call, record_id: int) -> Row:
    """Return what a strategy did in each period, and its figures over all of them."""
    return success(data=call.desk.strategies.performance(record_id, call.query))


def get_comparison(call: Call) -> Row:
    """Return the figures and curves of up to ten strategies, side by side."""
    return success(data=call.desk.strategies.comparison(call.query))


create = editor("strategy.create", "Add a strategy; trades that name it find it.")
change = editor("strategy.change", "Change the settings of a strategy that are sent.")

ENDPOINTS = (
    Endpoint("GET", "", "read", get_strategies, query=StrategyScope, returns=Data[StrategyPage]),
    Endpoint("POST", "", "control", create, body=StrategyIn, status=201, returns=Data[Strategy]),
    Endpoint("GET", "/comparison", "read", get_comparison, query=ComparisonScope, returns=Data[StrategyComparison], also=(404,)),
    Endpoint("GET", "/<int:record_id>", "read", get_strategy, query=OneStrategyScope, returns=Data[StrategyRow]),
    Endpoint("PATCH", "/<int:record_id>", "control", change, body=StrategyChange, returns=Data[Strategy]),
    Endpoint("GET", "/<int:record_id>/performance", "read", get_performance, query=PerformanceScope, returns=Data[StrategyPerformance]),
)
