"""What operators and their monitoring see over HTTP: commands as JSON, live events, health, and metrics, of which each that a
dashboard or an alert names is there."""

import glob
import http.client
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import yaml
from causeway_demo.process import free_port
from harness.case import InteropCase

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MONITORING = os.path.join(ROOT, "config", "monitoring")
TOKEN = "a token of thirty-two characters"
# Counted by the names of their samples; what follows is written by Prometheus itself.
METRIC = re.compile(r"\b((?:synapse|causeway)_[a-z0-9_]+)\b")
# What the panels of the row "Federation" of Synapse's own dashboard ask for, by the labels that they choose series by.
FEDERATION_ROW = {
    "synapse_federation_client_sent_transactions_total": "server_name",
    "synapse_util_metrics_block_count_total": "block_name server_name",
    "synapse_federation_server_received_pdus_total": "server_name",
    "synapse_federation_server_received_edus_total": "server_name",
    "synapse_federation_client_sent_pdu_destinations_count_total": "server_name",
    "synapse_federation_client_sent_edus_total": "server_name",
    "synapse_federation_client_sent_edus_by_type_total": "server_name type",
    "synapse_federation_last_received_pdu_time": "origin_server_name server_name",
    "synapse_federation_last_sent_pdu_time": "destination_server_name server_name",
    "synapse_federation_transaction_queue_pending_pdus": "server_name",
    "synapse_federation_transaction_queue_pending_edus": "server_name",
    "synapse_federation_send_queue_presence_changed_size": "server_name",
    "synapse_federation_send_queue_presence_map_size": "server_name",
    "synapse_federation_send_queue_presence_destinations_size": "server_name",
    "synapse_federation_send_queue_keyed_edu_size": "server_name",
    "synapse_federation_send_queue_edus_size": "server_name",
    "synapse_federation_send_queue_pos_time_size": "server_name",
    "synapse_event_processing_lag_by_event_bucket": "le name server_name",
    "synapse_event_processing_lag_by_event_sum": "name server_name",
    "synapse_event_processing_lag_by_event_count": "name server_name",
    "synapse_federation_server_pdu_process_time_bucket": "le server_name",
    "synapse_federation_server_oldest_inbound_pdu_in_staging": "server_name",
    "synapse_federation_server_number_inbound_pdu_in_staging": "server_name",
    "synapse_federation_soft_failed_events_total": "server_name",
    "synapse_storage_events_persisted_events_total": "server_name",
}
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*",?)*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$')


class Web:
    """One broker's listener."""

    def __init__(self, port, token=None):
        self.port, self.token = port, token

    def ask(self, method, target, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        sent = dict(headers)
        if self.token:
            sent.setdefault("Authorization", "Bearer " + self.token)
        connection.request(method, target, body=None if body is None else json.dumps(body), headers=sent)
        response = connection.getresponse()
        text = response.read().decode("utf8")
        connection.close()
        return response.status, text

    def get(self, target):
        status, text = self.ask("GET", target)
        return status, json.loads(text)

    def post(self, target, body):
        status, text = self.ask("POST", target, body, {"X-Causeway": "1"})
        return status, json.loads(text)

    def samples(self):
        """(name, labels) -> value"""
        status, text = self.ask("GET", "/metrics")
        assert status == 200, text
        found = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            match = SAMPLE.match(line)
            assert match, f"no sample: {line}"
            assert (match[1], match[2]) not in found, f"twice: {line}"
            found[(match[1], match[2] or "")] = float(match[3])
        return found

    def value(self, name, label=""):
        """The sum of the samples of that name with that label."""
        return sum(value for (each, labels), value in self.samples().items() if each == name and label in labels)


class Events:
    """A viewer."""

    def __init__(self, web, topics, last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=120)
        headers = {"Authorization": "Bearer " + web.token}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self.connection.request("GET", "/events?topics=" + ",".join(topics), headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()

    def next(self):
        """(event, id, data) of the next event."""
        event, last_id, data = "message", None, None
        while True:
            line = self.response.readline().decode("utf8")
            if not line:
                raise AssertionError("the stream has ended")
            line = line.rstrip("\n")
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("id: "):
                last_id = line[4:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and data is not None:
                return event, last_id, data

    def until(self, condition, seconds=180):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.next()
            if condition(*found):
                return found
        raise AssertionError(f"no such event in {seconds} s")

    def close(self):
        self.connection.close()


class InspectorHttp(InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        secret = os.path.join(cls.directory, "web-token")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
            out.write(TOKEN + "\n")
        cls.theirs_port = free_port()
        cls.theirs = cls.start_causeway("seen", settings={"admin": {"web_listen": str(cls.theirs_port)}})
        port = free_port()
        cls.ours = cls.start_causeway("seeing", settings={"admin": {"web_listen": str(port), "web_token_file": secret,
                                                                    "metrics_servers": [cls.theirs.server_name]}})
        cls.web = Web(port, TOKEN)
        cls.alice = cls.ours.user("alice")
        cls.bob = cls.theirs.user("bob")
        cls.room = cls.ours.create_channel(cls.alice, [])

    def test_a_broker_that_works_is_live_ready_and_healthy(self):
        anybody = Web(self.web.port)
        self.assertEqual(anybody.ask("GET", "/livez"), (200, "ok\n"))
        self.assertEqual(anybody.ask("GET", "/readyz"), (200, "ok\n"))
        self.assertEqual(anybody.ask("GET", "/healthz?verbose")[0], 401)
        status, text = self.web.ask("GET", "/healthz?verbose")
        self.assertEqual(status, 200, text)
        self.assertIn("[+] store\n", text)

    def test_commands_that_read_answer_as_they_do_on_the_command_line(self):
        status, found = self.web.get("/api/commands")
        self.assertEqual(status, 200)
        verbs = {each["name"]: each for each in found["commands"]}
        self.assertTrue(verbs["server.retry"]["changes"])
        self.assertFalse(verbs["rooms"]["changes"])
        status, found = self.web.get("/api/rooms?limit=5")
        self.assertEqual(status, 200, found)
        self.assertIn(self.room, [each["room_id"] for each in self.web.get("/api/rooms")[1]["rooms"]])
        self.assertEqual(self.web.get("/api/room.show?room=!none:x.example")[1]["code"], "not_found")
        self.assertEqual(self.web.get("/api/rooms?limit=many")[0], 400)
        self.assertEqual(self.web.get("/api/rooms?colour=red")[1]["code"], "bad_body")
        self.assertEqual(self.web.get("/api/paint")[0], 404)

    def test_a_change_needs_a_post_a_token_and_a_reason(self):
        self.assertEqual(self.web.get("/api/server.retry?server=x.example")[0], 403)
        status, why = self.web.post("/api/server.retry", {"server": "x.example"})
        self.assertEqual((status, why["code"]), (400, "missing_param"))
        status, why = self.web.post("/api/server.retry", {"server": "x.example", "reason": "a test"})
        self.assertEqual((status, why["code"]), (404, "not_found"))
        without = Web(self.theirs_port)
        self.assertEqual(without.get("/api/servers")[0], 200)
        status, why = without.post("/api/server.retry", {"server": "x.example", "reason": "a test"})
        self.assertEqual((status, why["code"]), (403, "role_denied"))

    def test_a_viewer_hears_of_a_new_room_and_goes_on_after_a_break(self):
        viewer = Events(self.web, ["rooms"])
        first = self.ours.create_channel(self.alice, [])
        _, last_id, _ = viewer.until(lambda event, _, data: event == "rooms" and first in json.dumps(data["changed"]))
        viewer.close()
        second = self.ours.create_channel(self.alice, [])
        again = Events(self.web, ["rooms"], last_id)
        event, _, data = again.next()
        again.close()
        self.assertEqual(event, "rooms", "it is no gap: the rooms were still looked at")
        self.assertIn(second, json.dumps(data["changed"]))
        self.assertNotIn(f'"{first}"', json.dumps(data["changed"]))

    def test_a_viewer_sees_actors_at_work_and_rates(self):
        viewer = Events(self.web, ["actors", "rates"])
        event, _, data = viewer.next()
        self.assertEqual(event, "rates")
        self.assertIn("commit_us_p99", data["points"][-1][1])
        self.ours.create_channel(self.alice, [])
        _, _, data = viewer.until(lambda event, _, data: event == "actors" and any(each["kind"] == "room" for each in data["changed"]))
        viewer.close()
        row = next(each for each in data["changed"] if each["kind"] == "room")
        self.assertEqual(row["phase"], "running")
        self.assertGreater(row["handled"], 0)

    def test_the_series_tell_what_is_owed_how_old_it_is_and_how_many_servers_are_in_which_state(self):
        room = self.federate()
        name = self.theirs.server_name
        status, why = self.web.post("/api/server.pause", {"server": name, "reason": "a test"})
        self.assertEqual(status, 200, why)
        self.ours.send(room, self.alice, "can you hear me")
        viewer = Events(self.web, ["rates"])

        def point(condition):
            _, _, data = viewer.until(lambda event, _, data: event == "rates" and condition(data["points"][-1][1]))
            return data["points"][-1][1]
        owed = point(lambda each: each.get("owed", 0) >= 1 and each.get("servers_paused") == 1)
        older = point(lambda each: each.get("owed_age_ms", 0) > owed["owed_age_ms"])
        self.assertEqual((older["servers_backing_off"], older["servers_waiting"]), (0, 0))
        status, why = self.web.post("/api/server.resume", {"server": name, "reason": "a test"})
        self.assertEqual(status, 200, why)
        paid = point(lambda each: each.get("owed") == 0)
        self.assertEqual((paid["owed_age_ms"], paid["servers_paused"]), (0, 0))
        viewer.close()
        # Who looks from now on is told of what was before.
        again = Events(self.web, ["rates"])
        _, _, data = again.next()
        again.close()
        self.assertTrue(data["reset"])
        self.assertIn(1, [values.get("servers_paused") for _, values in data["points"]])

    def federate(self):
        """Messages both ways, so that all there is to count is. Returns their room."""
        room = self.ours.create_channel(self.alice, [])
        self.ours.invite(room, self.alice, self.bob)
        self.until(lambda: self.theirs.has_invitation(room, self.bob), "the invitation")
        self.theirs.accept(room, self.bob)
        self.until(lambda: self.bob in self.ours.members(room, self.alice), "the join")
        self.ours.send(room, self.alice, "hello")
        self.theirs.send(room, self.bob, "good morning")
        self.until(lambda: self.ours.texts(room, self.alice, self.bob), "the answer")
        return room

    def test_what_crosses_the_border_is_counted_on_both_sides(self):
        theirs = Web(self.theirs_port)
        before = self.web.value("synapse_federation_client_sent_transactions_total")
        received = theirs.value("synapse_federation_server_received_pdus_total")
        self.federate()
        self.until(lambda: self.web.value("synapse_federation_client_sent_transactions_total") > before, "the transactions")
        self.until(lambda: theirs.value("synapse_federation_server_received_pdus_total") > received, "the PDUs")
        self.until(lambda: self.web.value("synapse_federation_last_sent_pdu_time", self.theirs.server_name) > 0, "the last PDU")
        samples = self.web.samples()
        self.assertGreater(self.web.value("synapse_event_processing_lag_by_event_count"), 0)
        self.assertGreater(theirs.value("synapse_federation_server_pdu_process_time_count"), 0)
        self.assertEqual(samples[("causeway_store_writes", "")], 1)
        self.assertGreater(self.web.value("causeway_actors", 'kind="room"'), 0)
        self.assertEqual(self.web.value("causeway_edge_peers"), 1)
        self.assertGreaterEqual(self.web.value("causeway_rooms"), 1)

    def test_every_metric_of_the_dashboard_and_the_alerts_is_told(self):
        self.federate()
        wanted = set()
        with open(os.path.join(MONITORING, "grafana.json"), encoding="utf8") as text:
            for panel in json.load(text)["panels"]:
                for target in panel.get("targets", []):
                    wanted |= set(METRIC.findall(target["expr"]))
        with open(os.path.join(MONITORING, "causeway.rules.yml"), encoding="utf8") as text:
            for line in text:
                if not line.lstrip().startswith("description:"):
                    wanted |= set(METRIC.findall(line))
        self.assertGreater(len(wanted), 40)

        def missing():
            told = {name for name, _ in self.web.samples()} | {name for name, _ in Web(self.theirs_port).samples()}
            return sorted(wanted - told)
        self.until_equal(missing, [], "metrics")

    def test_every_metric_of_ours_is_on_the_dashboard(self):
        self.federate()
        with open(os.path.join(MONITORING, "grafana.json"), encoding="utf8") as text:
            shown = {name for panel in json.load(text)["panels"] for target in panel.get("targets", []) for name in METRIC.findall(target["expr"])}

        def family(name):
            return re.sub("_(bucket|sum|count)$", "", name)
        told = {family(name) for name, _ in self.web.samples() if name.startswith("causeway_")}
        self.assertGreater(len(told), 30)
        self.assertEqual(sorted(told - {family(name) for name in shown} - {"causeway_build_info"}), [])  # the choice of brokers asks for that one

    def test_every_panel_of_synapses_federation_row_can_be_drawn(self):
        self.federate()

        def labels_by_name():
            told = {}
            for name, labels in self.web.samples():
                told[name] = " ".join(sorted(re.findall(r'([a-z_]+)="', labels)))
            return {name: told.get(name, "not told") for name in FEDERATION_ROW}
        self.until_equal(labels_by_name, FEDERATION_ROW, "what the panels ask for")
        values = self.web.samples()
        ours = f'server_name="{self.ours.server_name}"'
        self.assertTrue(all(ours in labels for name, labels in values if name in FEDERATION_ROW))
        self.assertIn(("synapse_util_metrics_block_count_total", "{block_name=\"_send_new_transaction\"," + ours + "}"), values)
        self.assertGreater(self.web.value("synapse_event_processing_lag_by_event_count", 'name="federation_sender"'), 0)

    def test_labels_are_as_many_as_kinds_and_peers(self):
        self.assertLess(len(self.web.samples()), 500)


class MonitoringFiles(unittest.TestCase):
    """config/monitoring, by Prometheus' own tool."""

    @classmethod
    def setUpClass(cls):
        cls.promtool = shutil.which("promtool") or cls.fetched()
        if not cls.promtool:
            why = "THE ALERTS ARE NOT TESTED: Debian's package prometheus, which has promtool, cannot be had"
            print(why, flush=True)
            if os.environ.get("CAUSEWAY_CI"):
                raise AssertionError(why)
            raise unittest.SkipTest(why)

    @staticmethod
    def fetched():
        """Out of the package, which is not installed: it would start a server."""
        folder = os.path.join(ROOT, "build", "promtool")
        program = os.path.join(folder, "usr", "bin", "promtool")
        if os.path.exists(program):
            return program
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            return None
        print("monitoring: fetching Debian's prometheus for promtool (once)", flush=True)
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["apt-get", "-qq", "download", "prometheus"], cwd=folder, capture_output=True, timeout=300, check=False)
        for package in glob.glob(os.path.join(folder, "prometheus_*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, folder], capture_output=True, timeout=300, check=False)
            os.remove(package)
        return program if os.path.exists(program) else None

    def run_tool(self, *arguments):
        done = subprocess.run([self.promtool, *arguments], cwd=MONITORING, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_alerts_are_well_formed(self):
        self.run_tool("check", "rules", "causeway.rules.yml")

    def test_planted_series_raise_what_they_should(self):
        self.run_tool("test", "rules", "causeway.rules.test.yml")

    def test_each_alert_is_raised_by_planted_series(self):
        with open(os.path.join(MONITORING, "causeway.rules.yml"), encoding="utf8") as text:
            rules = {rule["alert"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"]}
        with open(os.path.join(MONITORING, "causeway.rules.test.yml"), encoding="utf8") as text:
            cases = [case for test in yaml.safe_load(text)["tests"] for case in test["alert_rule_test"]]
        self.assertEqual({case["alertname"] for case in cases if case["exp_alerts"]}, rules)
        self.assertEqual({case["alertname"] for case in cases if not case["exp_alerts"]}, rules, "a broker that works raises none")

    def test_the_expressions_of_the_dashboard_are_well_formed(self):
        with open(os.path.join(MONITORING, "grafana.json"), encoding="utf8") as text:
            panels = json.load(text)["panels"]
        expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
        rules = [{"record": f"panel:{number}", "expr": each.replace("$__rate_interval", "5m").replace("$instance", ".*")}
                 for number, each in enumerate(expressions)]
        os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
        path = os.path.join(ROOT, "build", "dashboard.rules.json")  # YAML is JSON and more
        with open(path, "w", encoding="utf8") as out:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, out)
        self.run_tool("check", "rules", path)
