#include "tests/actors/session_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <random>
#include <set>

/// A peer that loses connections, a session that dies, a store that takes its time: by seed.
using namespace causeway;
using edge::verb;

BOOST_AUTO_TEST_SUITE(session_with_a_lossy_peer)

namespace {

struct received {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
};

/// One process of the chat server.
struct process {
  edge::connection who;
  bool welcomed = false;
  std::uint64_t granted = 0, granted_bytes = 0; ///< since HELLO
  std::uint64_t used = 0, used_bytes = 0;
  std::deque<received> queue;         ///< received, not handled
  std::map<std::uint32_t, int> asked; ///< NACKs without an answer: what comes meanwhile is void
};

class lossy_peer {
public:
  explicit lossy_peer(unsigned seed) : random_(seed), rig_(streams) {
    rig_.settings.event_credit_max = 20;
    rig_.settings.command_credit = 4;
    rig_.machine = std::make_unique<session::session_machine>(rig_.settings);
    rig_.answers_at_once = false;
    rig_.begin();
    for (int i = 0; i < 3; ++i) connect(processes_.emplace_back());
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      carry();
    }
  }

  /// No more trouble: everything has to arrive.
  void settle() {
    calm_ = true;
    for (auto& p : processes_) reconnect(p);
    for (int round = 0; round < 400; ++round) {
      rig_.answer_all();
      rig_.advance(1'000);
      carry();
      for (auto& p : processes_) {
        if (!p.welcomed) hello(p);
        grant(p, 50);
        while (!p.queue.empty()) handle(p);
      }
      repeat_commands();
    }
    for (std::uint32_t s = 0; s < streams; ++s) {
      BOOST_TEST(first_open(s) == rig_.store.streams[s].head + 1);
      BOOST_TEST(rig_.store.streams[s].acknowledged == rig_.store.streams[s].head);
    }
    BOOST_TEST(open_commands_.empty());
    for (const auto& [id, count] : executions_) BOOST_TEST(count == 1, id << " ran " << count << " times");
  }

private:
  static constexpr std::uint32_t streams = 3;

  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
  process& any_process() { return processes_[pick(static_cast<unsigned>(processes_.size()))]; }

  void step() {
    auto& p = any_process();
    switch (pick(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: rig_.notify(pick(streams), std::string(pick(200), 'x')); return;
    case 5:
    case 6:
    case 7:
      if (!p.queue.empty()) handle(p);
      return;
    case 8:
    case 9: return grant(p, pick(6));
    case 10:
      if (!rig_.asked.empty()) rig_.answer_all();
      return;
    case 11:
    case 12:
      if (!rig_.asked.empty()) { // not always the oldest first
        const auto at = pick(static_cast<unsigned>(rig_.asked.size()));
        const auto q = rig_.asked[at];
        rig_.asked.erase(rig_.asked.begin() + at);
        rig_.answer(q);
      }
      return;
    case 13: return rig_.advance(pick(2'000));
    case 14:
      if (pick(4) == 0) reconnect(p);
      return;
    case 15:
      if (pick(20) == 0) {
        rig_.restart();
        for (auto& one : processes_) one.welcomed = false;
        for (auto& one : processes_) reconnect(one);
      }
      return;
    case 16:
      if (!p.welcomed) hello(p);
      return;
    case 17: return command(p, "c" + std::to_string(++commands_));
    case 18: return repeat_commands();
    default: return refuse(p);
    }
  }

  void connect(process& p) {
    p = process{};
    p.who = test::connection("c" + std::to_string(++connections_));
    hello(p);
  }
  void reconnect(process& p) {
    rig_.take(p.who); // lost on the way
    rig_.give(connection_lost{p.who});
    connect(p);
  }
  void hello(process& p) {
    rig_.take(p.who);
    p.queue.clear();
    p.asked.clear();
    p.used = p.used_bytes = 0;
    p.granted = pick(5);
    p.granted_bytes = pick(1'000);
    rig_.hello(p.who, {p.granted, p.granted_bytes});
  }
  void grant(process& p, std::uint64_t messages) {
    if (!p.welcomed) return;
    p.granted += messages;
    p.granted_bytes += messages * 200;
    rig_.credit(p.who, messages, messages * 200);
  }

  /// Lets frames arrive and the directory work.
  void carry() {
    for (auto& c : std::exchange(rig_.commands, {})) {
      ++executions_[c.reference.command_id];
      rig_.store.results[c.reference.command_id] = {c.reference.command_id, chat::name(*c.body), true, "", 0};
      done_.push_back({c.reference, true, ""});
    }
    while (!done_.empty() && (calm_ || pick(3) == 0)) {
      rig_.give(done_.front());
      done_.pop_front();
    }
    for (auto& p : processes_)
      for (auto& f : rig_.take(p.who)) arrive(p, f);
    rig_.sent.clear(); // to connections that are gone
  }

  void arrive(process& p, const edge::frame& f) {
    if (f.what == verb::welcome) {
      p.welcomed = true;
    } else if (f.what == verb::error && chat::decode_fault(f.body).code == fault_code::hello_required) {
      p.welcomed = false;
    } else if (f.what == verb::result) {
      const auto header = *edge::decode_header<edge::result_header>(f.header);
      if (header.ok) open_commands_.erase(header.id);
    } else if (f.what == verb::seek) {
      const auto header = *edge::decode_header<edge::sought_header>(f.header);
      BOOST_REQUIRE(--p.asked[header.stream] >= 0);
    } else if (f.what == verb::event) {
      const auto header = *edge::decode_header<edge::event_header>(f.header);
      ++p.used;
      p.used_bytes += f.body.size();
      BOOST_REQUIRE(p.used <= p.granted);
      BOOST_REQUIRE(p.used_bytes <= p.granted_bytes);
      take_event(p, *header.stream, *header.cursor);
    }
  }

  void take_event(process& p, std::uint32_t stream, std::int64_t cursor) {
    if (p.asked[stream] > 0) return; // was on its way when one before it was refused
    // Nothing is skipped: whatever is not handled yet and lies before this one is here, waiting.
    for (auto at = first_open(stream); at < cursor; ++at) {
      if (is_completed(stream, at)) continue;
      const bool waits =
        std::ranges::any_of(p.queue, [&](const received& x) { return x.stream == stream && x.cursor == at; });
      BOOST_REQUIRE(waits);
    }
    p.queue.push_back({stream, cursor});
    std::size_t in_flight = p.queue.size();
    BOOST_REQUIRE(in_flight <= rig_.settings.event_credit_max);
  }

  void handle(process& p) {
    const auto x = p.queue.front();
    p.queue.pop_front();
    handled_[x.stream].insert(x.cursor);
    if (calm_ || pick(3) != 0) rig_.ack(p.who, x.stream, x.cursor); // else a later one covers it
  }

  void refuse(process& p) {
    if (!p.welcomed || p.queue.empty()) return;
    const auto x = p.queue.front();
    const bool permanent = pick(2) == 0;
    if (permanent) {
      p.queue.pop_front();
      dead_[x.stream].insert(x.cursor);
    } else {
      std::erase_if(p.queue, [&](const received& y) { return y.stream == x.stream; });
      ++p.asked[x.stream];
    }
    rig_.nack(p.who, x.stream, x.cursor, permanent);
  }

  void command(process& p, const std::string& id) {
    open_commands_.insert(id);
    if (p.welcomed) rig_.command(p.who, id, chat::invite_send{"r", "a", "u", {}});
  }
  void repeat_commands() {
    int some = 0;
    for (const auto& id : std::set<std::string>{open_commands_})
      if (++some <= 4) command(any_process(), id);
  }

  bool is_completed(std::uint32_t stream, std::int64_t cursor) {
    return handled_[stream].contains(cursor) || dead_[stream].contains(cursor);
  }
  std::int64_t first_open(std::uint32_t stream) {
    std::int64_t cursor = 1;
    while (is_completed(stream, cursor)) ++cursor;
    return cursor;
  }

  std::mt19937 random_;
  test::session_rig rig_;
  std::vector<process> processes_;
  int connections_ = 0, commands_ = 0;
  bool calm_ = false;
  std::map<std::uint32_t, std::set<std::int64_t>> handled_, dead_;
  std::set<std::string> open_commands_;
  std::map<std::string, int> executions_;
  std::deque<command_done> done_;
};

} // namespace

BOOST_AUTO_TEST_CASE(every_durable_event_arrives_in_order_within_the_credit_and_every_command_runs_once) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      lossy_peer peer{seed};
      peer.run(1'500);
      peer.settle();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
