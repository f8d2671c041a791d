"""``flask import-dids``: the import for whoever sits at the server; the screen is admin_views'."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

import tenancy
from database import reading
from did_import.applying import Differs, apply
from did_import.deciding import Kind, Line
from did_import.headings import FileProblem
from did_import.previewing import Preview, Summary, preview
from did_import.reading import Source, read
from did_import.reporting import explain
from display import number, plural
from extensions import db
from models import Reseller
from permissions import Actor

BY = Actor(name="Command line")


@click.command("import-dids")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reseller", "slug", required=True, help="The reseller's short name.")
@click.option("--yes", is_flag=True, help="Do not ask before writing.")
@click.option("--create-tiers", is_flag=True, help="Create unknown tiers, at no price.")
@with_appcontext
def import_dids_command(file: Path, slug: str, yes: bool, create_tiers: bool) -> None:
    """Import numbers from a CSV file: show what it would do, ask, then do exactly that."""
    with file.open("rb") as stream:
        try:
            source = read(stream, file.name)
        except FileProblem as problem:
            raise click.ClickException(str(problem)) from None
        with tenancy.acting_for(_reseller_id(slug)):
            with reading():
                reseller = db.session.scalars(select(Reseller)).one()
                seen = _show(source, reseller, create_tiers)
            if not seen.writes:
                click.echo("There is nothing to write.")
            elif yes or click.confirm(f"Write {plural(seen.writes, 'number')}?"):
                _write(source, reseller, seen)
            else:
                click.echo("Nothing was written.")


def _reseller_id(slug: str) -> int:
    with reading(), tenancy.across_resellers():
        found = db.session.scalar(select(Reseller.id).where(Reseller.slug == slug))
        db.session.rollback()
    if found is None:
        raise click.ClickException(f"There is no reseller with the short name {slug}.")
    return found


def _show(source: Source, reseller: Reseller, create_tiers: bool) -> Summary:
    """Print the refused lines as they come, then what the import would do."""
    shown = preview(source, reseller, create_tiers=create_tiers)
    _print_refused(shown)
    seen = shown.summary()
    # Ends the reading transaction: nobody shall wait while a person makes up their mind.
    db.session.rollback()
    for sentence in in_words(seen):
        click.echo(sentence)
    return seen


def _print_refused(shown: Preview) -> None:
    for line in shown.lines():
        if line.kind is Kind.REFUSED:
            click.echo(_one_line(line))


def _one_line(line: Line) -> str:
    which = f", {number(line.number)}" if line.number else ""
    return f"Line {line.row.at}{which}: {explain(line)}"


def _write(source: Source, reseller: Reseller, seen: Summary) -> None:
    try:
        done = apply(
            source, reseller, by=BY, create_tiers=seen.create_tiers, expected=seen.fingerprint
        )
    except Differs:
        db.session.rollback()
        raise click.ClickException(
            "The inventory has changed since the preview. Nothing was written; start again."
        ) from None
    db.session.commit()
    click.echo(f"Written: {counts_in_words(done)}.")


def counts_in_words(summary: Summary) -> str:
    """Count the lines of each kind: 3 added, 1 changed, 0 unchanged, 2 refused."""
    return ", ".join(f"{count:,} {kind}" for kind, count in summary.counts.items())


def in_words(summary: Summary) -> list[str]:
    """Say in sentences what an import does besides its lines."""
    said = [*summary.remarks, f"{plural(summary.total, 'line')}: {counts_in_words(summary)}."]
    if summary.new_tiers:
        said.append(f"New tiers, at no price: {', '.join(summary.new_tiers)}.")
    if summary.new_groups:
        said.append(f"New DID groups: {', '.join(summary.new_groups[:20])}.")
    for client, count in sorted(summary.goes_to.items()):
        said.append(f"{plural(count, 'number goes', 'numbers go')} to {client}.")
    if summary.unknown_tiers:
        unknown = ", ".join(f"{tier} ({count:,})" for tier, count in summary.unknown_tiers.items())
        said.append(f"Unknown tiers: {unknown}. Use --create-tiers to create them.")
    return said
