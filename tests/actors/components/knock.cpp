#include "actors/invitation/knock.hpp"

#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using invitation::server_request;

BOOST_AUTO_TEST_SUITE(knock_alone)

namespace {

struct knock_rig : invitation_rig {
  invitation::knock knock{record, question, leave, join};
  knock_rig() : invitation_rig(their_room, our_user) {}

  effects start(std::vector<std::string> via = {"there.example"}, std::string id = "c1") {
    const chat::room_knock x{their_room, our_user, std::move(via), "please"};
    knock.start(command(x, std::move(id)), x);
    return take();
  }
  effects profile(const effects& after) {
    const store::user_found found{store::put_user{our_user, "bob", "Bob", ""}};
    BOOST_TEST(knock.profile_found(of_kind<ask_store>(after).at(0).asked, &found));
    return take();
  }
  effects answer(const effects& after, int status, std::string body = "{}", std::string errcode = {}) {
    const auto a = their_answer(told<peer_request>(after).at(0).second, status, std::move(body), std::move(errcode));
    knock.answered(question.answered(a).value(), a);
    return take();
  }
  /// Until a server has taken it.
  effects taken() { return answer(answer(profile(start()), 200, made_event("knock")), 200); }
  static std::string server_in(const effects& list) { return told<peer_request>(list).at(0).first.key; }
};

} // namespace

BOOST_AUTO_TEST_CASE(knock_is_pending_when_a_server_has_taken_it_and_is_asked_about_then) {
  knock_rig r;
  const auto made = r.profile(r.start());
  BOOST_TEST((told<peer_request>(made).at(0).second.endpoint == matrix::endpoint::make_knock));
  const auto sent = r.answer(made, 200, made_event("knock"));
  const auto x = *matrix::parse_event(told<peer_request>(sent).at(0).second.body, *matrix::find_room_version("11"));
  BOOST_TEST(*x->content().find("displayname")->as_string() == "Bob");
  BOOST_TEST(r.state() == invitation_state::sending);
  const auto done = r.answer(sent, 200);
  BOOST_TEST(result_in(done) == "ok");
  BOOST_TEST(r.state() == invitation_state::pending);
  BOOST_TEST(r.next() == next_request::ask);
  BOOST_TEST(r.record.row.retry_at_ts == r.now + std::int64_t{r.node.settings().invitation.knock_check_s} * 1'000);
  BOOST_TEST(r.knock.is_idle());
}

BOOST_AUTO_TEST_CASE(servers_are_asked_in_turn_and_a_round_that_reaches_nobody_is_repeated) {
  knock_rig r;
  auto list = r.profile(r.start({"one.example", "two.example"}));
  BOOST_TEST(knock_rig::server_in(list) == "one.example");
  list = r.answer(list, 0);
  BOOST_TEST(knock_rig::server_in(list) == "two.example");
  const auto done = r.answer(list, 502);
  BOOST_TEST(result_in(done) == "ok"); // sending
  BOOST_TEST(r.state() == invitation_state::sending);
  BOOST_TEST(r.record.row.retry_at_ts > r.now);
}

BOOST_AUTO_TEST_CASE(refused_by_all_is_failed_with_the_weightiest_reason) {
  knock_rig r;
  auto list = r.answer(r.profile(r.start({"one.example", "two.example"})), 403, "{}", "M_FORBIDDEN");
  const auto done = r.answer(list, 404, "{}", "M_NOT_FOUND");
  BOOST_TEST(result_in(done) == "forbidden");
  BOOST_TEST(r.state() == invitation_state::failed);
  BOOST_TEST(r.next() == next_request::none);
}

BOOST_AUTO_TEST_CASE(invite_is_the_answer_and_the_join_follows) {
  knock_rig r;
  r.taken();
  const auto invite = member_event(their_room, their_user, our_user, "invite", 12);
  r.knock.let_in(invite, chat::room_type::channel);
  BOOST_TEST(r.record.is_let_in());
  BOOST_TEST(told<join_request>(r.profile(r.take())).size() == 1u);
  r.knock.join_ended({our_user, {}});
  BOOST_TEST(r.state() == invitation_state::accepted);
  BOOST_TEST(r.next() == next_request::none);
}

BOOST_AUTO_TEST_CASE(join_that_is_refused_again_and_again_leaves_an_invitation) {
  knock_rig r;
  r.taken();
  r.knock.let_in(member_event(their_room, their_user, our_user, "invite", 12), chat::room_type::channel);
  r.profile(r.take());
  int attempts = 1;
  for (; r.record.is_let_in() && attempts < 20; ++attempts) {
    r.knock.join_ended({our_user, {fault_code::forbidden, "not yet"}});
    r.take();
    if (!r.record.is_let_in()) break;
    r.after(r.record.row.retry_at_ts - r.now);
    r.knock.begin();
    r.profile(r.take());
  }
  BOOST_TEST(attempts == 8);
  BOOST_TEST(r.record.is(invitation_direction::incoming, invitation_state::pending));
}

BOOST_AUTO_TEST_CASE(server_that_took_the_knock_says_whether_it_stands) {
  knock_rig r;
  r.taken();
  const auto ask = [&] {
    r.after(r.record.row.retry_at_ts - r.now);
    r.knock.begin();
    return r.take();
  };
  r.answer(ask(), 200);
  BOOST_TEST(r.state() == invitation_state::pending);
  r.answer(ask(), 404, "{}", "M_NOT_FOUND"); // says nothing
  BOOST_TEST(r.state() == invitation_state::pending);
  r.answer(ask(), 403, "{}", "M_FORBIDDEN");
  BOOST_TEST(r.state() == invitation_state::rejected);
}

BOOST_AUTO_TEST_CASE(leave_by_way_of_the_server_that_took_it_is_believed_and_of_another_one_asked_about) {
  for (const bool is_theirs : {true, false}) {
    knock_rig r;
    r.taken();
    const auto by = is_theirs ? their_user : "@x:third.example";
    r.knock.rescinded(*member_event(their_room, by, our_user, "leave", 12, {r.record.event->event_id}));
    const auto list = r.take();
    BOOST_TEST(r.state() == (is_theirs ? invitation_state::rejected : invitation_state::pending));
    BOOST_TEST(told<peer_request>(list).size() == (is_theirs ? 0u : 1u));
  }
}

BOOST_AUTO_TEST_CASE(retraction_is_done_here_at_once_and_told_to_the_server) {
  knock_rig r;
  r.taken();
  const chat::knock_retract x{their_room, our_user, {}};
  r.knock.retract(r.command(x, "c2"), x);
  BOOST_TEST(r.knock.is_being_retracted());
  r.take();
  r.knock.retracted({our_user, {fault_code::not_member, "this server is not in the room"}});
  const auto done = r.take();
  BOOST_TEST(result_in(done) == "ok");
  BOOST_TEST(r.state() == invitation_state::revoked);
  BOOST_TEST(r.next() == next_request::leave);
  BOOST_TEST((told<peer_request>(done).at(0).second.endpoint == matrix::endpoint::make_leave));
}

BOOST_AUTO_TEST_CASE(store_that_does_not_tell_the_profile_does_not_hold_the_knock_up) {
  knock_rig r;
  r.start();
  BOOST_TEST(!r.knock.is_idle());
  r.after(r.patience_ms());
  r.knock.expire();
  BOOST_TEST(told<peer_request>(r.take()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
