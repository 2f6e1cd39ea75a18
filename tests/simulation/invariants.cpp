// What must be true when everything has healed and come to rest.
#include "tests/simulation/broker.hpp"
#include "tests/simulation/chat_server.hpp"
#include "tests/simulation/scenario.hpp"

#include "actors/room/roles.hpp"
#include "messages/matrix/auth_rules.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace causeway::simulation {
namespace {

/// History fetched after a join ends here (config: room.backfill_on_join); what lies before is not promised.
constexpr std::int64_t history_max = 190;

struct room_at {
  store::put_room head;
  matrix::state_map state;
  std::map<std::string, matrix::event_ptr> events; ///< state events by id
  bool joined() const { return head.phase == store::room_phase::joined; }
  bool is_public() const {
    auto it = state.find({"m.room.join_rules", ""});
    auto e = it == state.end() ? events.end() : events.find(it->second);
    if (e == events.end()) return false;
    const auto* rule = e->second->source.find("content")->find_string("join_rule");
    return rule && *rule == "public";
  }
  /// What is in force of a state without a key; null: nothing.
  const matrix::event* event_at(const std::string& type) const {
    const auto it = state.find({type, ""});
    const auto e = it == state.end() ? events.end() : events.find(it->second);
    return e == events.end() ? nullptr : e->second.get();
  }
  room::role_scale roles(bool is_ours) const {
    return {event_at("m.room.create"), event_at(room::levels_type), is_ours};
  }
  /// Whether that change of the levels was made by who knew of this one.
  bool follows(const matrix::event& levels, const std::string& earlier) const {
    const auto* e = &levels;
    while (e) {
      if (e->event_id == earlier) return true;
      const matrix::event* before = nullptr;
      for (const auto& id : e->auth_events)
        if (const auto it = events.find(id); it != events.end() && it->second->type == room::levels_type)
          before = it->second.get();
      e = before;
    }
    return false;
  }
  /// Whether it is by this invite that the user is a member.
  bool has_joined_by(const std::string& user, const std::string& invite) const {
    const auto it = state.find({"m.room.member", user});
    const auto e = it == state.end() ? events.end() : events.find(it->second);
    const auto* rules = matrix::find_room_version(head.room_version);
    const auto cited =
      rules ? matrix::parse_event(invite, *rules) : result<matrix::event_ptr>{fault_code::internal, ""};
    return e != events.end() && cited && e->second->membership() == matrix::membership::join &&
           std::ranges::count(e->second->auth_events, (*cited)->event_id) > 0;
  }
  std::string membership(const std::string& user) const {
    auto it = state.find({"m.room.member", user});
    if (it == state.end()) return {};
    auto e = events.find(it->second);
    return e == events.end() ? std::string{} : std::string{name(e->second->membership())};
  }
};

class inspection {
public:
  explicit inspection(world& w) : world_(w) {}
  void run() {
    gather();
    for (std::size_t i = 0; i < world_.size(); ++i) {
      nothing_is_stuck(i);
      messages_arrived(i);
      deletions_arrived(i);
    }
    rooms_agree();
    invitations_agree();
    if (world_.has_receipts) markers_arrived();
    if (world_.has_people)
      for (std::size_t i = 0; i < world_.size(); ++i) {
        banned_are_not_heard(i);
        members_are_told(i);
        edits_count(i);
        reactions_are_told(i);
        roles_are_told(i);
        drifts_have_a_cause(i);
      }
  }

private:
  void gather();
  void nothing_is_stuck(std::size_t i);
  void messages_arrived(std::size_t i);
  void deletions_arrived(std::size_t i);
  void rooms_agree();
  void invitations_agree();
  void markers_arrived();
  void banned_are_not_heard(std::size_t i);
  void members_are_told(std::size_t i);
  void edits_count(std::size_t i);
  void reactions_are_told(std::size_t i);
  void roles_are_told(std::size_t i);
  void drifts_have_a_cause(std::size_t i);
  void drift_has_a_cause(std::size_t i, const room_at& here, const chat::permission_drift& x);
  /// What is stored of an event; null: nothing, or it is not accepted.
  matrix::event_ptr accepted(std::size_t i, const std::string& room_id, const std::string& event_id) const;
  /// Whether what is told of that room here can be held against what is there: we are in it, and have never been out.
  bool is_member_throughout(std::size_t i, const std::string& room_id) const;
  const room_at* room(std::size_t i, const std::string& id) const {
    auto it = rooms_[i].find(id);
    return it == rooms_[i].end() ? nullptr : &it->second;
  }
  std::optional<std::size_t> server_of(std::string_view user) const {
    const auto name = matrix::server_name_of(user);
    for (std::size_t i = 0; i < world_.size(); ++i)
      if (world_.at(i).server_name() == name) return i;
    return std::nullopt;
  }
  /// Whether an invitation's answer to the join may have been lost for good: the server he was to join through, the
  /// only one he knows of, has no member in the room any more.
  bool door_closed(std::size_t i, const std::string& room_id, const std::string& user) const {
    const auto found = world_.at(i).read_as<store::invitations_found>(store::find_invitations{room_id, user});
    if (found.invitations.empty() || found.invitations.front().direction != invitation_direction::incoming ||
        found.invitations.front().state == invitation_state::accepted)
      return false;
    const auto by = server_of(found.invitations.front().inviter);
    const auto* door = by ? room(*by, room_id) : nullptr;
    return door && !door->joined();
  }
  /// Whether somebody else has ever ended this user's membership.
  static bool was_thrown_out(const room_at& r, const std::string& user) {
    return std::any_of(r.events.begin(), r.events.end(), [&](const auto& e) {
      const auto& x = *e.second;
      return x.type == "m.room.member" && x.state_key && *x.state_key == user && x.sender != user &&
             (x.membership() == matrix::membership::leave || x.membership() == matrix::membership::ban);
    });
  }
  /// Whether somebody has ever given this user a level that is not enough to speak.
  static bool was_silenced(const room_at& r, const std::string& user) {
    const auto* create = r.event_at("m.room.create");
    return std::ranges::any_of(r.events, [&](const auto& e) {
      if (!create || e.second->type != room::levels_type) return false;
      const matrix::power_levels levels{create, e.second.get()};
      return levels.of_user(user) < levels.of_event("m.room.message", false);
    });
  }
  const std::string& name(std::size_t i) const { return world_.at(i).server_name(); }

  world& world_;
  std::vector<std::map<std::string, room_at>> rooms_;
};

void inspection::gather() {
  rooms_.resize(world_.size());
  for (std::size_t i = 0; i < world_.size(); ++i)
    for (const auto& r : world_.at(i).read_as<store::directory_loaded>(store::load_directory{}).rooms) {
      auto found = world_.at(i).read_as<store::room_loaded>(store::load_room{r.room_id});
      if (!found.exists) continue;
      room_at x;
      x.head = found.room;
      if (auto it = found.state_groups.find(found.room.state_group); it != found.state_groups.end())
        x.state = *it->second;
      for (const auto& e : found.state_events) x.events[e.event->event_id] = e.event;
      if (!found.inbox.empty())
        world_.violation(name(i) + ": " + std::to_string(found.inbox.size()) + " events are still staged in " +
                         r.room_id);
      if (x.joined() && !found.room.history_from.empty())
        world_.violation(name(i) + ": history of " + r.room_id + " is still to be fetched");
      rooms_[i].emplace(r.room_id, std::move(x));
    }
}

void inspection::nothing_is_stuck(std::size_t i) {
  auto& b = world_.at(i);
  for (const auto& [who, text] : b.actors()) {
    // Rooms and servers without work end; whoever is still there waits for something that does not come.
    if (who.kind == actor_kind::room || who.kind == actor_kind::remote_server)
      world_.violation(b.server_name() + ": " + to_string(who) + " does not come to rest: " + text);
    if (who == address{actor_kind::verifier, ""} && text.find("\"questions_open\":0") == std::string::npos)
      world_.violation(b.server_name() + ": the verifier does not come to rest: " + text);
  }
  for (std::size_t j = 0; j < world_.size(); ++j) {
    if (i == j) continue;
    const auto owed = b.read_as<store::destination_loaded>(store::load_destination{name(j)});
    if (!owed.pdus.empty() || !owed.destination.transaction_id.empty())
      world_.violation(b.server_name() + " still owes " + std::to_string(owed.pdus.size()) + " events to " + name(j));
  }
  for (const auto& c : world_.chat(i).unanswered()) world_.violation(b.server_name() + ": no RESULT: " + c);
  if (b.failures() == 0 && b.open_requests() > 0)
    world_.violation(b.server_name() + ": " + std::to_string(b.open_requests()) +
                     " requests of other servers were never answered");
}

void inspection::messages_arrived(std::size_t i) {
  // Every message at most once, in the order of its sender's server: live ones among themselves, history among itself.
  std::map<std::string, int> times;
  std::map<std::string, std::vector<std::pair<std::string, bool>>> by_sender;
  for (const auto& h : world_.chat(i).notifications())
    if (const auto* m = std::get_if<chat::message_received>(&h.what)) {
      if (++times[m->event_id] == 2)
        world_.violation(name(i) + ": message \"" + m->text + "\" of " + m->sender + " arrived twice");
      by_sender[m->matrix_room_id + "|" + m->sender].emplace_back(m->event_id, m->historical);
    }
  for (const auto& [key, list] : by_sender) {
    const auto bar = key.rfind("|@");
    const auto from = server_of(key.substr(bar + 1));
    std::int64_t last[2] = {0, 0};
    for (const auto& [event_id, historical] : list) {
      // Who has the deletion already tells what it left, and the whole may come later from who had queued it: it is
      // shown then, until the deletion comes here too.
      if (world_.chat(*from).deleted_messages().contains(event_id)) continue;
      auto found =
        world_.at(*from).read_as<store::events_loaded>(store::load_events{key.substr(0, bar), {event_id}, false});
      if (found.events.empty()) {
        world_.violation(name(i) + ": message " + event_id + " is unknown to its own server");
        continue;
      }
      const auto position = found.events.front().position;
      if (position <= last[historical])
        world_.violation(name(i) + ": messages of " + key + " arrived out of order (" + event_id + ")");
      last[historical] = position;
    }
  }
  for (std::size_t j = 0; j < world_.size(); ++j) {
    if (i == j) continue;
    for (const auto& m : world_.chat(j).acknowledged_messages()) {
      const auto* here = room(i, m.matrix_room_id);
      if (!here || !here->joined() || world_.excused().contains(m.matrix_room_id) ||
          here->head.last_position - here->head.first_position > history_max)
        continue;
      if (world_.chat(j).deleted_messages().contains(m.event_id)) continue; // shown or not, as it came
      // He was thrown out, or muted, where it was not yet known at his server: what he said meanwhile is kept and not
      // shown, nor handed to who came later.
      bool soft_failed = false;
      for (std::size_t k = 0; k < world_.size(); ++k) {
        const auto found =
          world_.at(k).read_as<store::events_loaded>(store::load_events{m.matrix_room_id, {m.event_id}, false});
        if (k == i && !found.events.empty()) {
          soft_failed = found.events.front().judged == store::verdict::soft_failed;
          break;
        }
        soft_failed =
          soft_failed || (!found.events.empty() && found.events.front().judged == store::verdict::soft_failed);
      }
      if (soft_failed && here->state.contains({"m.room.member", m.sender}) &&
          (was_thrown_out(*here, m.sender) || was_silenced(*here, m.sender)))
        continue;
      if (!times.contains(m.event_id))
        world_.violation(name(i) + ": message \"" + m.text + "\" of " + m.sender + " in " + m.matrix_room_id +
                         " never arrived (" + m.event_id + ")");
    }
  }
}

void inspection::deletions_arrived(std::size_t i) {
  for (std::size_t j = 0; j < world_.size(); ++j)
    for (const auto& m : world_.chat(j).acknowledged_messages()) {
      const auto deleted = world_.chat(j).deleted_messages().find(m.event_id);
      const auto* here = room(i, m.matrix_room_id);
      if (deleted == world_.chat(j).deleted_messages().end() || !here || !here->joined()) continue;
      const auto found = world_.at(i).read_as<store::events_loaded>(
        store::load_events{m.matrix_room_id, {m.event_id, deleted->second}, false});
      // Where the deletion was taken in, nothing may be left to read.
      const bool taken = std::any_of(found.events.begin(), found.events.end(), [&](const auto& e) {
        return e.event->event_id == deleted->second && e.judged == store::verdict::accepted;
      });
      for (const auto& e : found.events)
        if (e.event->event_id == m.event_id && taken && !e.event->content().empty())
          world_.violation(name(i) + ": message \"" + m.text + "\" of " + m.sender + " in " + m.matrix_room_id +
                           " was deleted and can still be read (" + m.event_id + ")");
    }
}

void inspection::markers_arrived() {
  // Everybody has read the newest message a while ago, and everything is healed.
  for (std::size_t i = 0; i < world_.size(); ++i) {
    for (const auto& debt : world_.at(i).read_as<store::receipt_debts_loaded>(store::load_receipt_debts{}).debts)
      world_.violation(name(i) + " still owes receipts to " + debt.server_name);
    for (const auto& [id, here] : rooms_[i]) {
      if (!here.joined() || world_.excused().contains(id)) continue;
      for (const auto& x : world_.at(i).read_as<store::readers_found>(store::find_readers{id, "", ""}).readers) {
        const auto& marker = x.marker;
        if (server_of(marker.user_id) != i || here.membership(marker.user_id) != "join") continue;
        const auto mine = world_.at(i).read_as<store::receipts_loaded>(store::load_receipts{id, {marker.user_id}, {}});
        const auto newest = std::find_if(mine.receipts.begin(), mine.receipts.end(),
                                         [](const auto& r) { return r.thread.empty() && !r.is_private; });
        if (newest == mine.receipts.end() || newest->change == 0) continue;
        for (std::size_t j = 0; j < world_.size(); ++j) {
          const auto* there = room(j, id);
          if (i == j || !there || !there->joined() || there->membership(marker.user_id) != "join") continue;
          const auto theirs = world_.at(j).read_as<store::receipts_loaded>(
            store::load_receipts{id, {marker.user_id}, {newest->event_id}});
          if (theirs.places.empty()) continue; // not shown there
          const bool is_told = std::any_of(theirs.receipts.begin(), theirs.receipts.end(), [&](const auto& r) {
            return r.thread.empty() && !r.is_private && r.position >= theirs.places.front().position;
          });
          if (!is_told)
            world_.violation(name(j) + " does not know that " + marker.user_id + " has read " + id + " up to " +
                             newest->event_id);
        }
      }
    }
  }
}

matrix::event_ptr inspection::accepted(std::size_t i, const std::string& room_id, const std::string& event_id) const {
  const auto found = world_.at(i).read_as<store::events_loaded>(store::load_events{room_id, {event_id}, false});
  if (found.events.empty() || found.events.front().judged != store::verdict::accepted) return nullptr;
  return found.events.front().event;
}

bool inspection::is_member_throughout(std::size_t i, const std::string& room_id) const {
  const auto* here = room(i, room_id);
  if (!here || !here->joined() || world_.excused().contains(room_id) ||
      here->head.last_position - here->head.first_position > history_max)
    return false;
  return std::ranges::none_of(world_.chat(i).notifications(), [&](const auto& h) {
    const auto* x = std::get_if<chat::room_removed_for>(&h.what);
    return x && x->matrix_room_id == room_id;
  });
}

void inspection::banned_are_not_heard(std::size_t i) {
  std::set<std::pair<std::string, std::string>> banned; // room, user
  for (const auto& h : world_.chat(i).notifications()) {
    if (const auto* x = std::get_if<chat::member_changed>(&h.what)) {
      if (x->membership == "ban") banned.emplace(x->matrix_room_id, x->user);
      else banned.erase({x->matrix_room_id, x->user});
    }
    const auto* m = std::get_if<chat::message_received>(&h.what);
    if (m && !m->historical && banned.contains({m->matrix_room_id, m->sender}))
      world_.violation(name(i) + ": message \"" + m->text + "\" of " + m->sender + " in " + m->matrix_room_id +
                       " is shown, who was told to be banned before");
  }
}

void inspection::members_are_told(std::size_t i) {
  for (const auto& [id, known] : world_.chat(i).rooms()) {
    const auto* here = room(i, id);
    if (!here || world_.excused().contains(id)) continue;
    for (const auto& [key, event_id] : here->state) {
      if (key.first != "m.room.member" || server_of(key.second) != i) continue;
      const bool is_in = here->joined() && here->membership(key.second) == "join";
      if (is_in != known.joined.contains(key.second))
        world_.violation(name(i) + ": " + key.second + " is " + here->membership(key.second) + " in " + id +
                         ", the chat server was told otherwise");
    }
  }
}

void inspection::edits_count(std::size_t i) {
  // The last word about a message is the latest edit of it that is in the room, for whoever reads it.
  std::map<std::string, std::string> told; // message -> edit told last
  for (const auto& h : world_.chat(i).notifications())
    if (const auto* x = std::get_if<chat::message_edited>(&h.what)) told[x->event_id] = x->edit_event_id;
  for (std::size_t j = 0; j < world_.size(); ++j) {
    std::map<std::string, matrix::event_ptr> latest; // message -> edit
    for (const auto& x : world_.chat(j).edits()) {
      if (!is_member_throughout(i, x.matrix_room_id)) continue;
      const auto edit = accepted(i, x.matrix_room_id, x.event_id);
      const auto target = accepted(i, x.matrix_room_id, x.target);
      if (!edit || !target || edit->content().empty() || target->content().empty()) continue;
      auto& last = latest[x.target];
      if (!last ||
          std::pair{edit->origin_server_ts, edit->event_id} > std::pair{last->origin_server_ts, last->event_id})
        last = edit;
    }
    for (const auto& [message, edit] : latest) {
      const auto found = world_.at(i).read_as<store::relations_loaded>(
        store::load_relations{edit->room_id, message, edit->sender, "", ""});
      if (!found.latest_edit || found.latest_edit->event_id != edit->event_id)
        world_.violation(name(i) + ": " + edit->event_id + " is the latest edit of " + message +
                         ", another one counts");
      else if (i != j && told[message] != edit->event_id)
        world_.violation(name(i) + ": the edit " + edit->event_id + " of " + message +
                         " counts, and was not told last");
    }
  }
}

void inspection::reactions_are_told(std::size_t i) {
  // Of one user, message and key there is one reaction, whichever event it is.
  std::map<std::tuple<std::string, std::string, std::string>, bool> stands;
  for (const auto& h : world_.chat(i).notifications()) {
    if (const auto* x = std::get_if<chat::reaction_added>(&h.what)) stands[{x->event_id, x->user, x->key}] = true;
    if (const auto* x = std::get_if<chat::reaction_removed>(&h.what)) stands[{x->event_id, x->user, x->key}] = false;
  }
  for (std::size_t j = 0; j < world_.size(); ++j)
    for (const auto& x : world_.chat(j).reactions()) {
      if (i == j || !is_member_throughout(i, x.matrix_room_id)) continue;
      const auto target = accepted(i, x.matrix_room_id, x.target);
      if (!target || target->content().empty()) continue;
      const auto found = world_.at(i).read_as<store::relations_loaded>(
        store::load_relations{x.matrix_room_id, x.target, x.sender, x.key, ""});
      if (found.reaction.has_value() != stands[{x.target, x.sender, x.key}])
        world_.violation(name(i) + ": the reaction " + x.key + " of " + x.sender + " to " + x.target +
                         (found.reaction ? " counts and was not told" : " was told and does not count"));
    }
}

void inspection::roles_are_told(std::size_t i) {
  // What the chat server shows is the line of what it was told, and at its end what the room says; the states are the
  // same everywhere (rooms_agree), so all show the same.
  std::map<std::string, bool> compared;                             // rooms
  std::map<std::pair<std::string, std::string>, std::string> shown; // room, user -> role
  for (const auto& h : world_.chat(i).notifications()) {
    const auto* x = std::get_if<chat::role_changed>(&h.what);
    if (!x || x->user.empty()) continue;
    const auto [is_in, is_new] = compared.try_emplace(x->matrix_room_id);
    if (is_new) is_in->second = is_member_throughout(i, x->matrix_room_id);
    if (!is_in->second) continue;
    auto [last, is_first] = shown.try_emplace({x->matrix_room_id, x->user}, x->previous_role);
    if (last->second != x->previous_role)
      world_.violation(name(i) + ": " + x->user + " was told to be " + last->second + " in " + x->matrix_room_id +
                       " and then " + x->role + " instead of " + x->previous_role);
    last->second = x->role;
  }
  for (const auto& [of, role] : shown) {
    const auto* here = room(i, of.first);
    const auto* create = here->event_at("m.room.create");
    const std::string now = room::word_of(here->roles(create && server_of(create->sender) == i).of_user(of.second));
    if (now != role)
      world_.violation(name(i) + ": " + of.second + " is " + now + " in " + of.first + ", told was " + role);
  }
}

void inspection::drifts_have_a_cause(std::size_t i) {
  for (const auto& h : world_.chat(i).notifications()) {
    const auto* x = std::get_if<chat::permission_drift>(&h.what);
    if (!x || world_.excused().contains(x->matrix_room_id)) continue;
    if (const auto* here = room(i, x->matrix_room_id)) drift_has_a_cause(i, *here, *x);
    else world_.violation(name(i) + ": a drift is told of the unknown room " + x->matrix_room_id);
  }
}

void inspection::drift_has_a_cause(std::size_t i, const room_at& here, const chat::permission_drift& x) {
  const auto wrong = [&](const std::string& why) {
    world_.violation(name(i) + ": " + x.cause + " of " + x.user + " (" + x.wanted_role + ", is " + x.role + ") in " +
                     x.matrix_room_id + " is told " + why);
  };
  const auto* create = here.event_at("m.room.create");
  const auto change = here.events.find(x.event_id);
  if (!create || change == here.events.end()) return wrong("by an event that is none of the room");
  const auto& levels = *change->second;
  if (x.cause == "lost_update") {
    const bool was_given = std::ranges::any_of(world_.chat(i).roles_wanted(), [&](const auto& g) {
      return g.matrix_room_id == x.matrix_room_id && g.target == x.user && g.key == x.wanted_role;
    });
    if (!was_given) wrong("and none of ours has given that role");
    return;
  }
  if (server_of(create->sender) != i) return wrong("in a room of others");
  if (x.missing.empty()) wrong("and nothing is missing");
  if (!x.user.empty() && server_of(x.user) != i) wrong("of a user of others");
  if (x.cause == "state_resolved") {
    // Another change was made by who did not know of this one, or upon it, and did not last: its author was thrown out
    // elsewhere.
    const auto* last = here.event_at(room::levels_type);
    const bool is_disagreed = std::ranges::any_of(here.events, [&](const auto& e) {
      return e.second->type == room::levels_type && !here.follows(levels, e.first) &&
             (!here.follows(*e.second, x.event_id) || !last || !here.follows(*last, e.first));
    });
    if (!is_disagreed) wrong("and everybody knew of all changes before");
  } else if (server_of(levels.sender) == i || x.by != levels.sender) {
    wrong("by a change of ours");
  }
}

void inspection::rooms_agree() {
  std::set<std::string> ids;
  for (const auto& all : rooms_)
    for (const auto& [id, r] : all) ids.insert(id);
  for (const auto& id : ids)
    for (std::size_t i = world_.excused().contains(id) ? world_.size() : 0; i < world_.size(); ++i) {
      const auto* here = room(i, id);
      if (!here || !here->joined()) continue;
      if (here->head.forward_extremities.empty()) world_.violation(name(i) + ": " + id + " has no forward extremity");
      for (const auto& [key, event_id] : here->state) {
        if (key.first != "m.room.member" || here->membership(key.second) != "join") continue;
        const auto j = server_of(key.second);
        const auto* there = j ? room(*j, id) : nullptr;
        if ((!there || !there->joined() || there->membership(key.second) != "join") &&
            !(j && door_closed(*j, id, key.second)))
          world_.violation(name(i) + " has " + key.second + " as joined in " + id + ", his own server has not");
      }
      for (std::size_t j = i + 1; j < world_.size(); ++j) {
        const auto* there = room(j, id);
        if (!there || !there->joined()) continue;
        auto a = here->head.forward_extremities, b = there->head.forward_extremities;
        std::sort(a.begin(), a.end());
        std::sort(b.begin(), b.end());
        auto list = [](const std::vector<std::string>& x) {
          std::string text;
          for (const auto& s : x) text += " " + s;
          return text;
        };
        if (a != b)
          world_.violation(name(i) + " and " + name(j) + " differ in the extremities of " + id + ":" + list(a) + " |" +
                           list(b));
        if (here->state != there->state)
          world_.violation(name(i) + " and " + name(j) + " differ in the state of " + id);
      }
    }
}

void inspection::invitations_agree() {
  using rows = std::map<std::pair<std::string, std::string>, store::put_invitation>;
  std::vector<rows> all(world_.size());
  const store::find_invitations everything{.limit = store::rows_max,
                                           .bytes_max = std::numeric_limits<std::size_t>::max()};
  for (std::size_t i = 0; i < world_.size(); ++i)
    for (const auto& x : world_.at(i).read_as<store::invitations_found>(everything).invitations)
      all[i][{x.room_id, x.user_id}] = x;
  auto state_at = [&](std::size_t i, const std::pair<std::string, std::string>& key) {
    auto it = all[i].find(key);
    return it == all[i].end() ? invitation_state::none : it->second.state;
  };
  for (std::size_t i = 0; i < world_.size(); ++i)
    for (const auto& [key, x] : all[i]) {
      if (x.pending_request != next_request::none)
        world_.violation(name(i) + ": invitation of " + x.user_id + " is " + causeway::name(x.state) +
                         " and still has a request to repeat: " + causeway::name(x.pending_request));
      const auto from = server_of(x.inviter), to = server_of(x.user_id);
      if (!from || !to || *from == *to) continue;
      const auto other = *from == i ? *to : *from;
      auto it = all[other].find(key);
      // Two servers may have invited the same user; his server keeps the last one.
      if (it != all[other].end() && it->second.inviter != x.inviter) continue;
      const auto there = state_at(other, key);
      bool fits = true;
      if (*from == i) {
        const auto* ours = room(i, x.room_id);
        const bool still_there = ours && ours->joined();
        if (x.state == invitation_state::pending || x.state == invitation_state::accepted ||
            x.state == invitation_state::rejected)
          fits = there == x.state;
        // The answer to the join was lost, and so was everybody of the inviter's server before it was repeated: there
        // is no room to join.
        if (x.state == invitation_state::accepted && there == invitation_state::pending) fits = !still_there;
        // That answer was lost, and he said no afterwards: he has left then, if there was a door to leave by.
        if (x.state == invitation_state::accepted && there == invitation_state::rejected)
          fits = !still_there || ours->membership(x.user_id) != "join";
        // Who is not in the room any more does not hear how it ends.
        if (x.state == invitation_state::pending) fits = there == invitation_state::pending || !still_there;
        if (x.state == invitation_state::revoked || x.state == invitation_state::expired) {
          fits = there == invitation_state::revoked || there == invitation_state::rejected ||
                 there == invitation_state::none;
          // Nobody of the inviter's server was left to take it back in the room, and the invited server, which is
          // there, goes by the room.
          if (const auto* r = room(other, x.room_id);
              there == invitation_state::pending && x.state == invitation_state::expired && !still_there)
            fits = r && r->joined() && r->membership(x.user_id) == "invite";
          // He had joined where we did not see it yet: the revocation won, and he is out; where the door stands open
          // for everybody his yes won, and we know it, or he came back by himself.
          if (const auto* r = room(other, x.room_id); there == invitation_state::accepted) {
            const auto whole =
              world_.at(i).read_as<store::invitation_loaded>(store::load_invitation{x.room_id, x.user_id});
            fits = r && (r->membership(x.user_id) != "join" ||
                         (r->is_public() && (!still_there || !r->has_joined_by(x.user_id, whole.invitation->event))));
          }
        }
        if (x.state == invitation_state::failed)
          fits = there != invitation_state::pending && there != invitation_state::accepted;
        if (x.state == invitation_state::sending || x.state == invitation_state::revoked_unconfirmed)
          fits = false; // they do not last in a healed world
      } else if (x.state == invitation_state::pending && there == invitation_state::none) {
        fits = false; // whatever else it is there is looked at from there
      }
      if (!fits)
        world_.violation("invitation of " + x.user_id + " by " + x.inviter + " to " + x.room_id + " is " +
                         causeway::name(x.state) + " (" + x.reason + ") at " + name(i) + ", " +
                         (there == invitation_state::none ? "none" : causeway::name(there)) + " at " + name(other));
      if (*from == i && x.state == invitation_state::pending)
        if (const auto* r = room(i, x.room_id); r && r->joined() && r->membership(x.user_id) != "invite")
          world_.violation("invitation of " + x.user_id +
                           " is pending, in the room he is: " + r->membership(x.user_id));
    }
}

} // namespace

void check_invariants(world& w) { inspection{w}.run(); }

} // namespace causeway::simulation
