"""The one stream of events: it breaks, goes on, misses something, is paused; what is shown is right afterwards."""

import time

from inspector_case import PretendCase


class Stream(PretendCase):
    def row(self, name, **changes):
        row = next(each for each in self.node.lists["servers"] if each["server_name"] == name)
        row.update(changes)
        return row

    def shown(self, name):
        return self.browser.text(f".window [data-key='{name}']")

    def test_changes_come_by_themselves(self):
        self.open("servers")
        self.browser.wait_text(".window", "tiller.example")
        self.node.change("servers", [self.row("tiller.example", state="sending", queued=77)], ["quay.example"])
        self.until(lambda: "77" in self.shown("tiller.example"), "the new number")
        self.until(lambda: not self.shown("quay.example"), "the row to go")
        self.browser.wait_text("#list-count", "59")

    def test_the_page_goes_on_where_its_stream_broke(self):
        self.open("servers")
        self.browser.wait_text(".window", "tiller.example")
        self.node.change("servers", [self.row("tiller.example", queued=76)])
        self.until(lambda: "76" in self.shown("tiller.example"), "the change before")
        asked = self.node.asked.count("servers")
        self.node.break_streams()
        self.node.change("servers", [self.row("tiller.example", queued=77)])
        self.until(lambda: "77" in self.shown("tiller.example"), "what came meanwhile")
        self.browser.wait_text("#connection", "Live")
        self.assertEqual(self.node.resumed, 1)
        self.assertEqual(self.node.asked.count("servers"), asked, "nothing was read again")

    def test_after_a_gap_the_lists_are_read_again(self):
        self.open("servers")
        self.browser.wait_text(".window", "tiller.example")
        self.node.change("servers", [self.row("tiller.example", queued=76)])
        self.until(lambda: "76" in self.shown("tiller.example"), "the change before")
        self.row("tiller.example", queued=1234)
        self.node.forget_events()  # first: the page comes back as soon as it can
        self.node.break_streams()
        self.until(lambda: "1,234" in self.shown("tiller.example"), "the list to be read again")
        self.assertEqual(self.browser.run("return document.documentElement.dataset.gaps"), "1")

    def test_it_is_paused_and_goes_on_with_what_is_then(self):
        self.open("servers")
        self.browser.wait_text(".window", "tiller.example")
        self.browser.click("#pause")
        self.browser.wait_text("#connection", "Paused")
        self.node.change("servers", [self.row("tiller.example", queued=77)])
        time.sleep(0.3)
        self.assertNotIn("77", self.shown("tiller.example"))
        self.browser.click("#pause")
        self.until(lambda: "77" in self.shown("tiller.example"), "what is now")

    def test_a_node_that_has_gone_is_said_and_waited_for(self):
        self.open("servers")
        self.browser.wait_text(".window", "tiller.example")
        self.node.refuse_streams = True
        self.node.break_streams()
        self.browser.wait_text("#connection", "Reconnecting")
        self.row("tiller.example", queued=77)
        self.node.refuse_streams = False
        self.browser.wait_text("#connection", "Live")
        self.until(lambda: "77" in self.shown("tiller.example"), "the list of the node that is back")

    def test_one_stream_carries_all_topics_of_a_view(self):
        self.open()
        self.browser.wait_text(".tiles", "Dead letters")
        self.until(lambda: self.node.streams_open == 1, lambda: f"one stream, not {self.node.streams_open}")
        self.browser.press(["g", "e"])
        self.browser.wait_text("main", "chat-ours")
        self.until(lambda: self.node.streams_open == 1, lambda: f"one stream, not {self.node.streams_open}")
        self.assertEqual(self.node.topics, {"status", "edge", "streams"})
