"""Every knob, with its unit, its default and its meaning. Read once, from HELIOGRAPH_* variables.

A variable `HELIOGRAPH_X` may also be given as `HELIOGRAPH_X_FILE`, the path of a file that holds the
value (secrets). Everything that is wrong is reported at once, and nothing starts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_PREFIX = "HELIOGRAPH_"
_MEBIBYTE = 1024 * 1024
_MAIL_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")

#: Variables that other programs of the project read; known here so that they are not called unknown.
_OTHERS = frozenset(
    {
        "HELIOGRAPH_TEST_CUTS",
        "HELIOGRAPH_TEST_KEEP",
        "HELIOGRAPH_TEST_KILLS",
        "HELIOGRAPH_TEST_SEED",
        "HELIOGRAPH_TEST_STOPPED_SECONDS",
        "HELIOGRAPH_LOG",
    }
)


class BadEnvironment(Exception):
    """The configuration cannot be used; the message lists every mistake, one a line."""


def _knob(
    default: Any = MISSING, *, says: str, secret: bool = False, least: int = 1, most: int = 2**31 - 1
) -> Any:
    """`least`, `most`: numbers beyond would be noticed much later, if ever; 0 is for knobs that it switches off."""
    metadata = {"says": says, "secret": secret, "least": least, "most": most}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The configuration of one process."""

    url: str = _knob("http://127.0.0.1:8000", says="The public address; the only source of absolute links.")
    secret_key: str = _knob(says="Signs cookies, cursors and media URLs; 32 characters or more.", secret=True)
    directory: str = _knob(says="libpq conninfo of the directory database, application role.")
    directory_owner: str = _knob(
        "", says="The same as the owner role; for migrations. Empty: as `directory`."
    )
    pgpassfile: str = _knob("", says="libpq password file for every PostgreSQL connection.")
    valkey: str = _knob("tcp://127.0.0.1:6379", says="unix:///path/to.sock or tcp://host:port.")
    valkey_password: str = _knob("", says="Password of Valkey.", secret=True)
    valkey_timeout_ms: int = _knob(1000, says="Milliseconds to wait for an answer of Valkey.")
    cage: str = _knob("", says="Unix socket of the decoder's cage.")
    media: Path = _knob(Path("var/media"), says="Folder of masters and renditions.")
    incoming: Path = _knob(Path("var/incoming"), says="Folder of uploads that are not published yet.")
    static: str = _knob(
        "", says="Folder for compressed styles and scripts, made at a start; empty: sent as they are."
    )
    operator: str = _knob("", says="Who runs this network, for its page `/about`.")
    contact: str = _knob("", says="How to reach them, for the same page: a mail address or a link.")
    rules: str = _knob(
        "", says="The rules of this network, for the same page: text with empty lines between."
    )
    source: str = _knob("", says="Where the source code of this network is: a link, for the same page.")
    mail: str = _knob("console:", says="console: or smtp://user:password@host:587?tls=1", secret=True)
    mail_from: str = _knob("Heliograph <heliograph@localhost>", says="Sender of mail.")
    trusted_proxies: tuple[str, ...] = _knob(
        (), says="Addresses or networks whose X-Forwarded-For is believed."
    )
    log_format: str = _knob("line", says="How lines of the log look: line (for people) or json.")
    session_days: int = _knob(
        365,
        says="Days after which a browser has to sign in again, however often it was used; 0: never.",
        least=0,
        most=36_500,
    )
    outgoing_ports: tuple[str, ...] = _knob(
        ("80", "443"), says="Ports at which other hosts may be asked, where people say an address."
    )
    outgoing_allow: tuple[str, ...] = _knob(
        (), says="Addresses or networks that may be asked there although they are not public."
    )
    demo: str = _knob(
        "no",
        says="The demo of bin/up: no; credits (who made its photographs); open (anybody here may look around).",
    )
    metrics_dir: str = _knob("", says="Folder in which processes keep their numbers; empty: in memory only.")
    metrics_port: int = _knob(8001, says="Port of the /metrics listener.", least=0, most=65_535)
    languages: tuple[str, ...] = _knob(
        ("en", "ja"),
        says="Languages of the pages, as BCP 47 tags; the first serves who asks for none of them.",
    )
    debug: bool = _knob(False, says="Django's debug pages. Never on a public address.")

    feed_max: int = _knob(500, says="Photos kept in a home feed.")
    feed_trim_slack: int = _knob(50, says="A feed is trimmed only when this many over.", least=0)
    feed_expire_days: int = _knob(
        30, says="Days after the last visit until a feed is forgotten.", most=36_500
    )
    feed_chunk_readers: int = _knob(1000, says="Readers in one fan-out call; it holds Valkey for 1-2 ms.")
    feed_job_readers: int = _knob(20_000, says="Readers in one fan-out job.")
    feed_late_minutes: int = _knob(
        5, says="Fan-out of a photo older than this rewrites lists sorted.", least=0
    )
    feed_replay_minutes: int = _knob(
        10, says="Fan-outs of these last minutes run again when Valkey restarted.", least=0
    )

    upload_max_bytes: int = _knob(25 * _MEBIBYTE, says="Largest photo, in bytes.", most=2**62)
    accept_heic: bool = _knob(
        False, says="Take HEIC and AVIF photos; HEIC needs the package pillow-heif. See run-it-for-others.md."
    )
    upload_max_pixels: int = _knob(50_000_000, says="Largest photo, in pixels.")
    upload_deadline_seconds: int = _knob(120, says="An upload that takes longer is ended.")
    upload_free_bytes: int = _knob(
        256 * _MEBIBYTE, says="No upload begins with less room on its disk.", least=0, most=2**62
    )
    upload_minimum_rate: int = _knob(4096, says="Bytes a second below which an upload is ended.", least=0)
    uploads_at_once: int = _knob(1, says="Uploads worked on at the same time by one web process.", most=1024)
    form_deadline_seconds: int = _knob(
        30, says="A request without a photo that takes longer to arrive is ended."
    )
    body_silence_seconds: int = _knob(
        10, says="Whoever sends nothing for so long in the middle of a body is ended."
    )
    bodies_at_once: int = _knob(512, says="Requests with a body that may be arriving at one web process.")
    bodies_by_address: int = _knob(64, says="The same from one network address (IPv6: one /64).")
    web_processes: int = _knob(
        2,
        says="Web processes that `bin/up` starts: one holds one core, each takes some 60 MB.",
        most=1024,
    )
    web_threads: int = _knob(8, says="Requests that one web process works on at the same time.", most=1024)
    hashing_threads: int = _knob(
        1,
        says="How many of these may sign somebody in or up, which takes a core for a while.",
        most=1024,
    )
    cage_timeout_seconds: int = _knob(15, says="A photo that takes longer is given up.")
    cage_idle_seconds: int = _knob(60, says="A decoder that had no work for so long ends.", least=0)

    job_poll_ms: int = _knob(200, says="Milliseconds between two looks at a queue.", least=0)
    job_sweep_seconds: int = _knob(15, says="Seconds between two sweeps for jobs whose worker died.")
    job_stalled_seconds: int = _knob(30, says="A worker silent for so long counts as dead.")
    worker_threads: int = _knob(6, says="Jobs that one worker runs at once, of all nodes.", most=1024)
    outbox_batch: int = _knob(500, says="Mirrored rows that the projector takes at once.")
    inline_projection_ms: int = _knob(
        100, says="Milliseconds that a request spends on mirroring its own write.", least=0
    )
    node_pool_max: int = _knob(8, says="Connections to one node, in one process.", most=1024)
    node_timeout_ms: int = _knob(5000, says="Milliseconds a statement may take on a node in a request.")
    node_connect_seconds: int = _knob(3, says="Seconds to wait for a connection to a node.")
    node_rest_seconds: int = _knob(
        3,
        says="Seconds for which a node that does not answer is asked nothing; requests for it fail at once.",
        least=0,
    )
    prepare_threshold: int = _knob(
        5, says="Uses until a statement is prepared; 0: never (old poolers).", least=0
    )
    map_refresh_seconds: int = _knob(30, says="Seconds until the map of shards is read again.", least=0)
    clock_back_seconds: int = _knob(
        1, says="Seconds that the clock may be behind the newest id when the network starts.", least=0
    )
    off_rows_days: int = _knob(
        30,
        says="Days until what was taken back or deleted leaves no row; at least 1.",
        most=36_500,
    )
    account_grace_days: int = _knob(
        7,
        says="Days in which who asked for their account to be deleted can keep it by signing in.",
        least=0,
        most=36_500,
    )
    slow_request_ms: int = _knob(
        1500, says="A request that takes longer leaves its stack in the log; 0: none does.", least=0
    )
    slow_job_ms: int = _knob(20_000, says="The same of a job.", least=0)
    record_seconds: int = _knob(3600, says="Seconds that a record of who is asking lives in Valkey.")

    sign_ups_per_hour: int = _knob(20, says="New accounts from one address.", least=0)
    sign_ins_per_minute: int = _knob(10, says="Attempts to sign in, by address and by name.", least=0)
    posts_per_hour: int = _knob(120, says="Photos that one person posts; twice as many may be sent.", least=0)
    writes_per_hour: int = _knob(2000, says="Likes, follows and comments of one person.", least=0)
    landing_photos: int = _knob(
        18, says="Public photos shown to who has no account, on the first page; 0: none."
    )
    reports_per_hour: int = _knob(20, says="Photos, comments and people that one person reports.", least=0)
    api_per_hour: int = _knob(5000, says="API calls of one token.", least=0)

    @property
    def secure(self) -> bool:
        """Whether the public address is https, and cookies are for it alone."""
        return self.url.startswith("https://")

    @property
    def owner_conninfo(self) -> str:
        return self.directory_owner or self.directory


def load(variables: Mapping[str, str]) -> Environment:
    """Read an environment; raise BadEnvironment with every mistake in it."""
    mistakes: list[str] = []
    values: dict[str, Any] = {}
    known = {_PREFIX + f.name.upper(): f for f in fields(Environment)}
    for name, f in known.items():
        try:
            text = _text(name, variables)
            if text is not None:
                values[f.name] = _parse(f, text)
            elif f.default is MISSING:
                mistakes.append(f"{name} is missing. {f.metadata['says']}")
        except (ValueError, OSError) as error:
            mistakes.append(f"{name}: {error}. {f.metadata['says']}")
    for name in sorted(variables):
        plain = name.removesuffix("_FILE")
        if name.startswith(_PREFIX) and name not in _OTHERS and plain not in known:
            mistakes.append(f"{name} is not a setting.")
    if len(values.get("secret_key", "x" * 32)) < 32:
        mistakes.append("HELIOGRAPH_SECRET_KEY is too short; 32 characters or more.")
    if mistakes:
        raise BadEnvironment("\n".join(mistakes))
    return Environment(**values)


def _text(name: str, variables: Mapping[str, str]) -> str | None:
    path = variables.get(name + "_FILE")
    if path is not None:
        return Path(path).read_text().strip()
    return variables.get(name)


def _parse(f: Field[Any], text: str) -> Any:
    match f.type:
        case "int":
            return _number(text, f.metadata["least"], f.metadata["most"])
        case "bool":
            if text.lower() not in {"0", "1", "true", "false", "yes", "no", ""}:
                raise ValueError(f"{text!r} is neither yes nor no")
            return text.lower() in {"1", "true", "yes"}
        case "Path":
            return Path(text)
        case "tuple[str, ...]":
            parts = tuple(part.strip() for part in text.split(",") if part.strip())
            return _PARTS.get(f.name, tuple)(parts)
    return _TEXTS.get(f.name, str)(text)


def _number(text: str, least: int, most: int) -> int:
    try:
        # Python refuses to read more digits than it likes.
        number = most + 1 if len(text) > 100 and text.isdigit() else int(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a whole number") from None
    if number < least:
        raise ValueError(f"{text[:20]} is less than {least}")
    if number > most:
        raise ValueError(f"{text[:20]} is more than {most}")
    return number


def _ports(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(_number(part, 1, 65_535)) for part in parts)


def _one_of(*choices: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is neither {' nor '.join(choices)}")
        return text

    return check


def _sender(text: str) -> str:
    if any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text):
        raise ValueError(f"{text!r} has characters that cannot be in a header")
    if not _MAIL_ADDRESS.fullmatch(parseaddr(text)[1]):
        raise ValueError(f"{text!r} has no mail address, as in Photos <photos@example.org>")
    return text


def _networks(parts: tuple[str, ...]) -> tuple[str, ...]:
    for part in parts:
        try:
            ip_network(part, strict=False)
        except ValueError:
            raise ValueError(f"{part!r} is neither an address nor a network") from None
    return parts


def _address(text: str) -> str:
    """The public address without a slash at its end: links are made by adding to it."""
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{text!r} begins with neither http:// nor https:// and a name")
    if parts.path or parts.query or parts.fragment or (parts.port or 1) < 1:
        raise ValueError(f"{text!r} is to be given without a path; a network has a name of its own")
    return text.rstrip("/")


_PARTS: dict[str, Callable[[tuple[str, ...]], tuple[str, ...]]] = {
    "trusted_proxies": _networks,
    "outgoing_allow": _networks,
    "outgoing_ports": _ports,
}
_TEXTS: dict[str, Callable[[str], str]] = {
    "url": _address,
    "log_format": _one_of("line", "json"),
    "demo": _one_of("no", "credits", "open"),
    "mail_from": _sender,
}

_current: Environment | None = None


def get() -> Environment:
    """This process's environment, read at its first use."""
    global _current
    if _current is None:
        _current = load(os.environ)
    return _current


def use(environment: Environment | None) -> None:
    """Use this environment from now on (None: read the variables again). For tests."""
    global _current
    _current = environment
