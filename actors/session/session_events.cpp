#include "actors/session/session_machine.hpp"

#include "actors/excerpt.hpp"
#include "actors/session/acknowledgement.hpp"
#include "messages/shard.hpp"

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
/// Of an answer in a hop, bytes.
constexpr std::size_t hop_answer_bytes_max = 200;

/// Spreads ephemeral notifications over the streams.
std::uint32_t stream_of(std::string_view key, std::size_t streams) {
  return static_cast<std::uint32_t>(stable_hash(key) % streams);
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

void session_machine::assign_streams() {
  assignment_.assign();
  pump_all();
}

void session_machine::balance_streams() {
  assignment_.balance();
  hand_over_idle_streams();
}

void session_machine::hand_over_idle_streams() {
  while (const auto to = assignment_.hand_over_next(out_.now())) pump(*to);
}

void session_machine::watch_starved() {
  if (starved_timer_ || !assignment_.has_starved(out_.now())) return;
  starved_timer_ = true;
  out_.wake_at(out_.now() + starved_after_ms, timer_kind::starved);
}

void session_machine::feed_starved_streams() {
  starved_timer_ = false;
  if (assignment_.feed_starved(out_.now())) pump_all();
  else watch_starved();
}

void session_machine::streams_grew(const outbox_advanced& m) {
  for (const auto& [number, head] : m.heads) {
    if (number >= streams_.size()) continue;
    streams_[number].grow(head);
    auto first = head;
    if (m.rows)
      if (const auto rows = m.rows->find(number); rows != m.rows->end()) {
        if (!rows->second.empty()) first = rows->second.front().cursor;
        streams_[number].appended(std::move(rows->second));
      }
    traces_.appended(out_.trace(), number, first, head);
    pump_owner(streams_[number]);
  }
}

// -- sending ----------------------------------------------------------------------------------------------------------

void session_machine::pump_owner(const outbox_stream& s) {
  if (s.owner) pump(*s.owner);
}

void session_machine::pump_all() {
  for (const auto& [key, c] : connections_) pump(key);
}

void session_machine::pump(const connection_key& key) {
  auto* c = connections_.find(key);
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
      return s.owner == key && !s.next_owner && out_.now() >= s.paused_until && s.has_more();
    });
  if (!durable_waits) send_ephemeral(*c);
  watch_starved();
}

bool session_machine::send_one(connection& c, std::uint32_t number, outbox_stream& s) {
  if (s.seeking || s.next_owner || out_.now() < s.paused_until) return false;
  const auto acked = s.acked();
  const auto* row = s.next();
  if (s.acked() != acked) acknowledgements_.acknowledged(number, 0); // it stepped over a dead letter
  if (row == nullptr || row->body.size() > c.bytes) return false;
  const edge::event_header header{number, row->cursor, row->name, traces_.of(number, row->cursor)};
  outbox_stream::sent_row sent{row->cursor, {}, {}, out_.now()};
  name_event(*row, sent);
  --c.messages;
  c.bytes -= row->body.size();
  ++c.in_flight;
  ++counts_.events_sent;
  if (!sent.event_id.empty()) out_.hop(sent.event_id, hop_stage::notified);
  send(c, edge::verb::event, edge::encode_header(header), s.sent_next(std::move(sent)));
  return true;
}

void session_machine::read_more(std::uint32_t number, outbox_stream& s) {
  if (!s.wants_rows() || s.next_owner || out_.now() < s.paused_until) return;
  s.reading = ask(store::read_outbox{number, s.fetched_to(), read_rows, read_bytes}, rows_question{number});
}

void session_machine::rows_read(std::uint32_t number, token asked, const store::answer& found) {
  auto& s = streams_[number];
  if (s.reading != asked) return; // the stream went elsewhere meanwhile
  s.reading = 0;
  if (const auto* read = std::get_if<store::outbox_read>(&found)) {
    s.fetched(read->rows, read->head);
  } else {
    log(log_level::error, "E503 outbox not readable; will retry", {{"stream", std::to_string(number)}});
    s.paused_until = out_.now() + retry_delay_ms;
    out_.wake_at(s.paused_until, {timer_kind::stream_retry, number});
  }
  pump_owner(s);
}

void session_machine::retry(std::uint32_t number) {
  auto& s = streams_[number];
  if (out_.now() < s.paused_until) return; // an older timer; the later one is set
  s.paused_until = 0;
  pump_owner(s);
}

void session_machine::keep_ephemeral(const ephemeral_notification& m) {
  if (connections_.empty()) return; // nobody to type to
  if (ephemeral_.keep(m)) ++counts_.ephemeral_dropped;
  pump_owner(streams_[stream_of(m.key, streams_.size())]);
}

void session_machine::send_ephemeral(connection& c) {
  const auto key = key_of(c.who);
  ephemeral_.offer([&] { return c.messages > 0; },
                   [&](const ephemeral_notification& x) {
                     if (streams_[stream_of(x.key, streams_.size())].owner != key || x.body.size() > c.bytes)
                       return false;
                     --c.messages;
                     c.bytes -= x.body.size();
                     ++counts_.ephemeral_sent;
                     send(c, edge::verb::event, edge::encode_header(edge::event_header{{}, {}, x.name}), x.body);
                     return true;
                   });
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
    if (!s.seeking)
      assignment_.left_flight(s, s.rewind(out_.now())); // else the answer to that SEEK settles where it goes on
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
  if (out_.is_listened_to())
    s->each_event_in_flight(header->cursor,
                            [this](const auto& event_id) { out_.hop(event_id, hop_stage::chat_acknowledged); });
  const auto before = s->acked();
  const auto left = s->acknowledge(header->cursor, out_.now());
  assignment_.left_flight(*s, left);
  counts_.events_acked += left;
  if (s->acked() != before || acknowledgements_.has_bindings()) acknowledgements_.acknowledged(header->stream, left);
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
    assignment_.left_flight(s, s.step_back(header->cursor));
    s.paused_until = out_.now() + std::min(retry_delay_ms << std::min(s.refusals, 16u), retry_delay_ms_max);
    out_.wake_at(s.paused_until, {timer_kind::stream_retry, number});
    send_position(c, number, s.fetched_to(), true);
    hand_over_idle_streams();
  }
  if (number < streams_.size()) pump_owner(streams_[number]);
}

void session_machine::give_up_event(const edge::nack_header& x) {
  auto& s = streams_[x.stream];
  ++counts_.dead_letters;
  log(log_level::warning, "E504 notification refused by the chat server",
      {{"stream", std::to_string(x.stream)}, {"cursor", std::to_string(x.cursor)}, {"reason", x.reason}});
  const auto& refused = s.in_flight_at(x.cursor);
  if (!refused.event_id.empty())
    out_.hop(refused.event_id, hop_stage::chat_refused, out_.details([&] {
      return hop_details{{}, {}, 0, request_phase::unknown, excerpt(x.reason, hop_answer_bytes_max)};
    }));
  out_.write(store::put_dead_letter{x.stream, x.cursor, x.reason, out_.now(), refused.room_id, refused.event_id});
  assignment_.left_flight(s, s.give_up(x.cursor, out_.now()));
  acknowledgements_.acknowledged(x.stream, 1);
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
  auto* c = s.owner ? connections_.find(*s.owner) : nullptr;
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
      assignment_.left_flight(s, s.seek(q.cursor));
      s.paused_until = 0;
      send_position(*c, q.stream, q.cursor, true);
      s.fetched(read->rows, read->head);
    }
  }
  hand_over_idle_streams();
  pump_owner(s);
}

// -- ACKs on their way to the store -----------------------------------------------------------------------------------

void session_machine::bind(const std::map<std::string, std::string>& rooms,
                           const std::map<std::string, std::string>& messages,
                           const std::unordered_map<std::string, std::string>& room_of_event) {
  for (const auto& [room_id, chat_room_id] : rooms) {
    acknowledgements_.bind(store::bind_room{room_id, chat_room_id});
    out_.send_at_once({actor_kind::directory, {}}, room_named{room_id, chat_room_id});
  }
  for (const auto& [event_id, chat_message_id] : messages) {
    if (const auto room = room_of_event.find(event_id); room != room_of_event.end()) {
      acknowledgements_.bind(store::bind_message{room->second, chat_message_id, event_id});
    } else if (late_bindings_ < late_bindings_max) {
      // Of an event acknowledged before: the store knows its room.
      ++late_bindings_;
      ask(store::find_event{event_id}, binding_question{event_id, chat_message_id});
    } else {
      log(log_level::warning, "E505 binding dropped: too many of acknowledged events", {{"event_id", event_id}});
    }
  }
}

void session_machine::binding_found(const binding_question& q, const store::answer& found) {
  --late_bindings_;
  const auto* events = std::get_if<store::events_loaded>(&found);
  if (events == nullptr || events->events.empty() || events->events.front().event == nullptr) {
    log(log_level::warning, "E506 binding dropped: unknown event", {{"event_id", q.event_id}});
    return forward_ready();
  }
  acknowledgements_.bind(store::bind_message{events->events.front().event->room_id, q.chat_message_id, q.event_id});
  acknowledgements_.flush();
  forward_ready();
}

} // namespace causeway::session
