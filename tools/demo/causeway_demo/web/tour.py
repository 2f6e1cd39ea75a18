"""Plays the tour in the page: one step after another, each with a sentence that says what one sees."""

import threading

from .actions import Refused
from .tour_steps import steps

PAUSE_S = 6.0  # after each step, to look at what it did
STEP_S = 10.0  # a step is waited for at the end of the demo


class _Stopped(Exception):
    """Somebody stopped the tour."""


class Tour:
    """Its document, ("tour",): state (idle, playing, shown, paused, ended, failed), step and steps, title, sentence,
    focus (side -> user and room to look at), fault.

    :param pause_s: after each step; who is impatient presses Next
    """

    def __init__(self, site, pause_s=PAUSE_S):
        self.pause_s = pause_s
        self._site = site
        self._wanted = threading.Condition()
        self._skip = self._stop = self._paused = False
        self._thread = None
        self._show("idle")

    def control(self, action):
        """start, next, pause, resume or stop. Returns {}.

        :raises Refused: there is no such action
        """
        with self._wanted:
            if action == "start":
                if not self._running():
                    self._skip = self._stop = self._paused = False
                    self._thread = threading.Thread(target=self._play, name="tour", daemon=True)
                    self._thread.start()
            elif action == "next":
                self._skip, self._paused = True, False
            elif action in ("pause", "resume"):
                self._paused = action == "pause"
            elif action == "stop":
                self._stop = True
            else:
                raise Refused("bad_body", "action is start, next, pause, resume or stop")
            self._wanted.notify_all()
        return {}

    def close(self):
        """Ends the tour after the step that is being played, or leaves that one alone when it waits for something."""
        self.control("stop")
        thread = self._thread
        if thread:
            thread.join(STEP_S)

    def _running(self):
        return self._thread is not None and self._thread.is_alive()

    def _show(self, state, **more):
        self._site.changes.put(("tour",), {"state": state, **more})

    def _play(self):
        shown = {}
        try:
            every = list(steps(self._site))
            for number, step in enumerate(every, 1):
                shown = {"step": number, "steps": len(every), "title": step.title, "sentence": step.sentence}
                self._show("playing", **shown, focus=step.focus())
                step.act()
                shown["focus"] = step.focus()
                self._show("shown", **shown)
                if number < len(every):
                    self._look(shown)
            self._show("ended", **shown)
        except _Stopped:
            self._show("idle")
        except Exception as why:  # whatever it is, the page says that the tour is over
            self._show("failed", **shown, fault=str(why)[:300])

    def _look(self, shown):
        """Until the pause is over or somebody wants the next step."""
        with self._wanted:
            self._skip = False
            over = self._wanted.wait_for(lambda: self._skip or self._stop or self._paused, self.pause_s)
            if over and self._paused:
                self._show("paused", **shown)
                self._wanted.wait_for(lambda: self._skip or self._stop or not self._paused)
            if self._stop:
                raise _Stopped
