// What a server that is there refuses: one event, ephemeral items, everything.
#include "actors/remote_server/refusals.hpp"

#include "actors/remote_server/remote_server_machine.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;
using remote_server::remote_server_machine;

BOOST_AUTO_TEST_SUITE(remote_server_refusals)

namespace {

constexpr const char* bad_json = R"({"errcode":"M_BAD_JSON","error":"I do not like it"})";

/// The actor of there.example, and a there.example that answers transactions as a test says.
struct rig {
  struct answer {
    int status = 200;
    std::string body = R"({"pdus":{}})";
  };
  /// Of a transaction: the texts of its messages, and how many EDUs it has.
  using server = std::function<answer(const std::vector<std::string>& texts, std::size_t edus)>;

  context node = here();
  std::unique_ptr<remote_server_machine> machine;
  time_ms now = noon;
  std::vector<std::string> taken; ///< texts of messages, in the order of arrival
  std::size_t edus_taken = 0, requests = 0;
  std::vector<store::put_refused_pdu> set_aside;
  std::vector<std::string> owed; ///< event ids in the store's queue
  store::put_destination on_disk;
  std::vector<std::string> notified; ///< deliveries told: state and reason
  effects last;

  rig() { begin({}); }
  void begin(store::destination_loaded stored) {
    machine = std::make_unique<remote_server_machine>(node, "there.example");
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    open_ = machine->on(store_says(asked, std::move(stored)), now);
  }

  static matrix::event_ptr message_event(const std::string& text, const std::string& room = "!r:here.example") {
    object pdu{{"type", "m.room.message"},      {"room_id", room},
               {"sender", "@ann:here.example"}, {"content", object{{"body", text}}},
               {"origin_server_ts", noon},      {"depth", 1},
               {"prev_events", array{}},        {"auth_events", array{}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), "here.example", key_of('h'));
  }
  void say(const std::string& text, const std::string& room = "!r:here.example") {
    const auto e = message_event(text, room);
    owed.push_back(e->event_id);
    add(machine->on(pdu_queued{e, "room"}, now));
  }
  void add(const effects& more) { open_.insert(open_.end(), more.begin(), more.end()); }

  /// Lets time pass, and the server answer, until nothing more is sent or `until`.
  void run(const server& there, time_ms until = 0) {
    for (int steps = 0; steps < 10'000; ++steps) {
      last = std::exchange(open_, {});
      take_writes(last);
      const auto sent = told<gateway::http_request>(last);
      if (const auto at = timer_at(last, timer_kind::send); at != 0) send_at_ = at;
      if (!sent.empty()) {
        for (const auto& [to, request] : sent) answer_to(there, request);
        continue;
      }
      if (send_at_ == 0 || (until != 0 && send_at_ > until)) break;
      now = std::max(now, std::exchange(send_at_, 0));
      open_ = machine->on(timer_due{timer_kind::send}, now);
    }
    if (until != 0) now = std::max(now, until);
  }

private:
  void answer_to(const server& there, const gateway::http_request& request) {
    ++requests;
    const auto body = *matrix::json::parse(request.body);
    std::vector<std::string> texts;
    for (const auto& pdu : *body.find_array("pdus")) texts.push_back(*pdu.find("content")->find_string("body"));
    const auto* edus = body.find_array("edus");
    const auto a = there(texts, edus ? edus->size() : 0);
    if (a.status == 200) {
      taken.insert(taken.end(), texts.begin(), texts.end());
      edus_taken += edus ? edus->size() : 0;
    }
    add(machine->on(http_says(request.id, a.status, a.body), now));
  }
  void take_writes(const effects& list) {
    for (const auto& w : written<store::put_refused_pdu>(list)) set_aside.push_back(w);
    for (const auto& w : written<store::remove_destination_pdus>(list))
      for (const auto& id : w.event_ids) std::erase(owed, id);
    for (const auto& w : written<store::put_destination>(list)) on_disk = w;
    for (const auto& w : written<store::append_delivery>(list)) notified.push_back(w.told.state + " " + w.told.reason);
  }

  effects open_;
  time_ms send_at_ = 0;
};

rig::server refusing(const std::string& text, int status = 400, const std::string& body = bad_json) {
  return [=](const auto& texts, std::size_t) {
    return std::find(texts.begin(), texts.end(), text) != texts.end() ? rig::answer{status, body} : rig::answer{};
  };
}

std::vector<std::string> numbered(int from, int to, int without = -1) {
  std::vector<std::string> all;
  for (int i = from; i <= to; ++i)
    if (i != without) all.push_back("m" + std::to_string(i));
  return all;
}

bool mentions(const std::vector<std::string>& bodies, const std::string& word) {
  return std::any_of(bodies.begin(), bodies.end(), [&](const auto& b) { return b.find(word) != std::string::npos; });
}

} // namespace

BOOST_AUTO_TEST_CASE(one_event_that_a_server_refuses_for_ever_does_not_block_the_rest) {
  // The user saw: one message was refused with 400, and no room got anything to that server any more.
  for (const int status : {400, 403, 406, 413, 414, 422, 451}) {
    rig r;
    r.say("m0");
    for (int i = 1; i <= 120; ++i) r.say("m" + std::to_string(i), i % 2 ? "!a:here.example" : "!b:here.example");
    r.run(refusing("m37", status), noon + 10 * 60'000);
    BOOST_TEST_INFO(status);
    BOOST_TEST(r.taken == numbered(0, 120, 37), boost::test_tools::per_element());
    BOOST_REQUIRE(r.set_aside.size() == 1u);
    BOOST_TEST(r.set_aside[0].event_id == rig::message_event("m37", "!a:here.example")->event_id);
    BOOST_TEST(r.set_aside[0].room_id == "!a:here.example");
    BOOST_TEST(r.set_aside[0].reason.find(std::to_string(status)) != std::string::npos);
    BOOST_TEST(r.owed.empty());
    BOOST_TEST(r.on_disk.transaction_id.empty());
    BOOST_TEST(r.on_disk.failures == 0u);
    BOOST_TEST(mentions(r.notified, "failed"));
    BOOST_TEST(r.machine->describe(r.now).find("\"refused\":1") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(an_event_is_set_aside_after_five_refusals_alone_some_fifteen_seconds_after_the_first) {
  rig r;
  std::size_t alone = 0;
  r.say("poison");
  time_ms aside_at = 0;
  r.run([&](const auto& texts, std::size_t) {
    if (texts.empty()) return rig::answer{};
    ++alone;
    aside_at = r.now;
    return rig::answer{400, "Bad Request: invalid format"}; // as ejabberd answers: no JSON
  });
  BOOST_TEST(alone == remote_server::refused_alone_max);
  BOOST_TEST(aside_at - noon == 15'000);
  BOOST_TEST(r.set_aside.size() == 1u);
  BOOST_TEST(r.set_aside[0].reason.find("invalid format") != std::string::npos);
  r.say("after");
  r.run(refusing("poison"));
  BOOST_TEST(r.taken == std::vector<std::string>{"after"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(several_refused_events_are_set_aside_one_by_one_and_the_rest_stays_in_order) {
  rig r;
  r.say("m0");
  for (int i = 1; i <= 60; ++i) r.say("m" + std::to_string(i));
  r.run([](const auto& texts, std::size_t) {
    for (const auto* bad : {"m3", "m4", "m50"})
      if (std::find(texts.begin(), texts.end(), bad) != texts.end()) return rig::answer{400, bad_json};
    return rig::answer{};
  });
  auto expected = numbered(0, 60);
  for (const auto* bad : {"m3", "m4", "m50"}) std::erase(expected, bad);
  BOOST_TEST(r.taken == expected, boost::test_tools::per_element());
  BOOST_TEST(r.set_aside.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_server_that_refuses_everything_loses_nothing) {
  // A proxy that says 400 or 403 to all of it for an hour: that is the server, not the events.
  for (const int status : {400, 403, 422}) {
    rig r;
    r.say("m0");
    for (int i = 1; i <= 60; ++i) r.say("m" + std::to_string(i));
    r.run([&](const auto&, std::size_t) { return rig::answer{status, bad_json}; }, noon + 3'600'000);
    BOOST_TEST(r.set_aside.empty());
    BOOST_TEST(r.owed.size() == 61u);
    BOOST_TEST(r.requests < 60u); // as an unreachable one: the pause grows
    r.run([](const auto&, std::size_t) { return rig::answer{}; });
    BOOST_TEST(r.taken == numbered(0, 60), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(what_is_about_the_server_sets_nothing_aside_however_long_it_lasts) {
  for (const int status : {0, 200, 204, 302, 401, 404, 405, 407, 408, 421, 425, 429, 500, 502, 503, 504}) {
    rig r;
    r.say("m1");
    r.run([&](const auto& texts,
              std::size_t) { return texts.empty() ? rig::answer{} : rig::answer{status, "<html>Hello</html>"}; },
          noon + 24 * 3'600'000);
    BOOST_TEST_INFO(status);
    BOOST_TEST(r.set_aside.empty());
    BOOST_TEST(r.owed.size() == 1u);
    BOOST_TEST(!r.on_disk.transaction_id.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_that_ends_in_time_sets_nothing_aside) {
  rig r;
  r.say("m1");
  std::size_t alone = 0;
  r.run([&](const auto& texts, std::size_t) {
    return !texts.empty() && ++alone < remote_server::refused_alone_max ? rig::answer{400, bad_json} : rig::answer{};
  });
  BOOST_TEST(r.set_aside.empty());
  BOOST_TEST(r.taken == std::vector<std::string>{"m1"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ephemeral_items_that_are_refused_block_no_event) {
  rig r;
  const auto no_edus = [](const auto&, std::size_t edus) {
    return edus > 0 ? rig::answer{400, bad_json} : rig::answer{};
  };
  r.add(r.machine->on(edu_queued{"m.typing", "k", "{\"typing\":true}"}, r.now)); // alone
  r.say("m1");
  r.add(r.machine->on(edu_queued{"m.typing", "k", "{\"typing\":true}"}, r.now));
  r.run(no_edus);
  BOOST_TEST(r.taken == std::vector<std::string>{"m1"}, boost::test_tools::per_element());
  BOOST_TEST(r.now == noon);
  BOOST_TEST(r.set_aside.empty());
  BOOST_TEST(r.on_disk.failures == 0u);
  rig together;
  together.say("m0");
  together.add(together.machine->on(edu_queued{"m.typing", "k", "{\"typing\":true}"}, together.now));
  together.say("m1");
  together.say("m2");
  together.run(no_edus);
  BOOST_TEST(together.taken == numbered(0, 2), boost::test_tools::per_element());
  BOOST_TEST(together.now == noon);
  BOOST_TEST(together.set_aside.empty());
  BOOST_TEST(together.on_disk.failures == 0u);
  // It is asked again later on.
  r.now += remote_server::refused_edus_pause_ms;
  r.add(r.machine->on(edu_queued{"m.typing", "k", "{\"typing\":true}"}, r.now));
  r.run([](const auto&, std::size_t) { return rig::answer{}; });
  BOOST_TEST(r.edus_taken == 1u);
}

BOOST_AUTO_TEST_CASE(after_a_restart_in_the_middle_nothing_is_lost_and_nothing_sent_twice) {
  rig r;
  std::vector<matrix::event_ptr> events;
  for (int i = 1; i <= 3; ++i) events.push_back(rig::message_event("m" + std::to_string(i)));
  for (int i = 1; i <= 3; ++i) r.say("m" + std::to_string(i));
  r.run(refusing("m1"), noon + 4'000); // m1 alone, refused some times
  BOOST_TEST(r.set_aside.empty());
  const auto stored = [&] {
    store::destination_loaded s;
    s.destination = r.on_disk;
    for (const auto& e : events)
      if (std::find(r.owed.begin(), r.owed.end(), e->event_id) != r.owed.end()) s.pdus.push_back(e);
    s.refused = {r.set_aside.rbegin(), r.set_aside.rend()};
    s.refused_count = static_cast<std::int64_t>(r.set_aside.size());
    return s;
  };
  r.begin(stored());
  r.run(refusing("m1"));
  BOOST_TEST(r.taken == numbered(2, 3), boost::test_tools::per_element());
  BOOST_TEST(r.set_aside.size() == 1u);
  // And after one behind it: the operator still sees it, the server does not.
  r.begin(stored());
  r.run(refusing("m1"));
  BOOST_TEST(r.taken.size() == 2u);
  BOOST_TEST(r.set_aside.size() == 1u);
  BOOST_TEST(r.machine->describe(r.now).find("\"refused\":1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_event_that_the_answer_refuses_by_name_is_told_as_failed) {
  rig r;
  const auto id = rig::message_event("m1")->event_id;
  r.say("m1");
  r.run(
    [&](const auto&, std::size_t) { return rig::answer{200, R"({"pdus":{")" + id + R"(":{"error":"not by you"}}})"}; });
  BOOST_TEST(mentions(r.notified, "failed"));
  BOOST_TEST(mentions(r.notified, "not by you"));
  // As ejabberd answers: the verdicts without `pdus` around them.
  r.notified.clear();
  r.say("m2");
  const auto other = rig::message_event("m2")->event_id;
  r.run([&](const auto&, std::size_t) { return rig::answer{200, "{\"" + other + R"(":{"error":"not by you"}})"}; });
  BOOST_TEST(mentions(r.notified, "not by you"));
}

BOOST_AUTO_TEST_CASE(a_server_that_has_gone_when_it_is_probed_is_waited_for) {
  rig r;
  r.say("m1");
  r.run(
    [](const auto& texts, std::size_t) { return texts.empty() ? rig::answer{503, ""} : rig::answer{400, bad_json}; },
    noon + 3'600'000);
  BOOST_TEST(r.set_aside.empty());
  BOOST_TEST(r.owed.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
