"""The document around the Dash app. Its one own script sets the theme before the first paint."""

INDEX_STRING = """<!doctype html>
<html lang="en" data-theme="dark" data-bs-theme="dark" data-pair="teal-coral">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <script src="/assets/head/theme.js"></script>
    {%favicon%}
    {%css%}
  </head>
  <body>
    <noscript><p class="no-script">BotV2 Dashboard needs JavaScript. The same data is in the REST API under /api/monitoring.</p></noscript>
    {%app_entry%}
    {%config%}
    {%scripts%}
    {%renderer%}
  </body>
</html>
"""
