// A ban, or a kick, that wishes all its target has written away. Source: MSC4293.
#include "actors/room/redactions.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// Of the events looked through, as JSON.
constexpr std::size_t before_ban_bytes_max = 8 * 1024 * 1024;

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
  const bool removes = membership == "ban" || (membership == "leave" && removal.sender != user);
  if (!removes || !wishes_redaction(removal)) return;
  // It is a redaction of each of them, and no more is allowed by it.
  const auto levels = room_.graph.levels();
  if (levels.of_user(removal.sender) < levels.of_action("redact")) return;
  store::load_ancestors before;
  before.room_id = room_.id;
  before.from = room_.graph.extremities();
  before.limit = before_ban_max;
  before.bytes_max = before_ban_bytes_max;
  pending_.ask_store_after_commit(std::move(before), question::before_ban{removal.event_id, user});
}

void redactions::answered(const question::before_ban& q, const store_answered& m) {
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (!found) return answered(q, timed_out{});
  // Newest first, as they are told in; people read from the top.
  for (auto x = found->events.rbegin(); x != found->events.rend(); ++x)
    if (x->event->sender == q.user && !x->event->is_state() && x->judged == store::verdict::accepted &&
        x->event->type != "m.room.redaction" && !x->event->redacted_because)
      pending_.ask_store(store::load_redaction{room_.id, q.ban, x->event->event_id}, question::message_of_banned{});
}

void redactions::answered(const question::before_ban&, const timed_out&) {
  out_.log(log_level::warning, "R121 messages of a banned user not redacted: store query timed out",
           {{"room", room_.id}});
}

void redactions::answered(question::message_of_banned, const store_answered& m) {
  const auto* found = std::get_if<store::redaction_loaded>(m.answer.get());
  if (!found) return answered(question::message_of_banned{}, timed_out{});
  if (!found->redaction || !found->target || found->target->event->redacted_because) return;
  apply(found->redaction, *found);
}

void redactions::answered(question::message_of_banned, const timed_out&) {
  answered(question::before_ban{}, timed_out{});
}

} // namespace causeway::room
