"""The commands that run the studio: serve, worker."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import click

from veil.auditing import key_option
from veil.errors import UsageError
from veil.fence import Fence
from veil.options import Options, settings

MEGABYTE = 1_000_000
TOKEN_VARIABLE = "VEIL_TOKEN"
BROKER_VARIABLE = "VEIL_BROKER"
THREADS, CELERY = "threads", "celery"

_LARGEST = settings()["max_megapixels"]

workers_option = click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 64),
    default=lambda: len(os.sched_getaffinity(0)),
    show_default="processors",
    help="How many files are worked on at a time.",
)
keep_option = click.option(
    "--keep-seconds",
    metavar="S",
    type=click.FloatRange(1, 31_536_000),
    default=3600,
    show_default=True,
    help="Delete a file when nobody has looked at it for so long.",
)
cache_option = click.option("--no-cache", is_flag=True, help="Do not remember what was found in a file seen before.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; others need a token.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=f"Ask everybody for the token in this file. Or set {TOKEN_VARIABLE}.",
)
@click.option("--public-name", "names", metavar="NAME", multiple=True, help="Also answer to this host name.")
@click.option("--proxy", metavar="ADDRESS", default="", help="Believe this reverse proxy who asks, and that TLS is on.")
@click.option(
    "--store",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Keep files here, also when the studio is closed; without it, closing deletes them.",
)
@click.option(
    "--queue",
    type=click.Choice([THREADS, CELERY]),
    default=THREADS,
    show_default=True,
    help="Work on files in this program, or in others started with veil worker.",
)
@click.option(
    "--broker",
    metavar="URL",
    envvar=BROKER_VARIABLE,
    help=f"Redis or RabbitMQ, where workers hear of files; with --queue celery. Or set {BROKER_VARIABLE}.",
)
@workers_option
@keep_option
@click.option(
    "--max-upload",
    metavar="MB",
    type=click.IntRange(1, 100_000),
    default=4000,
    show_default=True,
    help="Largest file that is taken, in megabytes.",
)
@click.option(
    "--max-photos",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=500,
    show_default=True,
    help="How many files one session may hold.",
)
@click.option(
    "--max-megapixels",
    metavar="MP",
    type=click.FloatRange(_LARGEST.low, _LARGEST.high),
    default=Options.max_megapixels,
    show_default=True,
    help=_LARGEST.help,
)
@cache_option
@key_option
def serve(
    host: str,
    port: int,
    token_file: Path | None,
    names: tuple[str, ...],
    proxy: str,
    store: Path | None,
    queue: str,
    broker: str | None,
    workers: int,
    keep_seconds: float,
    max_upload: int,
    max_photos: int,
    max_megapixels: float,
    no_cache: bool,
    audit_key: Path | None,
) -> None:
    """Serve the studio: a page to drop files on, see what is covered, correct it, and fetch the results.

    \b
    Examples:
      veil serve
      veil serve --port 9000 --store ~/veil-photos
      veil serve --host 0.0.0.0 --public-name veil.office.example --token-file token --store /srv/veil
      veil serve --store /srv/veil --queue celery --broker redis://localhost:6379/0
    """
    from veil.jobs.limits import Limits
    from veil.jobs.opening import open_studio
    from veil.web import server

    doors = server.Doors(host, port, _token(token_file), names, proxy)  # refused before anything is opened
    limits = Limits(upload_bytes=max_upload * MEGABYTE, photos=max_photos, keep_seconds=keep_seconds)
    with open_studio(
        store,
        options=Options(max_megapixels=max_megapixels),
        limits=limits,
        workers=workers,
        broker=_broker(queue, broker, store),
        caching=not no_cache,
        audit_key=audit_key,
    ) as studio:
        server.serve(studio, doors, ready=lambda address: _announce(address, keeps=store is not None))


@click.command()
@click.option(
    "--broker",
    metavar="URL",
    envvar=BROKER_VARIABLE,
    required=True,
    help=f"The broker that the studio was started with. Or set {BROKER_VARIABLE}.",
)
@click.option(
    "--store", metavar="DIR", type=click.Path(path_type=Path), required=True, help="The folder of the studio's files."
)
@workers_option
@keep_option
@cache_option
@key_option
def worker(broker: str, store: Path, workers: int, keep_seconds: float, no_cache: bool, audit_key: Path | None) -> None:
    """Work on the files of a studio that was started with --queue celery.

    Start as many as you like, on every machine that shares the folder.

    \b
    Examples:
      veil worker --broker redis://localhost:6379/0 --store /srv/veil
    """
    from veil.jobs.limits import Limits
    from veil.jobs.opening import run_worker

    _let_reach(broker)
    run_worker(
        broker,
        store,
        limits=Limits(keep_seconds=keep_seconds),
        workers=workers,
        caching=not no_cache,
        audit_key=audit_key,
    )


def _token(file: Path | None) -> str | None:
    """Return the token from a file or the environment; never from an argument, which every user of the machine sees."""
    if file is None:
        return os.environ.get(TOKEN_VARIABLE) or None
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The token file {file} cannot be read; the studio was not started.") from error
    if not token:
        raise UsageError(f"The token file {file} is empty; the studio was not started.")
    return token


def _broker(queue: str, broker: str | None, store: Path | None) -> str:
    if queue == THREADS:
        return ""  # VEIL_BROKER may be set for other reasons
    if not broker or store is None:
        raise UsageError(
            "--queue celery needs --broker, where workers hear of files, and --store, a folder that they share; "
            "the studio was not started."
        )
    _let_reach(broker)
    return broker


def _let_reach(broker: str) -> None:
    """Let this program reach its broker, or several after ";"; nothing else outside this machine can be named."""
    fence = click.get_current_context().find_object(Fence)
    for url in broker.split(";"):
        host = urlsplit(url).hostname
        if fence is not None and host:
            fence.open_for(host)


def _announce(address: str, *, keeps: bool) -> None:
    ending = "files stay until nobody has looked at them for long" if keeps else "every file in it is deleted then"
    click.echo(f"Veil's studio is open at {address}\nPress Ctrl-C to close it; {ending}.")
