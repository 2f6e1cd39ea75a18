#include "plugin/admin/health.hpp"
#include "plugin/admin/verbs.hpp"

#include <array>
#include <utility>

namespace causeway::admin {

namespace {

health_limits limits_of(const arguments& x) {
  constexpr std::int64_t second_ms = 1'000, day_ms = 86'400'000;
  return {x.backlog_age_s * second_ms, x.backlog_critical_s * second_ms, x.certificate_days * day_ms,
          x.certificate_critical_days * day_ms};
}

void check(desk& at, const job& work) {
  questions ask;
  ask.store = {{"destinations", store::list_destinations{}}};
  ask.status = {{actor_kind::session, ""}};
  ask.actors = true;
  at.gather(work, std::move(ask), [](desk& d, const job& j, const findings& f) {
    namespace json = matrix::json;
    health_facts facts;
    facts.now_ms = d.now_ms();
    facts.key_id = d.who().key_id;
    facts.alarms = d.node().list_alarms();
    facts.certificates = d.node().list_certificates();
    facts.actors = f.actors;
    if (const auto* listed = f.find<store::destinations_listed>("destinations"))
      facts.destinations = listed->destinations;
    if (f.status)
      if (auto told = json::parse(*f.status)) facts.session = std::move(*told);
    const auto checks = check_health(facts, limits_of(j.with));
    d.answer(j, json::object{{"state", json::value{worst_state(checks)}}, {"checks", json::value{to_json(checks)}}});
  });
}

} // namespace

std::span<const verb> check_verbs() {
  static constexpr std::array<verb, 1> all = {{
    {{"check", false, "", "For monitoring: whether all is well, part by part, and what to do where it is not."},
     &check},
  }};
  return all;
}

} // namespace causeway::admin
