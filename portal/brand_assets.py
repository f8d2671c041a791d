"""The reseller's colours and logo as files, which the strict policy lets pages load."""

from flask import Response, abort, g, make_response
from sqlalchemy import select

import brand as brands
import tenancy
from extensions import db
from models import PortalSettings
from portal.access import blueprint, public

CSS = """:root, [data-bs-theme] {{ --brand: {colour}; --brand-contrast: {contrast}; }}
[data-bs-theme="dark"] {{ --brand-text: {on_dark}; }}
[data-bs-theme="light"] {{ --brand-text: {on_light}; }}
"""


@blueprint.get("/brand.css")
@public
def brand_css() -> Response:
    """Give the colours as custom properties; text colours are moved until they can be read."""
    colour = g.brand.colour
    body = CSS.format(
        colour=colour,
        contrast=g.brand.contrast,
        on_dark=readable(colour, "#151f2c"),
        on_light=readable(colour, "#ffffff"),
    )
    response = make_response(body)
    response.content_type = "text/css; charset=utf-8"
    return _kept(response)


def readable(colour: str, ground: str) -> str:
    """Move a colour towards black or white until it reads on a ground (WCAG: 4.5 to 1)."""
    target = brands.readable_on(ground)
    for step in range(0, 101, 5):
        mixed = mix(colour, target, step / 100)
        if brands.contrast(mixed, ground) >= 4.5:
            return mixed
    return target


def mix(one: str, other: str, share: float) -> str:
    """Mix two #rrggbb colours; ``share`` is the other's part, 0 to 1."""
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@blueprint.get("/logo")
@public
def logo() -> Response:
    """Give the logo, as an image and nothing else."""
    with tenancy.across_resellers():
        found = db.session.execute(
            select(PortalSettings.logo, PortalSettings.logo_type).where(
                PortalSettings.reseller_id == g.reseller.id
            )
        ).one()
    if found.logo is None:
        abort(404)
    response = make_response(found.logo)
    response.content_type = found.logo_type
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return _kept(response)


def _kept(response: Response) -> Response:
    """Let browsers keep a file whose address carries its version."""
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
