"""The page by keyboard alone."""

from inspector_case import DOWN, END, ENTER, ESCAPE, RIGHT, TAB, PretendCase


class Keys(PretendCase):
    def test_keys_open_views_rows_and_help(self):
        self.open()
        self.browser.press(["g", "s"])
        self.browser.wait_text("h1", "Servers")
        self.browser.wait_text("#list-count", "60")
        self.browser.press(["/"])
        self.until(lambda: self.focused() == "filter", "the filter")
        self.browser.press(list("state:backing_off"))
        self.browser.wait_text("#list-count", "8 of 60")
        self.browser.run("document.querySelector('.window [data-key] a').focus()")
        self.browser.press([DOWN, "j"])
        self.until(lambda: self.focused() == "pier.example", "the third row")
        self.browser.press([ENTER])
        self.browser.wait_text("#opened", "pier.example")
        self.until(lambda: self.focused() == "opened", "the focus on what was opened")
        self.browser.press([ESCAPE])
        self.until(lambda: self.focused() == "pier.example", "the focus back in the list")
        self.browser.press(["?"])
        self.browser.wait_text("dialog", "Dead letters")
        self.accessible("with the help open")
        self.shot("help")
        licences = self.browser.run("""
            const links = [...document.querySelectorAll("#licences a")];
            return Promise.all(links.map(async (each) => (await fetch(each.href)).text()));""")
        self.assertEqual(len(licences), 3)
        for holder in ("Google Inc.", "Jason Miller", "Leon Sorokin"):
            self.assertTrue(any(holder in each for each in licences), holder)
        self.browser.click("dialog input")
        self.browser.press([ESCAPE])
        self.until(lambda: not self.browser.all("dialog"), "the help to close")
        self.browser.press(["g", "r"])
        self.browser.press([DOWN])
        self.assertEqual(self.browser.text("h1"), "Servers", "keys are off")
        self.browser.run("localStorage.clear()")

    def test_one_tab_leads_into_a_list_and_the_next_out_of_it(self):
        self.open("rooms")
        self.browser.wait_text("#list-count", "300")
        self.assertEqual(
            self.browser.run("return document.querySelectorAll('.window .body a[tabindex=\"0\"]').length"), 1
        )
        self.browser.run("document.querySelector('.window .body a[tabindex=\"0\"]').focus()")
        self.browser.press([END])
        self.until(lambda: self.focused().startswith("!anchor0299"), lambda: "the last row, not " + self.focused())
        self.assertEqual(
            self.browser.run("return document.activeElement.closest('[role=row]').getAttribute('aria-rowindex')"), "301"
        )

    def test_the_first_tab_skips_to_the_content(self):
        self.open()
        self.browser.press([TAB, ENTER])
        self.assertEqual(self.focused(), "main")

    def test_arrows_walk_over_the_board(self):
        self.open("invitations")
        self.until_script("document.querySelectorAll('.column').length > 3", "the board")
        self.browser.run("document.querySelector('.column:nth-child(1) a').focus()")
        at = "return document.activeElement.closest('.column').getAttribute('aria-labelledby')"
        self.assertEqual(self.browser.run(at), "column-sending")
        self.browser.press([RIGHT])
        self.assertEqual(self.browser.run(at), "column-pending")
