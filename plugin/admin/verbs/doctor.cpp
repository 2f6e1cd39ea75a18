#include "messages/matrix/identifiers.hpp"
#include "plugin/admin/diagnosis.hpp"
#include "plugin/admin/verbs.hpp"

#include <array>
#include <span>
#include <utility>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

/// Of a probe, and a while for those before it.
constexpr std::int64_t probe_timeout_ms = 25'000;

/// Staged events that name the server: the keys they are signed with are looked for.
constexpr std::size_t staged_looked_at = 500;

void look_from_outside(desk& at, const job& work, std::string server, desk::compose then) {
  if (!matrix::is_server_name(server))
    return at.refuse(work, {fault_code::invalid_identifier, "\"" + server + "\" is no server name"});
  questions ask;
  if (server != at.who().server_name)
    ask.store = {{"staged", store::list_staged{{}, staged_looked_at, "\"" + server + "\""}}};
  ask.probed = std::move(server);
  ask.timeout_ms = probe_timeout_ms;
  at.gather(work, std::move(ask), std::move(then));
}

json::array rows_of_certificates(const probe::report& x) {
  json::array out;
  for (const auto& one : x.connections)
    for (const auto& each : one.certificates) {
      json::array names;
      for (const auto& name : each.names) names.push_back(detail::to_value(name));
      out.emplace_back(json::object{{"address", detail::to_value(one.address)},
                                    {"subject", detail::to_value(each.subject)},
                                    {"issuer", detail::to_value(each.issuer)},
                                    {"names", json::value{std::move(names)}},
                                    {"not_before_ts", json::value{each.not_before_ts}},
                                    {"not_after_ts", json::value{each.not_after_ts}},
                                    {"sha256", detail::to_value(each.sha256)}});
    }
  return out;
}

std::span<const store::put_inbox> staged_in(const query_results& found) {
  const auto* listed = found.find<store::staged_listed>("staged");
  return listed ? std::span<const store::put_inbox>{listed->staged} : std::span<const store::put_inbox>{};
}

std::vector<finding_row> findings_about(const desk& d, const query_results& f) {
  const own_key ours{d.who().key_id, d.who().public_key_base64};
  return diagnose(*f.probed, f.probed->server_name == d.who().server_name ? &ours : nullptr, staged_in(f));
}

void examine(desk& at, const job& work) {
  auto server = work.with.server.empty() ? at.who().server_name : work.with.server;
  look_from_outside(at, work, std::move(server), [](desk& d, const job& j, const query_results& f) {
    if (!f.probed) return d.refuse(j, {fault_code::timed_out, "the look from outside took too long"});
    const auto found = findings_about(d, f);
    auto body = tester_report(*f.probed, found);
    body.set("findings", json::value{to_json(found)});
    body.set("elapsed_ms", json::value{f.probed->elapsed_ms});
    d.answer(j, std::move(body));
  });
}

void probe_server(desk& at, const job& work) {
  auto server = work.with.server;
  look_from_outside(at, work, std::move(server), [](desk& d, const job& j, const query_results& f) {
    if (!f.probed) return d.refuse(j, {fault_code::timed_out, "the look from outside took too long"});
    const auto& x = *f.probed;
    const auto found = findings_about(d, f);
    d.answer(j, json::object{{"server_name", detail::to_value(x.server_name)},
                             {"phases", json::value{to_json(phases_of(x, staged_in(f)))}},
                             {"certificates", json::value{rows_of_certificates(x)}},
                             {"findings", json::value{to_json(found)}},
                             {"reachable", json::value{can_federate(x, found)}},
                             {"elapsed_ms", json::value{x.elapsed_ms}}});
  });
}

} // namespace

std::span<const verb> doctor_verbs() {
  static constexpr std::array<verb, 2> all = {{
    {{"doctor", false, "", "How others see us, or how another server is seen, and what to do about it."}, &examine},
    {{"server.probe", false, "server", "Looks at a server now, step by step, with the time of each."}, &probe_server},
  }};
  return all;
}

} // namespace causeway::admin
