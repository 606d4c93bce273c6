"""What is true: settings, monitor, journal, store, metrics. Imports no dash, flask or plotly."""
