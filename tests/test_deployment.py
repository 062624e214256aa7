"""What is in scheduler/deploy: no container is built here, but what files say of each other, and of us, holds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from outrider.cli.up import up

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "scheduler" / "deploy"
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage of the Containerfile, with their arguments."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line.partition(" ") for line in text.replace("\\\n", "").splitlines() if line]
    begins = [number for number, (name, _, _) in enumerate(lines) if name == "FROM"] + [len(lines)]
    return [[(name, words) for name, _, words in lines[a:b]] for a, b in pairwise(begins)]


def test_the_image_is_built_in_a_stage_of_its_own_and_runs_as_nobody_special() -> None:
    """Of the first stage only the environment comes along; whatever is installed has a hash."""
    build, final = stages()

    assert build[0][1].endswith(" AS build")
    assert [words for name, words in final if name == "COPY"] == ["--from=build /opt/outrider /opt/outrider"]
    names = [name for name, _ in final]
    (user,) = (words for name, words in final if name == "USER")
    assert user.isdigit()  # Kubernetes can tell only of a number that it is not root
    assert int(user) > 0
    assert names.index("USER") < names.index("ENTRYPOINT")
    for command in re.findall(r"pip install ([^&]+)", " ".join(words for name, words in build if name == "RUN")):
        assert "--require-hashes" in command or "--no-deps" in command
    (port,) = (option.default for option in up.params if option.name == "port")
    assert ("EXPOSE", str(port)) in final


def test_what_the_image_copies_is_there() -> None:
    """Each source of the first stage is in the repository, and each lock that it installs is copied."""
    (build, _) = stages()
    copied = [source for name, words in build if name == "COPY" for source in words.split()[:-1]]
    locks = re.findall(r"-r (\S+)", " ".join(words for name, words in build if name == "RUN"))

    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert set(locks) <= set(copied)
    assert len(locks) == 3


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)
def test_services_of_compose_name_each_other_and_files_that_exist(file: Path) -> None:
    """Services that are waited for have a health check, named volumes are declared, secrets are not written down."""
    text = file.read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)

    services = document["services"]
    for service in services.values():
        assert service["restart"] == "always"
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in services[other]
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert source in document.get("volumes", {}) or (DEPLOY / source).is_dir()
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
            assert int(service["stop_grace_period"].removesuffix("s")) > 60  # drain
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert not re.search(r"PASSWORD: \"?[^\"$]", text)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """But for its program, which is somewhere else here."""
    unit = (DEPLOY / "outrider.service").read_text(encoding="utf-8")
    program = "/srv/outrider/venv/bin/outrider"
    assert program in unit
    (tmp_path / "outrider.service").write_text(unit.replace(program, sys.executable).replace("User=outrider\n", ""))

    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "outrider.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert [line for line in done.stderr.splitlines() if "outrider.service" in line] == []
