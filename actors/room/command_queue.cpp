#include "actors/room/command_queue.hpp"

#include "actors/answers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {

void command_queue::run() {
  if (std::exchange(running_, true)) return; // what ended within a command: the loop goes on by itself
  run_waiting();
  running_ = false;
}

bool command_queue::may_run() const { return !commands_.empty() && !resolving_ && runner_.may_run(); }

void command_queue::run_waiting() {
  while (may_run()) {
    auto& c = commands_.front();
    if (!resolve_names(c)) return;
    auto running = std::move(c);
    commands_.pop_front();
    const auto outcome = runner_.carry_out(running);
    const auto* what = chat::name(*running.command.body);
    if (const auto* fine = std::get_if<succeeded>(&outcome))
      command_succeeded(out_, running.command.reference, what, fine->what, fine->keep);
    else if (const auto* why = std::get_if<fault>(&outcome))
      command_failed(out_, running.command.reference, what, *why);
    else if (std::holds_alternative<waits_for_policy_server>(outcome)) return commands_.push_front(std::move(running));
    else if (std::holds_alternative<waits_for_withdrawals>(outcome)) {
      commands_.push_front(std::move(running));
      commands_.front().withdrawn = true;
    }
  }
}

void command_queue::take(const chat_command& m) {
  queued_command c;
  c.command = m;
  c.since = out_.now();
  if (const auto* x = std::get_if<chat::message_send>(m.body.get())) {
    for (const auto* named : {&x->reply_to, &x->thread})
      if (*named && !(*named)->empty()) c.event_ids[**named];
    own_id_known(c);
  }
  if (const auto* x = std::get_if<chat::message_delete>(m.body.get())) c.event_ids[x->message];
  commands_.push_back(std::move(c));
  run();
}

bool command_queue::own_id_known(queued_command& c) {
  const auto* x = std::get_if<chat::message_send>(c.command.body.get());
  if (!x || x->message.empty() || names_.find(x->message)) return true;
  if (c.id_asked != 0) return false;
  if (c.id_in_use && (!*c.id_in_use || names_.remembers_since(c.id_asked_at))) return true;
  c.id_asked = out_.next_token();
  c.id_asked_at = names_.bound();
  out_.ask(c.id_asked, store::find_message{room_.id, x->message});
  return false;
}

bool command_queue::resolve_names(queued_command& c) {
  if (!own_id_known(c)) return false;
  const auto* deletion = std::get_if<chat::message_delete>(c.command.body.get());
  for (auto& [wanted, id] : c.event_ids) {
    if (!id.empty()) continue;
    const bool is_event_id = wanted.front() == '$';
    // Of a deletion the store says the rest, below.
    if (const auto* known = is_event_id ? room_.graph.find(wanted) : nullptr;
        deletion ? is_event_id : known != nullptr) {
      id = wanted;
    } else if (const auto* latest = names_.find(wanted)) {
      id = *latest;
    } else {
      resolving_ = out_.next_token();
      out_.ask(*resolving_, is_event_id ? store::query{store::load_events{room_.id, {wanted}, false}}
                                        : store::find_message{room_.id, wanted});
      return false;
    }
  }
  if (deletion && !c.target) {
    resolving_ = out_.next_token();
    out_.ask(*resolving_, store::load_redaction{room_.id, {}, c.event_ids.at(deletion->message)});
    return false;
  }
  return true;
}

bool command_queue::store_answered(const causeway::store_answered& m) {
  const auto* named = std::get_if<store::message_found>(m.answer.get());
  if (resolving_ != m.asked) {
    const auto c =
      std::find_if(commands_.begin(), commands_.end(), [&](const auto& one) { return one.id_asked == m.asked; });
    if (m.asked == 0 || c == commands_.end()) return false;
    c->id_asked = 0;
    const auto* why = std::get_if<fault>(m.answer.get());
    if (named) c->id_in_use = named->event_id;
    else
      c->id_in_use =
        why ? *why : fault{fault_code::store_failed, "the store does not say whether the id of the message is in use"};
    run();
    return true;
  }
  resolving_.reset();
  if (commands_.empty()) return true;
  auto& open = commands_.front();
  if (const auto* why = std::get_if<fault>(m.answer.get())) {
    const auto unread = std::move(open);
    commands_.pop_front();
    command_failed(out_, unread.command.reference, chat::name(*unread.command.body), *why);
    run();
    return true;
  }
  if (const auto* target = std::get_if<store::redaction_loaded>(m.answer.get())) open.target = *target;
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  const auto unknown =
    std::find_if(open.event_ids.begin(), open.event_ids.end(), [](const auto& one) { return one.second.empty(); });
  if (unknown != open.event_ids.end()) {
    if (named) unknown->second = named->event_id.empty() ? "?" : named->event_id;
    if (found)
      unknown->second =
        found->events.empty() || found->events[0].judged == store::verdict::rejected ? "?" : unknown->first;
  }
  run();
  return true;
}

} // namespace causeway::room
