"""What each risk figure means, and how it is computed; the formulas are those of `data.metrics`, which computes them."""

from typing import NamedTuple

from components.words import N_


class Words(NamedTuple):
    """A figure in words: what it means, its formula, whose that is (names, which no language changes), and which chart shows it."""

    meaning: str
    formula: str
    source: str | None
    chart: str | None = None


OF_A_YEAR = N_("r are the daily returns, n their number, N the trading days of a year")
WORDS = {
    "cumulative_return": Words(N_("What all daily returns in the range made together."), "∏ (1 + r) − 1", None, "drawdown"),
    "annual_return": Words(N_("The same growth, spread over one year."), "(1 + R)^(N / n) − 1", "empyrical, annual_return (CAGR)"),
    "sharpe_ratio": Words(
        N_("How much return there was for the unrest of the daily returns, a year; the risk-free rate is 0."),
        "mean(r) / s(r) × √N",
        "Sharpe (1994); empyrical",
        "rolling",
    ),
    "sortino_ratio": Words(
        N_("Like the Sharpe ratio, but only days with a loss count as unrest."),
        "mean(r) × N / (√mean(min(r, 0)²) × √N)",
        "Sortino and Price (1994); empyrical",
        "rolling",
    ),
    "calmar_ratio": Words(
        N_("The return of a year for each unit of the largest drawdown."), "CAGR / |max drawdown|", "Young (1991); empyrical", "drawdown"
    ),
    "omega_ratio": Words(
        N_("All daily gains over all daily losses."), "Σ max(r, 0) / |Σ min(r, 0)|", "Keating and Shadwick (2002); empyrical", "histogram"
    ),
    "alpha": Words(N_("What was earned a year beyond what the benchmark explains."), "(1 + mean(r − β × b))^N − 1", "Jensen (1968); empyrical"),
    "beta": Words(N_("How strongly the daily returns follow those of the benchmark."), "cov(r, b) / var(b)", "empyrical, beta_aligned"),
    "volatility": Words(N_("How far the daily returns scatter, a year."), "s(r) × √N", "empyrical, annual_volatility", "rolling"),
    "downside_volatility": Words(
        N_("How far the daily losses scatter, a year."), "√mean(min(r, 0)²) × √N", "Sortino; empyrical, downside_risk", "rolling"
    ),
    "var_95": Words(N_("On 95 of 100 days the return was better than this."), "quantile(r, 0.05)", "empyrical, value_at_risk", "histogram"),
    "var_99": Words(N_("On 99 of 100 days the return was better than this."), "quantile(r, 0.01)", "empyrical, value_at_risk", "histogram"),
    "cvar_95": Words(N_("The mean of the worst 5 of 100 days."), "mean(r | r ≤ VaR₉₅)", "empyrical, conditional_value_at_risk", "histogram"),
    "parametric_var_95": Words(
        N_("The value at risk of a day if its returns were normally distributed."), "mean(r) + Φ⁻¹(0.05) × s(r)", "Jorion, Value at Risk", "histogram"
    ),
    "best_day": Words(N_("The highest return of a day."), "max(r)", None, "histogram"),
    "worst_day": Words(N_("The lowest return of a day."), "min(r)", None, "histogram"),
    "max_drawdown": Words(N_("The deepest fall below the highest value until then."), "min(V / peak − 1)", "empyrical, max_drawdown", "drawdown"),
    "current_drawdown": Words(N_("How far below its highest value it is now."), "Vₙ / peak − 1", None, "drawdown"),
    "longest_drawdown_days": Words(N_("The most days in a row below a highest value."), "max(t₂ − t₁)", None, "drawdown"),
    "recovery_factor": Words(N_("The net P&L for each unit of its largest fall, in money."), "Σ P / max fall of Σ P", None, "drawdown"),
    "win_rate": Words(N_("The share of closed trades that earned something."), "wins / trades", None),
    "profit_factor": Words(N_("All gains of trades over all their losses."), "Σ max(P, 0) / |Σ min(P, 0)|", "freqtrade"),
    "payoff_ratio": Words(N_("The average win over the average loss."), "mean(P | P > 0) / |mean(P | P < 0)|", None),
    "expectancy": Words(N_("What a trade earned on average."), "mean(P)", "freqtrade"),
    "sqn": Words(N_("How sure the average result of a trade is."), "√n × mean(P) / s(P)", "Van Tharp, Trade Your Way to Financial Freedom"),
    "longest_winning_streak": Words(N_("The most trades in a row that earned something."), "max run of P > 0", None),
    "longest_losing_streak": Words(N_("The most trades in a row that lost something."), "max run of P < 0", None),
}
