#include "plugin/admin/health.hpp"

#include "plugin/admin/explain.hpp"
#include "plugin/admin/parked.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

check_row fine(const char* name, std::string what) { return {name, "ok", std::move(what), {}}; }

const alarm_row* alarm_of(const health_facts& x, std::string_view name) {
  const auto at = std::find_if(x.alarms.begin(), x.alarms.end(), [&](const auto& a) { return a.name == name; });
  return at == x.alarms.end() ? nullptr : &*at;
}

std::string number_of(std::size_t n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

check_row check_live(const health_facts& x) {
  if (!x.actors)
    return {"live", "critical", "The supervisors of the actors do not answer.",
            "Look at the log; restart the broker when it stays so."};
  const auto parked = static_cast<std::size_t>(std::count_if(x.actors->begin(), x.actors->end(), is_parked));
  if (parked > 0) {
    const auto& first = *std::find_if(x.actors->begin(), x.actors->end(), is_parked);
    return {"live", "warning",
            "The actor " + name_of(first) + " is parked: it failed too often" +
              (first.last_fault.empty() ? std::string{} : ", last because of: " + brief_fault(first.last_fault)) +
              (parked == 1 ? "." : "; " + number_of(parked - 1, "other") + " too."),
            "`" + show_command(first) +
              "` says what mends it, and when it is tried again. `causeway actors --filter parked` lists all."};
  }
  if (const auto* low = alarm_of(x, "limits"))
    return {"live", "warning", low->what,
            low->what.find(" disk ") != std::string::npos ? "Make room on that disk (`df` says how much there is now)."
                                                          : "Raise the limit of the process."};
  return fine("live", "The broker answers.");
}

check_row check_store(const health_facts& x) {
  if (const auto* out = alarm_of(x, "store"))
    return {"store", "critical", "The store does not write: " + out->what, "Make room on the disk, or mend it."};
  if (!x.destinations)
    return {"store", "critical", "The store does not answer.", "See how busy the disk is; look at the log."};
  if (x.actors)
    for (const auto& one : *x.actors)
      if (is_parked(one) && is_damage(one.last_fault))
        return {"store", "warning", "A row of the store is damaged: " + brief_fault(one.last_fault) + ".",
                "`" + show_command(one) + "` says what mends it."};
  if (const auto* media = alarm_of(x, "media"))
    return {"store", "warning", media->what, "See to where the files are (media.backend)."};
  return fine("store", "It reads and writes.");
}

/// The stream whose oldest notification its chat server has had for longest.
const json::value* longest_unacknowledged(const json::value& session) {
  const json::value* found = nullptr;
  std::int64_t longest = 0;
  const auto* streams = session.find_array("streams");
  for (std::size_t i = 0; streams && i < streams->size(); ++i) {
    const auto& one = (*streams)[i];
    const auto* peer = one.find_string("peer");
    const auto* ms = one.find_integer("unacknowledged_ms");
    if (!peer || peer->empty() || !ms || *ms <= longest) continue;
    longest = *ms;
    found = &one;
  }
  return found;
}

/// A chat server that has notifications and says nothing to them. Empty state: it acknowledges in time.
check_row acknowledges(const json::value& session, const std::string& waiting, const health_limits& limits) {
  const auto* late = longest_unacknowledged(session);
  const auto ms = late ? *late->find_integer("unacknowledged_ms") : 0;
  if (!late || ms < limits.unacknowledged_ms) return {};
  return {"edge", ms >= limits.unacknowledged_critical_ms ? "critical" : "warning",
          "The chat server " + *late->find_string("peer") +
            " is connected and has not acknowledged a notification for " + human_duration(ms) + ": " + waiting + ".",
          "What is wrong is in that chat server: see its log. `causeway edge` and `causeway streams` say since when. "
          "What waits is kept."};
}

/// A chat server that has nothing to acknowledge and gives no credit for what waits. Empty state: none.
check_row gives_credit(const json::value& session, const std::string& waiting) {
  const auto number = [](const json::value& of, std::string_view key) {
    const auto* n = of.find_integer(key);
    return n ? *n : 0;
  };
  const auto* streams = session.find_array("streams");
  const auto* connections = session.find_array("connections");
  if (!streams || !connections) return {};
  for (const auto& c : *connections) {
    const auto* peer = c.find_string("peer");
    const auto messages = number(c, "credit_messages"), bytes = number(c, "credit_bytes");
    const bool waits = std::any_of(streams->begin(), streams->end(), [&](const json::value& s) {
      const auto* of = s.find_string("peer");
      return peer && of && *of == *peer && number(s, "lag") > 0 && number(s, "paused_ms") == 0;
    });
    const bool holds_some = number(c, "in_flight") > 0; // else what it lets us send is all that it ever did
    if (!waits || (holds_some ? messages > 0 : !is_little_credit(messages, bytes))) continue;
    return {"edge", "warning",
            "The chat server " + *peer + " takes nothing more: " + waiting + ", and it lets us send " +
              credit_in_words(messages, bytes) + (holds_some ? " more." : " more, with nothing to acknowledge."),
            holds_some
              ? "`causeway streams` says which; see why it does not acknowledge. What waits is kept."
              : "It is to give more credit (CREDIT, or `credit` of HELLO): see its settings. What waits is kept."};
  }
  return {};
}

check_row check_edge(const health_facts& x, const health_limits& limits) {
  const auto* phase = x.session ? x.session->find_string("phase") : nullptr;
  if (!phase)
    return {"edge", "unknown", "The session does not answer.", "`causeway actors` says whether it is busy or parked."};
  if (*phase == "alone")
    return {"edge", "critical", "No chat server is connected.",
            "See that it runs and that its endpoint and key are right."};
  if (*phase != "connected") return {"edge", "warning", "The session is " + *phase + ".", "Wait a moment."};
  std::int64_t lag = 0;
  if (const auto* streams = x.session->find_array("streams"))
    for (const auto& one : *streams)
      if (const auto* n = one.find_integer("lag")) lag = std::max(lag, *n);
  const auto waiting =
    std::to_string(lag) + (lag == 1 ? " notification waits" : " notifications wait") + " for its acknowledgement";
  if (auto late = acknowledges(*x.session, waiting, limits); !late.state.empty()) return late;
  if (auto poor = gives_credit(*x.session, waiting); !poor.state.empty()) return poor;
  if (lag >= stream_lag_warning)
    return {"edge", "warning", "The chat server is behind: " + waiting + ".",
            "`causeway streams` says which; see whether it keeps up."};
  return fine("edge", lag > 0 ? "A chat server is connected; " + waiting + "." : "A chat server is connected.");
}

check_row check_keys(const health_facts& x) {
  if (x.key_id.empty()) return {"keys", "critical", "There is no signing key.", "See node.signing_key_file."};
  return fine("keys", "Events are signed with " + x.key_id + ".");
}

check_row check_certificates(const health_facts& x, const health_limits& limits) {
  if (x.certificates.empty()) return fine("certificates", "TLS is another program's: this process has no certificate.");
  check_row worst = fine("certificates", "None expires soon.");
  for (const auto& one : x.certificates) {
    const auto left = one.not_after_ts - x.now_ms;
    if (!one.problem.empty() || one.not_after_ts == 0)
      return {"certificates", "critical", one.problem.empty() ? one.file + " cannot be read." : one.problem,
              "Correct or renew it; it is read again by itself."};
    if (left > limits.certificate_ms) continue;
    const bool is_critical = left <= limits.certificate_critical_ms;
    if (worst.state == "critical" && !is_critical) continue;
    worst = {"certificates", is_critical ? "critical" : "warning",
             one.file + (left > 0 ? " expires in " + human_duration(left) + "." : " has expired."),
             "Renew it, and see why that did not happen by itself."};
  }
  return worst;
}

check_row check_backlog(const health_facts& x, const health_limits& limits) {
  if (!x.destinations) return {"backlog", "unknown", "The store does not answer.", "See `store`."};
  std::int64_t oldest = 0;
  std::string late;
  std::size_t gone = 0, paused = 0;
  for (const auto& one : *x.destinations) {
    const auto& d = one.destination;
    if (one.queued == 0) continue;
    if (d.paused_since_ts != 0) {
      ++paused;
      continue;
    }
    if (d.failures > 0 && d.first_failure_ts > 0 && x.now_ms - d.first_failure_ts > gone_after_ms) {
      ++gone;
      continue;
    }
    const auto age = x.now_ms - one.oldest_queued_ts;
    if (age <= oldest) continue;
    oldest = age;
    late = d.server_name;
  }
  std::string beside;
  if (gone > 0) beside += " " + number_of(gone, "server") + " that failed for a week not counted.";
  if (paused > 0) beside += " " + number_of(paused, "paused server") + " not counted.";
  if (oldest < limits.backlog_age_ms || late.empty())
    return fine("backlog", "No other server waits for long for what we send." + beside);
  return {"backlog", oldest >= limits.backlog_critical_ms ? "critical" : "warning",
          "What is to be sent to " + late + " waits for " + human_duration(oldest) + "." + beside,
          "`causeway server show " + late + "` says why; `causeway servers` lists the others."};
}

check_row check_clock(const health_facts& x) {
  if (const auto* wrong = alarm_of(x, "clock"))
    return {"clock", "critical", wrong->what, "Set the clock right (`timedatectl`, the time server)."};
  return fine("clock", "It agrees with those of other servers, as far as they were heard.");
}

int rank_of(std::string_view state) {
  return state == "critical" ? 3 : state == "unknown" ? 2 : state == "warning" ? 1 : 0;
}

} // namespace

std::vector<check_row> check_health(const health_facts& x, const health_limits& limits) {
  return {check_live(x),
          check_store(x),
          check_edge(x, limits),
          check_keys(x),
          check_certificates(x, limits),
          check_backlog(x, limits),
          check_clock(x)};
}

std::string worst_state(const std::vector<check_row>& checks) {
  std::string worst = "ok";
  for (const auto& one : checks)
    if (rank_of(one.state) > rank_of(worst)) worst = one.state;
  return worst;
}

} // namespace causeway::admin
