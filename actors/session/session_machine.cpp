#include "actors/session/session_machine.hpp"

#include "messages/chat/codec.hpp"
#include "messages/matrix/json.hpp"

#include <algorithm>
#include <limits>

namespace causeway::session {
namespace {

/// A failed read of the positions is repeated after this.
constexpr time_ms load_retry_ms = 1'000;
/// Sums of grants stop here, far above any use: no overflow whatever a peer grants.
constexpr std::uint64_t credit_max = std::uint64_t{1} << 48;

} // namespace

session_machine::session_machine(settings s)
    : settings_(std::move(s)), out_({actor_kind::session, settings_.session}), streams_(settings_.streams),
      window_(open_commands_factor * settings_.command_credit) {}

effects session_machine::on(const message& m, time_ms now) {
  out_.begin(m, now);
  dispatch(m);
  return out_.take();
}

void session_machine::dispatch(const message& m) {
  out_.continue_trace(m.trace); // it may have waited
  // Until the positions are known nobody can be welcomed; what comes meanwhile keeps its place in the order.
  const bool from_outside = std::holds_alternative<frame_received>(m) || std::holds_alternative<connection_lost>(m);
  if (from_outside && (!begun_ || positions_missing_ > 0)) {
    if (early_.size() < early_messages_max) early_.push_back(m);
    else if (const auto* f = std::get_if<frame_received>(&m))
      send_error(f->from, {fault_code::overloaded, "the session is starting"});
    return;
  }
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, start>) begin();
      else if constexpr (std::is_same_v<T, frame_received>) frame(x);
      else if constexpr (std::is_same_v<T, connection_lost>) lose(key_of(x.from), "gone");
      else if constexpr (std::is_same_v<T, node_stopping>) say_goodbye();
      else if constexpr (std::is_same_v<T, store_answered>) store_answer(x);
      else if constexpr (std::is_same_v<T, timer_due>) timer(x);
      else if constexpr (std::is_same_v<T, command_done>) command_result(x);
      else if constexpr (std::is_same_v<T, store_state_changed>) store_changed(x);
      else if constexpr (std::is_same_v<T, clock_state_changed>) clock_changed(x);
      else if constexpr (std::is_same_v<T, commands_lost>) lost(x);
      else if constexpr (std::is_same_v<T, ephemeral_notification>) keep_ephemeral(x);
      else if constexpr (std::is_same_v<T, passivate>) consider_end();
      else if constexpr (std::is_same_v<T, outbox_advanced>) streams_grew(x);
      else if constexpr (std::is_same_v<T, status_request>)
        out_.send_at_once(x.reply_to, status_response{x.asked, out_.self(), describe(out_.now())});
    },
    m);
}

void session_machine::begin() {
  if (begun_) return;
  begun_ = true;
  positions_missing_ = streams_.size();
  for (std::uint32_t i = 0; i < streams_.size(); ++i) ask(store::read_outbox{i, 0, 0, 0}, position_question{i});
  out_.wake_at(out_.now() + settings_.heartbeat_ms, timer_kind::heartbeat);
}

void session_machine::loaded() {
  for (auto& m : std::exchange(early_, {})) dispatch(m);
}

token session_machine::ask(store::query q, question about) {
  const auto asked = out_.next_token();
  questions_.emplace(asked, std::move(about));
  out_.ask(asked, std::move(q));
  return asked;
}

void session_machine::store_answer(const store_answered& m) {
  const auto found = questions_.find(m.asked);
  if (found == questions_.end() || m.answer == nullptr) return;
  const auto about = std::move(found->second);
  questions_.erase(found);
  if (const auto* q = std::get_if<position_question>(&about)) {
    const auto* read = std::get_if<store::outbox_read>(m.answer.get());
    if (read == nullptr) {
      log(log_level::error, "E507 outbox position not readable; will retry", {{"stream", std::to_string(q->stream)}});
      unread_positions_.insert(q->stream);
      out_.wake_at(out_.now() + load_retry_ms, timer_kind::load);
      return;
    }
    streams_[q->stream].load(read->acknowledged, read->head);
    if (--positions_missing_ == 0) loaded();
  } else if (const auto* rows = std::get_if<rows_question>(&about)) {
    rows_read(rows->stream, m.asked, *m.answer);
  } else if (const auto* sought = std::get_if<seek_question>(&about)) {
    seek_answered(*sought, m.asked, *m.answer);
  } else if (const auto* looked_up = std::get_if<command_question>(&about)) {
    command_looked_up(*looked_up->command, *m.answer);
  } else if (const auto* binding = std::get_if<binding_question>(&about)) {
    binding_found(*binding, *m.answer);
  }
}

void session_machine::timer(const timer_due& m) {
  if (acknowledgements_.timer_due(m.name)) return;
  if (m.name == timer_kind::heartbeat) {
    heartbeat();
  } else if (m.name == timer_kind::starved) {
    feed_starved_streams();
  } else if (m.name == timer_kind::load) {
    for (const auto number : std::exchange(unread_positions_, {}))
      ask(store::read_outbox{number, 0, 0, 0}, position_question{number});
  } else if (m.name.kind == timer_kind::stream_retry && m.name.number < streams_.size()) {
    retry(static_cast<std::uint32_t>(m.name.number));
  }
}

void session_machine::say_goodbye() {
  stopping_ = true;
  for (const auto& [key, c] : connections_)
    send(c, edge::verb::bye, edge::encode_header(edge::bye_header{edge::bye_stopping}));
  // One after the other would hand its streams to the next.
  for (auto& s : streams_) {
    if (s.owner) assignment_.take(s, out_.now());
    s.next_owner.reset();
  }
  window_.leave_all(); // the RESULT is in the store for the repetition
  log(log_level::info, "E508 chat peers informed that the node stops",
      {{"connections", std::to_string(connections_.size())}});
  connections_.close_all();
  acknowledgements_.flush();
}

void session_machine::heartbeat() {
  std::vector<connection_key> silent;
  for (const auto& [key, c] : connections_) {
    if (out_.now() - c.last_contact >= settings_.peer_timeout_ms) silent.push_back(key);
    else send(c, edge::verb::ping, edge::encode_header(edge::ping_header{out_.now()}));
  }
  for (const auto& key : silent) {
    send(*connections_.find(key), edge::verb::bye,
         edge::encode_header(edge::bye_header{"nothing was heard for too long"}));
    lose(key, "silent");
  }
  time_out_commands();
  out_.wake_at(out_.now() + settings_.heartbeat_ms, timer_kind::heartbeat);
}

void session_machine::frame(const frame_received& m) {
  using edge::verb;
  if (m.body.what == verb::hello) return hello(m);
  const auto key = key_of(m.from);
  auto* c = connections_.find(key);
  if (c == nullptr) {
    // A peer we forgot, or that never introduced itself. Its BYE, PONG or ERROR wants no answer.
    if (m.body.what == verb::bye || m.body.what == verb::pong || m.body.what == verb::error) return;
    return send_error(m.from, {fault_code::hello_required, std::string{edge::name(m.body.what)} + " before HELLO"});
  }
  c->last_contact = out_.now();
  switch (m.body.what) {
  case verb::command: return command(*c, m.body);
  case verb::ack: return acknowledge(*c, m.body);
  case verb::nack: return refuse_event(*c, m.body);
  case verb::credit: return more_credit(*c, m.body);
  case verb::seek: return seek(*c, m.body);
  case verb::ping: {
    const auto header = edge::decode_header<edge::ping_header>(m.body.header);
    if (!header) return send_error(m.from, header.error());
    return send(*c, verb::pong, edge::encode_header(*header));
  }
  case verb::bye: return lose(key, "BYE");
  case verb::pong: return;
  case verb::error:
    return log(log_level::warning, "E509 chat peer sent ERROR",
               {{"fault", to_string(chat::decode_fault(m.body.body))}});
  case verb::hello:
  case verb::welcome:
  case verb::result:
  case verb::event: break;
  }
  ++counts_.frames_refused;
  send_error(m.from, {fault_code::unknown_verb, std::string{edge::name(m.body.what)} + " is for the broker to send"});
}

void session_machine::hello(const frame_received& m) {
  if (stopping_) return send_error(m.from, {fault_code::stopping, "this broker ends"});
  const auto header = edge::decode_header<edge::hello_header>(m.body.header);
  const auto refuse = [&](const fault& why) {
    ++counts_.frames_refused;
    send_error(m.from, why);
  };
  if (!header) return refuse(header.error());
  if (m.from.peer_role != edge::role::chat)
    return refuse(
      {fault_code::role_denied, "a peer of role " + std::string{edge::name(m.from.peer_role)} + " is no chat server"});
  if (!m.from.peer_name.empty() && !header->peer.empty() && header->peer != m.from.peer_name)
    return refuse({fault_code::role_denied, "the key belongs to another peer name"});
  if (std::ranges::find(header->versions, edge::contract_version) == header->versions.end()) {
    ++counts_.frames_refused;
    edge::error_header ours;
    ours.versions.emplace(1, edge::contract_version);
    return send_error(m.from, {fault_code::unsupported_version, "this broker speaks version 1"}, ours);
  }
  std::set<std::uint32_t> wanted;
  if (header->streams) {
    for (const auto number : *header->streams) {
      if (number >= streams_.size())
        return refuse({fault_code::bad_frame, "header: streams must be below " + std::to_string(streams_.size())});
      wanted.insert(number);
    }
  } else {
    for (std::uint32_t i = 0; i < streams_.size(); ++i) wanted.insert(i);
  }

  const auto key = key_of(m.from);
  if (connections_.find(key) != nullptr) {
    // A second HELLO: the peer begins anew, what it had not acknowledged comes again. Its open commands are still its
    // own.
    assignment_.take_all_of(key, out_.now());
  } else if (connections_.is_full()) {
    return refuse({fault_code::overloaded, std::to_string(connections_max) + " connections are open"});
  }
  if (connections_.empty()) out_.send_at_once({actor_kind::directory, ""}, chat_server_seen{true});
  auto& c = connections_.open(m.from);
  c.client = header->client;
  c.peer = m.from.peer_name.empty() ? header->peer : m.from.peer_name;
  c.wanted = std::move(wanted);
  c.messages = std::min(header->credit.messages, credit_max);
  c.bytes = std::min(header->credit.bytes, credit_max);
  c.last_contact = out_.now();

  edge::welcome_header welcome;
  welcome.broker = settings_.broker;
  welcome.server_name = settings_.server_name;
  welcome.streams = settings_.streams;
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    welcome.acked[std::to_string(i)] = streams_[i].acked();
    welcome.heads[std::to_string(i)] = streams_[i].head();
  }
  welcome.command_credit = {settings_.command_credit, settings_.command_credit_bytes};
  welcome.heartbeat_ms = settings_.heartbeat_ms;
  welcome.peer_timeout_ms = settings_.peer_timeout_ms;
  send(c, edge::verb::welcome, edge::encode_header(welcome));
  log(log_level::info, "E510 chat peer connected",
      {{"peer", c.peer}, {"client", c.client}, {"connections", std::to_string(connections_.size())}});
  // Perhaps it is one of the others that came back: a PING into a connection that is gone fails at once, and frees its
  // streams.
  for (const auto& [other, x] : connections_)
    if (other != key) send(x, edge::verb::ping, edge::encode_header(edge::ping_header{out_.now()}));
  assign_streams();
  balance_streams();
}

void session_machine::more_credit(connection& c, const edge::frame& f) {
  const auto header = edge::decode_header<edge::credit_header>(f.header);
  if (!header) return send_error(c.who, header.error());
  c.messages = std::min(c.messages + std::min(header->more.messages, credit_max), credit_max);
  const bool had_none = !c.has_credit();
  c.bytes = std::min(c.bytes + std::min(header->more.bytes, credit_max), credit_max);
  if (had_none) balance_streams(); // its share may have gone to others
  pump(key_of(c.who));
}

void session_machine::lose(const connection_key& key, const char* why) {
  const auto* c = connections_.find(key);
  if (c == nullptr) return;
  log(log_level::info, "E511 chat peer disconnected",
      {{"peer", c->peer}, {"client", c->client}, {"why", why}, {"unacknowledged", std::to_string(c->in_flight)}});
  assignment_.take_all_of(key, out_.now());
  // Its commands go on: the RESULT waits in the store for the repetition, or for whoever repeats it meanwhile.
  for (const auto& id : c->open_commands) window_.leave(id, key);
  connections_.close(key);
  if (connections_.empty()) out_.send_at_once({actor_kind::directory, ""}, chat_server_seen{false});
  assign_streams();
}

void session_machine::consider_end() {
  if (!connections_.empty() || !window_.empty() || !early_.empty() || !questions_.empty()) return;
  if (acknowledgements_.is_empty()) return out_.finish();
  acknowledgements_.flush();
  out_.after_commit(finish{});
}

void session_machine::send(const connection& to, edge::verb what, std::string header, std::string body) {
  out_.send_at_once({actor_kind::edge, {}}, send_frame{to.who, {what, std::move(header), std::move(body)}});
}

void session_machine::send_error(const edge::connection& to, const fault& why, const edge::error_header& about) {
  if (out_.logs_debug()) log(log_level::debug, "E512 frame refused", {{"fault", to_string(why)}});
  out_.send_at_once({actor_kind::edge, {}}, send_frame{to, edge::make_error(why, about)});
}

void session_machine::log(log_level level, const char* what, decision::fields fields) {
  fields.emplace_back("session", settings_.session);
  out_.log(level, what, std::move(fields));
}

std::string session_machine::describe(time_ms now) const {
  namespace json = matrix::json;
  const auto number = [](auto x) { return json::value{static_cast<std::int64_t>(x)}; };
  const auto peer_of = [this](const outbox_stream& s) {
    const auto* c = s.owner ? connections_.find(*s.owner) : nullptr;
    return json::value{c == nullptr ? std::string{} : c->peer};
  };
  const auto waits_since = [now](const outbox_stream& s) {
    return s.unacknowledged_since() == 0 ? 0 : std::max<time_ms>(0, now - s.unacknowledged_since());
  };
  json::array connections;
  for (const auto& [key, c] : connections_)
    connections.emplace_back(json::object{{"endpoint", number(c.who.endpoint)},
                                          {"peer", c.peer},
                                          {"client", c.client},
                                          {"credit_messages", number(c.messages)},
                                          {"credit_bytes", number(c.bytes)},
                                          {"in_flight", number(c.in_flight)},
                                          {"open_commands", number(c.open_commands.size())},
                                          {"silent_ms", number(now - c.last_contact)}});
  json::array streams;
  for (const auto& s : streams_)
    streams.emplace_back(json::object{{"acked", number(s.acked())},
                                      {"head", number(s.head())},
                                      {"sent", number(s.delivered())},
                                      {"peer", peer_of(s)},
                                      {"lag", number(s.head() - s.acked())},
                                      {"in_flight", number(s.in_flight())},
                                      {"owned", s.owner.has_value()},
                                      {"unacknowledged_ms", number(waits_since(s))},
                                      {"paused_ms", number(std::max<time_ms>(0, s.paused_until - now))}});
  const char* phase = stopping_                           ? "stopping"
                      : !begun_ || positions_missing_ > 0 ? "loading"
                      : connections_.empty()              ? "alone"
                                                          : "connected";
  return json::canonical(json::object{{"phase", phase},
                                      {"connections", std::move(connections)},
                                      {"streams", std::move(streams)},
                                      {"open_commands", number(window_.size())},
                                      {"oldest_command_ms", number(window_.oldest_ms(now))},
                                      {"ephemeral_pending", number(ephemeral_.size())},
                                      {"events_sent", number(counts_.events_sent)},
                                      {"events_acked", number(counts_.events_acked)},
                                      {"events_refused", number(counts_.events_refused)},
                                      {"dead_letters", number(counts_.dead_letters)},
                                      {"commands", number(counts_.commands)},
                                      {"commands_repeated", number(counts_.commands_repeated)},
                                      {"commands_refused", number(counts_.commands_refused)},
                                      {"ephemeral_sent", number(counts_.ephemeral_sent)},
                                      {"ephemeral_dropped", number(counts_.ephemeral_dropped)},
                                      {"frames_refused", number(counts_.frames_refused)}});
}

} // namespace causeway::session
