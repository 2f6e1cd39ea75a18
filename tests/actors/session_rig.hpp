#pragma once
#include "actors/session/session_machine.hpp"
#include "messages/chat/codec.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// A session machine between a peer, a directory and a store, all of them the test.
namespace causeway::test {

inline edge::connection connection(std::string routing_id) { return {0, std::move(routing_id), edge::role::chat, {}}; }

/// What the session asks of a store, in memory.
struct fake_outbox {
  struct stream {
    std::vector<store::outbox_row> rows; ///< cursors rise
    std::int64_t acknowledged = 0, first_kept = 0, head = 0;
  };
  std::vector<stream> streams;
  std::map<std::string, store::put_command_result> results;
  std::map<std::string, std::string> rooms_of_events;
  std::vector<store::put_dead_letter> dead_letters;
  std::vector<store::bind_room> bound_rooms;
  std::vector<store::bind_message> bindings;
  bool broken = false; ///< every question fails

  explicit fake_outbox(std::size_t count) : streams(count) {}

  /// @returns its cursor
  std::int64_t add(std::uint32_t number, std::string name, std::string body) {
    auto& s = streams[number];
    s.rows.push_back({++s.head, std::move(name), std::move(body)});
    if (s.first_kept == 0) s.first_kept = s.head;
    return s.head;
  }

  store::answer answer(const store::query& q) const {
    if (broken) return fault{fault_code::store_failed, "disk"};
    if (const auto* read = std::get_if<store::read_outbox>(&q)) {
      const auto& s = streams[read->stream];
      store::outbox_read found{read->stream, {}, s.acknowledged, s.first_kept, s.head};
      std::size_t bytes = 0;
      for (const auto& row : s.rows) {
        if (row.cursor <= read->after || row.cursor < s.first_kept || found.rows.size() >= read->limit) continue;
        if (!found.rows.empty() && bytes + row.body.size() > read->bytes_max) break;
        bytes += row.body.size();
        found.rows.push_back(row);
      }
      return found;
    }
    if (const auto* wanted = std::get_if<store::find_command_result>(&q)) {
      const auto found = results.find(wanted->command_id);
      return store::command_result_found{found == results.end() ? std::nullopt : std::optional{found->second}};
    }
    if (const auto* wanted = std::get_if<store::find_event>(&q)) {
      store::events_loaded loaded;
      if (const auto found = rooms_of_events.find(wanted->event_id); found != rooms_of_events.end()) {
        auto event = std::make_shared<matrix::event>();
        event->event_id = wanted->event_id;
        event->room_id = found->second;
        loaded.events.push_back({event});
      }
      return loaded;
    }
    return fault{fault_code::internal, "not a question of a session"};
  }

  void commit(const store::store_batch& batch) {
    for (const auto& w : batch.writes) {
      if (const auto* ack = std::get_if<store::acknowledge_outbox>(&w)) {
        auto& s = streams[ack->stream];
        s.acknowledged = std::max(s.acknowledged, ack->cursor);
      } else if (const auto* dead = std::get_if<store::put_dead_letter>(&w)) {
        dead_letters.push_back(*dead);
      } else if (const auto* bound = std::get_if<store::bind_message>(&w)) {
        bindings.push_back(*bound);
      } else if (const auto* room = std::get_if<store::bind_room>(&w)) {
        bound_rooms.push_back(*room);
      }
    }
  }
};

/// Feeds the machine and sorts its effects.
struct session_rig {
  session::settings settings;
  fake_outbox store;
  std::unique_ptr<session::session_machine> machine;
  time_ms now = 1'000'000;

  bool answers_at_once = true; ///< of the store; otherwise they wait in `asked`
  std::vector<ask_store> asked;
  bool commits_at_once = true; ///< otherwise batches wait in `committing`
  std::deque<persist> committing;
  std::vector<send_frame> sent;           ///< to the edge
  std::vector<command_received> commands; ///< to the directory
  std::vector<room_named> rooms_named;    ///< to the directory
  std::vector<store::store_batch> batches;
  std::map<timer_name, time_ms> timers;
  std::vector<std::string> notes;
  bool finished = false;
  trace_id last_trace = 0;

  explicit session_rig(std::uint32_t streams = 1) : store(streams) {
    settings.session = "rc1";
    settings.server_name = "a.example";
    settings.streams = streams;
    machine = std::make_unique<session::session_machine>(settings);
  }

  void begin() { give(start{}); }

  /// The session's actor died; what it knew is gone, what it had committed is not.
  void restart() {
    machine = std::make_unique<session::session_machine>(settings);
    asked.clear();
    timers.clear();
    begin();
  }

  void give(message m) {
    if (m.trace == 0) m.trace = ++last_trace; // as the borders of the node do
    perform(machine->on(m, now));
  }

  void perform(effects list) {
    for (auto& e : list) {
      if (auto* t = std::get_if<tell>(&e)) {
        if (auto* f = std::get_if<send_frame>(&t->body)) sent.push_back(std::move(*f));
        else if (auto* c = std::get_if<command_received>(&t->body)) commands.push_back(std::move(*c));
        else if (auto* r = std::get_if<room_named>(&t->body)) rooms_named.push_back(std::move(*r));
      } else if (auto* q = std::get_if<ask_store>(&e)) {
        if (answers_at_once) answer(*q);
        else asked.push_back(std::move(*q));
      } else if (auto* p = std::get_if<persist>(&e)) {
        committing.push_back(std::move(*p));
        if (commits_at_once) commit_all();
      } else if (auto* w = std::get_if<wake_me_at>(&e)) {
        timers[w->name] = w->at;
      } else if (auto* n = std::get_if<note>(&e)) {
        notes.push_back(n->what);
      } else {
        finished = true;
      }
    }
  }

  /// What waits reaches the disk, oldest first; a batch without rows waits for those before it.
  void commit_all() {
    while (!committing.empty()) {
      auto next = std::move(committing.front());
      committing.pop_front();
      store.commit(next.batch);
      if (!next.batch.writes.empty()) batches.push_back(std::move(next.batch));
      perform(std::move(next.then));
    }
  }

  void answer(const ask_store& q) {
    give(store_answered{q.asked, std::make_shared<const store::answer>(store.answer(q.question))});
  }
  /// Answers what waits, oldest first.
  void answer_all() {
    while (!asked.empty()) {
      const auto q = std::move(asked.front());
      asked.erase(asked.begin());
      answer(q);
    }
  }

  /// Lets time pass, with every timer that falls due.
  void advance(time_ms by) {
    const auto until = now + by;
    for (;;) {
      auto next = timers.end();
      for (auto at = timers.begin(); at != timers.end(); ++at)
        if (at->second <= until && (next == timers.end() || at->second < next->second)) next = at;
      if (next == timers.end()) break;
      now = std::max(now, next->second);
      const auto name = next->first;
      timers.erase(next);
      give(timer_due{name});
    }
    now = until;
  }

  void from(const edge::connection& c, edge::verb what, std::string header, std::string body = {}) {
    give(frame_received{c, {what, std::move(header), std::move(body)}});
  }
  void hello(const edge::connection& c, edge::credit_grant credit = {1'000, 10'000'000},
             std::optional<std::vector<std::uint32_t>> streams = {}) {
    from(c, edge::verb::hello, edge::encode_header(edge::hello_header{{1}, "test", "", std::move(streams), credit}));
  }
  void command(const edge::connection& c, const std::string& id, const chat::command& x) {
    from(c, edge::verb::command, edge::encode_header(edge::command_header{id, chat::name(x)}), chat::encode(x));
  }
  void ack(const edge::connection& c, std::uint32_t stream, std::int64_t cursor, std::string body = {}) {
    from(c, edge::verb::ack, edge::encode_header(edge::ack_header{stream, cursor}), std::move(body));
  }
  void nack(const edge::connection& c, std::uint32_t stream, std::int64_t cursor, bool permanent) {
    from(c, edge::verb::nack, edge::encode_header(edge::nack_header{stream, cursor, permanent, "why"}));
  }
  void credit(const edge::connection& c, std::uint64_t messages, std::uint64_t bytes) {
    from(c, edge::verb::credit, edge::encode_header(edge::credit_header{{messages, bytes}}));
  }
  void seek(const edge::connection& c, std::uint32_t stream, std::int64_t cursor) {
    from(c, edge::verb::seek, edge::encode_header(edge::seek_header{stream, cursor}));
  }
  /// A durable notification is committed and told.
  void notify(std::uint32_t stream, const std::string& body = "body", const std::string& name = "message.received") {
    const auto cursor = store.add(stream, name, body);
    give(outbox_advanced{{{stream, cursor}}});
  }

  /// The same, told with the row itself, as the store does.
  void notify_with_row(std::uint32_t stream, const std::string& body = "body",
                       const std::string& name = "message.received") {
    const auto cursor = store.add(stream, name, body);
    auto rows = std::make_shared<std::map<std::uint32_t, std::vector<store::outbox_row>>>();
    (*rows)[stream].push_back(store.streams[stream].rows.back());
    give(outbox_advanced{{{stream, cursor}}, std::move(rows)});
  }

  /// Takes the frames for `c` out of `sent`.
  std::vector<edge::frame> take(const edge::connection& c) {
    std::vector<edge::frame> frames;
    std::erase_if(sent, [&](send_frame& f) {
      if (f.to != c) return false;
      frames.push_back(std::move(f.body));
      return true;
    });
    return frames;
  }
  /// The cursors of the EVENTs for `c`, taken out; other frames for it are dropped.
  std::vector<std::int64_t> cursors(const edge::connection& c) {
    std::vector<std::int64_t> found;
    for (const auto& f : take(c))
      if (f.what == edge::verb::event)
        found.push_back(edge::decode_header<edge::event_header>(f.header)->cursor.value_or(-1));
    return found;
  }
  /// The only frame for `c`, taken out.
  edge::frame only(const edge::connection& c) {
    auto frames = take(c);
    return frames.size() == 1 ? frames.front()
                              : edge::frame{edge::verb::error, {}, "there are " + std::to_string(frames.size())};
  }
  /// The fault of the only frame for `c`, an ERROR.
  fault error(const edge::connection& c) {
    const auto f = only(c);
    return f.what == edge::verb::error ? chat::decode_fault(f.body)
                                       : fault{fault_code::none, std::string{edge::name(f.what)}};
  }
};

} // namespace causeway::test
