"""What a user copies into a bot to connect it: Python, curl, and the webhook of freqtrade."""

import json
import shlex
from urllib.parse import quote, urlsplit

ACTIVITY = "/api/monitoring/activity"
# freqtrade's own names of what happened, and of what it knows then (freqtrade 2026.9, rpc/rpc_types.py); it fills in the braces.
FREQTRADE = {
    "entry_fill": ("ORDER", "Entered {pair} {direction} at {open_rate}", {"symbol": "{pair}", "amount": "{amount}"}),
    "exit_fill": ("ORDER", "Left {pair} at {close_rate}: {profit_amount} {stake_currency}, {exit_reason}", {"symbol": "{pair}"}),
    "status": ("SYSTEM", "freqtrade: {status}", {}),
    "warning": ("SYSTEM", "freqtrade warns: {status}", {}),
}


def python(token: str, bot: str, server: str) -> str:
    """Return the five lines that report from Python."""
    lines = [
        "from client import connect, EventType",
        f'monitor = connect("{server}", "{token}", bot={json.dumps(bot)})',
        'monitor.log_event(EventType.SYSTEM, "Hello from my bot")',
        "# ... trade: monitor.update_signal, update_position, send_alert ...",
        "monitor.close()",
    ]
    return "\n".join(lines)


def curl(token: str, bot: str, server: str) -> str:
    """Return the command that reports an event."""
    body = shlex.quote(json.dumps({"event_type": "SYSTEM", "message": "Hello from my bot", "bot": bot}))
    return f'curl {server}{ACTIVITY} -H "Authorization: Bearer {token}" -H "Content-Type: application/json" -d {body}'


def curl_reading(token: str, server: str) -> str:
    """Return the command that reads the latest events."""
    return f'curl {server}{ACTIVITY} -H "Authorization: Bearer {token}"'


def freqtrade(token: str, bot: str, server: str) -> str:
    """Return the part of freqtrade's config.json that reports through its webhook.

    It sends no headers of its own, so the token stands as a password in the address, which its HTTP library sends as a header.
    """
    parts = urlsplit(server)
    address = f"{parts.scheme}://{quote(bot, safe='')}:{token}@{parts.netloc}{parts.path}{ACTIVITY}"
    told = {
        name: {"event_type": kind, "message": message, "bot": bot} | ({"metadata": more} if more else {})
        for name, (kind, message, more) in FREQTRADE.items()
    }
    return '"webhook": ' + json.dumps({"enabled": True, "url": address, "format": "json", "retries": 3, **told}, indent=2)
