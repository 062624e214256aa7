"""The bill of materials: what a release runs with and what is bundled in it, as CycloneDX.

Packages of Python are those of the locks, with all extras; packages of npm those of which the wheel has
something, as it says itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zipfile
from email import message_from_string
from importlib import metadata
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.builder.this import this_component
from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from email.message import Message
    from pathlib import Path
    from typing import Any

    from cyclonedx.model.license import License

_PACKAGES = "outrider/charts/built/packages.json"
_LOCKED = re.compile(r"^([\w.\-]+)==([^ ;\\]+)", re.MULTILINE)
_LONGEST_NAME = 60  # older metadata has the whole text of a licence where its name belongs


def bill_of(wheel: Path, locks: Iterable[Path], when: datetime) -> str:
    """Return the bill of a wheel as JSON; the same files give the same bill.

    Args:
        locks: Their packages are installed here, which is where licences and dependencies are read.
    """
    with zipfile.ZipFile(wheel) as archive:
        bundled = json.loads(archive.read(_PACKAGES))
        (file,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        about = message_from_string(archive.read(file).decode("utf-8"))
    version, digest = about["Version"], hashlib.sha256(wheel.read_bytes()).hexdigest()
    product = Component(
        name="outrider", version=version, type=ComponentType.APPLICATION, bom_ref=f"outrider@{version}",
        licenses=_licences(about), purl=PackageURL("pypi", None, "outrider", version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )  # fmt: skip
    needs = [Requirement(line) for line in about.get_all("Requires-Dist", [])]
    locked = sorted({pair for lock in locks for pair in _LOCKED.findall(lock.read_text("utf-8"))})
    libraries = _libraries(locked, needs)
    scripts = [_script(entry) for entry in bundled]
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, digest),
        metadata=BomMetaData(component=product, timestamp=when, tools=ToolRepository(components=[this_component()])),
        components=[*libraries, *scripts],
    )
    for library in libraries:
        bom.register_dependency(library, _needed(_requirements(library.name), libraries))
    bom.register_dependency(product, [*_needed(needs, libraries), *scripts])
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _libraries(locked: Iterable[tuple[str, str]], needs: Iterable[Requirement]) -> list[Component]:
    """Return the packages of the locks, some in two versions for different Pythons.

    Optional are those that only extras ask for.
    """
    walked: set[tuple[str, frozenset[str]]] = set()
    ahead = [needed for needed in needs if _applies(needed)]
    while ahead:
        needed = ahead.pop()
        step = (canonicalize_name(needed.name), frozenset(needed.extras))
        if step not in walked:
            walked.add(step)
            ahead += [other for other in _requirements(step[0]) if _applies(other, needed.extras)]
    always = {name for name, _ in walked}
    return [
        Component(
            name=name, version=version, bom_ref=f"{name}@{version}", purl=PackageURL("pypi", None, name, version),
            scope=ComponentScope.REQUIRED if name in always else ComponentScope.OPTIONAL,
            licenses=_licences(_metadata(name)),
        )
        for name, version in locked
    ]  # fmt: skip


def _script(entry: dict[str, Any]) -> Component:
    """Return a package of npm of which the wheel has something, or may have."""
    scope, _, name = entry["name"].rpartition("/")
    algorithm, _, digest = entry["integrity"].partition("-")
    assert algorithm == "sha512"
    return Component(
        name=name, group=scope or None, version=entry["version"], bom_ref=f"npm:{entry['name']}@{entry['version']}",
        licenses=[LicenseFactory().make_from_string(entry["license"])], scope=ComponentScope.REQUIRED,
        purl=PackageURL("npm", scope or None, name, entry["version"]),
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())],
    )  # fmt: skip


def _needed(needs: Iterable[Requirement], libraries: Iterable[Component]) -> list[Component]:
    names = {canonicalize_name(needed.name) for needed in needs}
    return [library for library in libraries if library.name in names]


def _requirements(name: str) -> list[Requirement]:
    return [Requirement(line) for line in _metadata(name).get_all("Requires-Dist", [])]


def _applies(needed: Requirement, extras: Iterable[str] = ()) -> bool:
    return needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _metadata(name: str) -> Message:
    """Return what a package says of itself; nothing if it is for other systems than this."""
    try:
        return message_from_string(metadata.distribution(name).read_text("METADATA") or "")
    except metadata.PackageNotFoundError:
        return message_from_string("")


def _licences(about: Message) -> list[License]:
    """Return the licence that metadata names: as an expression, a name, or a classifier."""
    classifiers = [line for line in about.get_all("Classifier", []) if line.startswith("License :: OSI Approved ::")]
    names = [about["License-Expression"], about["License"], *(line.split(" :: ")[-1] for line in classifiers)]
    name = next((name for name in names if name and len(name) < _LONGEST_NAME and name != "UNKNOWN"), None)
    return [LicenseFactory().make_from_string(name)] if name else []
