#include "actors/answers.hpp"
#include "actors/directory/directory_machine.hpp"

#include "actors/invitation/invitation_machine.hpp"
#include "actors/invitation/invitation_row.hpp"
#include "actors/invitation/shown_invitations.hpp"
#include "actors/room/found_room.hpp"
#include "messages/matrix/base64.hpp"
#include "messages/matrix/identifiers.hpp"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

namespace causeway::directory {
namespace {

using matrix::json::object;

/// A room.create that has not reported back by then has failed.
constexpr time_ms creating_ms_max = 60'000;

} // namespace

directory_machine::directory_machine(const context& node, std::string seed)
    : node_(node), seed_(std::move(seed)), out_({actor_kind::directory, ""}), users_(node) {
  if (seed_.size() < 16) throw std::invalid_argument("directory: at least 16 bytes of seed");
}

effects directory_machine::on(const message& m, time_ms now) {
  out_.set_now(now);
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
  else if (const auto* wanted = std::get_if<invite_admission_wanted>(&m)) admit_invite(*wanted);
  else if (const auto* keys = std::get_if<keys_found>(&m)) notary_keys(*keys);
  else if (const auto* answered = std::get_if<peer_answer>(&m)) alias_answered(*answered);
  else if (const auto* timer = std::get_if<timer_due>(&m); timer && timer->name == "notary") notary_overdue();
  else if (timer && timer->name == "alias") aliases_overdue();
  else if (timer && timer->name == "shared_rooms") {
    shared_rooms_.expire(out_.now());
    answer_shared_rooms();
  } else if (const auto* member = std::get_if<member_told>(&m)) {
    shared_rooms_.answered(*member);
    answer_shared_rooms();
  } else if (const auto* named = std::get_if<room_named>(&m)) name_room(*named);
  else if (const auto* s = std::get_if<status_wanted>(&m))
    out_.send_at_once(s->reply_to, status_told{s->asked, {actor_kind::directory, ""}, describe(now)});
  else if (const auto* a = std::get_if<store_answered>(&m)) {
    if (notary_kept(*a)) return flush();
    if (auto it = reading_.find(a->asked); it != reading_.end()) {
      const auto question = std::move(it->second);
      reading_.erase(it);
      const auto* found = std::get_if<store::invitations_found>(a->answer.get());
      if (!found) {
        fail(question, {fault_code::store_failed, "the invitations cannot be read"});
      } else {
        chat::invitations_answer list;
        for (const auto& i : found->invitations) {
          const auto chat_id = chat_id_by_room_.find(i.room_id);
          list.invitations.push_back(
            invitation::view_of(i, chat_id == chat_id_by_room_.end() ? i.chat_room_id : chat_id->second));
        }
        list.more_invitations = invitation::shorten(list.invitations);
        done(question, list, false);
      }
    }
  }
  return flush();
}

void directory_machine::loaded(const store::directory_loaded& from) {
  shared_rooms_.begin(out_.first_token());
  for (const auto& r : from.rooms) {
    if (!r.listing.empty()) list({r.room_id, r.listing});
    if (node_.federation.profiles_need_shared_room && r.phase == store::room_phase::joined) {
      const auto listing = matrix::json::parse(r.listing.empty() ? "{}" : r.listing);
      shared_rooms_.found(r.room_id, listing ? &*listing : nullptr);
    }
    if (!r.chat_room_id.empty()) {
      room_by_chat_id_[r.chat_room_id] = r.room_id;
      chat_id_by_room_[r.room_id] = r.chat_room_id;
    }
    if (r.has_inbox) out_.send_at_once({actor_kind::room, r.room_id}, passivate{});
  }
  users_.load(from.users);
  // Whoever owes something begins by being spoken to.
  for (const auto& s : from.destinations_owed) out_.send_at_once({actor_kind::remote_server, s}, passivate{});
  for (const auto& [room, user] : from.invitations_pending)
    out_.send_at_once({actor_kind::invitation, invitation::key_of(room, user)}, passivate{});
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

result<std::string> directory_machine::room_of(const std::string& named) const {
  if (named.empty()) return {fault_code::bad_body, "room: is empty"};
  if (named.front() == '!') {
    if (!matrix::is_room_id(named)) return {fault_code::invalid_identifier, "room: " + named + " is no room id"};
    return named;
  }
  auto it = room_by_chat_id_.find(named);
  // A command may follow room.create at once: the room's actor takes them in order.
  if (auto made = creating_.find(named);
      it == room_by_chat_id_.end() && made != creating_.end() && out_.now() - made->second.since < creating_ms_max)
    return made->second.room_id;
  if (it == room_by_chat_id_.end()) return {fault_code::not_found, "room: " + named + " is not known to the broker"};
  return it->second;
}

std::shared_ptr<const std::vector<store::put_user>>
directory_machine::profiles_of(const std::vector<std::string>& user_ids) const {
  auto list = std::make_shared<std::vector<store::put_user>>();
  for (const auto& id : user_ids)
    if (const auto* user = users_.find(id)) list->push_back(*user);
  return list;
}

void directory_machine::command(const command_received& m) {
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

void directory_machine::route(const command_received& m, chat::room_create x) {
  if (x.room.front() == '!' || x.room.front() == '#')
    return fail(m,
                {fault_code::invalid_identifier,
                 "room: the chat server's own id is expected; Matrix ids of rooms begin with '!', aliases with '#'"});
  if (room_by_chat_id_.contains(x.room))
    return fail(m, {fault_code::already_exists, "room: " + x.room + " is bound to " + room_by_chat_id_[x.room]});
  if (auto it = creating_.find(x.room); it != creating_.end() && out_.now() - it->second.since < creating_ms_max)
    return fail(m, {fault_code::overloaded, "room: " + x.room + " is being created by another command"});
  auto creator = x.creator;
  if (!name_local(m, x.creator, "creator")) return; // he exists once all of it is right
  std::vector<std::string> users{x.creator};
  for (auto& member : x.members) {
    if (const auto who = users_.resolve(member); who && who->user_id == x.creator) member = x.creator;
    else if (!name_invited(m, member, "members")) return;
    if (!node_.is_local(member)) {
      if (!x.federated) return fail(m, {fault_code::not_federated, "members: " + member});
      const auto server = matrix::server_name_of(member);
      if (!node_.admits(server))
        return fail(m, {fault_code::server_denied, "members: the configuration excludes " + std::string{server}});
    }
    if (std::find(users.begin(), users.end(), member) == users.end()) users.push_back(member);
  }
  x.members.assign(users.begin() + 1, users.end());
  for (auto& named : x.members_of) {
    auto room = room_of(named);
    if (!room) return fail(m, {room.error().code, "members_of: " + room.error().detail});
    named = *room;
  }
  if (x.type == chat::room_type::dm && x.members.size() != 1)
    return fail(m, {fault_code::bad_body, "members: a dm has exactly one besides its creator"});
  if (x.alias &&
      (x.type != chat::room_type::channel || !matrix::is_room_alias("#" + *x.alias + ":" + node_.server_name)))
    return fail(m, {fault_code::invalid_identifier, "alias: a channel's alias localpart is expected"});
  if (x.alias && aliases_.contains("#" + *x.alias + ":" + node_.server_name))
    return fail(m,
                {fault_code::already_exists, "alias: #" + *x.alias + ":" + node_.server_name + " is another room's"});
  const bool is_being_given = x.alias && std::any_of(creating_.begin(), creating_.end(), [&](const auto& c) {
                                return c.second.alias == *x.alias && out_.now() - c.second.since < creating_ms_max;
                              });
  if (is_being_given)
    return fail(m, {fault_code::already_exists,
                    "alias: #" + *x.alias + ":" + node_.server_name + " is being given to another room"});
  auto create = room::found_room(node_, x, x.creator, next_random(), out_.now());
  if (!create) return fail(m, create.error());
  if (!let_act(m, creator, "creator")) return;
  const auto room_id = (*create)->room_id;
  creating_[x.room] = {room_id, out_.now(), x.alias.value_or("")};
  send({actor_kind::room, room_id}, m, std::move(x), room_id, users, *create);
}

bool directory_machine::know_room(const command_received& m, std::string& room) {
  auto known = room_of(room);
  if (!known) fail(m, known.error());
  else room = *known;
  return bool{known};
}

void directory_machine::route(const command_received& m, chat::invite_send x) {
  if (!know_room(m, x.room) || !name_local(m, x.by, "by") || !name_invited(m, x.user, "user")) return;
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
  if (x.room) {
    auto room = room_of(*x.room);
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

void directory_machine::name_room(const room_named& m) {
  creating_.erase(m.chat_room_id);
  if (m.chat_room_id.empty()) return;
  if (auto it = room_by_chat_id_.find(m.chat_room_id); it != room_by_chat_id_.end() && it->second != m.room_id) {
    out_.log(log_level::warning, "chat room id is bound to another room",
             {{"room", m.chat_room_id}, {"bound_to", it->second}, {"wanted", m.room_id}});
    return;
  }
  const bool news = chat_id_by_room_[m.room_id] != m.chat_room_id;
  room_by_chat_id_[m.chat_room_id] = m.room_id;
  chat_id_by_room_[m.room_id] = m.chat_room_id;
  if (news) out_.send_at_once({actor_kind::room, m.room_id}, m); // it keeps the name on disk
}

std::string directory_machine::describe(time_ms) const {
  return matrix::json::canonical(object{{"rooms_named", static_cast<std::int64_t>(room_by_chat_id_.size())},
                                        {"users", static_cast<std::int64_t>(users_.size())},
                                        {"rooms_being_created", static_cast<std::int64_t>(creating_.size())}});
}

} // namespace causeway::directory
