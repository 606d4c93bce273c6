"""The tables that a person sorts, filters and arranges: dash-ag-grid, driven by app/assets/tables.js."""
