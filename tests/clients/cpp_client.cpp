#include "causeway_client.hpp"
#include "tests/clients/mini_broker.hpp"
#include "tests/plugin/edge/edge_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

using namespace causeway;
using namespace std::chrono_literals;
using client::options;
using test::mini_broker;

BOOST_AUTO_TEST_SUITE(cpp_client)

namespace {

constexpr std::chrono::milliseconds patience = 30s;

config::edge_options loopback() {
  config::edge_options options;
  options.chat_endpoints = {"tcp://127.0.0.1:*"};
  options.admin_endpoint.clear();
  return options;
}

options to(const mini_broker& broker) {
  options o;
  o.endpoint = broker.endpoint();
  o.peer = "rc1";
  return o;
}

void eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    BOOST_REQUIRE(std::chrono::steady_clock::now() < until);
    std::this_thread::yield();
  }
}

const chat::command an_invitation = chat::invite_send{"r", "a", "@u:b", {}};

} // namespace

BOOST_AUTO_TEST_CASE(a_command_gets_its_answer) {
  mini_broker broker{loopback()};
  broker.directory = [](const command_received& x) {
    return command_done{x.reference, true, chat::encode(chat::answer{chat::state_answer{"pending"}})};
  };
  client::client c{to(broker)};
  BOOST_TEST(bool(c.wait_connected(patience)));
  const auto answer = c.command(an_invitation, "k1", patience);
  BOOST_REQUIRE(answer);
  BOOST_TEST(*answer == chat::encode(chat::answer{chat::state_answer{"pending"}}));
}

BOOST_AUTO_TEST_CASE(a_refusal_is_its_fault) {
  mini_broker broker{loopback()};
  broker.directory = [](const command_received& x) {
    return command_done{x.reference, false, chat::encode(fault{fault_code::forbidden, "rule 5"})};
  };
  client::client c{to(broker)};
  const auto answer = c.command(an_invitation, {}, patience);
  BOOST_REQUIRE(!answer);
  BOOST_TEST((answer.error() == fault{fault_code::forbidden, "rule 5"}));
  BOOST_TEST((c.command("room.paint", "\x80", {}, patience).error().code == fault_code::unknown_command));
}

BOOST_AUTO_TEST_CASE(a_field_the_broker_does_not_know_is_shown_once) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  const auto body = [](const char* field) {
    std::string out = "\x82\xa4room\xa1r\xa0\xc3";
    out.replace(out.size() - 2, 1, std::string(1, static_cast<char>(0xa0 | std::strlen(field))) + field);
    return out;
  };
  BOOST_TEST(bool(c.command("query.room", body("romm"))));
  BOOST_TEST(bool(c.command("query.room", body("romm"))));
  BOOST_TEST(bool(c.command("query.room", body("colour"))));
  BOOST_TEST(c.ignored() == (std::vector<std::string>{"query.room: romm", "query.room: colour"}),
             boost::test_tools::per_element());
  const auto refused = c.command("invite.send", body("usr"));
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().detail.find("usr (user?)") != std::string::npos, refused.error().detail);
  BOOST_TEST(c.ignored().back() == "invite.send: usr");
}

BOOST_AUTO_TEST_CASE(a_command_over_the_restart_of_the_broker_runs_once) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  BOOST_REQUIRE(bool(c.wait_connected(patience)));
  // It is carried out and committed, but the RESULT never leaves: the session dies first.
  broker.directory = [&](const command_received&) { return std::nullopt; };
  std::thread later{[&] {
    eventually([&] { return !broker.executed().empty(); });
    broker.with([&](test::session_rig& rig) { rig.store.results["k1"] = {"k1", "invite.send", true, "\x80", 0}; });
    broker.restart();
    broker.notify("x", ""); // nobody hears it: the client has to find out by itself
    broker.with([&](test::session_rig& rig) { rig.advance(0); });
  }};
  client::client other{to(broker)}; // a second process; its traffic is its own
  std::atomic<bool> done{false};
  std::thread asker{[&] {
    const auto answer = c.command(an_invitation, "k1", patience);
    BOOST_TEST(bool(answer));
    done = true;
  }};
  later.join();
  // Any frame of the client is answered with hello_required; it says HELLO and repeats.
  eventually([&] {
    c.send_ephemeral(chat::typing{"r", "u", true});
    return done.load();
  });
  asker.join();
  const auto ran = broker.executed();
  BOOST_TEST(std::ranges::count(ran, std::string{"k1"}) == 1);
}

BOOST_AUTO_TEST_CASE(a_command_without_an_answer_times_out) {
  mini_broker broker{loopback()};
  broker.directory = [](const command_received&) { return std::nullopt; };
  client::client c{to(broker)};
  BOOST_REQUIRE(bool(c.wait_connected(patience)));
  BOOST_TEST((c.command(an_invitation, {}, 50ms).error().code == fault_code::timed_out));
}

BOOST_AUTO_TEST_CASE(many_threads_command_at_once) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        if (c.command(an_invitation, {}, patience)) ++good;
    });
  for (auto& t : threads) t.join();
  BOOST_TEST(good == 200);
  BOOST_TEST(broker.executed().size() == 200u);
}

/// A broker that reads nothing until it is let go, and a client whose pipe to it is full.
struct stopped {
  static config::edge_options over_a_file(const test::scratch& dir) {
    auto options = loopback();
    options.chat_endpoints = {"ipc://" + dir.file("broker")}; // the kernel keeps less of it than of tcp://
    options.high_water_mark = 100;
    return options;
  }
  stopped() {
    BOOST_REQUIRE(bool(c.wait_connected(patience)));
    still = broker.stand_still();
    fill(4'000); // more than libzmq keeps on both sides and the kernel between them
    eventually([&] { return c.unsent() > 100; });
  }
  void fill(int count) {
    for (int i = 0; i < count; ++i)
      c.send_ephemeral(chat::typing{"r", "user " + std::to_string(i) + std::string(200, 'x'), true});
  }
  void command(const std::string& id, std::chrono::milliseconds timeout = patience) {
    threads.emplace_back([this, id, timeout] {
      if (c.command(an_invitation, id, timeout)) ++answered;
    });
  }
  void go_on() {
    still.unlock();
    for (auto& t : threads) t.join();
  }
  std::vector<std::string> commands() {
    auto all = broker.executed();
    std::erase(all, ""); // the ephemeral ones
    return all;
  }

  test::scratch dir;
  mini_broker broker{over_a_file(dir)};
  client::client c{to(broker)};
  std::unique_lock<std::mutex> still;
  std::vector<std::thread> threads;
  std::atomic<int> answered{0};
};

BOOST_AUTO_TEST_CASE(commands_behind_a_full_pipe_leave_in_order_and_once) {
  stopped s;
  std::vector<std::string> expected;
  for (int i = 0; i < 50; ++i) {
    expected.push_back("k" + std::to_string(i));
    s.command(expected.back());
    eventually([&] { return s.c.open_commands() == expected.size(); });
  }
  s.go_on();
  BOOST_TEST(s.answered == 50);
  BOOST_TEST(s.commands() == expected, boost::test_tools::per_element());
  BOOST_TEST(s.c.errors().first == 0u, to_string(s.c.errors().second));
  eventually([&] { return s.c.unsent() == 0; });
}

BOOST_AUTO_TEST_CASE(a_command_nobody_waits_for_any_more_is_not_sent_behind_a_full_pipe) {
  stopped s;
  BOOST_TEST((s.c.command(an_invitation, "late", 50ms).error().code == fault_code::timed_out));
  eventually([&] { return s.c.open_commands() == 0; });
  s.command("next");
  s.go_on();
  BOOST_TEST(s.commands() == (std::vector<std::string>{"next"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(at_the_bound_of_what_waits_it_is_told_and_the_connection_begins_anew) {
  stopped s;
  s.fill(12'000);
  eventually([&] { return s.c.errors().first > 0; });
  BOOST_TEST((s.c.errors().second.code == fault_code::overloaded));
  s.command("k1");
  eventually([&] { return s.c.open_commands() == 1; });
  s.c.seek(0, 0); // a frame that must not be left out
  eventually([&] { return s.c.errors().second.detail.find("begins anew") != std::string::npos; });
  s.go_on();
  BOOST_TEST(s.answered == 1);
  BOOST_TEST(s.commands() == (std::vector<std::string>{"k1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_ack_answers_for_many_events_and_names_go_before_the_next_command) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  BOOST_REQUIRE(bool(c.wait_connected(patience)));
  for (int i = 0; i < 200; ++i) broker.notify("x", std::to_string(i));
  std::vector<client::event> events;
  for (int i = 0; i < 200; ++i) {
    events.push_back(*c.next_event(patience));
  }
  for (const auto& x : events) c.ack(x);
  eventually([&] { return broker.acknowledged() == 200; });
  BOOST_TEST(broker.frames_of(edge::verb::ack) < 50);
  chat::message_received message;
  message.matrix_room_id = "!r:b";
  message.event_id = "$e";
  broker.notify("message.received", chat::encode(chat::notification{message}));
  c.ack(*c.next_event(patience), {{{"!r:b", "r"}}, {}});
  BOOST_TEST(bool(c.command(an_invitation, {}, patience)));
  const auto last = broker.received_verbs();
  const auto command = std::ranges::find(last, edge::verb::command);
  BOOST_TEST((command != last.begin() && *std::prev(command) == edge::verb::ack));
}

BOOST_AUTO_TEST_CASE(names_of_an_ack_that_was_lost_go_with_the_next_one) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  BOOST_REQUIRE(bool(c.wait_connected(patience)));
  broker.notify("x", "\x80");
  const auto x = c.next_event(patience);
  BOOST_REQUIRE(x);
  broker.ignores_acks = true; // read, and forgotten in a crash
  c.ack(*x, {{{"!r:b", "r"}}, {}});
  eventually([&] { return broker.frames_of(edge::verb::ack) == 1; });
  broker.ignores_acks = false;
  broker.restart();
  c.send_ephemeral(chat::typing{"r", "u", true}); // finds out
  eventually([&] { return broker.acknowledged() == 1; });
  broker.with([](test::session_rig& rig) {
    BOOST_REQUIRE(rig.rooms_named.size() == 1u);
    BOOST_TEST(rig.rooms_named.at(0).chat_room_id == "r");
  });
}

BOOST_AUTO_TEST_CASE(events_come_in_order_and_credit_comes_back) {
  mini_broker broker{loopback()};
  auto o = to(broker);
  o.credit_messages = 4;
  client::client c{o};
  for (int i = 0; i < 100; ++i) broker.notify("x", std::to_string(i));
  for (int i = 0; i < 100; ++i) {
    const auto x = c.next_event(patience);
    BOOST_REQUIRE(x);
    BOOST_TEST(x->body == std::to_string(i));
    c.ack(*x);
  }
  eventually([&] { return broker.acknowledged() == 100; });
  BOOST_TEST(c.errors().first == 0u, to_string(c.errors().second));
}

BOOST_AUTO_TEST_CASE(unacknowledged_events_come_again_to_the_next_client_and_not_twice_to_the_same) {
  mini_broker broker{loopback()};
  for (int i = 0; i < 3; ++i) broker.notify("x", std::to_string(i));
  {
    client::client c{to(broker)};
    const auto first = c.next_event(patience);
    BOOST_REQUIRE(first);
    c.ack(*first);
    BOOST_REQUIRE(c.next_event(patience));
    broker.restart();
    c.send_ephemeral(chat::typing{"r", "u", true}); // finds out
    const auto third = c.next_event(patience);
    BOOST_REQUIRE(third);
    BOOST_TEST(third->body == "2");
    BOOST_TEST(!c.next_event(300ms));
  }
  client::client c{to(broker)};
  const auto again = c.next_event(patience);
  BOOST_REQUIRE(again);
  BOOST_TEST(again->cursor <= 2);
}

BOOST_AUTO_TEST_CASE(refusing_and_seeking_bring_events_again) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  for (int i = 0; i < 3; ++i) broker.notify("x", std::to_string(i));
  const auto expect = [&](const std::vector<std::string>& bodies) {
    for (const auto& body : bodies) {
      const auto x = c.next_event(patience);
      BOOST_REQUIRE(x);
      BOOST_TEST(x->body == body);
      c.ack(*x);
    }
  };
  const auto first = c.next_event(patience);
  BOOST_REQUIRE(first);
  c.nack(*first, false, "not now");
  eventually([&] {
    broker.with([](test::session_rig& rig) { rig.advance(100); });
    return c.next_event(1ms).has_value();
  });
  c.seek(0, 0);
  expect({"0", "1", "2"});
  c.seek(0, 1);
  expect({"1", "2"});
  c.seek(0, 99);
  broker.notify("x", "3");
  expect({"3"});
  eventually([&] { return c.errors().first == 1; });
  BOOST_TEST((c.errors().second.code == fault_code::cursor_out_of_range));
}

BOOST_AUTO_TEST_CASE(an_ack_binds_ids) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  chat::message_received message;
  message.matrix_room_id = "!r:b";
  message.event_id = "$e";
  broker.notify("message.received", chat::encode(chat::notification{message}));
  const auto x = c.next_event(patience);
  BOOST_REQUIRE(x);
  c.ack(*x, {{{"!r:b", "r"}}, {{"$e", "m"}}});
  eventually([&] { return broker.acknowledged() == 1; });
  broker.with([](test::session_rig& rig) {
    BOOST_REQUIRE(rig.store.bindings.size() == 1u);
    BOOST_TEST(rig.store.bindings[0].chat_message_id == "m");
    BOOST_TEST(rig.rooms_named.at(0).chat_room_id == "r");
  });
}

BOOST_AUTO_TEST_CASE(a_command_over_the_bound_is_not_sent) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  BOOST_REQUIRE(bool(c.wait_connected(patience)));
  const auto answer = c.command("media.put", std::string(limits::chat_frame_bytes_max, 'x'), "k1", patience);
  BOOST_REQUIRE(!answer);
  BOOST_TEST((answer.error().code == fault_code::too_large));
  BOOST_TEST(answer.error().detail.find("a message may have 1048576") != std::string::npos, answer.error().detail);
  BOOST_TEST(bool(c.command(an_invitation, {}, patience))); // on the same connection
  BOOST_TEST(c.errors().first == 0u);
  BOOST_TEST(broker.executed().size() == 1u);
}

BOOST_AUTO_TEST_CASE(bindings_over_the_bound_acknowledge_nothing) {
  mini_broker broker{loopback()};
  client::client c{to(broker)};
  broker.notify("x", "\x80");
  const auto x = c.next_event(patience);
  BOOST_REQUIRE(x);
  client::bindings bind;
  for (int i = 0; i < 10'000; ++i) bind.messages.emplace("$" + std::to_string(i), std::string(200, 'm'));
  BOOST_TEST((c.ack(*x, bind).code == fault_code::too_large));
  bind.messages.clear();
  BOOST_TEST((c.ack(*x, bind).code == fault_code::none));
  eventually([&] { return broker.acknowledged() == 1; });
}

BOOST_AUTO_TEST_CASE(a_command_over_the_stop_and_start_of_the_broker_runs_once) {
  mini_broker broker{loopback()};
  std::atomic<bool> told{false};
  broker.directory = [&](const command_received& x) -> std::optional<command_done> {
    if (!told.exchange(true)) return {}; // the node stops before it is done
    return command_done{x.reference, true, "\x80"};
  };
  client::client c{to(broker)};
  BOOST_REQUIRE(bool(c.wait_connected(patience)));
  std::thread stopper{[&] {
    eventually([&] { return told.load(); });
    broker.with(
      [](test::session_rig& rig) { rig.give(node_stopping{}); }); // BYE; HELLO is answered with stopping from now on
    eventually([&] { return c.errors().second.code == fault_code::stopping; });
    broker.restart();
  }};
  BOOST_TEST(bool(c.command(an_invitation, "k1", patience)));
  stopper.join();
  BOOST_TEST(broker.executed() == (std::vector<std::string>{"k1", "k1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_wrong_hello_is_told) {
  mini_broker broker{loopback()};
  auto o = to(broker);
  o.streams = {{7}};
  client::client c{o};
  const auto connected = c.wait_connected(patience);
  BOOST_REQUIRE(!connected);
  BOOST_TEST((connected.error().code == fault_code::bad_frame));
}

BOOST_AUTO_TEST_CASE(curve_keys_are_used) {
  const test::scratch dir;
  const auto server = test::curve_pair(), own = test::curve_pair();
  auto options = loopback();
  options.curve_secret_key_file = test::key_file(dir, server.secret_key);
  options.peers = {{own.public_key, "rc1", "chat"}};
  mini_broker broker{options};
  auto o = to(broker);
  o.curve = client::curve_keys{server.public_key, own.public_key, own.secret_key};
  client::client c{o};
  BOOST_TEST(bool(c.command(an_invitation, {}, patience)));
}

BOOST_AUTO_TEST_CASE(closing_ends_what_is_open) {
  mini_broker broker{loopback()};
  broker.directory = [](const command_received&) { return std::nullopt; };
  auto c = std::make_unique<client::client>(to(broker));
  BOOST_REQUIRE(bool(c->wait_connected(patience)));
  c.reset(); // says BYE
  eventually([&] {
    bool alone = false;
    broker.with([&](test::session_rig& rig) {
      alone = rig.machine->describe(rig.now).find("\"phase\":\"alone\"") != std::string::npos;
    });
    return alone;
  });
}

BOOST_AUTO_TEST_CASE(those_who_wait_while_it_is_closed_are_told) {
  mini_broker broker{loopback()};
  broker.directory = [](const command_received&) { return std::nullopt; };
  client::client c{to(broker)};
  fault why;
  bool had_event = true;
  std::thread commands{[&] {
    if (const auto answer = c.command(an_invitation, {}, patience); !answer) why = answer.error();
  }};
  std::thread takes{[&] { had_event = c.next_event(patience).has_value(); }};
  eventually([&] { return c.open_commands() == 1; });
  c.close();
  commands.join();
  takes.join();
  BOOST_TEST((why.code == fault_code::stopping));
  BOOST_TEST(!had_event);
  const auto later = c.command(an_invitation, {}, patience);
  BOOST_REQUIRE(!later);
  BOOST_TEST((later.error().code == fault_code::stopping));
}

BOOST_AUTO_TEST_CASE(an_answer_is_the_struct_of_its_command) {
  mini_broker broker{loopback()};
  broker.directory = [](const command_received& x) {
    return command_done{x.reference, true, chat::encode(chat::answer{chat::event_answer{"$e"}})};
  };
  client::client c{to(broker)};
  const auto answer = c.ask(chat::message_delete{.room = "r", .by = "alice", .message = "m"});
  BOOST_REQUIRE(bool(answer));
  BOOST_TEST(answer->event_id == "$e");
}

BOOST_AUTO_TEST_CASE(a_file_goes_out_and_comes_back_part_by_part) {
  mini_broker broker{loopback()};
  std::string stored;
  std::size_t parts = 0;
  broker.directory = [&](const command_received& x) {
    ++parts;
    chat::answer answer;
    if (const auto* put = std::get_if<chat::media_put>(x.body.get())) {
      BOOST_TEST(put->file_name.value() == "out");
      BOOST_TEST(put->content_type.value() == "image/png");
      if (put->offset == stored.size()) stored += put->bytes;
      answer = chat::media_put_answer{"mxc://a.example/m", stored.size(), stored.size() == put->total_bytes};
    } else {
      const auto& get = std::get<chat::media_get>(*x.body);
      answer = chat::media_get_answer{stored.substr(get.offset, get.length), stored.size(), "image/png", "name"};
    }
    return command_done{x.reference, true, chat::encode(answer)};
  };
  const auto folder = std::filesystem::temp_directory_path() / ("causeway-client-" + client::client::new_id());
  std::filesystem::create_directory(folder);
  std::string bytes(limits::media_part_bytes_max + 1'000, 'a');
  bytes += "the end";
  std::ofstream{folder / "out", std::ios::binary} << bytes;
  client::client c{to(broker)};
  const auto mxc = c.upload((folder / "out").string(), "image/png", "u1", patience);
  BOOST_REQUIRE(mxc);
  BOOST_TEST(*mxc == "mxc://a.example/m");
  BOOST_TEST((stored == bytes));
  BOOST_TEST(parts == 3u); // where does it go on, and two parts
  const auto about = c.download(*mxc, (folder / "in").string(), patience);
  BOOST_REQUIRE(about);
  BOOST_TEST(about->total_bytes == bytes.size());
  BOOST_TEST(about->content_type == "image/png");
  BOOST_TEST(about->file_name == "name");
  std::ifstream in{folder / "in", std::ios::binary};
  BOOST_TEST((std::string{std::istreambuf_iterator<char>{in}, {}} == bytes));
  BOOST_TEST((c.upload((folder / "none").string(), "image/png", {}, patience).error().code == fault_code::not_found));
  broker.directory = [](const command_received& x) {
    return command_done{x.reference, false, chat::encode(fault{fault_code::too_large, "x"})};
  };
  BOOST_TEST((c.upload((folder / "out").string(), "image/png", {}, patience).error().code == fault_code::too_large));
  BOOST_TEST((c.download(*mxc, (folder / "in").string(), patience).error().code == fault_code::too_large));
  std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()
