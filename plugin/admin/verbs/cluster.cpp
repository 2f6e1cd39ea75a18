#include "plugin/admin/verbs.hpp"

#include <array>
#include <utility>

namespace causeway::admin {

namespace {

void list_cluster_nodes(desk& at, const job& work) {
  at.gather(work, {{{"nodes", store::list_nodes{}}}, {}, false},
            [](desk& d, const job& j, const findings& f) { d.answer(j, views::nodes(f, j.with)); });
}

} // namespace

std::span<const verb> cluster_verbs() {
  static constexpr std::array<verb, 1> all = {{
    {{"nodes", false, "", "Nodes that share the store, and which of them serves; none with SQLite."},
     &list_cluster_nodes},
  }};
  return all;
}

} // namespace causeway::admin
