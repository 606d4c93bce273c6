"""The peer's half of `python -m bench.freqtrade`: freqtrade's own API server on a trade database, without an exchange, which would need a network.

Run by the Python of an environment that has freqtrade, and imports nothing of the project: `python freqtrade_server.py DATABASE PORT`. Server,
sign-in, routes and the RPC that answers them are freqtrade's; what is missing is the bot behind them, of which a list of trades asks nothing.
"""

import sys
import threading
from types import SimpleNamespace

USER, PASSWORD = "bench", "correct horse battery staple"


def main() -> None:
    """Serve until the process is ended."""
    from freqtrade.persistence import init_db  # type: ignore[import-not-found]  # in the peer's environment alone
    from freqtrade.rpc import RPC  # type: ignore[import-not-found]  # the same
    from freqtrade.rpc.api_server import ApiServer  # type: ignore[import-not-found]  # the same

    path, port = sys.argv[1], int(sys.argv[2])
    init_db(f"sqlite:///{path}")
    server = {
        "enabled": True,
        "listen_ip_address": "127.0.0.1",
        "listen_port": port,
        "username": USER,
        "password": PASSWORD,
        "jwt_secret_key": "of no use elsewhere, and long enough",
        "CORS_origins": [],
        "verbosity": "error",
    }
    config = {"api_server": server, "dry_run": True, "stake_currency": "BTC", "runmode": "dry_run"}
    ApiServer(config).add_rpc_handler(RPC(SimpleNamespace(config=config)))
    threading.Event().wait()


if __name__ == "__main__":
    main()
