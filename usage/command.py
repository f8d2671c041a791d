"""``flask import-cdrs``: call files for whoever sits at the server; the screen is admin_views'."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

import tenancy
from display import plural
from extensions import db
from models import CdrImport, ImportState, Reseller
from permissions import Actor
from usage import importing, profiles
from usage.leases import new_owner
from usage.profiles import VOIP_INNOVATIONS, Profile
from usage.receiving import receive

BY = Actor(name="Command line")


@click.command("import-cdrs")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--reseller", "slug", required=True, help="The reseller's short name.")
@click.option("--format", "key", default=VOIP_INNOVATIONS.key, help="The format's key.")
@with_appcontext
def import_cdrs_command(files: tuple[Path, ...], slug: str, key: str) -> None:
    """Import call files, gzipped or not; what was imported before adds nothing."""
    refused = 0
    with tenancy.acting_for(_reseller_id(slug)):
        profile = profiles.named(key)
        if profile is None:
            known = ", ".join(one.key for one in profiles.every())
            raise click.ClickException(f"There is no format {key}. There are: {known}.")
        for file in files:
            refused += not _import(file, profile)
    if refused:
        raise SystemExit(1)


def _import(file: Path, profile: Profile) -> bool:
    """Import one file and say what came of it; gives whether that went well."""
    owner = new_owner()
    with file.open("rb") as stream:
        row, is_new = receive(stream, file.name, by=BY, profile=profile, owner=owner)
    if importing.finish(row.id, owner):
        db.session.refresh(row)
    elif not is_new:
        click.echo(f"{file.name}: {already(row)}")
        return True
    if row.state is ImportState.REFUSED:
        click.echo(f"{file.name}: {row.problem}", err=True)
        return False
    click.echo(f"{file.name}: {told(row)}")
    return True


def told(row: CdrImport) -> str:
    """Say what became of a file's lines."""
    known = f"{plural(row.added, 'new call')}, {row.repeated:,} known already"
    return f"{known}, {plural(row.bad, 'bad line')}."


def already(row: CdrImport) -> str:
    """Say that a file came before."""
    is_done = row.state is ImportState.DONE
    what = "was imported already" if is_done else "is being imported already"
    return f"This file {what}, as {row.file_name}. Nothing was added."


def _reseller_id(slug: str) -> int:
    with tenancy.across_resellers():
        found = db.session.scalar(select(Reseller.id).where(Reseller.slug == slug))
    if found is None:
        raise click.ClickException(f"There is no reseller {slug}.")
    return found
