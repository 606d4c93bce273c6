# The first stage has pip, the second what it installed: requirements.txt alone, every file of it by its hash.
FROM python:3.11-slim-bookworm AS build
COPY requirements.txt /
RUN python -m venv /opt/botv2 \
 && /opt/botv2/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r /requirements.txt \
 && /opt/botv2/bin/python -m pip uninstall --yes pip setuptools

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
