"""The Flask class of Portico: addresses made quickly, and the files of static/ sent well.

A list makes the same address for every row but for one number, and building each anew is a tenth of
a page; so an address with one plain value is built once a request and filled in. A static file is
compressed once, and kept by browsers for good, since its address carries what is in it.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, g, has_request_context, request
from werkzeug.routing import BuildError
from werkzeug.security import safe_join

PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")
"""A value that stands in an address as it is."""

OPTIONS = frozenset({"_anchor", "_method", "_scheme", "_external"})
STAND_IN = 7_777_777_777
KEPT = "public, max-age=31536000, immutable"
PACKED_TYPES = ("text/", "application/javascript", "image/svg+xml")

Parts = tuple[str, str] | None


@dataclass(frozen=True)
class Asset:
    """One file of static/: as it is, and as it travels."""

    body: bytes
    packed: bytes | None
    kind: str
    version: str


class WebApp(Flask):
    """Flask, with quick addresses and well-sent files."""

    def url_for(self, /, endpoint: str, **values: Any) -> str:  # type: ignore[override]
        """Give an address; one with a single plain value is built once a request."""
        for name in OPTIONS:
            if values.get(name, "") is None:
                # Flask's own function names its options always.
                del values[name]
        if not has_request_context() or not OPTIONS.isdisjoint(values):
            return super().url_for(endpoint, **values)
        known: dict[Any, Any] = g.setdefault("addresses", {})
        if endpoint == "static":
            return self._of_file(known, values["filename"])
        if len(values) == 1:
            return self._filled_in(known, endpoint, *next(iter(values.items())))
        return self._remembered(known, endpoint, values)

    def _remembered(self, known: dict[Any, Any], endpoint: str, values: dict[str, Any]) -> str:
        key = (endpoint, *((name, str(value)) for name, value in values.items()))
        made: str | None = known.get(key)
        if made is None:
            made = known[key] = super().url_for(endpoint, **values)
        return made

    def _filled_in(self, known: dict[Any, Any], endpoint: str, name: str, value: Any) -> str:
        is_plain = type(value) is int and value >= 0
        if not is_plain and not (isinstance(value, str) and PLAIN.fullmatch(value)):
            return super().url_for(endpoint, **{name: value})
        key = (endpoint, name, is_plain)
        if key not in known:
            known[key] = self._parts(endpoint, name, STAND_IN if is_plain else str(STAND_IN))
        parts: Parts = known[key]
        if parts is None:
            return super().url_for(endpoint, **{name: value})
        return f"{parts[0]}{value}{parts[1]}"

    def _parts(self, endpoint: str, name: str, stand_in: int | str) -> Parts:
        """Build an address with a value that stands for any; None where that cannot be."""
        try:
            values: dict[str, Any] = {name: stand_in}
            made = super().url_for(endpoint, **values)
        except (BuildError, ValueError):
            return None
        before, found, after = made.partition(str(STAND_IN))
        return (before, after) if found else None

    def _of_file(self, known: dict[Any, Any], filename: str) -> str:
        """Give a file's address, with its version; a page asks for one icon after the other."""
        made: str | None = known.get(filename)
        if made is None:
            found = self._asset(filename)
            version: dict[str, Any] = {"v": found.version} if found else {}
            made = known[filename] = super().url_for("static", filename=filename, **version)
        return made

    def _asset(self, filename: str) -> Asset | None:
        path = safe_join(str(self.static_folder), filename)
        if path is None or not Path(path).is_file():
            return None
        return _read(path, Path(path).stat().st_mtime_ns)

    def send_static_file(self, filename: str) -> Response:
        """Send a file, compressed for who can read that; kept for good under its own address."""
        found = self._asset(filename) or abort(404)
        is_packed = found.packed is not None and request.accept_encodings["gzip"] > 0
        response = Response(found.packed if is_packed else found.body, mimetype=found.kind)
        response.headers["Vary"] = "Accept-Encoding"
        if is_packed:
            response.headers["Content-Encoding"] = "gzip"
        is_own = request.args.get("v") == found.version
        response.headers["Cache-Control"] = KEPT if is_own else "no-cache"
        response.set_etag(found.version + ("-gz" if is_packed else ""))
        return response.make_conditional(request)  # type: ignore[return-value]


@lru_cache(maxsize=64)
def _read(path: str, _changed_at: int) -> Asset:
    """Read and compress a file once, and anew when it changes."""
    body = Path(path).read_bytes()
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    is_text = kind.startswith(PACKED_TYPES)
    packed = gzip.compress(body, 9, mtime=0) if is_text else None
    return Asset(body, packed, kind, hashlib.sha256(body).hexdigest()[:12])
