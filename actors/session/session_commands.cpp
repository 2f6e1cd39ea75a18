#include "actors/session/session_machine.hpp"

#include "messages/chat/codec.hpp"
#include "messages/limits.hpp"

#include <algorithm>

/// The way of a COMMAND: credit, idempotency key, order, RESULT.
namespace causeway::session {
namespace {

/// No answer of theirs is kept, a repeated one is asked again: queries change nothing, and a part of a file is taken
/// once whatever id it comes under.
bool is_query_name(std::string_view name) { return name.starts_with("query.") || name.starts_with("media."); }
bool is_query(const chat::command& x) { return is_query_name(chat::name(x)); }

/// Its answer is not kept either: a marker that was set is where it is, and whoever is there is there; a repetition
/// changes nothing.
bool is_repeatable(const chat::command& x) {
  return is_query(x) || std::holds_alternative<chat::mark_read>(x) || std::holds_alternative<chat::set_presence>(x);
}

/// Nobody hears how it ends: always, or where it has no id.
bool is_ephemeral(const chat::command& x, const std::string& id) {
  return std::holds_alternative<chat::typing>(x) ||
         (id.empty() && (std::holds_alternative<chat::mark_read>(x) || std::holds_alternative<chat::set_presence>(x)));
}

/// A question that changes nothing is usually answered without the store; when it does not write, no longer is waited
/// for one.
constexpr time_ms query_patience_ms = 1'000;

edge::result_header result_of(const std::string& id, bool ok, bool repeated, std::vector<std::string> ignored) {
  edge::result_header header{id, ok, repeated, {}};
  if (!ignored.empty()) header.ignored = std::move(ignored);
  return header;
}

/// What a command holds of the connection's credit: its body, and the part of a file it asks for, which waits here for
/// a slow peer.
std::size_t credit_of(const chat::command& x, std::size_t body_bytes) {
  const auto* get = std::get_if<chat::media_get>(&x);
  return body_bytes + (get ? static_cast<std::size_t>(get->length) : 0);
}

} // namespace

void session_machine::command(connection& c, const edge::frame& f) {
  auto header = edge::decode_header<edge::command_header>(f.header);
  if (!header) {
    ++counts_.frames_refused;
    return send_error(c.who, header.error(), edge::subject_of(edge::verb::command, f.header));
  }
  const auto& id = header->id;
  const auto& name = header->command;
  ignored_fields ignored;
  auto body = chat::decode_command(name, f.body, &ignored);
  if (body && is_ephemeral(*body, id)) return ephemeral_command(c, id, name, std::move(*body), std::move(ignored));
  if (id.empty()) {
    ++counts_.frames_refused;
    return send_error(c.who, body ? fault{fault_code::bad_frame, "header: id is missing"} : body.error());
  }
  if (!body) return refuse_command(c, id, body.error(), std::move(ignored));

  const auto running = window_.find(id);
  if (running && running->name != name)
    return refuse_command(c, id, {fault_code::conflict, "the id was used for " + running->name});
  if (c.open_commands.contains(id)) return; // asked twice here: one RESULT answers both
  if (c.open_commands.size() >= settings_.command_credit)
    return refuse_command(c, id,
                          {fault_code::credit_exceeded, std::to_string(c.open_commands.size()) + " commands are open"});
  const auto weight = credit_of(*body, f.body.size());
  if (c.open_bytes + weight > settings_.command_credit_bytes)
    return refuse_command(c, id,
                          {fault_code::credit_exceeded, std::to_string(c.open_bytes) + " bytes of commands are open"});
  // What cannot be kept is not begun; and of what was begun nobody can say how it ends before the store writes again.
  if (store_fault_.code != fault_code::none && !is_query(*body)) return refuse_command(c, id, store_fault_);
  const auto key = key_of(c.who);
  if (running) {
    running->waiters.push_back(key);
    c.open_commands.insert(id);
    c.open_bytes += running->bytes;
    ++counts_.commands_repeated;
    return;
  }
  if (window_.is_full())
    return refuse_command(c, id,
                          {fault_code::overloaded, std::to_string(window_.size()) + " commands of this peer are open"});

  ++counts_.commands;
  auto x = std::make_shared<open_command>();
  x->id = id;
  x->name = name;
  x->trace = out_.trace();
  if (header->traceparent) x->outer = edge::read_traceparent(*header->traceparent);
  if (x->outer) {
    traces_.begun(x->trace, *x->outer);
    if (out_.logs_debug())
      log(log_level::debug, "E526 command traced",
          {{"command", name}, {"id", id}, {"outer_trace", x->outer->trace_id}});
  }
  x->bytes = weight;
  x->since = out_.now();
  x->looked_up = is_repeatable(*body);
  x->body = std::make_shared<const chat::command>(std::move(*body));
  x->first = key;
  x->waiters.push_back(key);
  x->ignored = std::move(ignored);
  c.open_commands.insert(id);
  c.open_bytes += x->bytes;
  window_.open(x);
  if (x->looked_up) forward_ready();
  else ask(store::find_command_result{id}, command_question{x});
}

void session_machine::ephemeral_command(connection& c, const std::string& id, const std::string& name,
                                        chat::command body, ignored_fields ignored) {
  // It takes its place in the order, since the room it names may be created by the command before it.
  if (window_.is_queue_full()) {
    ++counts_.ephemeral_dropped;
  } else {
    auto x = std::make_shared<open_command>();
    x->name = name;
    x->trace = out_.trace();
    x->looked_up = true;
    x->body = std::make_shared<const chat::command>(std::move(body));
    window_.queue(std::move(x));
    forward_ready();
  }
  if (!id.empty())
    send(c, edge::verb::result, edge::encode_header(result_of(id, true, false, std::move(ignored))),
         chat::encode(chat::answer{chat::empty_answer{}}));
}

void session_machine::command_looked_up(open_command& x, const store::answer& found) {
  x.looked_up = true;
  if (!x.done) {
    if (const auto* why = std::get_if<fault>(&found)) {
      finish_command(x, false, chat::encode(*why), false);
    } else if (const auto* kept = std::get_if<store::command_result_found>(&found); kept != nullptr && kept->result) {
      ++counts_.commands_repeated;
      if (kept->result->command_name == x.name) finish_command(x, kept->result->succeeded, kept->result->body, true);
      else
        finish_command(x, false,
                       chat::encode(fault{fault_code::conflict, "the id was used for " + kept->result->command_name}),
                       false);
    } else if (clock_fault_.code != fault_code::none) {
      finish_command(x, false, chat::encode(clock_fault_),
                     false); // nearly all of them end in an event of ours, dated by a clock that is wrong
    }
  }
  forward_ready();
}

void session_machine::forward_ready() {
  if (late_bindings_ > 0) return; // a name that was told before is still being bound
  const auto ready = window_.take_ready();
  if (ready.empty()) return;
  // Whoever carries it out finds the names that were bound before it on disk.
  if (acknowledgements_.has_bindings()) acknowledgements_.flush();
  for (const auto& x : ready) {
    const trace_scope under{out_, x->trace}; // it may have waited for another one
    command_received going_on{{settings_.session, x->id, x->trace}, std::move(x->body)};
    if (acknowledgements_.has_bindings_in_flight()) out_.send({actor_kind::directory, {}}, std::move(going_on));
    else out_.send_at_once({actor_kind::directory, {}}, std::move(going_on));
  }
}

void session_machine::command_result(const command_done& m) {
  // Not open: it was ephemeral, or timed out before; a repetition finds the answer in the store.
  if (const auto x = window_.find(m.reference.command_id)) finish_command(*x, m.succeeded, m.body, false);
}

void session_machine::finish_command(open_command& x, bool ok, const std::string& body, bool repeated) {
  const trace_scope under{out_, x.trace};
  if (body.size() > limits::chat_frame_bytes_max - edge::header_bytes_max) {
    // A list that no message holds. The peer's transport would end the connection over it, and the repetition of the
    // command do so again.
    log(log_level::warning, "E501 command answer exceeds the message limit",
        {{"command", x.name}, {"bytes", std::to_string(body.size())}});
    const fault why{fault_code::too_large,
                    "the answer to " + x.name + " has " + std::to_string(body.size()) + " bytes: ask for less"};
    return finish_command(x, false, chat::encode(why), repeated);
  }
  answer_waiters(x, ok, body, repeated);
  window_.close(x);
}

void session_machine::answer_waiters(open_command& x, bool ok, const std::string& body, bool repeated) {
  if (out_.logs_debug())
    log(log_level::debug, "E513 command answered",
        {{"command", x.name}, {"id", x.id}, {"fault", ok ? std::string{} : to_string(chat::decode_fault(body))}});
  for (const auto& key : std::exchange(x.waiters, {})) {
    auto* c = connections_.find(key);
    if (c == nullptr) continue;
    c->open_commands.erase(x.id);
    c->open_bytes -= x.bytes;
    auto header = result_of(x.id, ok, repeated || key != x.first, x.ignored);
    if (x.outer) header.traceparent = edge::traceparent_of(*x.outer, x.trace);
    send(*c, edge::verb::result, edge::encode_header(header), body);
  }
}

void session_machine::store_changed(const store_state_changed& m) {
  const bool writes_again = m.why.code == fault_code::none;
  store_fault_ = writes_again ? fault{} : fault{fault_code::store_failed, m.why.detail};
  for (const auto& x : window_.all()) {
    const trace_scope under{out_, x->trace};
    if (writes_again) {
      x->since = out_.now(); // what was begun goes on now, and is waited for as from now
    } else if (x->forwarded && !is_query_name(x->name)) {
      // It is carried out all the same when the store writes again. Whoever repeats it then waits for its end; it is
      // not begun twice.
      answer_waiters(*x, false, chat::encode(store_fault_), false);
    } else if (x->forwarded && out_.now() - x->since >= query_patience_ms) {
      finish_command(*x, false, chat::encode(store_fault_),
                     false); // it stands behind something that waits for the store
    } else if (!x->forwarded && x->body && !is_query(*x->body)) {
      x->looked_up = true;
      finish_command(*x, false, chat::encode(store_fault_), false);
    }
  }
  forward_ready();
}

void session_machine::lost(const commands_lost& m) {
  for (const auto& reference : m.references) {
    if (const auto x = window_.find(reference.command_id); x && x->trace == reference.trace)
      finish_command(*x, false, chat::encode(m.why), false);
  }
}

void session_machine::refuse_command(const connection& c, const std::string& id, const fault& why,
                                     ignored_fields ignored) {
  ++counts_.commands_refused;
  if (out_.logs_debug()) log(log_level::debug, "E514 command refused", {{"id", id}, {"fault", to_string(why)}});
  send(c, edge::verb::result, edge::encode_header(result_of(id, false, false, std::move(ignored))), chat::encode(why));
}

void session_machine::time_out_commands() {
  if (store_fault_.code != fault_code::none) return; // what waits for the store is not late
  for (const auto& x : window_.all()) {
    if (out_.now() - x->since < settings_.command_timeout_ms) continue;
    const trace_scope under{out_, x->trace};
    log(log_level::warning, "E502 command timed out", {{"command", x->name}, {"id", x->id}});
    x->looked_up = true; // whatever the store does, those behind it may go on
    finish_command(
      *x, false, chat::encode(fault{fault_code::timed_out, x->name + " was not answered; repeat it with the same id"}),
      false);
  }
  forward_ready();
}

} // namespace causeway::session
