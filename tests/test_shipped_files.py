"""What is shipped for containers and systemd, read as their programs read it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types; comes with schemathesis
from prometheus_client.parser import text_string_to_metric_families

from data.settings import Settings
from tests.support import shipped
from tests.support.api import ALERT, Api
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from flask.testing import FlaskClient

SETTINGS = {name.upper() for name in Settings.model_fields}


def test_the_image_holds_the_locked_run_time_and_runs_for_nobody_special() -> None:
    build, _node, packing, image = shipped.stages()
    assert shipped.copied(build) == [("requirements.txt", "/")]  # nothing for development
    assert ["--from=bundle", "/srv/botv2/app/dist", "app/dist"] in [words for name, words in image if name == "COPY"]
    assert any("--require-hashes" in words for name, words in build if name == "RUN")
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    for source, _ in [*shipped.copied(build), *shipped.copied(packing), *shipped.copied(image)]:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in sent or f"!{source.partition('/')[0]}" in sent, source
    assert {"app/dist", "**/node_modules"} <= set(sent)  # what this machine has built is not what the image holds
    assert "*" in sent  # whatever else lies there stays there
    assert dict(image)["USER"] == ["10001:10001"]
    assert "HEALTHCHECK" in dict(image)
    assert {name for name in shipped.environment(image) if name.startswith("BOTV2_")} <= SETTINGS


def test_compose_runs_only_what_is_settings_and_shows_only_the_proxy() -> None:
    for missing in shipped.GIVEN:
        with pytest.raises(KeyError, match=missing):
            shipped.compose({name: value for name, value in shipped.GIVEN.items() if name != missing})
    made = shipped.compose(shipped.GIVEN)
    services = made["services"]
    assert services["app"]["environment"].keys() <= SETTINGS
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert made["networks"]["store"] == {"internal": True}
    assert services["database"]["networks"] == services["redis"]["networks"] == ["store"]
    assert services["app"]["environment"]["BOTV2_TRUSTED_PROXIES"] == 1
    assert services["app"]["environment"]["BOTV2_TRUSTED_HOSTS"] == services["proxy"]["environment"]["SERVER_NAME"]
    assert services["app"]["cap_drop"] == ["ALL"]
    assert all("no-new-privileges:true" in service["security_opt"] for service in services.values())
    assert {name for service in services.values() for name in service["networks"]} == made["networks"].keys()
    named = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ()) if not volume.startswith("./")}
    assert named == made["volumes"].keys()
    version = services["database"]["image"].partition(":")[2].partition("-")[0]
    installed = [word for name, words in shipped.stages()[-1] if name == "RUN" for word in words]
    assert f"postgresql-client-{version}" in installed  # pg_dump reads no newer server
    template, certificates = shipped.mounted(services["proxy"])
    assert template.exists()
    assert certificates == ROOT / "deploy/tls"
    assert {"deploy/tls/", ".env"} <= set((ROOT / ".gitignore").read_text().splitlines())  # a key is never committed


def test_the_unit_of_systemd_is_valid_and_closed(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("not run: systemd-analyze is not installed")
    unit = tmp_path / "botv2.service"
    unit.write_text((ROOT / "deploy/botv2.service").read_text().replace("/opt/botv2/.venv/bin/python", sys.executable))
    verified = subprocess.run([program, "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    command = [program, "security", "--offline=true", "--no-pager", "--threshold=20", str(unit)]  # 2.0 of 10
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def test_what_prometheus_is_told_to_watch_is_measured(client: "FlaskClient", bearer: dict[str, str], api: Api) -> None:
    api.post("/alerts", ALERT)
    measured = {family.name for family in text_string_to_metric_families(client.get("/metrics", headers=bearer).get_data(as_text=True))}
    rules = [rule for group in yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"] for rule in group["rules"]]
    documented = (ROOT / "docs/operations.md").read_text().partition("## Watching it")[2].partition("## Backups")[0]
    for names in (re.findall(r"botv2_(\w+)", " ".join(rule["expr"] for rule in rules)), re.findall(r"`([a-z]+(?:_[a-z]+)*)`", documented)):
        told = {f"botv2_{name.removesuffix('_total').removesuffix('_bucket')}" for name in names}
        assert told - measured - {"botv2_read", "botv2_redis_up"} == set()
    assert measured <= told | {"botv2_redis_up"}, "a metric that the document does not name"
    [job] = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
    assert job["job_name"] == "botv2"
