"""Which version this is."""

API_VERSION = "4.3"
RELEASE = "4.3.0"
