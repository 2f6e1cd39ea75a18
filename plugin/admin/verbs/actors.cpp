#include "plugin/admin/verbs.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

std::optional<actor_kind> kind_of(std::string_view word) {
  for (int i = 0; i <= static_cast<int>(actor_kind::node); ++i)
    if (name(static_cast<actor_kind>(i)) == word) return static_cast<actor_kind>(i);
  return {};
}

/// Calls `then` with the row of the actor, or refuses: a name nobody uses must not make one.
template <class Then>
void with_actor(desk& at, const job& work, Then then) {
  const auto kind = kind_of(work.with.kind);
  if (!kind) return at.refuse(work, {fault_code::invalid_param, "kind: there are no actors called " + work.with.kind});
  questions ask{{}, {}, false};
  ask.actor = address{*kind, work.with.key};
  at.gather(work, std::move(ask), [then](desk& d, const job& j, const query_results& f) {
    if (!f.actors) return d.refuse(j, {fault_code::timed_out, "the supervisors did not answer in time"});
    const auto row = std::find_if(f.actors->begin(), f.actors->end(),
                                  [&](const actor_row& a) { return a.kind == j.with.kind && a.key == j.with.key; });
    if (row == f.actors->end())
      return d.refuse(j, {fault_code::not_found, "the actor " + j.with.kind + " " + j.with.key + " is not in memory"});
    then(d, j, *row);
  });
}

void answer_actor(desk& at, const job& work, const actor_row& row, json::value says) {
  at.answer(work, json::object{{"actor", json::value{to_json(row)}}, {"says", std::move(says)}});
}

/// It does not answer; what is known of it is told.
void answer_parked(desk& at, const job& work, const actor_row& row) {
  json::array waits;
  for (const auto& sentence : about_parked(row, at.who().supervision, at.now_ms()))
    waits.push_back(detail::to_value(sentence));
  at.answer(work, json::object{{"actor", json::value{to_json(row)}},
                               {"says", nullptr},
                               {"waits_for", json::value{std::move(waits)}}});
}

void show_actor(desk& at, const job& work) {
  with_actor(at, work, [](desk& d, const job& j, const actor_row& row) {
    if (is_parked(row)) return answer_parked(d, j, row);
    if (row.phase != "running") return answer_actor(d, j, row, nullptr);
    questions ask;
    ask.status = {{*kind_of(j.with.kind), j.with.key}};
    d.gather(j, std::move(ask), [row](desk& again, const job& same, const query_results& f) {
      auto says = f.status ? json::parse(*f.status) : result<json::value>{fault{}};
      answer_actor(again, same, row, says ? std::move(*says) : json::value{nullptr});
    });
  });
}

void trace_actor(desk& at, const job& work) {
  with_actor(at, work, [](desk& d, const job& j, const actor_row&) {
    services::trace_request wanted{{*kind_of(j.with.kind), j.with.key}, j.with.count, j.with.seconds, j.with.every};
    d.node().trace_actor(std::move(wanted), [self = d.weak_from_this(), j](result<std::vector<traced_row>> seen) {
      const auto alive = self.lock();
      if (!alive) return;
      if (!seen) return alive->refuse(j, seen.error());
      alive->answer(j, json::object{{"messages", json::value{to_json(*seen)}},
                                    {"total", json::value{static_cast<std::int64_t>(seen->size())}}});
    });
  });
}

} // namespace

std::span<const verb> actor_verbs() {
  static constexpr std::array<verb, 2> all = {{
    {{"actor.show", false, "kind", "One actor: its row, and what it says of itself."}, &show_actor},
    {{"actor.trace", false, "kind",
      "What an actor handles from now on, one message of `every`, "
      "until it was `count` of them or `seconds` have passed; "
      "it is answered then."},
     &trace_actor},
  }};
  return all;
}

} // namespace causeway::admin
