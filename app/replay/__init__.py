"""Recorded candles played to a strategy, which reports to the dashboard as any bot would: over REST, through `client`."""
