"""The Dashboard as a Streamlit app: what our page is compared with.

Run by the Streamlit of an environment of its own, and imports nothing of the project: `streamlit run streamlit_app.py -- page.json`.
"""

import json
import sys
from pathlib import Path

import pandas as pd
import streamlit as st  # type: ignore[import-not-found]  # in the peer's environment alone

page = json.loads(Path(sys.argv[1]).read_text())
st.set_page_config("Dashboard", layout="wide")
st.sidebar.markdown("\n".join(f"- {name}" for name in page["pages"]))
st.title("Dashboard")
for column, tile in zip(st.columns(len(page["tiles"])), page["tiles"], strict=True):
    column.metric(tile["name"], tile["value"])
left, right = st.columns(2)
for number, (title, figure) in enumerate(page["figures"].items()):
    with (left, right)[number % 2]:
        st.subheader(title)
        st.plotly_chart(figure, key=f"chart-{number}")
left.dataframe(pd.DataFrame(page["trades"]))
right.dataframe(pd.DataFrame(page["events"]))
