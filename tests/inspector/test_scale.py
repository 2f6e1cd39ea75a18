"""A node with 100,000 actors, of which the page shows those that one sees."""

import json

from inspector_case import PretendCase


class HundredThousandActors(PretendCase):
    node_options = {"actors": 100_000}

    def test_they_are_listed_scrolled_sorted_and_filtered_with_few_rows_in_the_page(self):
        self.open("actors")
        self.browser.wait_text("#list-count", "100,000", 60)
        rows = "return document.querySelectorAll('.window .body [role=row]').length"
        self.assertEqual(
            self.browser.run("return document.querySelector('.window').getAttribute('aria-rowcount')"), "100001"
        )
        self.shot("actors_100000")
        # A scroll through all of them: each frame shows rows, and never many.
        seen = self.browser.run("""
            const box = document.querySelector(".window");
            return new Promise((done) => {
              const seen = [];
              let step = 0;
              const frame = () => {
                if (step++ === 40) return done(seen);
                box.scrollTop = (box.scrollHeight / 40) * step;
                requestAnimationFrame(() => requestAnimationFrame(() => {
                  const rows = [...box.querySelectorAll(".body [role=row]")];
                  const { top, bottom } = box.getBoundingClientRect();
                  const visible = rows.filter((each) => each.getBoundingClientRect().bottom > top && each.getBoundingClientRect().top < bottom);
                  seen.push([rows.length, visible.length]);
                  frame();
                }));
              };
              frame();
            });""")
        self.assertLess(max(rows for rows, _ in seen), 80)
        self.assertGreater(min(visible for _, visible in seen), 10)
        # What is typed is shown at once, and the list follows.
        self.browser.type("#filter", "ferry99999")
        self.assertEqual(self.browser.run("return document.querySelector('#filter').value"), "ferry99999")
        wanted = sum("ferry99999" in json.dumps(each) for each in self.node.lists["actors"])
        self.browser.wait_text("#list-count", f"{wanted} of 100,000")
        self.browser.run("location.hash = '#/actors'")
        self.browser.wait_gone("#list-count", "of")
        self.browser.run("document.querySelector('.window').scrollTop = 0")
        self.browser.run(
            "[...document.querySelectorAll('.head button')].find((each) => each.textContent.startsWith('Handled')).click()"
        )
        self.until(lambda: "100,002" in self.browser.text(".window .body [role=row]"), "the busiest first")
        self.assertLess(self.browser.run(rows), 80)
        self.accessible("with 100,000 actors")

    def test_the_page_answers_while_a_thousand_actors_change_each_second(self):
        self.open("actors")
        self.browser.wait_text("#list-count", "100,000", 60)
        for turn in range(3):
            changed = [{**each, "handled": 1_000_000 + turn} for each in self.node.lists["actors"][:1000]]
            self.node.change("actors", changed)
            self.browser.run("location.hash = '#/actors?filter=' + arguments[0]", f"quay{1 + turn * 16}")
            self.browser.wait_text(".window .body", f"quay{1 + turn * 16}")
        self.browser.run("location.hash = '#/actors'")
        self.until(lambda: "1,000,002" in self.browser.text(".window .body [role=row]"), "the newest number")
