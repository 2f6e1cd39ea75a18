#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_restricted)

namespace {

const std::string club = "!club:here.example", lodge = "!lodge:here.example", carl = "@carl:here.example";

/// A room of ann and bob for the members of the club and the lodge. Who is where, the test says.
struct restricted_room : shared_room {
  std::map<std::string, member_response> told_of; ///< room -> what it says of anybody; absent: no answer

  explicit restricted_room(std::string room_version = "11", const std::string& rule = "restricted")
      : shared_room(std::move(room_version), false) {
    outside = [this](const address& to, const message& m) -> std::optional<message> {
      const auto* asked = std::get_if<member_request>(&m);
      if (!asked || !told_of.contains(to.key)) return {};
      auto answer = told_of.at(to.key);
      answer.asked = asked->asked;
      return answer;
    };
    array allow;
    for (const auto& room : {club, lodge, club})
      allow.emplace_back(object{{"type", "m.room_membership"}, {"room_id", room}});
    allow.emplace_back(object{{"type", "of another kind"}, {"room_id", "!other:here.example"}});
    allow.emplace_back(7);
    push({made(ann, "m.room.join_rules", {{"join_rule", rule}, {"allow", allow}}, "")});
    told_of[club] = told_of[lodge] = {0, true, false};
  }
  void nobody_may_invite() {
    object content = event(state().at({"m.room.power_levels", ""}))->content();
    content.set("users", object{});
    push({made(ann, "m.room.power_levels", content, "")});
  }
};

fault_code join_through(restricted_room& r) {
  joining_server there{r};
  return refusal_in(there.command(chat::room_join{"", eve, {"here.example"}})).code;
}
fault_code join_here(restricted_room& r) { return refusal_in(r.command(chat::room_join{"", carl, {}})).code; }

matrix::event_ptr member_event(const room_host& r, const std::string& user) {
  return r.event(r.state().at({"m.room.member", user}));
}

} // namespace

BOOST_AUTO_TEST_CASE(whoever_is_in_a_room_of_the_join_rule_is_let_in_by_one_who_may_invite) {
  for (const auto* version : {"8", "9", "10", "11", "12"}) {
    restricted_room r{version};
    r.told_of[lodge] = {0, true, true};
    joining_server there{r};
    BOOST_TEST((refusal_in(there.command(chat::room_join{"", eve, {"here.example"}})).code == fault_code::none),
               version);
    for (const room_host* side : {static_cast<room_host*>(&r), static_cast<room_host*>(&there)}) {
      const auto join = member_event(*side, eve);
      BOOST_TEST(join->membership() == matrix::membership::join);
      BOOST_TEST(*join->content().find("join_authorised_via_users_server")->as_string() == ann);
      BOOST_TEST((join->source.find("signatures")->find("here.example") != nullptr));
      BOOST_TEST((join->source.find("signatures")->find("there.example") != nullptr));
    }
  }
}

BOOST_AUTO_TEST_CASE(knock_restricted_lets_in_alike) {
  restricted_room r{"10", "knock_restricted"};
  r.told_of[club] = {0, true, true};
  BOOST_TEST((join_through(r) == fault_code::none));
}

BOOST_AUTO_TEST_CASE(whoever_is_in_none_of_them_is_refused) {
  restricted_room r;
  BOOST_TEST((join_through(r) == fault_code::forbidden));
  BOOST_TEST((join_here(r) == fault_code::forbidden));
  BOOST_TEST(r.membership(eve) == "");
}

BOOST_AUTO_TEST_CASE(rooms_that_we_are_not_in_are_for_another_server_to_judge) {
  restricted_room r;
  r.told_of[lodge] = {0, false, false};
  BOOST_TEST((join_through(r) == fault_code::unable_to_authorise_join));
  BOOST_TEST((join_here(r) == fault_code::unable_to_authorise_join));
  r.told_of[club] = {0, true, true};
  BOOST_TEST((join_through(r) == fault_code::none)); // one of them is enough
}

BOOST_AUTO_TEST_CASE(without_a_user_who_may_invite_nobody_is_let_in) {
  restricted_room r;
  r.told_of[club] = {0, true, true};
  r.nobody_may_invite();
  BOOST_TEST((join_through(r) == fault_code::unable_to_grant_join));
  BOOST_TEST((join_here(r) == fault_code::unable_to_grant_join));
}

BOOST_AUTO_TEST_CASE(the_one_of_ours_who_may_invite_is_found_among_many_who_may_not) {
  const std::string zoe = "@zoe:here.example";
  for (const bool by_name : {true, false}) {
    restricted_room r;
    r.told_of[club] = {0, true, true};
    object users;
    for (int i = 100; i < 140; ++i) {
      const auto user = "@u" + std::to_string(i) + ":here.example";
      BOOST_TEST((refusal_in(r.command(chat::room_join{"", user, {}})).code == fault_code::none));
      if (!by_name) users.set(user, 0);
    }
    BOOST_TEST((refusal_in(r.command(chat::room_join{"", zoe, {}})).code == fault_code::none));
    // He is named among the powerful, or the only one who is not named among those without power.
    object content = r.event(r.state().at({"m.room.power_levels", ""}))->content();
    if (by_name) users.set(zoe, 60);
    for (const auto& user : {ann, bob}) users.set(user, 0);
    content.set("users", users);
    content.set("users_default", by_name ? 0 : 60);
    r.push({r.made(ann, "m.room.power_levels", content, "")});
    BOOST_TEST((join_through(r) == fault_code::none));
    BOOST_TEST(*member_event(r, eve)->content().find("join_authorised_via_users_server")->as_string() == zoe);
  }
}

BOOST_AUTO_TEST_CASE(a_room_that_does_not_answer_counts_as_one_we_are_not_in) {
  restricted_room r;
  r.told_of.erase(lodge);
  const auto asked = r.call("GET", r.path("v1/make_join", eve) + "?ver=11");
  BOOST_TEST(told<federation_reply>(asked).empty());
  BOOST_TEST(told<member_request>(asked).size() == 2u); // each once
  const auto reply = shared_room::reply_in(r.pass(10'000));
  BOOST_TEST(reply.status == 400);
  BOOST_TEST(reply.body.find("M_UNABLE_TO_AUTHORISE_JOIN") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(send_join_checks_the_conditions_once_more) {
  restricted_room r;
  r.told_of[club] = {0, true, true};
  const auto told = r.body_of(r.call("GET", r.path("v1/make_join", eve) + "?ver=11"));
  const auto x = *matrix::hash_and_sign(*told.find_object("event"), r.rules(), "there.example", there_key());
  r.told_of[club] = {0, true, false};
  const auto reply = shared_room::reply_in(r.call("PUT", r.path("v2/send_join", x->event_id), x->source));
  BOOST_TEST(reply.status == 403);
  BOOST_TEST(r.membership(eve) == "");
}

BOOST_AUTO_TEST_CASE(a_join_that_names_nobody_or_one_without_power_is_refused) {
  restricted_room r;
  r.told_of[club] = {0, true, true};
  const auto told = r.body_of(r.call("GET", r.path("v1/make_join", eve) + "?ver=11"));
  auto attempt = [&](std::optional<std::string> authoriser) {
    object pdu = *told.find_object("event");
    object content{{"membership", "join"}};
    if (authoriser) content.set("join_authorised_via_users_server", *authoriser);
    pdu.set("content", std::move(content));
    array auth;
    for (const auto& id : matrix::select_auth_events(r.rules(), "m.room.member", eve, &eve,
                                                     *pdu.find("content")->as_object(), r.state()))
      auth.emplace_back(id);
    pdu.set("auth_events", std::move(auth));
    const auto x = *matrix::hash_and_sign(pdu, r.rules(), "there.example", there_key());
    return shared_room::reply_in(r.call("PUT", r.path("v2/send_join", x->event_id), x->source)).status;
  };
  BOOST_TEST(attempt({}) == 403);
  BOOST_TEST(attempt(bob) == 403); // may not invite
  BOOST_TEST(attempt("@nobody:here.example") == 403);
  BOOST_TEST(attempt(eve) == 403);                      // lets himself in
  BOOST_TEST(attempt("@mod:elsewhere.example") != 200); // whose server has not signed
  BOOST_TEST(r.membership(eve) == "");
  BOOST_TEST(attempt(ann) == 200);
}

BOOST_AUTO_TEST_CASE(a_join_that_comes_back_without_the_signature_is_no_join) {
  for (const auto* replacement : {"", R"({"ed25519:x":"AAAA"})", R"("text")"}) {
    restricted_room r;
    r.told_of[club] = {0, true, true};
    joining_server there{r};
    there.outside = [&](const address& to, const message& m) -> std::optional<message> {
      const auto* request = std::get_if<peer_request>(&m);
      if (!request) return {};
      auto answer = there.answer_of(to.key, *request);
      if (request->endpoint == matrix::endpoint::send_join_v2) {
        auto& a = std::get<peer_answer>(answer);
        auto body = *matrix::json::parse(a.body);
        auto& signatures = *body.as_object()->find("event")->as_object()->find("signatures")->as_object();
        signatures.erase("here.example");
        if (*replacement) signatures.set("here.example", *matrix::json::parse(replacement));
        a.body = matrix::json::canonical(body);
      }
      return answer;
    };
    auto done = there.command(chat::room_join{"", eve, {"here.example"}});
    if (told<command_done>(done).empty())
      append(done, there.pass(120'000)); // keys may be had later, as it is with those of the state
    BOOST_TEST((refusal_in(done).code == fault_code::peer_bad_answer), replacement);
    BOOST_TEST(notified<chat::room_created>(done).empty());
    BOOST_TEST(!there.disk.known);
  }
}

BOOST_AUTO_TEST_CASE(our_own_user_is_let_in_by_one_of_us) {
  restricted_room r;
  r.told_of[club] = {0, true, true};
  BOOST_TEST((join_here(r) == fault_code::none));
  const auto join = member_event(r, carl);
  BOOST_TEST(*join->content().find("join_authorised_via_users_server")->as_string() == ann);
}

/// there.example is in the room by eve, who may not invite; eli is in the club.
struct resident_asked {
  restricted_room r;
  joining_server there{r};
  std::function<void(const peer_request&, peer_answer&)> forge = [](const auto&, auto&) {};

  resident_asked() {
    r.told_of[club] = {0, true, true};
    there.outside = [this](const address& to, const message& m) -> std::optional<message> {
      if (const auto* asked = std::get_if<member_request>(&m)) return member_response{asked->asked, true, true};
      const auto* request = std::get_if<peer_request>(&m);
      if (!request) return {};
      auto answer = there.answer_of(to.key, *request);
      forge(*request, std::get<peer_answer>(answer));
      return answer;
    };
    if (refusal_in(there.command(chat::room_join{"", eve, {"here.example"}})).code != fault_code::none)
      throw std::runtime_error("eve");
    there.asked.clear();
  }
  fault_code eli_joins() { return refusal_in(there.command(chat::room_join{"", eli, {}})).code; }
};

BOOST_AUTO_TEST_CASE(who_cannot_be_let_in_by_one_of_us_is_let_in_by_another_resident) {
  resident_asked x;
  BOOST_TEST((x.eli_joins() == fault_code::none));
  BOOST_TEST(x.there.asked ==
               (std::vector<std::string>{"here.example v1/make_join/{}/{}", "here.example v2/send_join/{}/{}"}),
             boost::test_tools::per_element());
  for (const room_host* side : {static_cast<room_host*>(&x.r), static_cast<room_host*>(&x.there)}) {
    const auto join = member_event(*side, eli);
    BOOST_TEST(*join->content().find("join_authorised_via_users_server")->as_string() == ann);
    BOOST_TEST((join->source.find("signatures")->find("here.example") != nullptr));
    BOOST_TEST(side->membership(eli) == "join");
  }
}

BOOST_AUTO_TEST_CASE(the_resident_cannot_let_him_in_either) {
  resident_asked x;
  x.r.nobody_may_invite();
  BOOST_TEST((x.eli_joins() == fault_code::unable_to_grant_join));
  BOOST_TEST(x.there.membership(eli) == "");
}

BOOST_AUTO_TEST_CASE(a_resident_whose_signature_is_none_lets_nobody_in) {
  for (const auto* replacement : {"", R"({"ed25519:x":"AAAA"})", R"("text")"}) {
    resident_asked x;
    x.forge = [&](const peer_request& request, peer_answer& a) {
      if (request.endpoint != matrix::endpoint::send_join_v2) return;
      auto body = *matrix::json::parse(a.body);
      auto& signatures = *body.as_object()->find("event")->as_object()->find("signatures")->as_object();
      signatures.erase("here.example");
      if (*replacement) signatures.set("here.example", *matrix::json::parse(replacement));
      a.body = matrix::json::canonical(body);
    };
    auto done = x.there.command(chat::room_join{"", eli, {}});
    if (told<command_done>(done).empty()) append(done, x.there.pass(60'000)); // its key is asked for again and again
    BOOST_TEST((refusal_in(done).code == fault_code::peer_bad_answer), replacement);
    BOOST_TEST(x.there.membership(eli) == "");
  }
}

BOOST_AUTO_TEST_CASE(a_template_that_names_nobody_who_lets_him_in_is_not_signed) {
  resident_asked x;
  x.forge = [&](const peer_request& request, peer_answer& a) {
    if (request.endpoint != matrix::endpoint::make_join) return;
    auto body = *matrix::json::parse(a.body);
    body.as_object()->find("event")->as_object()->find("content")->as_object()->erase(
      "join_authorised_via_users_server");
    a.body = matrix::json::canonical(body);
  };
  BOOST_TEST((x.eli_joins() == fault_code::peer_bad_answer));
  BOOST_TEST(x.there.asked.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_room_tells_others_who_is_in_it) {
  shared_room r;
  auto says = [&](const std::string& user) {
    return told<member_response>(r.on(member_request{{actor_kind::room, club}, 5, user})).at(0).second;
  };
  BOOST_TEST(says(eve).known);
  BOOST_TEST(says(eve).joined);
  BOOST_TEST(says(eve).asked == 5u);
  BOOST_TEST(!says(carl).joined);
  room_host unknown{here()};
  unknown.room_id = club;
  unknown.restart();
  const auto done = unknown.on(member_request{{actor_kind::room, r.room_id}, 5, eve});
  BOOST_TEST(!told<member_response>(done).at(0).second.known);
  BOOST_TEST(of_kind<finish>(done).size() == 1u); // a room that is none of ours keeps no actor
}

BOOST_AUTO_TEST_CASE(a_channel_is_created_for_the_members_of_others) {
  for (const auto* version : {"7", "8"}) {
    const auto node = here(version);
    chat::room_create wanted;
    wanted.room = "chat-2";
    wanted.type = chat::room_type::channel;
    wanted.creator = ann;
    wanted.members_of = {club};
    const auto create = *room::found_room(node, wanted, ann, "random", noon);
    room_host r{node};
    r.room_id = create->room_id;
    r.restart();
    chat_command c;
    c.create_event = create;
    const auto done = r.command(wanted, c);
    if (version == std::string_view{"7"}) {
      BOOST_TEST((refusal_in(done).code == fault_code::unsupported_room_version));
      BOOST_TEST(!r.disk.known);
      continue;
    }
    const auto rules = r.event(r.state().at({"m.room.join_rules", ""}));
    BOOST_TEST(matrix::json::canonical(rules->content()) ==
               R"({"allow":[{"room_id":"!club:here.example","type":"m.room_membership"}],"join_rule":"restricted"})");
  }
}

BOOST_AUTO_TEST_SUITE_END()
