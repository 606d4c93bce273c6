"""The numbers that both ways of writing a strategy share: candle by candle and over whole columns."""

# What counts as above: two ways of adding the same prices differ in the last digit, and a tie must be a tie in both.
MARGIN = 1e-9

FAST, SLOW = 10, 30
RSI_LENGTH, OVERSOLD, OVERBOUGHT, NEUTRAL = 14, 30.0, 70.0, 50.0
BAND_LENGTH, BAND_WIDTHS = 20, 2.0
