"""What is shipped for containers and systemd, read as their programs read it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data.settings import Settings
from tests.support import shipped
from tests.support.paths import ROOT

SETTINGS = {name.upper() for name in Settings.model_fields}


def test_the_image_holds_the_locked_run_time_and_runs_for_nobody_special() -> None:
    build, image = shipped.stages()
    assert shipped.copied(build) == [("requirements.txt", "/")]  # nothing for development
    assert any("--require-hashes" in words for name, words in build if name == "RUN")
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    for source, _ in [*shipped.copied(build), *shipped.copied(image)]:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in sent, source
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
