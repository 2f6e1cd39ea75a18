#include "plugin/admin/explain.hpp"

#include "messages/fault.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::admin {

namespace {

std::string count(std::int64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string{what} + (n == 1 ? "" : "s");
}

/// "in 40 s", "now" for what is due.
std::string due(std::int64_t at_ms, std::int64_t now_ms) {
  return at_ms <= now_ms ? "now" : "in " + human_duration(at_ms - now_ms);
}

/// "2 invitations wait, the last attempt failed: peer_unreachable: connection refused. The next one is made in 40 s."
std::string invitations_wait(const std::vector<invite_row>& all, std::int64_t now_ms) {
  if (all.empty()) return {};
  const auto n = static_cast<std::int64_t>(all.size());
  std::string what = count(n, "invitation") + (n == 1 ? " waits" : " wait");
  const auto failed = std::find_if(all.begin(), all.end(), [](const auto& x) { return !x.last_fault.empty(); });
  if (failed != all.end()) what += ", the last attempt failed: " + failed->last_fault;
  if (!what.ends_with('.')) what += '.';
  const auto next = std::min_element(all.begin(), all.end(),
                                     [](const auto& a, const auto& b) { return a.retry_at_ts < b.retry_at_ts; });
  return what + " The next attempt is made " + due(next->retry_at_ts, now_ms) + ".";
}

std::string server_waits_for(const server_row& x, std::int64_t now_ms) {
  std::string what;
  if (x.queued > 0) {
    what = count(x.queued, "event") + (x.queued == 1 ? " waits" : " wait");
    if (x.oldest_waiting_ts > 0) what += ", the oldest for " + human_duration(now_ms - x.oldest_waiting_ts);
    what += ". ";
  }
  if (x.paused_since_ts > 0)
    return what + "An operator has paused it " + human_duration(now_ms - x.paused_since_ts) +
           " ago: " + x.pause_reason + (x.pause_reason.ends_with('.') ? "" : ".") + " `causeway server resume " +
           x.server_name + "` ends that.";
  if (x.failures > 0) {
    what += count(x.failures, "attempt") + " failed";
    if (x.first_failure_ts > 0) what += " in the last " + human_duration(now_ms - x.first_failure_ts);
    if (!x.last_fault.empty()) what += ", last: " + x.last_fault;
    if (!what.ends_with('.')) what += '.';
    if (x.retry_at_ts > now_ms)
      what += " The next attempt is made " + due(x.retry_at_ts, now_ms) + "; `causeway server retry " + x.server_name +
              "` makes it now.";
    else what += " An attempt is due or under way now.";
    if (x.queued == 0 && x.in_flight.empty())
      what += x.invitations == 0 ? " Nothing is owed to it." : " No event is owed to it.";
    return what;
  }
  if (!x.in_flight.empty())
    return what + "Transaction " + x.in_flight + " with " + count(x.in_flight_pdus, "event") + " and " +
           count(x.in_flight_edus, "ephemeral item") + " is under way; what is queued behind it waits for its answer.";
  if (x.queued > 0)
    return what + "It is about to be sent; if this stays so, look at its actor (`causeway actors --filter " +
           x.server_name + "`).";
  return {};
}

std::string knock_waits_for(const store::put_invitation& x, std::int64_t now_ms) {
  const std::string server{other_side(x)};
  const std::string next = x.pending_request == next_request::none ? "" : " " + due(x.retry_at_ts, now_ms);
  if (x.state == invitation_state::sending)
    return "No server of the room has taken the knock yet" +
           (x.last_fault.empty() ? "" : ", the last attempt failed: " + x.last_fault) + "; " + server +
           " is tried again" + next + ".";
  if (x.state == invitation_state::pending)
    return "Nobody has let " + x.user_id + " in or turned them away for " + human_duration(now_ms - x.since_ts) + "." +
           (x.pending_request == next_request::none
              ? ""
              : " " + server + " is asked" + next + " whether the knock still stands.");
  if (x.pending_request == next_request::join)
    return x.user_id + " was let in; the next attempt to join is made" + next + ".";
  return x.pending_request == next_request::none
           ? std::string{}
           : server + " has still to be told that the knock is taken back; the next attempt is made" + next + ".";
}

std::string invite_waits_for(const store::put_invitation& x, std::int64_t now_ms) {
  if (x.direction == invitation_direction::knock) return knock_waits_for(x, now_ms);
  std::string server{other_side(x)};
  std::string retry;
  if (x.pending_request != next_request::none) {
    retry = x.attempts > 0 ? " " + count(x.attempts, "attempt") + " so far" +
                               (x.last_fault.empty() ? "" : ", the last failed: " + x.last_fault) + ";"
                           : "";
    retry += " the next is made " + due(x.retry_at_ts, now_ms) + " (`causeway server show " + server + "` tells more).";
  }
  if (x.state == invitation_state::sending) return server + " has not taken the invitation yet." + retry;
  if (x.state == invitation_state::revoked_unconfirmed)
    return server + " has not confirmed that the invitation is revoked." + retry;
  if (x.pending_request == next_request::tell)
    return server + " invites too often: the chat server is told of this one " + due(x.retry_at_ts, now_ms) + ".";
  if (x.state == invitation_state::pending) {
    auto who = x.user_id + " has not answered for " + human_duration(now_ms - x.since_ts);
    return who + (x.deadline_ts > 0 ? "; it expires " + due(x.deadline_ts, now_ms) + "." : "; it never expires.");
  }
  return x.pending_request == next_request::none
           ? std::string{}
           : server + " has still to be told (" + name(x.pending_request) + ")." + retry;
}

} // namespace

matrix::json::value detail::to_value(const std::string& x) {
  if (matrix::json::is_utf8(x)) return x;
  std::string out = x;
  for (auto& c : out)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return out;
}

void detail::append_text(std::string& to, const std::string& x) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  if (std::all_of(x.begin(), x.end(), is_plain)) ((to += '"') += x) += '"';
  else to += matrix::json::canonical(to_value(x));
}

std::string human_duration(std::int64_t milliseconds) {
  if (milliseconds < 0) return "0 s";
  if (milliseconds < 1'000) return std::to_string(milliseconds) + " ms";
  if (milliseconds < 10'000)
    return std::to_string(milliseconds / 1'000) + "." + std::to_string(milliseconds % 1'000 / 100) + " s";
  auto seconds = milliseconds / 1'000;
  if (seconds < 120) return std::to_string(seconds) + " s";
  auto minutes = seconds / 60;
  if (minutes < 120) return std::to_string(minutes) + " min";
  auto hours = minutes / 60;
  if (hours < 48)
    return std::to_string(hours) + " h" + (minutes % 60 == 0 ? "" : " " + std::to_string(minutes % 60) + " min");
  return std::to_string(hours / 24) + " days";
}

std::string_view name(store::room_phase phase) {
  switch (phase) {
  case store::room_phase::joined: return "joined";
  case store::room_phase::joining: return "joining";
  case store::room_phase::left: return "left";
  case store::room_phase::invited: return "invited";
  }
  return "unknown";
}

std::string_view state_of(const store::destination_summary& x, bool contacted, bool invites) {
  const auto& d = x.destination;
  if (d.paused_since_ts != 0) return "paused";
  if (d.failures > 0) return contacted ? "backing_off" : "never_contacted";
  if (!d.transaction_id.empty()) return "sending";
  return x.queued > 0 || invites ? "waiting" : "healthy";
}

server_row describe(const store::destination_summary& x, bool contacted, std::int64_t now_ms,
                    const std::vector<invite_row>& invitations) {
  const auto& d = x.destination;
  server_row row;
  row.server_name = d.server_name;
  row.queued = x.queued;
  row.oldest_waiting_ts = x.queued > 0 ? x.oldest_queued_ts : 0;
  row.failures = d.failures;
  row.first_failure_ts = d.first_failure_ts;
  row.retry_at_ts = d.retry_at_ts;
  row.in_flight = d.transaction_id;
  row.in_flight_pdus = static_cast<std::int64_t>(d.transaction_pdus.size());
  row.in_flight_edus = static_cast<std::int64_t>(d.transaction_edus.size());
  row.last_fault = d.last_fault;
  row.refused = x.refused;
  row.paused_since_ts = d.paused_since_ts;
  row.pause_reason = d.pause_reason;
  row.invitations = static_cast<std::int64_t>(invitations.size());
  for (const auto& i : invitations) {
    if (row.last_fault.empty()) row.last_fault = i.last_fault;
    if (d.failures == 0 && (row.retry_at_ts == 0 || i.retry_at_ts < row.retry_at_ts)) row.retry_at_ts = i.retry_at_ts;
  }
  row.state = state_of(x, contacted, row.invitations > 0);
  row.waits_for = server_waits_for(row, now_ms);
  if (auto more = invitations_wait(invitations, now_ms); !more.empty())
    row.waits_for += (row.waits_for.empty() ? "" : " ") + more;
  return row;
}

void exclude(server_row& x, const std::string& why) {
  if (why.empty()) return;
  x.state = "excluded";
  x.waits_for = "Nothing is sent to it and nothing taken from it: " + why + ".";
  if (x.queued > 0)
    x.waits_for += " " + count(x.queued, "event") + (x.queued == 1 ? " waits" : " wait") + " until that ends.";
}

invite_row describe(const store::put_invitation& x, std::int64_t now_ms) {
  invite_row row;
  row.room_id = x.room_id;
  row.chat_room_id = x.chat_room_id;
  row.user_id = x.user_id;
  row.direction = name(x.direction);
  row.state = name(x.state);
  row.inviter = x.inviter;
  row.reason = x.reason;
  row.pending_request = name(x.pending_request);
  for (const auto& server : x.via) row.via += (row.via.empty() ? "" : " ") + server;
  row.since_ts = x.since_ts;
  row.deadline_ts = is_waiting(x.state) ? x.deadline_ts : 0;
  row.attempts = x.attempts;
  row.retry_at_ts = x.pending_request == next_request::none ? 0 : x.retry_at_ts;
  row.last_fault = x.last_fault;
  row.waits_for = invite_waits_for(x, now_ms);
  return row;
}

std::string staged_sentence(std::int64_t staged) {
  return count(staged, "received event") + (staged == 1 ? " waits" : " wait") +
         " for events that we do not have, or for a key of a server; `causeway room show` tells for which.";
}

room_row describe(const store::room_summary& x) {
  room_row row;
  row.room_id = x.room_id;
  row.chat_room_id = x.chat_room_id;
  row.type = x.type;
  row.room_version = x.room_version;
  row.phase = name(x.phase);
  row.events = x.events;
  row.extremities = x.extremities;
  row.staged = x.staged;
  if (x.staged > 0) row.waits_for = staged_sentence(x.staged);
  if (x.phase == store::room_phase::joining)
    row.waits_for += (row.waits_for.empty() ? "" : " ") + std::string{"The join through another server is under way."};
  return row;
}

std::string advice(std::string_view last_fault) {
  const auto* about = find_fault_in(last_fault);
  if (!about) return {};
  // The one fault code stands for all that can be wrong with a certificate; its text says what is.
  if (about->code == fault_code::peer_tls)
    return last_fault.find("expired") != std::string_view::npos
             ? "The other server's certificate has expired; tell its operator."
             : "The other server's certificate, or its TLS, is not accepted, for the reason above; `causeway server "
               "probe` tells what is wrong with it. Tell its operator.";
  const bool is_on_the_way =
    about->code == fault_code::peer_unreachable || about->code == fault_code::peer_unresolvable;
  return std::string{about->what_to_do} +
         (is_on_the_way ? " `causeway doctor NAME` looks at its well-known file, DNS and addresses from the beginning."
                        : "");
}

bool is_little_credit(std::int64_t messages, std::int64_t bytes) {
  constexpr std::int64_t usual_notification_bytes = 4'096;
  return messages <= 0 || bytes < usual_notification_bytes;
}

std::string credit_in_words(std::int64_t messages, std::int64_t bytes) {
  if (messages <= 0 || bytes <= 0) return "nothing";
  return std::to_string(messages) + (messages == 1 ? " notification" : " notifications") + " of at most " +
         std::to_string(bytes) + " bytes";
}

bool waits_for_server(const store::put_invitation& x) {
  return x.pending_request != next_request::none && x.pending_request != next_request::tell &&
         x.pending_request != next_request::commit;
}

std::string_view other_side(const store::put_invitation& x) {
  if (x.direction == invitation_direction::knock) return x.via.empty() ? std::string_view{} : x.via.front();
  return matrix::server_name_of(x.direction == invitation_direction::incoming ? x.inviter : x.user_id);
}

} // namespace causeway::admin
