#include "actors/room/command_queue.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_command_queue_alone)

namespace {

/// Carries nothing out.
struct recording_runner : room::command_queue::runner {
  bool may = true;
  room::command_outcome outcome = room::ends_later{};
  std::vector<std::string> ran;             ///< command ids
  std::map<std::string, std::string> names; ///< of the last one
  bool may_run() const override { return may; }
  room::command_outcome carry_out(room::queued_command& c) override {
    ran.push_back(c.command.reference.command_id);
    names = c.event_ids;
    return outcome;
  }
};

struct queue_rig : assembled_rig {
  recording_runner runner;
  room::message_names names;
  room::command_queue queue{room, out, pending, names, runner};

  effects take_command(const std::string& id, chat::command body) {
    chat_command c;
    c.reference = {"s", id, 0};
    c.room_id = room_id;
    c.body = std::make_shared<const chat::command>(std::move(body));
    queue.take(c);
    return take();
  }
  static chat::message_send message(const std::string& own_id, const std::string& reply_to = {}) {
    chat::message_send x;
    x.room = "chat-1";
    x.sender = ann;
    x.message = own_id;
    x.text = "hello";
    if (!reply_to.empty()) x.reply_to = reply_to;
    return x;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(commands_are_carried_out_in_the_order_in_which_they_came) {
  queue_rig r;
  r.runner.may = false;
  r.take_command("one", chat::member_leave{"chat-1", bob, {}});
  r.take_command("two", chat::member_leave{"chat-1", ann, {}});
  BOOST_TEST(r.runner.ran.empty());
  BOOST_TEST(r.queue.size() == 2u);
  r.runner.may = true;
  r.queue.run();
  BOOST_TEST(r.runner.ran == (std::vector<std::string>{"one", "two"}), boost::test_tools::per_element());
  BOOST_TEST(r.queue.is_idle());
}

BOOST_AUTO_TEST_CASE(own_id_of_a_message_is_asked_for_before_it_is_sent_and_those_behind_wait) {
  queue_rig r;
  const auto asked = r.take_command("one", queue_rig::message("m1"));
  BOOST_REQUIRE(of_kind<ask_store>(asked).size() == 1u);
  r.take_command("two", chat::member_leave{"chat-1", bob, {}});
  BOOST_TEST(r.runner.ran.empty());
  r.hear<room::question::own_message_id>(r.queue, assembled_rig::stored(asked, store::message_found{}));
  BOOST_TEST(r.runner.ran == (std::vector<std::string>{"one", "two"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(message_that_a_command_names_is_found_first) {
  queue_rig r;
  const auto asked = r.take_command("one", queue_rig::message("", "m0"));
  BOOST_TEST(r.runner.ran.empty());
  BOOST_TEST(!r.queue.is_idle());
  r.hear<room::question::named_message>(r.queue, assembled_rig::stored(asked, store::message_found{"m0", "$event"}));
  BOOST_REQUIRE(r.runner.ran.size() == 1u);
  BOOST_TEST(r.runner.names.at("m0") == "$event");
}

BOOST_AUTO_TEST_CASE(name_of_no_message_is_told_to_the_handler) {
  queue_rig r;
  const auto asked = r.take_command("one", queue_rig::message("", "m0"));
  r.hear<room::question::named_message>(r.queue, assembled_rig::stored(asked, store::message_found{}));
  BOOST_TEST(r.runner.names.at("m0") == "?");
}

BOOST_AUTO_TEST_CASE(command_whose_names_the_store_cannot_say_fails_and_the_next_one_has_its_turn) {
  for (const bool silent : {false, true}) {
    queue_rig r;
    const auto asked = r.take_command("one", queue_rig::message("", "m0"));
    r.take_command("two", chat::member_leave{"chat-1", bob, {}});
    effects done;
    if (silent) {
      r.after(room::pending_questions::store_patience_ms);
      done = r.hear_nothing<room::question::named_message>(r.queue);
    } else {
      done = r.hear<room::question::named_message>(
        r.queue, assembled_rig::stored(asked, fault{fault_code::store_failed, "disk"}));
    }
    BOOST_TEST((refusal_in(done).code == (silent ? fault_code::timed_out : fault_code::store_failed)));
    BOOST_TEST(r.runner.ran == std::vector<std::string>{"two"}, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(command_that_waits_for_the_policy_server_keeps_its_place) {
  queue_rig r;
  struct waits_once : room::command_queue::runner {
    bool waits = true;
    int tried = 0;
    bool may_run() const override { return tried == 0 || !waits; }
    room::command_outcome carry_out(room::queued_command&) override {
      ++tried;
      if (waits) return room::waits_for_policy_server{};
      return room::ends_later{};
    }
  } runner;
  room::command_queue queue{r.room, r.out, r.pending, r.names, runner};
  chat_command c;
  c.body = std::make_shared<const chat::command>(chat::member_leave{"chat-1", bob, {}});
  queue.take(c);
  BOOST_TEST(queue.size() == 1u);
  runner.waits = false;
  queue.run();
  BOOST_TEST(runner.tried == 2);
  BOOST_TEST(queue.is_idle());
}

BOOST_AUTO_TEST_CASE(fault_of_a_handler_is_the_result_of_the_command) {
  queue_rig r;
  r.runner.outcome = fault{fault_code::forbidden, "no"};
  BOOST_TEST((refusal_in(r.take_command("one", chat::member_leave{"chat-1", bob, {}})).code == fault_code::forbidden));
}

BOOST_AUTO_TEST_SUITE_END()
