#include "plugin/admin/why.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace causeway;
using namespace causeway::admin;

BOOST_AUTO_TEST_SUITE(why_an_event_is_late)

namespace {

constexpr std::int64_t now = 1'700'000'000'000;
constexpr std::int64_t s = 1'000, min = 60 * s;

why::facts out() {
  why::facts x;
  x.way = why::direction::out;
  x.event_id = "$e";
  x.room_id = "!r:here.example";
  x.sender = "@ann:here.example";
  x.verdict = "accepted";
  return x;
}

why::facts in() {
  auto x = out();
  x.way = why::direction::in;
  x.sender = "@eve:there.example";
  x.chat = {true, 1, true};
  return x;
}

/// One server that the event is owed to, after three attempts that failed since five minutes.
event_server_row owed(const std::string& fault, const std::string& phase) {
  event_server_row x;
  x.server_name = "there.example";
  x.state = "queued";
  x.attempts = 3;
  x.first_failure_ts = now - 5 * min;
  x.retry_at_ts = now + 40 * s;
  x.last_fault = fault;
  x.phase = phase;
  x.first_event_id = "$e";
  return x;
}

why::facts out_to(event_server_row x) {
  auto f = out();
  f.owed = 1;
  f.servers.push_back(std::move(x));
  return f;
}

why::facts staged(const std::string& phase) {
  auto x = in();
  x.verdict.clear();
  arrival_row a;
  a.origin = "there.example";
  a.received_ts = now - 2 * min;
  a.phase = phase;
  a.key_server = phase == "waiting_for_keys" ? "there.example" : "";
  x.arrivals.push_back(a);
  return x;
}

why::facts told(const std::string& state) {
  auto x = in();
  notification_row n;
  n.state = state;
  n.stream = 0;
  n.cursor = 12;
  n.acknowledged = 7;
  n.head = 20;
  n.in_flight = state == "sent" ? 5 : 0;
  n.peer = "rocket";
  x.notification = n;
  return x;
}

hop_row hop(const std::string& stage, std::int64_t at, const std::string& actor = "room !r:here.example") {
  hop_row h;
  h.stage = stage;
  h.at_ts = at;
  h.actor = actor;
  return h;
}

std::string because(const why::facts& x) { return why::diagnose(x, now).because; }
std::string command(const why::facts& x) { return why::diagnose(x, now).command; }
std::string cause(const why::facts& x) { return std::string{why::name(why::diagnose(x, now).what)}; }

} // namespace

// -- what stops everything --------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_store_that_does_not_write_comes_before_all_else) {
  auto x = out_to(owed("peer_unreachable: refused", "TCP"));
  x.alarms.push_back({"store", "disk full.", now - 3 * min, 1});
  BOOST_TEST(cause(x) == "store_not_writing");
  BOOST_TEST(because(x) ==
             "The store has not written for 3 min, and nothing is sent or told before it is on disk: disk full.");
  BOOST_TEST(command(x) == "causeway status");
}

BOOST_AUTO_TEST_CASE(a_wrong_clock_stops_what_is_to_be_signed_and_nothing_else) {
  auto x = out_to(owed("", ""));
  x.alarms.push_back({"clock", "an hour ahead", now - min, 1});
  BOOST_TEST(cause(x) == "clock_wrong");
  auto y = told("sent");
  y.alarms = x.alarms;
  BOOST_TEST(cause(y) == "not_acknowledged");
}

BOOST_AUTO_TEST_CASE(a_parked_actor_is_named_with_what_it_failed_of) {
  auto x = staged("");
  x.parked.push_back({"room", "!r:here.example", "parked", 0, 0, 3, 5, "store_failed: malformed row"});
  BOOST_TEST(cause(x) == "actor_parked");
  x.parked[0].mailbox = 3;
  x.parked[0].retry_at_ts = now + 12 * s;
  x.supervision = {90, 500};
  BOOST_TEST(
    because(x) ==
    "It waits, for the actor room !r:here.example is parked: it failed 5 times, last because of: store_failed: "
    "malformed row. It is tried again by itself in 12 s (supervisor.restart_window_s is 90). "
    "Until then commands for it "
    "are refused, and what else it is told is kept, unread: 3 of at most 500 messages (supervisor.parked_input_max).");
  BOOST_TEST(command(x) == "causeway actor show room '!r:here.example'");
  x.parked[0] = {"session", "", "parked", 0, 0, 3, 5, "store_failed"};
  BOOST_TEST(command(x) == "causeway actor show session");
}

BOOST_AUTO_TEST_CASE(an_event_that_nobody_knows_may_be_kept_by_a_parked_room_and_that_is_not_certain) {
  why::facts x;
  x.is_known = false;
  x.parked.push_back({"room", "!r:here.example", "parked", 0, 0, 3, 5, "store_damaged: stored event $e"});
  BOOST_TEST(cause(x) == "perhaps_parked");
  BOOST_TEST(because(x).starts_with("It is not known here: it is not stored and was not seen, so its room is not known "
                                    "either. Perhaps it belongs to room !r:here.example, which stores nothing"));
  BOOST_TEST(because(x).find(" other room") == std::string::npos);
  x.parked.push_back({"room", "!s:here.example", "parked", 0, 0, 1, 5, ""});
  BOOST_TEST(because(x).find("; 1 other room is parked too.") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stored_event_that_cannot_be_read_is_damaged) {
  auto x = out_to(owed("", ""));
  x.damage = "store_damaged: stored event $e: not_json";
  BOOST_TEST(cause(x) == "damaged");
  BOOST_TEST(because(x) ==
             "It is stored, but its row is damaged and cannot be read: store_damaged: stored event $e: not_json.");
  x.parked.push_back({"room", "!r:here.example", "parked", 0, 0, 0, 5, x.damage});
  BOOST_TEST(because(x).ends_with(" The actor room !r:here.example is parked because of it."));
  BOOST_TEST(command(x) == "causeway actor show room '!r:here.example'");
}

// -- in ---------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_rejected_event_is_not_told) {
  auto x = in();
  x.verdict = "rejected";
  x.hops = {hop("judged", now)};
  x.hops[0].answer = "rejected: sender is not in the room";
  BOOST_TEST(cause(x) == "rejected");
  BOOST_TEST(because(x) ==
             "It is here and was rejected by the rules of the room, so the chat server is not told of it: "
             "rejected: sender is not in the room.");
  x.verdict = "soft_failed";
  BOOST_TEST(because(x).find("soft-failed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_key_is_named_by_its_id_with_why_it_cannot_be_had) {
  auto x = staged("waiting_for_keys");
  x.key.signer = {"there.example", {"ed25519:new"}};
  x.key.known = {{"ed25519:test"}, now - 20 * s, now + 40 * s, "peer_unreachable: Connection refused."};
  BOOST_TEST(cause(x) == "key_missing");
  BOOST_TEST(because(x) == "It has waited for 2 min for a key of there.example: it is signed with ed25519:new, and the "
                           "keys of there.example could not be had: peer_unreachable: Connection refused (known of it: "
                           "ed25519:test).");
  BOOST_TEST(command(x) == "causeway server probe there.example");
}

BOOST_AUTO_TEST_CASE(a_key_that_its_server_does_not_publish_is_told_with_those_it_publishes_and_what_comes) {
  auto x = staged("waiting_for_keys");
  x.key.signer = {"there.example", {"ed25519:new"}};
  x.key.known = {{"ed25519:test"}, now - 20 * s, now + 40 * s, ""};
  x.arrivals[0].retry_ts = now + 40 * s;
  x.arrivals[0].give_up_ts = now + 1'438 * min;
  BOOST_TEST(because(x) ==
             "It has waited for 2 min for a key of there.example: it is signed with ed25519:new, and "
             "there.example publishes only ed25519:test (asked 20 s ago); the key is asked for again in "
             "40 s, and the event is given up in 23 h 58 min at the latest. Only the operator of there.example "
             "can mend "
             "that: it has to publish the key it signs with.");
  BOOST_TEST(command(x) == "causeway server show there.example");
}

BOOST_AUTO_TEST_CASE(a_server_whose_keys_are_not_known_and_one_that_has_not_signed) {
  const event_signer signer{"there.example", {"ed25519:a", "ed25519:b", "ed25519:c", "ed25519:d"}};
  BOOST_TEST(key_in_words(signer, {}, now) == "signed with ed25519:a, ed25519:b, ed25519:c and 1 more, and no key of "
                                              "there.example is known");
  BOOST_TEST(
    key_in_words({"there.example", {}}, {{"ed25519:a"}, 0, 0, "HTTP 404"}, now) ==
    "it bears no signature of there.example, and the keys of there.example could not be had: HTTP 404 (known of "
    "it: ed25519:a)");
}

BOOST_AUTO_TEST_CASE(signers_are_the_senders_server_and_who_let_a_join_in) {
  const auto pdu = matrix::json::parse(
    R"({"sender":"@b:there.example","content":{"join_authorised_via_users_server":"@c:third.example"},)"
    R"("signatures":{"there.example":{"ed25519:new":"x"},"other.example":{"ed25519:o":"y"}}})");
  const auto signers = signers_of(*pdu);
  BOOST_TEST_REQUIRE(signers.size() == 2u);
  BOOST_TEST(signers[0].server == "there.example");
  BOOST_TEST(signers[0].key_ids == std::vector<std::string>{"ed25519:new"}, boost::test_tools::per_element());
  BOOST_TEST(signers[1].server == "third.example");
  BOOST_TEST(signers[1].key_ids.empty());
}

BOOST_AUTO_TEST_CASE(a_policy_server_that_does_not_answer) {
  BOOST_TEST(cause(staged("asking_policy_server")) == "policy_server");
}

BOOST_AUTO_TEST_CASE(missing_parents_are_named_with_whom_they_are_asked_of) {
  auto x = staged("closing_gap");
  x.missing = {"$p"};
  BOOST_TEST(cause(x) == "waiting_for_parents");
  BOOST_TEST(because(x) == "It came from there.example and has waited for 2 min for an event that it cites and that we "
                           "do not have ($p); there.example is asked for it again and again.");
  x.missing = {"$p", "$q"};
  x.arrivals[0].asked = "other.example";
  x.arrivals[0].attempts = 4;
  BOOST_TEST(because(x) == "It came from there.example and has waited for 2 min for 2 events that it cites and that we "
                           "do not have ($p, ...); other.example is asked for them now, attempt 4.");
  BOOST_TEST(command(x) == "causeway room show '!r:here.example'");
}

BOOST_AUTO_TEST_CASE(what_was_answered_about_a_missing_parent_is_told_with_what_comes) {
  auto x = staged("closing_gap");
  x.missing = {"$p"};
  x.answers = {{"old.example", "an event it rests on", "long ago", now - 90 * s},
               {"there.example", "what leads to it", "the server had nothing to add", now - 20 * s},
               {"there.example", "the state before it", "peer_refused: M_NOT_FOUND", now - 19 * s}};
  x.arrivals[0].retry_ts = now + 40 * s;
  x.arrivals[0].give_up_ts = now + 1'438 * min;
  BOOST_TEST(
    because(x) ==
    "It came from there.example and has waited for 2 min for an event that it cites and that we do not have "
    "($p); asked 20 s ago for what leads to it, there.example answered: the server had nothing to add; asked 19 s "
    "ago for the state before it, there.example answered: peer_refused: M_NOT_FOUND; it is asked for again in "
    "40 s, and the event is given up in 23 h 58 min at the latest.");
}

BOOST_AUTO_TEST_CASE(an_event_that_is_not_here_is_told_with_what_waits_for_it) {
  auto x = in();
  x.verdict.clear();
  x.is_known = false;
  x.cited_in = {{"!r:here.example", "$child", "there.example", "{}", now - 4 * min},
                {"!r:here.example", "$other", "there.example", "{}", now}};
  BOOST_TEST(cause(x) == "missing_here");
  BOOST_TEST(because(x) == "It is not here, and $child waits for it, which cites it and came from there.example 4 min "
                           "ago, and with it 1 other event.");
  BOOST_TEST(command(x) == "causeway why '$child'");
}

BOOST_AUTO_TEST_CASE(what_is_staged_and_lacks_nothing_has_its_turn) {
  BOOST_TEST(cause(staged("gathering")) == "being_handled");
}

// -- the chat server --------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_notification_that_the_chat_server_has_refused) {
  auto x = told("refused");
  x.notification->reason = "no such room";
  BOOST_TEST(cause(x) == "chat_refused");
  BOOST_TEST(because(x) == "The chat server has refused its notification for good: no such room.");
  BOOST_TEST(command(x) == "causeway dead-letters ls");
}

BOOST_AUTO_TEST_CASE(no_chat_server_is_connected) {
  auto x = told("waiting");
  x.chat = {true, 0, false};
  x.notification->peer.clear();
  BOOST_TEST(cause(x) == "no_chat_server");
  BOOST_TEST(because(x) ==
             "It is notification 12 of stream 0, which is acknowledged up to 7, and no chat server is connected.");
  x.chat.connected = 1;
  BOOST_TEST(because(x).ends_with("no chat server takes that stream."));
  BOOST_TEST(command(x) == "causeway edge");
}

BOOST_AUTO_TEST_CASE(a_consumer_that_does_not_acknowledge) {
  auto x = told("sent");
  x.hops.clear();
  BOOST_TEST(cause(x) == "not_acknowledged");
  BOOST_TEST(because(x) ==
             "The chat server rocket got it and does not acknowledge it: what is wrong is there, see its log. 5 "
             "notifications are in flight to it without an acknowledgement.");
  BOOST_TEST(command(x) == "causeway edge");
  x.hops = {hop("notified", now - 48 * s)};
  x.notification->unacknowledged_ms = 4 * min;
  BOOST_TEST(because(x).starts_with("The chat server rocket got it 48 s ago and does not acknowledge it"));
  BOOST_TEST(because(x).ends_with("without an acknowledgement, the oldest for 4 min."));
}

BOOST_AUTO_TEST_CASE(a_consumer_without_credit) {
  auto x = told("waiting");
  x.chat.has_credit = false;
  x.notification->in_flight = 1;
  BOOST_TEST(cause(x) == "no_credit");
  BOOST_TEST(because(x) ==
             "It is notification 12 of stream 0, which is acknowledged up to 7; rocket has given no credit "
             "for more, with 1 notification of the stream in flight that it does not acknowledge.");
}

BOOST_AUTO_TEST_CASE(a_consumer_that_gives_too_little_credit_from_the_start) {
  auto x = told("waiting");
  x.chat.has_credit = false;
  x.chat.credit_messages = 1;
  x.chat.credit_bytes = 100;
  x.notification->in_flight = 0;
  BOOST_TEST(cause(x) == "no_credit");
  BOOST_TEST(
    because(x).ends_with("rocket lets us send 1 notification of at most 100 bytes, which is too little, and has "
                         "nothing to acknowledge: it is to give more credit, see its settings."));
}

BOOST_AUTO_TEST_CASE(a_stream_that_pauses_after_a_nack) {
  auto x = told("waiting");
  x.notification->paused_ms = 30 * s;
  BOOST_TEST(cause(x) == "stream_paused");
  BOOST_TEST(because(x).ends_with("the chat server has refused one before it, which it gets again in 30 s."));
}

BOOST_AUTO_TEST_CASE(a_notification_behind_others) { BOOST_TEST(cause(told("waiting")) == "waiting_in_queue"); }

// -- out --------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_server_that_we_do_not_federate_with) {
  auto x = owed("", "");
  x.excluded = "federation.enabled is false";
  BOOST_TEST(cause(out_to(x)) == "federation_off");
  BOOST_TEST(because(out_to(x)) ==
             "Nothing is sent to there.example: federation.enabled is false; it waits until that ends.");
}

BOOST_AUTO_TEST_CASE(a_server_that_the_operator_has_paused) {
  auto x = owed("", "");
  x.attempts = 0;
  x.paused_since_ts = now - 10 * min;
  BOOST_TEST(cause(out_to(x)) == "server_paused");
  BOOST_TEST(because(out_to(x)) ==
             "The operator has paused there.example 10 min ago, and nothing is sent there until that is ended.");
  BOOST_TEST(command(out_to(x)) == "causeway server resume there.example --reason '...'");
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_somebody_elses_to_mend) {
  const auto x = out_to(owed("peer_tls: SSL certificate problem: certificate has expired", "TLS"));
  BOOST_TEST(cause(x) == "certificate_expired");
  BOOST_TEST(because(x) ==
             "The certificate of there.example has expired, which only its operator can mend: 3 attempts "
             "failed in the last 5 min, the last in the TLS handshake (peer_tls: SSL certificate problem: "
             "certificate has expired); the next is made in 40 s.");
  BOOST_TEST(command(x) == "causeway server probe there.example");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_down_by_the_phase_that_failed) {
  const std::pair<const char*, const char*> phases[] = {{"well-known", "server discovery (well-known)"},
                                                        {"DNS", "name lookup (DNS)"},
                                                        {"TCP", "connecting (TCP)"},
                                                        {"TLS", "the TLS handshake"},
                                                        {"HTTP", "the HTTP answer"},
                                                        {"body", "reading the answer"}};
  for (const auto& [phase, words] : phases) {
    const auto x = out_to(owed("why", phase));
    BOOST_TEST(cause(x) == "server_down");
    BOOST_TEST(because(x) == "there.example cannot be reached: 3 attempts failed in the last 5 min, the last in " +
                               std::string{words} + " (why); the next is made in 40 s.");
    BOOST_TEST(command(x) == "causeway server probe there.example");
  }
}

BOOST_AUTO_TEST_CASE(a_server_that_limits_how_much_it_takes) {
  const auto x = out_to(owed("HTTP 429 {\"errcode\":\"M_LIMIT_EXCEEDED\"}", "HTTP"));
  BOOST_TEST(because(x).starts_with("there.example limits how much it takes, and we keep the pause it asks for: "));
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_take_our_signature) {
  const auto x = out_to(owed("HTTP 401 {\"errcode\":\"M_UNAUTHORIZED\"}", "signature"));
  BOOST_TEST(cause(x) == "server_refuses_us");
  BOOST_TEST(because(x).starts_with("there.example does not take our signature: 3 attempts failed"));
  BOOST_TEST(command(x) == "causeway keys");
}

BOOST_AUTO_TEST_CASE(an_event_that_is_refused_holds_up_those_behind_it) {
  auto first = owed("HTTP 403 {\"errcode\":\"M_FORBIDDEN\"}", "HTTP");
  BOOST_TEST(cause(out_to(first)) == "server_refuses_us"); // it is this one
  first.first_event_id = "$other";
  BOOST_TEST(cause(out_to(first)) == "refused_event_blocks");
  BOOST_TEST(because(out_to(first)).find("($other, HTTP 403") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_transaction_that_is_not_answered) {
  auto x = owed("", "");
  x.state = "in_flight";
  x.attempts = 0;
  x.first_failure_ts = 0;
  x.transaction = "b-1";
  x.sent_ts = now - 4 * s;
  BOOST_TEST(cause(out_to(x)) == "waiting_for_answer");
  BOOST_TEST(because(out_to(x)) == "there.example got it in transaction b-1 4.0 s ago and has not answered.");
}

BOOST_AUTO_TEST_CASE(an_event_behind_others_of_its_server) {
  auto x = owed("", "");
  x.attempts = 0;
  x.first_failure_ts = 0;
  x.before = 70;
  BOOST_TEST(cause(out_to(x)) == "waiting_in_queue");
  BOOST_TEST(because(out_to(x)) == "It waits in the queue of there.example behind 70 events.");
}

BOOST_AUTO_TEST_CASE(of_several_servers_the_one_that_fails_longest_is_named_and_the_others_are_counted) {
  auto x = out_to(owed("peer_unreachable: refused", "TCP"));
  x.servers.push_back(owed("peer_unresolvable: unknown", "DNS"));
  x.servers[1].server_name = "older.example";
  x.servers[1].first_failure_ts = now - 60 * min;
  x.owed = 40;
  BOOST_TEST(because(x).starts_with("older.example cannot be reached: "));
  BOOST_TEST(because(x).ends_with(", and 39 more servers have still to get it."));
}

BOOST_AUTO_TEST_CASE(a_server_that_refuses_this_event_alone) {
  auto x = owed("HTTP 400 {\"errcode\":\"M_BAD_JSON\"}", "HTTP");
  x.state = "refused";
  auto f = out_to(x);
  f.owed = 0;
  BOOST_TEST(cause(f) == "refused");
  BOOST_TEST(because(f).starts_with("there.example takes other events and refuses this one"));
}

// -- it is through ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_was_late_tells_what_it_waited_for) {
  auto x = out();
  x.hops = {hop("queued", now - 60 * s), hop("failed", now - 50 * s), hop("acknowledged", now)};
  x.hops[1].server = "there.example";
  x.hops[1].phase = "DNS";
  x.hops[1].answer = "peer_unresolvable: unknown";
  BOOST_TEST(cause(x) == "was_late");
  BOOST_TEST(because(x) == "It is through now and took 60 s: attempts to reach there.example failed, the last in name "
                           "lookup (DNS) (peer_unresolvable: unknown).");
  auto y = in();
  y.hops = {hop("room_received", now - 60 * s), hop("waiting_for_key", now - 59 * s), hop("verified", now)};
  y.hops[1].server = "there.example";
  BOOST_TEST(because(y) == "It is through now and took 60 s: it waited for the key of there.example.");
}

BOOST_AUTO_TEST_CASE(what_was_late_for_no_known_reason_tells_where_the_time_went) {
  auto x = out();
  x.hops = {hop("judged", now - 60 * s), hop("committed", now)};
  x.hops[1].since_previous_ms = 60 * s;
  BOOST_TEST(because(x) == "It is through now and took 60 s: the longest pause, 60 s, was before \"committed\" in room "
                           "!r:here.example.");
}

BOOST_AUTO_TEST_CASE(what_was_not_late_says_so) {
  auto x = out();
  event_server_row delivered;
  delivered.server_name = "there.example";
  delivered.state = "delivered";
  x.servers = {delivered};
  x.hops = {hop("edge_in", now - 30), hop("acknowledged", now)};
  BOOST_TEST(cause(x) == "not_late");
  BOOST_TEST(because(x) == "It was not late; 1 server has got it: 30 ms from the first hop to the last.");
  BOOST_TEST(command(x).empty());
  auto y = told("acknowledged");
  y.hops = {hop("room_received", now - 30), hop("chat_acknowledged", now)};
  BOOST_TEST(because(y) == "It was not late; the chat server has nothing of it still to acknowledge: 30 ms from the "
                           "first hop to the last.");
}

BOOST_AUTO_TEST_CASE(of_what_lies_too_far_back_it_is_said_what_is_not_known_and_why) {
  auto x = out();
  x.written_ts = now - 180 * min;
  BOOST_TEST(cause(x) == "way_not_kept");
  BOOST_TEST(because(x) == "It is through: no server has still to get it. Whether it was late is not known any more: "
                           "hops are kept for an hour at most, in node.hops_kept_mib of memory, and not beyond a "
                           "restart, and it was written 3 h ago.");
  // The last attempt is kept and the ones before it are not: that it went quickly says nothing.
  x.hops = {hop("sent", now - 40), hop("acknowledged", now)};
  x.hops_total = 2;
  BOOST_TEST(cause(x) == "way_not_kept");
  BOOST_TEST(because(x).find("Its last 2 hops are kept, and when it began is not known any more") != std::string::npos);
  x.hops[0].at_ts = now - 60 * s;
  BOOST_TEST(because(x).starts_with("It is through now and took at least 60 s"));
  auto y = told("acknowledged");
  BOOST_TEST(because(y).starts_with("It is through: the chat server has nothing of it still to acknowledge. "));
}

BOOST_AUTO_TEST_CASE(every_cause_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (auto x = why::cause::store_not_writing; x <= why::cause::not_late;
       x = static_cast<why::cause>(static_cast<int>(x) + 1))
    BOOST_TEST(names.insert(why::name(x)).second);
  BOOST_TEST(!names.contains("unknown"));
}

BOOST_AUTO_TEST_SUITE_END()
