"""Who may come in: users, sessions, API tokens, one-time links, and the record of what they did."""

from data.accounts.accounts import Accounts, CodeWanted
from data.accounts.principal import ROLE_SCOPES, SCOPES, Principal

__all__ = ["ROLE_SCOPES", "SCOPES", "Accounts", "CodeWanted", "Principal"]
