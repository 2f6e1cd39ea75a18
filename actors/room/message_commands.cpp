#include "actors/room/message_commands.hpp"

#include "actors/room/message_content.hpp"
#include "actors/room/message_relations.hpp"
#include "messages/html.hpp"
#include "messages/limits.hpp"
#include "messages/text.hpp"

#include <utility>

namespace causeway::room {
namespace {

using matrix::json::object;

const char* msgtype_of(chat::message_kind x) {
  switch (x) {
  case chat::message_kind::emote: return "m.emote";
  case chat::message_kind::notice: return "m.notice";
  case chat::message_kind::text: break;
  }
  return "m.text";
}

/// What the text of a message says, or that it describes a place.
object content_of_text(const chat::message_send& x) {
  if (x.geo_uri) return {{"msgtype", "m.location"}, {"body", x.text}, {"geo_uri", *x.geo_uri}};
  object content{{"msgtype", msgtype_of(x.kind.value_or(chat::message_kind::text))}, {"body", x.text}};
  if (!x.html) return content;
  content.set("format", "org.matrix.custom.html");
  content.set("formatted_body", html::sanitized(*x.html)); // a slip of the chat server's is nobody's danger
  return content;
}

/// Mentions and relations of one event of a message.
void mark(object& content, const queued_command& c, const chat::message_send& x, bool first) {
  // Nobody is called twice.
  content.set("m.mentions", mentions_content(first ? x.mentions : std::vector<std::string>{}));
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

} // namespace

command_outcome message_commands::run(queued_command& c, const chat::message_send& x) {
  if (x.text.size() + (x.html ? x.html->size() : 0) > limits::authored_content_bytes_max)
    return fault{fault_code::too_large,
                 "text and html exceed " + std::to_string(limits::authored_content_bytes_max) + " bytes"};
  if (room_.graph.membership(x.sender) != matrix::membership::join)
    return fault{fault_code::not_member, x.sender + " is not in the room"};
  for (const auto& [field, named] : {std::pair{"reply_to", &x.reply_to}, std::pair{"thread", &x.thread}})
    if (*named && !(*named)->empty() && c.event_ids.at(**named) == "?")
      return fault{fault_code::not_found, std::string{field} + ": there is no message " + **named + " in this room"};
  if (c.sent.empty() && c.id_in_use && !*c.id_in_use) return c.id_in_use->error();
  const auto* latest = names_.find(x.message);
  if (const auto used = latest ? *latest : c.id_in_use ? **c.id_in_use : std::string{}; c.sent.empty() && !used.empty())
    return fault{fault_code::already_exists,
                 "message: " + x.message + " is " + used + "; to repeat a command, send it under the id it had"};

  if (x.geo_uri && !is_place(*x.geo_uri))
    return fault{fault_code::invalid_param, "geo_uri: " + *x.geo_uri + " is no geo: URI with coordinates"};

  // The text, if there is one, then the files.
  std::vector<object> contents;
  if (text::shows_something(x.text)) contents.push_back(content_of_text(x));
  if (contents.empty() && x.files.empty()) return fault{fault_code::bad_body, "text: has nothing that can be seen"};
  const auto first_file = contents.size();
  for (const auto& f : x.files) contents.push_back(content_of(f));
  for (auto i = c.sent.size(); i < contents.size(); ++i) {
    mark(contents[i], c, x, i == 0);
    auto e = authoring_.author({"m.room.message", x.sender, std::nullopt, std::move(contents[i])});
    if (!e) return failed_like(e);
    if (auto fine = authoring_.commit(*e, {}, i == 0 ? x.message : std::string{}); !fine) return fine.error();
    c.sent.push_back((*e)->event_id);
    if (i > 0 || x.message.empty()) continue;
    // With its first event: while the policy server looks at the next one that is on disk already.
    out_.write(store::bind_message{room_.id, x.message, c.sent.front()});
    names_.bind(x.message, c.sent.front());
  }
  chat::sent_answer sent;
  sent.event_id = c.sent.front();
  sent.file_event_ids.assign(c.sent.begin() + static_cast<std::ptrdiff_t>(first_file), c.sent.end());
  sent.servers = authoring_.deliveries().destinations_of_last();
  return succeeded{sent};
}

command_outcome message_commands::run(const queued_command& c, const chat::message_delete& x) {
  auto refuse = [&](fault_code code, std::string why) { return fault{code, std::move(why)}; };
  const auto& target = c.target->target;
  if (!target || target->judged != store::verdict::accepted)
    return refuse(fault_code::not_found, "message " + x.message);
  if (target->event->is_state()) return refuse(fault_code::invalid_param, x.message + " is no message");
  if (target->event->redacted_because)
    return refuse(fault_code::conflict, "message " + x.message + " is deleted already");
  if (room_.graph.membership(x.by) != matrix::membership::join)
    return refuse(fault_code::not_member, x.by + " is not in the room");
  draft d{"m.room.redaction", x.by, std::nullopt, {}, target->event->event_id};
  if (x.reason && !x.reason->empty()) d.content.set("reason", *x.reason);
  auto e = authoring_.author(d);
  if (!e) return failed_like(e);
  if (!room_.graph.rules().redaction_auth_rule && !matrix::redaction_applies(**e, *target->event, room_.graph.levels()))
    return refuse(fault_code::forbidden,
                  x.by + " is below the room's redact level, and the message is of another server");
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  redactions_.apply(*e, *c.target);
  return succeeded{chat::event_answer{(*e)->event_id}};
}

command_outcome message_commands::run(const queued_command& c, const chat::message_bind& x) {
  const auto& event_id = c.event_ids.at(x.message);
  if (event_id == "?")
    return fault{fault_code::not_found, "message: there is no message " + x.message + " in this room"};
  if (c.id_in_use && !*c.id_in_use) return c.id_in_use->error();
  const auto* latest = names_.find(x.as);
  const auto used = latest ? *latest : c.id_in_use ? **c.id_in_use : std::string{};
  if (!used.empty() && used != event_id) return fault{fault_code::already_exists, "as: " + x.as + " is " + used};
  if (used.empty()) {
    out_.write(store::bind_message{room_.id, x.as, event_id});
    names_.bind(x.as, event_id);
  }
  return succeeded{chat::empty_answer{}};
}

command_outcome message_commands::run(const queued_command&, const chat::typing& x) {
  if (room_.graph.membership(x.user) != matrix::membership::join)
    return fault{fault_code::not_member, x.user + " is not in the room"};
  if (!room_.node.settings().federation.typing) return succeeded{chat::empty_answer{}, false};
  const auto content =
    matrix::json::canonical(object{{"room_id", room_.id}, {"user_id", x.user}, {"typing", x.is_typing}});
  const auto servers = room_.servers();
  for (const auto& server : servers)
    if (server != room_.node.server_name)
      out_.send_at_once({actor_kind::remote_server, server},
                        edu_queued{"m.typing", "typing|" + room_.id + "|" + x.user, content, servers.size()});
  return succeeded{chat::empty_answer{}, false};
}

} // namespace causeway::room
