#include "actors/room/room_machine.hpp"

#include "actors/due.hpp"
#include "actors/invitation/shown_invitations.hpp"
#include "actors/room/signature_audit.hpp"

#include "actors/invitation/invitation_row.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>
#include <stdexcept>

namespace causeway::room {
namespace {

/// What is staged is given up after a day. Of the time before this actor's start at most so much counts: its sender was told that we have it, and
/// while we were down nobody looked for what it lacks.
constexpr time_ms staged_before_start_ms_max = 12 * 3'600'000;
/// Members, servers and events a description of the room names of each; their numbers stand beside them.
constexpr std::size_t described_max = 50;

} // namespace

std::string_view name(work_phase p) {
  switch (p) {
    case work_phase::formed: return "formed";
    case work_phase::verifying: return "verifying";
    case work_phase::waiting_for_keys: return "waiting_for_keys";
    case work_phase::gathering: return "gathering";
    case work_phase::waiting_for_parents: return "waiting_for_parents";
    case work_phase::closing_gap: return "closing_gap";
    case work_phase::asking_policy_server: return "asking_policy_server";
    case work_phase::done: return "done";
  }
  return "unknown";
}

room_machine::room_machine(const context& node, std::string room_id)
    : node_(node), room_id_(std::move(room_id)), out_({actor_kind::room, room_id_}),
      graph_(node.room.recent_events_max, node.room.state_group_full_every, node.server_name) {
  head_.room_id = room_id_;
}

effects room_machine::on(const message& m, time_ms now) {
  out_.set_now(now);
  switch (life_.on(m, out_, [this] { return store::load_room{room_id_}; })) {
    case incarnation::turn::waits: break;
    case incarnation::turn::loaded:
      loaded(incarnation::state_in<store::room_loaded>(m, "room " + room_id_));
      for (const auto& waiting : life_.take_deferred()) dispatch(waiting);
      break;
    case incarnation::turn::runs: dispatch(m);
  }
  return flush();
}

void room_machine::dispatch(const message& m) {
  author_waits_ = false;
  if (!std::holds_alternative<timer_due>(m) && !std::holds_alternative<passivate>(m)) last_active_ = out_.now();
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, store_answered>) store_answer(x);
      else if constexpr (std::is_same_v<T, timer_due>) timer(x);
      else if constexpr (std::is_same_v<T, pdus_received>) receive(x);
      else if constexpr (std::is_same_v<T, events_verified>) verified(x);
      else if constexpr (std::is_same_v<T, chat_command>) take_command(x);
      else if constexpr (std::is_same_v<T, federation_call>) serve(x);
      else if constexpr (std::is_same_v<T, summary_wanted>) summarize(x);
      else if constexpr (std::is_same_v<T, summary_told>) child_summarized(x);
      else if constexpr (std::is_same_v<T, member_wanted>) tell_member(x);
      else if constexpr (std::is_same_v<T, member_told>) member_known(x);
      else if constexpr (std::is_same_v<T, revoke_invite>) revoke(x);
      else if constexpr (std::is_same_v<T, join_wanted>) want_join(x);
      else if constexpr (std::is_same_v<T, peer_answer>) {
        if (gap_answer(x)) return;
        if (const auto author = asking_authors_.find(x.asked); author != asking_authors_.end()) {
          const auto of = author->second;
          asking_authors_.erase(author);
          author_answer(of, x);
        } else if (history_ && x.asked == history_->asked) history_answer(x);
        else if (join_ && x.asked == join_->asked) join_answer(x);
        else if (without_members_ && x.asked == without_members_->asked) members_answer(x);
        else if (!resident_answer(x)) policy_answer(x);
      } else if constexpr (std::is_same_v<T, invite_accepted_by_server>) {
        commit_invite(x);
      } else if constexpr (std::is_same_v<T, invite_begun>) {
        inviting_.confirm(x);
      } else if constexpr (std::is_same_v<T, invite_given_up>) {
        invite_settled(x.user_id, x.event_id);
      } else if constexpr (std::is_same_v<T, invite_arrived>) {
        take_arriving(x);
      } else if constexpr (std::is_same_v<T, pdus_handled>) {
        arrived_in_room(x);
      } else if constexpr (std::is_same_v<T, membership_wanted>) {
        if (auto e = exists_ ? graph_.state_event("m.room.member", x.user_id) : nullptr) tell_membership_again(e);
        else out_.send({actor_kind::invitation, room_id_ + "|" + x.user_id}, invited_membership_changed{{}, {}, {}, nullptr, true});
      } else if constexpr (std::is_same_v<T, leave_wanted>) {
        fault why;
        const bool ours = exists_ && head_.phase == store::room_phase::joined;
        if (!ours) return out_.send({actor_kind::invitation, room_id_ + "|" + x.user_id},
                                     join_finished{x.user_id, {fault_code::not_member, "this server is not in the room"}});
        draft d{"m.room.member", x.user_id, x.user_id, {{"membership", "leave"}}};
        if (!x.reason.empty()) d.content.set("reason", x.reason);
        auto e = author(d);
        if (!e && author_waits_) {
          policy_waiting_.emplace_back(x);
          return;
        }
        auto fine = e ? commit_local(*e) : causeway::status{e.error()};
        if (!fine) why = fine.error();
        out_.send({actor_kind::invitation, room_id_ + "|" + x.user_id}, join_finished{x.user_id, why});
      } else if constexpr (std::is_same_v<T, rescission_wanted_again>) {
        auto e = exists_ ? graph_.state_event("m.room.member", x.user_id) : nullptr;
        const bool takes_part = exists_ && head_.phase == store::room_phase::joined;
        const bool in_room = e && (e->membership() == "join" || (e->membership() == "invite" && takes_part));
        const bool told_by_room = e && e->membership() == "leave" && e->sender != x.user_id;
        if (told_by_room) queue_for(e, {std::string{matrix::server_name_of(x.user_id)}});
        const bool believed = told_by_room && x.invite && e->sender == x.invite->sender;
        const bool told_outside = exists_ && x.invite && !in_room && !believed && rescind_outside(x.invite, {});
        if (!told_by_room && !told_outside) out_.send({actor_kind::invitation, room_id_ + "|" + x.user_id}, rescission_delivered{});
      } else if constexpr (std::is_same_v<T, rescission_handled>) {
        if (auto it = rescinding_.find(x.asked); it != rescinding_.end()) {
          const auto r = it->second;
          rescinding_.erase(it);
          if (!r.staged.empty()) out_.write(store::remove_inbox{room_id_, {r.staged}});
          else settle(r.batch_id, r.index, x.error);
        }
      } else if constexpr (std::is_same_v<T, edu_received>) {
        take_typing(x);
      } else if constexpr (std::is_same_v<T, room_named>) {
        if (head_.chat_room_id == x.chat_room_id) return;
        head_.chat_room_id = x.chat_room_id;
        head_changed_ = exists_; // what no room of ours is has its name on disk already
      } else if constexpr (std::is_same_v<T, status_wanted>) {
        out_.send_at_once(x.reply_to, status_told{x.asked, {actor_kind::room, room_id_}, describe(out_.now())});
      } else if constexpr (std::is_same_v<T, passivate>) {
        consider_idle();
      } else {
        out_.log(log_level::warning, "room: message not understood", {{"room", room_id_}});
      }
    },
    m);
}

void room_machine::loaded(const store::room_loaded& from) {
  exists_ = from.exists;
  last_active_ = out_.now();
  head_.chat_room_id = from.room.chat_room_id; // it may have a name before we are in it
  if (!exists_) return load_held(from.inbox);
  head_ = from.room;
  graph_.load(from);
  if (!graph_.create()) throw std::runtime_error("room " + room_id_ + " has no create event in the store");
  for (const auto& i : from.invitations)
    if (i.direction == "outgoing" && i.state == "sending") {
      const auto invite = matrix::parse_event(i.event, graph_.rules());
      inviting_.confirm({i.user_id, invite ? (*invite)->event_id : std::string{}, i.inviter});
      // A former life of this actor may have ended between the commit that wrote the row and the word to begin.
      out_.send_at_once({actor_kind::invitation, room_id_ + "|" + i.user_id}, passivate{});
    } else if (i.state == "pending" && head_.phase == store::room_phase::joined) {
      // Or between the commit that ended it and the word of that.
      const std::string_view open = i.direction == "knock" ? "knock" : "invite";
      if (auto e = graph_.state_event("m.room.member", i.user_id); e && e->membership() != open) tell_membership_again(e, accepted_invite(i));
    }
  tell_missed_invitations(from.invitations);
  for (const auto& r : from.held_redactions) {
    held_redactions_[r.redaction_event_id] = {r.target_event_id, r.sender, r.by_power, ++last_held_};
    redactions_of_.emplace(r.target_event_id, r.redaction_event_id);
    if (!r.looked_up) look_up(r.redaction_event_id, r.target_event_id);
  }
  std::vector<std::pair<std::uint64_t, matrix::event_ptr>> staged_copies;
  const bool takes_part = head_.phase == store::room_phase::joined;
  if (!takes_part) load_held(from.inbox);
  for (const auto& staged : takes_part ? from.inbox : std::vector<store::put_inbox>{}) {
    // What was answered for before the restart goes on where it stood.
    auto e = matrix::parse_event(staged.pdu, graph_.rules());
    if (!e || (*e)->event_id != staged.event_id) { // of another room version than the join was offered: nobody can have meant it
      out_.write(store::remove_inbox{room_id_, {staged.event_id}});
      continue;
    }
    const auto known = work_by_event_.find((*e)->event_id);
    const auto id = known == work_by_event_.end() ? begin_work(*e, staged.origin) : known->second; // it may have waited for keys
    auto& w = work_.at(id);
    if (known != work_by_event_.end()) w.copies.push_back({unverified_copy::state::verifying, *e, staged.origin, {}, false});
    w.copies.back().staged = w.in_inbox = true;
    w.copies.back().bytes = staged.pdu.size();
    w.since = std::max(happened_at(staged.received_ts, out_.now()), out_.now() - staged_before_start_ms_max);
    staged_copies.emplace_back(id, *e);
  }
  ask_to_verify(std::move(staged_copies));
  if (head_.phase == store::room_phase::joined && !head_.history_from.empty()) start_history("");
  load_without_members();
  audit_signatures();
  advance();
}

void room_machine::audit_signatures() {
  std::vector<matrix::event_ptr> all;
  for (const auto& [id, n] : graph_.nodes())
    if (n.judged == store::verdict::accepted || n.judged == store::verdict::outlier) all.push_back(n.event);
  doubtful_ = doubtful_memberships(all);
  if (doubtful_.empty()) return;
  audit_ = out_.next_token();
  out_.send_at_once({actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, audit_, doubtful_});
}

void room_machine::audited(const std::vector<event_check>& checks) {
  audit_ = 0;
  for (const auto& x : unsigned_among(std::exchange(doubtful_, {}), checks)) {
    unsigned_.push_back(x->event_id);
    out_.log(log_level::error, "a membership on disk was never signed by its sender's server: whoever came in by it was not let in by him; remove him from the room",
                                {{"room", room_id_}, {"event", x->event_id}, {"sender", x->sender}, {"user", *x->state_key}});
  }
}

void room_machine::store_answer(const store_answered& m) {
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (name_answered(m)) return;
  if (auto it = viewing_.find(m.asked); it != viewing_.end()) {
    auto [ref, view] = std::move(it->second);
    viewing_.erase(it);
    if (const auto* invitations = std::get_if<store::invitations_found>(m.answer.get()))
      for (const auto& i : invitations->invitations)
        view.invitations.push_back(invitation::view_of(i, head_.chat_room_id));
    view.more_invitations = invitation::shorten(view.invitations);
    return done(ref, chat::query_room::name, view, false);
  }
  if (auto it = looking_up_.find(m.asked); it != looking_up_.end()) {
    auto asked = std::move(it->second);
    looking_up_.erase(it);
    if (!found) { // the store is busy: nothing is known to be absent
      out_.wake_at(out_.now() + 500, "gap");
      return;
    }
    graph_.remember(*found);
    for (auto& id : asked) {
      if (auto w = work_by_event_.find(id); w != work_by_event_.end()) work_.at(w->second).looked_up = true;
      else if (!graph_.is_placed(id)) absent_.insert(std::move(id));
    }
    if (absent_.size() > 10'000) absent_.clear();
    advance();
    return;
  }
  if (auto it = restoring_.find(m.asked); it != restoring_.end()) {
    const auto whole = std::move(it->second);
    restoring_.erase(it);
    if (const auto* told = std::get_if<store::redaction_loaded>(m.answer.get()); told && told->target) restore(whole, *told->target);
    return;
  }
  if (auto it = redaction_lookups_.find(m.asked); it != redaction_lookups_.end()) {
    const auto redaction = std::move(it->second);
    redaction_lookups_.erase(it);
    // A busy store says nothing: it is asked again in the next life of this actor at the latest.
    if (const auto* told = std::get_if<store::redaction_loaded>(m.answer.get())) redaction_looked_up(redaction, *told);
    return;
  }
  if (history_lookup_ != 0 && m.asked == history_lookup_) {
    history_lookup_ = 0;
    static const store::events_loaded nothing;
    if (history_) complete_history(found ? *found : nothing);
    return;
  }
  if (auto it = parents_wanted_.find(m.asked); it != parents_wanted_.end()) {
    const auto waiting = std::move(it->second);
    parents_wanted_.erase(it);
    if (!found) return; // the store is busy: who asked asks again
    graph_.remember(*found);
    parents_told_ = true;
    dispatch(waiting);
    parents_told_ = false;
    return;
  }
  if (without_members_ && without_members_->reading == m.asked)
    return found ? members_read(*found) : members_failed("the store did not answer");
  if (auto it = searching_.find(m.asked); it != searching_.end()) {
    auto search = std::move(it->second);
    searching_.erase(it);
    if (!found) return refuse(search.call, {fault_code::internal, "the store did not answer"});
    return search_further(std::move(search), *found);
  }
  if (auto it = reading_.find(m.asked); it != reading_.end()) {
    auto call = std::move(it->second);
    reading_.erase(it);
    if (!found) return refuse(call, {fault_code::internal, "the store did not answer"});
    switch (call.match->info->id) {
      case matrix::endpoint::state: return serve_state(call, *found, false);
      case matrix::endpoint::state_ids: return serve_state(call, *found, true);
      case matrix::endpoint::backfill: return serve_history(call, *found, false);
      case matrix::endpoint::get_missing_events: return serve_history(call, *found, true);
      case matrix::endpoint::event: return serve_event(call, *found);
      case matrix::endpoint::event_auth: return serve_event_auth(call, *found);
      case matrix::endpoint::send_join_v1:
      case matrix::endpoint::send_join_v2:
      case matrix::endpoint::send_leave_v1:
      case matrix::endpoint::send_leave_v2:
      case matrix::endpoint::send_knock: {
        graph_.remember(*found);
        const auto* n = graph_.find(call.match->parameters.at(1));
        const auto placed = [&](const auto& id) { return graph_.is_placed(id); };
        if (!n || n->event->prev_events.empty() || !std::all_of(n->event->prev_events.begin(), n->event->prev_events.end(), placed))
          return refuse(call, {fault_code::not_found, "the state before the event is unknown here"});
        return finish_send_membership(call, n->event);
      }
      default: return refuse(call, {fault_code::internal, "unexpected read"});
    }
  }
}

void room_machine::timer(const timer_due& m) {
  if (m.name == "idle") return consider_idle();
  if (m.name == "gap") return advance();
  if (m.name == "watch") return watch();
  if (m.name == "keys") return verify_again();
  if (m.name == "stalled") return stalled_overdue();
  if (m.name == "held") return release_held({});
  if (m.name == "hierarchy") return hierarchies_overdue();
  if (m.name == "typing") return typing_overdue();
  if (m.name == "forks") return forks_overdue();
  if (m.name == "authorise") return authorisations_overdue();
  if (m.name == "resident") return resident_joins_overdue();
  if (m.name == "join") {
    if (join_) verify_join();
    return;
  }
  if (m.name == "inviting") return tell_invites_again();
  if (m.name == "arriving") return arrivals_overdue();
  if (m.name == "withdrawn") {
    withdrawing_.clear();
    return run_commands();
  }
  if (m.name == "history") return ask_history();
  if (m.name == "members") return ask_members();
}

void room_machine::consider_idle() {
  const auto idle_ms = std::int64_t{node_.room.idle_s} * 1000;
  const bool busy = !work_.empty() || !commands_.empty() || join_ || history_ || without_members_ || !reading_.empty() || !searching_.empty() || !hierarchies_.empty() ||
                    !authorising_.empty() || !joins_by_residents_.empty() || !joining_peers_.empty() || !batches_.empty() || !held_calls_.empty() || !viewing_.empty() || resolving_ || !parents_wanted_.empty() ||
                    !redaction_lookups_.empty() || !policy_questions_.empty() || !typing_until_.empty() || inviting_.deadline() != 0 ||
                    !arriving_invites_.empty();
  if (!busy && out_.now() - last_active_ >= idle_ms) {
    out_.finish(); // the timer is set again all the same: a message may cross it
  }
  out_.wake_at(std::max(last_active_ + idle_ms, out_.now() + idle_ms / 4), "idle");
}

void room_machine::write_room() {
  head_.forward_extremities = graph_.extremities();
  head_.state_group = graph_.current().group;
  head_.last_position = graph_.last_position();
  head_.first_position = graph_.first_position();
  head_.last_state_group = graph_.last_state_group();
  out_.write(head_);
}

bool room_machine::fetch_parents_first(const matrix::event_ptr& x, const message& m) {
  std::vector<std::string> unplaced;
  for (const auto& id : x->prev_events)
    if (!graph_.is_placed(id)) unplaced.push_back(id);
  if (unplaced.empty()) return false;
  if (parents_told_) throw std::runtime_error("the parents of an own event are not in the store"); // asked once; what comes is placed
  const auto asked = out_.next_token();
  out_.ask(asked, store::load_events{room_id_, std::move(unplaced), true});
  parents_wanted_.emplace(asked, m);
  return true;
}

void room_machine::watch() {
  watching_ = false;
  // Whoever was asked may have failed with our question: no wait is for ever.
  constexpr time_ms verify_ms = 60'000;
  const auto patience = std::int64_t{node_.federation.send_join_timeout_ms} + 30'000;
  for (auto it = verifying_.begin(); it != verifying_.end();) {
    if (out_.now() - it->second.since < verify_ms) {
      ++it;
      continue;
    }
    auto copies = std::move(it->second.copies);
    it = verifying_.erase(it);
    ask_to_verify(std::move(copies));
  }
  policy_overdue();
  for (auto it = joining_peers_.begin(); it != joining_peers_.end();) {
    if (out_.now() - it->second.since < verify_ms) {
      ++it;
      continue;
    }
    refuse(it->second.call, {fault_code::timed_out, "the signature could not be checked in time; repeat"});
    it = joining_peers_.erase(it);
  }
  for (auto it = rescinding_.begin(); it != rescinding_.end();) {
    if (out_.now() - it->second.since < verify_ms) {
      ++it;
      continue;
    }
    // Nothing is known to be on disk: the sender keeps the transaction and repeats it. What is staged is found in the inbox again.
    if (const auto b = batches_.find(it->second.batch_id); b != batches_.end()) {
      out_.send(b->second.reply_to, pdus_handled{b->second.asked, {}, true});
      batches_.erase(b);
    }
    it = rescinding_.erase(it);
  }
  if (join_ && out_.now() - join_->since > patience * static_cast<time_ms>(join_->via + 1)) join_next({fault_code::timed_out, "no answer"});
  if (history_ && history_lookup_ == 0 && history_->verifying && out_.now() - history_->since > patience) finish_history();
  else if (history_ && history_->asked != 0 && out_.now() - history_->since > patience) history_->auth_of.empty() ? history_failed() : history_auth_failed();
  if (without_members_ && (without_members_->asked != 0 || without_members_->reading != 0) && out_.now() - without_members_->since > patience)
    members_failed("no answer");
}

void room_machine::hand_over_rescission(work& w) {
  // The sender was told that we have it: the invitation it takes back must not stand for ever.
  const auto& x = *w.event;
  const bool ends_invitation = x.type == "m.room.member" && x.state_key && *x.state_key != x.sender && (x.membership() == "leave" || x.membership() == "ban");
  if (!w.in_inbox || !ends_invitation || !node_.is_local(*x.state_key) || !matrix::is_user_id(*x.state_key, matrix::user_id_grammar::strict)) return;
  w.in_inbox = false; // its row stays until the invitation has it on disk
  const auto asked = out_.next_token();
  rescinding_[asked] = {0, 0, out_.now(), x.event_id};
  out_.send({actor_kind::invitation, room_id_ + "|" + *x.state_key}, rescission_received{{actor_kind::room, room_id_}, asked, w.origin, x.source});
}

void room_machine::abandon_work() {
  gaps_.clear();
  while (!work_.empty()) {
    hand_over_rescission(work_.begin()->second);
    end_work(work_.begin()->first, "this server is not in the room");
  }
  history_.reset();
  if (without_members_) end_without_members();
  release_pdus();
}

effects room_machine::flush() {
  if (exists_ && head_.phase == store::room_phase::left && !join_ && (!work_.empty() || history_ || without_members_)) abandon_work();
  tell_listing();
  if (!watching_ && (!verifying_.empty() || !joining_peers_.empty() || !rescinding_.empty() || !gaps_.empty() || join_ || history_ || without_members_ ||
                     !policy_questions_.empty())) {
    watching_ = true;
    out_.wake_at(out_.now() + 30'000, "watch");
  }
  if (exists_ && (head_changed_ || !out_.writes().empty()) && graph_.current()) {
    if (head_changed_ || graph_.last_position() != head_.last_position || graph_.last_state_group() != head_.last_state_group ||
        graph_.first_position() != head_.first_position)
      write_room();
    head_changed_ = false;
  }
  // Not sooner: a timer outlives its actor, and names that are no rooms are free to invent.
  if (exists_ && !std::exchange(idle_watched_, true)) out_.wake_at(out_.now() + std::int64_t{node_.room.idle_s} * 1000, "idle");
  auto out = out_.take();
  // A name that turned out to be no room of ours keeps no actor.
  if (life_.is_loaded() && !exists_ && !join_ && commands_.empty() && batches_.empty() && rescinding_.empty()) out.push_back(finish{.on_disk = false});
  return out;
}

std::string room_machine::describe(time_ms now) const {
  using matrix::json::object;
  object o;
  o.set("room_id", room_id_);
  o.set("room", head_.chat_room_id);
  o.set("phase", !life_.is_loaded() ? "loading" : join_ ? "joining" : !exists_ ? "unknown" : head_.phase == store::room_phase::joined ? "joined" : "left");
  o.set("room_version", head_.room_version);
  o.set("type", room_type());
  o.set("events_at_hand", static_cast<std::int64_t>(graph_.events_at_hand()));
  matrix::json::array ext;
  for (const auto& e : graph_.extremities())
    if (ext.size() < described_max) ext.emplace_back(e);
  o.set("extremities", std::move(ext));
  o.set("commands_waiting", static_cast<std::int64_t>(commands_.size()));
  o.set("with_policy_server", static_cast<std::int64_t>(policy_questions_.size()));
  matrix::json::array under_way;
  for (const auto& [id, w] : work_) {
    if (under_way.size() == described_max) break;
    object row;
    row.set("event_id", w.event->event_id);
    row.set("phase", name(w.phase));
    row.set("origin", w.origin);
    row.set("age_ms", now - w.since);
    under_way.emplace_back(std::move(row));
  }
  o.set("events_held", static_cast<std::int64_t>(held_.all().size()));
  o.set("events_under_way", static_cast<std::int64_t>(work_.size()));
  o.set("under_way", std::move(under_way));
  matrix::json::array unsigned_memberships;
  for (const auto& id : unsigned_)
    if (unsigned_memberships.size() < described_max) unsigned_memberships.emplace_back(id);
  o.set("unsigned_memberships", std::move(unsigned_memberships));
  o.set("redactions_held", static_cast<std::int64_t>(held_redactions_.size()));
  matrix::json::array gaps;
  for (const auto& [number, open] : gaps_) {
    object g;
    g.set("server", open.asked_of);
    g.set("rounds", static_cast<std::int64_t>(open.rounds));
    g.set("event_id", open.event_id);
    gaps.emplace_back(std::move(g));
  }
  o.set("gaps", std::move(gaps));
  if (join_) {
    object j;
    j.set("user", join_->wanted.user_id);
    j.set("via", join_->via < join_->wanted.via.size() ? join_->wanted.via[join_->via] : std::string{});
    j.set("step", join_->at == join_dance::step::make_join ? "make_join" : join_->at == join_dance::step::send_join ? "send_join" : "verifying");
    j.set("since_ms", now - join_->since);
    o.set("join", std::move(j));
  }
  if (graph_.current()) {
    matrix::json::array servers;
    const auto all = servers_in_room();
    for (const auto& s : all)
      if (servers.size() < described_max) servers.emplace_back(s);
    o.set("servers", std::move(servers));
    o.set("servers_total", static_cast<std::int64_t>(all.size()));
    matrix::json::object members;
    graph_.for_each_member(graph_.current(), [&](const matrix::event_ptr& e) {
      members.set(*e->state_key, std::string{e->membership()});
      return members.size() < described_max;
    });
    o.set("members", std::move(members));
    o.set("members_joined", static_cast<std::int64_t>(graph_.members().all().joined));
    o.set("members_invited", static_cast<std::int64_t>(graph_.members().all().invited));
  }
  return matrix::json::canonical(o);
}

} // namespace causeway::room
