"""The end-user portal: one blueprint under the reseller's slug; not what its pages do."""

from flask import Flask

from portal.access import blueprint


def init_app(app: Flask) -> None:
    """Register the portal; importing its page families gives the blueprint their routes."""
    from portal import brand_assets, families, impersonation, menu, sign_in  # noqa: F401

    app.register_blueprint(blueprint)
    # The back office says what a client finds here; the two sides never import each other.
    app.extensions["portal_menu"] = menu.labels
