"""Workers in processes of their own, also on other machines, by Celery; they share the store's folder with the server.

A message holds the id of a photo and nothing else, and is a hint only: lost ones are repeated by the keeper, and claims
make double ones harmless. So nothing is asked of the broker but to pass them on; there are no results in it.
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from kombu.entity import Queue as Line
from kombu.exceptions import OperationalError

from veil.errors import UsageError

TASK = "veil.work"
SOON, LATER = "veil.soon", "veil.later"
BROKERS = ("redis", "rediss", "redis+socket", "amqp", "amqps")
SECONDS_TO_CONNECT = 3.0

log = logging.getLogger(__name__)


def make_app(broker: str) -> Celery:
    """Return the Celery app of a broker; nothing is connected yet.

    Args:
        broker: Its URL, redis://HOST:PORT/0 for instance.

    Raises:
        UsageError: It is not the URL of a broker that Veil knows. The message does not hold it, as there may be a
            password in it.
    """
    if urlsplit(broker).scheme not in BROKERS:
        raise UsageError(f"The broker's URL begins with none of {', '.join(BROKERS)}; nothing was started.")
    lines: Any = Line
    app = Celery("veil", broker=broker, set_as_current=False)
    app.conf.update(
        task_queues=[lines(SOON), lines(LATER)],
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        task_publish_retry=False,
        broker_connection_timeout=SECONDS_TO_CONNECT,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "queue_order_strategy": "priority",
            "socket_connect_timeout": SECONDS_TO_CONNECT,
            "socket_keepalive": True,
        }
        if broker.startswith("redis")
        else {},
    )
    return app


def run_worker(broker: str, work: Callable[[str], None], workers: int) -> None:
    """Work until SIGTERM or SIGINT, which let the work under way end; a second one does not.

    Args:
        broker: Its URL.
        work: Does what a photo wants; never fails.
        workers: How many photos are worked on side by side, by threads that share the models.

    Raises:
        UsageError: As for make_app().
    """
    app = make_app(broker)

    def do(job_id: str) -> None:
        work(job_id)

    app.task(do, name=TASK, shared=False)
    worker: Any = app.Worker(
        pool="threads",
        concurrency=workers,
        queues=[SOON, LATER],
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
        optimization="fair",
        loglevel="WARNING",
        quiet=True,
    )
    worker.start()


class CeleryQueue:
    """Sends hints to a broker, from a thread of its own: a broker that is slow or away holds nobody up.

    Args:
        broker: Its URL.

    Raises:
        UsageError: As for make_app().
    """

    def __init__(self, broker: str) -> None:
        self._app = make_app(broker)
        self._hints: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._is_away = False
        self._thread = threading.Thread(target=self._run, name="veil-hints", daemon=True)
        self._thread.start()

    def put(self, job_id: str, *, soon: bool = False) -> None:
        """Say that a photo wants work. As Queue.put()."""
        self._hints.put((job_id, SOON if soon else LATER))

    def close(self) -> None:
        """Stop; the workers go on with what they have been told."""
        self._hints.put(None)
        self._thread.join()
        self._app.close()

    def _run(self) -> None:
        while (hint := self._hints.get()) is not None:
            job_id, line = hint
            try:
                self._app.send_task(TASK, [job_id], queue=line)
            except (OperationalError, OSError) as error:
                if not self._is_away:
                    log.warning("the broker cannot be reached (%s); files wait until it can be", type(error).__name__)
                self._is_away = True
            else:
                self._is_away = False
