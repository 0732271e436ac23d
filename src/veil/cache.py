"""Plans of photos that were looked at before, so that the same one need not be looked at again.

What lies on the disk tells nobody which photo it belongs to: names are keyed hashes, and the hash of the picture is
left out of the plan. There are never pixels in it.
"""

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import veil
from veil import plan as plans
from veil.errors import PlanError
from veil.options import Options
from veil.types import Facts, Plan

KEEP_SECONDS = 86_400.0
ENTRIES = 10_000


class PlanCache:
    """Plans in a folder, by photo, owner, settings and models. Safe for several threads and processes.

    Args:
        folder: Where they lie; it has to be there.
        secret: Keys the names.
        keep_seconds: How long a plan is kept.
        entries: How many are kept.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        folder: Path,
        secret: bytes,
        *,
        keep_seconds: float = KEEP_SECONDS,
        entries: int = ENTRIES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._secret = secret
        self._keep_seconds = keep_seconds
        self._entries = entries
        self._clock = clock

    def get(self, owner: str, picture: Facts, options: Options, models: Mapping[str, str]) -> Plan | None:
        """Return the plan that was made for a picture with the same settings and models, if it is kept.

        Args:
            owner: Who asks; nobody gains from what another owner handed in.
            picture: The picture.
            options: All settings; those of stage FIND count.
            models: SHA-256 of the models' weights, by name.
        """
        path = self._path(owner, picture, options, models)
        try:
            if not self._is_fresh(path):
                return None
            data = json.loads(path.read_bytes())
            data["picture"]["sha256"] = picture.sha256
            plan = plans.from_json(json.dumps(data))
            plans.check_fits(plan, picture)
        except FileNotFoundError:
            return None
        except (PlanError, ValueError, TypeError, KeyError):
            path.unlink(missing_ok=True)  # damaged, or of another version of Veil
            return None
        return plan

    def put(self, owner: str, plan: Plan, options: Options) -> None:
        """Keep a plan as the machine made it. A cache that cannot be written to keeps nothing."""
        path = self._path(owner, plan.picture, options, plan.models)
        blanked = replace(plan, picture=replace(plan.picture, sha256=""))
        made = path.with_name(f".aside-{secrets.token_hex(8)}")
        now = self._clock()
        try:
            made.touch(0o600)
            made.write_text(plans.to_json(blanked))
            os.utime(made, (now, now))
            made.replace(path)
        except OSError:
            made.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete plans that are too old, and the oldest ones if there are too many."""
        ages: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if self._is_fresh(path):
                    ages.append((path.stat().st_mtime, path))
                else:
                    path.unlink()
        for _, path in sorted(ages)[: max(0, len(ages) - self._entries)]:
            path.unlink(missing_ok=True)

    def _is_fresh(self, path: Path) -> bool:
        # A plan from the future was kept before the clock was set back: nobody knows how old it is.
        return 0 <= self._clock() - path.stat().st_mtime < self._keep_seconds

    def _path(self, owner: str, picture: Facts, options: Options, models: Mapping[str, str]) -> Path:
        parts = [owner, picture.sha256, options.digest(), sorted(models.items()), veil.__version__]
        return self._folder / hmac.new(self._secret, json.dumps(parts).encode(), hashlib.sha256).hexdigest()
