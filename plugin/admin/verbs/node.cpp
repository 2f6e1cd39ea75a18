#include "plugin/admin/sorted_rows.hpp"
#include "plugin/admin/verbs.hpp"

#include <array>
#include <utility>

namespace causeway::admin {

namespace {

/// The first by a column: for who looks often, without asking for all that there are.
void rank_actors(desk& at, const job& work) {
  const auto order = sort_order::of(work.with.sort);
  if (!order) return at.refuse(work, order.error());
  questions ask{{}, {}, false};
  ask.ranked = actors_request{order->column, order->descending, work.with.filter, work.with.limit};
  at.gather(work, std::move(ask),
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::ranked_actors(f)); });
}

void list_actors(desk& at, const job& work) {
  if (!work.with.sort.empty()) return rank_actors(at, work);
  at.gather(work, {{}, {}, true},
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::actors(f, j.with)); });
}

void show_receipts(desk& at, const job& work) {
  at.gather(work, {{}, {{actor_kind::receipts, ""}}, false},
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::receipts(f)); });
}

void list_keys(desk& at, const job& work) {
  namespace json = matrix::json;
  if (!work.with.server.empty() && work.with.server != at.who().server_name) {
    constexpr std::size_t staged_looked_at = 100;
    questions ask;
    ask.store = {{"destination", store::load_destination{work.with.server, 1}},
                 {"staged", store::list_staged{work.with.server, staged_looked_at}}};
    ask.status = {{actor_kind::remote_server, work.with.server}};
    return at.gather(work, std::move(ask),
                     [](desk& d, const job& j, const query_results& f) { d.answer(j, views::server_keys(f, j.with)); });
  }
  key_row row;
  row.server_name = at.who().server_name;
  row.key_id = at.who().key_id;
  row.public_key = at.who().public_key_base64;
  row.ours = true;
  at.answer(work, json::object{{"keys", json::value{to_json(std::vector<key_row>{row})}}});
}

} // namespace

std::span<const verb> node_verbs() {
  static constexpr std::array<verb, 3> all = {{
    {{"actors", false, "", "Actors in memory, those in trouble first."}, &list_actors},
    {{"receipts", false, "", "What other servers have still to be told of what our users have read."}, &show_receipts},
    {{"keys", false, "", "Our verify key; with `server` the known keys of that server."}, &list_keys},
  }};
  return all;
}

} // namespace causeway::admin
