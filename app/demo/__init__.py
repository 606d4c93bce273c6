"""The demo: two bots that trade a simulated market through the public API, so that a new user sees the dashboard live."""

from data.desk import Desk


def wanted(desk: Desk) -> bool:
    """Say whether the demo may run: not any more once someone has removed its data."""
    return not desk.demo_removed()
