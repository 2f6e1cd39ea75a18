#include "config/contradictions.hpp"

#include "config/bind_addresses.hpp"
#include "config/endpoints.hpp"
#include "config/fields.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

namespace causeway::config {

namespace {

/// A number with its key, as a sentence names it.
struct amount {
  std::string_view key;
  std::uint64_t value = 0;

  /// In milliseconds where the key is a time, so that hours compare with seconds.
  std::uint64_t comparable() const {
    const auto unit = unit_of(key);
    return value * (unit == "seconds" ? 1'000U : unit == "hours" ? 3'600'000U : unit == "days" ? 86'400'000U : 1U);
  }
  std::string with_unit() const {
    const auto unit = unit_of(key);
    return std::to_string(value) + (unit.empty() ? "" : " ") + std::string{unit};
  }
  std::string named() const { return std::string{key} + " (" + with_unit() + ")"; }
};

class finding {
public:
  finding(const options& x, const set_keys& is_set, std::vector<problem>& out) : x_(x), is_set_(is_set), out_(out) {}

  void timeouts();
  void pauses();
  void credits();
  void queues();
  void rooms_and_invitations();
  void restarts();
  void names();
  void delegation();
  void curve();
  void addresses(purpose what_for);
  void files(purpose what_for);
  void plain_http();
  void media();

private:
  void add(std::string_view key, std::vector<std::string> others, std::string what) {
    problem p;
    p.key = key;
    p.what = std::move(what);
    for (auto& other : others) p.others.push_back({std::move(other), {}});
    out_.push_back(std::move(p));
  }
  /// `low` is to be at most `high`; `else_what` says what happens otherwise.
  void ordered(const amount& low, const amount& high, std::string_view else_what) {
    if (low.comparable() <= high.comparable()) return;
    add(low.key, {std::string{high.key}},
        "must not be greater than " + std::string{high.key} + " (" +
          (unit_of(low.key) == unit_of(high.key) ? std::to_string(low.value) + " > " + std::to_string(high.value)
                                                 : low.with_unit() + " > " + high.with_unit()) +
          "): " + std::string{else_what} + ". Lower it, or raise " + std::string{high.key} + ".");
  }

  const options& x_;
  const set_keys& is_set_;
  std::vector<problem>& out_;
};

void finding::timeouts() {
  const auto& e = x_.edge;
  if (e.peer_timeout_ms < 2 * std::uint64_t{e.heartbeat_ms})
    add("edge.peer_timeout_ms", {"edge.heartbeat_ms"},
        "must be at least twice edge.heartbeat_ms (" + std::to_string(e.heartbeat_ms) +
          "), or one lost heartbeat ends a connection.");

  const auto& f = x_.federation;
  const amount connect{"gateway.connect_timeout_ms", x_.gateway.connect_timeout_ms};
  if (is_set_(connect.key))
    for (const auto& request : {amount{"federation.send_timeout_ms", f.send_timeout_ms},
                                amount{"federation.request_timeout_ms", f.request_timeout_ms},
                                amount{"federation.make_join_timeout_ms", f.make_join_timeout_ms},
                                amount{"federation.send_join_timeout_ms", f.send_join_timeout_ms},
                                amount{"media.fetch_timeout_s", x_.media.fetch_timeout_s}})
      ordered(connect, request, "the connection would be waited for longer than the request it is for");

  // A server that is met for the first time is answered when its keys are here.
  const auto notary_ms = f.trusted_key_servers.empty() ? std::uint64_t{0} : f.notary_timeout_ms;
  const amount answer{"gateway.answer_timeout_s", x_.gateway.answer_timeout_s};
  if (answer.comparable() < f.key_fetch_timeout_ms + notary_ms)
    add(answer.key,
        notary_ms == 0 ? std::vector<std::string>{"federation.key_fetch_timeout_ms"}
                       : std::vector<std::string>{"federation.key_fetch_timeout_ms", "federation.notary_timeout_ms"},
        "must not be less than federation.key_fetch_timeout_ms" +
          std::string{notary_ms == 0 ? "" : " and federation.notary_timeout_ms together"} + " (" + answer.with_unit() +
          " < " + std::to_string(f.key_fetch_timeout_ms + notary_ms) +
          " milliseconds): a server whose keys are being fetched would be answered with 504. Raise it, or lower the "
          "other.");
}

void finding::pauses() {
  const auto& f = x_.federation;
  ordered({"federation.retry_delay_ms_min", f.retry_delay_ms_min},
          {"federation.retry_delay_ms_max", f.retry_delay_ms_max}, "the first pause would be longer than the longest");
  ordered({"federation.retry_delay_ms_max", f.retry_delay_ms_max},
          {"federation.retry_delay_late_ms", f.retry_delay_late_ms},
          "a server that failed for a day would be tried more often than before");
  ordered({"federation.key_fetch_retry_ms", f.key_fetch_retry_ms},
          {"federation.key_fetch_retry_ms_max", f.key_fetch_retry_ms_max},
          "the first pause would be longer than the longest");
  const auto& i = x_.invitation;
  ordered({"invitation.retry_delay_ms_min", i.retry_delay_ms_min},
          {"invitation.retry_delay_ms_max", i.retry_delay_ms_max}, "the first pause would be longer than the longest");
  ordered({"invitation.retry_delay_ms_max", i.retry_delay_ms_max}, {"invitation.give_up_h", i.give_up_h},
          "an invitation would be given up in the pause before its next attempt");
}

void finding::credits() {
  const auto& e = x_.edge;
  const auto in_flight = std::uint64_t{e.event_credit_max} + e.command_credit;
  if (e.high_water_mark < in_flight)
    add("edge.high_water_mark", {"edge.event_credit_max", "edge.command_credit"},
        std::to_string(e.high_water_mark) + " is less than edge.event_credit_max and edge.command_credit together (" +
          std::to_string(e.event_credit_max) + " + " + std::to_string(e.command_credit) + " = " +
          std::to_string(in_flight) +
          "): a peer that uses its credit fills the queue, and its connection is cut again and again. Raise it to at "
          "least " +
          std::to_string(in_flight) + ", or lower the credits.");
  ordered({"edge.command_credit", e.command_credit}, {"store.queue_items_max", x_.store.queue_items_max},
          "commands within the credit would be refused as overloaded");
}

void finding::queues() {
  const auto& s = x_.store;
  ordered({"store.group_batches_max", s.group_batches_max}, {"store.queue_items_max", s.queue_items_max},
          "no commit could ever be so large");
  ordered({"store.group_bytes_max", s.group_bytes_max}, {"store.queue_bytes_max", s.queue_bytes_max},
          "no commit could ever be so large");
  ordered({"media.remote_bytes_max", x_.media.remote_bytes_max}, {"media.cache_bytes_max", x_.media.cache_bytes_max},
          "one file would be larger than all copies together may be");
  const auto& f = x_.federation;
  ordered({"federation.inbound_requests_per_second", f.inbound_requests_per_second},
          {"federation.inbound_requests_burst", f.inbound_requests_burst},
          "the requests of one second could not come within it");
  if (is_set_("federation.catch_up_pdus_min"))
    ordered({"federation.catch_up_pdus_min", f.catch_up_pdus_min},
            {"federation.queue_memory_pdus_max", f.queue_memory_pdus_max},
            "what no longer fits into memory counts as much to catch up on already");
}

void finding::media() {
  if (x_.media.backend == media_backend::postgresql && x_.store.engine != store_engine::postgresql)
    add("media.backend", {"store.engine"},
        R"(is "postgresql", and store.engine is "sqlite": files are kept in the database of the store, and there is )"
        R"(none. Set store.engine = "postgresql" and store.url, or media.backend = "folder".)");
}

void finding::rooms_and_invitations() {
  const auto& r = x_.room;
  const auto gap = std::uint64_t{r.missing_events_rounds} * r.missing_events_limit;
  if ((is_set_("room.missing_events_rounds") || is_set_("room.missing_events_limit")) && gap > r.pending_pdus_max)
    add("room.missing_events_rounds", {"room.missing_events_limit", "room.pending_pdus_max"},
        "and room.missing_events_limit fetch up to " + std::to_string(r.missing_events_rounds) + " x " +
          std::to_string(r.missing_events_limit) + " = " + std::to_string(gap) +
          " events for one gap, more than room.pending_pdus_max (" + std::to_string(r.pending_pdus_max) +
          "): the room would refuse everything else meanwhile. Lower them, or raise room.pending_pdus_max.");
  const auto& i = x_.invitation;
  if (i.lifetime_h != 0 && is_set_("invitation.give_up_h"))
    ordered({"invitation.give_up_h", i.give_up_h}, {"invitation.lifetime_h", i.lifetime_h},
            "an invitation expires before it could be given up");
  ordered({"invitation.inbound_per_user_burst", i.inbound_per_user_burst},
          {"invitation.inbound_burst", i.inbound_burst}, "a server could never use up its share for one user");
}

void finding::restarts() {
  const auto& s = x_.supervisor;
  constexpr std::uint32_t doublings_max = 10; // of the supervisor
  std::uint64_t pauses_ms = 0;
  for (std::uint32_t i = 0; i < s.restart_limit; ++i)
    pauses_ms += std::uint64_t{s.restart_delay_ms} << std::min(i, doublings_max);
  if (pauses_ms > std::uint64_t{s.restart_window_s} * 1'000)
    add("supervisor.restart_limit", {"supervisor.restart_delay_ms", "supervisor.restart_window_s"},
        "is never reached: the pauses before " + std::to_string(s.restart_limit) +
          " restarts, from supervisor.restart_delay_ms (" + std::to_string(s.restart_delay_ms) +
          " milliseconds) on, take " + std::to_string(pauses_ms) +
          " milliseconds together, longer than supervisor.restart_window_s (" + std::to_string(s.restart_window_s) +
          " seconds). Lower it or the delay, or raise the window.");
}

void finding::names() {
  const auto& f = x_.federation;
  const auto denied_by = [&f](std::string_view name) -> const std::string* {
    for (const auto& glob : f.deny_servers)
      if (matrix::glob_matches(glob, name)) return &glob;
    return nullptr;
  };
  const auto allowed = [&f](std::string_view name) {
    return f.allow_servers.empty() || std::any_of(f.allow_servers.begin(), f.allow_servers.end(),
                                                  [&](const auto& glob) { return matrix::glob_matches(glob, name); });
  };
  for (const auto& name : f.allow_servers)
    if (const auto* glob = denied_by(name)) // its own * and ? count as letters: what is denied covers all of it
      add("federation.allow_servers", {"federation.deny_servers"},
          "\"" + name + "\" is allowed here and denied by \"" + *glob +
            "\" in federation.deny_servers, which prevails. Take it out of one of them.");
  if (const auto* glob = x_.node.server_name.empty() ? nullptr : denied_by(x_.node.server_name))
    add("federation.deny_servers", {"node.server_name"},
        "\"" + *glob + "\" denies this server itself, node.server_name \"" + x_.node.server_name +
          "\". Write it so that it does not match.");
  if (const auto& service = x_.room.service_user; !service.empty())
    if (const auto problem = matrix::user_id_problem("@" + service + ":" + x_.node.server_name))
      add("room.service_user", {"node.server_name"},
          "\"" + service + "\" is no localpart of a user of node.server_name: " + *problem +
            ". No channel could be made. Write one, or leave it empty.");
  for (const auto& name : f.trusted_key_servers) {
    if (name == x_.node.server_name)
      add("federation.trusted_key_servers", {"node.server_name"},
          "\"" + name + "\" is this server itself: it cannot vouch for others' keys. Take it out.");
    else if (const auto* glob = denied_by(name))
      add("federation.trusted_key_servers", {"federation.deny_servers"},
          "\"" + name + "\" is denied by \"" + *glob +
            "\" in federation.deny_servers: it would never be asked. Take it out of one of them.");
    else if (!allowed(name))
      add("federation.trusted_key_servers", {"federation.allow_servers"},
          "\"" + name +
            "\" is not among federation.allow_servers: it would never be asked. Add it there, or take it out here.");
  }
}

void finding::delegation() {
  const auto& name = x_.node.server_name;
  if (x_.gateway.well_known_server.empty() || !matrix::is_server_name(name)) return;
  const auto bracket = name.rfind(']');
  const bool has_port = name.find(':', bracket == std::string::npos ? 0 : bracket) != std::string::npos;
  const bool is_literal = name.front() == '[' || name.find_first_not_of("0123456789.:") == std::string::npos;
  if (has_port || is_literal)
    add("gateway.well_known_server", {"node.server_name"},
        "is never asked for: node.server_name \"" + name + "\" has " + (has_port ? "a port" : "an IP address") +
          ", and others go there at once. Empty it, or name the server without " +
          (has_port ? "a port." : "an address."));
}

void finding::curve() {
  const auto& e = x_.edge;
  const auto is_tcp = [](const std::string& text) { return text.starts_with("tcp://"); };
  const auto any_tcp = [&](const std::vector<std::string>& list) {
    return std::any_of(list.begin(), list.end(), is_tcp);
  };
  struct door {
    std::string_view key;
    bool open;
    std::vector<std::string_view> roles;
  };
  const std::vector<door> doors = {{"edge.chat_endpoints", any_tcp(e.chat_endpoints), {"chat", "node"}},
                                   {"edge.gateway_endpoints", any_tcp(e.gateway_endpoints), {"gateway", "node"}},
                                   {"edge.admin_endpoint", is_tcp(e.admin_endpoint), {"admin", "inspector"}}};
  for (const auto& d : doors) {
    if (!d.open) continue; // over ipc:// no key counts, and none is missed
    const auto fits = [&d](const edge_peer& peer) {
      return std::find(d.roles.begin(), d.roles.end(), peer.role) != d.roles.end();
    };
    const bool admits = std::any_of(e.peers.begin(), e.peers.end(), fits);
    if (e.curve_secret_key_file.empty() && admits)
      add("edge.peers", {"edge.curve_secret_key_file", std::string{d.key}},
          "names keys of role " + std::string{d.roles.front()} + " that nobody checks: " + std::string{d.key} +
            " has a tcp:// endpoint, and without edge.curve_secret_key_file it has no CURVE. Make a key with `causeway "
            "curve-key FILE` and name it there, or take the "
            "peers out.");
    if (!e.curve_secret_key_file.empty() && !admits)
      add(d.key, {"edge.curve_secret_key_file", "edge.peers"},
          "has a tcp:// endpoint, which uses CURVE as edge.curve_secret_key_file is set, but edge.peers has nobody of "
          "role " +
            std::string{d.roles.front()} + ": nobody could connect. Add the peer's public key there, or use ipc://.");
  }
}

void finding::plain_http() {
  const auto& g = x_.gateway;
  if (!g.plain_http) return;
  for (const auto& [key, file] : {std::pair{"gateway.certificate_file", &g.certificate_file},
                                  std::pair{"gateway.private_key_file", &g.private_key_file}})
    if (!file->empty())
      add(
        key, {"gateway.plain_http"},
        "is not used with gateway.plain_http: the reverse proxy in front has to have it. Empty it, or set plain_http = "
        "false.");
}

void finding::addresses(purpose what_for) {
  const auto bound = bind_addresses(x_, what_for);
  for (std::size_t i = 0; i < bound.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (!overlap(bound[j], bound[i])) continue;
      const bool same_key = bound[i].key == bound[j].key;
      if (same_key && bound[i].text == bound[j].text) add(bound[i].key, {}, "\"" + bound[i].text + "\" is used twice.");
      else
        add(bound[i].key, same_key ? std::vector<std::string>{} : std::vector<std::string>{bound[j].key},
            "\"" + bound[i].text + "\" is taken by \"" + bound[j].text + "\"" +
              (same_key ? "" : " of " + bound[j].key) + " already: give each its own " +
              (bound[i].what == bind_address::kind::tcp ? "port." : "name."));
      break;
    }
}

void finding::files(purpose what_for) {
  struct use {
    std::string key, path;
    bool pem = false; ///< one file may hold several of these
  };
  std::vector<use> uses;
  const auto add_use = [&uses](std::string key, const std::string& path, bool pem = false) {
    if (!path.empty() && path != ":memory:")
      uses.push_back({std::move(key), std::filesystem::path{path}.lexically_normal().string(), pem});
  };
  if (what_for == purpose::node) {
    if (x_.store.is_file()) add_use("store.path", x_.store.path);
    add_use("node.signing_key_file", x_.node.signing_key_path());
    if (x_.media.backend == media_backend::folder) add_use("media.directory", x_.media_path());
    add_use("log.file", x_.log.file);
  }
  if (what_for == purpose::node) add_use("admin.web_token_file", x_.admin.web_token_file);
  add_use("edge.curve_secret_key_file", x_.edge.curve_secret_key_file);
  add_use("gateway.certificate_file", x_.gateway.certificate_file, true);
  add_use("gateway.private_key_file", x_.gateway.private_key_file, true);
  add_use("gateway.ca_file", x_.gateway.ca_file, true);
  for (const auto& bound : bind_addresses(x_, what_for))
    if (bound.what == bind_address::kind::file) add_use(bound.key, bound.path);
  for (std::size_t i = 0; i < uses.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (uses[i].path != uses[j].path || (uses[i].pem && uses[j].pem) || uses[i].key == uses[j].key) continue;
      if (uses[i].key.ends_with("endpoints") && uses[j].key.ends_with("endpoints")) continue; // told as an address
      if (uses[i].key == "edge.admin_endpoint" && uses[j].key.ends_with("endpoints")) continue;
      add(uses[i].key, {uses[j].key},
          "and " + uses[j].key + " are the same file, " + uses[i].path + ": each needs its own.");
      break;
    }
}

} // namespace

std::vector<problem> contradictions(const options& x, purpose what_for, const set_keys& is_set) {
  std::vector<problem> out;
  finding f{x, is_set, out};
  f.plain_http();
  f.addresses(what_for);
  f.files(what_for);
  if (what_for != purpose::node) return out;
  f.timeouts();
  f.pauses();
  f.credits();
  f.queues();
  f.media();
  f.rooms_and_invitations();
  f.restarts();
  f.names();
  f.delegation();
  f.curve();
  return out;
}

} // namespace causeway::config
