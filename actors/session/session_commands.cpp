#include "actors/session/session_machine.hpp"

#include "messages/chat/codec.hpp"
#include "messages/limits.hpp"

#include <algorithm>

/// The way of a COMMAND: credit, idempotency key, order, RESULT.
namespace causeway::session {
namespace {

/// No answer of theirs is kept, a repeated one is asked again: queries change nothing, and a part of a file is taken once
/// whatever id it comes under.
bool is_query(const chat::command& x) {
  return std::holds_alternative<chat::query_room>(x) || std::holds_alternative<chat::query_invitations>(x) ||
         std::holds_alternative<chat::query_user>(x) || std::holds_alternative<chat::media_put>(x) ||
         std::holds_alternative<chat::media_get>(x);
}

/// A question that changes nothing is usually answered without the store; when it does not write, no longer is waited for one.
constexpr time_ms query_patience_ms = 1'000;

bool is_query_name(std::string_view name) { return name.starts_with("query.") || name.starts_with("media."); }

edge::result_header result_of(const std::string& id, bool ok, bool repeated, std::vector<std::string> ignored) {
  edge::result_header header{id, ok, repeated, {}};
  if (!ignored.empty()) header.ignored = std::move(ignored);
  return header;
}

/// What a command holds of the connection's credit: its body, and the part of a file it asks for, which waits here for a slow peer.
std::size_t weight_of(const chat::command& x, std::size_t body_bytes) {
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
  auto& [id, name] = *header;
  ignored_fields ignored;
  auto body = chat::decode_command(name, f.body, &ignored);
  if (body && std::holds_alternative<chat::typing>(*body))
    return ephemeral_command(c, id, name, std::move(*body), std::move(ignored));
  if (id.empty()) {
    ++counts_.frames_refused;
    return send_error(c.who, body ? fault{fault_code::bad_frame, "header: id is missing"} : body.error());
  }
  if (!body) return refuse_command(c, id, body.error(), std::move(ignored));

  const auto running = open_.find(id);
  if (running != open_.end() && running->second->name != name)
    return refuse_command(c, id, {fault_code::conflict, "the id was used for " + running->second->name});
  if (c.open_commands.contains(id)) return; // asked twice here: one RESULT answers both
  if (c.open_commands.size() >= settings_.command_credit)
    return refuse_command(c, id,
                          {fault_code::credit_exceeded, std::to_string(c.open_commands.size()) + " commands are open"});
  const auto weight = weight_of(*body, f.body.size());
  if (c.open_bytes + weight > settings_.command_credit_bytes)
    return refuse_command(c, id,
                          {fault_code::credit_exceeded, std::to_string(c.open_bytes) + " bytes of commands are open"});
  // What cannot be kept is not begun; and of what was begun nobody can say how it ends before the store writes again.
  if (store_fault_.code != fault_code::none && !is_query(*body)) return refuse_command(c, id, store_fault_);
  const auto key = key_of(c.who);
  if (running != open_.end()) {
    running->second->waiters.push_back(key);
    c.open_commands.insert(id);
    c.open_bytes += running->second->bytes;
    ++counts_.commands_repeated;
    return;
  }
  if (open_.size() >= open_commands_factor * settings_.command_credit)
    return refuse_command(c, id,
                          {fault_code::overloaded, std::to_string(open_.size()) + " commands of this peer are open"});

  ++counts_.commands;
  auto x = std::make_shared<open_command>();
  x->id = id;
  x->name = name;
  x->trace = ++last_trace_;
  x->bytes = weight;
  x->since = now_;
  x->looked_up = is_query(*body);
  x->body = std::make_shared<const chat::command>(std::move(*body));
  x->first = key;
  x->waiters.push_back(key);
  x->ignored = std::move(ignored);
  c.open_commands.insert(id);
  c.open_bytes += x->bytes;
  open_.emplace(id, x);
  waiting_.push_back(x);
  if (x->looked_up) forward_ready();
  else ask(store::find_command_result{id}, command_question{x});
}

void session_machine::ephemeral_command(connection& c, const std::string& id, const std::string& name,
                                        chat::command body, ignored_fields ignored) {
  // It takes its place in the order, since the room it names may be created by the command before it.
  if (waiting_.size() >= open_commands_factor * settings_.command_credit) {
    ++counts_.ephemeral_dropped;
  } else {
    auto x = std::make_shared<open_command>();
    x->name = name;
    x->trace = ++last_trace_;
    x->looked_up = true;
    x->body = std::make_shared<const chat::command>(std::move(body));
    waiting_.push_back(std::move(x));
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
  // Strictly from the front: a command whose lookup is still open holds back those behind it.
  effects ready;
  while (!waiting_.empty() && waiting_.front()->looked_up) {
    const auto x = std::move(waiting_.front());
    waiting_.pop_front();
    if (x->done) continue;
    x->forwarded = true;
    ready.push_back(
      tell{{actor_kind::directory, {}}, command_received{{settings_.session, x->id, x->trace}, std::move(x->body)}});
  }
  if (ready.empty()) return;
  // Whoever carries it out finds the names that were bound before it on disk.
  if (!bindings_.empty()) flush_acknowledgements();
  if (bindings_on_disk_ < bindings_handed_over_) out_.push_back(persist{{}, std::move(ready)});
  else append(out_, std::move(ready));
}

void session_machine::command_result(const command_done& m) {
  const auto found = open_.find(m.reference.command_id);
  // Not open: it was ephemeral, or timed out before; a repetition finds the answer in the store.
  if (found == open_.end()) return;
  const auto x = found->second; // finish_command erases it
  finish_command(*x, m.succeeded, m.body, false);
}

void session_machine::finish_command(open_command& x, bool ok, const std::string& body, bool repeated) {
  if (body.size() > limits::chat_frame_bytes_max - edge::header_bytes_max) {
    // A list that no message holds. The peer's transport would end the connection over it, and the repetition of the command do so again.
    log(log_level::warning, "answer too large", {{"command", x.name}, {"bytes", std::to_string(body.size())}});
    const fault why{fault_code::too_large,
                    "the answer to " + x.name + " has " + std::to_string(body.size()) + " bytes: ask for less"};
    return finish_command(x, false, chat::encode(why), repeated);
  }
  x.done = true;
  answer_waiters(x, ok, body, repeated);
  open_.erase(std::string{x.id});
}

void session_machine::answer_waiters(open_command& x, bool ok, const std::string& body, bool repeated) {
  for (const auto& key : std::exchange(x.waiters, {})) {
    auto* c = find(key);
    if (c == nullptr) continue;
    c->open_commands.erase(x.id);
    c->open_bytes -= x.bytes;
    send(*c, edge::verb::result, edge::encode_header(result_of(x.id, ok, repeated || key != x.first, x.ignored)), body);
  }
}

void session_machine::store_changed(const store_state_changed& m) {
  const bool writes_again = m.why.code == fault_code::none;
  store_fault_ = writes_again ? fault{} : fault{fault_code::store_failed, m.why.detail};
  std::vector<std::shared_ptr<open_command>> all;
  for (const auto& [id, x] : open_) all.push_back(x);
  for (const auto& x : all) {
    if (writes_again) {
      x->since = now_; // what was begun goes on now, and is waited for as from now
    } else if (x->forwarded && !is_query_name(x->name)) {
      // It is carried out all the same when the store writes again. Whoever repeats it then waits for its end; it is not begun twice.
      answer_waiters(*x, false, chat::encode(store_fault_), false);
    } else if (x->forwarded && now_ - x->since >= query_patience_ms) {
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
    const auto found = open_.find(reference.command_id);
    if (found == open_.end() || found->second->trace != reference.trace) continue;
    const auto x = found->second; // finish_command erases it
    finish_command(*x, false, chat::encode(m.why), false);
  }
}

void session_machine::refuse_command(const connection& c, const std::string& id, const fault& why,
                                     ignored_fields ignored) {
  ++counts_.commands_refused;
  send(c, edge::verb::result, edge::encode_header(result_of(id, false, false, std::move(ignored))), chat::encode(why));
}

void session_machine::time_out_commands() {
  if (store_fault_.code != fault_code::none) return; // what waits for the store is not late
  std::vector<std::shared_ptr<open_command>> late;
  for (const auto& [id, x] : open_)
    if (now_ - x->since >= settings_.command_timeout_ms) late.push_back(x);
  for (const auto& x : late) {
    log(log_level::warning, "command timed out", {{"command", x->name}, {"id", x->id}});
    x->looked_up = true; // whatever the store does, those behind it may go on
    finish_command(
      *x, false, chat::encode(fault{fault_code::timed_out, x->name + " was not answered; repeat it with the same id"}),
      false);
  }
  forward_ready();
}

} // namespace causeway::session
