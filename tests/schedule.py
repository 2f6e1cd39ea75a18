"""What runs beside what: tasks of five kinds, and when each of them begins."""

import collections
import shutil
import subprocess
import threading
import time

# Waits for others more than it computes: some at a time, in the order in which they were added.
BESIDE = "beside"
# Computes, and adds tasks of the other kinds: one at a time, beside those above.
BUILDING = "building"
# Has limits of some seconds, which a busy machine would reach: one for each processor, when all of those above have ended.
QUIET = "quiet"
# Computes and looks at no clock: one for each processor, beside all of those above. It has to begin with LAST_IN_LINE, which is the matter
# of the task.
PATIENT = "patient"
# Measures time or memory: one after another, when all others have ended.
ALONE = "alone"
KINDS = (BESIDE, BUILDING, QUIET, PATIENT, ALONE)

def _last_in_line():
    """Words before a command: it runs while a processor would stand still, and leaves it to whoever wants it. (A process that is only nice
    takes its turns.) Where that is forbidden, the nicest."""
    command = ["chrt", "--idle", "0"]
    usable = shutil.which(command[0]) and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if usable else ["nice", "-n", "19"]


LAST_IN_LINE = _last_in_line()

# Ports that tasks at the same time draw from, see causeway_demo.process.free_port: below those the kernel gives to connections.
PORTS_BEGIN, PORTS_PER_PLACE, PLACES_MAX = 12_000, 2_000, 10


def ports_of(place):
    begin = PORTS_BEGIN + min(place, PLACES_MAX - 1) * PORTS_PER_PLACE
    return f"{begin}-{begin + PORTS_PER_PLACE - 1}"


class Schedule:
    """Tasks are called with the ports that are theirs meanwhile. One that is building may add others of all kinds, any other one of its own."""

    def __init__(self, beside, processors):
        # Who computes opens hardly a port: beyond the last place they share one, however many processors there are.
        beside, quiet = max(1, min(beside, PLACES_MAX - 2)), min(processors, PLACES_MAX - 2)
        # (number of threads, first of their places, the kinds of which none may be left when they end)
        self._threads_of = {BESIDE: (beside, 0, (BESIDE, BUILDING)), BUILDING: (1, beside, (BESIDE, BUILDING)), QUIET: (quiet, 0, (QUIET,)),
                            PATIENT: (processors, max(beside, quiet), (BESIDE, BUILDING, QUIET, PATIENT)), ALONE: (1, 0, (ALONE,))}
        self._changed = threading.Condition()
        self._waiting = {kind: collections.deque() for kind in KINDS}
        self._running = collections.Counter()
        self._broken = None  # what the first task has raised
        self.took = {}  # seconds of each phase, by what they were spent with

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
        patient = self._start(PATIENT)
        for phase in (BESIDE, BUILDING), (QUIET,), (PATIENT,), (ALONE,):
            begun = time.monotonic()
            for thread in patient if phase == (PATIENT,) else [each for kind in phase for each in self._start(kind)]:
                thread.join()
            self.took[phase[0]] = time.monotonic() - begun
        if self._broken:
            raise self._broken

    def _start(self, kind):
        number, place, until = self._threads_of[kind]
        threads = [threading.Thread(target=self._work, args=(kind, until, ports_of(place + n)), daemon=True) for n in range(number)]
        for thread in threads:
            thread.start()
        return threads

    def _work(self, kind, until, ports):
        while task := self._next(kind, until):
            try:
                task(ports)
            except BaseException as why:
                self._broken = self._broken or why
                self.drop()
            finally:
                with self._changed:
                    self._running[kind] -= 1
                    self._changed.notify_all()

    def _next(self, kind, until):
        """The next task of a kind, or None when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting[kind] or not any(self._running[each] or self._waiting[each] for each in until))
            if not self._waiting[kind]:
                return None
            self._running[kind] += 1
            return self._waiting[kind].popleft()
