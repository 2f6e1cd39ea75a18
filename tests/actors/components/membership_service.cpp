#include "actors/room/membership_service.hpp"

#include "messages/invitation_key.hpp"
#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;
using room::question::arriving_membership;

BOOST_AUTO_TEST_SUITE(room_membership_service_alone)

namespace {

const std::string tia = "@tia:third.example", zoe = "@zoe:there.example";
constexpr time_ms hold_ms = 15'000;

struct service_rig : assembled_rig {
  room::membership_service service{{room, out, pending, writer, authoring, policy, invitations, joins, events}};

  /// A request of that user's server.
  federation_call from(const std::string& user, const std::string& method, const std::string& target,
                       std::optional<object> body = {}) {
    auto c = call_of(method, target, std::move(body));
    c.origin = matrix::server_name_of(user);
    return c;
  }
  effects make(const char* what, const std::string& user, const std::string& query = "?ver=11") {
    service.make(from(user, "GET", path(std::string{"v1/make_"} + what, user) + query), matrix::parse_membership(what));
    return take();
  }
  /// What the user's server signs of a template.
  matrix::event_ptr made_from_template(const char* what, const std::string& user) {
    return signed_by(user, *body_of(make(what, user)).find_object("event"));
  }
  matrix::event_ptr signed_by(const std::string& user, object pdu) const {
    const std::string server{matrix::server_name_of(user)};
    return *matrix::hash_and_sign(std::move(pdu), rules(), server,
                                  server == "third.example" ? key_of('3') : there_key());
  }
  effects send(const char* what, const matrix::event_ptr& x, const std::string& id = {}) {
    service.send(from(x->sender, "PUT", path(std::string{"v2/send_"} + what, id.empty() ? x->event_id : id), x->source),
                 matrix::parse_membership(what));
    return take();
  }
  /// The same, and its signatures are valid.
  effects take_in(const char* what, const matrix::event_ptr& x) {
    return hear<arriving_membership>(service, verified(send(what, x)));
  }
  void have(const std::string& by, const std::string& user, const std::string& membership) {
    const auto x = authoring.author({"m.room.member", by, user, {{"membership", membership}}});
    if (!x || !authoring.commit(*x)) throw std::runtime_error("not allowed");
    (void)take();
  }
  void have_uncommitted_invite(const std::string& user) {
    auto wanted = invitations.invite(ann, user, {});
    if (!wanted || !*wanted) throw std::runtime_error("no invite");
    invitations.begin(user, **wanted);
    (void)take();
  }
};

int status_in(const effects& list) { return shared_room::reply_in(list).status; }
int status_of(fault_code code) { return info(code).http_status; }
bool is_error(const effects& list, const std::string& errcode) {
  return shared_room::reply_in(list).body.find("\"" + errcode + "\"") != std::string::npos;
}
std::set<std::string> queued_for(const effects& list, const std::string& event_id) {
  std::set<std::string> servers;
  for (const auto& row : written<store::queue_pdu>(list))
    if (row.event_id == event_id) servers.insert(row.server_name);
  return servers;
}

} // namespace

BOOST_AUTO_TEST_CASE(template_has_what_the_rules_need_and_nothing_of_ours) {
  service_rig r;
  const auto list = r.make("join", tia);
  BOOST_TEST(status_in(list) == 200);
  BOOST_TEST(written<store::put_event>(list).empty());
  const auto body = r.body_of(list);
  BOOST_TEST(*body.find_string("room_version") == "11");
  const auto* event = body.find_object("event");
  BOOST_REQUIRE(event);
  for (const auto* ours : {"hashes", "signatures", "event_id", "origin"}) BOOST_TEST(!event->contains(ours), ours);
  BOOST_TEST(*event->find("sender")->as_string() == tia);
  BOOST_TEST(*event->find("prev_events")->as_array()->at(0).as_string() == r.head().at(0));
  BOOST_TEST(!event->find("auth_events")->as_array()->empty());
}

BOOST_AUTO_TEST_CASE(template_is_refused_to_whom_the_rules_or_the_version_keep_out) {
  service_rig r;
  const auto other_version = r.make("join", tia, "?ver=10&ver=9");
  BOOST_TEST(status_in(other_version) == 400);
  BOOST_TEST(is_error(other_version, "M_INCOMPATIBLE_ROOM_VERSION"));
  BOOST_TEST(*r.body_of(other_version).find_string("room_version") == "11");
  BOOST_TEST(status_in(r.make("join", tia, "?ver=10&ver=11")) == 200);
  BOOST_TEST(is_error(r.make("join", tia, ""), "M_INCOMPATIBLE_ROOM_VERSION")); // it knows version 1 only
  BOOST_TEST(is_error(r.make("knock", tia, ""), "M_MISSING_PARAM"));
  BOOST_TEST(status_in(r.make("knock", tia)) == 403); // the room is public
  BOOST_TEST(status_in(r.make("leave", tia, "")) == 403);
  BOOST_TEST(status_in(r.make("leave", eve, "")) == 200);
  r.service.make(r.from(zoe, "GET", r.path("v1/make_join", tia) + "?ver=11"), matrix::membership::join);
  BOOST_TEST(status_in(r.take()) == 403); // another server's user
  r.have(ann, tia, "ban");
  BOOST_TEST(status_in(r.make("join", tia)) == 403);
  r.room.head.federated = false;
  BOOST_TEST(status_in(r.make("join", zoe)) == 403);
  BOOST_TEST(status_in(r.make("leave", eve, "")) == 200);
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST(status_in(r.make("join", zoe)) == 404);
  BOOST_TEST(status_in(r.make("leave", eve, "")) == 404);
}

BOOST_AUTO_TEST_CASE(server_that_the_room_denies_gets_no_template_and_brings_no_event) {
  service_rig r;
  const auto x = r.made_from_template("join", tia);
  array all, denied;
  all.emplace_back("*");
  denied.emplace_back("third.example");
  r.add(r.made(ann, "m.room.server_acl", {{"allow", std::move(all)}, {"deny", std::move(denied)}}, ""));
  (void)r.take();
  BOOST_TEST(status_in(r.make("join", tia)) == 403);
  const auto list = r.send("join", x);
  BOOST_TEST(status_in(list) == 403);
  BOOST_TEST(told<verify_events>(list).empty());
}

BOOST_AUTO_TEST_CASE(join_enters_the_room_with_the_answer_and_others_hear_of_it) {
  service_rig r;
  const auto x = r.made_from_template("join", tia);
  auto list = r.send("join", x);
  BOOST_TEST(told<federation_reply>(list).empty()); // not before its signature is known to be valid
  BOOST_TEST(!r.service.is_idle());
  list = r.hear<arriving_membership>(r.service, assembled_rig::verified(list));
  const auto commits = of_kind<persist>(list);
  BOOST_REQUIRE(commits.size() == 1u);
  BOOST_TEST(told<federation_reply>(commits[0].then).size() == 1u);
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST((rows[0].judged == store::verdict::accepted));
  BOOST_TEST(r.room.graph.membership(tia) == matrix::membership::join);
  BOOST_TEST(r.events.changes.size() == 1u);
  BOOST_TEST((queued_for(list, x->event_id) == std::set<std::string>{"there.example"})); // third.example has it
  BOOST_TEST(status_in(list) == 200);
  const auto body = r.body_of(list);
  BOOST_TEST(body.find_array("state")->size() == r.state().size()); // the state before the join
  BOOST_TEST(*body.find_string("origin") == "here.example");
  BOOST_TEST(!*body.find_bool("members_omitted"));
  BOOST_TEST(r.service.is_idle());

  const auto again = r.take_in("join", x); // the answer was lost
  BOOST_TEST(status_in(again) == 200);
  BOOST_TEST(written<store::put_event>(again).empty());
  BOOST_TEST(written<store::queue_pdu>(again).empty());
}

BOOST_AUTO_TEST_CASE(newcomer_gets_what_was_said_since_the_template) {
  service_rig r;
  const auto x = r.made_from_template("join", tia);
  const auto said = r.authoring.author({"m.room.message", ann, std::nullopt, {{"msgtype", "m.text"}, {"body", "hi"}}});
  BOOST_REQUIRE(!!said);
  BOOST_REQUIRE(!!r.authoring.commit(*said));
  (void)r.take();
  const auto list = r.take_in("join", x);
  BOOST_TEST((queued_for(list, (*said)->event_id) == std::set<std::string>{"third.example"}));
}

BOOST_AUTO_TEST_CASE(leave_goes_to_all_servers_and_to_its_own_which_may_have_others_in_the_room) {
  service_rig r;
  const auto x = r.made_from_template("leave", eve);
  const auto list = r.take_in("leave", x);
  BOOST_TEST(status_in(list) == 200);
  BOOST_TEST(r.room.graph.membership(eve) == matrix::membership::leave);
  BOOST_TEST((queued_for(list, x->event_id) == std::set<std::string>{"there.example"}));
}

BOOST_AUTO_TEST_CASE(event_that_is_not_what_the_path_says_is_refused_before_anything_is_verified) {
  service_rig r;
  const auto x = r.made_from_template("join", tia);
  const auto refused = [](const effects& list, int status) {
    BOOST_TEST(status_in(list) == status);
    BOOST_TEST(told<verify_events>(list).empty());
  };
  refused(r.send("join", x, "$" + std::string(43, 'O')), 400);
  refused(r.send("leave", x), 400);
  auto pdu = x->source;
  pdu.erase("hashes");
  pdu.erase("signatures");
  auto of_another = pdu;
  of_another.set("state_key", zoe);
  refused(r.send("join", r.signed_by(tia, of_another)), 400);
  auto elsewhere = pdu;
  elsewhere.set("room_id", "!other:here.example");
  refused(r.send("join", r.signed_by(tia, elsewhere)), 400);
  r.service.send(r.from(zoe, "PUT", r.path("v2/send_join", x->event_id), x->source), matrix::membership::join);
  refused(r.take(), 403); // it is another server's
  r.service.send(r.from(tia, "PUT", r.path("v2/send_join", x->event_id)), matrix::membership::join);
  refused(r.take(), 400);
  r.room.head.phase = store::room_phase::left;
  refused(r.send("join", x), 404);
  BOOST_TEST(r.service.is_idle());
}

BOOST_AUTO_TEST_CASE(event_without_a_valid_signature_is_refused_and_one_that_nobody_checked_may_be_repeated) {
  service_rig r;
  const auto x = r.made_from_template("join", tia);
  auto verdict = assembled_rig::verified(r.send("join", x));
  verdict.checks.assign(verdict.checks.size(), event_check::bad_signature);
  auto list = r.hear<arriving_membership>(r.service, verdict);
  BOOST_TEST(status_in(list) == status_of(fault_code::bad_signature));
  (void)r.send("join", x);
  r.after(room::pending_questions::verifier_patience_ms);
  list = r.hear_nothing<arriving_membership>(r.service);
  BOOST_TEST(status_in(list) == status_of(fault_code::timed_out));
  BOOST_TEST(r.room.graph.membership(tia) == matrix::membership::none);
  BOOST_TEST(r.service.is_idle());
}

BOOST_AUTO_TEST_CASE(what_has_happened_since_the_template_counts) {
  service_rig banned;
  const auto late = banned.made_from_template("join", tia);
  banned.have(ann, tia, "ban");
  auto list = banned.take_in("join", late);
  BOOST_TEST(status_in(list) == 403); // soft-failed, they would sit in a room that nobody sees them in
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST(banned.room.graph.membership(tia) == matrix::membership::ban);

  service_rig invited;
  const auto blind = invited.made_from_template("join", tia);
  invited.have(ann, tia, "invite");
  list = invited.take_in("join", blind);
  BOOST_TEST(status_in(list) == 400); // it does not cite what it would answer
  BOOST_TEST(invited.room.graph.membership(tia) == matrix::membership::invite);
  list = invited.take_in("join", invited.made_from_template("join", tia));
  BOOST_TEST(status_in(list) == 200);
}

BOOST_AUTO_TEST_CASE(parents_that_are_not_at_hand_are_read_once) {
  service_rig r;
  object pdu = r.made_from_template("join", tia)->source;
  array prev;
  prev.emplace_back("$" + std::string(43, 'P'));
  pdu.set("prev_events", std::move(prev));
  pdu.erase("hashes");
  pdu.erase("signatures");
  auto list = r.take_in("join", r.signed_by(tia, std::move(pdu)));
  BOOST_TEST(told<federation_reply>(list).empty());
  const auto question = std::get<store::load_events>(of_kind<ask_store>(list).at(0).question);
  BOOST_TEST(question.event_ids.size() == 1u);
  const auto nothing = assembled_rig::stored(list, store::events_loaded{});
  const auto again = r.authoring.parents().answered(r.question_of<room::question::parents>(nothing.asked), nothing);
  BOOST_REQUIRE(again.has_value());
  r.authoring.parents().set_retrying(true);
  list = r.hear<arriving_membership>(r.service, std::get<events_verified>(*again));
  BOOST_TEST(status_in(list) == 400);
  BOOST_TEST(of_kind<ask_store>(list).empty());
  BOOST_TEST(r.pending.size() == 0u);
}

BOOST_AUTO_TEST_CASE(call_of_an_invited_user_waits_until_their_invite_is_in_the_room) {
  service_rig r;
  r.have_uncommitted_invite(zoe);
  const auto list = r.make("join", zoe);
  BOOST_TEST(told<federation_reply>(list).empty());
  const auto alive = told<server_alive>(list);
  BOOST_REQUIRE(alive.size() == 1u); // their server has it: the next attempt need not wait
  BOOST_TEST((alive[0].first == address{actor_kind::invitation, invitation::key_of(r.room_id, zoe)}));
  BOOST_TEST(alive[0].second.server_name == "there.example");
  BOOST_TEST(r.service.deadline() == r.now + hold_ms);
  r.service.release(tia);
  BOOST_TEST(r.events.released.empty());
  BOOST_TEST(!r.service.is_idle());
  r.service.release(zoe);
  BOOST_REQUIRE(r.events.released.size() == 1u);
  BOOST_TEST(r.events.released[0].origin == "there.example");
  BOOST_TEST(r.take().empty());
  BOOST_TEST(r.service.is_idle());
  BOOST_TEST(r.service.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(held_call_is_answered_after_a_while_each_at_its_own_time) {
  service_rig r;
  r.have_uncommitted_invite(zoe);
  (void)r.make("join", zoe);
  r.after(5'000);
  (void)r.make("leave", zoe, "");
  BOOST_TEST(r.service.deadline() == r.now + hold_ms - 5'000);
  r.after(hold_ms - 5'000);
  r.service.on_deadline();
  BOOST_TEST(status_in(r.take()) == status_of(fault_code::timed_out));
  BOOST_TEST(r.service.deadline() == r.now + 5'000);
  r.after(5'000);
  r.service.on_deadline();
  BOOST_TEST(status_in(r.take()) == status_of(fault_code::timed_out));
  BOOST_TEST(r.events.released.empty());
  BOOST_TEST(r.service.is_idle());
}

BOOST_AUTO_TEST_CASE(join_waits_for_the_word_of_the_policy_server) {
  service_rig r;
  r.add(r.made(ann, "m.room.policy",
               {{"via", "there.example"}, {"public_keys", object{{"ed25519", key_of('p').public_key_base64()}}}}, ""));
  (void)r.take();
  const auto list = r.take_in("join", r.made_from_template("join", tia));
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::policy_sign}));
  BOOST_TEST(told<federation_reply>(list).empty());
  BOOST_TEST(r.room.graph.membership(tia) == matrix::membership::none);
}

BOOST_AUTO_TEST_SUITE_END()
