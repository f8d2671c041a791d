"""The Flask class of Portico: addresses made quickly, and the files of static/ sent well.

A list makes the same address for every row but for one number, and building each anew is a tenth of
a page; so an address with one plain value is built once and filled in, and others are kept. A
static file is compressed once, and kept by browsers for good, since its address carries what is in
it.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import flask
from flask import Flask, Response, abort, g, has_request_context, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import BuildError, IntegerConverter
from werkzeug.security import safe_join

PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")
"""A value that stands in an address as it is."""

STAND_IN = 7_777_777_777
KEPT = "public, max-age=31536000, immutable"
PACKED_TYPES = ("text/", "application/javascript", "image/svg+xml")

SIMPLE = (str, int, bool)
MOST_KEPT = 5_000

Parts = tuple[()] | tuple[str, str]


@dataclass(frozen=True)
class Asset:
    """One file of static/: as it is, and as it travels."""

    body: bytes
    packed: bytes | None
    kind: str
    version: str


class Sent(ImmutableMultiDict[str, Any]):
    """The fields of an address or a form, without NULs: no keyboard types one, and PostgreSQL keeps
    none in a text."""

    def __init__(self, mapping: Any = None) -> None:
        if isinstance(mapping, list) and any(_has_nul(part) for pair in mapping for part in pair):
            mapping = [tuple(_without_nul(part) for part in pair) for pair in mapping]
        super().__init__(mapping)


def _has_nul(part: Any) -> bool:
    return isinstance(part, str) and "\0" in part


def _without_nul(part: Any) -> Any:
    return part.replace("\0", "") if isinstance(part, str) else part


class Request(flask.Request):
    """A request whose fields are texts that every database can keep."""

    parameter_storage_class = Sent


class RowIdConverter(IntegerConverter):
    """An id in an address; one that no database can hold is no address of ours."""

    regex = r"\d{1,18}"


class WebApp(Flask):
    """Flask, with quick addresses, well-sent files and fields without NULs."""

    request_class = Request

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.url_map.converters["int"] = RowIdConverter
        self._made: dict[Any, Any] = {}

    def url_for(  # type: ignore[override]
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """Give an address; what was made for the same endpoint and values is not made again."""
        if _anchor or _method or _scheme or _external is not None or not has_request_context():
            return super().url_for(
                endpoint,
                _anchor=_anchor,
                _method=_method,
                _scheme=_scheme,
                _external=_external,
                **values,
            )
        if endpoint == "static":
            return self._of_file(values["filename"])
        if len(values) == 1:
            return self._filled_in(endpoint, *next(iter(values.items())))
        return self._remembered(endpoint, values)

    def _remembered(self, endpoint: str, values: dict[str, Any]) -> str:
        endpoint, whole = self._whole(endpoint, values)
        if not all(type(value) in SIMPLE for value in whole.values()):
            return super().url_for(endpoint, **whole)
        key = (request.root_path, endpoint, *whole.items())
        made: str | None = self._made.get(key)
        return made or self._keep(key, super().url_for(endpoint, **whole))

    def _filled_in(self, endpoint: str, name: str, value: Any) -> str:
        """Fill the value into the parts of the address, found out once a request."""
        kind = type(value)
        if not ((kind is int and value >= 0) or (kind is str and PLAIN.fullmatch(value))):
            endpoint, whole = self._whole(endpoint, {name: value})
            return super().url_for(endpoint, **whole)
        known: dict[Any, Parts] = g.setdefault("addresses", {})
        parts = known.get((endpoint, name, kind))
        if parts is None:
            parts = known[endpoint, name, kind] = self._parts(endpoint, name, kind(STAND_IN))
        if not parts:
            endpoint, whole = self._whole(endpoint, {name: value})
            return super().url_for(endpoint, **whole)
        return f"{parts[0]}{value}{parts[1]}"

    def _whole(self, endpoint: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Give an endpoint's full name and all its values: blueprints add some by themselves."""
        if endpoint.startswith("."):
            endpoint = f"{request.blueprint}{endpoint}" if request.blueprint else endpoint[1:]
        whole = dict(values)
        self.inject_url_defaults(endpoint, whole)
        return endpoint, whole

    def _keep(self, key: Any, made: Any) -> Any:
        if len(self._made) >= MOST_KEPT:
            self._made.clear()
        self._made[key] = made
        return made

    def _parts(self, endpoint: str, name: str, stand_in: int | str) -> Parts:
        """Build an address with a value that stands for any; empty where that cannot be."""
        endpoint, whole = self._whole(endpoint, {name: stand_in})
        key = (request.root_path, endpoint, *whole.items())
        parts: Parts | None = self._made.get(key)
        if parts is None:
            try:
                made = super().url_for(endpoint, **whole)
            except (BuildError, ValueError):
                made = ""
            before, found, after = made.partition(str(STAND_IN))
            parts = self._keep(key, (before, after) if found else ())
        return parts  # type: ignore[return-value]

    def _of_file(self, filename: str) -> str:
        """Give a file's address, with its version; looked for anew only while developing."""
        key = (request.root_path, "static", filename)
        made: str | None = None if self.debug else self._made.get(key)
        if made is None:
            found = self._asset(filename)
            version: dict[str, Any] = {"v": found.version} if found else {}
            made = self._keep(key, super().url_for("static", filename=filename, **version))
        return made  # type: ignore[no-any-return]

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
