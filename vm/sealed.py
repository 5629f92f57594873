"""Files of ours that must not be misread: a magic word, a version, a MessagePack body, and its SHA-256."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from .errors import SpawnlabError

_DIGEST_SIZE = 32
_encoder = msgspec.msgpack.Encoder()  # tables keep their order: the programs of a scenario are numbered by it


class CorruptFileError(SpawnlabError):
    """Bytes that are not a file of the wanted kind, or a damaged one; says where and why."""


def seal(kind: bytes, version: int, body: Any) -> bytes:
    """``body`` as the bytes of a file of this kind (an ASCII word) and version (0 to 255)."""
    content = kind + bytes((version,)) + _encoder.encode(body)
    return content + hashlib.sha256(content).digest()


def unseal(kind: bytes, version: int, content: bytes, decoder: msgspec.msgpack.Decoder[Any]) -> Any:
    """The body of a file; raises :class:`CorruptFileError` for anything that :func:`seal` did not write."""
    name = kind.decode()
    head = len(kind) + 1
    if content[: len(kind)] != kind:
        raise CorruptFileError(f"byte 0: not a {name} file")
    if len(content) < head + _DIGEST_SIZE:
        raise CorruptFileError(f"byte {len(content)}: the file ends before its checksum")
    if content[head - 1] != version:
        raise CorruptFileError(f"byte {head - 1}: version {content[head - 1]}; this program reads version {version}")
    sealed, digest = content[:-_DIGEST_SIZE], content[-_DIGEST_SIZE:]
    if hashlib.sha256(sealed).digest() != digest:
        raise CorruptFileError(f"byte {len(sealed)}: the checksum is wrong; the file is damaged or cut")
    try:
        return decoder.decode(sealed[head:])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CorruptFileError(f"byte {head} on: {error}") from None
