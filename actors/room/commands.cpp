// Commands of the chat server about this room: one after the other, in the order sent.
#include "actors/room/message_content.hpp"
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/text.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

using matrix::json::object;

} // namespace

void room_machine::run_commands() {
  if (std::exchange(running_commands_, true)) return; // what ended within a command: the loop goes on by itself
  run_waiting_commands();
  running_commands_ = false;
}

bool room_machine::may_run_commands() const {
  return !commands_.empty() && !resolving_ && withdrawing_.empty() && !command_joins_ && (!own_policy_ || own_policy_->outcome);
}

void room_machine::run_waiting_commands() {
  while (may_run_commands()) {
    auto& c = commands_.front();
    if (!resolve_names(c)) return;
    author_waits_ = run_again_ = false;
    const auto running = std::move(c);
    commands_.pop_front();
    const bool creates = std::holds_alternative<chat::room_create>(*running.command.body);
    const auto* what = chat::name(*running.command.body);
    if (const auto* user = user_of_invitation(*running.command.body)) {
      // They are the invitation's; they come this way so that they cannot overtake the invite.send before them.
      out_.send({actor_kind::invitation, room_id_ + "|" + *user}, running.command);
      continue;
    }
    if (std::holds_alternative<chat::room_join>(*running.command.body)) {
      std::visit([&](const auto& x) { run(running, x); }, *running.command.body);
      continue;
    }
    if (!creates && !exists_) {
      failed(running.command.reference, what, {fault_code::not_found, "room " + room_id_});
      continue;
    }
    if (!creates && head_.phase != store::room_phase::joined && !std::holds_alternative<chat::query_room>(*running.command.body)) {
      failed(running.command.reference, what, {fault_code::not_member, "nobody of this server is in the room any more"});
      continue;
    }
    std::visit([&](const auto& x) { run(running, x); }, *running.command.body);
    if (std::exchange(run_again_, false)) {
      commands_.push_front(running);
      return;
    }
  }
}

const std::string* room_machine::user_of_invitation(const chat::command& body) const {
  if (const auto* x = std::get_if<chat::invite_revoke>(&body)) return &x->user;
  if (const auto* x = std::get_if<chat::invite_answer>(&body)) return &x->user;
  if (const auto* x = std::get_if<chat::knock_retract>(&body)) return &x->user;
  // Where none of us is in the room, another server has to be asked, perhaps for days.
  const auto* knock = std::get_if<chat::room_knock>(&body);
  return knock && !(exists_ && head_.phase == store::room_phase::joined) ? &knock->user : nullptr;
}

template <class T>
void room_machine::run(const queued_command& c, const T& x) {
  failed(c.command.reference, x.name, {fault_code::internal, "the room does not handle this command"});
}

void room_machine::run(const queued_command& c, const chat::message_send& x) {
  if (x.text.size() + (x.html ? x.html->size() : 0) > limits::authored_content_bytes_max)
    return failed(c.command.reference, x.name, {fault_code::too_large, "text and html exceed " + std::to_string(limits::authored_content_bytes_max) + " bytes"});
  if (graph_.membership(x.sender) != "join") return failed(c.command.reference, x.name, {fault_code::not_member, x.sender + " is not in the room"});
  for (const auto& [field, named] : {std::pair{"reply_to", &x.reply_to}, std::pair{"thread", &x.thread}})
    if (*named && !(*named)->empty() && c.event_ids.at(**named) == "?")
      return failed(c.command.reference, x.name, {fault_code::not_found, std::string{field} + ": there is no message " + **named + " in this room"});
  if (c.id_in_use && !*c.id_in_use) return failed(c.command.reference, x.name, c.id_in_use->error());
  const auto* latest = message_names_.find(x.message);
  if (const auto used = latest ? *latest : c.id_in_use ? **c.id_in_use : std::string{}; !used.empty())
    return failed(c.command.reference, x.name, {fault_code::already_exists, "message: " + x.message + " is " + used +
                                                                              "; to repeat a command, send it under the id it had"});

  // The text, if there is one, then the files.
  std::vector<object> contents;
  if (text::shows_something(x.text)) {
    object content{{"msgtype", "m.text"}, {"body", x.text}};
    if (x.html) {
      content.set("format", "org.matrix.custom.html");
      content.set("formatted_body", *x.html);
    }
    contents.push_back(std::move(content));
  }
  if (contents.empty() && x.files.empty()) return failed(c.command.reference, x.name, {fault_code::bad_body, "text: has nothing that can be seen"});
  const auto first_file = contents.size();
  for (const auto& f : x.files) contents.push_back(content_of(f));
  chat::sent_answer sent;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    mark(contents[i], c, x, i == 0);
    auto e = author({"m.room.message", x.sender, std::nullopt, std::move(contents[i])});
    if (!e) return failed(c.command.reference, x.name, e.error());
    if (auto fine = commit_local(*e, {}, i == 0 ? x.message : std::string{}); !fine) return failed(c.command.reference, x.name, fine.error());
    if (i == 0) sent.event_id = (*e)->event_id;
    if (i >= first_file) sent.file_event_ids.push_back((*e)->event_id);
  }
  if (!x.message.empty()) {
    out_.write(store::bind_message{room_id_, x.message, sent.event_id});
    message_names_.bind(x.message, sent.event_id);
  }
  done(c.command.reference, x.name, sent);
}

void room_machine::mark(object& content, const queued_command& c, const chat::message_send& x, bool first) const {
  object mentions;
  matrix::json::array users;
  for (const auto& u : x.mentions) {
    if (!first) break; // nobody is called twice
    if (u == "@room") mentions.set("room", true);
    else users.emplace_back(u);
  }
  if (!users.empty()) mentions.set("user_ids", std::move(users));
  content.set("m.mentions", std::move(mentions));
  object relates;
  const bool replies = first && x.reply_to && !x.reply_to->empty();
  if (x.thread && !x.thread->empty()) {
    relates.set("rel_type", "m.thread");
    relates.set("event_id", c.event_ids.at(*x.thread));
    relates.set("is_falling_back", !replies);
  }
  if (replies) relates.set("m.in_reply_to", object{{"event_id", c.event_ids.at(*x.reply_to)}});
  if (!relates.empty()) content.set("m.relates_to", std::move(relates));
}

void room_machine::run(const queued_command& c, const chat::member_leave& x) {
  object content{{"membership", "leave"}};
  if (x.reason) content.set("reason", *x.reason);
  if (graph_.membership(x.user) != "join") return failed(c.command.reference, x.name, {fault_code::not_member, x.user + " is not in the room"});
  if (withdraws_first(c, x.user)) return;
  auto e = author({"m.room.member", x.user, x.user, std::move(content)});
  if (!e) return failed(c.command.reference, x.name, e.error());
  // Who joined through others a moment ago has him as a member, and would be told by nobody once we have left.
  if (auto fine = commit_local(*e, servers_arriving()); !fine) return failed(c.command.reference, x.name, fine.error());
  done(c.command.reference, x.name, chat::empty_answer{});
}

void room_machine::run(const queued_command& c, const chat::typing& x) {
  if (graph_.membership(x.user) != "join") return failed(c.command.reference, x.name, {fault_code::not_member, x.user + " is not in the room"});
  const auto content = matrix::json::canonical(object{{"room_id", room_id_}, {"user_id", x.user}, {"typing", x.is_typing}});
  for (const auto& server : servers_in_room())
    if (server != node_.server_name)
      out_.send_at_once({actor_kind::remote_server, server}, edu_queued{"m.typing", "typing|" + room_id_ + "|" + x.user, content});
  done(c.command.reference, x.name, chat::empty_answer{}, false);
}

void room_machine::run(const queued_command& c, const chat::query_room& x) {
  chat::room_view view;
  view.room = head_.chat_room_id;
  view.matrix_room_id = room_id_;
  view.room_version = head_.room_version;
  view.type = room_type();
  auto text = [&](const char* type, const char* key) {
    auto e = graph_.state_event(type);
    const auto* v = e ? e->content().find(key) : nullptr;
    return v && v->as_string() ? *v->as_string() : std::string{};
  };
  view.room_name = text("m.room.name", "name");
  view.topic = text("m.room.topic", "topic");
  const auto levels = graph_.levels();
  const auto& state = *graph_.current().state;
  for (auto it = state.upper_bound({"m.room.member", x.members_after.value_or("")}); it != state.end() && it->first.first == "m.room.member"; ++it) {
    if (view.members.size() == chat::listed_members_max) {
      view.more_members = true;
      break;
    }
    const auto* n = graph_.find(it->second);
    if (!n) continue;
    const auto& e = n->event;
    const auto* shown = e->content().find("displayname");
    const auto power = levels.of_user(*e->state_key);
    view.members.push_back({*e->state_key, std::string{e->membership()}, shown && shown->as_string() ? *shown->as_string() : std::string{},
                            power == matrix::infinite_power ? limits::canonical_integer_max : power});
  }
  const auto asked = out_.next_token(); // the states of invitations are the invitation actors': the store has their word
  out_.ask(asked, store::find_invitations{room_id_, {}});
  viewing_.emplace(asked, std::pair{c.command.reference, std::move(view)});
}

void room_machine::done(const command_reference& ref, std::string command_name, const chat::answer& what, bool keep) {
  author_waits_ = false;
  auto body = chat::encode(what);
  if (keep && !ref.command_id.empty()) out_.write(store::put_command_result{ref.command_id, std::move(command_name), true, body, out_.now()});
  out_.send({actor_kind::session, ref.session}, command_done{ref, true, std::move(body)});
}

void room_machine::failed(const command_reference& ref, std::string command_name, const fault& why) {
  if (author_waits_) {
    run_again_ = true;
    return;
  }
  auto body = chat::encode(why);
  // A final refusal is an answer like any other and kept; what may be repeated is not.
  if (!info(why.code).retryable && !ref.command_id.empty())
    out_.write(store::put_command_result{ref.command_id, std::move(command_name), false, body, out_.now()});
  out_.send({actor_kind::session, ref.session}, command_done{ref, false, std::move(body)});
}

} // namespace causeway::room
