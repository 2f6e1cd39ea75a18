#include "plugin/node_metrics.hpp"

#include "messages/invitation.hpp"
#include "messages/matrix/json.hpp"
#include "plugin/admin/explain.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <set>
#include <sstream>
#include <utility>

namespace causeway {

namespace {

namespace json = matrix::json;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

double number(auto x) { return static_cast<double>(x); }
double in_seconds(std::int64_t ms) { return static_cast<double>(ms) / 1'000; }

/// Collects families in the order they are written.
class families {
public:
  /// @param always  labels of every metric
  explicit families(labels always = {}) : always_(std::move(always)) {}

  void counter(const char* name, const char* help, double value, labels with = {}) {
    metric(name, help, MetricType::Counter, std::move(with)).counter.value = value;
  }
  void gauge(const char* name, const char* help, double value, labels with = {}) {
    metric(name, help, MetricType::Gauge, std::move(with)).gauge.value = value;
  }
  /// @param counts  not cumulative, one more than `bounds`
  template <class Bounds, class Counts>
  void histogram(const char* name, const char* help, const Bounds& bounds, double unit, const Counts& counts,
                 double sum, labels with = {}) {
    auto& h = metric(name, help, MetricType::Histogram, std::move(with)).histogram;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      total += counts[i];
      const auto bound =
        i < bounds.size() ? static_cast<double>(bounds[i]) * unit : std::numeric_limits<double>::infinity();
      h.bucket.push_back({total, bound});
    }
    h.sample_count = total;
    h.sample_sum = sum;
  }
  void durations(const char* name, const char* help, const duration_classes& x, labels with = {}) {
    histogram(name, help, duration_classes::bounds_ms, 0.001, x.counts(), in_seconds(x.sum_ms()), std::move(with));
  }
  std::vector<MetricFamily> all;

private:
  ClientMetric& metric(const char* name, const char* help, MetricType type, labels with) {
    auto at = std::find_if(all.begin(), all.end(), [name](const auto& x) { return x.name == name; });
    if (at == all.end()) at = all.insert(all.end(), MetricFamily{name, help, type, {}});
    auto& made = at->metric.emplace_back();
    made.label = std::move(with);
    made.label.insert(made.label.end(), always_.begin(), always_.end());
    return made;
  }
  const labels always_;
};

double of(const traffic::count& x) { return number(x.load(std::memory_order_relaxed)); }

/// Under the names of Synapse, with its label for the server.
void add_synapse_names(families& f, const metrics_input& x) {
  const auto& n = x.seen->all();
  f.counter("synapse_federation_client_sent_transactions_total",
            "Transactions that other servers have answered with 200.", of(n.transactions));
  f.counter("synapse_util_metrics_block_count_total", "Attempts to send a transaction.", of(n.transaction_attempts),
            {{"block_name", "_send_new_transaction"}});
  f.counter("synapse_federation_server_received_pdus_total", "PDUs received in transactions.", of(n.pdus_received));
  f.counter("synapse_federation_server_received_edus_total", "EDUs received in transactions that were handed on.",
            of(n.edus_received));
  f.counter("synapse_federation_client_sent_pdu_destinations_count_total", "Events queued for other servers.",
            of(n.pdus_queued));
  f.counter("synapse_federation_client_sent_pdu_destinations_total", "The same, once for each server.",
            of(n.pdu_destinations));
  double edus = 0;
  for (std::size_t i = 0; i < n.edus_sent.size(); ++i) {
    edus += of(n.edus_sent[i]);
    f.counter("synapse_federation_client_sent_edus_by_type_total", "The same, by type.", of(n.edus_sent[i]),
              {{"type", std::string{traffic::edu_types[i]}}});
  }
  f.counter("synapse_federation_client_sent_edus_total", "EDUs that other servers have taken.", edus);
  for (const auto& server : x.seen->nominated()) {
    if (server.received_ts > 0)
      f.gauge("synapse_federation_last_received_pdu_time",
              "When the last PDU came from a server of admin.metrics_servers.", in_seconds(server.received_ts),
              {{"origin_server_name", server.server_name}});
    if (server.sent_ts > 0)
      f.gauge("synapse_federation_last_sent_pdu_time",
              "When the last PDU was taken by a server of admin.metrics_servers.", in_seconds(server.sent_ts),
              {{"destination_server_name", server.server_name}});
  }
  f.gauge("synapse_federation_transaction_queue_pending_pdus", "PDUs owed to other servers, on disk and under way.",
          number(x.stored.owed.queued));
  f.gauge("synapse_federation_transaction_queue_pending_edus", "EDUs in transactions that are under way or repeated.",
          number(x.seen->edus_under_way()));
  // Queues between the processes of a Synapse with workers: there is one process here.
  for (const auto* name :
       {"synapse_federation_send_queue_presence_changed_size", "synapse_federation_send_queue_presence_map_size",
        "synapse_federation_send_queue_presence_destinations_size", "synapse_federation_send_queue_keyed_edu_size",
        "synapse_federation_send_queue_edus_size", "synapse_federation_send_queue_pos_time_size"})
    f.gauge(name, "Always 0: nothing is queued between processes.", 0);
  f.durations("synapse_event_processing_lag_by_event",
              "From the making of an event of ours to its being queued for other servers, on disk.", n.send_lag,
              {{"name", "federation_sender"}});
  f.durations("synapse_federation_server_pdu_process_time", "A room's share of a transaction, until it is durable.",
              n.pdu_handling);
  const auto staging = x.seen->staged();
  f.gauge("synapse_federation_server_number_inbound_pdu_in_staging", "Received events that wait for missing ones.",
          number(std::max<std::int64_t>(x.stored.staged, static_cast<std::int64_t>(staging.events))));
  f.gauge("synapse_federation_server_oldest_inbound_pdu_in_staging",
          "Age of the oldest of those that came since the start, seconds.",
          staging.oldest_ts > 0 ? in_seconds(x.now_ms - staging.oldest_ts) : 0);
  f.counter("synapse_storage_events_persisted_events_total", "Events that were committed, whatever the verdict.",
            of(n.events_accepted) + of(n.events_soft_failed) + of(n.events_rejected));
  f.counter("synapse_federation_soft_failed_events_total", "Events that were soft-failed.", of(n.events_soft_failed));
  f.counter("synapse_rate_limit_reject_total", "Requests of other servers answered with 429.", of(n.requests_limited),
            {{"rate_limiter_name", "federation"}});
  f.histogram("synapse_forward_extremities", "Rooms by their number of forward extremities.",
              stored_figures::extremity_bounds, 1, x.stored.extremities, number(x.stored.extremities_sum));
}

void add_traffic(families& f, const metrics_input& x) {
  const auto& n = x.seen->all();
  const auto events = "Events that were committed, by verdict.";
  f.counter("causeway_events_total", events, of(n.events_accepted), {{"verdict", "accepted"}});
  f.counter("causeway_events_total", events, of(n.events_soft_failed), {{"verdict", "soft_failed"}});
  f.counter("causeway_events_total", events, of(n.events_rejected), {{"verdict", "rejected"}});
  f.counter("causeway_notifications_total", "Durable notifications written for the chat server.", of(n.notifications));
  f.counter("causeway_federation_requests_sent_total", "Requests to other servers.", of(n.requests_out));
  f.counter("causeway_federation_requests_failed_total", "Those that got no answer, or none of 2xx.",
            of(n.requests_failed));
  f.counter("causeway_federation_requests_received_total", "Requests of other servers that were answered.",
            of(n.requests_in));
  f.counter("causeway_federation_requests_refused_total", "Those answered with 4xx or 5xx, 429 apart.",
            of(n.requests_refused));
  f.durations("causeway_federation_request_seconds", "Requests to other servers, discovery included.", n.request_time);
}

void add_store(families& f, const metrics_input& x) {
  const auto& s = x.store;
  f.counter("causeway_store_commits_total", "Transactions that reached the disk.", number(s.commits));
  f.counter("causeway_store_batches_total", "Batches in them.", number(s.batches));
  f.counter("causeway_store_rows_total", "Rows written.", number(s.rows));
  f.counter("causeway_store_queries_total", "Queries answered.", number(s.queries));
  f.counter("causeway_store_refused_total", "Batches and queries refused as overloaded.", number(s.refused));
  f.counter("causeway_store_failed_batches_total", "Batches that failed.", number(s.failed_batches));
  f.gauge("causeway_store_queued", "Batches and queries that wait for the writing thread.", number(s.queued));
  f.gauge("causeway_store_queued_bytes", "Bytes of those batches.", number(s.queued_bytes));
  f.gauge("causeway_store_reader_queued", "Queries that wait for the reading thread.", number(s.reader_queued));
  const auto latency = "How long commits take since the start, seconds.";
  f.gauge("causeway_store_commit_seconds", latency, number(s.commit_us_p50) / 1e6, {{"quantile", "0.5"}});
  f.gauge("causeway_store_commit_seconds", latency, number(s.commit_us_p99) / 1e6, {{"quantile", "0.99"}});
  f.gauge("causeway_store_last_commit_seconds", "The last commit.", number(s.last_commit_us) / 1e6);
  f.gauge("causeway_store_writes", "1 while the store writes, else 0.", s.is_out ? 0 : 1);
}

void add_state(families& f, const metrics_input& x) {
  const auto& s = x.stored;
  f.gauge("causeway_rooms", "Rooms in the store.", number(s.rooms));
  f.gauge("causeway_servers", "Other servers we owe or owed something.", number(s.owed.servers));
  f.gauge("causeway_servers_backing_off", "Servers whose last attempt failed.", number(s.owed.failing));
  f.gauge("causeway_back_off_longest_seconds", "Time until the last of them is tried again.",
          in_seconds(s.owed.longest_back_off_ms));
  f.gauge("causeway_oldest_queued_seconds", "Age of the oldest event owed to another server; 0: none.",
          s.owed.oldest_queued_ts > 0 ? in_seconds(x.now_ms - s.owed.oldest_queued_ts) : 0);
  // Every state that can be, so that a graph does not end where the last one goes.
  constexpr std::array<const char*, 3> directions = {"outgoing", "incoming", "knock"};
  for (const auto* direction : directions)
    for (const auto state :
         {invitation_state::sending, invitation_state::pending, invitation_state::accepted, invitation_state::rejected,
          invitation_state::revoked, invitation_state::revoked_unconfirmed, invitation_state::expired,
          invitation_state::failed, invitation_state::banned}) {
      const auto at = s.invitations.find({direction, name(state)});
      f.gauge("causeway_invitations", "Invitations and knocks that are kept.",
              at == s.invitations.end() ? 0 : number(at->second), {{"direction", direction}, {"state", name(state)}});
    }
  f.gauge("causeway_figures_age_seconds", "Age of what is counted in the store: rooms, servers, invitations.",
          s.taken_ms > 0 ? in_seconds(x.now_ms - s.taken_ms) : -1);
}

void add_actors(families& f, const metrics_input& x) {
  for (const auto& kind : x.actors) {
    const labels of_kind = {{"kind", std::string{name(kind.kind)}}};
    f.gauge("causeway_actors", "Actors in memory.", number(kind.children), of_kind);
    f.gauge("causeway_actors_parked", "Actors that failed too often.", number(kind.parked), of_kind);
    f.gauge("causeway_actors_restarting", "Actors that are rebuilt.", number(kind.restarting), of_kind);
    f.gauge("causeway_mailbox_messages", "Messages that wait for actors.", number(kind.mailbox), of_kind);
    f.gauge("causeway_mailbox_longest", "Messages that wait for one of them at most.", number(kind.mailbox_longest),
            of_kind);
  }
  std::set<std::string> standing;
  for (const auto& alarm : x.alarms) standing.insert(alarm.name);
  for (const auto* each : alarm_names) {
    f.gauge("causeway_alarm", "1 while it stands (`causeway status`).", standing.contains(each) ? 1 : 0,
            {{"name", each}});
    standing.erase(each);
  }
  for (const auto& other : standing) f.gauge("causeway_alarm", "", 1, {{"name", other}});
  for (const auto& one : x.certificates)
    f.gauge("causeway_certificate_expiry_timestamp_seconds",
            "When the TLS certificate that other servers get expires, seconds since 1970; 0: it cannot be read.",
            in_seconds(one.not_after_ts), {{"file", one.file}});
}

void add_chat_side(families& f, const metrics_input& x) {
  f.gauge("causeway_edge_peers", "Connected chat servers.", number(x.chat.peers.size()));
  std::map<std::string, edge_figures::peer> by_name; // connections of one name count together
  for (const auto& peer : x.chat.peers) {
    auto& sum = by_name[peer.name];
    sum.credit_messages += peer.credit_messages;
    sum.in_flight += peer.in_flight;
    sum.open_commands += peer.open_commands;
  }
  for (const auto& [peer, sum] : by_name) {
    f.gauge("causeway_edge_credit_messages", "Notifications a peer lets us send.", number(sum.credit_messages),
            {{"peer", peer}});
    f.gauge("causeway_edge_in_flight", "Notifications it has not acknowledged.", number(sum.in_flight),
            {{"peer", peer}});
    f.gauge("causeway_edge_open_commands", "Commands of it that are not answered.", number(sum.open_commands),
            {{"peer", peer}});
  }
  for (std::size_t i = 0; i < x.chat.streams.size(); ++i)
    f.gauge("causeway_outbox_lag", "Notifications of a stream that the chat server has not acknowledged.",
            number(x.chat.streams[i].lag), {{"stream", std::to_string(i)}});
  for (const auto& [what, n] : x.chat.counts)
    f.counter("causeway_session_total", "What the session has counted since it was made.", number(n), {{"what", what}});
  f.counter("causeway_edge_frames_total", "Frames on the edge.", number(x.frames.frames_in), {{"direction", "in"}});
  f.counter("causeway_edge_frames_total", "", number(x.frames.frames_out), {{"direction", "out"}});
  f.counter("causeway_edge_bad_frames_total", "Frames that were refused.", number(x.frames.bad_frames));
  f.gauge("causeway_edge_frames_queued", "Frames that wait for peers that do not take them.",
          number(x.frames.frames_queued));
}

} // namespace

void stored_figures::count(const store::rooms_listed& x) {
  rooms = x.rooms.size();
  for (const auto& room : x.rooms) {
    staged += room.staged;
    std::size_t i = 0;
    while (i < extremity_bounds.size() && room.extremities > extremity_bounds[i]) ++i;
    ++extremities[i];
    extremities_sum += room.extremities;
  }
}

void owed_figures::count(const store::destinations_listed& x, std::int64_t now_ms) {
  servers = x.destinations.size();
  for (const auto& each : x.destinations) {
    const auto state = admin::state_of(each, true, false);
    paused += state == "paused" ? 1 : 0;
    backing_off += state == "backing_off" ? 1 : 0;
    sending += state == "sending" ? 1 : 0;
    waiting += state == "waiting" ? 1 : 0;
    queued += each.queued;
    if (each.oldest_queued_ts > 0 && (oldest_queued_ts == 0 || each.oldest_queued_ts < oldest_queued_ts))
      oldest_queued_ts = each.oldest_queued_ts;
    if (each.destination.failures == 0) continue;
    ++failing;
    longest_back_off_ms = std::max(longest_back_off_ms, each.destination.retry_at_ts - now_ms);
  }
}

void stored_figures::count(const store::invitations_found& x) {
  for (const auto& each : x.invitations) {
    const auto* direction = each.direction == invitation_direction::outgoing   ? "outgoing"
                            : each.direction == invitation_direction::incoming ? "incoming"
                                                                               : "knock";
    ++invitations[{direction, name(each.state)}];
  }
}

edge_figures edge_figures::of(const std::string& description) {
  edge_figures out;
  const auto parsed = json::parse(description);
  const auto* said = parsed ? parsed->as_object() : nullptr;
  if (!said) return out;
  const auto at = [](const json::value& x, std::string_view key) {
    const auto* n = x.find_integer(key);
    return n ? *n : std::int64_t{0};
  };
  for (const auto& [key, x] : *said)
    if (const auto* n = x.as_integer();
        n && key != "open_commands" && key != "oldest_command_ms" && key != "ephemeral_pending")
      out.counts[key] = *n;
  if (const auto* list = parsed->find_array("connections"))
    for (const auto& x : *list) {
      if (out.peers.size() == peers_max) break;
      const auto* peer = x.find_string("peer");
      out.peers.push_back(
        {peer ? *peer : std::string{}, at(x, "credit_messages"), at(x, "in_flight"), at(x, "open_commands")});
    }
  if (const auto* list = parsed->find_array("streams"))
    for (const auto& x : *list) out.streams.push_back({at(x, "lag"), at(x, "in_flight")});
  return out;
}

std::string metrics_text(const metrics_input& x) {
  families of_synapse{{{"server_name", x.server_name}}}, ours;
  add_synapse_names(of_synapse, x);
  ours.gauge("causeway_build_info", "Version of the broker.", 1,
             {{"version", x.version}, {"server_name", x.server_name}});
  ours.gauge("process_start_time_seconds", "When the broker was started.", in_seconds(x.started_ms));
  add_traffic(ours, x);
  add_store(ours, x);
  add_state(ours, x);
  add_actors(ours, x);
  add_chat_side(ours, x);
  std::ostringstream text;
  const prometheus::TextSerializer serializer;
  serializer.Serialize(text, of_synapse.all);
  serializer.Serialize(text, ours.all);
  return text.str();
}

} // namespace causeway
