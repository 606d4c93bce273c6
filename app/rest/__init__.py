"""The REST API. `endpoint` says how a route is declared; `monitoring`, `trades` and `service` declare them."""
