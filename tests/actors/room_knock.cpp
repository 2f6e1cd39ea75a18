#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_knock)

namespace {

const std::string carl = "@carl:here.example";

/// A room of ann and bob at which there.example's users may knock.
struct knock_room : shared_room {
  explicit knock_room(std::string room_version = "11", const std::string& rule = "knock")
      : shared_room(std::move(room_version), false) {
    rules_are(rule);
  }

  void rules_are(const std::string& rule) { push({made(ann, "m.room.join_rules", {{"join_rule", rule}}, "")}); }
  federation_reply make_knock(const std::string& user,
                              const std::string& query = "?ver=6&ver=7&ver=8&ver=9&ver=10&ver=11&ver=12") {
    return reply_in(call("GET", path("v1/make_knock", user) + query));
  }
  /// What there.example makes of the template.
  matrix::event_ptr knock_of(const std::string& user, const std::string& reason = {}) {
    const auto told = make_knock(user);
    if (told.status != 200) throw std::runtime_error("make_knock: " + told.body);
    auto pdu = *matrix::json::parse(told.body)->find_object("event");
    object content{{"membership", "knock"}};
    if (!reason.empty()) content.set("reason", reason);
    pdu.set("content", std::move(content));
    return *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
  }
  effects send_knock(const matrix::event_ptr& x) { return call("PUT", path("v1/send_knock", x->event_id), x->source); }
  matrix::event_ptr knock(const std::string& user, const std::string& reason = {}) {
    const auto x = knock_of(user, reason);
    const auto answer = reply_in(send_knock(x));
    if (answer.status != 200) throw std::runtime_error("send_knock: " + answer.body);
    return x;
  }
  std::string kind_in(const effects& list) const {
    const auto shown = notified<chat::system_message>(list);
    return shown.size() == 1 ? shown[0].kind : std::to_string(shown.size()) + " messages";
  }
};

std::string errcode_of(const federation_reply& reply) {
  const auto body = matrix::json::parse(reply.body);
  const auto* code = body ? body->find_string("errcode") : nullptr;
  return std::to_string(reply.status) + (code ? " " + *code : "");
}

bool is_told(const effects& list, const std::string& server) {
  const auto queued = written<store::queue_pdu>(list);
  return std::any_of(queued.begin(), queued.end(), [&](const auto& q) { return q.server_name == server; });
}

fault_code answer_to(const effects& list) { return refusal_in(list).code; }

} // namespace

// -- users of other servers -------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_knock_through_us_is_told_with_its_reason_and_makes_no_member) {
  for (const auto* version : {"7", "9", "10", "11", "12"}) {
    knock_room r{version};
    const auto x = r.knock_of(eve, "let me in");
    const auto done = r.send_knock(x);
    BOOST_TEST(shared_room::reply_in(done).status == 200, version);
    BOOST_TEST(r.membership(eve) == "knock");
    const auto changed = notified<chat::member_changed>(done);
    BOOST_REQUIRE(changed.size() == 1u);
    BOOST_TEST(changed[0].user == eve);
    BOOST_TEST(changed[0].membership == "knock");
    BOOST_TEST(changed[0].previous_membership == "leave");
    BOOST_TEST(changed[0].reason == "let me in");
    BOOST_TEST(changed[0].event_id == x->event_id);
    BOOST_TEST(r.kind_in(done) == "knocked");
    BOOST_TEST(!is_told(done, "there.example")); // its server is not in the room
  }
}

BOOST_AUTO_TEST_CASE(the_knocking_server_is_told_what_room_it_is_in_whole_events) {
  knock_room r{"12"};
  r.push({r.made(ann, "m.room.name", {{"name", "The club"}}, "")});
  const auto told = r.body_of(r.send_knock(r.knock_of(eve)));
  const auto* state = told.find_array("knock_room_state");
  BOOST_REQUIRE(state);
  std::set<std::string> types;
  for (const auto& e : *state) {
    types.insert(*e.find_string("type"));
    BOOST_TEST((e.find_object("signatures") != nullptr));
    const auto x = matrix::make_event(*e.as_object(), r.rules());
    BOOST_REQUIRE(x);
    if ((*x)->type == "m.room.create") BOOST_TEST('!' + (*x)->event_id.substr(1) == r.room_id);
  }
  BOOST_TEST(types.contains("m.room.create"));
  BOOST_TEST(types.contains("m.room.join_rules"));
  BOOST_TEST(types.contains("m.room.name"));
  BOOST_TEST(!types.contains("m.room.member"));
}

BOOST_AUTO_TEST_CASE(who_may_not_knock_gets_no_template) {
  knock_room r;
  BOOST_TEST(errcode_of(r.make_knock(eve)) == "200");
  BOOST_TEST(errcode_of(r.make_knock(eve, "")) == "400 M_MISSING_PARAM");
  BOOST_TEST(errcode_of(r.make_knock(eve, "?ver=10")) == "400 M_INCOMPATIBLE_ROOM_VERSION");
  BOOST_TEST(*matrix::json::parse(r.make_knock(eve, "?ver=10").body)->find_string("room_version") == "11");
  BOOST_TEST(errcode_of(r.make_knock("@x:elsewhere.example")) == "403 M_FORBIDDEN");
  BOOST_TEST(errcode_of(r.make_knock("eve")) == "400 M_INVALID_PARAM");
  for (const auto* rule : {"invite", "public", "private", "restricted", "none such"}) {
    r.rules_are(rule);
    BOOST_TEST(errcode_of(r.make_knock(eve)) == "403 M_FORBIDDEN", rule);
  }
  r.rules_are("knock");
  r.push({r.made(ann, "m.room.member", {{"membership", "ban"}}, eve)});
  BOOST_TEST(errcode_of(r.make_knock(eve)) == "403 M_FORBIDDEN");
  r.push({r.made(ann, "m.room.member", {{"membership", "invite"}}, eli)});
  BOOST_TEST(errcode_of(r.make_knock(eli)) == "403 M_FORBIDDEN");
  r.push({r.made(eli, "m.room.member", {{"membership", "join"}}, eli)});
  BOOST_TEST(errcode_of(r.make_knock(eli)) == "403 M_FORBIDDEN");
  r.push({r.made(ann, "m.room.server_acl",
                 {{"allow", matrix::json::array{"*"}}, {"deny", matrix::json::array{"there.example"}}}, "")});
  BOOST_TEST(errcode_of(r.make_knock("@other:there.example")) == "403 M_FORBIDDEN");
}

BOOST_AUTO_TEST_CASE(a_room_that_is_not_ours_is_not_knocked_at) {
  knock_room r;
  room_host unknown{here()};
  unknown.room_id = "!other:here.example";
  unknown.restart();
  federation_call c;
  c.origin = "there.example";
  for (const auto* target : {"/_matrix/federation/v1/make_knock/!other:here.example/@eve:there.example?ver=11",
                             "/_matrix/federation/v1/send_knock/!other:here.example/$e"}) {
    const bool sends = std::string_view{target}.find("send") != std::string_view::npos;
    c.match = std::make_shared<const matrix::endpoint_match>(*matrix::match_endpoint(sends ? "PUT" : "GET", target));
    if (sends) c.body = std::make_shared<const matrix::json::value>(r.knock_of(eve)->source);
    BOOST_TEST(errcode_of(shared_room::reply_in(unknown.on(c))) == "404 M_NOT_FOUND");
  }
}

BOOST_AUTO_TEST_CASE(version_6_knows_no_knocking) {
  knock_room r{"6"};
  BOOST_TEST(errcode_of(r.make_knock(eve)) == "403 M_FORBIDDEN");
  const auto x = r.made(eve, "m.room.member", {{"membership", "knock"}}, eve);
  BOOST_TEST(errcode_of(shared_room::reply_in(r.send_knock(x))) == "403 M_FORBIDDEN");
}

BOOST_AUTO_TEST_CASE(a_knock_that_is_none_is_refused) {
  knock_room r;
  auto pdu = r.knock_of(eve)->source;
  auto attempt = [&](const std::function<void(object&)>& change, const matrix::signing_key& key = there_key()) {
    auto changed = pdu;
    for (const auto* key_of_old : {"hashes", "signatures"}) changed.erase(key_of_old);
    change(changed);
    const auto x = *matrix::hash_and_sign(std::move(changed), r.rules(), "there.example", key);
    return errcode_of(shared_room::reply_in(r.send_knock(x)));
  };
  BOOST_TEST(attempt([](object& x) { x.set("room_id", "!other:here.example"); }) == "400 M_INVALID_PARAM");
  BOOST_TEST(attempt([](object& x) { x.set("type", "m.room.message"); }) == "400 M_INVALID_PARAM");
  BOOST_TEST(attempt([](object& x) { x.erase("state_key"); }) == "400 M_INVALID_PARAM");
  BOOST_TEST(attempt([](object& x) { x.set("state_key", eli); }) == "400 M_INVALID_PARAM");
  BOOST_TEST(attempt([](object& x) { x.set("content", object{{"membership", "join"}}); }) == "400 M_INVALID_PARAM");
  BOOST_TEST(attempt([](object& x) { x.set("content", object{}); }) == "400 M_INVALID_PARAM");
  BOOST_TEST(attempt([](object& x) {
               x.set("sender", "@x:elsewhere.example");
               x.set("state_key", "@x:elsewhere.example");
             }) == "403 M_FORBIDDEN");
  BOOST_TEST(attempt([](object& x) { x.set("prev_events", matrix::json::array{"$unknown"}); }) ==
             "400 M_INVALID_PARAM");
  BOOST_TEST(attempt([](object&) {}, key_of('x')) == "403 M_FORBIDDEN");
  auto x = r.knock_of(eve);
  BOOST_TEST(errcode_of(shared_room::reply_in(r.call("PUT", r.path("v1/send_knock", "$another"), x->source))) ==
             "400 M_INVALID_PARAM");
  BOOST_TEST(errcode_of(shared_room::reply_in(r.call("PUT", r.path("v1/send_knock", x->event_id)))) ==
             "400 M_BAD_JSON");
  BOOST_TEST(r.membership(eve) == "");
  r.rules_are("invite"); // between the template and the knock: it would be soft-failed
  BOOST_TEST(errcode_of(shared_room::reply_in(r.send_knock(x))) == "403 M_FORBIDDEN");
  BOOST_TEST(r.membership(eve) == "");
}

BOOST_AUTO_TEST_CASE(a_knock_sent_twice_is_one_knock) {
  knock_room r;
  const auto x = r.knock(eve);
  const auto again = r.send_knock(x);
  BOOST_TEST(shared_room::reply_in(again).status == 200);
  BOOST_TEST(notified<chat::member_changed>(again).empty());
  // Who knocks once more may say why; the room shows it once.
  const auto louder = r.send_knock(r.knock_of(eve, "please"));
  BOOST_TEST(notified<chat::member_changed>(louder).at(0).reason == "please");
  BOOST_TEST(notified<chat::system_message>(louder).empty());
}

BOOST_AUTO_TEST_CASE(who_knocks_is_let_in_by_an_invitation) {
  knock_room r;
  r.knock(eve);
  const auto invited = r.command(chat::invite_send{"", ann, eve, "welcome"});
  const auto invite = told<room_invite_request>(invited).at(0).second.event;
  const auto done = r.on(invite_accepted_by_server{eve, matrix::add_signature(*invite, "there.example", there_key())});
  const auto changed = notified<chat::member_changed>(done);
  BOOST_REQUIRE(changed.size() == 1u);
  BOOST_TEST(changed[0].previous_membership == "knock");
  BOOST_TEST(changed[0].membership == "invite");
  r.join(eve);
  BOOST_TEST(r.membership(eve) == "join");
}

BOOST_AUTO_TEST_CASE(who_is_turned_away_hears_of_it_though_his_server_is_not_in_the_room) {
  knock_room r;
  const auto x = r.knock(eve);
  BOOST_TEST((answer_to(r.command(chat::knock_reject{"", bob, eve, {}})) == fault_code::forbidden)); // who may not kick
  const auto done = r.command(chat::knock_reject{"", ann, eve, "full"});
  BOOST_TEST((answer_to(done) == fault_code::none));
  BOOST_TEST(r.membership(eve) == "leave");
  BOOST_TEST(is_told(done, "there.example"));
  const auto leave = r.event(r.state().at({"m.room.member", eve}));
  BOOST_TEST(std::count(leave->auth_events.begin(), leave->auth_events.end(), x->event_id) == 1);
  BOOST_TEST(*leave->content().find("reason")->as_string() == "full");
  BOOST_TEST(r.kind_in(done) == "knock_rejected");
  BOOST_TEST((answer_to(r.command(chat::knock_reject{"", ann, eve, {}})) == fault_code::conflict));
  BOOST_TEST((answer_to(r.command(chat::knock_reject{"", ann, bob, {}})) == fault_code::conflict));
  BOOST_TEST(errcode_of(r.make_knock(eve)) == "200"); // he may try again
}

BOOST_AUTO_TEST_CASE(a_knock_is_taken_back_through_us) {
  knock_room r;
  r.knock(eve);
  const auto told = r.body_of(r.call("GET", r.path("v1/make_leave", eve)));
  const auto x = *matrix::hash_and_sign(*told.find_object("event"), r.rules(), "there.example", there_key());
  const auto done = r.call("PUT", r.path("v2/send_leave", x->event_id), x->source);
  BOOST_TEST(shared_room::reply_in(done).status == 200);
  BOOST_TEST(r.membership(eve) == "leave");
  BOOST_TEST(r.kind_in(done) == "knock_retracted");
  BOOST_TEST(errcode_of(shared_room::reply_in(r.call("GET", r.path("v1/make_leave", eve)))) == "403 M_FORBIDDEN");
}

BOOST_AUTO_TEST_CASE(who_knocks_may_be_banned) {
  knock_room r;
  r.knock(eve);
  const auto done = r.push({r.made(ann, "m.room.member", {{"membership", "ban"}}, eve)});
  BOOST_TEST(r.kind_in(done) == "banned");
  BOOST_TEST(errcode_of(r.make_knock(eve)) == "403 M_FORBIDDEN");
}

// -- our own users in a room of ours ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(one_of_ours_knocks_at_a_room_of_ours) {
  knock_room r;
  chat_command c;
  c.profiles = std::make_shared<const std::vector<store::put_user>>(
    std::vector<store::put_user>{{carl, "carl", "Carl", "mxc://here.example/c"}});
  const auto done = r.command(chat::room_knock{"", carl, {}, "let me in"}, c);
  BOOST_TEST(r.membership(carl) == "knock");
  const auto x = r.event(r.state().at({"m.room.member", carl}));
  BOOST_TEST(*x->content().find("displayname")->as_string() == "Carl");
  BOOST_TEST(*x->content().find("reason")->as_string() == "let me in");
  // The row and the RESULT are its invitation's.
  const auto made = told<knock_made>(done).at(0).second;
  BOOST_TEST(made.event->event_id == x->event_id);
  BOOST_TEST(made.command.has_value());
  const auto before = r.disk.order.size();
  BOOST_TEST(told<knock_made>(r.command(chat::room_knock{"", carl, {}, {}})).at(0).second.event->event_id ==
             x->event_id); // the same answer
  BOOST_TEST(r.disk.order.size() == before);
}

BOOST_AUTO_TEST_CASE(what_becomes_of_our_knock_in_a_room_of_ours_is_told_to_who_follows_it) {
  auto membership_told = [](const effects& list) {
    std::vector<std::string> all;
    for (const auto& [to, m] : told<invited_membership_changed>(list))
      if (to.key.ends_with(carl)) all.emplace_back(name(m.membership));
    return all;
  };
  using list = std::vector<std::string>;
  for (const auto* how : {"invited", "rejected", "retracted", "banned"}) {
    knock_room r;
    r.command(chat::room_knock{"", carl, {}, {}});
    const std::string word{how};
    if (word == "invited")
      BOOST_TEST((membership_told(r.command(chat::invite_send{"", ann, carl, {}})) == list{"invite"}));
    if (word == "rejected")
      BOOST_TEST((membership_told(r.command(chat::knock_reject{"", ann, carl, {}})) == list{"leave"}));
    if (word == "retracted") BOOST_TEST((membership_told(r.on(leave_request{carl, "no more"})) == list{"leave"}));
    if (word == "banned")
      BOOST_TEST(
        (membership_told(r.push({r.made(ann, "m.room.member", {{"membership", "ban"}}, carl)})) == list{"ban"}));
    // Also where the word of it was lost.
    const auto again = membership_told(r.restart());
    BOOST_TEST((again == list{word == "invited" ? "invite" : word == "banned" ? "ban" : "leave"}), word);
  }
}

BOOST_AUTO_TEST_CASE(who_is_in_the_room_or_invited_does_not_knock) {
  knock_room r;
  BOOST_TEST((answer_to(r.command(chat::room_knock{"", bob, {}, {}})) == fault_code::conflict));
  r.command(chat::invite_send{"", ann, carl, {}});
  BOOST_TEST((answer_to(r.command(chat::room_knock{"", carl, {}, {}})) == fault_code::conflict));
  r.rules_are("invite");
  BOOST_TEST((answer_to(r.command(chat::room_knock{"", "@dora:here.example", {}, {}})) == fault_code::forbidden));
  BOOST_TEST(told<knock_made>(r.command(chat::room_knock{"", "@dora:here.example", {}, {}})).empty());
}

BOOST_AUTO_TEST_CASE(a_knock_at_a_room_that_is_not_ours_is_the_invitations) {
  shared_room r;
  joining_server there{r};
  const auto done = there.command(chat::room_knock{"", eve, {"here.example"}, {}});
  const auto handed = told<chat_command>(done);
  BOOST_REQUIRE(handed.size() == 1u);
  BOOST_TEST((handed[0].first.kind == actor_kind::invitation));
  BOOST_TEST(told<chat_command>(there.command(chat::knock_retract{"", eve, {}})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_channel_is_created_that_may_be_knocked_at) {
  struct expectation {
    const char *version, *rule, *rule_for_members;
  };
  for (const auto& [version, rule, rule_for_members] : {expectation{"6", nullptr, nullptr},
                                                        {"7", "knock", nullptr},
                                                        {"9", "knock", nullptr},
                                                        {"10", "knock", "knock_restricted"},
                                                        {"12", "knock", "knock_restricted"}})
    for (const bool for_members : {false, true}) {
      const auto node = here(version);
      chat::room_create wanted;
      wanted.room = "chat-2";
      wanted.type = chat::room_type::channel;
      wanted.access = chat::visibility::knock;
      wanted.creator = ann;
      wanted.members = {bob};
      if (for_members) wanted.members_of = {"!club:here.example"};
      const auto create = *room::found_room(node, wanted, ann, "random", noon);
      room_host r{node};
      r.room_id = create->room_id;
      r.restart();
      chat_command c;
      c.create_event = create;
      const auto done = r.command(wanted, c);
      const auto* expected = for_members ? rule_for_members : rule;
      BOOST_TEST((answer_to(done) == (expected ? fault_code::none : fault_code::unsupported_room_version)), version);
      BOOST_TEST(r.disk.known == (expected != nullptr));
      if (!expected) continue;
      BOOST_TEST(*r.event(r.state().at({"m.room.join_rules", ""}))->content().find("join_rule")->as_string() ==
                 expected);
      BOOST_TEST(r.membership(bob) == "join");
    }
}

BOOST_AUTO_TEST_SUITE_END()
