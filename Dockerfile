# The first stage has pip, the second what it installed: requirements.txt alone, every file of it by its hash.
FROM python:3.11-slim-bookworm AS build
COPY requirements.txt /
RUN python -m venv /opt/botv2 \
 && /opt/botv2/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r /requirements.txt \
 && /opt/botv2/bin/python -m pip uninstall --yes pip setuptools

FROM node:22-bookworm-slim AS node

# The production build: Python knows what Dash ships, Node.js packs it. Of this stage the image has app/dist alone.
FROM build AS bundle
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
WORKDIR /srv/botv2
COPY frontend/package.json frontend/package.json
COPY frontend/package-lock.json frontend/package-lock.json
RUN cd frontend && node /usr/local/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund
COPY frontend/pack.mjs frontend/pack.mjs
COPY build.py build.py
COPY data data
COPY components components
COPY callbacks callbacks
COPY app app
ARG SOURCE_DATE_EPOCH=""
RUN /opt/botv2/bin/python build.py --mode production

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore, for backups and for the one before a migration; of the same version as the database in compose.yaml.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client-15 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/botv2 --shell /usr/sbin/nologin botv2 \
 && install -d -o botv2 -g botv2 -m 0700 /var/lib/botv2
COPY --from=build /opt/botv2 /opt/botv2
WORKDIR /srv/botv2
COPY app app
COPY callbacks callbacks
COPY client client
COPY components components
COPY data data
COPY migrations migrations
COPY deploy/healthcheck.py deploy/healthcheck.py
COPY --from=bundle /srv/botv2/app/dist app/dist
RUN /opt/botv2/bin/python -m compileall -q .

ENV PATH=/opt/botv2/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOTV2_HOST=0.0.0.0 \
    BOTV2_DATA_DIR=/var/lib/botv2
USER 10001:10001
VOLUME /var/lib/botv2
EXPOSE 8050
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "deploy/healthcheck.py"]
CMD ["python", "-m", "app", "run"]
