#include "actors/answers.hpp"
#include "actors/directory/directory_machine.hpp"
#include "actors/directory/invitation_list.hpp"

#include "actors/invitation/invitation_machine.hpp"
#include "actors/invitation/invitation_row.hpp"
#include "messages/matrix/base64.hpp"
#include "messages/matrix/identifiers.hpp"

#include <sodium.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace causeway::directory {
namespace {

using matrix::json::object;

} // namespace

directory_machine::directory_machine(const context& node, std::string seed)
    : node_(node), seed_(std::move(seed)), out_({actor_kind::directory, ""}), names_(out_), users_(node) {
  if (seed_.size() < 16) throw std::invalid_argument("directory: at least 16 bytes of seed");
}

effects directory_machine::on(const message& m, time_ms now) {
  out_.begin(m, now);
  switch (life_.on(m, out_, [] { return store::load_directory{}; })) {
  case incarnation::turn::waits: return flush();
  case incarnation::turn::loaded: {
    loaded(incarnation::state_in<store::directory_loaded>(m, "the directory"));
    auto all = flush();
    for (const auto& waiting : life_.take_deferred()) append(all, on(waiting, now));
    return all;
  }
  case incarnation::turn::runs: break;
  }
  if (const auto* x = std::get_if<command_received>(&m)) command(*x);
  else if (const auto* call = std::get_if<federation_call>(&m)) federation(*call);
  else if (const auto* listed = std::get_if<room_listed>(&m)) list(*listed);
  else if (const auto* wanted = std::get_if<invite_admission_request>(&m)) admit_invite(*wanted);
  else if (const auto* keys = std::get_if<keys_response>(&m)) notary_.answered(*keys);
  else if (const auto* answered = std::get_if<peer_answer>(&m)) {
    if (lookups_.answered(*answered)) return flush();
    if (auto q = remote_aliases_.answered(*answered)) alias_found(std::move(*q));
  } else if (const auto* timer = std::get_if<timer_due>(&m); timer && timer->name == notary::timer) notary_.on_timer();
  else if (timer && timer->name == remote_aliases::timer) {
    while (auto q = remote_aliases_.take_overdue()) alias_found(std::move(*q));
  } else if (timer && timer->name == user_updates::timer) told_.updates.on_timer();
  else if (const auto* told = std::get_if<member_updated>(&m)) told_.updates.updated(*told);
  else if (timer && timer->name == presences::timer) told_.presence.on_timer();
  else if (const auto* seen = std::get_if<chat_server_seen>(&m)) told_.presence.take(*seen);
  else if (const auto* heard = std::get_if<presence_received>(&m))
    told_.presence.take(*heard, lookups_.rooms_shared_with(heard->origin, heard_presence::rooms_max));
  else if (const auto* completed = std::get_if<edu_completed>(&m)) told_.presence.completed(*completed);
  else if (const auto* servers = std::get_if<room_servers_response>(&m)) told_.presence.answered(*servers);
  else if (const auto* joined = std::get_if<local_users_joined>(&m)) {
    told_.updates.joined(*joined);
    told_.presence.joined(*joined);
  } else if (timer && timer->name == timer_kind::direct) directs_overdue();
  else if (const auto* direct = std::get_if<direct_response>(&m)) direct_answered(*direct);
  else if (timer && timer->name == lookups::timer) lookups_.on_timer();
  else if (timer && timer->name == user_asks::timer) asks_overdue();
  else if (timer && timer->name == timer_kind::shared_rooms) {
    shared_rooms_.expire(out_.now());
    answer_shared_rooms();
  } else if (const auto* member = std::get_if<member_response>(&m)) {
    shared_rooms_.answered(*member);
    answer_shared_rooms();
  } else if (const auto* named = std::get_if<room_named>(&m)) {
    claim_alias_of_new(*named);
    names_.name(*named);
  } else if (const auto* succeeded = std::get_if<room_succeeded>(&m)) names_.succeed(*succeeded);
  else if (const auto* s = std::get_if<status_request>(&m))
    out_.send_at_once(s->reply_to, status_response{s->asked, {actor_kind::directory, ""}, describe(now)});
  else if (const auto* a = std::get_if<store_answered>(&m)) {
    if (notary_.answered(*a) || told_.updates.found(*a) || told_.presence.answered(*a) || lookups_.answered(*a))
      return flush();
    if (auto it = reading_.find(a->asked); it != reading_.end()) {
      const auto question = std::move(it->second);
      reading_.erase(it);
      const auto* found = std::get_if<store::invitations_found>(a->answer.get());
      if (!found) {
        fail(question, {fault_code::store_failed, "the invitations cannot be read"});
      } else {
        chat::invitations_answer list;
        for (const auto& i : found->invitations) {
          const auto* chat_id = names_.chat_id_of(i.room_id);
          list.invitations.push_back(invitation::view_of(i, chat_id ? *chat_id : i.chat_room_id));
        }
        list.more_invitations = found->next.has_value();
        if (found->next) list.next = text_of(*found->next);
        done(question, list, false);
      }
    }
  }
  return flush();
}

void directory_machine::loaded(const store::directory_loaded& from) {
  shared_rooms_.begin(out_.first_token());
  // One that is still to be made is no successor yet: the room that makes it has its name until then.
  std::set<std::string_view> made;
  for (const auto& r : from.rooms) made.insert(r.room_id);
  for (const auto& r : from.rooms) {
    const bool is_succeeded = !r.refounded_as.empty() && made.contains(r.refounded_as);
    names_.load(r, is_succeeded);
    if (!r.listing.empty()) list({r.room_id, r.listing});
    if (node_.settings().federation.profiles_need_shared_room && r.phase == store::room_phase::joined) {
      const auto listing = matrix::json::parse(r.listing.empty() ? "{}" : r.listing);
      shared_rooms_.found(r.room_id, listing ? &*listing : nullptr);
    }
    if (r.has_inbox) out_.send_at_once({actor_kind::room, r.room_id}, passivate{});
  }
  users_.load(from.users);
  switching_.load(from.switches);
  told_.updates.load(from.users);
  // Whoever owes something begins by being spoken to.
  for (const auto& s : from.destinations_owed) out_.send_at_once({actor_kind::remote_server, s}, passivate{});
  for (const auto& [room, user] : from.invitations_pending) {
    direct_.invited(room, user);
    out_.send_at_once({actor_kind::invitation, invitation::key_of(room, user)}, passivate{});
  }
}

effects directory_machine::flush() { return out_.take(); }

std::string directory_machine::next_random() {
  unsigned char bytes[18];
  const auto n = ++counter_;
  crypto_generichash(bytes, sizeof bytes, reinterpret_cast<const unsigned char*>(&n), sizeof n,
                     reinterpret_cast<const unsigned char*>(seed_.data()),
                     std::min<std::size_t>(seed_.size(), crypto_generichash_KEYBYTES_MAX));
  return matrix::base64url_encode({reinterpret_cast<const char*>(bytes), sizeof bytes});
}

std::shared_ptr<const std::vector<store::put_user>>
directory_machine::profiles_of(const std::vector<std::string>& user_ids) const {
  auto list = std::make_shared<std::vector<store::put_user>>();
  for (const auto& id : user_ids)
    if (const auto* user = users_.find(id)) list->push_back(*user);
  return list;
}

void directory_machine::command(const command_received& m) {
  if (holds_back(m)) return;
  std::visit([&](const auto& x) { route(m, x); }, *m.body);
}

void directory_machine::send(address to, const command_received& m, chat::command resolved, std::string room_id,
                             const std::vector<std::string>& users, matrix::event_ptr create) {
  out_.send_at_once(std::move(to), chat_command{m.reference, std::make_shared<const chat::command>(std::move(resolved)),
                                                std::move(room_id), std::move(create), profiles_of(users)});
}

void directory_machine::fail(const command_received& m, const fault& why) {
  command_failed(out_, m.reference, chat::name(*m.body), why);
}

void directory_machine::done(const command_received& m, const chat::answer& what, bool keep) {
  command_succeeded(out_, m.reference, chat::name(*m.body), what, keep);
}

bool directory_machine::know_room(const command_received& m, std::string& room) {
  auto known = names_.resolve(room);
  if (!known) fail(m, known.error());
  else room = *known;
  return bool{known};
}

void directory_machine::route(const command_received& m, chat::invite_send x) {
  if (!know_room(m, x.room) || !name_local(m, x.by, "by") || !name_invited(m, x.user, "user")) return;
  if (!node_.is_local(x.user) && !may_federate(m, x.by, "by")) return;
  send({actor_kind::room, x.room}, m, x, x.room, {x.by, x.user});
}

void directory_machine::route(const command_received& m, chat::invite_revoke x) {
  if (!know_room(m, x.room) || !name_local(m, x.by, "by") || !name_user(m, x.user, "user")) return;
  send({actor_kind::room, x.room}, m, x, x.room, {x.by}); // which hands it on, in the order of commands
}

void directory_machine::route(const command_received& m, chat::invite_answer x) {
  // Who was invited may be new to the broker; who says no need not exist for that.
  if (!know_room(m, x.room) || !(x.accept ? let_act(m, x.user, "user") : name_local(m, x.user, "user"))) return;
  send({actor_kind::room, x.room}, m, x, x.room, {x.user});
}

void directory_machine::route(const command_received& m, chat::message_send x) {
  if (!know_room(m, x.room) || !name_local(m, x.sender, "sender")) return;
  for (auto& u : x.mentions)
    if (u != "@room" && !name_user(m, u, "mentions")) return;
  if (x.message.starts_with('$'))
    return fail(m, {fault_code::invalid_identifier,
                    "message: the chat server's own id is expected; Matrix ids of events begin with '$'"});
  const auto room = x.room;
  send({actor_kind::room, room}, m, std::move(x), room, {});
}

void directory_machine::route(const command_received& m, chat::message_delete x) {
  if (!know_room(m, x.room) || !name_local(m, x.by, "by")) return;
  const auto room = x.room;
  send({actor_kind::room, room}, m, std::move(x), room, {});
}

void directory_machine::route(const command_received& m, chat::member_leave x) {
  if (!know_room(m, x.room) || !name_local(m, x.user, "user")) return;
  send({actor_kind::room, x.room}, m, x, x.room, {});
}

void directory_machine::route(const command_received& m, chat::typing x) {
  if (!know_room(m, x.room) || !name_local(m, x.user, "user")) return;
  send({actor_kind::room, x.room}, m, x, x.room, {});
}

template <class Command>
void directory_machine::act(const command_received& m, Command x, std::string Command::*actor, const char* actor_field,
                            std::string Command::*target) {
  if (!know_room(m, x.room) || !name_local(m, x.*actor, actor_field) || (target && !name_user(m, x.*target, "user")))
    return;
  const auto room = x.room;
  send({actor_kind::room, room}, m, std::move(x), room, {});
}

void directory_machine::route(const command_received& m, chat::member_kick x) {
  act(m, std::move(x), &chat::member_kick::by, "by", &chat::member_kick::user);
}

void directory_machine::route(const command_received& m, chat::member_ban x) {
  act(m, std::move(x), &chat::member_ban::by, "by", &chat::member_ban::user);
}

void directory_machine::route(const command_received& m, chat::member_unban x) {
  act(m, std::move(x), &chat::member_unban::by, "by", &chat::member_unban::user);
}

void directory_machine::route(const command_received& m, chat::member_set_role x) {
  act(m, std::move(x), &chat::member_set_role::by, "by", &chat::member_set_role::user);
}

void directory_machine::route(const command_received& m, chat::room_set_name x) {
  act(m, std::move(x), &chat::room_set_name::by, "by");
}

void directory_machine::route(const command_received& m, chat::room_set_topic x) {
  act(m, std::move(x), &chat::room_set_topic::by, "by");
}

void directory_machine::route(const command_received& m, chat::room_set_avatar x) {
  act(m, std::move(x), &chat::room_set_avatar::by, "by");
}

void directory_machine::route(const command_received& m, chat::room_remove x) {
  act(m, std::move(x), &chat::room_remove::by, "by");
}

void directory_machine::route(const command_received& m, chat::room_upgrade x) {
  if (!know_room(m, x.room) || !name_local(m, x.by, "by")) return;
  const auto room = x.room;
  const std::vector<std::string> users{x.by};
  out_.send_at_once({actor_kind::room, room},
                    chat_command{m.reference, std::make_shared<const chat::command>(std::move(x)), room, nullptr,
                                 profiles_of(users), next_random()});
}

void directory_machine::route(const command_received& m, chat::message_bind x) {
  if (!know_room(m, x.room)) return;
  if (x.as.starts_with('$'))
    return fail(m, {fault_code::invalid_identifier,
                    "as: the chat server's own id is expected; Matrix ids of events begin with '$'"});
  const auto room = x.room;
  send({actor_kind::room, room}, m, std::move(x), room, {});
}

void directory_machine::route(const command_received& m, chat::reaction_add x) {
  act(m, std::move(x), &chat::reaction_add::user, "user");
}

void directory_machine::route(const command_received& m, chat::reaction_remove x) {
  act(m, std::move(x), &chat::reaction_remove::user, "user");
}

void directory_machine::route(const command_received& m, chat::message_edit x) {
  for (auto& u : x.mentions)
    if (u != "@room" && !name_user(m, u, "mentions")) return;
  act(m, std::move(x), &chat::message_edit::sender, "sender");
}

void directory_machine::route(const command_received& m, chat::mark_read x) {
  act(m, std::move(x), &chat::mark_read::user, "user");
}

template <class Query>
void directory_machine::list_after(const command_received& m, Query x) {
  if (!know_room(m, x.room) || (x.after && !name_user(m, *x.after, "after"))) return;
  const auto room = x.room;
  send({actor_kind::room, room}, m, std::move(x), room, {});
}

void directory_machine::route(const command_received& m, chat::query_receipts x) { list_after(m, std::move(x)); }

void directory_machine::route(const command_received& m, chat::query_read_positions x) { list_after(m, std::move(x)); }

void directory_machine::route(const command_received& m, chat::query_can x) {
  if (!know_room(m, x.room) || !name_local(m, x.user, "user") || (x.target && !name_user(m, *x.target, "target")))
    return;
  const auto room = x.room;
  const std::vector<std::string> named{x.user, x.target.value_or("")};
  send({actor_kind::room, room}, m, std::move(x), room, named);
}

void directory_machine::route(const command_received& m, chat::query_banned x) { list_after(m, std::move(x)); }

void directory_machine::route(const command_received& m, chat::query_room x) {
  if (!know_room(m, x.room) ||
      (x.members_after && !x.members_after->starts_with('@') && !name_user(m, *x.members_after, "members_after")))
    return;
  send({actor_kind::room, x.room}, m, x, x.room, {});
}

void directory_machine::route(const command_received& m, const chat::media_put&) {
  out_.send_at_once({actor_kind::media, ""}, m);
}

void directory_machine::route(const command_received& m, const chat::media_get&) {
  out_.send_at_once({actor_kind::media, ""}, m);
}

void directory_machine::route(const command_received& m, chat::query_invitations x) {
  store::find_invitations q;
  q.which = x.open_only ? store::invitations_wanted::open : store::invitations_wanted::all;
  if (x.after) {
    q.after = place_of(*x.after);
    if (!q.after) return fail(m, {fault_code::invalid_param, "after: not the `next` of an answer"});
  }
  if (x.room) {
    auto room = names_.resolve(*x.room);
    if (!room) return fail(m, room.error());
    q.room_id = *room;
  }
  if (x.user) {
    if (!name_user(m, *x.user, "user")) return;
    q.user_id = *x.user;
  }
  const auto asked = out_.next_token();
  out_.ask(asked, std::move(q));
  reading_.emplace(asked, m);
}

std::string directory_machine::describe(time_ms) const {
  return matrix::json::canonical(object{{"rooms_named", static_cast<std::int64_t>(names_.size())},
                                        {"users", static_cast<std::int64_t>(users_.size())},
                                        {"users_updated", static_cast<std::int64_t>(told_.updates.size())},
                                        {"users_asked_for", static_cast<std::int64_t>(asks_.size())},
                                        {"rooms_being_created", static_cast<std::int64_t>(names_.creating())}});
}

} // namespace causeway::directory
