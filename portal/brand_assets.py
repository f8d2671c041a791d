"""The reseller's colours and logo as files, which the strict policy lets pages load."""

from flask import Response, abort, g, make_response
from sqlalchemy import select

import brand as brands
import tenancy
from extensions import db
from models import PortalSettings
from portal.access import blueprint, public


@blueprint.get("/brand.css")
@public
def brand_css() -> Response:
    """Give the colours as custom properties."""
    response = make_response(brands.css(g.brand))
    response.content_type = "text/css; charset=utf-8"
    return _kept(response)


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
