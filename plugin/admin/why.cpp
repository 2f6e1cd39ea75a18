#include "plugin/admin/why.hpp"

#include "plugin/admin/explain.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace causeway::admin::why {
namespace {

namespace json = matrix::json;

std::string counted(std::int64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string{what} + (n == 1 ? "" : "s");
}

/// Without what ends a sentence: the text goes into the middle of one.
std::string within(std::string text) {
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string in_time(std::int64_t at_ts, std::int64_t now_ms) {
  return at_ts <= now_ms ? "now" : "in " + human_duration(at_ts - now_ms);
}

const alarm_row* alarm(const facts& x, std::string_view name) {
  const auto at = std::find_if(x.alarms.begin(), x.alarms.end(), [&](const alarm_row& a) { return a.name == name; });
  return at == x.alarms.end() ? nullptr : &*at;
}

/// What an attempt came to grief in, for a sentence.
std::string_view in_words(std::string_view phase) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> words = {{
    {"well-known", "server discovery (well-known)"},
    {"DNS", "name lookup (DNS)"},
    {"TCP", "connecting (TCP)"},
    {"TLS", "the TLS handshake"},
    {"HTTP", "the HTTP answer"},
    {"signature", "our signature"},
    {"body", "reading the answer"},
  }};
  const auto at = std::find_if(words.begin(), words.end(), [&](const auto& x) { return x.first == phase; });
  return at == words.end() ? "the attempt" : at->second;
}

/// The server that keeps the event for longest: one that fails before one that is only slow.
const event_server_row* worst(const facts& x) {
  const event_server_row* found = nullptr;
  const auto rank = [](const event_server_row& s) {
    return std::tuple{s.excluded.empty(), s.paused_since_ts == 0, s.first_failure_ts == 0, s.first_failure_ts,
                      std::string_view{s.server_name}};
  };
  for (const auto& s : x.servers)
    if ((s.state == "queued" || s.state == "in_flight") && (!found || rank(s) < rank(*found))) found = &s;
  return found;
}

/// ", and 3 other servers have still to get it" for the end of a sentence about one of them.
std::string others(const facts& x) {
  const auto n = x.owed - 1;
  if (n < 1) return {};
  return n == 1 ? ", and one more server has still to get it"
                : ", and " + std::to_string(n) + " more servers have still to get it";
}

std::string server_show(const std::string& server) { return "causeway server show " + server; }

/// "3 attempts failed in the last 5 min, the last in the TLS handshake (peer_tls: ...); the next is made in 40 s"
std::string attempts(const event_server_row& s, std::int64_t now_ms) {
  return counted(s.attempts, "attempt") + " failed in the last " + human_duration(now_ms - s.first_failure_ts) +
         ", the last in " + std::string{in_words(s.phase)} + " (" + within(s.last_fault) + "); the next is made " +
         in_time(s.retry_at_ts, now_ms);
}

using answer = std::optional<diagnosis>;

// -- what stops everything --------------------------------------------------------------------------------------------

answer store_does_not_write(const facts& x, std::int64_t now_ms) {
  const auto* a = alarm(x, "store");
  if (!a) return {};
  return diagnosis{cause::store_not_writing,
                   "The store has not written for " + human_duration(now_ms - a->since_ts) +
                     ", and nothing is sent or told before it is on disk: " + within(a->what) + ".",
                   "causeway status"};
}

answer clock_is_wrong(const facts& x, std::int64_t) {
  const auto* a = alarm(x, "clock");
  if (!a || x.way != direction::out || !worst(x)) return {};
  return diagnosis{cause::clock_wrong, "The clock is wrong, and nothing is signed meanwhile: " + within(a->what) + ".",
                   "causeway status"};
}

answer its_row_is_damaged(const facts& x, std::int64_t) {
  if (x.damage.empty()) return {};
  if (x.parked.empty())
    return diagnosis{cause::damaged,
                     "It is stored, but its row is damaged and cannot be read: " + brief_fault(x.damage) + ".",
                     "causeway check"};
  const auto& a = x.parked.front();
  return diagnosis{cause::damaged,
                   "It is stored, but its row is damaged and cannot be read: " + brief_fault(x.damage) +
                     ". The actor " + name_of(a) + " is parked because of it.",
                   show_command(a)};
}

answer a_parked_room_may_keep_it(const facts& x, std::int64_t) {
  if (x.is_known || x.parked.empty()) return {};
  const auto& a = x.parked.front();
  const auto others = static_cast<std::int64_t>(x.parked.size()) - 1;
  return diagnosis{
    cause::perhaps_parked,
    "It is not known here: it is not stored and was not seen, so its room is not known either. Perhaps "
    "it belongs to " +
      name_of(a) + ", which stores nothing of what comes: " + parked_because(a) +
      (others == 0 ? "" : "; " + counted(others, "other room") + (others == 1 ? " is" : " are") + " parked too") +
      ". If it belongs to another room, it has not come here.",
    show_command(a)};
}

answer actor_is_parked(const facts& x, std::int64_t now_ms) {
  if (x.parked.empty()) return {};
  const auto& a = x.parked.front();
  return diagnosis{cause::actor_parked,
                   "It waits, for " + parked_because(a) + ". " + until_it_is_tried(a, x.supervision, now_ms),
                   show_command(a)};
}

// -- an event of another server ---------------------------------------------------------------------------------------

answer was_rejected(const facts& x, std::int64_t) {
  if (x.verdict != "rejected" && x.verdict != "soft_failed") return {};
  std::string why;
  for (const auto& h : x.hops)
    if (h.stage == "judged" && !h.answer.empty()) why = h.answer;
  return diagnosis{cause::rejected,
                   std::string{"It is here and was "} +
                     (x.verdict == "rejected" ? "rejected by the rules of the room" : "soft-failed") +
                     ", so the chat server is not told of it" + (why.empty() ? "" : ": " + within(why)) + ".",
                   "causeway room show '" + x.room_id + "'"};
}

const arrival_row* arrival_in(const facts& x, std::string_view phase) {
  const auto at =
    std::find_if(x.arrivals.begin(), x.arrivals.end(), [&](const arrival_row& a) { return a.phase == phase; });
  return at == x.arrivals.end() ? nullptr : &*at;
}

/// "; it is asked for again in 40 s, and the event given up in 23 h"
std::string what_comes(const arrival_row& a, std::string_view what, std::int64_t now_ms) {
  std::string text;
  if (a.retry_ts > 0) text = "; " + std::string{what} + " asked for again " + in_time(a.retry_ts, now_ms);
  if (a.give_up_ts > 0)
    text +=
      (text.empty() ? "; " : ", and ") + ("the event is given up " + in_time(a.give_up_ts, now_ms) + " at the latest");
  return text;
}

answer key_is_missing(const facts& x, std::int64_t now_ms) {
  const auto* a = arrival_in(x, "waiting_for_keys");
  if (!a) return {};
  const auto& [signer, known] = x.key;
  // Whether the server does not tell its keys or tells others: it is mended at different places.
  const bool is_unpublished = known.fault.empty() && !known.ids.empty() && !missing_key_ids(signer, known).empty();
  return diagnosis{cause::key_missing,
                   "It has waited for " + human_duration(now_ms - a->received_ts) + " for a key of " + a->key_server +
                     ": " + (signer.key_ids.empty() ? "" : "it is ") + within(key_in_words(signer, known, now_ms)) +
                     what_comes(*a, "the key is", now_ms) +
                     (is_unpublished ? ". Only the operator of " + a->key_server +
                                         " can mend that: it has to publish the key it signs with."
                                     : "."),
                   is_unpublished ? server_show(a->key_server) : "causeway server probe " + a->key_server};
}

answer policy_server_is_asked(const facts& x, std::int64_t) {
  if (!arrival_in(x, "asking_policy_server")) return {};
  return diagnosis{cause::policy_server, "The policy server of the room has it and has not answered yet.",
                   "causeway room show '" + x.room_id + "'"};
}

/// "asked 20 s ago for what leads to it, there.example answered: peer_refused: M_NOT_FOUND"
std::string what_was_answered(const facts& x, std::int64_t now_ms) {
  constexpr std::size_t told_max = 2;
  std::string text;
  for (std::size_t i = x.answers.size() - std::min(x.answers.size(), told_max); i < x.answers.size(); ++i) {
    const auto& one = x.answers[i];
    text += "; asked " + human_duration(now_ms - one.ts) + " ago for " + one.question + ", " + one.server +
            " answered: " + within(one.answer);
  }
  return text;
}

answer parents_are_missing(const facts& x, std::int64_t now_ms) {
  if (x.arrivals.empty() || x.missing.empty()) return {};
  const auto& a = x.arrivals.front();
  const auto n = static_cast<std::int64_t>(x.missing.size());
  const std::string them = n == 1 ? "it" : "them";
  auto asked = what_was_answered(x, now_ms);
  if (!a.asked.empty())
    asked += "; " + a.asked + " is asked for " + them + " now, attempt " + std::to_string(a.attempts);
  else if (asked.empty()) asked = "; " + a.origin + " is asked for " + them + " again and again";
  return diagnosis{cause::waiting_for_parents,
                   "It came from " + a.origin + " and has waited for " + human_duration(now_ms - a.received_ts) +
                     " for " + (n == 1 ? "an event" : counted(n, "event")) +
                     " that it cites and that we do not have (" + x.missing.front() + (n == 1 ? "" : ", ...") + ")" +
                     asked + what_comes(a, n == 1 ? "it is" : "they are", now_ms) + ".",
                   "causeway room show '" + x.room_id + "'"};
}

answer it_is_missing_here(const facts& x, std::int64_t now_ms) {
  if (x.cited_in.empty()) return {};
  const auto& first = x.cited_in.front();
  const auto more = static_cast<std::int64_t>(x.cited_in.size()) - 1;
  return diagnosis{cause::missing_here,
                   "It is not here, and " + first.event_id + " waits for it, which cites it and came from " +
                     first.origin + " " + human_duration(now_ms - first.received_ts) + " ago" +
                     (more > 0 ? ", and with it " + counted(more, "other event") : std::string{}) + ".",
                   "causeway why '" + first.event_id + "'"};
}

answer it_is_being_handled(const facts& x, std::int64_t now_ms) {
  if (x.arrivals.empty()) return {};
  const auto& a = x.arrivals.front();
  return diagnosis{cause::being_handled,
                   "It came from " + a.origin + " " + human_duration(now_ms - a.received_ts) +
                     " ago, and the room is at it (" + (a.phase.empty() ? "waiting for its turn" : a.phase) + ").",
                   "causeway actor show room '" + x.room_id + "'"};
}

// -- the chat server --------------------------------------------------------------------------------------------------

answer chat_server_refused(const facts& x, std::int64_t) {
  if (!x.notification || x.notification->state != "refused") return {};
  return diagnosis{cause::chat_refused,
                   "The chat server has refused its notification for good: " + within(x.notification->reason) + ".",
                   "causeway dead-letters ls"};
}

bool is_open(const facts& x) {
  return x.notification && (x.notification->state == "sent" || x.notification->state == "waiting");
}

/// "It is notification 12 of stream 0, which is acknowledged up to 7"
std::string place(const notification_row& n) {
  return "It is notification " + std::to_string(n.cursor) + " of stream " + std::to_string(n.stream) +
         ", which is acknowledged up to " + std::to_string(n.acknowledged);
}

answer nobody_is_connected(const facts& x, std::int64_t) {
  if (!is_open(x) || !x.chat.known || (x.chat.connected > 0 && !x.notification->peer.empty())) return {};
  return diagnosis{cause::no_chat_server,
                   place(*x.notification) + ", and no chat server " +
                     (x.chat.connected == 0 ? "is connected." : "takes that stream."),
                   "causeway edge"};
}

/// When the chat server was sent the notification of it last; 0: that hop is not kept.
std::int64_t notified_ts(const facts& x) {
  const auto at = std::find_if(x.hops.rbegin(), x.hops.rend(), [](const hop_row& h) { return h.stage == "notified"; });
  return at == x.hops.rend() ? 0 : at->at_ts;
}

answer nothing_is_acknowledged(const facts& x, std::int64_t now_ms) {
  if (!is_open(x) || x.notification->state != "sent") return {};
  const auto& n = *x.notification;
  const auto sent = notified_ts(x);
  return diagnosis{cause::not_acknowledged,
                   "The chat server" + (n.peer.empty() ? "" : " " + n.peer) + " got it" +
                     (sent > 0 ? " " + human_duration(now_ms - sent) + " ago" : "") +
                     " and does not acknowledge it: what is wrong is there, see its log. " +
                     counted(n.in_flight, "notification") + (n.in_flight == 1 ? " is" : " are") +
                     " in flight to it without an acknowledgement" +
                     (n.unacknowledged_ms > 0 ? ", the oldest for " + human_duration(n.unacknowledged_ms) : "") + ".",
                   "causeway edge"};
}

answer stream_pauses(const facts& x, std::int64_t) {
  if (!is_open(x) || x.notification->paused_ms <= 0) return {};
  return diagnosis{cause::stream_paused,
                   place(*x.notification) + "; the chat server has refused one before it, which it gets again in " +
                     human_duration(x.notification->paused_ms) + ".",
                   "causeway streams"};
}

answer credit_is_used_up(const facts& x, std::int64_t) {
  if (!is_open(x) || !x.chat.known || x.chat.has_credit) return {};
  const auto& n = *x.notification;
  if (n.in_flight == 0)
    return diagnosis{cause::no_credit,
                     place(n) + "; " + n.peer + " lets us send " +
                       credit_in_words(x.chat.credit_messages, x.chat.credit_bytes) +
                       ", which is too little, and has nothing to acknowledge: it is to give more credit, see its "
                       "settings.",
                     "causeway edge"};
  return diagnosis{cause::no_credit,
                   place(n) + "; " + n.peer + " has given no credit for more, with " +
                     counted(n.in_flight, "notification") + " of the stream in flight that it does not acknowledge.",
                   "causeway edge"};
}

answer notification_waits(const facts& x, std::int64_t) {
  if (!is_open(x)) return {};
  return diagnosis{cause::waiting_in_queue, place(*x.notification) + "; those before it go first.", "causeway streams"};
}

// -- an event of ours -------------------------------------------------------------------------------------------------

answer we_do_not_federate(const facts& x, std::int64_t) {
  const auto* s = worst(x);
  if (!s || s->excluded.empty()) return {};
  return diagnosis{cause::federation_off,
                   "Nothing is sent to " + s->server_name + ": " + within(s->excluded) + "; it waits until that ends" +
                     others(x) + ".",
                   server_show(s->server_name)};
}

answer operator_has_paused_it(const facts& x, std::int64_t now_ms) {
  const auto* s = worst(x);
  if (!s || s->paused_since_ts == 0) return {};
  return diagnosis{cause::server_paused,
                   "The operator has paused " + s->server_name + " " + human_duration(now_ms - s->paused_since_ts) +
                     " ago, and nothing is sent there until that is ended" + others(x) + ".",
                   "causeway server resume " + s->server_name + " --reason '...'"};
}

answer certificate_has_expired(const facts& x, std::int64_t now_ms) {
  const auto* s = worst(x);
  if (!s || s->phase != "TLS" || s->last_fault.find("expired") == std::string::npos) return {};
  return diagnosis{cause::certificate_expired,
                   "The certificate of " + s->server_name +
                     " has expired, which only its operator can mend: " + attempts(*s, now_ms) + others(x) + ".",
                   "causeway server probe " + s->server_name};
}

bool is_refusal(const event_server_row& s) { return s.last_fault.starts_with("HTTP 4"); }

answer another_event_blocks(const facts& x, std::int64_t now_ms) {
  const auto* s = worst(x);
  if (!s || s->attempts == 0 || !is_refusal(*s) || s->phase != "HTTP" || s->first_event_id.empty() ||
      s->first_event_id == x.event_id)
    return {};
  return diagnosis{cause::refused_event_blocks,
                   s->server_name + " refuses an event that stands before it in the queue (" + s->first_event_id +
                     ", " + within(s->last_fault) +
                     "); that one is tried alone and set aside after some attempts, the next " +
                     in_time(s->retry_at_ts, now_ms) + others(x) + ".",
                   server_show(s->server_name)};
}

answer server_refuses(const facts& x, std::int64_t now_ms) {
  const auto* s = worst(x);
  if (!s || s->attempts == 0 || (!is_refusal(*s) && s->phase != "signature")) return {};
  const bool limits = s->last_fault.starts_with("HTTP 429");
  const auto* what = s->phase == "signature" ? " does not take our signature: "
                     : limits                ? " limits how much it takes, and we keep the pause it asks for: "
                                             : " is there and refuses what it gets: ";
  return diagnosis{cause::server_refuses_us, s->server_name + what + attempts(*s, now_ms) + others(x) + ".",
                   s->phase == "signature" ? "causeway keys" : server_show(s->server_name)};
}

answer server_is_down(const facts& x, std::int64_t now_ms) {
  const auto* s = worst(x);
  if (!s || s->attempts == 0) return {};
  return diagnosis{cause::server_down, s->server_name + " cannot be reached: " + attempts(*s, now_ms) + others(x) + ".",
                   "causeway server probe " + s->server_name};
}

answer server_has_not_answered(const facts& x, std::int64_t now_ms) {
  const auto* s = worst(x);
  if (!s || s->state != "in_flight") return {};
  return diagnosis{cause::waiting_for_answer,
                   s->server_name + " got it in transaction " + s->transaction +
                     (s->sent_ts > 0 ? " " + human_duration(now_ms - s->sent_ts) + " ago" : "") +
                     " and has not answered" + others(x) + ".",
                   server_show(s->server_name)};
}

answer it_is_queued(const facts& x, std::int64_t) {
  const auto* s = worst(x);
  if (!s) return {};
  return diagnosis{cause::waiting_in_queue,
                   "It waits in the queue of " + s->server_name + " behind " + counted(s->before, "event") + others(x) +
                     ".",
                   server_show(s->server_name)};
}

answer server_refused_it(const facts& x, std::int64_t) {
  const auto at = std::find_if(x.servers.begin(), x.servers.end(), [](const auto& s) { return s.state == "refused"; });
  if (at == x.servers.end()) return {};
  return diagnosis{cause::refused,
                   at->server_name + " takes other events and refuses this one, which is not sent there any more: " +
                     within(at->last_fault) + ".",
                   server_show(at->server_name)};
}

// -- it is through ----------------------------------------------------------------------------------------------------

/// The longest pause on its way.
const hop_row* slowest(const facts& x) {
  const auto at = std::max_element(x.hops.begin(), x.hops.end(), [](const hop_row& a, const hop_row& b) {
    return a.since_previous_ms < b.since_previous_ms;
  });
  return at == x.hops.end() ? nullptr : &*at;
}

/// Whether the first hop that is kept cannot be its first: those before are older than an hour, or than the process.
bool begin_is_lost(const facts& x) {
  static constexpr std::array<std::string_view, 7> late_stages = {
    "sent", "failed", "refused", "acknowledged", "notified", "chat_refused", "chat_acknowledged"};
  return x.hops.empty() || std::find(late_stages.begin(), late_stages.end(), x.hops.front().stage) != late_stages.end();
}

answer it_was_late(const facts& x, std::int64_t) {
  const auto* slow = slowest(x);
  if (!slow || x.hops.back().at_ts - x.hops.front().at_ts < late_after_ms) return {};
  const auto failed =
    std::find_if(x.hops.rbegin(), x.hops.rend(), [](const hop_row& h) { return h.stage == "failed"; });
  std::string why = "the longest pause, " + human_duration(slow->since_previous_ms) + ", was before \"" + slow->stage +
                    "\" in " + slow->actor;
  if (failed != x.hops.rend())
    why = "attempts to reach " + failed->server + " failed, the last in " + std::string{in_words(failed->phase)} +
          " (" + within(failed->answer) + ")";
  else
    for (const auto& h : x.hops)
      if (h.stage == "waiting_for_key") why = "it waited for the key of " + h.server;
      else if (h.stage == "waiting_for_parents") why = "it waited for events that it cites";
  return diagnosis{cause::was_late,
                   std::string{"It is through now and took "} + (begin_is_lost(x) ? "at least " : "") +
                     human_duration(x.hops.back().at_ts - x.hops.front().at_ts) + ": " + why + ".",
                   failed == x.hops.rend() ? std::string{} : server_show(failed->server)};
}

/// Rows say that nothing waits for it; when it passed where, only hops do.
answer way_is_not_kept(const facts& x, std::int64_t now_ms) {
  if (!begin_is_lost(x)) return {};
  const auto written = x.written_ts > 0 && x.written_ts <= now_ms
                         ? ", and it was written " + human_duration(now_ms - x.written_ts) + " ago"
                         : std::string{};
  const auto through =
    x.way == direction::in ? "the chat server has nothing of it still to acknowledge" : "no server has still to get it";
  const auto known = x.hops.empty()
                       ? std::string{"Whether it was late is not known any more"}
                       : "Its last " + counted(x.hops_total, "hop") + (x.hops_total == 1 ? " is" : " are") +
                           " kept, and when it began is not known any more";
  return diagnosis{cause::way_not_kept,
                   std::string{"It is through: "} + through + ". " + known +
                     ": hops are kept for an hour at most, in node.hops_kept_mib of memory, and not beyond a restart" +
                     written + ".",
                   ""};
}

answer it_was_not_late(const facts& x, std::int64_t) {
  std::string how;
  if (x.hops.size() > 1)
    how = ": " + human_duration(x.hops.back().at_ts - x.hops.front().at_ts) + " from the first hop to the last";
  if (x.way == direction::in)
    return diagnosis{cause::not_late,
                     "It was not late; the chat server has nothing of it still to acknowledge" + how + ".", ""};
  const auto delivered =
    std::count_if(x.servers.begin(), x.servers.end(), [](const auto& s) { return s.state == "delivered"; });
  return diagnosis{cause::not_late,
                   "It was not late; " +
                     (delivered > 0 ? counted(delivered, "server") + (delivered == 1 ? " has" : " have") + " got it"
                                    : std::string{"no server has still to get it"}) +
                     how + ".",
                   ""};
}

constexpr std::array<answer (*)(const facts&, std::int64_t), 28> causes = {
  &store_does_not_write, &clock_is_wrong, &its_row_is_damaged, &it_is_missing_here, &a_parked_room_may_keep_it,
  &actor_is_parked,
  // in
  &was_rejected, &key_is_missing, &policy_server_is_asked, &parents_are_missing, &it_is_being_handled,
  // to the chat server
  &chat_server_refused, &nobody_is_connected, &nothing_is_acknowledged, &stream_pauses, &credit_is_used_up,
  &notification_waits,
  // out
  &we_do_not_federate, &operator_has_paused_it, &certificate_has_expired, &another_event_blocks, &server_refuses,
  &server_is_down, &server_has_not_answered, &it_is_queued, &server_refused_it, &it_was_late, &way_is_not_kept};

} // namespace

std::string_view name(direction x) { return x == direction::out ? "out" : "in"; }

std::string_view name(cause x) {
  switch (x) {
  case cause::store_not_writing: return "store_not_writing";
  case cause::clock_wrong: return "clock_wrong";
  case cause::damaged: return "damaged";
  case cause::perhaps_parked: return "perhaps_parked";
  case cause::actor_parked: return "actor_parked";
  case cause::rejected: return "rejected";
  case cause::key_missing: return "key_missing";
  case cause::policy_server: return "policy_server";
  case cause::waiting_for_parents: return "waiting_for_parents";
  case cause::missing_here: return "missing_here";
  case cause::being_handled: return "being_handled";
  case cause::chat_refused: return "chat_refused";
  case cause::no_chat_server: return "no_chat_server";
  case cause::no_credit: return "no_credit";
  case cause::not_acknowledged: return "not_acknowledged";
  case cause::stream_paused: return "stream_paused";
  case cause::federation_off: return "federation_off";
  case cause::server_paused: return "server_paused";
  case cause::certificate_expired: return "certificate_expired";
  case cause::server_down: return "server_down";
  case cause::server_refuses_us: return "server_refuses_us";
  case cause::refused_event_blocks: return "refused_event_blocks";
  case cause::waiting_for_answer: return "waiting_for_answer";
  case cause::waiting_in_queue: return "waiting_in_queue";
  case cause::refused: return "refused";
  case cause::was_late: return "was_late";
  case cause::way_not_kept: return "way_not_kept";
  case cause::not_late: return "not_late";
  }
  return "unknown";
}

diagnosis diagnose(const facts& x, std::int64_t now_ms) {
  for (const auto look : causes)
    if (auto found = look(x, now_ms)) return std::move(*found);
  return *it_was_not_late(x, now_ms);
}

json::object view(const facts& x, std::int64_t now_ms) {
  const auto found = diagnose(x, now_ms);
  const auto text = [](const std::string& t) { return detail::to_value(t); };
  json::array missing, answers;
  for (const auto& id : x.missing) missing.push_back(text(id));
  for (const auto& one : x.answers)
    answers.emplace_back(json::object{{"server", text(one.server)},
                                      {"question", text(one.question)},
                                      {"answer", text(one.answer)},
                                      {"ts", json::value{one.ts}}});
  json::object event{{"event_id", text(x.event_id)},
                     {"room_id", text(x.room_id)},
                     {"chat_room_id", text(x.chat_room_id)},
                     {"chat_message_id", text(x.chat_message_id)},
                     {"sender", text(x.sender)},
                     {"type", text(x.type)},
                     {"written_ts", json::value{x.written_ts}},
                     {"verdict", text(x.verdict)}};
  return json::object{
    {"direction", json::value{std::string{name(x.way)}}},
    {"event", json::value{std::move(event)}},
    {"hops", json::value{to_json(x.hops)}},
    {"hops_total", json::value{x.hops_total}},
    {"servers", json::value{to_json(x.servers)}},
    {"servers_owed", json::value{x.owed}},
    {"arrivals", json::value{to_json(x.arrivals)}},
    {"waits_for_events", json::value{std::move(missing)}},
    {"answers", json::value{std::move(answers)}},
    {"notification", x.notification ? json::value{to_json(*x.notification)} : json::value{nullptr}},
    {"parked", json::value{to_json(x.parked)}},
    {"cause", json::value{std::string{name(found.what)}}},
    {"because", text(found.because)},
    {"command", text(found.command)},
  };
}

} // namespace causeway::admin::why
