"""What runs beside what: tasks of four kinds, and when each of them begins."""

import collections
import threading
import time

# Waits for others more than it computes: some at a time, in the order in which they were added.
BESIDE = "beside"
# Computes and looks at no clock: one for each processor, at a low priority (which is the matter of the task) beside what waits.
PATIENT = "patient"
# Has limits of some seconds, which a busy machine would reach: one for each processor, when those above have ended.
QUIET = "quiet"
# Measures time or memory: one after another, when all others have ended.
ALONE = "alone"

# Ports that tasks at the same time draw from, see causeway_demo.process.free_port: below those the kernel gives to connections.
PORTS_BEGIN, PORTS_PER_PLACE, PLACES_MAX = 12_000, 2_000, 10


def ports_of(place):
    begin = PORTS_BEGIN + min(place, PLACES_MAX - 1) * PORTS_PER_PLACE
    return f"{begin}-{begin + PORTS_PER_PLACE - 1}"


class Schedule:
    """Tasks are called with the ports that are theirs meanwhile. One that runs may add others of a kind that has not ended."""

    def __init__(self, beside, processors):
        # Who computes opens hardly a port: beyond the last place they share one, however many processors there are.
        self._phases = [{BESIDE: max(1, min(beside, PLACES_MAX - 2)), PATIENT: processors}, {QUIET: min(processors, PLACES_MAX)}, {ALONE: 1}]
        self._changed = threading.Condition()
        self._waiting = {kind: collections.deque() for kind in (BESIDE, PATIENT, QUIET, ALONE)}
        self._running = 0
        self._broken = None  # what the first task has raised
        self.took = {}  # seconds from the begin to the end of each phase, by the first of its kinds

    def add(self, task, kind=BESIDE, first=False):
        """`first`: before all that wait already."""
        with self._changed:
            (self._waiting[kind].appendleft if first else self._waiting[kind].append)(task)
            self._changed.notify_all()

    def drop(self):
        """Whatever has not begun never will."""
        with self._changed:
            for tasks in self._waiting.values():
                tasks.clear()
            self._changed.notify_all()

    def run(self):
        """Returns when all have ended. What a task raises is raised again, when those that had begun have ended."""
        for phase in self._phases:
            begun = time.monotonic()
            kinds = [kind for kind, number in phase.items() for _ in range(number)]
            threads = [threading.Thread(target=self._work, args=(kind, tuple(phase), ports_of(place)), daemon=True)
                       for place, kind in enumerate(kinds)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.took[next(iter(phase))] = time.monotonic() - begun
        if self._broken:
            raise self._broken

    def _work(self, kind, phase, ports):
        while task := self._next(kind, phase):
            try:
                task(ports)
            except BaseException as why:
                self._broken = self._broken or why
                self.drop()
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _next(self, kind, phase):
        """The next task of a kind, or None when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting[kind] or not self._running and not any(self._waiting[each] for each in phase))
            if not self._waiting[kind]:
                return None
            self._running += 1
            return self._waiting[kind].popleft()
