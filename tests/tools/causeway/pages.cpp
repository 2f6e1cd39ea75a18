#include "tools/causeway/pages.hpp"

#include "messages/matrix/json.hpp"
#include "tools/causeway/why_pages.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(pages_of_one_thing)

using namespace causeway;
using namespace causeway::tools;
namespace json = causeway::matrix::json;

namespace {

constexpr std::int64_t now = 1'700'000'000'000;

json::object body_of(const std::string& text) {
  auto parsed = json::parse(text);
  BOOST_REQUIRE(parsed);
  BOOST_REQUIRE(parsed->as_object());
  return *parsed->as_object();
}

bool has(const std::string& page, std::string_view part) {
  const bool found = page.find(part) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE(page);
  return found;
}

std::string hop(const std::string& stage, const std::string& node) {
  return R"({"at_ts":1700000000000,"stage":")" + stage + R"(","actor":"room !r:x","node":")" + node + R"("})";
}

} // namespace

BOOST_AUTO_TEST_CASE(the_way_of_an_event_names_the_node_once_or_at_each_hop_where_there_were_several) {
  const auto way = [](const std::string& hops) {
    return why_page(body_of(R"({"because":"It is late.","hops":[)" + hops + R"(],"hops_total":2})"), now);
  };
  const auto one = way(hop("edge_in", "a") + "," + hop("judged", "a"));
  BOOST_TEST(has(one, "Its way through the node a\n"));
  BOOST_TEST(!has(one, " on a"));
  const auto two = way(hop("edge_in", "a") + "," + hop("judged", "b"));
  BOOST_TEST(has(two, "room !r:x on a\n"));
  BOOST_TEST(has(two, "room !r:x on b\n"));
  BOOST_TEST(has(way(hop("edge_in", "")), "Its way through the node\n"));
}

BOOST_AUTO_TEST_CASE(attempts_that_end_alike_are_folded_unless_one_asks_for_all) {
  std::string hops = hop("edge_in", "a");
  for (int i = 0; i < 50; ++i) hops += "," + hop("sent", "a") + "," + hop("failed", "a");
  hops += "," + hop("acknowledged", "a");
  const auto body = body_of(R"({"because":"It is late.","hops":[)" + hops + R"(],"hops_total":102})");
  const auto lines = [](const std::string& page) { return std::count(page.begin(), page.end(), '\n'); };
  const auto folded = why_page(body, now), whole = why_page_of_all(body, now);
  BOOST_TEST(has(folded, "... the same 48 more times; see --all\n"));
  BOOST_TEST(has(folded, "acknowledged"));
  BOOST_TEST(lines(folded) == lines(whole) - 95);
  BOOST_TEST(!has(whole, "more times"));
}

BOOST_AUTO_TEST_CASE(a_server_page_has_its_errors_once_and_an_attempt_that_is_due_is_now) {
  const auto page = server_page(body_of(R"({"server":{"retry_at_ts":1699999999494},"errors":[{"ts":1,"text":"oops"}],)"
                                        R"("returned":[],"actor":{"last_errors":[{"ts":1,"text":"oops"}],"keys":1}})"),
                                now);
  BOOST_TEST(page.find("oops") == page.rfind("oops"));
  BOOST_TEST(has(page, "now"));
  BOOST_TEST(!has(page, "506 ms ago"));
}

BOOST_AUTO_TEST_CASE(a_resync_that_fetched_nothing_says_that_it_did_not_help) {
  const auto silent = body_of(R"({"room_id":"!r:x","asked":1,"answered":0,"heads":0,"events":[],"staged":1,)"
                              R"("silent":[{"server_name":"b.example","problem":"HTTP 404"}]})");
  BOOST_TEST(!resync_has_helped(silent));
  BOOST_TEST(has(resync_page(silent, now), "It did not help: 1 server of the room was asked, and none has told"));
  BOOST_TEST(has(resync_page(silent, now), "HTTP 404"));
  BOOST_TEST(has(resync_page(silent, now), "causeway room show '!r:x'"));
  const auto even = body_of(R"({"asked":2,"answered":2,"heads":0,"events":[],"staged":0})");
  BOOST_TEST(resync_has_helped(even));
  BOOST_TEST(has(resync_page(even, now), "the latest events they have are here"));
  const auto taken = [](const std::string& outcome) {
    return body_of(R"({"asked":2,"answered":2,"heads":1,"events":[{"event_id":"$e","outcome":")" + outcome + R"("}]})");
  };
  BOOST_TEST(resync_has_helped(taken("taken")));
  BOOST_TEST(!resync_has_helped(taken("it could not be had")));
  BOOST_TEST(has(resync_page(taken("it could not be had"), now), "none was taken: it did not help"));
}

BOOST_AUTO_TEST_CASE(keys_that_are_waited_for_stand_below_those_that_are_known) {
  const auto text =
    keys_waited_for(body_of(R"({"fault":"","waited_for":["ed25519:new"],"asked_again_ts":1700000040000})"), now);
  BOOST_TEST(text == "\nStaged events are signed with keys that it does not publish: ed25519:new; it is asked again in "
                     "40 s.\n");
}

BOOST_AUTO_TEST_CASE(what_an_actor_says_of_itself_is_told_in_words_and_not_as_json) {
  const auto page = actor_page(
    body_of(R"({"actor":{"kind":"room","key":"!r:x"},"says":{"members":{"@a:x":"join","@b_c:y":"invite"},"nothing":[],)"
            R"("servers":["x","y"],"gaps":[{"attempts":5,"event_id":"$e","retry_ts":1700000006000,"answers":)"
            R"([{"ts":1699999994000,"server":"y","answer":"404"}]},{"attempts":1}]}})"),
    now);
  BOOST_TEST(has(page, "  members  @a:x join, @b_c:y invite\n"));
  BOOST_TEST(has(page, "  servers  x, y\n"));
  BOOST_TEST(has(page, "  gaps     answers (answer 404, server y, 6.0 s ago), attempts 5, event id $e, retry in 6.0 s\n"
                       "           attempts 1\n"));
  BOOST_TEST(!has(page, "nothing"));
}

BOOST_AUTO_TEST_CASE(a_room_where_nothing_waits_says_where_else_to_look) {
  BOOST_TEST(has(room_page(body_of(R"({"room":{},"waits_for":[]})"), now), "`causeway streams`"));
}

BOOST_AUTO_TEST_CASE(a_parked_actor_is_shown_with_what_the_broker_says_of_it) {
  const auto shown = [](const std::string& more) {
    return actor_page(body_of(R"({"actor":{"kind":"room","key":"!r:x","phase":"parked"},"says":null)" + more + "}"),
                      now);
  };
  BOOST_TEST(
    has(shown(R"(,"waits_for":["It is tried again by itself in 12 s."])"), "\nIt is tried again by itself in 12 s.\n"));
  BOOST_TEST(has(shown(""), "It does not answer."));
}

BOOST_AUTO_TEST_CASE(the_first_line_of_the_status_names_what_check_warns_of) {
  const auto well = body_of(R"({"version":"1","server_name":"a.example","state":"ok","alarms":[],"checks":[)"
                            R"({"name":"edge","state":"ok","what":"Fine.","do":""}]})");
  BOOST_TEST(is_well(well));
  BOOST_TEST(status_page(well, now).starts_with("causeway 1, a.example\nAll is well.\n"));
  const auto ill = body_of(R"({"version":"1","server_name":"a.example","state":"critical","alarms":[],"checks":[)"
                           R"({"name":"live","state":"warning","what":"It is parked.","do":"Mend it."},)"
                           R"({"name":"store","state":"ok","what":"Fine.","do":""},)"
                           R"({"name":"edge","state":"critical","what":"Nobody.","do":"Look."}]})");
  BOOST_TEST(!is_well(ill));
  BOOST_TEST(status_page(ill, now) == "causeway 1, a.example: live warning; edge critical\n"
                                      "live warning: It is parked.\n    Mend it.\n"
                                      "edge critical: Nobody.\n    Look.\n");
  // Of an archive without checks.
  const auto old = body_of(R"({"version":"1","server_name":"a.example","alarms":[{"name":"clock","what":"wrong"}]})");
  BOOST_TEST(!is_well(old));
  BOOST_TEST(status_page(old, now).starts_with("causeway 1, a.example: alarm\n"));
}

BOOST_AUTO_TEST_CASE(a_server_is_shown_with_events_and_ephemeral_items_apart_and_what_was_cut) {
  const auto page = server_page(body_of(R"({"server":{"server_name":"b.example","queued":7,)"
                                        R"("oldest_waiting_ts":1699999880000},"ephemeral":{"queued":3,)"
                                        R"("oldest_ts":1699999970000},"queue":[{"event_id":"$1"}],)"
                                        R"("rooms":[{"room_id":"!r:x"}],"rooms_total":9,)"
                                        R"("staged":[{"event_id":"$2","waits_for":"the key of b.example"}],)"
                                        R"("staged_total":4,"errors":[{"ts":1,"phase":"TLS","text":"expired"}]})"),
                                now);
  BOOST_TEST(has(page, "Events: 7, the oldest for 2 min\n"));
  BOOST_TEST(has(page, "Ephemeral items (typing, receipts, presence): 3, the oldest for 30 s\n"));
  BOOST_TEST(has(page, "... 6 more\n"));
  BOOST_TEST(has(page, "... 8 more\n"));
  BOOST_TEST(has(page, "... 3 more\n"));
  BOOST_TEST(has(page, "the key of b.example"));
  BOOST_TEST(has(page, "since its actor was loaded"));
  const auto idle = server_page(body_of(R"({"server":{"queued":0},"ephemeral":{"queued":0,"oldest_ts":0}})"), now);
  BOOST_TEST(has(idle, "Events: none\n"));
  BOOST_TEST(!has(idle, " more"));
}

BOOST_AUTO_TEST_CASE(a_server_page_says_how_far_back_its_errors_are_known) {
  const auto with_actor = [](const std::string& actor, const std::string& errors) {
    return server_page(body_of(R"({"server":{},"errors":)" + errors + R"(,"returned":[],"actor":)" + actor + "}"), now);
  };
  BOOST_TEST(has(with_actor("null", "[]"), "are kept in memory while its actor is. It is not"));
  BOOST_TEST(
    has(with_actor(R"({"phase":"idle"})", "[]"), "No error of its own, and none that we answered to it, since"));
  BOOST_TEST(!has(with_actor(R"({"phase":"idle"})", R"([{"ts":1,"phase":"TLS","text":"expired"}])"), "No error"));
}

BOOST_AUTO_TEST_CASE(a_room_that_is_cut_tells_how_much_is_left_out) {
  const auto page = room_page(body_of(R"({"room":{"room_id":"!r:x"},"waits_for":["It waits."],"waits_for_total":3,)"
                                      R"("members":[],"members_total":0,"servers":[{"server_name":"b.example"}],)"
                                      R"("servers_total":5,"invitations":[{"user_id":"@u:b.example"}],)"
                                      R"("invitations_total":8})"),
                              now);
  BOOST_TEST(has(page, "... 2 more; see --limit\n"));
  BOOST_TEST(has(page, "... 4 more; see --limit\n"));
  BOOST_TEST(has(page, "... 7 more; see --limit\n"));
}

BOOST_AUTO_TEST_CASE(a_comparison_tells_how_many_servers_were_asked_and_how_many_differences_are_listed) {
  const auto compared = [](const std::string& totals) {
    return comparison_page(body_of(R"({"at_event":"$e","servers":[{"server_name":"b.example","state":"different"}],)"
                                   R"("differences":[{"server_name":"b.example","type":"m.room.name"}],)" +
                                   totals + "}"),
                           now);
  };
  const auto cut = compared(R"("servers_total":312,"differences_total":207)");
  BOOST_TEST(has(cut, "Compared at our latest event $e\n1 of 312 servers of the room were asked, those with the most"));
  BOOST_TEST(has(cut, "... 1 of 207 differences\n"));
  const auto whole = compared(R"("servers_total":1,"differences_total":1)");
  BOOST_TEST(has(whole, "1 of 1 servers of the room were asked.\n"));
  BOOST_TEST(!has(whole, "..."));
  BOOST_TEST(has(comparison_page(body_of(R"({"servers":[],"differences":[]})"), now), "No server has told its state"));
  BOOST_TEST(has(comparison_page(body_of(R"({"servers":[{"state":"same"}],"differences":[],"staged":2})"), now),
                 "No state that was told differs from ours.\n\n2 received events wait here for what we lack"));
}

BOOST_AUTO_TEST_SUITE_END()
