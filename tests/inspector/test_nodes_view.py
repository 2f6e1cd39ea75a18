"""The nodes that share the store, as the page shows them: at a node of the tests, and at two real ones."""

import os
import shutil
import tempfile
import urllib.error
import urllib.request

import pretend_rows
from causeway_demo.broker import Broker
from causeway_demo.certificates import Authority
from causeway_demo.postgresql import PostgreSQL
from causeway_demo.process import free_port
from inspector_case import ENTER, TAB, BrowserCase, PretendCase

TOKEN = "a token of thirty-two characters"


class Nodes(PretendCase):
    def rows(self):
        return self.browser.run(
            "return [...document.querySelectorAll('[aria-label=\"Nodes that share the store\"] tbody tr')].map("
            "(row) => [...row.cells].slice(0, 5).map((cell) => cell.textContent.trim()))"
        )

    def test_who_serves_comes_first_and_what_is_to_be_known_is_said(self):
        self.open("nodes")
        self.browser.wait_text(".callout.good", "harbour serves; quay would take its place within seconds.")
        self.browser.wait_text("main", "pier was declared dead: its lease ran out 4 min ago.")
        self.browser.wait_text("main", "Nodes run different versions: 0.9.0, 0.9.1.")
        self.assertEqual(
            self.rows(),
            [
                ["harbour", "active", "yes, after causeway drain: quay takes its place", "0.9.0", "4.2 s left"],
                ["quay", "standby", "yes, but then nobody stands by", "0.9.1", "4.7 s left"],
                ["pier", "dead", "", "0.9.0", "ran out 4 min ago"],
                ["mole", "left", "", "0.9.0", "ran out 65 min ago"],
            ],
        )

    def test_who_served_since_when_is_told_and_read_again_when_another_one_serves(self):
        self.open("nodes")
        history = "[aria-label='Who served'] tbody tr"
        self.browser.wait_text(history + ":nth-child(1)", "serves")
        self.browser.wait_text(history + ":nth-child(1)", "4 min ago")
        self.browser.wait_text(history + ":nth-child(2)", "killed")
        first = {**pretend_rows.terms()[0], "name": "quay", "from_ts": pretend_rows.now()}
        self.node.lists["history"] = [first, *self.node.lists["history"]]
        left, serves = pretend_rows.node("harbour", "left", -10), pretend_rows.node("quay", "active", 5000)
        self.node.change("nodes", [left, serves])
        self.browser.wait_text(history + ":nth-child(1)", "quay")

    def press(self, label):
        self.browser.wait_text("main .buttons", label)
        self.browser.run(
            "const all = [...document.querySelectorAll('main .buttons button')];"
            "all.find((each) => each.textContent.trim() === arguments[0]).click()",
            label,
        )

    def test_a_node_is_drained_for_a_reason(self):
        self.open("nodes")
        self.press("Drain this node")
        self.browser.wait_text("dialog .command", "causeway drain --reason")
        self.confirm("a new kernel")
        self.browser.wait_text("dialog", "Done")
        self.assertEqual(self.node.done, [("node.drain", {"reason": "a new kernel"})])

    def test_a_drained_node_is_undrained_on_its_own_page_for_a_reason(self):
        self.node.name = "berth"
        self.node.verbs = {"nodes", "history", "node.drain", "node.undrain"}  # all that one that stands by answers
        self.node.lists["nodes"].append(pretend_rows.node("berth", "drained", 4000))
        self.open()
        self.browser.wait_text("h1", "Nodes")  # there is nothing else to look at
        self.browser.wait_text("main", "This page is from berth, which does not serve.")
        self.assertEqual(self.browser.text(".views"), "Nodes")
        self.assertNotIn("Drain this node", self.browser.text("main"))
        self.press("Undrain this node")
        self.browser.wait_text("dialog .command", "causeway undrain --reason")
        self.confirm("the new kernel runs")
        self.browser.wait_text("dialog", "Done")
        self.assertEqual(self.node.done, [("node.undrain", {"reason": "the new kernel runs"})])
        self.accessible("nodes of one that stands by")

    def test_a_node_that_stands_by_is_drained_on_its_own_page(self):
        self.node.name = "quay"
        self.node.verbs = {"nodes", "history", "node.drain", "node.undrain"}
        self.open("nodes")
        self.press("Drain this node")
        self.browser.wait_text("dialog", "It goes on standing by")

    def test_a_node_that_nobody_stands_by_for_is_told(self):
        self.open("nodes")
        self.browser.wait_text(".callout.good", "harbour serves")
        quay = next(each for each in self.node.lists["nodes"] if each["name"] == "quay")
        self.node.change("nodes", gone=[quay["incarnation"]])
        self.browser.wait_text(".callout.wait", "harbour serves, and no node stands by")

    def test_a_drained_node_is_no_standby_and_comes_after_those(self):
        self.node.lists["nodes"].append(pretend_rows.node("berth", "drained", 4000))
        self.open("nodes")
        self.browser.wait_text(".callout.good", "harbour serves; quay would take its place within seconds.")
        self.browser.wait_text("main", "berth is drained: it leaves its turn to others until causeway undrain, or the button of its own page.")
        self.assertEqual([row[:2] for row in self.rows()[:3]], [["harbour", "active"], ["quay", "standby"], ["berth", "drained"]])
        self.browser.wait_text(".pill.wait", "drained")
        quay = next(each for each in self.node.lists["nodes"] if each["name"] == "quay")
        self.node.change("nodes", gone=[quay["incarnation"]])
        self.browser.wait_text(".callout.wait", "only berth would follow, which is drained")
        self.node.change("nodes", [pretend_rows.node("harbour", "left", 0)])
        self.browser.wait_text(".callout.bad", "No node serves; berth is drained")

    def test_a_node_that_takes_over_is_shown_by_itself(self):
        self.open("nodes")
        self.browser.wait_text(".callout.good", "harbour serves")
        self.node.change("nodes", [pretend_rows.node("harbour", "active", -4000)])
        self.browser.wait_text(".callout.bad", "harbour serves, but its lease ran out 4.0 s ago")
        dead, waits = pretend_rows.node("harbour", "dead", -5000), pretend_rows.node("quay", "standby", 5000)
        self.node.change("nodes", [dead, waits])
        self.browser.wait_text(".callout.bad", "No node serves; quay is about to take over.")
        self.node.change("nodes", [pretend_rows.node("quay", "active", 5000, epoch=8)])
        self.browser.wait_text(".callout.wait", "quay serves, and no node stands by")
        self.browser.wait_text("main", "harbour was declared dead: its lease ran out 5.0 s ago.")
        self.until(lambda: self.rows()[0][:2] == ["quay", "active"], "the node that serves now")

    def test_the_view_is_reached_and_scrolled_by_keys(self):
        self.look(width=500)
        self.open()
        self.browser.press(["g", "n"])
        self.browser.wait_text("h1", "Nodes")
        self.browser.wait_text("tbody", "harbour")
        self.browser.run("document.getElementById('main').focus()")
        self.browser.press([TAB])
        self.until(lambda: self.focused() == "Drain this node", lambda: "the button, not " + self.focused())
        self.browser.press([TAB])
        self.until_script(
            "document.activeElement.getAttribute('aria-label') === 'Nodes that share the store'",
            "the table, which is scrolled by keys",
        )

    def test_a_store_of_one_broker_has_no_other_nodes(self):
        self.node.lists["nodes"] = []
        self.open("nodes")
        self.browser.wait_text("main", "The store is a file of this broker alone")
        self.assertEqual(self.browser.all(".callout"), [])


class TwoNodes(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="cw-")
        cls.addClassCleanup(folder.cleanup)
        cls.database = PostgreSQL(synced=False).start()
        cls.addClassCleanup(cls.database.stop)
        url = cls.database.make_database()
        authority = Authority(os.path.join(folder.name, "tls"))
        token_file = os.path.join(folder.name, "token")
        with open(os.open(token_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf8") as out:
            out.write(TOKEN + "\n")
        public_port = free_port()
        cls.brokers = []
        cls.pages = []
        for name in ("one", "two"):
            web = free_port()
            settings = {
                "node": {"name": name, "standby": True},
                "admin": {"web_listen": f"127.0.0.1:{web}", "web_token_file": token_file},
                "store": {"engine": "postgresql", "url": url},
            }
            place = os.path.join(folder.name, name)
            broker = Broker(name, place, authority, public_port=public_port, settings=settings)
            cls.addClassCleanup(broker.stop)
            cls.brokers.append(broker)
            cls.pages.append(f"http://127.0.0.1:{web}/")
        one, two = cls.brokers
        one.start()
        shutil.copy2(*(os.path.join(each.directory, "data", "signing.key") for each in cls.brokers))
        two.process.start_and_wait("N761", 60)

    def enter(self, page):
        self.browser.open("about:blank")
        self.browser.open(page)
        self.until(lambda: self.browser.all("#token") or "Live" in self.browser.text("#connection"), "the page")
        if self.browser.all("#token"):
            self.browser.type("#token", TOKEN + ENTER)
        self.browser.wait_text("#connection", "Live")

    def press(self, label, reason):
        self.browser.wait_text("main .buttons", label)
        self.browser.click("main .buttons button")
        self.confirm(reason)
        self.browser.wait_text("dialog", "Done")
        self.browser.press([ENTER])

    def test_a_drained_node_is_undrained_on_its_own_page(self):
        self.look()
        self.enter(self.pages[1])
        self.browser.wait_text("main", "This page is from two, which does not serve.")
        self.press("Drain this node", "a new kernel")
        self.press("Undrain this node", "the new kernel runs")
        self.browser.wait_text("main .buttons", "Drain this node")
        self.browser.wait_text(".callout.good", "one serves; two would take its place within seconds.")
        self.shot("real_nodes_of_standby")
        log = self.brokers[1].process.tail(100)
        self.assertIn("N763", log)
        self.assertIn("the new kernel runs", log)

    def is_ready(self, page):
        try:
            with urllib.request.urlopen(page + "readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def test_a_failover_is_seen_in_the_page(self):
        self.look()
        self.enter(self.pages[0] + "#/nodes")
        self.browser.wait_text(".callout.good", "one serves; two would take its place within seconds.")
        self.shot("real_nodes")
        self.brokers[0].kill()
        self.until(lambda: self.is_ready(self.pages[1]), "the other node to serve")
        self.enter(self.pages[1] + "#/nodes")
        self.browser.wait_text(".callout.wait", "two serves, and no node stands by")
        self.browser.wait_text("main", "one was declared dead")
        self.shot("real_nodes_after")
