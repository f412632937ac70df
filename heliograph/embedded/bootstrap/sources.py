"""Where packages come from on this machine: what pip and uv are told by files and variables.

uv does not read pip's settings, so they are translated; its own settings win. Proxy variables need nothing:
uv and urllib both honour them.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PUBLIC_INDEX = "https://pypi.org/simple"


@dataclass
class Sources:
    """Indexes (the first is the main one), further places with files, and whom to trust."""

    indexes: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    no_index: bool = False
    certificates: str = ""
    insecure_hosts: list[str] = field(default_factory=list)

    def for_uv(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The same for uv, as variables that are added where uv was not told something else."""
        told: dict[str, str] = {}
        uv_knows_indexes = any(variables.get(name) for name in _UV_INDEXES)
        if self.indexes and not uv_knows_indexes:
            told["UV_DEFAULT_INDEX"] = self.indexes[0]
            if self.indexes[1:]:
                told["UV_INDEX"] = " ".join(self.indexes[1:])
                # As pip does. Safe here, for every file must have a hash of the lock.
                told["UV_INDEX_STRATEGY"] = "unsafe-best-match"
        if self.find_links:
            told["UV_FIND_LINKS"] = ",".join(self.find_links)
        if self.no_index:
            told["UV_NO_INDEX"] = "1"
        if self.certificates:
            told["SSL_CERT_FILE"] = self.certificates
        if self.insecure_hosts:
            told["UV_INSECURE_HOST"] = " ".join(self.insecure_hosts)
        return {name: value for name, value in told.items() if not variables.get(name)}


_UV_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")


def read(variables: Mapping[str, str]) -> Sources:
    """What this machine says."""
    pip = _pip_settings(variables)
    uv_main = variables.get("UV_DEFAULT_INDEX") or variables.get("UV_INDEX_URL")
    uv_more = (variables.get("UV_INDEX", "") + " " + variables.get("UV_EXTRA_INDEX_URL", "")).split()
    main = uv_main or _last(pip.get("index-url")) or PUBLIC_INDEX
    more = uv_more or pip.get("extra-index-url", "").split()
    links = variables.get("UV_FIND_LINKS", "").replace(",", " ").split() or pip.get("find-links", "").split()
    return Sources(
        indexes=[_without_name(address) for address in (main, *more)],
        find_links=links,
        no_index=_yes(variables.get("UV_NO_INDEX") or pip.get("no-index", "")),
        certificates=variables.get("SSL_CERT_FILE") or pip.get("cert", ""),
        insecure_hosts=variables.get("UV_INSECURE_HOST", "").split() or pip.get("trusted-host", "").split(),
    )


def _pip_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """pip's settings for `install`: files from general to particular, then PIP_* variables."""
    found: dict[str, str] = {}
    for file in _pip_files(variables):
        parser = configparser.RawConfigParser()
        try:
            parser.read(file)
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue  # pip itself will complain where it is used; for us it says nothing
        for section in ("global", "install"):
            if parser.has_section(section):
                found |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    for name, value in variables.items():
        if name.startswith("PIP_") and value:
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return found


def _pip_files(variables: Mapping[str, str]) -> Iterator[Path]:
    chosen = variables.get("PIP_CONFIG_FILE", "")
    if chosen == os.devnull:
        return
    home = Path(variables.get("HOME") or "~").expanduser()
    for folder in reversed((variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield Path(variables.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if chosen:
        yield Path(chosen)


def _last(text: str | None) -> str:
    return (text or "").split()[-1] if (text or "").split() else ""


def _without_name(address: str) -> str:
    """uv lets an index have a name: `name=https://…`."""
    name, separator, rest = address.partition("=")
    return rest if separator and name.replace("-", "").replace("_", "").isalnum() else address


def _yes(text: str) -> bool:
    return text.strip().lower() in {"1", "true", "yes", "on", "t", "y"}
