"""What a trade is, and on which terms one is made."""

from dataclasses import dataclass
from datetime import datetime

SIGNAL, STOP_LOSS, TAKE_PROFIT, END_OF_DATA = "signal", "stop_loss", "take_profit", "end_of_data"


@dataclass(frozen=True, slots=True)
class Terms:
    """How much is staked and when enough is lost or won; fractions, not percent.

    Attributes:
        stop_loss: of the entry price, against the position.
        take_profit: of the entry price, in its favour.
        stake: money per position.
        fee: of the value, at entry and again at exit.
        capital: what the account begins with.
    """

    stop_loss: float
    take_profit: float
    stake: float = 1_000.0
    fee: float = 0.001
    capital: float = 10_000.0


@dataclass(frozen=True, slots=True)
class Trade:
    """A completed trade; `side` is 1 for long and -1 for short, money is in the symbol's quote currency."""

    side: int
    size: float
    entry_time: datetime
    entry_price: float
    exit_time: datetime
    exit_price: float
    fees: float
    net_pnl: float
    reason: str

    @property
    def net_pnl_pct(self) -> float:
        """Return the net P&L in percent of the value at entry."""
        return self.net_pnl / (self.size * self.entry_price) * 100
