"""``flask import-cdrs``: a call file for whoever sits at the server; the screen is admin_views'."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

import tenancy
from display import plural
from extensions import db
from models import ImportState, Reseller
from permissions import Actor
from usage import importing

BY = Actor(name="Command line")


@click.command("import-cdrs")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--reseller", "slug", required=True, help="The reseller's short name.")
@with_appcontext
def import_cdrs_command(files: tuple[Path, ...], slug: str) -> None:
    """Import call files; what was imported before adds nothing."""
    refused = 0
    with tenancy.acting_for(_reseller_id(slug)):
        for file in files:
            with file.open("rb") as stream:
                row = importing.run(stream, file.name, by=BY)
            if row.state is ImportState.REFUSED:
                refused += 1
                click.echo(f"{file.name}: {row.problem}", err=True)
                continue
            told = f"{plural(row.added, 'new call')}, {row.repeated:,} known already"
            click.echo(f"{file.name}: {told}, {plural(row.bad, 'bad line')}.")
    if refused:
        raise SystemExit(1)


def _reseller_id(slug: str) -> int:
    with tenancy.across_resellers():
        found = db.session.scalar(select(Reseller.id).where(Reseller.slug == slug))
    if found is None:
        raise click.ClickException(f"There is no reseller {slug}.")
    return found
