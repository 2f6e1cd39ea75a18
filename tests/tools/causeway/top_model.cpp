#include "tools/causeway/top/top_model.hpp"
#include "tools/causeway/terminal.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway::tools::top;
namespace json = causeway::matrix::json;
using causeway::tools::display_width;

BOOST_AUTO_TEST_SUITE(top_of_the_broker)

namespace {

constexpr std::int64_t noon = 1'700'000'000'000;
using look = screen_line::look;

json::value actor(std::string kind, std::string key, std::string phase, std::int64_t mailbox, std::int64_t age_ms,
                  std::int64_t handled = 0, std::int64_t handling_us = 0) {
  return json::object{{"kind", json::value{std::move(kind)}},
                      {"key", json::value{std::move(key)}},
                      {"phase", json::value{std::move(phase)}},
                      {"mailbox", json::value{mailbox}},
                      {"oldest_waiting_ts", json::value{age_ms == 0 ? 0 : noon - age_ms}},
                      {"since_ts", json::value{noon - 100'000}},
                      {"handled", json::value{handled}},
                      {"handling_us", json::value{handling_us}},
                      {"failures", json::value{0}},
                      {"last_fault", json::value{""}}};
}

json::object actors(json::array rows) {
  const auto total = static_cast<std::int64_t>(rows.size());
  return json::object{{"actors", json::value{std::move(rows)}}, {"total", json::value{total}}};
}

json::object some_actors() {
  return actors({actor("room", "!a:chat.example", "running", 2, 500, 100, 5'000),
                 actor("session", "", "running", 0, 0, 1'000, 20'000),
                 actor("room", "!stuck:chat.example", "parked", 9, 30 * 60'000)});
}

/// One who looks at a screen of 80 by 24.
struct viewer {
  top_model model;
  std::int64_t now = noon;

  void answer(json::object body) { model.take(model.asked().id, std::move(body), now); }
  std::vector<screen_line> look_at(std::size_t columns = 80, std::size_t rows = 24) const {
    return model.lines(columns, rows, now);
  }
  std::string line(std::size_t i) const { return look_at().at(i).text; }
  /// The row that is selected.
  std::string selected() const {
    for (const auto& x : look_at())
      if (x.as == look::selected) return x.text;
    return {};
  }
  /// First words of the rows of the pane.
  std::string order(std::size_t column = 14) const {
    std::string out;
    const auto lines = look_at();
    for (std::size_t i = 4; i + 1 < lines.size() && !lines[i].text.empty(); ++i)
      out += lines[i].text.substr(column, lines[i].text.find(' ', column) - column) + " ";
    return out;
  }
  void type(const std::string& text) {
    for (const char c : text) model.press(key::character, c);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(actors_are_shown_by_how_long_their_messages_wait) {
  viewer v;
  BOOST_TEST(v.model.asked().command == "actors");
  v.answer(some_actors());
  v.model.take_status(json::object{{"server_name", json::value{"chat.example"}},
                                   {"version", json::value{"0.1.0"}},
                                   {"alarms", json::value{json::array{}}}});
  const std::vector<std::string> expected = {
    " causeway top  chat.example 0.1.0  all is well                                  ",
    "[1 Actors]  2 Servers   3 Invitations   4 Peers   5 Nodes  ",
    "3 of 3, 1 parked, 2 running; rates are measured",
    "KIND          KEY                      PHASE        WAIT   AGE^   RATE/S    TIME",
    "room          !stuck:chat.example      parked          9    30m        -       -",
    "room          !a:chat.example          running         2  500ms        -       -",
    "session       -                        running         0      -        -       -",
  };
  const auto lines = v.look_at();
  for (std::size_t i = 0; i < expected.size(); ++i) BOOST_TEST(lines[i].text == expected[i]);
  BOOST_TEST((lines[4].as == look::selected));
  BOOST_TEST(lines.size() == 24u);
  BOOST_TEST(lines[23].text.starts_with("q quit"));
}

BOOST_AUTO_TEST_CASE(rates_are_over_the_window_or_since_each_was_made) {
  viewer v;
  v.answer(some_actors());
  v.now = noon + 6'000;
  auto made_now = actor("room", "!new:chat.example", "running", 0, 0, 30, 30);
  made_now.as_object()->set("since_ts", json::value{noon + 3'000});
  v.answer(actors({actor("room", "!a:chat.example", "running", 2, 500, 160, 5'600), std::move(made_now),
                   actor("room", "!seen:chat.example", "running", 0, 0, 9'000, 30)}));
  auto rows = v.look_at();
  // 60 messages in 6 s, 10 us each; the new one 30 in 3 s; what the other did before it came into sight is not known.
  BOOST_TEST(rows[4].text.find("10.0    10us") != std::string::npos, rows[4].text);
  BOOST_TEST(rows[5].text.find("10.0     1us") != std::string::npos, rows[5].text);
  BOOST_TEST(rows[6].text.ends_with("-       -"), rows[6].text);
  BOOST_TEST(rows[2].text.ends_with("rates over 6 s"));
  v.type("w");
  rows = v.look_at();
  BOOST_TEST(rows[4].text.find("1.5    35us") != std::string::npos, rows[4].text); // 160 in 106 s
  BOOST_TEST(rows[2].text.ends_with("since each was made"));
}

BOOST_AUTO_TEST_CASE(the_window_moves_on) {
  viewer v;
  for (int second = 0; second <= 30; ++second) {
    v.now = noon + second * 1'000;
    v.answer(actors({actor("room", "!a:chat.example", "running", 0, 0, second < 15 ? 0 : 100 * (second - 15))}));
  }
  BOOST_TEST(v.look_at()[4].text.find("100.0") != std::string::npos, v.look_at()[4].text);
  BOOST_TEST(v.look_at()[2].text.find("rates over 3") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(keys_sort_by_any_column_and_turn_the_order) {
  viewer v;
  v.answer(some_actors());
  v.type("SSS"); // from the age to the key
  BOOST_TEST(v.line(3).find("KEY^") != std::string::npos);
  BOOST_TEST(v.order() == "!a:chat.example !stuck:chat.example - ");
  v.type("r");
  BOOST_TEST(v.line(3).find("KEYv") != std::string::npos);
  BOOST_TEST(v.order() == "!stuck:chat.example !a:chat.example - ");
  v.type("ss");
  BOOST_TEST(v.line(3).find("WAITv") != std::string::npos);
  BOOST_TEST(v.order() == "!stuck:chat.example !a:chat.example - ");
}

BOOST_AUTO_TEST_CASE(a_filter_is_written_and_taken_back) {
  viewer v;
  v.answer(some_actors());
  v.type("/mailboxx");
  v.model.press(key::erase);
  v.type(">1");
  BOOST_TEST(v.line(23).starts_with("filter: mailbox>1_"));
  BOOST_TEST(v.order() == "!stuck:chat.example !a:chat.example - "); // not yet
  BOOST_TEST((v.model.press(key::enter) == wish::ask_now));
  BOOST_TEST(v.order() == "!stuck:chat.example !a:chat.example ");
  BOOST_TEST(v.line(1).find("filter: mailbox>1") != std::string::npos);
  v.type("/");
  v.model.press(key::escape);
  BOOST_TEST(v.line(1).find("filter: mailbox>1") != std::string::npos);
  // Text is looked for by the broker too, which may have more than it sends.
  v.type("/");
  for (int i = 0; i < 9; ++i) v.model.press(key::erase);
  v.type("stuck");
  v.model.press(key::enter);
  BOOST_TEST(v.model.asked().with.filter == "stuck");
  v.type("/>x");
  v.model.press(key::enter);
  v.type("/");
  for (int i = 0; i < 20; ++i) v.model.press(key::erase);
  v.type("mailbx>1");
  v.model.press(key::enter);
  BOOST_TEST(v.line(23).starts_with("filter: there is no column `mailbx`; did you mean `mailbox`?"));
}

BOOST_AUTO_TEST_CASE(the_broker_is_asked_for_what_one_sees) {
  viewer v;
  v.look_at();
  BOOST_TEST(v.model.asked().with.sort == "oldest_waiting_ts");
  BOOST_TEST(v.model.asked().with.limit == 100u);
  BOOST_TEST((v.model.press(key::character, 's') == wish::ask_now)); // others may stand first
  BOOST_TEST((v.model.press(key::character, 'r') == wish::ask_now));
  BOOST_TEST(v.model.asked().with.sort == "rate_milli:desc");
  v.type("w");
  BOOST_TEST(v.model.asked().with.sort == "whole_rate_milli:desc");
  // Of many it tells the first, and how many there are of each.
  json::array rows;
  for (int i = 0; i < 100; ++i) rows.push_back(actor("room", "!" + std::to_string(100 + i), "running", 0, 0, 100 - i));
  auto body = actors(std::move(rows));
  body.set("total", json::value{100'000});
  body.set("counts", json::value{json::object{{"parked", json::value{3}}, {"running", json::value{99'997}}}});
  v.answer(std::move(body));
  BOOST_TEST(v.line(2).starts_with("100 of 100000, 3 parked, 99997 running"), v.line(2));
  BOOST_TEST((v.model.press(key::down) == wish::nothing));
  BOOST_TEST((v.model.press(key::end) == wish::ask_now));
  BOOST_TEST(v.model.asked().with.limit == 200u);
}

BOOST_AUTO_TEST_CASE(a_filter_that_compares_a_column_is_applied_to_those_that_stand_first_in_it) {
  viewer v;
  v.answer(some_actors());
  const auto asked_with = [&](const std::string& filter) {
    viewer other = v;
    other.type("/" + filter);
    other.model.press(key::enter);
    return other.model.asked().with;
  };
  BOOST_TEST(asked_with("MAILBOX>5").sort == "mailbox:desc");
  BOOST_TEST(asked_with("mailbox<5").sort == "mailbox");
  BOOST_TEST(asked_with("oldest-waiting>5min").sort == "oldest_waiting_ts"); // the oldest first
  BOOST_TEST(asked_with("mailbox>5").limit == 1'000u);
  BOOST_TEST(asked_with("kind=session").filter == "session");
  BOOST_TEST(asked_with("kind!=session").filter.empty());
  BOOST_TEST(asked_with("mailbox=5").filter.empty()); // no text
  BOOST_TEST(asked_with("mailbx>5").sort == "oldest_waiting_ts");
}

BOOST_AUTO_TEST_CASE(the_selection_stays_with_its_row) {
  viewer v;
  v.answer(some_actors());
  v.model.press(key::down);
  BOOST_TEST(v.selected().find("!a:chat") != std::string::npos);
  v.answer(actors(
    {actor("room", "!new:chat.example", "running", 9, 600'000), actor("room", "!a:chat.example", "running", 1, 10)}));
  BOOST_TEST(v.selected().find("!a:chat") != std::string::npos);
  v.answer(actors({actor("room", "!new:chat.example", "running", 9, 600'000)}));
  BOOST_TEST(v.selected().find("!new:chat") != std::string::npos);
  v.model.press(key::up);
  v.answer(actors({}));
  BOOST_TEST(v.selected() == "");
  v.model.press(key::enter); // nothing to open
  BOOST_TEST(v.model.asked().command == "actors");
}

BOOST_AUTO_TEST_CASE(long_lists_are_turned_page_by_page) {
  viewer v;
  json::array rows;
  for (int i = 0; i < 100; ++i) {
    const auto number = std::to_string(i);
    rows.push_back(actor("room", "!" + std::string(3 - number.size(), '0') + number, "running", 0, 0));
  }
  v.answer(actors(std::move(rows)));
  BOOST_TEST(v.line(4).find("!000") != std::string::npos);
  BOOST_TEST(v.line(22).find("!018") != std::string::npos);
  v.model.press(key::page_down);
  BOOST_TEST(v.selected().find("!019") != std::string::npos);
  BOOST_TEST(v.line(22).find("!019") != std::string::npos);
  v.model.press(key::end);
  BOOST_TEST(v.line(22).find("!099") != std::string::npos);
  v.model.press(key::home);
  BOOST_TEST(v.line(4).find("!000") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(servers_count_down_to_the_next_attempt) {
  viewer v;
  BOOST_TEST((v.model.press(key::character, '2') == wish::ask_now));
  BOOST_TEST(v.model.asked().command == "servers");
  const auto server = [](const char* name, const char* state, std::int64_t retry) {
    return json::value{json::object{{"server_name", json::value{name}},
                                    {"state", json::value{state}},
                                    {"queued", json::value{2}},
                                    {"oldest_waiting_ts", json::value{noon - 7'200'000}},
                                    {"failures", json::value{3}},
                                    {"retry_at_ts", json::value{retry}},
                                    {"last_fault", json::value{"peer_unreachable: refused"}}}};
  };
  v.answer(json::object{{"servers", json::value{json::array{server("well.example", "healthy", 0),
                                                            server("later.example", "backing_off", noon + 300'000),
                                                            server("soon.example", "backing_off", noon + 40'000)}}},
                        {"total", json::value{3}}});
  BOOST_TEST(v.order(0) == "soon.example later.example well.example ");
  BOOST_TEST(v.line(2) == "3 of 3, 2 backing_off, 1 healthy");
  BOOST_TEST(v.line(4).find("2h00") != std::string::npos, v.line(4));
  BOOST_TEST(v.line(4).find("in 40s peer_unr") != std::string::npos, v.line(4));
  v.now += 35'000; // time goes on between answers
  BOOST_TEST(v.line(4).find("in 5.0s") != std::string::npos, v.line(4));
  v.type("/retry-at<1min"); // of what lies ahead the next ones first, and of what is over the latest
  v.model.press(key::enter);
  BOOST_TEST(v.model.asked().with.sort == "retry_at_ts");
}

BOOST_AUTO_TEST_CASE(a_row_is_opened_and_left) {
  viewer v;
  v.answer(some_actors());
  BOOST_TEST((v.model.press(key::enter) == wish::ask_now));
  BOOST_TEST(v.model.asked().command == "room.show");
  BOOST_TEST(v.model.asked().with.room == "!stuck:chat.example");
  v.model.take("actors?", some_actors(), v.now); // an answer that was under way
  BOOST_TEST(v.line(1) == "asking the broker");
  json::array waits;
  for (int i = 0; i < 40; ++i) waits.push_back(json::value{"reason " + std::to_string(i)});
  v.answer(json::object{{"room", json::value{json::object{{"room_id", json::value{"!stuck:chat.example"}}}}},
                        {"waits_for", json::value{std::move(waits)}},
                        {"actor", json::value{}}});
  BOOST_TEST(v.line(1) == "  room id  !stuck:chat.example");
  BOOST_TEST(v.line(4) == "  reason 0");
  v.model.press(key::end);
  BOOST_TEST(v.line(22) == "  not in memory"); // of its actor, the last line
  v.model.press(key::home);
  v.model.press(key::down);
  BOOST_TEST(v.line(3) == "  reason 0");
  BOOST_TEST((v.model.press(key::escape) == wish::ask_now));
  BOOST_TEST(v.line(1).starts_with("[1 Actors]"));
}

BOOST_AUTO_TEST_CASE(a_peer_has_no_page_and_is_told_by_its_row) {
  viewer v;
  v.type("4");
  const auto peers = [](std::int64_t lag) {
    return json::object{{"peers", json::value{json::array{json::object{{"role", json::value{"chat"}},
                                                                       {"peer", json::value{"chat-1"}},
                                                                       {"lag", json::value{lag}},
                                                                       {"silent_ms", json::value{12'000}}}}}},
                        {"total", json::value{1}}};
  };
  v.answer(peers(7));
  BOOST_TEST(v.line(4).starts_with("chat     chat-1"), v.line(4));
  BOOST_TEST(v.line(4).find(" 7 ") != std::string::npos, v.line(4));
  BOOST_TEST((v.model.press(key::enter) == wish::nothing));
  BOOST_TEST(v.line(1) == "  lag        7");
  BOOST_TEST(v.model.asked().command == "edge"); // so it goes on
  v.answer(peers(8));
  BOOST_TEST(v.line(1) == "  lag        8");
}

BOOST_AUTO_TEST_CASE(nodes_are_shown_by_how_long_they_count_as_alive) {
  viewer v;
  v.type("5");
  BOOST_TEST(v.model.asked().command == "nodes");
  const auto node = [](const char* name, const char* state, std::int64_t lease_left_ms) {
    return json::value{json::object{{"name", json::value{name}},
                                    {"state", json::value{state}},
                                    {"lease_left_ms", json::value{lease_left_ms}},
                                    {"incarnation", json::value{std::string{"of "} + name}}}};
  };
  v.answer(json::object{{"nodes", json::value{json::array{node("one", "dead", -40'000), node("two", "active", 4'000),
                                                          node("three", "standby", 900)}}},
                        {"total", json::value{3}}});
  BOOST_TEST(v.line(2) == "3 of 3, 1 active, 1 dead, 1 standby");
  BOOST_TEST(v.line(4).starts_with("two"), v.line(4));
  BOOST_TEST(v.line(4).find("4.0s") != std::string::npos, v.line(4));
  BOOST_TEST(v.line(6).starts_with("one"), v.line(6));
  BOOST_TEST(v.line(6).find("-40s") != std::string::npos, v.line(6));
  BOOST_TEST((v.model.press(key::enter) == wish::nothing)); // the row is all there is
}

BOOST_AUTO_TEST_CASE(each_kind_of_row_asks_for_its_own_page) {
  const auto page = [](const json::value& row) { return page_question(panes()[0], row); };
  BOOST_TEST(page(actor("remote_server", "b.example", "", 0, 0)).command == "server.show");
  const auto invitation = page(actor("invitation", "!odd|room:b.example|@ann:b.example", "", 0, 0));
  BOOST_TEST(invitation.command == "invite.show");
  BOOST_TEST(invitation.with.room == "!odd|room:b.example");
  BOOST_TEST(invitation.with.user == "@ann:b.example");
  const auto other = page(actor("session", "", "", 0, 0));
  BOOST_TEST(other.command == "actor.show");
  BOOST_TEST(other.with.kind == "session");
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_while_it_pauses) {
  viewer v;
  v.type("p");
  BOOST_TEST(v.model.is_paused());
  BOOST_TEST(v.line(0).ends_with("paused "));
  BOOST_TEST((v.model.press(key::character, 'p') == wish::ask_now));
  BOOST_TEST(!v.model.is_paused());
  v.type("h");
  BOOST_TEST(v.line(1).starts_with(" 1 to 5, Tab"));
  BOOST_TEST((v.model.press(key::character, 'q') == wish::nothing)); // any key leaves the help
  BOOST_TEST((v.model.press(key::character, 'q') == wish::quit));
}

BOOST_AUTO_TEST_CASE(trouble_is_told_and_what_was_seen_stays) {
  viewer v;
  v.answer(some_actors());
  v.model.fail("cannot reach the broker: gone \x1b[2J");
  BOOST_TEST(v.line(23) == "cannot reach the broker: gone  [2J");
  BOOST_TEST((v.look_at()[23].as == look::alert));
  BOOST_TEST(v.line(4).find("!stuck") != std::string::npos);
  v.answer(some_actors());
  BOOST_TEST(v.line(23).starts_with("q quit"));
  v.model.take_status(json::object{{"alarms", json::value{json::array{json::object{{"name", json::value{"clock"}}}}}}});
  BOOST_TEST(v.line(0).find("ALARM clock") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_of_others_do_not_steer_the_terminal_and_fit_every_size) {
  viewer v;
  v.answer(actors({actor("room",
                         "!\x1b[2J\x07\xc2\x9b"
                         "31m\n\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e:chat.example",
                         "run\r\nning", 1, 1)}));
  v.type("/\x1b]0;evil");
  for (const std::size_t columns : {1, 5, 20, 79, 80, 200})
    for (const std::size_t rows : {1, 2, 6, 24, 60}) {
      const auto lines = v.look_at(columns, rows);
      BOOST_TEST(lines.size() == rows);
      for (const auto& x : lines) {
        BOOST_TEST(display_width(x.text) <= columns);
        for (const char c : x.text) BOOST_TEST((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
        BOOST_TEST(x.text.find("\xc2\x9b") == std::string::npos);
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
