#include "actors/directory/remote_aliases.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using directory::remote_aliases;

BOOST_AUTO_TEST_SUITE(directory_remote_aliases_alone)

namespace {

const std::string pub = "#pub:there.example";

struct remote_aliases_rig {
  context node = here();
  decision out{{actor_kind::directory, ""}};
  remote_aliases aliases{node, out};

  remote_aliases_rig() { out.set_now(noon); }
  /// @returns the request that leaves
  peer_request ask() {
    const chat::room_join join{};
    aliases.ask({{"s", "c1", 0}, std::make_shared<const chat::command>(join)}, join, pub, "there.example");
    list = out.take();
    const auto sent = told<peer_request>(list);
    BOOST_REQUIRE(sent.size() == 1U);
    BOOST_TEST((sent[0].first == address{actor_kind::remote_server, "there.example"}));
    return sent[0].second;
  }
  result<remote_aliases::place> hear(int status, std::string body, fault why = {}, std::string errcode = {}) {
    auto ended =
      aliases.answered({ask().asked, "there.example", status, std::move(body), std::move(why), std::move(errcode)});
    BOOST_REQUIRE(ended.has_value());
    return ended->found;
  }
  effects list;
};

} // namespace

BOOST_AUTO_TEST_CASE(server_of_the_alias_is_asked_and_says_the_room_and_by_whom_to_enter) {
  remote_aliases_rig r;
  const auto found =
    r.hear(200, R"({"room_id":"!r:there.example","servers":["there.example","no server",7,"third.example"]})");
  BOOST_REQUIRE(bool(found));
  BOOST_TEST(found->room_id == "!r:there.example");
  BOOST_TEST(found->servers == (std::vector<std::string>{"there.example", "third.example"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(servers_of_an_answer_are_bounded) {
  remote_aliases_rig r;
  std::string many;
  for (int i = 0; i < 50; ++i) many += (many.empty() ? "\"s" : ",\"s") + std::to_string(i) + ".example\"";
  const auto found = r.hear(200, R"({"room_id":"!r:there.example","servers":[)" + many + "]}");
  BOOST_REQUIRE(bool(found));
  BOOST_TEST(found->servers.size() == remote_aliases::servers_max);
}

BOOST_AUTO_TEST_CASE(answer_without_a_room_and_a_refusal_are_faults) {
  remote_aliases_rig r;
  BOOST_TEST((r.hear(200, "{}").error().code == fault_code::peer_bad_answer));
  BOOST_TEST((r.hear(200, R"({"room_id":"general"})").error().code == fault_code::peer_bad_answer));
  const fault refused{fault_code::peer_refused, "M_NOT_FOUND"};
  BOOST_TEST((r.hear(404, {}, refused, "M_NOT_FOUND").error().code == fault_code::not_found));
  BOOST_TEST((r.hear(403, {}, refused, "M_FORBIDDEN").error().code == fault_code::forbidden));
  BOOST_TEST((r.hear(0, {}, {fault_code::peer_unreachable, ""}).error().code == fault_code::peer_unreachable));
}

BOOST_AUTO_TEST_CASE(server_that_says_nothing_ends_the_question_in_time) {
  remote_aliases_rig r;
  const auto asked = r.ask().asked;
  const auto at = timer_at(r.list, remote_aliases::timer);
  BOOST_TEST(at == noon + r.node.settings().federation.request_timeout_ms + remote_aliases::slack_ms);
  r.out.set_now(at - 1);
  BOOST_TEST(!r.aliases.take_overdue().has_value());
  BOOST_TEST(timer_at(r.out.take(), remote_aliases::timer) == at);
  r.out.set_now(at);
  const auto ended = r.aliases.take_overdue();
  BOOST_REQUIRE(ended.has_value());
  BOOST_TEST((ended->found.error().code == fault_code::peer_timeout));
  BOOST_TEST(!r.aliases.answered({asked, "there.example", 200, "{}", {}, {}}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
