// A ban, or a kick, that wishes all its target has written away. Source: MSC4293.
#include "actors/room/redactions.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace causeway::room {
namespace {

/// Of the events looked through, as JSON.
constexpr std::size_t before_ban_bytes_max = 8 * 1024 * 1024;
/// After the store has said nothing.
constexpr time_ms take_up_again_ms = 60'000;

bool wishes_redaction(const matrix::event& x) {
  return std::any_of(std::begin(redactions::wish_keys), std::end(redactions::wish_keys), [&](const char* key) {
    const auto* wish = x.content().find(key);
    return wish && wish->as_bool() && *wish->as_bool();
  });
}

} // namespace

void redactions::observe(const state_change& c) {
  if (!c.after || c.key.first != "m.room.member") return;
  const auto& removal = *c.after;
  const auto& user = c.key.second;
  const auto membership = removal.membership();
  const bool removes =
    membership == matrix::membership::ban || (membership == matrix::membership::leave && removal.sender != user);
  if (!removes || !wishes_redaction(removal)) return;
  // It is a redaction of each of them, and no more is allowed by it.
  const auto levels = room_.graph.levels();
  if (levels.of_user(removal.sender) < levels.of_action("redact")) return;
  // In the commit of the ban: until all is redacted it is found again, whatever becomes of the questions. A redaction
  // that names itself is never held (`hold`), so nobody else can have such a row written.
  out_.write(store::hold_redaction{room_.id, removal.event_id, removal.event_id, user, true, false});
  pending_.ask_store_after_commit(words_before(room_.graph.extremities()),
                                  question::before_ban{removal.event_id, user});
}

store::load_ancestors redactions::words_before(std::vector<std::string> from) const {
  store::load_ancestors before;
  before.room_id = room_.id;
  before.from = std::move(from);
  before.limit = before_ban_max;
  before.bytes_max = before_ban_bytes_max;
  return before;
}

void redactions::load_wishes(const std::vector<store::hold_redaction>& wishes) {
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    const auto& ban = wishes[i].redaction_event_id;
    // As many come together only while the store says nothing for long.
    if (wishes.size() - i > wishes_max) out_.write(store::drop_held_redaction{room_.id, ban});
    else wishes_left_.push_back({ban, wishes[i].sender});
  }
  take_up_next();
}

void redactions::take_up_next() {
  if (wishes_left_.empty() || again_.is_set() || !wishes_.empty() || pending_.count<question::before_ban>() > 0) return;
  const auto next = std::move(wishes_left_.front());
  wishes_left_.pop_front();
  // What came after the ban is not meant, they may have been let in again since: so only what it knows of.
  pending_.ask_store(words_before({next.ban}), next);
}

void redactions::take_up_later(question::before_ban q) {
  wishes_left_.push_back(std::move(q));
  again_.set(out_.now() + take_up_again_ms);
}

void redactions::on_deadline() {
  if (again_.goes_off(out_.now())) take_up_next();
}

void redactions::answered(const question::before_ban& q, const store_answered& m) {
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (!found) return answered(q, timed_out{});
  std::size_t asked = 0;
  // Newest first, as they are told in; people read from the top.
  for (auto x = found->events.rbegin(); x != found->events.rend(); ++x)
    if (x->event->sender == q.user && !x->event->is_state() && x->judged == store::verdict::accepted &&
        x->event->type != "m.room.redaction" && !x->event->redacted_because) {
      pending_.ask_store(store::load_redaction{room_.id, q.ban, x->event->event_id},
                         question::message_of_banned{q.ban});
      ++asked;
    }
  if (asked > 0) {
    auto& wish = wishes_[q.ban];
    wish.user = q.user;
    wish.open += asked;
  } else if (!wishes_.contains(q.ban)) out_.write(store::drop_held_redaction{room_.id, q.ban});
  take_up_next();
}

void redactions::answered(const question::before_ban& q, const timed_out&) {
  out_.log(log_level::warning, "R121 messages of a banned user not redacted yet: store query timed out",
           {{"room", room_.id}});
  take_up_later(q);
}

void redactions::answered(const question::message_of_banned& q, const store_answered& m) {
  const auto* found = std::get_if<store::redaction_loaded>(m.answer.get());
  if (found && found->redaction && found->target && !found->target->event->redacted_because)
    apply(found->redaction, *found);
  ban_answered(q.ban, found != nullptr);
}

void redactions::answered(const question::message_of_banned& q, const timed_out&) { ban_answered(q.ban, false); }

void redactions::ban_answered(const std::string& ban, bool is_known) {
  const auto it = wishes_.find(ban);
  if (it == wishes_.end()) return;
  it->second.is_lost = it->second.is_lost || !is_known;
  if (--it->second.open > 0) return;
  const auto wish = std::move(it->second);
  wishes_.erase(it);
  if (wish.is_lost) answered(question::before_ban{ban, wish.user}, timed_out{});
  else out_.write(store::drop_held_redaction{room_.id, ban});
  take_up_next();
}

} // namespace causeway::room
