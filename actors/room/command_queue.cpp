#include "actors/room/command_queue.hpp"

#include "actors/answers.hpp"
#include "actors/room/message_relations.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

namespace causeway::room {

namespace {

/// What the store is asked for a command about an edit or a reaction, the message as it is named; nothing: it is about
/// none.
std::optional<store::load_relations> wanted_relations(const chat::command& body) {
  if (const auto* x = std::get_if<chat::message_edit>(&body)) return {{{}, x->message, x->sender, {}, {}}};
  if (const auto* x = std::get_if<chat::reaction_add>(&body)) return {{{}, x->message, x->user, x->key, {}}};
  if (const auto* x = std::get_if<chat::reaction_remove>(&body)) return {{{}, x->message, x->user, x->key, {}}};
  return {};
}

/// The own id that a command gives to a message; empty: none.
std::string own_id_given(const chat::command& body) {
  if (const auto* x = std::get_if<chat::message_send>(&body)) return x->message;
  if (const auto* x = std::get_if<chat::message_bind>(&body)) return x->as;
  return {};
}

/// Messages that a command about receipts names.
void add_named_messages(const chat::command& body, std::map<std::string, std::string>& to) {
  if (const auto* x = std::get_if<chat::mark_read>(&body)) {
    to[x->message];
    if (x->thread && *x->thread != chat::main_thread) to[*x->thread];
  }
  if (const auto* x = std::get_if<chat::query_receipts>(&body)) to[x->message];
}

} // namespace

void command_queue::run() {
  if (std::exchange(running_, true)) return; // what ended within a command: the loop goes on by itself
  run_waiting();
  running_ = false;
}

bool command_queue::may_run() const { return !commands_.empty() && !is_resolving() && runner_.may_run(); }

void command_queue::run_waiting() {
  while (may_run()) {
    auto& c = commands_.front();
    if (!resolve_names(c)) return;
    auto running = std::move(c);
    commands_.pop_front();
    const trace_scope under{out_, running.command.reference.trace};
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
  }
  if (const auto* x = std::get_if<chat::message_bind>(m.body.get())) c.event_ids[x->message];
  own_id_known(c);
  if (const auto* x = std::get_if<chat::message_delete>(m.body.get())) c.event_ids[x->message];
  add_named_messages(*m.body, c.event_ids);
  if (const auto wanted = wanted_relations(*m.body)) c.event_ids[wanted->target_event_id];
  commands_.push_back(std::move(c));
  run();
}

bool command_queue::own_id_known(queued_command& c) {
  const auto own_id = own_id_given(*c.command.body);
  if (own_id.empty() || names_.find(own_id)) return true;
  if (c.id_asked != 0) return false;
  if (c.id_in_use && (!*c.id_in_use || names_.remembers_since(c.id_asked_at))) return true;
  c.id_asked = pending_.ask_store(store::find_message{room_.id, own_id}, question::own_message_id{});
  c.id_asked_at = names_.bound();
  return false;
}

bool command_queue::resolve_names(queued_command& c) {
  if (!own_id_known(c)) return false;
  const auto* deletion = std::get_if<chat::message_delete>(c.command.body.get());
  const bool store_says_more = deletion || wanted_relations(*c.command.body); // below
  for (auto& [wanted, id] : c.event_ids) {
    if (!id.empty()) continue;
    const bool is_event_id = wanted.front() == '$';
    const auto* known = is_event_id ? room_.graph.find(wanted) : nullptr;
    // Of the room that this one was before it was founded again.
    const bool is_perhaps_former =
      is_event_id && !known && !room_.head.refounded_from.empty() && !c.not_former.contains(wanted);
    if (!is_perhaps_former && (store_says_more ? is_event_id : known != nullptr)) {
      id = wanted;
    } else if (const auto* latest = names_.find(wanted)) {
      id = *latest;
    } else {
      pending_.ask_store(is_event_id && !is_perhaps_former ? store::query{store::load_events{room_.id, {wanted}, false}}
                                                           : store::find_message{room_.id, wanted},
                         question::named_message{});
      return false;
    }
  }
  if (deletion && !c.target) {
    pending_.ask_store(store::load_redaction{room_.id, {}, c.event_ids.at(deletion->message)},
                       question::named_message{});
    return false;
  }
  return resolve_relations(c);
}

bool command_queue::resolve_relations(queued_command& c) {
  auto wanted = wanted_relations(*c.command.body);
  if (!wanted || c.relations) return true;
  const auto& id = c.event_ids.at(wanted->target_event_id);
  if (id == "?") {
    c.relations.emplace();
    return true;
  }
  wanted->room_id = room_.id;
  wanted->target_event_id = id;
  pending_.ask_store(*std::move(wanted), question::named_message{});
  return false;
}

void command_queue::relations_found(queued_command& c, const store::relations_loaded& found) {
  const auto wanted = wanted_relations(*c.command.body);
  const auto to = found.target ? related_of(*found.target->event) : related_event{};
  if (!wanted || !to.is_edit() || std::exchange(c.is_original, true)) c.relations = found;
  else c.event_ids.at(wanted->target_event_id) = to.target_event_id;
}

void command_queue::own_id_answered(token asked, result<std::string> in_use) {
  const auto c =
    std::find_if(commands_.begin(), commands_.end(), [&](const auto& one) { return one.id_asked == asked; });
  if (c == commands_.end()) return;
  c->id_asked = 0;
  c->id_in_use = std::move(in_use);
  run();
}

void command_queue::answered(question::own_message_id, const store_answered& m) {
  if (const auto* named = std::get_if<store::message_found>(m.answer.get()))
    return own_id_answered(m.asked, named->event_id);
  const auto* why = std::get_if<fault>(m.answer.get());
  own_id_answered(
    m.asked,
    why ? *why : fault{fault_code::store_failed, "the store does not say whether the id of the message is in use"});
}

void command_queue::answered(question::own_message_id, const timed_out& m) {
  own_id_answered(m.asked, fault{fault_code::timed_out, "the store did not answer"});
}

void command_queue::fail_first(const fault& why) {
  const auto unread = std::move(commands_.front());
  commands_.pop_front();
  command_failed(out_, unread.command.reference, chat::name(*unread.command.body), why);
  run();
}

void command_queue::answered(question::named_message, const timed_out&) {
  fail_first({fault_code::timed_out, "the store did not answer"});
}

void command_queue::answered(question::named_message, const store_answered& m) {
  if (commands_.empty()) return;
  auto& open = commands_.front();
  if (const auto* why = std::get_if<fault>(m.answer.get())) return fail_first(*why);
  if (const auto* target = std::get_if<store::redaction_loaded>(m.answer.get())) open.target = *target;
  if (const auto* related = std::get_if<store::relations_loaded>(m.answer.get())) relations_found(open, *related);
  const auto* named = std::get_if<store::message_found>(m.answer.get());
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  const auto unknown =
    std::find_if(open.event_ids.begin(), open.event_ids.end(), [](const auto& one) { return one.second.empty(); });
  if (unknown != open.event_ids.end()) {
    if (named && named->event_id.empty() && unknown->first.starts_with('$')) open.not_former.insert(unknown->first);
    else if (named) unknown->second = named->event_id.empty() ? "?" : named->event_id;
    if (found)
      unknown->second =
        found->events.empty() || found->events[0].judged == store::verdict::rejected ? "?" : unknown->first;
  }
  run();
}

std::vector<chat_command> command_queue::take_waiting() {
  std::vector<chat_command> taken;
  // What the store is asked about the first of them concerns nobody any more.
  for (auto& c : std::exchange(commands_, {})) taken.push_back(std::move(c.command));
  return taken;
}

} // namespace causeway::room
