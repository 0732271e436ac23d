"""The record of what was done, for those who answer for a release: entries in a chain, which can be signed.

Entries hold counts, scores, reasons, settings and sums. They hold no pixels, and no names, places or words unless
those were asked for.
"""

from veil.audit.chain import Log, new_job
from veil.audit.checking import Checked, verify, verify_jobs
from veil.audit.entries import Extras, deletion, entry_of

__all__ = ["Checked", "Extras", "Log", "deletion", "entry_of", "new_job", "verify", "verify_jobs"]
