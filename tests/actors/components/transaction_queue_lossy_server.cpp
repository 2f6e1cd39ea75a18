#include "actors/remote_server/transaction_queue.hpp"

#include "messages/matrix/transaction.hpp"
#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>

/// A server that is away, loses requests and answers, refuses all, some or too much; a store that is busy; an actor
/// that dies: by seed. Whatever happens, each event arrives once and in order, or is set aside and reported.
using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(transaction_queue_with_a_lossy_server)

namespace {

constexpr int events_max = 120, rooms = 4;

/// Made once: signing takes longer than all else.
const std::vector<matrix::event_ptr>& all_events() {
  static const auto list = [] {
    std::vector<matrix::event_ptr> made;
    for (int i = 0; i < events_max; ++i)
      made.push_back(message_from_here("!" + std::to_string(i % rooms) + ":here.example", i));
    return made;
  }();
  return list;
}

/// What is on disk: rows of the tables that the queue writes.
struct disk_of_destination {
  std::vector<int> queued;
  store::put_destination row;
  std::vector<std::string> set_aside;                       ///< event ids
  std::map<std::string, std::vector<std::string>> notified; ///< chat message id -> states

  void apply(const store::store_batch& batch) {
    for (const auto& w : batch.writes) {
      if (const auto* x = std::get_if<store::put_destination>(&w)) row = *x;
      else if (const auto* r = std::get_if<store::remove_destination_pdus>(&w)) remove(r->event_ids);
      else if (const auto* f = std::get_if<store::put_refused_pdu>(&w)) set_aside.push_back(f->event_id);
      else if (const auto* d = std::get_if<store::append_delivery>(&w))
        notified[d->told.message].push_back(d->told.state);
    }
  }
  store::destination_loaded load(const store::load_destination& q) const {
    store::destination_loaded found;
    found.destination = row;
    std::vector<int> wanted = queued;
    if (q.newest_per_room) {
      std::map<int, int> newest;
      for (const int i : queued) newest[i % rooms] = i;
      wanted.clear();
      for (const auto& [room, i] : newest) wanted.push_back(i);
      std::sort(wanted.begin(), wanted.end());
    }
    found.more = wanted.size() > q.limit;
    if (found.more) wanted.resize(q.limit);
    for (const int i : wanted) add(found.pdus, i, found);
    for (const int i : queued) {
      const auto& id = all_events()[i]->event_id;
      const auto& open = row.transaction_pdus;
      if (std::find(open.begin(), open.end(), id) == open.end()) continue;
      if (std::find(wanted.begin(), wanted.end(), i) == wanted.end()) add(found.in_flight, i, found);
    }
    found.refused_count = static_cast<std::int64_t>(set_aside.size());
    return found;
  }

private:
  void remove(const std::vector<std::string>& ids) {
    std::erase_if(queued,
                  [&](int i) { return std::find(ids.begin(), ids.end(), all_events()[i]->event_id) != ids.end(); });
  }
  static void add(std::vector<matrix::event_ptr>& list, int i, store::destination_loaded& to) {
    list.push_back(all_events()[i]);
    to.names_of[all_events()[i]->event_id] = {"room", "m" + std::to_string(i)};
  }
};

/// The homeserver. It answers a transaction id that it knows from memory, as the specification wants.
struct lossy_server {
  enum class mood : std::uint8_t { fine, away, busy, refuses_us, refuses_edus, refuses_large };
  mood is = mood::fine;
  std::size_t pdus_max = 1;                           ///< when it refuses large transactions
  std::set<int> poison;                               ///< refused wherever they are
  std::set<int> disliked;                             ///< taken, with an error of their own
  std::map<std::string, std::string> bodies, answers; ///< by transaction id
  std::vector<int> taken;

  gateway::http_answer on(const gateway::http_request& r) {
    const auto id = r.target.substr(r.target.rfind('/') + 1);
    const auto known = bodies.emplace(id, r.body).first;
    BOOST_REQUIRE(known->second == r.body); // the same id, the same transaction
    if (const auto answer = answers.find(id); answer != answers.end()) return http_answer(r.id, 200, answer->second);
    const auto body = matrix::parse_transaction(r.body);
    BOOST_REQUIRE(static_cast<bool>(body));
    std::vector<int> numbers;
    for (const auto& pdu : body->pdus) numbers.push_back(std::stoi(*pdu.find("content")->find("body")->as_string()));
    const bool has_poison = std::any_of(numbers.begin(), numbers.end(), [&](int i) { return poison.contains(i); });
    switch (is) {
    case mood::away: return http_answer(r.id, 502, "<html>");
    case mood::busy: {
      auto a = http_answer(r.id, 429, R"({"errcode":"M_LIMIT_EXCEEDED","error":"later"})");
      a.retry_after_ms = 5'000;
      return a;
    }
    case mood::refuses_us: return http_answer(r.id, 403, R"({"errcode":"M_FORBIDDEN","error":"no"})");
    case mood::refuses_edus:
      if (!body->edus.empty()) return http_answer(r.id, 400, R"({"errcode":"M_BAD_JSON","error":"edus"})");
      break;
    case mood::refuses_large:
      if (numbers.size() > pdus_max) return http_answer(r.id, 413, "too large");
      break;
    case mood::fine: break;
    }
    if (has_poison) return http_answer(r.id, 400, R"({"errcode":"M_BAD_JSON","error":"poison"})");
    taken.insert(taken.end(), numbers.begin(), numbers.end());
    std::string errors;
    for (const int i : numbers)
      if (disliked.contains(i))
        errors += (errors.empty() ? "\"" : ",\"") + all_events()[i]->event_id + R"(":{"error":"not liked"})";
    return http_answer(r.id, 200, answers[id] = R"({"pdus":{)" + errors + "}}");
  }
};

class lossy_world {
public:
  /// What is promised of the order.
  enum class order : std::uint8_t {
    strict,
    /// After an outage the newest events go first; and what a room that fails did not say is found later.
    none,
  };
  lossy_world(unsigned seed, order promised) : random_(seed), order_(promised) {
    change(node_).federation.queue_memory_pdus_max = 6; // most wait in the store
    change(node_).federation.catch_up_pdus_min = promised == order::strict ? 1'000'000 : 4;
    change(node_).federation.catch_up_after_ms = 60'000;
    for (int i = 0; i < events_max; ++i) {
      if (pick(25) == 0) server_.poison.insert(i);
      else if (pick(25) == 0) server_.disliked.insert(i);
    }
    begin();
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }

  /// No more trouble but what the server never takes: everything has to arrive.
  void settle() {
    calm_ = true;
    server_.is = lossy_server::mood::fine;
    bool looked = false;
    for (int round = 0; round < 3'000; ++round) {
      deliver(messages_.size());
      while (!reads_.empty()) answer_read(0, false);
      while (!requests_.empty()) answer_request(fate::arrives);
      advance(1'000);
      if (queue().owes() || !reads_.empty() || !requests_.empty()) continue;
      if (std::exchange(looked, true)) break;
      queue().look_again(); // as the actor does before it ends
      perform();
    }
    std::vector<int> expected;
    for (int i = 0; i < written_; ++i)
      if (!server_.poison.contains(i)) expected.push_back(i);
    auto taken = server_.taken;
    if (order_ == order::none) std::sort(taken.begin(), taken.end());
    std::sort(taken.begin(), taken.end()); // then order is not promised
    BOOST_TEST(taken == expected, boost::test_tools::per_element());
    BOOST_TEST(disk_.queued.empty());
    BOOST_TEST(disk_.row.transaction_id.empty());
    BOOST_TEST(disk_.row.failures == 0u);
    check_reports();
  }

private:
  /// One incarnation of the actor.
  struct incarnation_of_queue {
    homeserver server;
    decision out;
    store_questions store{out};
    open_requests requests{server, out};
    event_recorder events;
    transaction_queue queue{server, out, requests, store, events};

    explicit incarnation_of_queue(const context& node)
        : server(node, "there.example"), out({actor_kind::remote_server, "there.example"}) {}
  };
  enum class fate : std::uint8_t { arrives, is_lost, answer_is_lost };

  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
  transaction_queue& queue() { return actor_->queue; }

  void begin() {
    now_ += 1;
    actor_ = std::make_unique<incarnation_of_queue>(node_);
    actor_->out.set_now(now_);
    actor_->out.begin_tokens();
    actor_->requests.load();
    reads_.clear();
    requests_.clear();
    due_ = 0;
    queue().load(disk_.load({"there.example", node_.settings().federation.queue_memory_pdus_max}));
    queue().advance();
    perform();
  }

  void step() {
    switch (pick(16)) {
    case 0:
    case 1:
    case 2: return write();
    case 3: return deliver(1 + pick(3));
    case 4: queue().push(edu_queued{"m.typing", "k" + std::to_string(pick(3)), R"({"typing":true})"}); return perform();
    case 5:
      if (!reads_.empty()) answer_read(pick(static_cast<unsigned>(reads_.size())), pick(5) == 0);
      return;
    case 6:
    case 7:
    case 8:
    case 9:
      if (!requests_.empty())
        answer_request(pick(6) == 0 ? fate::is_lost : pick(6) == 0 ? fate::answer_is_lost : fate::arrives);
      return;
    case 10:
    case 11: return advance(pick(4'000));
    case 12: return advance(pick(5) == 0 ? 120'000 : 10);
    case 13: return change_mood();
    case 14: return nudge();
    default:
      if (pick(6) == 0) begin(); // the actor fails; all on its way is lost
    }
  }

  /// A room writes an event and its place in the queue in one commit, and tells the queue after it: soon, late, or
  /// never if it fails.
  void write() {
    if (written_ == events_max) return;
    const int i = written_++;
    disk_.queued.push_back(i);
    if (order_ == order::strict || pick(30) != 0) messages_.push_back(i);
  }
  void deliver(std::size_t count) {
    for (; count > 0 && !messages_.empty(); --count) {
      const int i = messages_.front();
      messages_.pop_front();
      queue().push(pdu_queued{all_events()[i], "room", "m" + std::to_string(i)});
      perform();
    }
  }

  void answer_read(std::size_t at, bool busy) {
    const auto [asked, query] = reads_[at];
    reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(at));
    const auto found = disk_.load(query);
    const auto question = actor_->store.close(asked);
    BOOST_REQUIRE(question.has_value());
    if (std::holds_alternative<refill_question>(*question)) queue().refilled(busy ? nullptr : &found);
    else queue().newest_found(busy ? nullptr : &found);
    perform();
  }

  void answer_request(fate what) {
    deliver(messages_.size()); // which are not as slow as the network
    if (requests_.empty()) return;
    const auto r = requests_.front();
    requests_.pop_front();
    auto answer = what == fate::is_lost ? no_http_answer(r.id) : server_.on(r);
    if (what == fate::answer_is_lost) answer = no_http_answer(r.id);
    const auto closed = actor_->requests.close(answer);
    BOOST_REQUIRE(closed.has_value());
    BOOST_REQUIRE(std::holds_alternative<transaction_request>(closed->of));
    queue().answered(closed->answer);
    perform();
  }

  void advance(time_ms ms) {
    now_ += ms;
    actor_->out.set_now(now_);
    if (due_ == 0 || due_ > now_) return;
    due_ = 0;
    queue().on_timer();
    perform();
  }

  void change_mood() {
    if (!requests_.empty()) return; // what it answers to a transaction holds for the probe behind it
    constexpr unsigned moods = 6;
    server_.is = static_cast<lossy_server::mood>(pick(moods));
    server_.pdus_max = 1 + pick(4);
  }

  void nudge() {
    switch (pick(3)) {
    case 0: queue().on_contact(); break;
    case 1: queue().hurry(); break;
    default: queue().retry_now();
    }
    perform();
  }

  void perform() { perform(actor_->out.take()); }
  void perform(const effects& list) {
    for (const auto& e : list) {
      if (const auto* p = std::get_if<persist>(&e)) {
        disk_.apply(p->batch);
        if (!calm_ && pick(60) == 0) return begin(); // on disk, and what was to follow is lost with the actor
        perform(p->then);
      } else if (const auto* t = std::get_if<tell>(&e)) {
        if (const auto* r = std::get_if<gateway::http_request>(&t->body)) send(*r);
      } else if (const auto* a = std::get_if<ask_store>(&e)) {
        reads_.emplace_back(a->asked, std::get<store::load_destination>(a->question));
      } else if (const auto* w = std::get_if<wake_me_at>(&e)) {
        if (w->name == transaction_queue::timer) due_ = w->at;
      }
    }
  }
  void send(const gateway::http_request& r) {
    BOOST_REQUIRE(requests_.empty()); // one transaction is in flight
    requests_.push_back(r);
  }

  /// The chat server knows of each event that the server does not have, once.
  void check_reports() {
    std::set<std::string> set_aside;
    for (int i = 0; i < written_; ++i) {
      const auto& states = disk_.notified["m" + std::to_string(i)];
      const bool is_refused = server_.poison.contains(i) || server_.disliked.contains(i);
      BOOST_TEST(std::count(states.begin(), states.end(), "failed") == (is_refused ? 1 : 0), "event " << i);
      if (server_.poison.contains(i)) set_aside.insert(all_events()[i]->event_id);
      // A delay is notified once, and what became of that message is notified after it.
      const auto delayed = std::find(states.begin(), states.end(), "delayed");
      if (delayed == states.end()) continue;
      BOOST_TEST((states.end() - delayed == 2 && *(delayed + 1) == (is_refused ? "failed" : "delivered")),
                 "event " << i);
    }
    BOOST_TEST(disk_.set_aside.size() == set_aside.size());
    BOOST_TEST((std::set<std::string>{disk_.set_aside.begin(), disk_.set_aside.end()} == set_aside));
  }

  std::mt19937 random_;
  order order_;
  bool calm_ = false;
  context node_ = here();
  time_ms now_ = noon;
  disk_of_destination disk_;
  lossy_server server_;
  std::unique_ptr<incarnation_of_queue> actor_;
  int written_ = 0;
  std::deque<int> messages_; ///< written, and the queue was not told so far
  std::vector<std::pair<token, store::load_destination>> reads_;
  std::deque<gateway::http_request> requests_;
  time_ms due_ = 0;
};

constexpr unsigned seeds = 50;
constexpr int steps = 800;

} // namespace

BOOST_AUTO_TEST_CASE(every_event_arrives_once_and_in_order_or_is_reported_as_refused) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      lossy_world world{seed, lossy_world::order::strict};
      world.run(steps);
      world.settle();
    }
  }
}

BOOST_AUTO_TEST_CASE(every_event_arrives_once_where_the_newest_go_first_after_an_outage) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      lossy_world world{seed, lossy_world::order::none};
      world.run(steps);
      world.settle();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
