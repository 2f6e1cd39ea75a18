#include "plugin/admin/diagnosis.hpp"

#include "messages/matrix/signing.hpp"
#include "plugin/admin/explain.hpp"
#include "plugin/admin/key_waits.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

constexpr std::int64_t day_ms = 86'400'000, hour_ms = 3'600'000;
/// A certificate that expires within this time should have been renewed by now.
constexpr std::int64_t renewal_ms = 14 * day_ms;
/// Dates of HTTP have whole seconds, and the answer was under way.
constexpr std::int64_t skew_warning_ms = 30'000, skew_critical_ms = 5 * 60'000;
/// What is staged is mostly there for a moment: a room asks for what it lacks, and has it.
constexpr std::int64_t staged_for_long_ms = 10'000;

/// What its addresses tell together. Nothing: none tells keys that can be used.
std::optional<matrix::verify_keys> published_keys(const probe::report& of) {
  std::optional<matrix::verify_keys> all;
  for (const auto& x : of.connections) {
    const auto body = x.keys_status == 200 ? json::parse(x.keys_body) : result<json::value>{fault{}};
    const auto* document = body ? body->as_object() : nullptr;
    const auto keys = document ? matrix::check_server_keys(*document, of.server_name, of.started_ts)
                               : result<matrix::verify_keys>{fault{}};
    if (!keys) continue;
    if (!all) all.emplace();
    all->insert(keys->begin(), keys->end());
  }
  return all;
}

class diagnosis {
public:
  diagnosis(const probe::report& of, const own_key* ours, std::span<const store::put_inbox> staged)
      : of_(of), ours_(ours), staged_(staged) {}

  std::vector<finding_row> run() {
    delegation();
    names();
    for (const auto& x : of_.connections) connection(x);
    reachable();
    signatures();
    waiting();
    version();
    const auto rank = [](const finding_row& x) {
      return x.severity == "critical" ? 0 : x.severity == "warning" ? 1 : 2;
    };
    std::stable_sort(found_.begin(), found_.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return std::move(found_);
  }

private:
  void say(const char* severity, std::string what, std::string fix) {
    // Several addresses are often one machine: what is wrong with all of them is told once.
    if (said_.insert(what).second) found_.push_back({severity, std::move(what), std::move(fix)});
  }

  void delegation() {
    if (of_.why.code != fault_code::none)
      say("critical", "no way to " + of_.server_name + " was found: " + to_string(of_.why),
          std::string{info(of_.why.code).what_to_do});
    const auto& file = of_.delegation;
    if (!file.asked || file.problem.empty()) return;
    const auto url = "https://" + of_.server_name + "/.well-known/matrix/server";
    if (file.status == 200)
      say("critical", url + " is there and cannot be used: " + file.problem,
          "Answer {\"m.server\": \"HOST:PORT\"} there, or remove the file.");
    else if (file.status >= 500)
      say("warning", url + " fails: " + file.problem,
          "Mend that web server: others take this for \"no file\" and look for " + of_.server_name + ":8448.");
    else
      say("info", "there is no " + url + " (" + file.problem + ")",
          "Nothing, where SRV records or port 8448 of that name lead to the homeserver.");
  }

  void names() {
    for (const auto& x : of_.lookups) {
      if (!x.problem.empty())
        say("warning", "the SRV records of " + x.name + " cannot be looked up: " + x.problem,
            "Mend the name servers of the domain: some servers do not try port 8448 then.");
      if (x.name.starts_with("_matrix._tcp.") && !x.records.empty())
        say("info", x.name + " is the old name of the SRV record", "Add _matrix-fed._tcp; old servers ask for both.");
    }
    for (const auto& x : of_.hosts)
      if (!x.problem.empty())
        say(of_.connections.empty() ? "critical" : "warning", x.name + " has no address: " + x.problem,
            "Add an A or AAAA record for it, or correct what leads there.");
  }

  void connection(const probe::connection& x) {
    if (x.is_private)
      return say("warning", x.address + " is a private address",
                 "Remove it from the public DNS: other servers refuse to connect to it. Where it is meant, admit it in "
                 "gateway.allowed_networks.");
    if (!x.connected)
      return say("warning", x.address + " cannot be reached: " + x.problem,
                 "Open the port in the firewall, see that the server listens on it, or remove the address from DNS.");
    if (!x.encrypted && x.problem.find("timeout") != std::string::npos)
      return say("warning", x.address + " accepts the connection and says nothing: " + x.problem,
                 "See whether that server hangs, or a firewall keeps what it says.");
    if (!x.encrypted)
      return say("warning", x.address + " does not speak TLS: " + x.problem,
                 "Put HTTPS there (gateway.certificate_file, or the reverse proxy).");
    certificate(x);
    if (x.keys_status == 200) return keys(x);
    say("critical",
        x.address + " does not tell its keys: " +
          (x.keys_status != 0 ? "HTTP status " + std::to_string(x.keys_status) : x.problem),
        "See that the proxy hands /_matrix/ on to the homeserver, and that it runs.");
  }

  void certificate(const probe::connection& x) {
    const auto* own = x.certificates.empty() ? nullptr : &x.certificates.front();
    const auto now = of_.started_ts;
    if (own && own->not_after_ts <= now)
      say("critical",
          "the certificate of " + x.address + " expired " + human_duration(now - own->not_after_ts) + " ago",
          "Renew it, and see that the web server reads the new one.");
    else if (own && own->not_after_ts - now < renewal_ms)
      say("warning", "the certificate of " + x.address + " expires in " + human_duration(own->not_after_ts - now),
          "See why it is not renewed by itself.");
    else if (!x.is_trusted)
      say("critical", "the certificate of " + x.address + " is not trusted: " + x.trust_problem,
          "Get one of a public authority, and send the intermediate certificates along (the full chain).");
    if (!x.names_match) {
      std::string names;
      for (const auto& name : own ? own->names : std::vector<std::string>{})
        if (names.size() < 200) names += (names.empty() ? "" : ", ") + name;
      say(
        "critical",
        "the certificate of " + x.address + " is for " + (names.empty() ? "no name" : names) + ", not for " +
          of_.tls_name,
        "Get one for that name. A redirection or SRV record does not change which name is asked for; a well-known file "
        "does.");
    }
  }

  void keys(const probe::connection& x) {
    const auto body = json::parse(x.keys_body);
    const auto* document = body ? body->as_object() : nullptr;
    if (!document)
      return say("critical", x.address + " answers GET /_matrix/key/v2/server with something else than JSON",
                 "See that the proxy hands /_matrix/key on to the homeserver.");
    const auto checked = matrix::check_server_keys(*document, of_.server_name, of_.started_ts);
    if (!checked)
      say("critical", "the keys of " + x.address + " cannot be used: " + to_string(checked.error()),
          "See that this address leads to the homeserver of that name.");
    const auto* until = body->find_integer("valid_until_ts");
    if (until && *until <= of_.started_ts)
      say("critical", "the keys of " + x.address + " are no longer valid",
          "Set its clock right, or restart the homeserver.");
    else if (until && *until - of_.started_ts < hour_ms)
      say("warning", "the keys of " + x.address + " are valid for " + human_duration(*until - of_.started_ts) + " only",
          "Set its clock right.");
    if (ours_ && checked) {
      const auto mine = checked->find(ours_->key_id);
      if (mine == checked->end() || mine->second.public_key_base64 != ours_->public_key_base64)
        say("critical", x.address + " tells another key than ours: our name leads to another homeserver",
            "Correct DNS, the well-known file or the proxy, so that " + of_.server_name + " leads here.");
    }
    if (x.date_ts == 0) return;
    const auto skew = x.date_ts - x.answered_ts;
    if (std::abs(skew) < skew_warning_ms) return;
    say(std::abs(skew) < skew_critical_ms ? "warning" : "critical",
        "the clocks of " + x.address + " and of this machine differ by " + human_duration(std::abs(skew)) +
          (skew > 0 ? " (theirs is ahead)" : " (ours is ahead)"),
        "Set both by a time server: `timedatectl` says how this machine's is set.");
  }

  void reachable() {
    if (of_.connections.empty()) return;
    const bool any =
      std::any_of(of_.connections.begin(), of_.connections.end(), [](const auto& x) { return x.keys_status == 200; });
    if (!any) say("critical", "none of its addresses leads to a homeserver", "See the findings about each of them.");
  }

  /// What came from it and waits here for a key.
  void signatures() {
    const auto published = published_keys(of_);
    if (!published) return;
    for (const auto& x : unusable_keys(staged_, of_.server_name, *published)) {
      const auto what =
        std::to_string(x.events) +
        (x.events == 1 ? " event that waits here is signed with " : " events that wait here are signed with ") +
        x.key_id;
      if (x.retired_ts == 0)
        say("warning", what + ", which " + of_.server_name + " does not publish",
            "Ask its operator to publish that key: under verify_keys while it signs with it, under old_verify_keys "
            "afterwards. What waits is looked at again when the key is known, and given up after a day.");
      else
        say("warning", what + ", which " + of_.server_name + " had retired by then (expired_ts)",
            "Ask its operator for the expired_ts of that key: it has to be later than what was signed with it.");
    }
  }

  /// What came from it and waits here for something else than a key: mostly for events that it cites and tells nobody.
  void waiting() {
    const auto published = published_keys(of_);
    std::set<std::string_view> seen;
    std::int64_t oldest_ts = of_.started_ts;
    for (const auto& x : staged_) {
      if (x.origin != of_.server_name || of_.started_ts - x.received_ts < staged_for_long_ms) continue;
      if (published && !unusable_keys({&x, 1}, of_.server_name, *published).empty()) continue;
      seen.insert(x.event_id);
      oldest_ts = std::min(oldest_ts, x.received_ts);
    }
    if (seen.empty()) return;
    say(
      "warning",
      std::to_string(seen.size()) +
        (seen.size() == 1 ? " event that came from it waits" : " events that came from it wait") +
        " here, the oldest for " + human_duration(of_.started_ts - oldest_ts),
      "`causeway server show " + of_.server_name +
        "` tells for what; `causeway why` with the id of one of them, who was asked for that and what they answered.");
  }

  void version() {
    for (const auto& x : of_.connections)
      if (x.keys_status == 200 && x.version_status != 200)
        say("info", x.address + " does not tell its version", "Nothing: some servers hide it.");
  }

  const probe::report& of_;
  const own_key* ours_;
  const std::span<const store::put_inbox> staged_;
  std::vector<finding_row> found_;
  std::set<std::string> said_;
};

bool keys_hold(const probe::report& of, const probe::connection& x) {
  const auto body = json::parse(x.keys_body);
  const auto* until = body ? body->find_integer("valid_until_ts") : nullptr;
  return x.keys_status == 200 && until && *until > of.started_ts && body->as_object() &&
         matrix::check_server_keys(*body->as_object(), of.server_name, of.started_ts);
}

bool is_whole(const probe::report& of, const probe::connection& x) {
  return x.is_trusted && x.names_match && keys_hold(of, x);
}

json::value message(const std::string& text) {
  return text.empty() ? json::value{nullptr} : json::value{json::object{{"Message", detail::to_value(text)}}};
}

/// Whatever came, as JSON; null where it is none.
json::value parsed(const std::string& text) {
  auto body = json::parse(text);
  return body ? std::move(*body) : json::value{nullptr};
}

json::object connection_report(const probe::report& of, const probe::connection& x) {
  json::array certificates, errors;
  for (const auto& one : x.certificates) {
    json::array names;
    for (const auto& name : one.names) names.push_back(detail::to_value(name));
    certificates.emplace_back(json::object{{"SubjectCommonName", detail::to_value(one.subject)},
                                           {"IssuerCommonName", detail::to_value(one.issuer)},
                                           {"SHA256Fingerprint", detail::to_value(one.sha256)},
                                           {"NotBefore", json::value{one.not_before_ts}},
                                           {"NotAfter", json::value{one.not_after_ts}},
                                           {"DNSNames", json::value{std::move(names)}}});
  }
  auto keys = parsed(x.keys_body);
  const auto* name = keys.find_string("server_name");
  const auto* until = keys.find_integer("valid_until_ts");
  const auto* listed = keys.find_object("verify_keys");
  const auto checked = keys.as_object() ? matrix::check_server_keys(*keys.as_object(), of.server_name, of.started_ts)
                                        : result<matrix::verify_keys>{fault{fault_code::not_json, {}}};
  json::object each, public_keys;
  bool has_ed25519 = false, all_signed = true;
  if (listed)
    for (const auto& [id, entry] : *listed) {
      if (!id.starts_with("ed25519:")) continue;
      has_ed25519 = true;
      const bool is_signed = checked && checked->contains(id);
      all_signed = all_signed && is_signed;
      each.set(id,
               json::object{{"ValidEd25519", json::value{is_signed}}, {"MatchingSignature", json::value{is_signed}}});
      if (const auto* text = entry.find_string("key")) public_keys.set(id, detail::to_value(*text));
    }
  if (!x.problem.empty()) errors.push_back(message(x.problem));
  if (x.encrypted && !x.is_trusted) errors.push_back(message(x.trust_problem));
  json::object checks{{"AllChecksOK", json::value{is_whole(of, x)}},
                      {"MatchingServerName", json::value{name && *name == of.server_name}},
                      {"FutureValidUntilTS", json::value{until && *until > of.started_ts}},
                      {"HasEd25519Key", json::value{has_ed25519}},
                      {"AllEd25519ChecksOK", json::value{has_ed25519 && all_signed}},
                      {"Ed25519Checks", json::value{std::move(each)}},
                      {"ValidCertificates", json::value{x.is_trusted && x.names_match}}};
  return json::object{{"Certificates", json::value{std::move(certificates)}},
                      {"Cipher", json::value{json::object{{"Version", detail::to_value(x.tls_version)},
                                                          {"CipherSuite", detail::to_value(x.cipher)}}}},
                      {"Checks", json::value{std::move(checks)}},
                      {"Errors", json::value{std::move(errors)}},
                      {"Ed25519VerifyKeys", json::value{std::move(public_keys)}},
                      {"Info", json::value{json::object{}}},
                      {"Keys", std::move(keys)}};
}

json::object dns_result(const probe::report& x) {
  json::array records, addresses;
  std::string problem;
  for (const auto& lookup : x.lookups) {
    if (problem.empty()) problem = lookup.problem;
    for (const auto& one : lookup.records)
      records.emplace_back(json::object{{"Target", detail::to_value(one.target)},
                                        {"Port", json::value{int{one.port}}},
                                        {"Priority", json::value{int{one.priority}}},
                                        {"Weight", json::value{int{one.weight}}}});
  }
  json::object hosts;
  for (const auto& host : x.hosts) {
    json::array all;
    for (const auto& address : host.addresses) all.push_back(detail::to_value(address));
    hosts.set(host.name, json::object{{"CName", json::value{""}},
                                      {"Addrs", json::value{std::move(all)}},
                                      {"Error", message(host.problem)}});
  }
  for (const auto& one : x.connections) addresses.push_back(detail::to_value(one.address));
  return json::object{{"SRVSkipped", json::value{x.lookups.empty()}},  {"SRVCName", json::value{""}},
                      {"SRVRecords", json::value{std::move(records)}}, {"SRVError", message(problem)},
                      {"Hosts", json::value{std::move(hosts)}},        {"Addrs", json::value{std::move(addresses)}}};
}

json::object version_of(const probe::report& x) {
  for (const auto& one : x.connections) {
    const auto body = parsed(one.version_body);
    const auto* server = one.version_status == 200 ? body.find_object("server") : nullptr;
    if (!server) continue;
    const json::value whole{*server};
    const auto *name = whole.find_string("name"), *version = whole.find_string("version");
    return json::object{{"name", detail::to_value(name ? *name : "")},
                        {"version", detail::to_value(version ? *version : "")}};
  }
  return json::object{{"error", json::value{"no address has told a version"}}};
}

} // namespace

std::vector<finding_row> diagnose(const probe::report& x, const own_key* ours,
                                  std::span<const store::put_inbox> staged) {
  return diagnosis{x, ours, staged}.run();
}

bool can_federate(const probe::report& x, const std::vector<finding_row>& findings) {
  const bool any =
    std::any_of(x.connections.begin(), x.connections.end(), [&](const auto& one) { return is_whole(x, one); });
  return any && std::none_of(findings.begin(), findings.end(), [](const auto& f) { return f.severity == "critical"; });
}

json::object tester_report(const probe::report& x, const std::vector<finding_row>& findings) {
  json::object reports, errors;
  for (const auto& one : x.connections) {
    if (one.encrypted) reports.set(one.address, connection_report(x, one));
    else errors.set(one.address, message(one.problem.empty() ? "it did not answer in time" : one.problem));
  }
  json::object file;
  if (!x.delegation.delegated.empty()) file.set("m.server", detail::to_value(x.delegation.delegated));
  if (!x.delegation.problem.empty()) file.set("result", detail::to_value(x.delegation.problem));
  return json::object{{"ServerName", detail::to_value(x.server_name)},
                      {"WellKnownResult", json::value{std::move(file)}},
                      {"DNSResult", json::value{dns_result(x)}},
                      {"ConnectionReports", json::value{std::move(reports)}},
                      {"ConnectionErrors", json::value{std::move(errors)}},
                      {"Version", json::value{version_of(x)}},
                      {"FederationOK", json::value{can_federate(x, findings)}}};
}

std::vector<phase_row> phases_of(const probe::report& x, std::span<const store::put_inbox> staged) {
  std::vector<phase_row> rows;
  // A certificate that does not hold ends no handshake of the probe, which looks further; it ends that of all others.
  const auto holds = [&](const probe::phase& step) {
    const auto at = std::find_if(x.connections.begin(), x.connections.end(),
                                 [&](const probe::connection& c) { return c.address == step.what; });
    return step.name != "TLS" || at == x.connections.end() || !at->encrypted || (at->is_trusted && at->names_match);
  };
  for (const auto& one : x.phases)
    rows.push_back({one.name, one.what, one.succeeded && holds(one) ? "ok" : "failed", one.detail, one.ms});
  for (const auto& one : x.connections) {
    if (one.keys_status != 200) continue;
    const auto body = json::parse(one.keys_body);
    const auto checked = body && body->as_object()
                           ? matrix::check_server_keys(*body->as_object(), x.server_name, x.started_ts)
                           : result<matrix::verify_keys>{fault{fault_code::not_json, "the keys are no JSON"}};
    std::string detail;
    if (!checked) detail = to_string(checked.error());
    else
      for (const auto& [id, key] : *checked) detail += key.is_old ? "" : (detail.empty() ? "" : ", ") + id;
    bool holds_now = bool{checked};
    if (const auto* until = body ? body->find_integer("valid_until_ts") : nullptr;
        checked && until && *until <= x.started_ts) {
      holds_now = false;
      detail += ", valid until " + human_duration(x.started_ts - *until) + " ago";
    }
    if (checked)
      for (const auto& wanted : unusable_keys(staged, x.server_name, *checked)) {
        holds_now = false;
        detail += (wanted.retired_ts == 0 ? "; not published: " : "; retired too early: ") + wanted.key_id;
      }
    rows.push_back({"signature", one.address, holds_now ? "ok" : "failed", detail, 0});
  }
  return rows;
}

} // namespace causeway::admin
