"""The tour, played in the page."""

from causeway_demo.process import until
from causeway_demo.web.tour_steps import steps
from page_case import PATIENCE_S, PageCase

TOUR_S = 240
# Steps of which a screenshot is taken: title and name.
SHOTS = {"An invitation": "invitation", "Server B goes down": "server_b_down", "A ban": "ban"}
SHOWN = (
    "Alice made the room",
    "Alice invited Bob",
    "edited",
    "We leave at ten",
    "👍 1",
    "Carol rejected the invitation: seasick today",
    "Alice took back the invitation of Dave",
    "I am, but my broker is not",
    "Alice banned Dave: advertising, again",
    "lifted the ban on Dave",
    "Bob left: time for lunch",
    "✓ delivered to server B",
)


class Tour(PageCase):
    def test_the_tour_plays_to_its_end_and_shows_what_it_says(self):
        self.site.tour.pause_s = 0.3
        self.browser.run("""
            window.titles = [];
            new MutationObserver(() => {
              const title = document.getElementById("tour-title")?.textContent;
              if (title && titles.at(-1) !== title) titles.push(title);
            }).observe(document.getElementById("tour"), {subtree: true, childList: true, characterData: true});""")
        self.browser.click("#tour-start")
        left = dict(SHOTS)

        def ended():
            tour = self.site.changes.get(("tour",))
            self.assertNotEqual(tour["state"], "failed", tour.get("fault"))
            if tour["state"] == "shown" and tour["title"] in left:
                self.site.tour.control("pause")
                self.browser.wait_text("#tour-title", tour["title"])
                self.shot("tour_" + left.pop(tour["title"]))
                self.site.tour.control("resume")
            return tour["state"] == "ended"

        until(ended, TOUR_S, lambda: f"the tour, which is at {self.site.changes.get(('tour',))}", 0.02)
        self.browser.wait_text("#tour .buttons[data-state=ended]", "Play it again")
        self.assertEqual(self.browser.run("return titles"), [each.title for each in steps(self.site)])
        self.assertEqual(left, {})
        self.looks_as_told()
        for dark in (False, True):
            self.look(dark=dark)
            self.shot("tour_end_dark" if dark else "tour_end_light")
            self.accessible("after the tour")
        self.assertEqual(self.browser.complaints(), [])

    def looks_as_told(self):
        timeline = self.browser.text("#timeline-A")
        for words in SHOWN:
            self.assertIn(words, timeline)
        for words in ("delayed", "Buy my boat"):
            self.assertNotIn(words, timeline)
        pictures = "[...document.querySelectorAll('#timeline-A img')]"
        shown = (
            f"return {pictures}.length > 0 && {pictures}.every((each) => each.complete && each.naturalWidth === 320)"
        )
        until(lambda: self.browser.run(shown), PATIENCE_S, "the picture")
        self.browser.wait_text("#side-A .members", "moderator")
