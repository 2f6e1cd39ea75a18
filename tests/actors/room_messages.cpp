// Messages our users send: what they answer, what they are called.
#include "messages/edge/packing.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_messages)

namespace {

chat::message_send said(const std::string& own_id, const std::string& text) {
  chat::message_send x;
  x.room = "chat-1";
  x.sender = ann;
  x.message = own_id;
  x.text = text;
  return x;
}

std::size_t events_of(const effects& list) { return written<store::put_event>(list).size(); }

} // namespace

BOOST_AUTO_TEST_CASE(a_message_id_that_is_in_use_makes_no_second_event) {
  shared_room r;
  r.command(said("m1", "once"));
  const auto first = r.head().at(0);
  const auto again = r.command(said("m1", "twice"));
  BOOST_TEST((refusal_in(again).code == fault_code::already_exists));
  BOOST_TEST(refusal_in(again).detail.find(first) != std::string::npos, refusal_in(again).detail);
  BOOST_TEST(events_of(again) == 0u);
  r.restart();
  const auto later = r.command(said("m1", "after a restart"));
  BOOST_TEST((refusal_in(later).code == fault_code::already_exists));
  BOOST_TEST(events_of(later) == 0u);
  BOOST_TEST((refusal_in(r.command(said("m2", "another"))).code == fault_code::none));
}

BOOST_AUTO_TEST_CASE(an_id_the_chat_server_gave_to_a_told_message_is_in_use) {
  shared_room r;
  const auto told = r.message_of(eve, "hello");
  r.push({told});
  r.disk.chat_ids[told->event_id] = "m1"; // with an ACK
  BOOST_TEST((refusal_in(r.command(said("m1", "mine"))).code == fault_code::already_exists));
}

BOOST_AUTO_TEST_CASE(one_id_twice_before_the_store_knows_of_it_makes_one_event) {
  shared_room r;
  // Both arrive before the store has answered for either.
  chat_command first, second;
  for (auto* c : {&first, &second}) {
    c->reference = {"s", c == &first ? "c-first" : "c-second", 0};
    c->room_id = r.room_id;
  }
  first.body = std::make_shared<const chat::command>(said("m1", "once"));
  second.body = std::make_shared<const chat::command>(said("m1", "twice"));
  auto asked = r.machine->on(first, ++r.now);
  append(asked, r.machine->on(second, ++r.now));
  BOOST_TEST(of_kind<ask_store>(asked).size() == 2u);
  const auto done = told<command_done>(r.settle(std::move(asked)));
  BOOST_REQUIRE(done.size() == 2u);
  BOOST_TEST(done[0].second.succeeded);
  BOOST_TEST(done[0].second.reference.command_id == "c-first");
  BOOST_TEST((chat::decode_fault(done[1].second.body).code == fault_code::already_exists));
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_answer_for_an_id_is_asked_again_under_the_same_command) {
  shared_room r;
  chat_command c;
  c.reference = {"s", "c-1", 0};
  c.room_id = r.room_id;
  c.body = std::make_shared<const chat::command>(said("m1", "once"));
  const auto asked = of_kind<ask_store>(r.machine->on(c, ++r.now));
  BOOST_REQUIRE(asked.size() == 1u);
  const auto busy = r.on(store_says(asked[0].asked, fault{fault_code::overloaded, "busy"}));
  BOOST_TEST((refusal_in(busy).code == fault_code::overloaded));
  BOOST_TEST(written<store::put_command_result>(busy).empty()); // may be repeated
  BOOST_TEST((refusal_in(r.on(c)).code == fault_code::none));
}

BOOST_AUTO_TEST_CASE(a_reply_to_a_message_of_another_room_is_refused) {
  shared_room r, elsewhere;
  const auto theirs = elsewhere.message_of(eve, "in another room");
  elsewhere.push({theirs});
  for (const auto* field : {"reply_to", "thread"})
    for (const auto& target : {theirs->event_id, std::string{"$no-such-event"}, std::string{"m-unknown"}}) {
      auto x = said("m-" + std::string{field} + target.substr(1, 5), "answer");
      (field == std::string{"thread"} ? x.thread : x.reply_to) = target;
      const auto done = r.command(x);
      BOOST_TEST((refusal_in(done).code == fault_code::not_found), to_string(refusal_in(done)));
      BOOST_TEST(refusal_in(done).detail.starts_with(std::string{field} + ": "), refusal_in(done).detail);
      BOOST_TEST(events_of(done) == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_reply_names_a_message_of_the_room_by_either_id_also_after_a_restart) {
  shared_room r;
  const auto theirs = r.message_of(eve, "question");
  r.push({theirs});
  r.command(said("m1", "statement"));
  const auto ours = r.head().at(0);
  const auto replied_to = [&](const std::string& own_id, const std::string& target) {
    auto x = said(own_id, "answer");
    x.reply_to = target;
    BOOST_TEST((refusal_in(r.command(x)).code == fault_code::none));
    return *r.event(r.head().at(0))->content().find("m.relates_to")->find("m.in_reply_to")->find_string("event_id");
  };
  BOOST_TEST(replied_to("m2", theirs->event_id) == theirs->event_id);
  BOOST_TEST(replied_to("m3", "m1") == ours);
  BOOST_TEST(replied_to("m4", ours) == ours);
  r.restart();
  BOOST_TEST(replied_to("m5", theirs->event_id) == theirs->event_id); // no longer in memory
  BOOST_TEST(replied_to("m6", "m1") == ours);
}

BOOST_AUTO_TEST_CASE(the_answer_says_to_how_many_servers_a_message_goes) {
  const auto counted = [](const effects& list) {
    return *edge::unpack<chat::sent_answer>(told<command_done>(list).at(0).second.body, fault_code::bad_body)->servers;
  };
  shared_room r;
  auto x = said("m1", "hello");
  x.files.push_back({"mxc://here.example/a", "f.png", "image/png", 5, {}, {}, {}});
  const auto sent = r.command(x);
  const auto queued = written<store::queue_pdu>(sent).size();
  BOOST_TEST(queued > 0u);
  BOOST_TEST(counted(sent) * 2 == queued); // the text and its file, to each
  shared_room alone{"11", false};
  BOOST_TEST(counted(alone.command(said("m1", "hello"))) == 0u);
}

BOOST_AUTO_TEST_CASE(a_message_of_which_nothing_can_be_seen_is_not_signed) {
  shared_room r;
  for (const auto* text : {"", " \n", "\u200b"})
    BOOST_TEST((refusal_in(r.command(said("m1", text))).code == fault_code::bad_body));
  auto with_file = said("m2", " \u200b");
  with_file.files.push_back({"mxc://here.example/a", "f.png", "image/png", 5, {}, {}, {}});
  const auto sent = r.command(with_file);
  BOOST_TEST((refusal_in(sent).code == fault_code::none));
  BOOST_TEST(events_of(sent) == 1u); // the file alone
  BOOST_TEST(*r.event(r.head().at(0))->content().find("body")->as_string() == "f.png");
}

BOOST_AUTO_TEST_CASE(what_the_chat_server_calls_a_message_goes_with_it_to_the_servers) {
  shared_room r;
  auto x = said("m1", "with a file");
  x.files.push_back({"mxc://here.example/a", "f.png", "image/png", 5, {}, {}, {}});
  const auto queued = told<pdu_queued>(r.command(x));
  BOOST_REQUIRE(queued.size() == 2u);
  BOOST_TEST(queued[0].second.chat_message_id == "m1");
  BOOST_TEST(queued[0].second.chat_room_id == "chat-1");
  BOOST_TEST(queued[1].second.chat_message_id.empty()); // the file is known by its event id
}

BOOST_AUTO_TEST_CASE(names_of_messages_are_remembered_in_bounds) {
  room::message_names names;
  names.bind("m0", "$0");
  names.bind("m0", "$other");
  BOOST_TEST(*names.find("m0") == "$0");
  const auto then = names.bound();
  for (std::size_t i = 1; i <= room::message_names::kept_max / 2; ++i) names.bind("m" + std::to_string(i), "$");
  BOOST_TEST(names.remembers_since(then));
  names.bind("more", "$");
  BOOST_TEST(!names.remembers_since(then));
  for (std::size_t i = 0; i < room::message_names::kept_max; ++i) names.bind("n" + std::to_string(i), "$");
  BOOST_TEST(!names.find("m0"));
  BOOST_TEST(names.find("n0"));
}

BOOST_AUTO_TEST_SUITE_END()
