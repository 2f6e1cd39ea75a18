#include "plugin/admin/health.hpp"
#include "plugin/admin/verbs.hpp"

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

/// Parked actors that are counted.
constexpr std::size_t parked_told_max = 1'000;

health_limits limits_of(const arguments& x) {
  constexpr std::int64_t second_ms = 1'000, day_ms = 86'400'000;
  return {x.backlog_age_s * second_ms,    x.backlog_critical_s * second_ms,
          x.certificate_days * day_ms,    x.certificate_critical_days * day_ms,
          x.unacknowledged_s * second_ms, x.unacknowledged_critical_s * second_ms};
}

/// What is asked for every part, and looked at as `work` limits it.
using checked = void (*)(desk&, const job&, const std::vector<check_row>&);

void look(desk& at, const job& work, checked then) {
  questions ask;
  ask.store = {{"destinations", store::list_destinations{}}};
  ask.status = {{actor_kind::session, ""}};
  // Of a hundred thousand actors only those are told that the node as a whole is judged by.
  ask.ranked = actors_request{"failures", true, {}, parked_told_max, "parked"};
  at.gather(work, std::move(ask), [then](desk& d, const job& j, const query_results& f) {
    health_facts facts;
    facts.now_ms = d.now_ms();
    facts.key_id = d.who().key_id;
    facts.alarms = d.node().list_alarms();
    facts.certificates = d.node().list_certificates();
    if (f.ranked && *f.ranked) facts.actors = (*f.ranked)->rows;
    if (const auto* listed = f.find<store::destinations_listed>("destinations"))
      facts.destinations = listed->destinations;
    if (f.status)
      if (auto told = json::parse(*f.status)) facts.session = std::move(*told);
    then(d, j, check_health(facts, limits_of(j.with)));
  });
}

void check(desk& at, const job& work) {
  look(at, work, [](desk& d, const job& j, const std::vector<check_row>& checks) {
    d.answer(j, json::object{{"state", json::value{worst_state(checks)}}, {"checks", json::value{to_json(checks)}}});
  });
}

/// The alarms, and what `check` says: one of the two must not call well what the other warns of.
void show_status(desk& at, const job& work) {
  look(at, work, [](desk& d, const job& j, const std::vector<check_row>& checks) {
    auto body = views::status(d.node().list_alarms(), d.who().server_name, d.who().version, j.with);
    if (!body) return d.refuse(j, body.error());
    body->set("state", worst_state(checks));
    body->set("checks", json::value{to_json(checks)});
    d.answer(j, std::move(*body));
  });
}

} // namespace

std::span<const verb> check_verbs() {
  static constexpr std::array<verb, 2> all = {{
    {{"status", false, "", "What is wrong with the broker as a whole: its alarms, and what `check` says."},
     &show_status},
    {{"check", false, "", "For monitoring: whether all is well, part by part, and what to do where it is not."},
     &check},
  }};
  return all;
}

} // namespace causeway::admin
