#pragma once
#include "actors/invitation/invitation_row.hpp"
#include "actors/room/found_room.hpp"
#include "actors/room/room_machine.hpp"
#include "messages/chat/codec.hpp"
#include "messages/matrix/auth_rules.hpp"
#include "messages/matrix/identifiers.hpp"
#include "tests/actors/machine_rig.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

/// A room machine with a small store, a verifier that knows both servers' keys, and a member of the other server.
namespace causeway::test {

inline const std::string ann = "@ann:here.example", bob = "@bob:here.example", eve = "@eve:there.example",
                         eli = "@eli:there.example";

/// What the room has written, as the store would tell it. Enough of the real one for a machine's own questions.
struct room_store {
  store::put_room head;
  bool known = false;
  std::map<std::string, store::stored_event> events;
  std::vector<std::string> order; ///< event ids as they were stored first
  std::map<std::int64_t, matrix::state_ptr> groups;
  std::vector<store::hold_redaction> held;
  std::map<std::string, std::string> chat_ids; ///< event id -> chat id
  std::vector<store::put_invitation> invitations;
  std::vector<store::put_inbox> inbox;
  std::vector<store::put_relation> relations; ///< in the order of coming
  std::map<std::string, std::string> former;  ///< event id of the room before -> that of today

  void take(const store::write& w) {
    if (const auto* e = std::get_if<store::put_event>(&w)) {
      auto& row = events[e->event->event_id];
      if (!row.event) {
        row.event = e->event;
        order.push_back(e->event->event_id);
      }
      row.judged = e->judged;
      row.state_group_before = e->state_group_before;
      row.state_group_after = e->state_group_after;
      row.position = e->position;
    } else if (const auto* r = std::get_if<store::redact_event>(&w)) {
      auto& row = events.at(r->redacted->event_id);
      if (!row.event->redacted_because)
        row.event = matrix::redacted(*r->redacted, events.at(r->redaction_event_id).event);
    } else if (const auto* whole = std::get_if<store::restore_event>(&w)) {
      auto& row = events.at(whole->whole->event_id);
      if (!row.event->redacted_because) row.event = whole->whole;
    } else if (const auto* h = std::get_if<store::hold_redaction>(&w)) {
      drop(h->redaction_event_id);
      held.push_back(*h);
    } else if (const auto* d = std::get_if<store::drop_held_redaction>(&w)) {
      drop(d->redaction_event_id);
    } else if (const auto* b = std::get_if<store::bind_message>(&w)) {
      chat_ids[b->event_id] = b->chat_message_id;
    } else if (const auto* r = std::get_if<store::put_relation>(&w)) {
      const auto known =
        std::find_if(relations.begin(), relations.end(), [&](const auto& x) { return x.event_id == r->event_id; });
      if (known == relations.end()) relations.push_back(*r);
      else *known = *r;
    } else if (const auto* gone = std::get_if<store::remove_relation>(&w)) {
      std::erase_if(relations, [&](const auto& x) { return x.event_id == gone->event_id; });
    } else if (const auto* all = std::get_if<store::remove_relations_to>(&w)) {
      std::erase_if(relations, [&](const auto& x) { return x.target_event_id == all->target_event_id; });
    } else if (const auto* g = std::get_if<store::put_state_group>(&w)) {
      matrix::state_map state = g->base ? *groups.at(g->base) : matrix::state_map{};
      for (const auto& [key, id] : g->entries)
        if (id.empty()) state.erase(key);
        else state.insert_or_assign(key, id);
      groups[g->id] = std::make_shared<const matrix::state_map>(std::move(state));
    } else if (const auto* room = std::get_if<store::put_room>(&w)) {
      head = *room;
      known = true;
    } else if (const auto* i = std::get_if<store::put_invitation>(&w)) {
      take(*i);
    } else if (const auto* none = std::get_if<store::remove_invitation>(&w)) {
      std::erase_if(invitations, [&](const auto& x) { return x.user_id == none->user_id; });
    } else if (const auto* was = std::get_if<store::put_former_name>(&w)) {
      former[was->former_event_id] = was->event_id;
    } else if (const auto* staged = std::get_if<store::put_inbox>(&w)) {
      std::erase_if(inbox, [&](const auto& s) { return s.event_id == staged->event_id && s.origin == staged->origin; });
      inbox.push_back(*staged);
    } else if (const auto* gone = std::get_if<store::remove_inbox>(&w)) {
      std::erase_if(inbox, [&](const auto& s) {
        return std::find(gone->event_ids.begin(), gone->event_ids.end(), s.event_id) != gone->event_ids.end();
      });
    }
  }
  void take(store::put_invitation row) {
    std::erase_if(invitations, [&](const auto& x) { return x.user_id == row.user_id; });
    invitations.push_back(std::move(row));
  }
  void drop(const std::string& redaction_id) {
    std::erase_if(held, [&](const auto& h) { return h.redaction_event_id == redaction_id; });
  }

  std::optional<store::put_relation> relation(const std::string& event_id) const {
    for (const auto& x : relations)
      if (x.event_id == event_id) return x;
    return {};
  }
  store::relations_loaded related_to(const store::load_relations& wanted) const {
    store::relations_loaded found;
    const auto event_of = [&](const std::string& id) {
      const auto it = events.find(id);
      return it == events.end() ? std::optional<store::stored_event>{} : it->second;
    };
    found.target = event_of(wanted.target_event_id);
    if (auto it = chat_ids.find(wanted.target_event_id); it != chat_ids.end()) found.chat_message_id = it->second;
    if (const auto e = event_of(wanted.relation_event_id)) found.relation = e->event;
    std::vector<store::put_relation> edits;
    for (const auto& x : relations) {
      const bool counts =
        x.standing == store::relation_standing::waits || x.standing == store::relation_standing::counts;
      if (!counts || x.target_event_id != wanted.target_event_id || x.sender != wanted.sender) continue;
      if (x.rel_type == "m.replace") edits.push_back(x);
      else if (x.key == wanted.key && !found.reaction) found.reaction = event_of(x.event_id);
    }
    std::sort(edits.begin(), edits.end(),
              [](const auto& a, const auto& b) { return std::tie(a.ts, a.event_id) > std::tie(b.ts, b.event_id); });
    if (!edits.empty()) found.latest_edit = events.at(edits[0].event_id).event;
    if (edits.size() > 1) found.edit_before = events.at(edits[1].event_id).event;
    return found;
  }
  std::optional<store::answer> answer(const store::query& q) const {
    if (std::holds_alternative<store::load_room>(q)) return load();
    if (const auto* x = std::get_if<store::load_events>(&q)) {
      store::events_loaded found;
      for (const auto& id : x->event_ids)
        if (auto it = events.find(id); it != events.end()) found.events.push_back(it->second);
      found.state_groups = groups;
      return found;
    }
    if (const auto* x = std::get_if<store::load_ancestors>(&q)) {
      store::events_loaded found;
      found.state_groups = groups;
      std::vector<std::string> open = x->from, seen = x->stop_at;
      for (std::size_t i = 0; i < open.size() && found.events.size() < x->limit; ++i) {
        auto it = events.find(open[i]);
        if (it == events.end() || std::find(seen.begin(), seen.end(), open[i]) != seen.end()) continue;
        seen.push_back(open[i]);
        found.events.push_back(it->second);
        const auto& prev = it->second.event->prev_events;
        open.insert(open.end(), prev.begin(), prev.end());
      }
      return found;
    }
    if (const auto* x = std::get_if<store::load_redaction>(&q)) {
      store::redaction_loaded found;
      if (auto it = events.find(x->redaction_event_id); it != events.end()) found.redaction = it->second.event;
      if (auto it = events.find(x->target_event_id); it != events.end()) found.target = it->second;
      if (auto it = chat_ids.find(x->target_event_id); it != chat_ids.end()) found.chat_message_id = it->second;
      found.relation = relation(x->target_event_id);
      return found;
    }
    if (const auto* x = std::get_if<store::load_relations>(&q)) return related_to(*x);
    if (const auto* x = std::get_if<store::find_message>(&q)) {
      store::message_found found;
      for (const auto& [id, chat] : chat_ids)
        if (chat == x->either_id || id == x->either_id) found = {chat, id};
      if (auto it = former.find(x->either_id); it != former.end()) found.event_id = it->second;
      return found;
    }
    return {};
  }
  store::room_loaded load() const {
    store::room_loaded l;
    l.exists = known;
    l.room = head;
    for (const auto& id : order)
      if (const auto& e = events.at(id);
          (e.event->is_state() && e.judged != store::verdict::rejected) || e.judged == store::verdict::outlier)
        l.state_events.push_back(e);
    for (const auto& id : head.forward_extremities) l.extremities.push_back(events.at(id));
    l.state_groups = groups;
    l.held_redactions = held;
    l.invitations = invitations;
    l.inbox = inbox;
    for (const auto& x : relations)
      if (x.standing == store::relation_standing::waits || x.standing == store::relation_standing::taken_back)
        l.open_relations.push_back(x);
    return l;
  }
};

/// A room machine, its store, and whatever else is asked: the verifier is there, other actors as `outside` says.
struct room_host {
  context node;
  std::string room_id;
  room_store disk;
  std::unique_ptr<room::room_machine> machine;
  time_ms now = noon;
  time_ms timer = 0; ///< when the room's timer goes off; 0: it is not set
  /// What another actor answers to a message; nothing: it stays in the effects.
  std::function<std::optional<message>(const address&, const message&)> outside;
  std::function<bool(const std::string& key_id)> knows_key; ///< of the verifier; nothing: all of them

  explicit room_host(const context& n) : node(n) {}
  room_host(const room_host&) = delete; // the machine refers to `node`

  /// The actor is made (again) from what is on disk.
  effects restart() {
    machine = std::make_unique<room::room_machine>(node, room_id);
    timer = 0;
    return on(start{});
  }
  effects on(const message& m) {
    ++now;
    return settle(give(m));
  }
  /// What the machine does; nothing of it is performed but the timer set.
  effects give(const message& m) {
    auto list = machine->on(m, now);
    for (const auto& w : of_kind<wake_me_at>(list)) timer = w.at;
    return list;
  }
  /// The room's timer goes off, late if its time is over.
  effects timer_goes_off() {
    if (timer == 0) throw std::runtime_error("the room has set no timer");
    now = std::max(now, std::exchange(timer, 0));
    return settle(give(timer_due{}));
  }
  /// Time passes, and the timer goes off when it has to. @returns all that the room does meanwhile
  effects pass(time_ms ms) {
    effects all;
    for (const auto until = now + ms; now < until || (timer != 0 && timer <= now);) {
      if (timer == 0 || timer > until) now = until;
      else append(all, timer_goes_off());
    }
    return all;
  }
  /// Time passes until the room does something by itself, besides looking what there is to do.
  effects wake() {
    for (;;) {
      auto list = timer_goes_off();
      const auto is_nothing = [](const effect& e) {
        return std::holds_alternative<wake_me_at>(e) || std::holds_alternative<note>(e) ||
               std::holds_alternative<ask_store>(e); // what it is told is dealt with in the same list
      };
      if (!std::all_of(list.begin(), list.end(), is_nothing)) return list;
    }
  }
  /// Performs what the store and the others have to do, until nothing is left.
  effects settle(effects list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      effects more;
      auto deliver = [&](std::optional<message> answer) {
        if (!answer) return;
        ++now;
        append(more, give(*answer));
      };
      if (const auto* p = std::get_if<persist>(&list[i])) {
        for (const auto& w : p->batch.writes) disk.take(w);
        for (const auto& e : p->then)
          if (const auto* t = std::get_if<tell>(&e)) deliver(answer_to(*t));
          else if (const auto* q = std::get_if<ask_store>(&e); q && disk.answer(q->question))
            deliver(store_says(q->asked, *disk.answer(q->question)));
      } else if (const auto* q = std::get_if<ask_store>(&list[i])) {
        if (auto found = disk.answer(q->question)) deliver(store_says(q->asked, std::move(*found)));
      } else if (const auto* t = std::get_if<tell>(&list[i])) {
        deliver(answer_to(*t));
      }
      append(list, std::move(more));
    }
    return list;
  }
  std::optional<message> answer_to(const tell& t) {
    if (const auto* v = std::get_if<verify_events>(&t.body)) return verdict_on(*v, knows_key);
    // The invitation's actor writes its row.
    if (const auto* i = std::get_if<room_invite_request>(&t.body)) {
      disk.take(invitation::row_of(*i, node, now));
      return invite_begun{*i->event->state_key, i->event->event_id, i->event->sender};
    }
    if (const auto* k = std::get_if<knock_made>(&t.body)) {
      store::put_invitation row;
      row.room_id = room_id;
      row.user_id = row.inviter = k->event->sender;
      row.direction = invitation_direction::knock;
      row.state = invitation_state::pending;
      row.event = k->event->to_json();
      disk.invitations.push_back(std::move(row));
    }
    return outside ? outside(t.to, t.body) : std::nullopt;
  }
  effects command(chat::command x, chat_command c = {}) {
    c.reference = {"s", "c" + std::to_string(now), 0};
    c.room_id = room_id;
    c.body = std::make_shared<const chat::command>(std::move(x));
    return on(c);
  }
  matrix::event_ptr event(const std::string& id) const { return disk.events.at(id).event; }
  const matrix::state_map& state() const { return *disk.groups.at(disk.head.state_group); }
  std::string membership(const std::string& user) const {
    auto it = state().find({"m.room.member", user});
    return it == state().end() ? std::string{} : std::string{name(event(it->second)->membership())};
  }
};

/// A channel of ann and bob at here.example that eve and eli of there.example have joined. Questions to the store and
/// to the verifier are answered at once; what else the machine does is in the effects.
struct shared_room : room_host {
  std::uint64_t calls = 0;

  explicit shared_room(std::string room_version = "11", bool they_join = true)
      : room_host(here(std::move(room_version))) {
    chat::room_create wanted;
    wanted.room = "chat-1";
    wanted.type = chat::room_type::channel;
    wanted.access = chat::visibility::public_;
    wanted.creator = ann;
    wanted.members = {bob};
    const auto create = *room::found_room(node, wanted, ann, "random", now);
    room_id = create->room_id;
    restart();
    chat_command c;
    c.create_event = create;
    command(std::move(wanted), std::move(c));
    if (they_join)
      for (const auto& user : {eve, eli}) join(user);
  }

  federation_call call_of(const std::string& method, const std::string& target,
                          std::optional<matrix::json::object> body = {}) {
    federation_call c;
    c.gateway = "g";
    c.id = ++calls;
    c.origin = "there.example";
    auto match = matrix::match_endpoint(method, target);
    if (!match) throw std::runtime_error(to_string(match.error()));
    c.match = std::make_shared<const matrix::endpoint_match>(std::move(*match));
    if (body) c.body = std::make_shared<const matrix::json::value>(std::move(*body));
    return c;
  }
  effects call(const std::string& method, const std::string& target, std::optional<matrix::json::object> body = {}) {
    return on(call_of(method, target, std::move(body)));
  }
  static federation_reply reply_in(const effects& list) {
    const auto replies = told<federation_reply>(list);
    if (replies.size() != 1) throw std::runtime_error("not one reply");
    return replies[0].second;
  }
  std::string path(const std::string& what, const std::string& more = {}) const {
    return "/_matrix/federation/" + what + "/" + matrix::percent_encode(room_id) +
           (more.empty() ? "" : "/" + matrix::percent_encode(more));
  }
  matrix::json::value body_of(const effects& list) const { return *matrix::json::parse(reply_in(list).body); }

  void join(const std::string& user) {
    const auto told =
      body_of(call("GET", path("v1/make_join", user) + "?ver=" + node.settings().federation.room_version));
    auto pdu = *told.find_object("event");
    const auto x = *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
    const auto answer = reply_in(call("PUT", path("v2/send_join", x->event_id), x->source));
    if (answer.status != 200) throw std::runtime_error("send_join: " + answer.body);
  }

  const matrix::room_version_rules& rules() const {
    return *matrix::find_room_version(node.settings().federation.room_version);
  }
  const std::vector<std::string>& head() const { return disk.head.forward_extremities; }

  /// An event of a user of either server on top of the head (or of `prev`), not yet sent.
  matrix::event_ptr made(const std::string& sender, const std::string& type, matrix::json::object content,
                         std::optional<std::string> state_key = {}, const std::string& redacts = {},
                         std::vector<std::string> prev = {}) const {
    if (prev.empty()) prev = head();
    matrix::json::object pdu{
      {"type", type}, {"room_id", room_id}, {"sender", sender}, {"origin_server_ts", now}, {"depth", 50}};
    if (state_key) pdu.set("state_key", *state_key);
    if (!redacts.empty()) {
      if (rules().redaction_updated) content.set("redacts", redacts);
      else pdu.set("redacts", redacts);
    }
    auto ids = [](const std::vector<std::string>& list) {
      matrix::json::array a;
      for (const auto& id : list) a.emplace_back(id);
      return a;
    };
    const auto auth =
      matrix::select_auth_events(rules(), type, sender, state_key ? &*state_key : nullptr, content, state());
    pdu.set("content", std::move(content));
    pdu.set("prev_events", ids(prev));
    pdu.set("auth_events", ids(auth));
    auto x = matrix::hash_and_sign(std::move(pdu), rules(), std::string{matrix::server_name_of(sender)},
                                   node.is_local(sender) ? node.key : there_key());
    if (!x) throw std::runtime_error(to_string(x.error()));
    return *x;
  }
  matrix::event_ptr message_of(const std::string& sender, const std::string& text,
                               std::vector<std::string> prev = {}) const {
    return made(sender, "m.room.message", {{"msgtype", "m.text"}, {"body", text}}, {}, {}, std::move(prev));
  }
  matrix::event_ptr redaction_of(const std::string& sender, const std::string& target,
                                 std::vector<std::string> prev = {}) const {
    return made(sender, "m.room.redaction", {{"reason", "spam"}}, {}, target, std::move(prev));
  }
  effects push(const std::vector<matrix::event_ptr>& events, const std::string& by = "there.example") {
    auto pdus = std::make_shared<std::vector<matrix::json::object>>();
    for (const auto& e : events) pdus->push_back(e->source);
    return on(pdus_received{{actor_kind::remote_server, by}, 1, by, std::move(pdus)});
  }
  /// As GET /event serves it.
  matrix::json::value served(const std::string& event_id) {
    const auto answer = reply_in(call("GET", "/_matrix/federation/v1/event/" + matrix::percent_encode(event_id)));
    if (answer.status != 200) throw std::runtime_error("event: " + answer.body);
    return matrix::json::parse(answer.body)->find_array("pdus")->at(0);
  }
};

/// there.example, which is not in the room yet; its requests reach here.example, those to all other servers nobody.
struct joining_server : room_host {
  shared_room& resident;
  std::vector<std::string> asked; ///< server and endpoint of each request, in order
  std::map<std::string, std::pair<int, std::string>>
    answers; ///< server -> status and body, instead of silence or of the resident

  explicit joining_server(shared_room& r) : room_host(node_of("there.example", there_key())), resident(r) {
    change(node).federation.room_version = r.node.settings().federation.room_version;
    room_id = r.room_id;
    outside = [this](const address& to, const message& m) -> std::optional<message> {
      if (const auto* request = std::get_if<peer_request>(&m)) return answer_of(to.key, *request);
      return {};
    };
    restart();
  }
  message answer_of(const std::string& server, const peer_request& r) {
    const auto& row = matrix::info(r.endpoint);
    asked.push_back(server + " " +
                    std::string{row.path.substr(
                      row.path.find("v1/") == std::string_view::npos ? row.path.find("v2/") : row.path.find("v1/"))});
    peer_answer a;
    a.asked = r.asked;
    a.server_name = server;
    if (auto it = answers.find(server); it != answers.end()) {
      a.status = it->second.first;
      a.body = it->second.second;
    } else if (server == "here.example") {
      std::string target = matrix::endpoint_path(r.endpoint, {r.parameters.begin(), r.parameters.end()});
      for (std::size_t i = 0; i < r.query.size(); ++i)
        target += (i == 0 ? "?" : "&") + r.query[i].first + "=" + matrix::percent_encode(r.query[i].second);
      std::optional<matrix::json::object> body;
      if (!r.body.empty()) body = *matrix::json::parse(r.body)->as_object();
      const auto reply = shared_room::reply_in(resident.call(std::string{row.method}, target, std::move(body)));
      a.status = reply.status;
      a.body = reply.body;
    } else {
      a.why = {fault_code::peer_unreachable, server};
    }
    if (a.status != 0 && a.status != 200) {
      a.why = {a.status >= 500 ? fault_code::peer_unreachable : fault_code::peer_refused, a.body};
      if (const auto parsed = matrix::json::parse(a.body))
        if (const auto* code = parsed->find_string("errcode")) a.errcode = *code;
    }
    return a;
  }
};

/// The notifications of one kind a list of effects writes.
template <class T>
std::vector<T> notified(const effects& list) {
  std::vector<T> found;
  for (const auto& row : written<store::append_outbox>(list))
    if (auto n = chat::decode_notification(row.name, row.body))
      if (const auto* x = std::get_if<T>(&*n)) found.push_back(*x);
  return found;
}

/// The one RESULT in a list of effects; the fault of one that failed.
inline fault refusal_in(const effects& list) {
  const auto results = told<command_done>(list);
  if (results.size() != 1) throw std::runtime_error("not one RESULT");
  return results[0].second.succeeded ? fault{} : chat::decode_fault(results[0].second.body);
}

} // namespace causeway::test
