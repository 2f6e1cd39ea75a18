// What is taken for an answer of another server: the shape its endpoint promises, and nothing else.
#include "actors/remote_server/answer_check.hpp"

#include "actors/remote_server/remote_server_machine.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::endpoint;
using matrix::json::array;
using matrix::json::object;
using remote_server::remote_server_machine;

BOOST_AUTO_TEST_SUITE(remote_server_answers)

namespace {

constexpr const char* page = "<!DOCTYPE html>\n<html><title>Welcome to nginx!</title></html>";

struct rig {
  context node = here();
  std::unique_ptr<remote_server_machine> machine = std::make_unique<remote_server_machine>(node, "there.example");
  time_ms now = noon;
  rig() {
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, store::destination_loaded{}), now);
  }
  effects on(const message& m) { return machine->on(m, now); }
  peer_answer ask(endpoint what, int status, std::string body) {
    peer_request q;
    q.reply_to = {actor_kind::room, "!r:there.example"};
    q.asked = 5;
    q.endpoint = what;
    const auto path = matrix::info(what).path;
    for (auto at = path.find("{}"); at != path.npos; at = path.find("{}", at + 2))
      q.parameters.emplace_back("!r:there.example");
    q.stream = what == endpoint::media_download ? 9 : 0;
    const auto id = told<gateway::http_request>(on(q)).at(0).second.id;
    last = on(http_says(id, status, std::move(body)));
    return told<peer_answer>(last).at(0).second;
  }
  matrix::event_ptr message_event() const {
    object pdu{{"type", "m.room.message"},         {"room_id", "!r:here.example"}, {"sender", "@ann:here.example"},
               {"content", object{{"body", "x"}}}, {"origin_server_ts", now},      {"depth", 1},
               {"prev_events", array{}},           {"auth_events", array{}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), node.server_name, node.key);
  }
  effects last;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_transaction_answered_with_a_web_page_is_not_delivered) {
  // The user saw: the other server's domain showed a hosting page for a night, and what was said then never arrived.
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(), {}})).at(0).second;
  const auto id = request.target, text = request.body;
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{{200, page},
                                                                             {200, ""},
                                                                             {200, "[]"},
                                                                             {200, "[200,{}]"},
                                                                             {200, "{\"ok\":true}"},
                                                                             {200, "{\"pdus\":{\"$a\":{}"},
                                                                             {204, ""},
                                                                             {201, "{\"pdus\":{}}"},
                                                                             {202, ""},
                                                                             {301, page},
                                                                             {307, "{}"}}) {
    const auto failed = r.on(http_says(request.id, status, body));
    BOOST_TEST_INFO(std::to_string(status) + " " + body);
    BOOST_TEST(written<store::remove_destination_pdus>(failed).empty());
    BOOST_REQUIRE(timer_at(failed, timer_kind::send) > r.now);
    BOOST_TEST(written<store::put_destination>(failed).at(0).last_fault.starts_with("peer_bad_answer: HTTP " +
                                                                                    std::to_string(status)));
    r.now = timer_at(failed, timer_kind::send);
    request = told<gateway::http_request>(r.on(timer_due{timer_kind::send})).at(0).second;
    BOOST_TEST(request.target == id);
    BOOST_TEST(request.body == text);
  }
  BOOST_TEST(written<store::remove_destination_pdus>(r.on(http_says(request.id, 200, "{\"pdus\":{}}"))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(whoever_asks_is_told_of_a_bad_answer_and_never_of_status_200) {
  rig r;
  for (const auto what :
       {endpoint::make_join, endpoint::send_join_v2, endpoint::make_leave, endpoint::send_leave_v2,
        endpoint::make_knock, endpoint::send_knock, endpoint::invite_v2, endpoint::get_missing_events,
        endpoint::state_ids, endpoint::state, endpoint::event, endpoint::event_auth, endpoint::backfill,
        endpoint::query_directory, endpoint::hierarchy, endpoint::policy_sign, endpoint::public_rooms})
    for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{{200, page},
                                                                               {200, ""},
                                                                               {200, "[]"},
                                                                               {200, "null"},
                                                                               {200, "{\"x\":1}"},
                                                                               {204, ""},
                                                                               {302, page},
                                                                               {307, "{}"}}) {
      const auto a = r.ask(what, status, body);
      BOOST_TEST_INFO(std::string{matrix::info(what).path} + " " + std::to_string(status) + " " + body);
      BOOST_TEST(a.status == 0);
      BOOST_TEST(a.body.empty());
      BOOST_TEST((a.why.code == fault_code::peer_bad_answer));
      BOOST_TEST(info(a.why.code).retryable);
      BOOST_TEST(a.why.detail.starts_with("there.example: HTTP " + std::to_string(status)));
    }
  BOOST_TEST(r.ask(endpoint::make_leave, 200, R"({"event":{}})").status == 200);
  BOOST_TEST(r.ask(endpoint::media_download, 200, "").status == 200); // its body has gone to who wants the file
  BOOST_TEST(r.ask(endpoint::media_download, 302, page).status == 0);
}

BOOST_AUTO_TEST_CASE(a_4xx_that_no_homeserver_wrote_is_no_refusal) {
  rig r;
  for (const int status : {400, 403, 404, 418}) {
    const auto a = r.ask(endpoint::make_leave, status, page);
    BOOST_TEST(a.status == status);
    BOOST_TEST(a.errcode.empty());
    BOOST_TEST((a.why.code == fault_code::peer_bad_answer));
    const auto refused = r.ask(endpoint::make_leave, status, R"({"errcode":"M_FORBIDDEN","error":"no"})");
    BOOST_TEST((refused.why.code == fault_code::peer_refused));
  }
}

BOOST_AUTO_TEST_CASE(a_page_is_no_sign_of_life) {
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(), {}})).at(0).second;
  for (int i = 0; i < 5; ++i) {
    r.on(http_says(request.id, 200, page));
    request = told<gateway::http_request>(r.on(retry_now{})).at(0).second;
  }
  r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  r.now += 5'000;
  for (const int status : {200, 302, 404}) {
    r.ask(endpoint::make_leave, status, page);
    BOOST_TEST(told<gateway::http_request>(r.last).empty());
  }
  r.ask(endpoint::make_leave, 404, R"({"errcode":"M_NOT_FOUND"})");
  BOOST_TEST(told<gateway::http_request>(r.last).size() == 1u);
}

BOOST_AUTO_TEST_CASE(keys_that_are_a_web_page_are_not_obtained) {
  rig r;
  const auto request =
    told<gateway::http_request>(r.on(keys_request{{actor_kind::verifier, ""}, 1, 0, {}})).at(0).second;
  const auto done = r.on(http_says(request.id, 200, page));
  BOOST_TEST(told<keys_response>(done).at(0).second.keys->empty());
  BOOST_TEST(r.machine->describe(r.now).find("no answer of a Matrix server") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
