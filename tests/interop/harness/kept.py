"""What is fetched once and kept outside the tree: under ~/.cache/causeway, by one process at a time."""

import contextlib
import fcntl
import os


def folder(name):
    """Where the thing of that name, its version included, is kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "causeway", name)


@contextlib.contextmanager
def fetched_once(kept):
    """Runs its body unless a body has run to its end for the folder `kept` before: yields whether to fetch. Others wait meanwhile."""
    complete = os.path.join(kept, "complete")
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    with open(kept + ".lock", "a", encoding="utf8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = not os.path.exists(complete)
        yield wanted
        if wanted:
            with open(complete, "w", encoding="utf8"):
                pass
