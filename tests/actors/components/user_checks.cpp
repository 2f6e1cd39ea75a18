#include "actors/directory/user_checks.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(directory_user_checks_alone)

namespace {

using directory::user_checks;

std::string remote(std::size_t number, const std::string& server = "there.example") {
  return "@u" + std::to_string(number) + ":" + server;
}

/// ann is ours and there; carl was.
struct checks_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::directory, ""}};
  directory::user_names names{node};
  user_checks checks{node, out, names};
  std::size_t commands = 0;
  std::map<std::string, token> open; ///< users who have been asked for

  checks_rig() {
    out.set_now(now);
    store::put_user carl{"@carl:here.example", "carl", "Carl", {}};
    carl.deactivated_ts = 1;
    names.load({{"@ann:here.example", "ann", "Ann", {}}, carl});
  }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  effects ask(std::vector<std::string> users) {
    checks.run({{"s", "c" + std::to_string(++commands), 0}, {}}, chat::query_verify_users{std::move(users)});
    auto list = out.take();
    for (const auto& [to, r] : told<peer_request>(list)) {
      BOOST_TEST((to == address{actor_kind::remote_server, std::string{matrix::server_name_of(r.query.at(0).second)}}));
      BOOST_TEST((r.endpoint == matrix::endpoint::query_profile));
      open.insert_or_assign(r.query.at(0).second, r.asked);
    }
    return list;
  }
  effects answer(const std::string& user, int status, std::string errcode = {}, fault why = {}) {
    peer_answer a;
    a.asked = open.at(user);
    a.status = status;
    a.errcode = std::move(errcode);
    a.why = std::move(why);
    BOOST_TEST(checks.answered(a));
    return out.take();
  }
  effects absent(const std::string& user) {
    return answer(user, 404, "M_NOT_FOUND", {fault_code::peer_refused, "404"});
  }
  effects wait() {
    if (checks.deadline() == 0) throw std::runtime_error("nothing is due");
    after(checks.deadline() - now);
    checks.expire();
    return out.take();
  }
};

std::vector<chat::verified_user> users_in(const effects& list) {
  const auto done = told<command_done>(list);
  if (done.size() != 1 || !done[0].second.succeeded) throw std::runtime_error("not one answer");
  return edge::unpack<chat::verify_users_answer>(done[0].second.body, fault_code::bad_body)->users;
}
/// The states of an answer, in order.
std::string states(const effects& list) {
  std::string all;
  for (const auto& x : users_in(list)) all += (all.empty() ? "" : " ") + x.state;
  return all;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(of_ours_and_of_what_names_nobody_no_server_is_asked, checks_rig) {
  const auto list = ask({"ann", "@ann:here.example", "carl", "nobody", "b@d"});
  BOOST_TEST(told<peer_request>(list).empty());
  BOOST_TEST(states(list) == "verified verified unverified unverified unable_to_verify");
  BOOST_TEST(users_in(list)[4].fault.value() == "invalid_identifier");
  BOOST_TEST(checks.deadline() == 0);
}

BOOST_FIXTURE_TEST_CASE(an_answer_is_made_when_the_last_server_has_said_something, checks_rig) {
  BOOST_TEST(told<peer_request>(ask({remote(1), "ann", remote(2, "third.example"), remote(3)})).size() == 3u);
  BOOST_TEST(answer(remote(3), 200).empty());
  BOOST_TEST(absent(remote(2, "third.example")).empty());
  const auto list = answer(remote(1), 0, {}, {fault_code::peer_unreachable, std::string(2'000, 'w')});
  BOOST_TEST(states(list) == "unable_to_verify verified unverified verified");
  const auto users = users_in(list);
  BOOST_TEST(users[0].fault.value() == "peer_unreachable");
  BOOST_TEST(users[0].reason.value().size() <= 510u); // words of another server are cut
  BOOST_TEST(!users[1].fault.has_value());
  BOOST_TEST(written<store::put_command_result>(list).empty()); // it is asked anew another time
}

BOOST_FIXTURE_TEST_CASE(only_a_server_that_says_not_found_denies_a_user, checks_rig) {
  const std::vector<std::pair<int, std::string>> unclear{
    {404, ""}, {404, "M_UNRECOGNIZED"}, {403, "M_FORBIDDEN"}, {400, "M_NOT_FOUND"}, {500, "M_NOT_FOUND"}, {0, ""}};
  for (const auto& [status, errcode] : unclear) {
    BOOST_TEST(told<peer_request>(ask({remote(1)})).size() == 1u); // what is unclear is not kept
    BOOST_TEST(states(answer(remote(1), status, errcode, {fault_code::peer_refused, "no"})) == "unable_to_verify",
               status << " " << errcode);
  }
}

BOOST_FIXTURE_TEST_CASE(a_user_named_twice_is_asked_for_once_and_told_twice, checks_rig) {
  BOOST_TEST(told<peer_request>(ask({remote(1), remote(1)})).size() == 1u);
  BOOST_TEST(told<peer_request>(ask({remote(2), remote(1)})).size() == 1u); // the one who is not being asked for
  BOOST_TEST(states(absent(remote(1))) == "unverified unverified");
  BOOST_TEST(states(answer(remote(2), 200)) == "verified unverified");
  BOOST_TEST(checks.deadline() == 0);
}

BOOST_FIXTURE_TEST_CASE(what_a_server_has_said_is_kept_for_a_while, checks_rig) {
  (void)ask({remote(1)});
  (void)absent(remote(1));
  after(user_checks::kept_ms - 1);
  BOOST_TEST(states(ask({remote(1)})) == "unverified");
  after(1);
  BOOST_TEST(told<peer_request>(ask({remote(1)})).size() == 1u);
  // The later word counts, also when the earlier one goes.
  (void)answer(remote(1), 200);
  after(1);
  (void)ask({remote(2)});
  (void)answer(remote(2), 200);
  BOOST_TEST(states(ask({remote(1)})) == "verified");
}

BOOST_FIXTURE_TEST_CASE(of_what_is_kept_the_oldest_go, checks_rig) {
  for (std::size_t i = 0; i <= user_checks::kept_max; ++i) {
    (void)ask({remote(i)});
    (void)answer(remote(i), 200);
  }
  BOOST_TEST(told<peer_request>(ask({remote(0)})).size() == 1u);
  BOOST_TEST(told<peer_request>(ask({remote(1)})).empty());
}

BOOST_FIXTURE_TEST_CASE(a_server_that_says_nothing_spoils_no_other_user, checks_rig) {
  const auto patience_ms =
    time_ms{std::min(node.settings().federation.request_timeout_ms, user_checks::patience_ms_max)};
  (void)ask({remote(1), remote(2)});
  (void)answer(remote(2), 200);
  after(1'000);
  (void)ask({remote(1), remote(3)}); // who waits for the same user is not kept waiting either
  after(checks.deadline() - now - 1);
  BOOST_TEST(now - noon >= patience_ms);
  checks.expire();
  BOOST_TEST(out.take().empty());
  const auto late = open.at(remote(1));
  const auto list = wait();
  BOOST_TEST(states(list) == "unable_to_verify verified");
  BOOST_TEST(users_in(list)[0].fault.value() == "peer_timeout");
  BOOST_TEST(checks.deadline() == now + 1'000);
  BOOST_TEST(states(answer(remote(3), 200)) == "unable_to_verify verified");
  BOOST_TEST(!checks.answered({late, "there.example", 200, {}, {}, {}})); // nobody waits for it any more
  BOOST_TEST(checks.deadline() == 0);
  BOOST_TEST(told<peer_request>(ask({remote(1)})).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(no_user_is_waited_for_longer_than_a_person_waits, checks_rig) {
  change(node).federation.request_timeout_ms = 600'000;
  auto asked = told<peer_request>(ask({remote(1)}));
  BOOST_TEST(asked.at(0).second.timeout_ms == user_checks::patience_ms_max);
  change(node).federation.request_timeout_ms = 3'000;
  asked = told<peer_request>(ask({remote(2)}));
  BOOST_TEST(asked.at(0).second.timeout_ms == 3'000u);
}

BOOST_FIXTURE_TEST_CASE(users_asked_for_at_once_are_bounded, checks_rig) {
  std::size_t asked = 0;
  for (; asked + chat::verified_users_max <= user_checks::asked_max; asked += chat::verified_users_max) {
    std::vector<std::string> many;
    for (std::size_t i = 0; i < chat::verified_users_max; ++i) many.push_back(remote(asked + i));
    BOOST_TEST(told<peer_request>(ask(many)).size() == chat::verified_users_max);
  }
  const auto refused = told<command_done>(ask({remote(asked)}));
  BOOST_REQUIRE(refused.size() == 1u);
  BOOST_TEST((chat::decode_fault(refused[0].second.body).code == fault_code::overloaded));
  (void)answer(remote(0), 200);
  BOOST_TEST(told<peer_request>(ask({remote(asked)})).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(commands_that_wait_are_bounded_though_they_ask_for_one_user, checks_rig) {
  for (std::size_t i = 0; i < user_checks::questions_max; ++i) BOOST_TEST(told<command_done>(ask({remote(1)})).empty());
  BOOST_TEST(told<command_done>(ask({remote(1)})).size() == 1u);
  BOOST_TEST(told<command_done>(answer(remote(1), 200)).size() == user_checks::questions_max);
  BOOST_TEST(states(ask({remote(1)})) == "verified");
}

BOOST_FIXTURE_TEST_CASE(answer_to_what_was_not_asked_here_is_somebody_elses, checks_rig) {
  BOOST_TEST(!checks.answered({77, "there.example", 200, {}, {}, {}}));
}

BOOST_AUTO_TEST_SUITE_END()
