"""The command line: resellers, a locked-out owner, the demo, imports, the worker."""

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

import background
import credentials
import demo
import did_import
import resellers
import second_factor
import tenancy
from extensions import db
from models import Reseller, Staff
from permissions import Actor
from usage.command import import_cdrs_command


def init_app(app: Flask) -> None:
    """Give ``flask`` Portico's own commands."""
    for command in (
        create_reseller,
        reset_second_factor,
        load_demo,
        demo_users,
        did_import.import_dids_command,
        import_cdrs_command,
        background.worker_command,
    ):
        app.cli.add_command(command)


@click.command("create-reseller")
@click.argument("name")
@click.option("--slug", required=True, help="Short name in addresses: letters, digits, dashes.")
@click.option("--owner", required=True, help="The owner's e-mail address, which is the user name.")
@click.option("--owner-name", required=True, help="The owner's name.")
@click.option("--time-zone", default="America/New_York", show_default=True)
@click.option("--currency", default="USD", show_default=True)
@with_appcontext
def create_reseller(
    name: str, slug: str, owner: str, owner_name: str, time_zone: str, currency: str
) -> None:
    """Make a reseller with its owner, and print the link that sets the owner's password."""
    with tenancy.across_resellers():
        try:
            staff = resellers.create(
                name, slug, owner, owner_name, time_zone=time_zone, currency=currency
            )
            invitation = credentials.invite(staff)
        except resellers.Unusable as problem:
            db.session.rollback()
            raise click.ClickException(str(problem)) from problem
        link = credentials.link(invitation)
        db.session.commit()
    click.echo(f"{name} is made. {owner_name} sets a password here, once, within two days:")
    click.echo(link)


@click.command("reset-second-factor")
@click.argument("email")
@with_appcontext
def reset_second_factor(email: str) -> None:
    """Take away the lost second factor of a staff member whom no owner can help."""
    operator = Actor(name="the operator")
    with tenancy.across_resellers():
        staff = db.session.scalar(select(Staff).where(Staff.email == email.strip().lower()))
        if staff is None or not second_factor.reset(staff, by=operator):
            raise click.ClickException(f"{email} is no staff member with two-factor sign-in.")
        db.session.commit()
    click.echo(f"{staff.name} signs in with the password alone, and is told by mail.")


@click.command("load-demo")
@with_appcontext
def load_demo() -> None:
    """Load two resellers with clients, numbers and orders, once; never in production."""
    if current_app.config["APP_ENV"] == "production":
        raise click.ClickException("The demo has known passwords; it is not for production.")
    with tenancy.across_resellers():
        if db.session.query(Reseller).first() is not None:
            click.echo("There is data already; the demo was not loaded again.")
            return
    demo.load()
    click.echo("The demo is loaded.")


@click.command("demo-users")
@with_appcontext
def demo_users() -> None:
    """Print one row a demo user: address, user, password; nothing where there is no demo."""
    for row in demo.users(current_app.config["PUBLIC_URL"]):
        click.echo(" ".join(row))
