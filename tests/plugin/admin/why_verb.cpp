// `why`, `edge`, `streams` and `actor` as the operator asks them, over a node made of memory.
#include "plugin/admin/admin_service.hpp"
#include "plugin/admin/verbs.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::admin;
namespace json = causeway::matrix::json;

BOOST_AUTO_TEST_SUITE(why_verb)

namespace {

constexpr std::int64_t now = 1'700'000'000'000;

matrix::event_ptr event(const std::string& id, const std::string& sender) {
  auto x = std::make_shared<matrix::event>();
  x->event_id = id;
  x->room_id = "!r:here.example";
  x->type = "m.room.message";
  x->sender = sender;
  x->origin_server_ts = now - 60'000;
  return x;
}

struct fixture : few_services {
  std::map<std::string, store::stored_event> stored;
  store::staged_found staged;
  store::staged_listed staged_of_server;
  std::map<std::string, store::put_server_keys> keys; ///< by server
  store::message_found message;
  store::owed_found owed;
  store::notification_found notification;
  store::destinations_listed destinations;
  store::received_transaction_found transaction;
  std::map<std::string, std::string> statuses; ///< by "kind key"
  std::vector<actor_row> actors;
  std::vector<alarm_row> alarms;
  int lists_asked = 0; ///< of all of them
  std::string damaged; ///< the event whose row cannot be read
  std::map<std::string, std::vector<hop_row>> hops;
  std::map<std::string, std::vector<std::string>> transactions;
  std::vector<std::string> statuses_asked;
  trace_request wanted_trace;

  store::answer look_up(const store::query& q) {
    if (const auto* x = std::get_if<store::find_event>(&q)) {
      if (!damaged.empty() && x->event_id == damaged)
        return fault{fault_code::store_damaged, "stored event " + damaged + ": not_json"};
      store::events_loaded found;
      if (const auto at = stored.find(x->event_id); at != stored.end()) found.events.push_back(at->second);
      return found;
    }
    if (const auto* x = std::get_if<store::load_events>(&q)) {
      store::events_loaded found;
      for (const auto& id : x->event_ids)
        if (const auto at = stored.find(id); at != stored.end()) found.events.push_back(at->second);
      return found;
    }
    if (const auto* x = std::get_if<store::find_staged>(&q)) {
      store::staged_found found;
      for (const auto& copy : staged.copies)
        if (copy.event_id == x->event_id) found.copies.push_back(copy);
      return found;
    }
    if (const auto* x = std::get_if<store::find_message>(&q)) {
      const bool is_it = x->either_id == message.chat_message_id || x->either_id == message.event_id;
      return is_it && (x->room_id.empty() || x->room_id == message.room_id) ? message : store::message_found{};
    }
    if (const auto* x = std::get_if<store::load_destination>(&q)) {
      store::destination_loaded found;
      if (const auto at = keys.find(x->server_name); at != keys.end()) found.keys = at->second;
      return found;
    }
    if (const auto* x = std::get_if<store::list_staged>(&q)) {
      if (x->origin.empty())
        return store::staged_listed{staged.copies, static_cast<std::int64_t>(staged.copies.size())};
      return staged_of_server;
    }
    if (std::holds_alternative<store::find_owed>(q)) return owed;
    if (std::holds_alternative<store::find_notification>(q)) return notification;
    if (std::holds_alternative<store::list_destinations>(q)) return destinations;
    if (std::holds_alternative<store::find_received_transaction>(q)) return transaction;
    if (std::holds_alternative<store::list_rooms>(q)) {
      store::room_summary room;
      room.room_id = "!r:here.example";
      room.chat_room_id = "GENERAL";
      return store::rooms_listed{{room}};
    }
    return fault{fault_code::internal, "not asked for in this test"};
  }

  void ask_store(store::query q, std::function<void(store::answer)> done) override { done(look_up(q)); }
  void ask_status(address who, std::function<void(std::string)> done) override {
    const auto key = to_string(who);
    statuses_asked.push_back(key);
    done(statuses.contains(key) ? statuses.at(key) : std::string{});
  }
  void list_actors(std::function<void(std::vector<actor_row>)> done) override {
    ++lists_asked;
    done(actors);
  }
  void find_actor(address who, std::function<void(std::vector<actor_row>)> done) override {
    std::vector<actor_row> found;
    for (const auto& row : actors)
      if (row.kind == causeway::name(who.kind) && row.key == who.key) found.push_back(row);
    done(found);
  }
  std::vector<alarm_row> list_alarms() override { return alarms; }
  std::vector<hop_row> find_hops(std::string_view id) override { return hops[std::string{id}]; }
  std::vector<std::string> events_of_transaction(std::string_view id) override { return transactions[std::string{id}]; }
  std::vector<peer_row> list_gateways() override {
    peer_row g;
    g.role = "gateway";
    g.peer = "inproc";
    return {g};
  }
  void trace_actor(trace_request wanted, services::traced done) override {
    wanted_trace = std::move(wanted);
    done(std::vector<traced_row>{{now, "pdu_queued", 12, "1 row", "t"}});
  }
  void commit(store::store_batch, std::function<void(status)> done) override { done(ok()); }
  void tell(address, causeway::message) override {}
  void send(edge::connection, edge::frame) override {}
  std::int64_t now_ms() override { return now; }

  json::value ask(std::string_view command, const arguments& with, bool succeeds = true) {
    admin_service service{{"here.example", "0.1.0", "ed25519:a1", "PUBLIC", "node-1"}, *this};
    json::value told;
    service.ask(edge::role::inspector, command, encode_arguments(with), [&](bool succeeded, const std::string& body) {
      BOOST_TEST(succeeded == succeeds, body);
      told = *json::parse(body);
    });
    return told;
  }
  json::value why(const std::string& name) {
    arguments with;
    with.event = name;
    return ask("why", with);
  }

  void store_event(const std::string& id, const std::string& sender, store::verdict judged = store::verdict::accepted) {
    stored[id] = {event(id, sender), judged, 0, 0, 1};
  }
  void stage_event(const std::string& id, const std::string& parents) {
    staged.copies.push_back({"!r:here.example", id, "there.example",
                             R"({"sender":"@eve:there.example","type":"m.room.message","prev_events":)" + parents +
                               R"(,"auth_events":["$create"]})",
                             now - 120'000});
  }
};

std::string text(const json::value& x, std::string_view key) {
  const auto* found = x.find_string(key);
  return found ? *found : std::string{};
}

json::value first(const json::value& x, std::string_view key) {
  const auto* rows = x.find_array(key);
  BOOST_REQUIRE(rows);
  BOOST_REQUIRE(!rows->empty());
  return rows->front();
}

hop_row hop(std::int64_t at, const std::string& stage) {
  hop_row x;
  x.at_ts = at;
  x.stage = stage;
  x.actor = "room !r:here.example";
  return x;
}

const char* const one_consumer =
  R"({"connections":[{"peer":"rocket","client":"rc/7","credit_messages":10,"credit_bytes":1000,"in_flight":3}],)"
  R"("streams":[{"acked":7,"head":12,"lag":5,"in_flight":3,"sent":10,"paused_ms":0,"peer":"rocket"}]})";

} // namespace

BOOST_AUTO_TEST_CASE(an_event_of_ours_is_shown_with_each_server_and_its_way) {
  fixture f;
  f.store_event("$e", "@ann:here.example");
  store::owed_found::debt debt;
  debt.destination.server_name = "down.example";
  debt.destination.failures = 3;
  debt.destination.first_failure_ts = now - 300'000;
  debt.destination.retry_at_ts = now + 40'000;
  debt.destination.last_fault = "peer_unreachable: Connection refused";
  debt.first_event_id = "$e";
  f.owed.debts.push_back(debt);
  f.owed.servers = 1;
  auto acknowledged = hop(now - 100, "acknowledged");
  acknowledged.server = "up.example";
  f.hops["$e"] = {hop(now - 300, "edge_in"), hop(now - 200, "judged"), acknowledged};

  const auto told = f.why("$e");
  BOOST_TEST(text(told, "direction") == "out");
  BOOST_TEST(text(told, "cause") == "server_down");
  BOOST_TEST(text(told, "command") == "causeway server probe down.example");
  BOOST_TEST(*told.find_array("servers")->at(0).find_string("state") == "queued");
  BOOST_TEST(*told.find_array("servers")->at(0).find_string("phase") == "TCP");
  BOOST_TEST(*told.find_array("servers")->at(1).find_string("state") == "delivered");
  BOOST_TEST(*told.find_array("hops")->at(1).find_integer("since_previous_ms") == 100);
  BOOST_TEST(*told.find_array("hops")->at(1).find_string("node") == "node-1");
  BOOST_TEST(*told.find_object("event")->find("chat_room_id")->as_string() == "GENERAL");
}

BOOST_AUTO_TEST_CASE(the_phase_of_the_last_attempt_is_that_which_the_gateway_has_seen) {
  fixture f;
  f.store_event("$e", "@ann:here.example");
  store::owed_found::debt debt;
  debt.destination.server_name = "slow.example";
  debt.destination.failures = 1;
  debt.destination.transaction_pdus = {"$e"};
  debt.destination.last_fault = "peer_unreachable: Connection timed out";
  f.owed.debts.push_back(debt);
  f.owed.servers = 1;
  auto failed = hop(now, "failed");
  failed.server = "slow.example";
  failed.phase = "TLS";
  failed.answer = debt.destination.last_fault;
  f.hops["$e"] = {failed};
  BOOST_TEST(text(first(f.why("$e"), "servers"), "phase") == "TLS");
}

BOOST_AUTO_TEST_CASE(a_message_is_found_by_the_name_the_chat_server_gave_it_with_and_without_its_room) {
  fixture f;
  f.store_event("$e", "@ann:here.example");
  f.message = {"m1", "$e", "!r:here.example"};
  BOOST_TEST(*f.why("m1").find_object("event")->find("event_id")->as_string() == "$e");
  arguments with;
  with.event = "m1";
  with.room = "GENERAL";
  BOOST_TEST(*f.ask("why", with).find_object("event")->find("chat_message_id")->as_string() == "m1");
}

BOOST_AUTO_TEST_CASE(a_transaction_leads_to_its_events_by_hops_by_the_row_of_ours_and_by_our_answer_to_theirs) {
  fixture f;
  f.store_event("$a", "@ann:here.example");
  f.transactions["t1"] = {"$a", "$b"};
  auto told = f.why("t1");
  BOOST_TEST(*told.find_object("event")->find("event_id")->as_string() == "$a");
  BOOST_TEST(*told.find_array("others")->at(0).as_string() == "$b");

  store::destination_summary under_way;
  under_way.destination.transaction_id = "ours-2";
  under_way.destination.transaction_pdus = {"$a"};
  f.destinations.destinations.push_back(under_way);
  BOOST_TEST(*f.why("ours-2").find_object("event")->find("event_id")->as_string() == "$a");

  f.transaction.response = R"({"pdus":{"$a":{}}})";
  arguments with;
  with.event = "theirs";
  with.server = "there.example";
  BOOST_TEST(*f.ask("why", with).find_object("event")->find("event_id")->as_string() == "$a");
}

BOOST_AUTO_TEST_CASE(a_staged_event_names_the_events_that_are_not_stored) {
  fixture f;
  f.stage_event("$in", R"(["$known","$gone"])");
  f.store_event("$known", "@eve:there.example");
  f.store_event("$create", "@ann:here.example");
  f.actors = {{"room", "!r:here.example", "running", 0, 0, 0, 0, ""}};
  f.statuses[to_string(address{actor_kind::room, "!r:here.example"})] =
    R"({"under_way":[{"event_id":"$in","phase":"closing_gap"}],)"
    R"("gaps":[{"event_id":"$in","server":"","rounds":2,"attempts":3,"retry_ts":1700000040000,"answers":[)"
    R"({"server":"there.example","question":"what leads to it","answer":"no such event","ts":1699999990000}]}]})";
  const auto told = f.why("$in");
  BOOST_TEST(text(told, "direction") == "in");
  BOOST_TEST(text(told, "cause") == "waiting_for_parents");
  BOOST_TEST(told.find_array("waits_for_events")->size() == 1u);
  BOOST_TEST(*told.find_array("waits_for_events")->at(0).as_string() == "$gone");
  BOOST_TEST(*first(told, "arrivals").find_integer("rounds") == 2);
  BOOST_TEST(*first(told, "arrivals").find_integer("attempts") == 3);
  BOOST_TEST(text(first(told, "answers"), "answer") == "no such event");
  BOOST_TEST(text(told, "because")
               .find("asked 10 s ago for what leads to it, there.example answered: no such event; it is "
                     "asked for again in 40 s") != std::string::npos);
  // And the one that is missing leads here.
  const auto missing = f.why("$gone");
  BOOST_TEST(text(missing, "cause") == "missing_here");
  BOOST_TEST(text(missing, "command") == "causeway why '$in'");
}

BOOST_AUTO_TEST_CASE(an_event_id_that_a_shell_has_eaten_the_begin_of_is_answered_with_a_hint) {
  fixture f;
  arguments with;
  with.event = "MlqSfciYw3vJ0q-9dF8s7hGk2lPz_x4c6v8b";
  BOOST_TEST(text(f.ask("why", with, false), "message").find("single quotes") != std::string::npos);
  with.event = "m17";
  BOOST_TEST(text(f.ask("why", with, false), "message").find("quotes") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_key_a_staged_event_is_signed_with_is_told_beside_those_that_its_server_publishes) {
  fixture f;
  f.staged.copies.push_back({"!r:here.example", "$in", "there.example",
                             R"({"sender":"@eve:there.example","type":"m.room.message","prev_events":[],)"
                             R"("signatures":{"there.example":{"ed25519:new":"x"}}})",
                             now - 120'000});
  f.keys["there.example"].keys = {{"ed25519:test", {"AAAA", now + 1'000'000, false}},
                                  {"ed25519:former", {"BBBB", 5, true}}};
  f.actors = {{"room", "!r:here.example", "running", 0, 0, 0, 0, ""}};
  // While the room verifies it once more it waits for the key all the same.
  f.hops["$in"] = {hop(now - 100, "room_received"), hop(now, "waiting_for_key")};
  f.statuses[to_string(address{actor_kind::room, "!r:here.example"})] =
    R"({"under_way":[{"event_id":"$in","phase":"verifying","give_up_ts":1700003600000}]})";
  f.statuses[to_string(address{actor_kind::remote_server, "there.example"})] =
    R"({"keys_fault":"","keys_asked_ts":1699999980000,"keys_asked_again_ts":1700000040000})";
  const auto told = f.why("$in");
  BOOST_TEST(text(told, "cause") == "key_missing");
  const auto row = first(told, "arrivals");
  BOOST_TEST(text(row, "key_ids") == "ed25519:new");
  BOOST_TEST(text(row, "keys_known") == "ed25519:test");
  BOOST_TEST(text(row, "key_fault") == "there.example publishes only ed25519:test");
  BOOST_TEST(*row.find_integer("retry_ts") == now + 40'000);
  BOOST_TEST(*row.find_integer("give_up_ts") == now + 3'600'000);
  BOOST_TEST(text(told, "because")
               .find("signed with ed25519:new, and there.example publishes only ed25519:test (asked 20 "
                     "s ago)") != std::string::npos);
  // The keys of the server say so too.
  f.staged_of_server = {f.staged.copies, 1};
  arguments with;
  with.server = "there.example";
  const auto keys = f.ask("keys", with);
  BOOST_TEST_REQUIRE(keys.find_array("waited_for")->size() == 1u);
  BOOST_TEST(*keys.find_array("waited_for")->at(0).as_string() == "ed25519:new");
  BOOST_TEST(*keys.find_integer("asked_again_ts") == now + 40'000);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_missing_is_asked_about_at_its_server) {
  fixture f;
  f.stage_event("$in", "[]");
  f.store_event("$create", "@ann:here.example");
  f.hops["$in"] = {hop(now - 100, "room_received"), hop(now, "waiting_for_key")};
  f.statuses[to_string(address{actor_kind::remote_server, "there.example"})] =
    R"({"keys_fault":"peer_unreachable: Connection refused"})";
  const auto told = f.why("$in");
  BOOST_TEST(text(told, "cause") == "key_missing");
  BOOST_TEST(text(first(told, "arrivals"), "key_fault") == "peer_unreachable: Connection refused");
}

BOOST_AUTO_TEST_CASE(a_notification_that_was_sent_waits_for_the_acknowledgement) {
  fixture f;
  f.store_event("$in", "@eve:there.example");
  f.notification.streams = {{0, 12, 7}};
  f.notification.stream = 0;
  f.notification.cursor = 9;
  f.notification.name = "message.received";
  f.statuses[to_string(address{actor_kind::session, ""})] = one_consumer;
  BOOST_TEST(text(f.why("$in"), "cause") == "not_acknowledged");
  f.notification.cursor = 12; // not sent yet, and there is credit
  BOOST_TEST(text(f.why("$in"), "cause") == "waiting_in_queue");
  f.notification.stream.reset();
  BOOST_TEST(text(f.why("$in"), "cause") == "way_not_kept"); // nothing waits any more
}

BOOST_AUTO_TEST_CASE(a_server_is_shown_with_the_key_that_its_staged_event_waits_for) {
  fixture f;
  f.destinations.destinations.emplace_back().destination.server_name = "there.example";
  f.staged_of_server = {{{"!r:here.example", "$e", "there.example",
                          R"({"sender":"@b:there.example","signatures":{"there.example":{"ed25519:a":"x"}}})", 5}},
                        1};
  f.statuses[to_string(address{actor_kind::remote_server, "there.example"})] = R"({"keys_fault":"HTTP 404"})";
  f.hops["$e"] = {hop(now, "room_received"), hop(now, "waiting_for_key")};
  arguments with;
  with.server = "there.example";
  BOOST_TEST(
    text(first(f.ask("server.show", with), "staged"), "waits_for") ==
    "the key of there.example: signed with ed25519:a, and the keys of there.example could not be had: HTTP 404");
  // It brought another server's event: why that one's key is missing its actor would know.
  f.staged_of_server.staged[0].pdu =
    R"({"sender":"@b:other.example","signatures":{"other.example":{"ed25519:b":"x"}}})";
  f.keys["other.example"].keys = {{"ed25519:o", {"AAAA", now + 1'000'000, false}}};
  BOOST_TEST(text(first(f.ask("server.show", with), "staged"), "waits_for") ==
             "the key of other.example: signed with ed25519:b, and other.example publishes only ed25519:o");
}

BOOST_AUTO_TEST_CASE(a_parked_room_is_not_asked_and_is_the_cause) {
  fixture f;
  f.stage_event("$in", R"(["$gone"])");
  f.actors = {{"room", "!r:here.example", "parked", 0, 0, 3, 5, "store_failed: malformed"},
              {"room", "!other:here.example", "parked", 0, 0, 3, 5, "not this one"}};
  const auto told = f.why("$in");
  BOOST_TEST(text(told, "cause") == "actor_parked");
  BOOST_TEST(told.find_array("parked")->size() == 1u);
  for (const auto& who : f.statuses_asked) BOOST_TEST(who.find("!r:here.example") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_event_that_nobody_knows_is_not_found_unless_a_parked_room_may_keep_it) {
  const std::string nobody = "$" + std::string(43, 'n');
  fixture f;
  arguments with;
  with.event = nobody;
  BOOST_TEST(text(f.ask("why", with, false), "code") == "not_found");
  f.actors = {{"room", "!r:here.example", "parked", 0, 0, 0, 5, "store_failed: malformed"}};
  const auto told = f.ask("why", with);
  BOOST_TEST(text(told, "cause") == "perhaps_parked");
  BOOST_TEST(text(told, "because").find("Perhaps it belongs to room !r:here.example, which stores") !=
             std::string::npos);
  with.room = "!r:here.example";
  BOOST_TEST(text(f.ask("why", with), "cause") == "perhaps_parked");
  with.room.clear();
  for (const char* name : {"$thisisnotanevent", "!r:here.example", "m17", "$", "$:here.example"}) {
    with.event = name;
    BOOST_TEST(text(f.ask("why", with, false), "code") == "not_found", name);
  }
  with.event = "$old:here.example"; // of room versions 1 and 2
  BOOST_TEST(text(f.ask("why", with), "cause") == "perhaps_parked");
}

BOOST_AUTO_TEST_CASE(of_what_came_while_the_store_does_not_write_that_is_told) {
  fixture f;
  f.alarms = {{"store", "database or disk is full (SQLite 13)", now - 5'000, 1}};
  arguments with;
  with.event = "m1"; // the chat server's id of a message that was refused
  const auto told = f.ask("why", with);
  BOOST_TEST(text(told, "cause") == "store_not_writing");
  BOOST_TEST(text(told, "because").find("disk is full") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stored_event_whose_row_cannot_be_read_is_damaged_and_names_the_room_that_failed_of_it) {
  fixture f;
  f.damaged = "$create";
  f.actors = {{"room", "!other:here.example", "parked", 0, 0, 3, 5, "store_failed: malformed"},
              {"room", "!r:here.example", "parked", 0, 0, 3, 5, "the store cannot load it: stored event $create"}};
  const auto told = f.why("$create");
  BOOST_TEST(text(told, "cause") == "damaged");
  BOOST_TEST(text(told, "because").find("stored event $create: not_json") != std::string::npos);
  BOOST_TEST(told.find_array("parked")->size() == 1u);
  BOOST_TEST(*told.find_object("event")->find("room_id")->as_string() == "!r:here.example");
  BOOST_TEST(text(told, "command") == "causeway actor show room '!r:here.example'");
}

BOOST_AUTO_TEST_CASE(a_parked_room_is_not_the_cause_of_what_has_passed_it) {
  fixture f;
  f.store_event("$e", "@ann:here.example");
  f.actors = {{"room", "!r:here.example", "parked", 0, 0, 3, 5, "store_failed: malformed"}};
  BOOST_TEST(text(f.why("$e"), "cause") == "way_not_kept");
}

BOOST_AUTO_TEST_CASE(an_event_that_has_only_been_seen_is_told_by_its_hops) {
  fixture f;
  f.hops["$new"] = {hop(now - 50, "room_received"), hop(now, "verified")};
  const auto told = f.why("$new");
  BOOST_TEST(text(told, "direction") == "in");
  BOOST_TEST(*told.find_object("event")->find("room_id")->as_string() == "!r:here.example");
}

BOOST_AUTO_TEST_CASE(a_way_that_is_too_long_is_shown_from_both_ends) {
  fixture f;
  f.store_event("$e", "@ann:here.example");
  for (std::int64_t i = 0; i < 10; ++i) f.hops["$e"].push_back(hop(now + i, "sent"));
  arguments with;
  with.event = "$e";
  with.limit = 4;
  const auto told = f.ask("why", with);
  BOOST_TEST(told.find_array("hops")->size() == 4u);
  BOOST_TEST(*told.find_integer("hops_total") == 10);
  BOOST_TEST(*told.find_array("hops")->at(3).find_integer("at_ts") == now + 9);
}

BOOST_AUTO_TEST_CASE(edge_and_streams_tell_who_is_behind_and_why) {
  fixture f;
  f.statuses[to_string(address{actor_kind::session, ""})] = one_consumer;
  const auto edge = f.ask("edge", {});
  BOOST_TEST(text(first(edge, "peers"), "version") == "rc/7");
  BOOST_TEST(text(first(edge, "peers"), "streams") == "0 (5)");
  BOOST_TEST(*first(edge, "peers").find_integer("lag") == 5);
  BOOST_TEST(text(edge.find_array("peers")->at(1), "role") == "gateway");
  const auto streams = f.ask("streams", {});
  BOOST_TEST(text(first(streams, "streams"), "waits_for") ==
             "5 notifications wait: rocket has not acknowledged 3 that it has.");
  std::string late = one_consumer;
  late.replace(late.find(R"("acked")"), 0, R"("unacknowledged_ms":48000,)");
  f.statuses[to_string(address{actor_kind::session, ""})] = late;
  const auto stream = first(f.ask("streams", {}), "streams");
  BOOST_TEST(*stream.find_integer("unacknowledged_since_ts") == now - 48'000);
  BOOST_TEST(text(stream, "waits_for")
               .starts_with("5 notifications wait: rocket has not acknowledged 3 that it has, the oldest for 48 s. "
                            "It is to acknowledge or"));
  const auto peer = first(f.ask("edge", {}), "peers");
  BOOST_TEST(*peer.find_integer("unacknowledged_since_ts") == now - 48'000);
  BOOST_TEST(text(peer, "waits_for").starts_with("It has not acknowledged 3 that it has, the oldest for 48 s."));
}

BOOST_AUTO_TEST_CASE(an_actor_is_shown_and_traced_and_one_that_is_not_in_memory_is_not_made) {
  fixture f;
  f.actors = {{"room", "!r:here.example", "running", 0, 7, 0, 0, ""}};
  f.statuses[to_string(address{actor_kind::room, "!r:here.example"})] = R"({"phase":"joined"})";
  arguments with;
  with.kind = "room";
  with.key = "!r:here.example";
  with.count = 5;
  with.seconds = 3;
  with.every = 7;
  f.actors[0].phase = "parked";
  const auto parked = f.ask("actor.show", with);
  BOOST_TEST(parked.find_array("waits_for")->size() == 3u);
  BOOST_TEST(f.statuses_asked.empty()); // it would not answer
  f.actors[0].phase = "running";
  BOOST_TEST(*f.ask("actor.show", with).find_object("says")->find("phase")->as_string() == "joined");
  BOOST_TEST(text(first(f.ask("actor.trace", with), "messages"), "message") == "pdu_queued");
  BOOST_TEST(f.lists_asked == 0); // there may be a hundred thousand
  BOOST_TEST(f.wanted_trace.count == 5u);
  BOOST_TEST(f.wanted_trace.seconds == 3);
  BOOST_TEST(f.wanted_trace.every == 7u);
  with.every = 0;
  BOOST_TEST(text(f.ask("actor.trace", with, false), "code") == "invalid_param");
  with.every = 1;
  with.key = "!none:here.example";
  BOOST_TEST(text(f.ask("actor.show", with, false), "code") == "not_found");
  with.kind = "nothing";
  BOOST_TEST(text(f.ask("actor.trace", with, false), "code") == "invalid_param");
}

BOOST_AUTO_TEST_SUITE_END()
