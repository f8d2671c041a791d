"""Settings from the environment alone, checked before anything starts; not how they are used.

Every problem is found at once and told in a sentence that names the variable and what to put
there. ``.env.example`` lists the variables; a ``.env`` file is read in development only.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from dotenv import dotenv_values

from environment import ConfigError, Environment

ROOT = Path(__file__).resolve().parent
INSTANCE = ROOT / "instance"
THREADS = 8
"""Threads of one web process; the database pool is as large, and two more for the deliverer."""

DEVELOPMENT_KEY = "development-only-key-which-production-refuses"
SHORTEST_KEY = 32
KEY_ADVICE = (
    "put a long random text, such as the output of: "
    'python3 -c "import secrets; print(secrets.token_urlsafe(48))".'
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Smtp:
    """A mail server: how to reach it and how to sign in there."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: str
    """``starttls``, ``implicit`` (TLS from the first byte) or ``off``."""


@dataclass(frozen=True)
class Settings:
    """All that the environment decides, already checked."""

    app_env: str
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    secret_key_fallbacks: tuple[str, ...] = field(repr=False)
    port: int
    web_concurrency: int
    trusted_proxies: int
    public_url: str
    smtp: Smtp | None
    mail_from: str
    deliverer: str
    max_upload_mb: int
    max_call_file_mb: int
    cdr_folder: Path | None
    """Where call files are laid that are to be imported, in a folder for each reseller."""
    log_level: str
    is_ephemeral: bool
    """Whether the SQLite file stands on a disk that the platform throws away."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from a mapping, or from the process and, in development, ``.env``.

        Raises ConfigError, which names every variable that is missing or wrong.
        """
        env = Environment(_process_environment() if environ is None else environ)
        settings = _read(env)
        if env.problems:
            raise ConfigError(env.problems)
        return settings

    @property
    def is_production(self) -> bool:
        """Tell whether real people use this deployment."""
        return self.app_env == "production"

    @property
    def has_https(self) -> bool:
        """Tell whether people reach the application over https."""
        return self.public_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the database is a file of this machine."""
        return self.database_url.startswith("sqlite")

    def warnings(self) -> list[str]:
        """List what does not stop a start but will surprise somebody later."""
        found = []
        if self.is_production and self.smtp is None:
            found.append("SMTP_URL is not set: mails stay in the outbox and reach nobody.")
        if self.is_production and not self.has_https:
            found.append("PUBLIC_URL is not https: sessions can be read on the way.")
        if self.is_ephemeral:
            found.append("SQLite stands on a disk that the platform erases: all will be lost.")
        return found

    def as_flask_config(self) -> dict[str, Any]:
        """Give the settings under the names that Flask and its extensions read."""
        return {
            "APP_ENV": self.app_env,
            "TESTING": self.app_env == "test",
            "SECRET_KEY": self.secret_key,
            "SECRET_KEY_FALLBACKS": list(self.secret_key_fallbacks),
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": self._engine_options(),
            "EPHEMERAL_DATABASE": self.is_ephemeral,
            "COOKIES_SECURE": self.has_https,
            "SESSION_COOKIE_SECURE": self.has_https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PREFERRED_URL_SCHEME": urlsplit(self.public_url).scheme,
            "PUBLIC_URL": self.public_url,
            # On a developer's machine every name that leads here will do.
            "CHECK_HOSTS": self.is_production,
            "TRUSTED_PROXIES": self.trusted_proxies,
            "MAX_CONTENT_LENGTH": self.max_upload_mb * 1024 * 1024,
            "MAX_CALL_FILE": self.max_call_file_mb * 1024 * 1024,
            "CDR_FOLDER": self.cdr_folder,
            "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
            # A form may stand open as long as its session lives.
            "WTF_CSRF_TIME_LIMIT": None,
            "DELIVERER": self.deliverer,
            "LOG_LEVEL": self.log_level,
            **self._mail_config(),
        }

    def _mail_config(self) -> dict[str, Any]:
        smtp = self.smtp
        return {
            # None means that no server is known: mails then stand in the outbox, marked so.
            "MAIL_SERVER": smtp.host if smtp else None,
            "MAIL_PORT": smtp.port if smtp else None,
            "MAIL_USERNAME": smtp.user if smtp else None,
            "MAIL_PASSWORD": smtp.password if smtp else None,
            "MAIL_USE_TLS": smtp is not None and smtp.tls == "starttls",
            "MAIL_USE_SSL": smtp is not None and smtp.tls == "implicit",
            "MAIL_DEFAULT_SENDER": self.mail_from,
            "MAIL_TIMEOUT": 30,
            "MAIL_SUPPRESS_SEND": False,
        }

    def _engine_options(self) -> dict[str, Any]:
        # Parameters hold addresses and hashes, which no log may have.
        common: dict[str, Any] = {"hide_parameters": self.is_production}
        if self.database_url in {"sqlite://", "sqlite:///:memory:"}:
            return common
        common |= {"pool_size": THREADS, "max_overflow": 2}
        if self.is_sqlite:
            return {**common, "connect_args": {"timeout": 10}}
        return {
            **common,
            # The one used last knows its statements best, and the others may rest.
            "pool_use_lifo": True,
            "pool_recycle": 300,
            "connect_args": {"connect_timeout": 5},
        }


def _process_environment() -> dict[str, str]:
    values = dict(os.environ)
    env = Environment(values)
    if env.is_paas() or env.text("APP_ENV", "development") != "development":
        return values
    from_file = {k: v for k, v in dotenv_values(ROOT / ".env").items() if v is not None}
    return {**from_file, **values}


def _read(env: Environment) -> Settings:
    app_env = _app_env(env)
    in_production = app_env == "production"
    port = env.whole("PORT", 8000, 1, 65535)
    smtp = _smtp(env)
    database_url, is_ephemeral = _database(env, in_production)
    return Settings(
        app_env=app_env,
        database_url=database_url,
        secret_key=_secret_key(env, in_production),
        secret_key_fallbacks=_fallback_keys(env, in_production),
        port=port,
        web_concurrency=env.whole("WEB_CONCURRENCY", 1, 1, 64),
        trusted_proxies=env.whole("TRUSTED_PROXIES", 0, 0, 10),
        public_url=_public_url(env, in_production, port),
        smtp=smtp,
        mail_from=_mail_from(env, in_production and smtp is not None),
        deliverer=env.choice("DELIVERER", "web", ("web", "worker", "off")),
        max_upload_mb=env.whole("MAX_UPLOAD_MB", 16, 1, 1024),
        max_call_file_mb=env.whole("MAX_CALL_FILE_MB", 512, 1, 4096),
        cdr_folder=_cdr_folder(env),
        log_level=env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")).upper(),
        is_ephemeral=is_ephemeral,
    )


def _app_env(env: Environment) -> str:
    default = "production" if env.is_paas() else "development"
    app_env = env.choice("APP_ENV", default, ("development", "test", "production"))
    if app_env == "development" and env.is_paas():
        env.refuse("APP_ENV", "development is not for a platform; remove it or put production.")
    if app_env == "production" and env.is_on("FLASK_DEBUG"):
        env.refuse("FLASK_DEBUG", "debugging shows secrets to visitors; remove it in production.")
    return app_env


def _secret_key(env: Environment, in_production: bool) -> str:
    key = env.text("SECRET_KEY")
    if not in_production:
        return key or DEVELOPMENT_KEY
    if not key:
        env.refuse("SECRET_KEY", f"missing; {KEY_ADVICE}")
    elif fault := _weakness(key):
        env.refuse("SECRET_KEY", f"{fault}; {KEY_ADVICE}")
    return key


def _weakness(key: str) -> str:
    """Tell why a key is no secret, or nothing."""
    if key == DEVELOPMENT_KEY:
        return "this is the key of development, which everybody knows"
    if len(key) < SHORTEST_KEY or len(set(key)) < SHORTEST_KEY // 4:
        return "too easy to guess"
    return ""


def _fallback_keys(env: Environment, in_production: bool) -> tuple[str, ...]:
    """List the keys of before; what they signed is still believed, so they must be strong too."""
    keys = tuple(env.text("SECRET_KEY_FALLBACKS").replace(",", " ").split())
    if in_production and any(_weakness(key) for key in keys):
        env.refuse("SECRET_KEY_FALLBACKS", "one of these is easy to guess; leave it out.")
    return keys


def _database(env: Environment, in_production: bool) -> tuple[str, bool]:
    """Give the address as SQLAlchemy wants it, and whether its disk will be erased."""
    text = env.text("DATABASE_URL")
    if not text and not in_production:
        return _default_database(env), False
    scheme, _, rest = text.partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and urlsplit(f"//{rest}").path:
        return f"postgresql+psycopg://{rest}", False
    if scheme == "sqlite" and text.startswith("sqlite://"):
        return _sqlite(env, text)
    start = "missing" if not text else "neither a PostgreSQL nor an SQLite address"
    advice = "put postgresql://user:password@host:5432/name."
    env.refuse("DATABASE_URL", f"{start}; {advice}")
    return "", False


def _default_database(env: Environment) -> str:
    """Name the demo's file, or for tests a database that leaves nothing behind."""
    if env.text("APP_ENV") == "test":
        return "sqlite://"
    INSTANCE.mkdir(exist_ok=True)
    return f"sqlite:///{INSTANCE / 'portico.db'}"


def _sqlite(env: Environment, text: str) -> tuple[str, bool]:
    name = text.removeprefix("sqlite://").removeprefix("/")
    if name in {"", ":memory:"}:
        return text, False
    path = ROOT / name
    is_ephemeral = env.is_paas() and not _is_on_own_disk(path)
    if is_ephemeral and not env.is_on("ALLOW_EPHEMERAL_SQLITE"):
        env.refuse(
            "DATABASE_URL",
            "this platform erases its disk at every restart, and the SQLite file with it; put the "
            "address of a PostgreSQL database, or set ALLOW_EPHEMERAL_SQLITE=1 for a trial whose "
            "data may vanish.",
        )
    if not path.parent.is_dir():
        env.refuse("DATABASE_URL", f"there is no folder {path.parent}; make it or name another.")
    return f"sqlite:///{path}", is_ephemeral


def _is_on_own_disk(path: Path) -> bool:
    """Tell whether a path lies on a volume that was mounted for it, which survives restarts."""
    mount = next(p for p in path.parents if os.path.ismount(p))
    return str(mount) not in {"/", "/tmp", "/run", "/dev/shm"}  # noqa: S108  None is written to.


def _public_url(env: Environment, in_production: bool, port: int) -> str:
    text = env.text("PUBLIC_URL").rstrip("/")
    if not text:
        if in_production:
            env.refuse("PUBLIC_URL", "missing; put the address people use: https://host.name.")
        return f"http://127.0.0.1:{port}"
    parts = _split(text)
    is_bare = parts and not (parts.path or parts.query or parts.fragment or parts.username)
    if not parts or parts.scheme not in {"http", "https"} or not is_bare:
        env.refuse("PUBLIC_URL", f"{text!r} is not like https://host.name, with nothing after it.")
    elif in_production and parts.scheme == "http" and not env.is_on("ALLOW_HTTP"):
        env.refuse("PUBLIC_URL", "must begin with https://; ALLOW_HTTP=1 permits http on a trial.")
    return text


def _cdr_folder(env: Environment) -> Path | None:
    text = env.text("CDR_FOLDER")
    if not text:
        return None
    if not Path(text).is_dir():
        env.refuse("CDR_FOLDER", f"there is no folder {text}; make it or leave this out.")
    return Path(text)


def _split(text: str) -> SplitResult | None:
    """Take an address apart, or give None where it has no host or an impossible port."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None


def _smtp(env: Environment) -> Smtp | None:
    text = env.text("SMTP_URL")
    if not text:
        return None
    parts = _split(text)
    if not parts or parts.scheme not in {"smtp", "smtps"}:
        env.refuse("SMTP_URL", "put smtp://user:password@host:587 or smtps://…:465.")
        return None
    is_implicit = parts.scheme == "smtps"
    smtp = Smtp(
        host=parts.hostname or "",
        port=parts.port or (465 if is_implicit else 587),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls="implicit" if is_implicit else _starttls(env, parts.query),
    )
    if smtp.tls == "off" and smtp.password and smtp.host not in LOOPBACK:
        env.refuse("SMTP_URL", "tls=off would send the password readable; leave tls=off out.")
    return smtp


def _starttls(env: Environment, query: str) -> str:
    if query in {"", "tls=starttls"}:
        return "starttls"
    if query != "tls=off":
        env.refuse("SMTP_URL", f"after the ? stands {query!r}; put tls=starttls or tls=off.")
    return query.removeprefix("tls=")


def _mail_from(env: Environment, is_required: bool) -> str:
    text = env.text("MAIL_FROM")
    if not text and is_required:
        env.refuse("MAIL_FROM", "missing; put the address that mails come from: no-reply@host.")
    name, _, host = text.partition("@")
    if text and not (name and host and not set(text) & set(' <>,;"\r\n') and "@" not in host):
        env.refuse("MAIL_FROM", f"{text!r} is not one plain e-mail address.")
    return text or "no-reply@localhost"
