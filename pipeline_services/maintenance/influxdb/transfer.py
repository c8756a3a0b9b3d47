"""A backup of all of InfluxDB as files, and back, in the layout of ``influx backup``: the CLI restores it too."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import IO, Any, Final

from pipeline_services.clients.http import HttpApi
from pipeline_services.clients.influxdb import token_header
from pipeline_services.maintenance.influxdb.server import InfluxServer
from pipeline_services.model.errors import NoData, UnexpectedAnswer, readable
from pipeline_services.model.text import file_time

TIMEOUT_S: Final = 120.0
GZIP: Final = 1
"""The number of the compression in the layout; also the level: points are compressed already."""
BUFFER: Final = 1 << 20
UPLOAD: Final = {"Content-Encoding": "gzip", "Content-Type": "application/octet-stream"}

Json = dict[str, Any]


def back_up(server: InfluxServer, folder: Path, at: float) -> None:
    """Write all buckets, users, tokens and tasks of a server into ``folder``.

    Raises:
        UnexpectedAnswer: the server answers something else, such as to a token that is not an operator's.
    """
    stamp = file_time(at)
    with server.http.opened("/api/v2/backup/metadata", headers=server.headers, timeout=TIMEOUT_S) as answer:
        parts = parts_of(answer.headers.get("Content-Type", ""), answer.read())
    known: Json = {"manifestVersion": 2}
    for name, ending in (("kv", "bolt"), ("sql", "sqlite")):
        with _compressed(folder / f"{stamp}.{ending}.gz") as file:
            file.write(parts[name])
        known[name] = _entry(folder / f"{stamp}.{ending}.gz")
    known["buckets"] = json.loads(parts["buckets"])
    for group in _shard_groups(known):
        group["shards"] = [saved for shard in group["shards"] if (saved := _shard(server, folder, stamp, shard))]
    (folder / f"{stamp}.manifest").write_text(json.dumps(known), encoding="utf-8")


def restore_all(http: HttpApi, token: str, folder: Path) -> None:
    """Replace everything that a server holds by the backup in ``folder``: points, users, tokens, tasks.

    Args:
        token: an operator's of the server as it is now; from the first step on the backup's own are valid.

    Raises:
        NoData: a file of the backup is missing.
        UnexpectedAnswer: the folder is no backup, or the server refuses a part of it.
    """
    known = manifest_of(folder)
    files = [folder / known[part]["fileName"] for part in ("kv", "sql")]
    shards = [(shard["id"], folder / shard["fileName"]) for group in _shard_groups(known) for shard in group["shards"]]
    missing = [file.name for file in [*files, *(file for _, file in shards)] if not file.is_file()]
    if missing:
        raise NoData(f"the backup {folder} lacks {', '.join(missing)}")
    answer = _upload(http, "/api/v2/restore/kv", token, files[0])
    token = str(answer.get("token") or token)
    _upload(http, "/api/v2/restore/sql", token, files[1])
    for number, file in shards:
        _upload(http, f"/api/v2/restore/shards/{number}", token, file)


def manifest_of(folder: Path) -> Json:
    """What the backup in a folder consists of, as its own manifest says.

    Raises:
        NoData: there is none, or more than one.
        UnexpectedAnswer: it cannot be read.
    """
    found = sorted(folder.glob("*.manifest"))
    if len(found) != 1:
        raise NoData(f"{folder} has {len(found)} manifests of a backup of InfluxDB; expected 1")
    with readable(f"the manifest {found[0]}"):
        known: Json = json.loads(found[0].read_text(encoding="utf-8"))
        _ = [shard["fileName"] for group in _shard_groups(known) for shard in group["shards"]]
        _ = [known[part]["fileName"] for part in ("kv", "sql")]
    return known


def parts_of(content_type: str, body: bytes) -> dict[str, bytes]:
    """The named parts of a multipart answer: ``kv``, ``sql`` and ``buckets``.

    Raises:
        UnexpectedAnswer: one is missing, or the end is.
    """
    header = Message()
    header["Content-Type"] = content_type
    mark = f"--{header.get_boundary()}".encode()
    parts = {}
    for piece in body.split(b"\r\n" + mark)[:-1] if body.rstrip().endswith(mark + b"--") else []:
        head, _, content = piece.removeprefix(mark).partition(b"\r\n\r\n")
        parts[head.partition(b'name="')[2].partition(b'"')[0].decode()] = content
    if not parts.keys() >= {"kv", "sql", "buckets"}:
        raise UnexpectedAnswer(f"InfluxDB's answer to a backup is not whole; it has {sorted(parts) or 'nothing'}")
    return parts


def _shard(server: InfluxServer, folder: Path, stamp: str, shard: Json) -> Json | None:
    """The shard with the file it was saved in; None where retention has deleted it meanwhile."""
    target = folder / f"{stamp}.{shard['id']}.tar.gz"
    path = f"/api/v2/backup/shards/{shard['id']}"
    try:
        with server.http.opened(path, headers=server.headers, timeout=TIMEOUT_S) as answer, _compressed(target) as file:
            shutil.copyfileobj(answer, file, BUFFER)
    except NoData:
        return None
    return {**shard, **_entry(target)}


def _shard_groups(known: Json) -> Iterator[Json]:
    for bucket in known["buckets"]:
        for policy in bucket["retentionPolicies"]:
            yield from policy["shardGroups"]


def _compressed(path: Path) -> IO[bytes]:
    return gzip.open(path, "wb", compresslevel=GZIP)  # type: ignore[return-value]


def _entry(path: Path) -> Json:
    return {"fileName": path.name, "size": path.stat().st_size, "compression": GZIP}


def _upload(http: HttpApi, path: str, token: str, file: Path) -> Json:
    headers = {**token_header(token), "Content-Length": str(file.stat().st_size), **UPLOAD}
    with file.open("rb") as content:
        answer = http.send("POST", path, content, headers=headers, timeout=TIMEOUT_S)
    if answer.status >= 300:
        raise answer.refusal(f"{path} ({file.name})")
    return dict(answer.json()) if answer.body.strip().startswith(b"{") else {}
