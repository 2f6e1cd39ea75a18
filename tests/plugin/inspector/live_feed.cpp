#include "plugin/inspector/live_feed.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway::inspector;

namespace {

/// A feed and its clock, a number.
struct feed_rig {
  live_feed feed{"7"};
  std::int64_t now = 1'000'000;

  live_feed::viewer join(const std::set<std::string>& topics, std::string_view last = {}) {
    return feed.join(topics, last, now);
  }
  std::string take(live_feed::viewer x) { return feed.take(x, now); }
  /// A second goes by, and the topic is as given when it is asked for. @returns whether it was
  bool turn(const std::string& topic, topic_rows rows, std::int64_t cost_ms = 0) {
    now += 1'000;
    bool asked = false;
    for (const auto& due : feed.due(now)) asked = asked || due == topic;
    now += cost_ms;
    if (asked) feed.polled(topic, std::move(rows), now);
    return asked;
  }
  static topic_rows rows(std::vector<live_row> list, topic_rows::extent is = topic_rows::extent::whole,
                         std::vector<std::string> gone = {}) {
    return {std::move(list), is, std::move(gone)};
  }
  static live_row row(const std::string& key, int n) {
    return {key, "{\"k\":\"" + key + "\",\"n\":" + std::to_string(n) + "}"};
  }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string last_id(const std::string& text) {
  const auto at = text.rfind("id: ");
  return at == std::string::npos ? std::string{} : text.substr(at + 4, text.find('\n', at) - at - 4);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(inspector_live_feed, feed_rig)

BOOST_AUTO_TEST_CASE(nothing_is_asked_for_while_nobody_looks) {
  BOOST_TEST(feed.due(now).empty());
  const auto who = join({"servers"});
  BOOST_TEST(feed.due(now).size() == 1u);
  BOOST_TEST(feed.due(now).empty()); // it is asked already
  feed.polled("servers", rows({}), now);
  feed.leave(who, now);
  now += live_feed::linger_ms;
  BOOST_TEST(feed.due(now).empty());
}

BOOST_AUTO_TEST_CASE(all_viewers_together_ask_once_a_second) {
  join({"servers"});
  join({"servers", "rooms"});
  BOOST_TEST(feed.due(now).size() == 2u);
  feed.polled("servers", rows({}), now);
  feed.polled("rooms", rows({}), now);
  now += 999;
  BOOST_TEST(feed.due(now).empty());
  now += 1;
  BOOST_TEST(feed.due(now).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_topic_that_takes_long_is_asked_for_less_often) {
  join({"rooms"});
  BOOST_TEST(turn("rooms", rows({}), 300));
  int asked = 0;
  for (int second = 0; second < 29; ++second) asked += turn("rooms", rows({})) ? 1 : 0;
  BOOST_TEST(asked == 0);
  turn("rooms", rows({}));
  BOOST_TEST(turn("rooms", rows({})));
}

BOOST_AUTO_TEST_CASE(a_viewer_hears_nothing_before_what_he_looks_at_is_known) {
  const auto who = join({"servers"});
  BOOST_TEST(take(who).empty());
  turn("servers", rows({row("a", 1)}));
  BOOST_TEST(take(who) == "retry: 2000\n\n"); // the list itself he reads now
}

BOOST_AUTO_TEST_CASE(a_topic_that_cannot_be_told_keeps_nobody_waiting) {
  const auto who = join({"edge"});
  feed.due(now);
  feed.polled("edge", std::nullopt, now);
  BOOST_TEST(!take(who).empty());
}

BOOST_AUTO_TEST_CASE(only_rows_that_differ_are_sent) {
  const auto who = join({"servers"});
  turn("servers", rows({row("a", 1), row("b", 1), row("c", 1)}));
  take(who);
  turn("servers", rows({row("a", 1), row("b", 2)}));
  const auto text = take(who);
  BOOST_TEST(text == "id: 7-1\nevent: servers\ndata: {\"topic\":\"servers\",\"changed\":[{\"k\":\"b\",\"n\":2}],"
                     "\"gone\":[\"c\"]}\n\n");
  turn("servers", rows({row("a", 1), row("b", 2)}));
  BOOST_TEST(take(who).empty());
}

BOOST_AUTO_TEST_CASE(a_row_that_left_the_head_of_a_long_list_is_not_called_gone) {
  const auto who = join({"rooms"});
  turn("rooms", rows({row("a", 1), row("b", 1)}, topic_rows::extent::clipped));
  take(who);
  turn("rooms", rows({row("b", 1), row("c", 1)}, topic_rows::extent::clipped));
  const auto text = take(who);
  BOOST_TEST(holds(text, "\"k\":\"c\""));
  BOOST_TEST(holds(text, "\"gone\":[]"));
}

BOOST_AUTO_TEST_CASE(changes_that_are_told_as_such_are_handed_on) {
  const auto who = join({"actors"});
  turn("actors", rows({}, topic_rows::extent::changes));
  take(who);
  turn("actors", rows({row("room|!a", 5)}, topic_rows::extent::changes, {"room|!b"}));
  const auto text = take(who);
  BOOST_TEST(holds(text, "room|!a"));
  BOOST_TEST(holds(text, "\"gone\":[\"room|!b\"]"));
}

BOOST_AUTO_TEST_CASE(a_list_whose_changes_were_not_remembered_is_read_again) {
  const auto who = join({"actors"});
  turn("actors", rows({}, topic_rows::extent::begins)); // nobody has read it yet
  BOOST_TEST(take(who) == "retry: 2000\n\n");
  turn("actors", rows({row("room|!a", 5)}, topic_rows::extent::changes));
  turn("actors", rows({row("room|!b", 5)}, topic_rows::extent::begins));
  const auto text = take(who);
  BOOST_TEST(holds(text, "event: gap"));
  BOOST_TEST(!holds(text, "room|!a"));
}

BOOST_AUTO_TEST_CASE(a_key_with_a_quote_and_a_line_break_stays_one_line) {
  const auto who = join({"actors"});
  turn("actors", rows({}, topic_rows::extent::changes));
  take(who);
  turn("actors", rows({}, topic_rows::extent::changes, {"a\"b\nc"}));
  BOOST_TEST(holds(take(who), "\"gone\":[\"a\\\"b\\u000ac\"]"));
}

BOOST_AUTO_TEST_CASE(who_comes_back_goes_on_after_the_last_event_he_had) {
  const auto first = join({"servers"});
  turn("servers", rows({row("a", 1)}));
  take(first);
  turn("servers", rows({row("a", 2)}));
  const auto id = last_id(take(first));
  feed.leave(first, now); // the connection broke
  turn("servers", rows({row("a", 3)}));
  turn("servers", rows({row("a", 4)}));
  const auto again = join({"servers"}, id);
  const auto text = take(again);
  BOOST_TEST(!holds(text, "event: gap"));
  BOOST_TEST(!holds(text, "\"n\":2"));
  BOOST_TEST(holds(text, "\"n\":3"));
  BOOST_TEST(holds(text, "\"n\":4"));
}

BOOST_AUTO_TEST_CASE(who_comes_back_after_nobody_looked_has_a_gap) {
  const auto first = join({"servers"});
  turn("servers", rows({row("a", 1)}));
  take(first);
  turn("servers", rows({row("a", 2)}));
  const auto id = last_id(take(first));
  feed.leave(first, now);
  now += live_feed::linger_ms;
  feed.due(now);
  const auto again = join({"servers"}, id);
  turn("servers", rows({row("a", 3)}));
  BOOST_TEST(holds(take(again), "event: gap\ndata: {\"topics\":[\"servers\"]}"));
}

BOOST_AUTO_TEST_CASE(an_id_of_an_earlier_start_or_of_nobody_is_a_gap) {
  for (const auto* id : {"6-1", "7-99", "7-", "nonsense", "7-18446744073709551616"}) {
    const auto who = join({"status"}, id);
    turn("status", rows({}));
    BOOST_TEST(holds(take(who), "event: gap"), id);
    feed.leave(who, now);
  }
}

BOOST_AUTO_TEST_CASE(who_reads_too_slowly_gets_a_gap_and_then_what_is_new) {
  const auto slow = join({"servers"}), quick = join({"servers"});
  turn("servers", rows({}));
  take(slow), take(quick);
  const std::string long_text(live_feed::waiting_bytes_max / 2, 'x');
  for (int n = 0; n < 4; ++n) {
    turn("servers", rows({{"a", "{\"n\":" + std::to_string(n) + ",\"t\":\"" + long_text + "\"}"}}));
    BOOST_TEST(holds(take(quick), "\"n\":" + std::to_string(n)));
  }
  const auto text = take(slow);
  BOOST_TEST(text.size() < 1'000u);
  BOOST_TEST(holds(text, "event: gap"));
  BOOST_TEST(last_id(text) == "7-4"); // from there he may go on
  turn("servers", rows({row("a", 9)}));
  BOOST_TEST(holds(take(slow), "\"n\":9"));
}

BOOST_AUTO_TEST_CASE(events_that_are_too_old_are_not_kept) {
  const auto who = join({"servers"});
  turn("servers", rows({}));
  take(who);
  const std::string long_text(live_feed::waiting_bytes_max / 2, 'x');
  std::string first;
  for (int n = 0; n < 20; ++n) {
    turn("servers", rows({{"a", "{\"n\":" + std::to_string(n) + ",\"t\":\"" + long_text + "\"}"}}));
    const auto text = take(who);
    if (n == 0) first = last_id(text);
  }
  const auto again = join({"servers"}, first);
  BOOST_TEST(holds(take(again), "event: gap"));
}

BOOST_AUTO_TEST_CASE(a_quiet_viewer_gets_a_sign_of_life) {
  const auto who = join({"servers"});
  turn("servers", rows({}));
  take(who);
  now += live_feed::heartbeat_ms - 1;
  BOOST_TEST(take(who).empty());
  now += 1;
  BOOST_TEST(take(who) == ": still here\n\n");
  BOOST_TEST(take(who).empty());
}

BOOST_AUTO_TEST_CASE(a_new_viewer_of_rates_has_the_last_ten_minutes_at_once) {
  for (std::size_t i = 0; i < live_feed::points_max + 5; ++i)
    feed.sampled("{\"n\":" + std::to_string(i) + "}", now += 1'000);
  const auto who = join({"rates"});
  const auto text = take(who);
  BOOST_TEST(!holds(text, "{\"n\":4}"));
  BOOST_TEST(holds(text, "{\"n\":5}"));
  BOOST_TEST(holds(text, "{\"n\":604}"));
  feed.sampled("{\"n\":1000}", now += 1'000);
  BOOST_TEST(holds(take(who), "\"points\":[[" + std::to_string(now) + ",{\"n\":1000}]]"));
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_comes_is_asked_for_again) {
  join({"servers"});
  BOOST_TEST(feed.due(now).size() == 1u);
  now += live_feed::answer_patience_ms;
  BOOST_TEST(feed.due(now).size() == 1u);
}

BOOST_AUTO_TEST_CASE(viewers_are_bounded) {
  for (std::size_t i = 0; i < live_feed::viewers_max; ++i) {
    BOOST_TEST(feed.has_room());
    join({"servers"});
  }
  BOOST_TEST(!feed.has_room());
}

BOOST_AUTO_TEST_SUITE_END()
