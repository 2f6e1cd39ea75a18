#include "actors/session/session_machine.hpp"

#include "actors/session/acknowledgement.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

/// The way of a notification: stream, credit, EVENT, ACK.
namespace causeway::session {
namespace {

/// One read of a stream.
constexpr std::size_t read_rows = 256;
constexpr std::size_t read_bytes = 1024 * 1024;
/// Back-off after a NACK: doubles from the first to the second.
constexpr time_ms retry_delay_ms = 1'000;
constexpr time_ms retry_delay_ms_max = 60'000;

/// Spreads ephemeral notifications over the streams. FNV-1a: stable, and nothing depends on its quality.
std::uint32_t stream_of(std::string_view key, std::size_t streams) {
  std::uint64_t hash = 14'695'981'039'346'656'037u;
  for (const unsigned char byte : key) hash = (hash ^ byte) * 1'099'511'628'211u;
  return static_cast<std::uint32_t>(hash % streams);
}

edge::error_header about(std::uint32_t stream) {
  edge::error_header header;
  header.stream = stream;
  return header;
}

fault not_here(std::uint32_t stream) {
  return {fault_code::cursor_out_of_range, "stream " + std::to_string(stream) + " does not come by this connection"};
}

} // namespace

// -- who gets which stream --------------------------------------------------------------------------------------------

std::size_t session_machine::load_of(const connection_key& key) const {
  return static_cast<std::size_t>(std::ranges::count_if(
    streams_, [&](const outbox_stream& s) { return (s.next_owner ? s.next_owner : s.owner) == key; }));
}

void session_machine::take_stream(outbox_stream& s) {
  left_flight(s, s.rewind());
  s.owner.reset();
}

void session_machine::assign_streams() {
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    auto& s = streams_[i];
    if (s.owner) continue;
    const connection* best = nullptr;
    std::size_t best_load = 0;
    for (const auto& [key, c] : connections_) {
      if (!c.wanted.contains(i)) continue;
      const auto load = load_of(key);
      // Who cannot be sent anything comes last.
      if (best != nullptr &&
          std::tuple{!has_credit(*best), best_load, best->order} < std::tuple{!has_credit(c), load, c.order})
        continue;
      best = &c;
      best_load = load;
    }
    if (best == nullptr) continue;
    s.owner = key_of(best->who);
    s.next_owner.reset();
  }
  for (const auto& [key, c] : connections_) pump(key);
}

void session_machine::balance_streams() {
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    auto& s = streams_[i];
    if (!s.owner || s.next_owner) continue;
    for (const auto& [key, c] : connections_) {
      // A difference of one is as even as it gets.
      if (key == *s.owner || !c.wanted.contains(i) || !has_credit(c) || load_of(key) + 1 >= load_of(*s.owner)) continue;
      s.next_owner = key;
      break;
    }
  }
  hand_over_idle_streams();
}

void session_machine::hand_over_idle_streams() {
  for (auto& s : streams_) {
    // Only when everything sent is acknowledged: two connections never work on the same events.
    if (!s.next_owner || s.in_flight() > 0 || s.seeking) continue;
    const auto to = *s.next_owner;
    take_stream(s);
    s.owner = to;
    s.next_owner.reset();
    pump(to);
  }
}

bool session_machine::is_starved(const outbox_stream& s) {
  const auto* c = s.owner ? find(*s.owner) : nullptr;
  if (c == nullptr || s.next_owner || s.seeking || s.in_flight() > 0 || now_ < s.paused_until || !s.has_more())
    return false;
  return !has_credit(*c) || s.front_bytes() > c->bytes;
}

void session_machine::watch_starved() {
  if (starved_timer_ || connections_.size() < 2 ||
      std::ranges::none_of(streams_, [this](const auto& s) { return is_starved(s); }))
    return;
  starved_timer_ = true;
  out_.push_back(wake_me_at{now_ + starved_after_ms, timer_starved});
}

void session_machine::feed_starved_streams() {
  starved_timer_ = false;
  bool fed = false;
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    auto& s = streams_[i];
    if (!is_starved(s)) continue;
    const connection* best = nullptr;
    std::size_t best_load = 0;
    for (const auto& [key, c] : connections_) {
      if (key == *s.owner || !c.wanted.contains(i) || !has_credit(c) || s.front_bytes() > c.bytes) continue;
      const auto load = load_of(key);
      if (best != nullptr && std::pair{best_load, best->order} < std::pair{load, c.order}) continue;
      best = &c;
      best_load = load;
    }
    if (best == nullptr) continue;
    // Nothing of it is on its way to the other: that is what makes this safe.
    take_stream(s);
    s.owner = key_of(best->who);
    fed = true;
  }
  if (fed)
    for (const auto& [key, c] : connections_) pump(key);
  else watch_starved();
}

// -- sending ----------------------------------------------------------------------------------------------------------

void session_machine::pump_owner(const outbox_stream& s) {
  if (s.owner) pump(*s.owner);
}

void session_machine::pump(const connection_key& key) {
  auto* c = find(key);
  if (c == nullptr) return;
  std::size_t idle = 0; // streams in a row that had nothing to send
  const auto count = static_cast<std::uint32_t>(streams_.size());
  while (idle < count && c->messages > 0 && c->in_flight < settings_.event_credit_max) {
    const auto number = c->turn % count;
    auto& s = streams_[number];
    c->turn = number + 1;
    if (s.owner == key && send_one(*c, number, s)) idle = 0;
    else ++idle;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& s = streams_[i];
    if (s.owner != key) continue;
    if (c->messages > 0 && c->bytes > 0 && c->in_flight < settings_.event_credit_max) read_more(i, s);
  }
  // What is durable and could go goes first; what is ephemeral only gets newer.
  const bool durable_waits =
    c->in_flight < settings_.event_credit_max && std::ranges::any_of(streams_, [&](const outbox_stream& s) {
      return s.owner == key && !s.next_owner && now_ >= s.paused_until && s.has_more();
    });
  if (!durable_waits) send_ephemeral(*c);
  watch_starved();
}

bool session_machine::send_one(connection& c, std::uint32_t number, outbox_stream& s) {
  if (s.seeking || s.next_owner || now_ < s.paused_until) return false;
  const auto acked = s.acked();
  const auto* row = s.next();
  if (s.acked() != acked) acknowledged(number, 0); // it stepped over a dead letter
  if (row == nullptr || row->body.size() > c.bytes) return false;
  edge::event_header header{number, row->cursor, row->name};
  outbox_stream::sent_row sent{row->cursor, {}, {}};
  name_event(*row, sent);
  --c.messages;
  c.bytes -= row->body.size();
  ++c.in_flight;
  ++counts_.events_sent;
  send(c, edge::verb::event, edge::encode_header(header), s.sent_next(std::move(sent)));
  return true;
}

void session_machine::read_more(std::uint32_t number, outbox_stream& s) {
  if (!s.wants_rows() || s.next_owner || now_ < s.paused_until) return;
  s.reading = ask(store::read_outbox{number, s.fetched_to(), read_rows, read_bytes}, rows_question{number});
}

void session_machine::rows_read(std::uint32_t number, token asked, const store::answer& found) {
  auto& s = streams_[number];
  if (s.reading != asked) return; // the stream went elsewhere meanwhile
  s.reading = 0;
  if (const auto* read = std::get_if<store::outbox_read>(&found)) {
    s.fetched(read->rows, read->head);
  } else {
    log(log_level::error, "outbox unreadable", {{"stream", std::to_string(number)}});
    s.paused_until = now_ + retry_delay_ms;
    out_.push_back(wake_me_at{s.paused_until, retry_timer(number)});
  }
  pump_owner(s);
}

void session_machine::retry(std::uint32_t number) {
  auto& s = streams_[number];
  if (now_ < s.paused_until) return; // an older timer; the later one is set
  s.paused_until = 0;
  pump_owner(s);
}

void session_machine::keep_ephemeral(const ephemeral_notification& m) {
  if (connections_.empty()) return; // nobody to type to
  if (const auto known = ephemeral_.find(m.key); known != ephemeral_.end()) {
    known->second = m;
  } else {
    if (ephemeral_.size() >= ephemeral_pending_max) {
      ephemeral_.erase(ephemeral_order_.front());
      ephemeral_order_.pop_front();
      ++counts_.ephemeral_dropped;
    }
    ephemeral_.emplace(m.key, m);
    ephemeral_order_.push_back(m.key);
  }
  pump_owner(streams_[stream_of(m.key, streams_.size())]);
}

void session_machine::send_ephemeral(connection& c) {
  const auto key = key_of(c.who);
  for (auto at = ephemeral_order_.begin(); at != ephemeral_order_.end() && c.messages > 0;) {
    const auto found = ephemeral_.find(*at);
    const auto& x = found->second;
    if (streams_[stream_of(x.key, streams_.size())].owner != key || x.body.size() > c.bytes) {
      ++at;
      continue;
    }
    --c.messages;
    c.bytes -= x.body.size();
    ++counts_.ephemeral_sent;
    send(c, edge::verb::event, edge::encode_header(edge::event_header{{}, {}, x.name}), x.body);
    ephemeral_.erase(found);
    at = ephemeral_order_.erase(at);
  }
}

// -- what the peer says about events ----------------------------------------------------------------------------------

bool session_machine::owns(const connection& c, std::uint32_t number) const {
  return number < streams_.size() && streams_[number].owner == key_of(c.who);
}

void session_machine::send_position(const connection& c, std::uint32_t number, std::int64_t cursor, bool granted) {
  send(c, edge::verb::seek, edge::encode_header(edge::sought_header{number, cursor, granted}));
}

void session_machine::refuse_position(const connection& c, std::uint32_t number, const fault& why) {
  send_error(c.who, why, about(number));
  std::int64_t cursor = 0;
  if (owns(c, number)) {
    auto& s = streams_[number];
    if (!s.seeking) left_flight(s, s.rewind()); // else the answer to that SEEK settles where it goes on
    cursor = s.acked();
  }
  send_position(c, number, cursor, false);
}

void session_machine::acknowledge(connection& c, const edge::frame& f) {
  const auto header = edge::decode_header<edge::ack_header>(f.header);
  if (!header) return send_error(c.who, header.error());
  if (!owns(c, header->stream)) return send_error(c.who, not_here(header->stream), about(header->stream));
  auto* s = &streams_[header->stream];
  if (header->cursor > s->delivered())
    return send_error(c.who,
                      {fault_code::cursor_out_of_range, "cursor " + std::to_string(header->cursor) + " was not sent, " +
                                                          std::to_string(s->delivered()) + " was"},
                      about(header->stream));
  auto bindings = decode_acknowledgement(f.body);
  if (!bindings) return send_error(c.who, bindings.error(), about(header->stream));
  if (!bindings->rooms.empty() || !bindings->messages.empty())
    bind(bindings->rooms, bindings->messages, s->rooms_in_flight(header->cursor));
  const auto before = s->acked();
  const auto left = s->acknowledge(header->cursor);
  left_flight(*s, left);
  counts_.events_acked += left;
  if (s->acked() != before || !bindings_.empty()) acknowledged(header->stream, left);
  hand_over_idle_streams();
  pump_owner(*s);
}

void session_machine::refuse_event(connection& c, const edge::frame& f) {
  const auto header = edge::decode_header<edge::nack_header>(f.header);
  if (!header) return send_error(c.who, header.error());
  const auto number = header->stream;
  fault why;
  if (!owns(c, number)) why = not_here(number);
  else if (!streams_[number].is_in_flight(header->cursor))
    why = {fault_code::cursor_out_of_range, "cursor " + std::to_string(header->cursor) + " is not in flight"};
  else if (!header->permanent && streams_[number].seeking) why = {fault_code::conflict, "a SEEK is open"};
  if (why.code != fault_code::none) {
    if (!header->permanent) refuse_position(c, number, why);
    else send_error(c.who, why, about(number));
  } else if (header->permanent) {
    give_up_event(*header);
  } else {
    auto& s = streams_[number];
    ++counts_.events_refused;
    s.refusals = s.refused_cursor == header->cursor ? s.refusals + 1 : 0;
    s.refused_cursor = header->cursor;
    left_flight(s, s.step_back(header->cursor));
    s.paused_until = now_ + std::min(retry_delay_ms << std::min(s.refusals, 16u), retry_delay_ms_max);
    out_.push_back(wake_me_at{s.paused_until, retry_timer(number)});
    send_position(c, number, s.fetched_to(), true);
    hand_over_idle_streams();
  }
  if (number < streams_.size()) pump_owner(streams_[number]);
}

void session_machine::give_up_event(const edge::nack_header& x) {
  auto& s = streams_[x.stream];
  ++counts_.dead_letters;
  log(log_level::warning, "event refused for good",
      {{"stream", std::to_string(x.stream)}, {"cursor", std::to_string(x.cursor)}, {"reason", x.reason}});
  left_flight(s, s.give_up(x.cursor));
  store::store_batch batch;
  batch.writes.push_back(store::put_dead_letter{x.stream, x.cursor, x.reason});
  out_.push_back(persist{std::move(batch), {}});
  acknowledged(x.stream, 1);
  hand_over_idle_streams();
}

void session_machine::seek(connection& c, const edge::frame& f) {
  const auto header = edge::decode_header<edge::seek_header>(f.header);
  if (!header) return send_error(c.who, header.error());
  const auto number = header->stream;
  if (!owns(c, number)) return refuse_position(c, number, not_here(number));
  auto& s = streams_[number];
  if (s.seeking)
    return refuse_position(c, number,
                           {fault_code::conflict, "a SEEK is open"}); // one read at a time, whatever is asked
  s.seeking = true;
  s.reading = ask(store::read_outbox{number, std::max<std::int64_t>(header->cursor, 0), read_rows, read_bytes},
                  seek_question{number, header->cursor});
}

void session_machine::seek_answered(const seek_question& q, token asked, const store::answer& found) {
  auto& s = streams_[q.stream];
  if (s.reading != asked) return; // the stream went elsewhere
  s.reading = 0;
  s.seeking = false;
  auto* c = s.owner ? find(*s.owner) : nullptr;
  if (c == nullptr) return;
  const auto* read = std::get_if<store::outbox_read>(&found);
  if (read == nullptr) {
    const auto* why = std::get_if<fault>(&found);
    refuse_position(*c, q.stream, why != nullptr ? *why : fault{fault_code::store_failed, "SEEK"});
  } else {
    s.grow(read->head);
    const auto lowest = read->first_kept > 0 ? read->first_kept - 1 : read->head;
    if (q.cursor < lowest || q.cursor > read->head) {
      refuse_position(*c, q.stream,
                      {fault_code::cursor_out_of_range, "stream " + std::to_string(q.stream) + " can be read from " +
                                                          std::to_string(lowest) + " to " +
                                                          std::to_string(read->head)});
    } else {
      left_flight(s, s.seek(q.cursor));
      s.paused_until = 0;
      send_position(*c, q.stream, q.cursor, true);
      s.fetched(read->rows, read->head);
    }
  }
  hand_over_idle_streams();
  pump_owner(s);
}

// -- ACKs on their way to the store -----------------------------------------------------------------------------------

void session_machine::left_flight(outbox_stream& s, std::size_t count) {
  if (auto* c = s.owner ? find(*s.owner) : nullptr) c->in_flight -= count;
}

void session_machine::bind(const std::map<std::string, std::string>& rooms,
                           const std::map<std::string, std::string>& messages,
                           const std::unordered_map<std::string, std::string>& room_of_event) {
  for (const auto& [room_id, chat_room_id] : rooms) {
    bindings_.push_back(store::bind_room{room_id, chat_room_id});
    out_.push_back(tell{{actor_kind::directory, {}}, room_named{room_id, chat_room_id}});
  }
  for (const auto& [event_id, chat_message_id] : messages) {
    if (const auto room = room_of_event.find(event_id); room != room_of_event.end()) {
      bindings_.push_back(store::bind_message{room->second, chat_message_id, event_id});
    } else if (late_bindings_ < late_bindings_max) {
      // Of an event acknowledged before: the store knows its room.
      ++late_bindings_;
      ask(store::find_event{event_id}, binding_question{event_id, chat_message_id});
    } else {
      log(log_level::warning, "binding dropped", {{"event_id", event_id}, {"why", "too many late ones"}});
    }
  }
}

void session_machine::binding_found(const binding_question& q, const store::answer& found) {
  --late_bindings_;
  const auto* events = std::get_if<store::events_loaded>(&found);
  if (events == nullptr || events->events.empty() || events->events.front().event == nullptr) {
    log(log_level::warning, "binding dropped", {{"event_id", q.event_id}, {"why", "no such event"}});
    return forward_ready();
  }
  bindings_.push_back(store::bind_message{events->events.front().event->room_id, q.chat_message_id, q.event_id});
  flush_acknowledgements();
  forward_ready();
}

void session_machine::acknowledged(std::uint32_t number, std::size_t events) {
  dirty_.insert(number);
  unwritten_events_ += std::max<std::size_t>(events, 1);
  if (unwritten_events_ >= acknowledge_events || bindings_.size() >= acknowledge_events)
    return flush_acknowledgements();
  if (flush_timer_) return;
  flush_timer_ = true;
  out_.push_back(wake_me_at{now_ + acknowledge_delay_ms, "acknowledge"});
}

void session_machine::flush_acknowledgements() {
  if (dirty_.empty() && bindings_.empty()) return;
  // Bindings and the ACK that carried them are one batch: the event cannot be acknowledged and its binding lost.
  effects then;
  if (!bindings_.empty()) then.push_back(wake_me_at{now_, bound_timer(++bindings_handed_over_)});
  store::store_batch batch{std::exchange(bindings_, {})};
  for (const auto number : std::exchange(dirty_, {}))
    batch.writes.push_back(store::acknowledge_outbox{number, streams_[number].acked()});
  unwritten_events_ = 0;
  out_.push_back(persist{std::move(batch), std::move(then)});
}

} // namespace causeway::session
