#include "actors/invitation/invitation_machine.hpp"

#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::endpoint;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(invitation_knock)

namespace {

/// eve of there.example knocks at a room of here.example; what her server asks is answered by that room, or as the test
/// says.
struct knocking {
  shared_room room;
  context node = node_of("there.example", there_key());
  store::put_invitation row; ///< as last written
  std::unique_ptr<invitation::invitation_machine> machine;
  time_ms now = noon;
  std::vector<std::string> asked; ///< server and endpoint of each request
  std::function<std::optional<peer_answer>(const std::string& server, const peer_request&)> instead;
  std::optional<fault> leave_made; ///< what her own server's room says to a leave; nothing: the room is not known here

  explicit knocking(std::string version = "11") : room(std::move(version), false) {
    room.push({room.made(ann, "m.room.join_rules", {{"join_rule", "knock"}}, "")});
    begin();
  }
  /// A new life of the actor with what is on disk.
  effects begin() {
    machine = std::make_unique<invitation::invitation_machine>(node, invitation::key_of(room.room_id, eve));
    return on(start{});
  }
  effects on(const message& m) {
    auto list = machine->on(m, now);
    for (std::size_t i = 0; i < list.size(); ++i) {
      effects more;
      auto deliver = [&](const message& answer) { append(more, machine->on(answer, now)); };
      auto answer = [&](const tell& t) {
        if (const auto* v = std::get_if<verify_events>(&t.body)) deliver(verdict_on(*v));
        else if (const auto* r = std::get_if<peer_request>(&t.body)) {
          if (auto a = answer_of(t.to.key, *r)) deliver(*a);
        } else if (const auto* i = std::get_if<invite_arrived>(&t.body)) {
          deliver(invite_placed{i->asked, invite_place::outside, {}});
        } else if (std::holds_alternative<leave_request>(t.body))
          deliver(
            join_result{eve, leave_made.value_or(fault{fault_code::not_member, "this server is not in the room"})});
      };
      if (const auto* p = std::get_if<persist>(&list[i])) {
        for (const auto& w : p->batch.writes)
          if (const auto* x = std::get_if<store::put_invitation>(&w)) row = *x;
        for (const auto& e : p->then)
          if (const auto* t = std::get_if<tell>(&e)) answer(*t);
      } else if (const auto* q = std::get_if<ask_store>(&list[i])) {
        if (std::holds_alternative<store::find_user>(q->question))
          deliver(store_says(q->asked, store::user_found{store::put_user{eve, "eve", "Eve", "mxc://there.example/e"}}));
        else {
          store::invitation_loaded found;
          if (row.state != invitation_state::none) found.invitation = row;
          deliver(store_says(q->asked, found));
        }
      } else if (const auto* t = std::get_if<tell>(&list[i])) {
        answer(*t);
      }
      append(list, std::move(more));
    }
    return list;
  }
  std::optional<peer_answer> answer_of(const std::string& server, const peer_request& r) {
    const auto path = matrix::info(r.endpoint).path;
    asked.push_back(
      server + " " +
      std::string{path.substr(path.find("v1/") != path.npos ? path.find("v1/") + 3 : path.find("v2/") + 3)});
    asked.back().resize(asked.back().find("/{"));
    peer_answer a;
    if (instead)
      if (auto given = instead(server, r)) {
        a = *given;
        a.asked = r.asked;
        if (a.status == -1) return {}; // no answer yet
        return a;
      }
    a.asked = r.asked;
    a.server_name = server;
    if (server != "here.example") {
      a.why = {fault_code::peer_unreachable, server};
      return a;
    }
    std::string target = matrix::endpoint_path(r.endpoint, {r.parameters.begin(), r.parameters.end()});
    for (std::size_t i = 0; i < r.query.size(); ++i)
      target += (i == 0 ? "?" : "&") + r.query[i].first + "=" + r.query[i].second;
    std::optional<object> body;
    if (!r.body.empty()) body = *matrix::json::parse(r.body)->as_object();
    const auto reply =
      shared_room::reply_in(room.call(std::string{matrix::info(r.endpoint).method}, target, std::move(body)));
    a.status = reply.status;
    a.body = reply.body;
    if (a.status != 200) {
      a.why = {fault_code::peer_refused, a.body};
      const auto told = matrix::json::parse(a.body);
      if (const auto* code = told ? told->find_string("errcode") : nullptr) a.errcode = *code;
    }
    return a;
  }
  effects command(chat::command x, std::string id = "c1") {
    chat_command c;
    c.reference = {"s", std::move(id), 0};
    c.room_id = room.room_id;
    c.body = std::make_shared<const chat::command>(std::move(x));
    return on(c);
  }
  effects knock(std::vector<std::string> via = {"here.example"}, std::string reason = "let me in") {
    return command(chat::room_knock{room.room_id, eve, std::move(via), std::move(reason)});
  }
  effects wait(time_ms ms) {
    now += ms;
    return on(timer_due{timer_kind::retry});
  }
  effects wait_for_check() { return wait(row.retry_at_ts - now); }
  std::string knock_id() const { return matrix::parse_event(row.event, room.rules()).operator*()->event_id; }
  /// ann lets her in; what her server makes of PUT /invite.
  effects invited() {
    room.command(chat::invite_send{"", ann, eve, "welcome"});
    return offered();
  }
  effects offered() {
    const auto invite = *matrix::parse_event(room.disk.invitations.back().event, room.rules());
    federation_call call;
    call.origin = "here.example";
    call.match = std::make_shared<const matrix::endpoint_match>(
      *matrix::match_endpoint("PUT", "/_matrix/federation/v2/invite/" + matrix::percent_encode(room.room_id) + "/" +
                                       matrix::percent_encode(invite->event_id)));
    call.body = std::make_shared<const matrix::json::value>(*matrix::json::parse(
      "{\"event\":" + invite->to_json() + ",\"invite_room_state\":" + room.disk.invitations.back().invite_room_state +
      ",\"room_version\":\"" + std::string{room.rules().id} + "\"}"));
    return on(call);
  }
  /// A leave or ban comes by PUT /send, of whoever.
  std::string pushed(const matrix::event_ptr& x, const std::string& origin) {
    const auto done = on(rescission_received{{actor_kind::room, room.room_id}, 7, origin, x->source});
    return told<rescission_result>(done).at(0).second.error;
  }
  matrix::event_ptr member_of_room() const { return room.event(room.state().at({"m.room.member", eve})); }
};

std::string state_in(const effects& list) {
  const auto results = told<command_done>(list);
  if (results.size() != 1) return std::to_string(results.size()) + " results";
  if (!results[0].second.succeeded) return std::string{info(chat::decode_fault(results[0].second.body).code).name};
  for (const auto* state : {"sending", "pending", "accepted", "revoked"})
    for (const auto& body : {chat::encode(chat::answer{chat::state_answer{state}})})
      if (results[0].second.body.find(body.substr(1)) != std::string::npos) return state;
  return "?";
}

std::vector<std::string> states_told(const effects& list) {
  std::vector<std::string> all;
  for (const auto& n : notified<chat::invitation_changed>(list)) all.push_back(n.state);
  return all;
}

using texts = std::vector<std::string>;

peer_answer refusal(int status, const std::string& errcode) {
  peer_answer a;
  a.status = status;
  a.errcode = errcode;
  a.body = R"({"errcode":")" + errcode + R"(","error":"no"})";
  a.why = {status >= 500 ? fault_code::peer_unreachable : fault_code::peer_refused, errcode};
  return a;
}
peer_answer silence() {
  peer_answer a;
  a.status = -1;
  return a;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_knock_is_pending_when_a_server_of_the_room_has_taken_it) {
  for (const auto* version : {"7", "10", "11", "12"}) {
    knocking k{version};
    const auto done = k.knock();
    BOOST_TEST(state_in(done) == "pending", version);
    BOOST_TEST((states_told(done) == texts{"sending", "pending"}));
    BOOST_TEST(k.room.membership(eve) == "knock");
    const auto x = k.member_of_room();
    BOOST_TEST(x->event_id == k.knock_id());
    BOOST_TEST(*x->content().find("reason")->as_string() == "let me in");
    BOOST_TEST(*x->content().find("displayname")->as_string() == "Eve");
    BOOST_TEST(k.row.direction == invitation_direction::knock);
    BOOST_TEST(k.row.room_version == version);
    BOOST_TEST(k.row.inviter == eve);
    BOOST_TEST(k.row.reason == "let me in");
    BOOST_TEST((k.asked == texts{"here.example make_knock", "here.example send_knock"}));
  }
}

BOOST_AUTO_TEST_CASE(the_knock_is_on_disk_before_it_leaves) {
  knocking k;
  k.instead = [&](const std::string&, const peer_request& r) -> std::optional<peer_answer> {
    if (r.endpoint != endpoint::send_knock) return {};
    BOOST_TEST(k.row.event == r.body);
    BOOST_TEST(k.row.state == invitation_state::sending);
    return silence();
  };
  BOOST_TEST(state_in(k.knock()) == "0 results");
  k.instead = nullptr;
  BOOST_TEST((states_told(k.begin()) == texts{"pending"})); // the actor failed: it is made anew from the row
  BOOST_TEST(k.room.membership(eve) == "knock");
}

BOOST_AUTO_TEST_CASE(servers_are_knocked_at_in_order_and_the_one_that_took_it_is_kept) {
  knocking k;
  k.instead = [](const std::string& server, const peer_request&) -> std::optional<peer_answer> {
    if (server == "full.example") return refusal(403, "M_FORBIDDEN");
    return {};
  };
  BOOST_TEST(state_in(k.knock({"dead.example", "full.example", "here.example", "never.example"})) == "pending");
  BOOST_TEST((k.asked == texts{"dead.example make_knock", "full.example make_knock", "here.example make_knock",
                               "here.example send_knock"}));
  BOOST_TEST((k.row.via == texts{"here.example", "dead.example", "full.example", "never.example"}));
}

BOOST_AUTO_TEST_CASE(what_no_server_takes_is_failed_with_the_weightiest_reason) {
  auto why = [](std::map<std::string, peer_answer> answers, std::vector<std::string> via) {
    knocking k;
    k.instead = [&](const std::string& server, const peer_request&) -> std::optional<peer_answer> {
      auto it = answers.find(server);
      return it == answers.end() ? std::nullopt : std::optional{it->second};
    };
    const auto done = k.knock(std::move(via));
    BOOST_TEST(k.row.state == (k.row.via.empty() ? invitation_state::none : invitation_state::failed));
    BOOST_TEST(k.row.pending_request == next_request::none);
    return state_in(done);
  };
  BOOST_TEST(why({}, {}) == "not_found");
  BOOST_TEST(why({{"a.example", refusal(404, "M_NOT_FOUND")}}, {"a.example"}) == "not_found");
  BOOST_TEST(why({{"a.example", refusal(403, "M_FORBIDDEN")}}, {"a.example", "dead.example"}) == "forbidden");
  BOOST_TEST(why({{"a.example", refusal(400, "M_INCOMPATIBLE_ROOM_VERSION")}}, {"a.example", "here.example"}) ==
             "incompatible_room_version");
}

BOOST_AUTO_TEST_CASE(a_knock_that_reaches_nobody_is_offered_again_until_it_is_given_up) {
  knocking k;
  bool is_down = true;
  k.instead = [&](const std::string&, const peer_request&) -> std::optional<peer_answer> {
    if (is_down) return refusal(502, "");
    return {};
  };
  BOOST_TEST(state_in(k.knock()) == "sending");
  k.asked.clear();
  k.wait(k.node.settings().invitation.retry_delay_ms_min - 1);
  BOOST_TEST(k.asked.empty());
  k.wait(1);
  BOOST_TEST((k.asked == texts{"here.example make_knock"}));
  k.begin(); // also in another life
  is_down = false;
  BOOST_TEST((states_told(k.wait(k.node.settings().invitation.retry_delay_ms_max)) == texts{"pending"}));

  knocking given_up;
  given_up.knock({"dead.example"});
  BOOST_TEST((states_told(given_up.wait(std::int64_t{k.node.settings().invitation.give_up_h} * 3'600'000 + 1)) ==
              texts{"failed"}));
  BOOST_TEST(of_kind<finish>(given_up.begin()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_lying_residents_template_is_not_signed) {
  auto attempt = [](const std::function<void(object & answer, object & event)>& change) {
    knocking k;
    k.instead = [&](const std::string& server, const peer_request& r) -> std::optional<peer_answer> {
      BOOST_TEST((r.endpoint == endpoint::make_knock)); // nothing is ever sent
      std::string target = matrix::endpoint_path(r.endpoint, {r.parameters.begin(), r.parameters.end()}) + "?ver=11";
      auto answer = *k.room.body_of(k.room.call("GET", target)).as_object();
      change(answer, *answer.find("event")->as_object());
      peer_answer a;
      a.server_name = server;
      a.status = 200;
      a.body = matrix::json::canonical(answer);
      return a;
    };
    const auto done = k.knock();
    BOOST_TEST(k.row.state == invitation_state::failed);
    return state_in(done);
  };
  BOOST_TEST(attempt([](object&, object& e) { e.set("type", "m.room.power_levels"); }) == "peer_bad_answer");
  BOOST_TEST(attempt([](object&, object& e) { e.set("room_id", "!other:here.example"); }) == "peer_bad_answer");
  BOOST_TEST(attempt([](object&, object& e) { e.set("sender", "@boss:there.example"); }) == "peer_bad_answer");
  BOOST_TEST(attempt([](object&, object& e) { e.set("state_key", eli); }) == "peer_bad_answer");
  BOOST_TEST(attempt([](object&, object& e) { e.set("content", object{{"membership", "join"}}); }) ==
             "peer_bad_answer");
  BOOST_TEST(attempt([](object&, object& e) { e.erase("content"); }) == "peer_bad_answer");
  BOOST_TEST(attempt([](object&, object& e) { e.erase("prev_events"); }) == "peer_bad_answer");
  BOOST_TEST(attempt([](object&, object& e) { e.set("auth_events", "none"); }) == "peer_bad_answer");
  BOOST_TEST(attempt([](object& a, object&) { a.set("event", "none"); }) == "peer_bad_answer");
  BOOST_TEST(attempt([](object& a, object&) { a.set("room_version", "99"); }) == "unsupported_room_version");
  BOOST_TEST(attempt([](object& a, object&) { a.set("room_version", "6"); }) ==
             "unsupported_room_version"); // there is no knocking in it
  BOOST_TEST(attempt([](object& a, object&) { a.erase("room_version"); }) == "unsupported_room_version");
}

BOOST_AUTO_TEST_CASE(nothing_of_the_template_but_the_place_is_signed) {
  knocking k;
  k.instead = [&](const std::string& server, const peer_request& r) -> std::optional<peer_answer> {
    if (r.endpoint == endpoint::send_knock) {
      const auto sent = *matrix::json::parse(r.body);
      BOOST_TEST(!sent.find("redacts"));
      BOOST_TEST(!sent.find("content")->find("join_authorised_via_users_server"));
      return silence();
    }
    auto answer = *k.room.body_of(k.room.call("GET", k.room.path("v1/make_knock", eve) + "?ver=11")).as_object();
    auto& event = *answer.find("event")->as_object();
    event.set("redacts", "$something");
    event.find("content")->as_object()->set("join_authorised_via_users_server", eve);
    peer_answer a;
    a.server_name = server;
    a.status = 200;
    a.body = matrix::json::canonical(answer);
    return a;
  };
  k.knock();
  BOOST_TEST(k.asked.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_invite_is_the_answer_to_the_knock_and_the_user_joins_without_being_asked) {
  for (const auto* version : {"10", "12"}) {
    knocking k{version};
    k.knock();
    const auto done = k.invited();
    BOOST_TEST(told<federation_reply>(done).at(0).second.status == 200);
    BOOST_TEST((states_told(done) == texts{"accepted"}));
    BOOST_TEST(notified<chat::invitation_changed>(done).at(0).by == ann);
    BOOST_TEST(notified<chat::invitation_changed>(done).at(0).direction == "knock");
    BOOST_TEST(notified<chat::invitation_changed>(done).at(0).reason == "welcome");
    BOOST_TEST(notified<chat::invitation_received>(done).empty());
    const auto joins = told<join_request>(done);
    BOOST_REQUIRE(joins.size() == 1u);
    BOOST_TEST(joins[0].second.user_id == eve);
    BOOST_TEST(joins[0].second.via.at(0) == "here.example");
    BOOST_TEST(joins[0].second.room_version == version);
    BOOST_TEST(joins[0].second.display_name == "Eve");
    BOOST_TEST(told<join_request>(k.begin()).size() == 1u); // also after a crash
    BOOST_TEST(of_kind<finish>(k.on(join_result{eve, {}})).size() == 1u);
    BOOST_TEST(k.row.state == invitation_state::accepted);
    BOOST_TEST(k.row.pending_request == next_request::none);
    const auto again = k.offered(); // its server did not hear the answer
    BOOST_TEST(told<federation_reply>(again).at(0).second.status == 200);
    BOOST_TEST(told<join_request>(again).empty());
    BOOST_TEST(notified<chat::invitation_received>(again).empty());
  }
}

BOOST_AUTO_TEST_CASE(an_invite_that_crosses_the_knock_answers_it) {
  knocking k;
  k.instead = [](const std::string&, const peer_request& r) -> std::optional<peer_answer> {
    if (r.endpoint == endpoint::make_knock) return silence();
    return {};
  };
  BOOST_TEST(state_in(k.knock()) == "0 results");
  const auto done = k.invited();
  BOOST_TEST(state_in(done) == "accepted");
  BOOST_TEST(told<join_request>(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_join_that_does_not_follow_leaves_the_invitation_to_the_user) {
  knocking k;
  k.knock();
  k.invited();
  int attempts = 1;
  auto done = k.on(join_result{eve, {fault_code::forbidden, "not yet"}});
  while (notified<chat::invitation_received>(done).empty() && attempts < 100) {
    BOOST_TEST(told<join_request>(k.wait(k.node.settings().invitation.retry_delay_ms_max)).size() == 1u);
    ++attempts;
    done = k.on(join_result{eve, {fault_code::forbidden, "not yet"}});
  }
  BOOST_TEST(attempts == 8);
  BOOST_TEST(k.row.direction == invitation_direction::incoming);
  BOOST_TEST(k.row.state == invitation_state::pending);
  BOOST_TEST(k.row.inviter == ann);
  BOOST_TEST(told<join_request>(k.command(chat::invite_answer{k.room.room_id, eve, true, {}})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_join_whose_server_is_away_is_repeated_for_days) {
  knocking k;
  k.knock();
  k.invited();
  for (int hour = 0; hour < 24 * 6; ++hour) {
    k.on(join_result{eve, {fault_code::peer_unreachable, "here.example"}});
    BOOST_TEST(told<join_request>(k.wait(3'600'000)).size() == 1u);
  }
  k.now += 25 * 3'600'000LL;
  BOOST_TEST(notified<chat::invitation_received>(k.on(join_result{eve, {fault_code::peer_unreachable, "here.example"}}))
               .size() == 1u);
}

BOOST_AUTO_TEST_CASE(where_others_of_ours_are_in_the_room_the_join_follows_the_invite_at_once) {
  knocking k;
  k.knock();
  k.invited();
  k.on(join_result{eve, {fault_code::forbidden, "the invite is not in the room yet"}});
  const auto invite = *matrix::parse_event(k.row.event, k.room.rules());
  BOOST_TEST(
    told<join_request>(k.on(invited_membership_changed{matrix::membership::invite, ann, {}, invite, false})).size() ==
    1u);
}

// -- the other answers ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_server_that_took_the_knock_is_believed_when_it_rejects_it) {
  knocking k;
  k.knock();
  k.room.command(chat::knock_reject{"", ann, eve, "full"});
  const auto leave = k.member_of_room();
  const auto done = k.on(rescission_received{{actor_kind::room, k.room.room_id}, 7, "here.example", leave->source});
  BOOST_TEST(told<rescission_result>(done).at(0).second.error == "");
  BOOST_TEST((states_told(done) == texts{"rejected"}));
  BOOST_TEST(notified<chat::invitation_changed>(done).at(0).reason == "full");
  BOOST_TEST(notified<chat::invitation_changed>(done).at(0).by == ann);
  BOOST_TEST(k.pushed(leave, "here.example") == ""); // a repeat
  BOOST_TEST(state_in(k.knock()) == "pending");      // he may try again
}

BOOST_AUTO_TEST_CASE(who_knocks_may_be_banned) {
  knocking k;
  k.knock();
  k.room.push({k.room.made(ann, "m.room.member", {{"membership", "ban"}}, eve)});
  BOOST_TEST(k.pushed(k.member_of_room(), "here.example") == "");
  BOOST_TEST(k.row.state == invitation_state::banned);
}

BOOST_AUTO_TEST_CASE(what_does_not_prove_that_the_knock_is_known_ends_nothing) {
  knocking k;
  k.knock();
  auto leave = [&](std::vector<std::string> cited, const std::string& by, const matrix::signing_key& key) {
    matrix::json::array auth;
    for (auto& id : cited) auth.emplace_back(std::move(id));
    object pdu{{"type", "m.room.member"},
               {"room_id", k.room.room_id},
               {"sender", by},
               {"state_key", eve},
               {"content", object{{"membership", "leave"}}},
               {"origin_server_ts", noon},
               {"depth", 99},
               {"prev_events", matrix::json::array{}},
               {"auth_events", std::move(auth)}};
    return *matrix::hash_and_sign(std::move(pdu), k.room.rules(), std::string{matrix::server_name_of(by)}, key);
  };
  BOOST_TEST(k.pushed(leave({}, ann, key_of('h')), "here.example") != "");
  BOOST_TEST(k.pushed(leave({k.knock_id()}, ann, key_of('x')), "here.example") != "");      // a signature that is none
  BOOST_TEST(k.pushed(leave({k.knock_id()}, ann, key_of('h')), "elsewhere.example") != ""); // not sent by its server
  BOOST_TEST(k.pushed(leave({k.knock_id()}, eve, there_key()), "there.example") != "");
  BOOST_TEST(k.row.state == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(the_word_of_another_resident_is_checked_with_the_server_that_took_the_knock) {
  for (const bool is_true : {false, true}) {
    knocking k;
    k.instead = [](const std::string& server, const peer_request& r) -> std::optional<peer_answer> {
      if (server == "big.example" && r.endpoint == endpoint::send_knock) { // takes it, and has it told to the room
        peer_answer a;
        a.status = 200;
        a.body = R"({"knock_room_state":[]})";
        return a;
      }
      return {};
    };
    k.knock();
    k.row.via = {"big.example", "here.example"}; // as if it had gone through that one
    k.begin();
    if (is_true) k.room.command(chat::knock_reject{"", ann, eve, {}});
    const auto knock = *matrix::parse_event(k.row.event, k.room.rules());
    const auto leave = k.room.made(ann, "m.room.member", {{"membership", "leave"}}, eve);
    k.instead = [&](const std::string& server, const peer_request& r) -> std::optional<peer_answer> {
      BOOST_TEST(server == "big.example");
      BOOST_TEST((r.endpoint == endpoint::make_leave));
      if (is_true) return refusal(403, "M_FORBIDDEN");
      peer_answer a;
      a.status = 200;
      a.body = R"({"event":{},"room_version":"11"})";
      return a;
    };
    k.asked.clear();
    BOOST_TEST(k.pushed(is_true ? k.member_of_room() : leave, "here.example") == "");
    BOOST_TEST((k.asked == texts{"big.example make_leave"}));
    BOOST_TEST(k.row.state == (is_true ? invitation_state::rejected : invitation_state::pending));
    BOOST_TEST(knock->membership() == matrix::membership::knock);
  }
}

BOOST_AUTO_TEST_CASE(what_is_heard_while_the_server_is_being_asked_is_a_reason_to_ask_once_more) {
  knocking k;
  k.knock();
  k.row.via = {"big.example", "here.example"};
  k.begin();
  const auto leave = k.room.made(ann, "m.room.member", {{"membership", "leave"}}, eve);
  std::optional<peer_request> open;
  k.instead = [&](const std::string&, const peer_request& r) -> std::optional<peer_answer> {
    open = r;
    return silence();
  };
  k.pushed(leave, "here.example");
  k.pushed(leave, "here.example");
  k.asked.clear();
  peer_answer still_there;
  still_there.asked = open.value().asked;
  still_there.status = 200;
  k.on(still_there);
  BOOST_TEST((k.asked == texts{"big.example make_leave"}));
  auto gone = refusal(403, "M_FORBIDDEN");
  gone.asked = open.value().asked;
  BOOST_TEST((states_told(k.on(gone)) == texts{"rejected"}));
}

BOOST_AUTO_TEST_CASE(a_rejection_nobody_told_is_found_by_asking) {
  knocking k;
  k.knock();
  k.asked.clear();
  BOOST_TEST(k.row.retry_at_ts == k.now + std::int64_t{k.node.settings().invitation.knock_check_s} * 1'000);
  BOOST_TEST(states_told(k.wait_for_check()).empty());
  BOOST_TEST((k.asked == texts{"here.example make_leave"}));
  BOOST_TEST(k.room.membership(eve) == "knock"); // it was a question only
  for (const auto& answer :
       {refusal(404, "M_NOT_FOUND"), refusal(500, ""), refusal(403, ""), refusal(429, "M_LIMIT_EXCEEDED")}) {
    k.instead = [&](const std::string&, const peer_request&) -> std::optional<peer_answer> { return answer; };
    BOOST_TEST(states_told(k.wait_for_check()).empty()); // says nothing about the knock
  }
  k.instead = nullptr;
  k.room.command(chat::knock_reject{"", ann, eve, {}}); // of which nothing reaches us
  k.begin();
  BOOST_TEST((states_told(k.wait_for_check()) == texts{"rejected"}));
  BOOST_TEST(k.row.inviter == "");
  BOOST_TEST(of_kind<finish>(k.begin()).size() == 1u);
}

// -- he takes it back -------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_knock_is_taken_back_here_at_once_and_there_as_soon_as_it_can_be) {
  knocking k;
  k.knock();
  bool is_down = true;
  k.instead = [&](const std::string&, const peer_request&) -> std::optional<peer_answer> {
    if (is_down) return refusal(502, "");
    return {};
  };
  const auto done = k.command(chat::knock_retract{k.room.room_id, eve, "no more"}, "c2");
  BOOST_TEST(state_in(done) == "revoked");
  BOOST_TEST((states_told(done) == texts{"revoked"}));
  BOOST_TEST(k.row.pending_request == next_request::leave);
  BOOST_TEST(k.room.membership(eve) == "knock");
  is_down = false;
  k.begin();
  k.wait(k.node.settings().invitation.retry_delay_ms_max);
  BOOST_TEST(k.room.membership(eve) == "leave");
  BOOST_TEST(*k.member_of_room()->content().find("reason")->as_string() == "no more");
  BOOST_TEST(k.row.pending_request == next_request::none);
  BOOST_TEST(k.row.state == invitation_state::revoked);
  BOOST_TEST(state_in(k.command(chat::knock_retract{k.room.room_id, eve, {}}, "c3")) ==
             "revoked"); // it is what was asked for
}

BOOST_AUTO_TEST_CASE(a_knock_that_left_for_nowhere_is_taken_back_without_a_word) {
  knocking k;
  k.knock({"dead.example"});
  k.asked.clear();
  BOOST_TEST(state_in(k.command(chat::knock_retract{k.room.room_id, eve, {}}, "c2")) == "revoked");
  BOOST_TEST(k.asked.empty());
  BOOST_TEST(k.row.pending_request == next_request::none);
}

BOOST_AUTO_TEST_CASE(a_knock_in_a_room_of_ours_is_taken_back_by_the_room) {
  knocking k;
  k.knock();
  k.asked.clear();
  k.leave_made = fault{};
  BOOST_TEST(state_in(k.command(chat::knock_retract{k.room.room_id, eve, {}}, "c2")) == "revoked");
  BOOST_TEST(k.asked.empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_open_is_not_taken_back) {
  knocking k;
  BOOST_TEST(state_in(k.command(chat::knock_retract{k.room.room_id, eve, {}}, "c2")) == "conflict");
  k.knock();
  k.invited();
  BOOST_TEST(state_in(k.command(chat::knock_retract{k.room.room_id, eve, {}}, "c3")) == "conflict");
}

BOOST_AUTO_TEST_CASE(an_invitation_after_the_knock_was_taken_back_is_an_ordinary_one) {
  knocking k;
  k.knock();
  k.instead = [](const std::string&, const peer_request&) -> std::optional<peer_answer> { return refusal(502, ""); };
  k.command(chat::knock_retract{k.room.room_id, eve, {}}, "c2");
  const auto done = k.invited();
  BOOST_TEST(notified<chat::invitation_received>(done).size() == 1u);
  BOOST_TEST(told<join_request>(done).empty());
  BOOST_TEST(k.row.direction == invitation_direction::incoming);
  BOOST_TEST(k.row.pending_request == next_request::none); // the leave would say no to the invitation
}

// -- once more --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_knocks_already_gets_the_same_answer) {
  knocking k;
  k.knock();
  k.asked.clear();
  const auto again = k.command(chat::room_knock{k.room.room_id, eve, {"here.example"}, {}}, "c2");
  BOOST_TEST(state_in(again) == "pending");
  BOOST_TEST(k.asked.empty());
  BOOST_TEST(states_told(again).empty());
}

BOOST_AUTO_TEST_CASE(who_is_invited_answers_the_invitation) {
  knocking k;
  k.invited();
  BOOST_TEST(k.row.direction == invitation_direction::incoming);
  BOOST_TEST(state_in(k.knock()) == "conflict");
  BOOST_TEST(k.row.state == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(who_rejected_an_invitation_knocks_when_that_has_been_told) {
  knocking k;
  k.invited();
  k.instead = [](const std::string&, const peer_request&) -> std::optional<peer_answer> { return refusal(502, ""); };
  k.command(chat::invite_answer{k.room.room_id, eve, false, {}}, "c0");
  BOOST_TEST(k.row.pending_request == next_request::leave);
  BOOST_TEST(state_in(k.knock()) == "conflict");
  BOOST_TEST(k.row.pending_request == next_request::leave);
}

BOOST_AUTO_TEST_CASE(a_knock_that_reached_nobody_goes_to_the_servers_named_now) {
  knocking k;
  change(k.node).invitation.give_up_h = 1;
  k.knock({"dead.example"});
  k.now += 3'600'001; // just before it is given up
  k.asked.clear();
  BOOST_TEST(state_in(k.command(chat::room_knock{k.room.room_id, eve, {"here.example"}, "now"}, "c2")) == "pending");
  BOOST_TEST((k.asked == texts{"here.example make_knock", "here.example send_knock"}));
}

BOOST_AUTO_TEST_CASE(the_command_that_comes_twice_while_it_is_carried_out_has_one_result) {
  knocking k;
  k.instead = [](const std::string&, const peer_request&) -> std::optional<peer_answer> { return silence(); };
  k.knock();
  BOOST_TEST(state_in(k.knock()) == "0 results");
  BOOST_TEST(state_in(k.command(chat::room_knock{k.room.room_id, eve, {"here.example"}, {}}, "another")) == "conflict");
  BOOST_TEST(state_in(k.on(timer_due{timer_kind::watch})) == "0 results");
  k.now += 600'000;
  BOOST_TEST(state_in(k.on(timer_due{timer_kind::watch})) == "sending"); // whoever was asked failed with the question
}

// -- what a room of ours tells ----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_past_of_a_room_does_not_end_a_knock) {
  knocking k;
  k.knock();
  const auto knock = k.member_of_room();
  auto member = [&](const std::string& membership, std::int64_t depth, std::vector<std::string> cited) {
    matrix::json::array auth;
    for (auto& id : cited) auth.emplace_back(std::move(id));
    object pdu{{"type", "m.room.member"},
               {"room_id", k.room.room_id},
               {"sender", ann},
               {"state_key", eve},
               {"content", object{{"membership", membership}}},
               {"origin_server_ts", noon},
               {"depth", depth},
               {"prev_events", matrix::json::array{}},
               {"auth_events", std::move(auth)}};
    return *matrix::hash_and_sign(std::move(pdu), k.room.rules(), "here.example", key_of('h'));
  };
  k.on(invited_membership_changed{matrix::membership::leave, ann, {}, member("leave", knock->depth - 1, {}), true});
  k.on(invited_membership_changed{matrix::membership::knock, eve, {}, knock, true});
  k.on(invited_membership_changed{matrix::membership::none, {}, {}, nullptr, true});
  BOOST_TEST(k.row.state == invitation_state::pending);
  const auto done = k.on(invited_membership_changed{matrix::membership::leave, ann, "full",
                                                    member("leave", knock->depth, {knock->event_id}), true});
  BOOST_TEST((states_told(done) == texts{"rejected"}));
}

BOOST_AUTO_TEST_CASE(a_room_we_have_joined_meanwhile_tells_what_became_of_the_knock) {
  for (const auto* membership : {"invite", "join", "ban"}) {
    knocking k;
    k.knock();
    const auto x = k.room.made(membership == std::string_view{"join"} ? eve : ann, "m.room.member",
                               {{"membership", membership}}, eve);
    const auto done = k.on(invited_membership_changed{matrix::parse_membership(membership), x->sender, {}, x, true});
    BOOST_TEST((states_told(done) == texts{membership == std::string_view{"ban"} ? "banned" : "accepted"}), membership);
    BOOST_TEST(told<join_request>(done).size() == (membership == std::string_view{"invite"} ? 1u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(a_knock_asks_at_start_what_became_of_it) {
  knocking k;
  k.knock();
  BOOST_TEST(told<membership_request>(k.begin()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
