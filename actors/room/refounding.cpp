#include "actors/room/refounding.hpp"

#include "messages/invitation_key.hpp"
#include "actors/room/refounding_rules.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {
namespace {

/// Pause before it is looked again whether other servers have answered.
constexpr time_ms look_again_ms = 1'000;

bool is_newer(const matrix::room_version_rules& a, const matrix::room_version_rules& b) {
  const auto all = matrix::room_versions(); // oldest first
  const auto place = [&](const auto& x) {
    return std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == x.id; });
  };
  return place(a) > place(b);
}

/// The first event of the successor; null: it cannot be read.
matrix::event_ptr founding_event(const std::string& text) {
  const auto parsed = matrix::json::parse(text);
  const auto* content = parsed ? parsed->find("content") : nullptr;
  const auto* version = content ? content->find_string("room_version") : nullptr;
  const auto* rules = version ? matrix::find_room_version(*version) : nullptr;
  const auto event = rules ? matrix::parse_event(text, *rules) : result<matrix::event_ptr>{fault{}};
  return event ? *event : nullptr;
}

bool is_outgoing(const store::put_invitation& x) {
  return x.direction == invitation_direction::outgoing && x.state == invitation_state::sending;
}

} // namespace

void refounding::load() {
  const auto& head = p_.room.head;
  if (head.refounded_as.empty()) return;
  if (head.founding.empty()) stage_ = stage::over;
  else gather();
}

void refounding::refused(const room_version_refused& m) {
  const auto answer_at_once = [&](refounding_ended answer) {
    p_.out.send_at_once({actor_kind::invitation, invitation::key_of(p_.room.id, m.user_id)}, std::move(answer));
  };
  if (is_over() || stage_ == stage::switching) return answer_at_once({m.event_id, {}, p_.room.head.refounded_as});
  if (!p_.invitations.refuse_version(m.user_id, m.event_id))
    return answer_at_once({m.event_id, {fault_code::timed_out, "the room does not know the invitation yet"}, {}});
  std::erase_if(waiting_, [&](const auto& one) { return one.user == m.user_id; });
  waiting_.push_back({m.user_id, m.event_id, std::string{matrix::server_name_of(m.user_id)}});
  if (stage_ != stage::none) return;
  stage_ = stage::waiting;
  patience_ends_ = p_.out.now() + patience_ms;
}

std::string refounding::obstacle() const {
  const auto& room = p_.room;
  if (!room.takes_part()) return "nobody of this server is in it any more";
  if (!room.is_ours()) return "it was made by another server";
  if (p_.invitations.has_withdrawals()) return "its invitations are being taken back";
  if (room.graph.state_event("m.room.policy")) return "it has a policy server";
  std::string seen_by;
  room.graph.for_each_member(room.graph.current(), [&](const matrix::event_ptr& e) {
    if (!room.node.is_local(*e->state_key)) seen_by = *e->state_key;
    return seen_by.empty();
  });
  return seen_by.empty() ? std::string{} : seen_by + " has seen it already";
}

void refounding::consider(bool is_busy) {
  if (stage_ != stage::waiting) return;
  const auto now = p_.out.now();
  std::erase_if(waiting_, [&](const auto& one) { return !p_.invitations.is_uncommitted(one.user); }); // taken back
  if (waiting_.empty()) return give_up({});
  if (const auto why = obstacle(); !why.empty()) return give_up({fault_code::incompatible_room_version, why});
  const auto* other = p_.invitations.uncommitted().perhaps_seen();
  if (!other && !is_busy) return begin();
  if (now < patience_ends_) return alarm_.set(std::min(now + look_again_ms, patience_ends_));
  give_up({fault_code::incompatible_room_version,
           other ? *other + " is being invited and may have seen it" : "other commands take too long"});
}

void refounding::begin() {
  const auto& room = p_.room;
  const auto& federation = room.node.settings().federation;
  const auto& current = room.graph.rules();
  const auto join_rules = room.graph.state_event("m.room.join_rules");
  const auto* next = next_older_version(current, federation.room_version_min, join_rules.get());
  // It goes back where it came from: the invitations have failed, the room need not stay old for that.
  if (const auto* usual = matrix::find_room_version(federation.room_version);
      !next && usual && is_newer(*usual, current))
    next = usual;
  if (!next)
    return give_up({fault_code::incompatible_room_version, "there is no older version in which it could be the same"});
  const auto create = found_again(room.node, *room.graph.create(), *next);
  if (!create) return give_up(create.error());
  p_.out.log(log_level::info, "R181 room founded again in another version",
             {{"room", room.id},
              {"version", std::string{current.id}},
              {"successor", (*create)->room_id},
              {"new_version", std::string{next->id}},
              {"server", refused_by()}});
  p_.writer.begin_refounding(*create);
  gather();
}

void refounding::gather() {
  stage_ = stage::gathering;
  alarm_.clear();
  store::load_ancestors q;
  q.room_id = p_.room.id;
  q.from = p_.room.graph.extremities();
  q.limit = events_max + 1;
  q.bytes_max = events_bytes_max;
  p_.pending.ask_store_after_commit(std::move(q), question::own_history{});
}

void refounding::answered(question::own_history, const store_answered& m) {
  if (stage_ != stage::gathering) return;
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (!found) return give_up({fault_code::store_failed, "its events cannot be read"});
  auto events = found->events;
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
  const bool is_whole = !events.empty() && events.front().event->event_id == p_.room.graph.create()->event_id;
  if (!is_whole || events.size() > events_max)
    return give_up({fault_code::incompatible_room_version,
                    "it has too much in it, more than " + std::to_string(events_max) + " events"});
  question::own_invitations next;
  for (auto& e : events)
    if (e.judged == store::verdict::accepted) next.events.push_back(std::move(e.event));
  p_.pending.ask_store(store::load_room{p_.room.id}, std::move(next));
}

void refounding::answered(question::own_invitations q, const store_answered& m) {
  if (stage_ != stage::gathering) return;
  const auto* found = std::get_if<store::room_loaded>(m.answer.get());
  if (!found) return give_up({fault_code::store_failed, "its invitations cannot be read"});
  hand_over(std::move(q.events), found->invitations);
}

void refounding::hand_over(std::vector<matrix::event_ptr> events, std::vector<store::put_invitation> invitations) {
  const auto& room = p_.room;
  auto create = founding_event(room.head.founding);
  if (!create) return give_up({fault_code::internal, "the first event of its successor cannot be read"});
  auto server = refused_by();
  const bool goes_back = is_newer(create->rules(), room.graph.rules());
  invited_.clear();
  for (auto& x : invitations) {
    invited_.push_back(x.user_id);
    if (!is_outgoing(x)) continue;
    if (server.empty()) server = matrix::server_name_of(x.user_id);
    if (!goes_back) continue;
    const fault why{fault_code::incompatible_room_version,
                    std::string{matrix::server_name_of(x.user_id)} + " knows no room version from " +
                      room.node.settings().federation.room_version_min + " to " + std::string{create->rules().id} +
                      " in which the room could be"};
    x.state = invitation_state::failed;
    x.reason = why.detail;
    x.last_fault = to_string(why);
    x.pending_request = next_request::none;
    x.deadline_ts = 0;
    x.retry_at_ts = x.since_ts = p_.out.now(); // of what was over before it is 0: the successor tells this end
  }
  stage_ = stage::handing_over;
  alarm_.set(p_.out.now() + tell_again_ms);
  refounding_request w;
  w.former = room.head;
  w.create_event = std::move(create);
  w.refused_by = std::move(server);
  w.events = std::make_shared<const std::vector<matrix::event_ptr>>(std::move(events));
  w.invitations = std::move(invitations);
  p_.out.send(successor(), std::move(w));
}

void refounding::done(const refounding_done& m) {
  if (stage_ != stage::handing_over && stage_ != stage::gathering) return; // told twice
  if (m.why.code != fault_code::none) return give_up(m.why);
  if (stage_ == stage::gathering) return; // the answer to an earlier incarnation: what it was told is asked for again
  leave();
}

void refounding::leave() {
  const auto& room = p_.room;
  stage_ = stage::switching;
  p_.writer.end_refounding();
  is_leaving_ = true;
  const auto joined = room.graph.members().local_joined();
  for (const auto& user : joined)
    if (auto e = p_.author.draft_event({"m.room.member", user, user, {{"membership", "leave"}}}))
      (void)p_.author.commit(*e);
  if (room.takes_part()) p_.writer.left();
  is_leaving_ = false;
  for (const auto& user : invited_) {
    p_.out.write(store::remove_invitation{room.id, user});
    p_.out.send({actor_kind::invitation, invitation::key_of(room.id, user)},
                refounding_ended{{}, {}, room.head.refounded_as});
    p_.invitations.resolved(user, {});
  }
  waiting_.clear();
  p_.out.send({actor_kind::directory, ""}, room_succeeded{room.id, room.head.refounded_as, room.head.chat_room_id});
  alarm_.set(p_.out.now() + tell_again_ms);
}

void refounding::succeeded() {
  if (stage_ != stage::switching) return;
  stage_ = stage::over;
  alarm_.clear();
}

void refounding::on_deadline(bool is_busy) {
  if (!alarm_.goes_off(p_.out.now())) return;
  const auto& head = p_.room.head;
  if (stage_ == stage::waiting) consider(is_busy);
  else if (stage_ == stage::handing_over) gather(); // it may have failed with what it was told
  else if (stage_ == stage::switching) {
    p_.out.send({actor_kind::directory, ""}, room_succeeded{p_.room.id, head.refounded_as, head.chat_room_id});
    alarm_.set(p_.out.now() + tell_again_ms);
  }
}

void refounding::answer(const fault& why) {
  for (const auto& one : std::exchange(waiting_, {}))
    p_.out.send({actor_kind::invitation, invitation::key_of(p_.room.id, one.user)},
                refounding_ended{one.event_id, why, {}});
}

void refounding::give_up(const fault& why) {
  if (!p_.room.head.founding.empty()) p_.writer.begin_refounding(nullptr);
  stage_ = stage::none;
  alarm_.clear();
  invited_.clear();
  if (waiting_.empty()) return; // nobody asks any more
  if (info(why.code).retryable) return answer(why);
  const auto server = refused_by();
  answer(
    {fault_code::incompatible_room_version, server + " does not know room version " + p_.room.head.room_version +
                                              ", and the room cannot be founded again in another one: " + why.detail +
                                              ". Upgrade it to a version that both know, or make another room"});
  p_.out.log(log_level::warning, "R182 room not founded again in another version",
             {{"room", p_.room.id}, {"server", server}, {"why", why.detail}});
}

std::string refounding::refused_by() const { return waiting_.empty() ? std::string{} : waiting_.front().server; }

void refounding::describe(matrix::json::object& o, time_ms) const {
  static constexpr const char* words[] = {
    "", "waiting for other servers that are invited", "gathering", "handing over", "switching", "over"};
  if (stage_ != stage::none) o.set("founded_again", words[static_cast<std::size_t>(stage_)]);
  if (!p_.room.head.refounded_as.empty()) o.set("founded_again_as", p_.room.head.refounded_as);
  if (!p_.room.head.refounded_from.empty()) o.set("founded_again_from", p_.room.head.refounded_from);
}

} // namespace causeway::room
