"""Everything that can be written to a file, `/api/export`: the filters are those of the list, there is no limit on rows."""

from app.rest import monitoring_shapes
from app.rest.alerts import Alert
from app.rest.endpoint import Endpoint
from app.rest.exporting import exporter
from app.rest.portfolio_shapes import EquityPoint
from app.rest.shapes import Shape
from app.rest.strategy_shapes import StrategyRow
from app.rest.trade_shapes import TradeRow
from data.exports import EXPORTS

ROWS: dict[str, type[Shape]] = {
    "trades": TradeRow,
    "equity": EquityPoint,
    "positions": monitoring_shapes.Position,
    "activity": monitoring_shapes.Event,
    "strategies": StrategyRow,
    "alerts": Alert,
}

ENDPOINTS = tuple(
    Endpoint("GET", f"/{export.name}", "read", exporter(export), query=export.scope, streams=ROWS[export.name]) for export in EXPORTS.values()
)
