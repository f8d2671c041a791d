"""What the environment may say, and what a start without it says; no application is made."""

import pytest

from config import DEVELOPMENT_KEY, ROOT, Settings
from environment import ConfigError

PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "p7Jq2xVn0LrTz8WbYc4HsKd6GfMa1EuQ",
    "DATABASE_URL": "postgres://portico:secret@db.example:5432/portico?sslmode=require",
    "PUBLIC_URL": "https://portal.example.com/",
}


def problems_with(environ: dict[str, str]) -> list[str]:
    """List the variables that stop a start, in the order told."""
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment(environ)
    return [problem.partition(":")[0] for problem in caught.value.problems]


def sentence_about(environ: dict[str, str]) -> str:
    """Give the one problem of an environment that has just one."""
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment(environ)
    (sentence,) = caught.value.problems
    return sentence


def test_an_empty_environment_is_development_with_a_file_in_instance():
    settings = Settings.from_environment({})
    assert settings.app_env == "development"
    assert settings.database_url == f"sqlite:///{ROOT}/instance/portico.db"
    assert settings.secret_key == DEVELOPMENT_KEY
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.smtp is None
    assert (settings.port, settings.trusted_proxies, settings.deliverer) == (8000, 0, "web")


def test_the_public_url_of_development_follows_the_port():
    assert Settings.from_environment({"PORT": "8123"}).public_url == "http://127.0.0.1:8123"


def test_tests_never_open_the_demo_database():
    assert Settings.from_environment({"APP_ENV": "test"}).database_url == "sqlite://"


def test_production_names_everything_that_is_missing_at_once():
    assert problems_with({"APP_ENV": "production"}) == ["DATABASE_URL", "SECRET_KEY", "PUBLIC_URL"]


@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET_KEY", "PUBLIC_URL"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_production_names_the_one_that_is_missing(name: str, value: str | None):
    environ = {k: v for k, v in PRODUCTION.items() if k != name} | ({name: value} if value else {})
    assert sentence_about(environ).startswith(f"{name}: missing; put ")


@pytest.mark.parametrize("mark", ["DYNO", "RENDER", "FLY_APP_NAME"])
def test_a_platform_is_production_by_itself(mark: str):
    assert problems_with({mark: "1"}) == ["DATABASE_URL", "SECRET_KEY", "PUBLIC_URL"]


def test_a_platform_refuses_development():
    assert problems_with(PRODUCTION | {"DYNO": "web.1", "APP_ENV": "development"}) == ["APP_ENV"]


def test_debugging_is_refused_in_production():
    assert problems_with(PRODUCTION | {"FLASK_DEBUG": "1"}) == ["FLASK_DEBUG"]


@pytest.mark.parametrize("key", [DEVELOPMENT_KEY, "short", "x" * 64, "change-me"])
def test_production_refuses_a_key_that_can_be_guessed(key: str):
    assert problems_with(PRODUCTION | {"SECRET_KEY": key}) == ["SECRET_KEY"]


def test_production_refuses_a_fallback_key_that_can_be_guessed():
    keys = f"{PRODUCTION['SECRET_KEY']} {DEVELOPMENT_KEY}"
    assert problems_with(PRODUCTION | {"SECRET_KEY_FALLBACKS": keys}) == ["SECRET_KEY_FALLBACKS"]


def test_fallback_keys_are_separated_by_blanks_or_commas():
    settings = Settings.from_environment({"SECRET_KEY_FALLBACKS": "one, two three"})
    assert settings.as_flask_config()["SECRET_KEY_FALLBACKS"] == ["one", "two", "three"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_psycopg_3(scheme: str):
    settings = Settings.from_environment({"DATABASE_URL": f"{scheme}://u:p%40@h:5432/d?sslmode=x"})
    assert settings.database_url == "postgresql+psycopg://u:p%40@h:5432/d?sslmode=x"


@pytest.mark.parametrize("url", ["mysql://u@h/d", "postgresql://", "portico.db", "sqlite:x"])
def test_another_database_is_refused(url: str):
    assert problems_with({"DATABASE_URL": url}) == ["DATABASE_URL"]


def test_a_relative_sqlite_file_stands_below_the_project():
    settings = Settings.from_environment({"DATABASE_URL": "sqlite:///tests/x.db"})
    assert settings.database_url == f"sqlite:///{ROOT}/tests/x.db"


def test_sqlite_in_a_folder_that_is_not_there_is_refused():
    url = "sqlite:////nowhere/at/all/portico.db"
    assert sentence_about({"DATABASE_URL": url}) == (
        "DATABASE_URL: there is no folder /nowhere/at/all; make it or name another."
    )


def test_sqlite_on_a_platforms_own_disk_is_refused_unless_it_is_a_trial():
    environ = PRODUCTION | {"DYNO": "web.1", "DATABASE_URL": f"sqlite:///{ROOT}/portico.db"}
    assert problems_with(environ) == ["DATABASE_URL"]
    trial = Settings.from_environment(environ | {"ALLOW_EPHEMERAL_SQLITE": "1"})
    assert trial.as_flask_config()["EPHEMERAL_DATABASE"] is True
    assert any("will be lost" in warning for warning in trial.warnings())


def test_sqlite_on_ones_own_server_is_production_enough():
    settings = Settings.from_environment(PRODUCTION | {"DATABASE_URL": f"sqlite:///{ROOT}/p.db"})
    assert settings.is_ephemeral is False


@pytest.mark.parametrize(
    "url", ["portal.example.com", "https://", "https://h/path", "https://u@h", "ftp://h", "//h"]
)
def test_a_public_url_is_a_scheme_and_a_host(url: str):
    assert problems_with(PRODUCTION | {"PUBLIC_URL": url}) == ["PUBLIC_URL"]


def test_production_wants_https_unless_told_otherwise():
    environ = PRODUCTION | {"PUBLIC_URL": "http://portal.example.com"}
    assert problems_with(environ) == ["PUBLIC_URL"]
    settings = Settings.from_environment(environ | {"ALLOW_HTTP": "1"})
    assert settings.as_flask_config()["COOKIES_SECURE"] is False


def test_cookies_are_secure_where_people_come_over_https():
    config = Settings.from_environment(PRODUCTION).as_flask_config()
    assert config["PUBLIC_URL"] == "https://portal.example.com"
    assert config["PREFERRED_URL_SCHEME"] == "https"
    assert config["COOKIES_SECURE"] is True
    assert config["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize(
    ("url", "port", "starttls", "implicit"),
    [
        ("smtp://us%40er:p%2Fw@mail.example", 587, True, False),
        ("smtp://us%40er:p%2Fw@mail.example:25?tls=starttls", 25, True, False),
        ("smtps://us%40er:p%2Fw@mail.example", 465, False, True),
        ("smtp://us%40er:p%2Fw@localhost:1025?tls=off", 1025, False, False),
    ],
)
def test_a_mail_server_is_one_address(url: str, port: int, starttls: bool, implicit: bool):
    config = Settings.from_environment({"SMTP_URL": url}).as_flask_config()
    assert (config["MAIL_USERNAME"], config["MAIL_PASSWORD"]) == ("us@er", "p/w")
    assert config["MAIL_SERVER"] in {"mail.example", "localhost"}
    assert config["MAIL_PORT"] == port
    assert (config["MAIL_USE_TLS"], config["MAIL_USE_SSL"]) == (starttls, implicit)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example:587",
        "smtp://",
        "smtp://mail.example:notaport",
        "smtp://mail.example?tls=maybe",
        "smtp://user:password@mail.example?tls=off",
    ],
)
def test_a_wrong_mail_server_is_refused(url: str):
    assert problems_with({"SMTP_URL": url}) == ["SMTP_URL"]


def test_without_a_mail_server_none_is_configured():
    config = Settings.from_environment({}).as_flask_config()
    assert config["MAIL_SERVER"] is None


def test_production_with_a_mail_server_needs_a_sender():
    environ = PRODUCTION | {"SMTP_URL": "smtps://mail.example"}
    assert problems_with(environ) == ["MAIL_FROM"]


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "A <a@b.example>", "a@b, c@d", "@b"])
def test_a_sender_is_one_plain_address(address: str):
    assert problems_with({"MAIL_FROM": address}) == ["MAIL_FROM"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("PORT", "²"),
        ("WEB_CONCURRENCY", "0"),
        ("TRUSTED_PROXIES", "-1"),
        ("MAX_UPLOAD_MB", "1.5"),
        ("DELIVERER", "cron"),
        ("LOG_LEVEL", "loud"),
        ("APP_ENV", "staging"),
        ("ALLOW_HTTP", "perhaps"),
    ],
)
def test_a_wrong_value_is_told_with_its_name(name: str, value: str):
    environ = PRODUCTION | {"PUBLIC_URL": "http://h", name: value}
    assert name in problems_with(environ)


def test_a_problem_is_told_without_the_secret():
    weak = "abcabcabcabcabcabcabcabcabcabcabcabc"
    assert weak not in sentence_about(PRODUCTION | {"SECRET_KEY": weak})


def test_secrets_are_not_shown_with_the_settings():
    environ = PRODUCTION | {"SMTP_URL": "smtp://u:swordfish@h", "MAIL_FROM": "a@b.example"}
    shown = repr(Settings.from_environment(environ))
    assert PRODUCTION["SECRET_KEY"] not in shown
    assert "portico:secret" not in shown
    assert "swordfish" not in shown


def test_production_warns_where_mail_reaches_nobody():
    assert Settings.from_environment(PRODUCTION).warnings() == [
        "SMTP_URL is not set: mails stay in the outbox and reach nobody."
    ]


def test_a_postgresql_pool_fits_the_threads():
    options = Settings.from_environment(PRODUCTION).as_flask_config()["SQLALCHEMY_ENGINE_OPTIONS"]
    assert options == {
        "hide_parameters": True,
        "pool_size": 8,
        "max_overflow": 2,
        "pool_use_lifo": True,
        "pool_recycle": 300,
        "connect_args": {"connect_timeout": 5},
    }


def test_the_largest_upload_is_counted_in_megabytes():
    config = Settings.from_environment({"MAX_UPLOAD_MB": "3"}).as_flask_config()
    assert config["MAX_CONTENT_LENGTH"] == 3 * 1024 * 1024
