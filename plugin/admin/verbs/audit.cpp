#include "plugin/admin/verbs.hpp"

#include <array>
#include <utility>

namespace causeway::admin {

namespace {

void list_audit(desk& at, const job& work) {
  store::list_audit question{static_cast<std::int64_t>(work.with.since_ts), store::audit_kept_max};
  at.gather(work, {{{"audit", question}}, {}, false},
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::audit(f, j.with)); });
}

} // namespace

std::span<const verb> audit_verbs() {
  static constexpr std::array<verb, 1> all = {{
    {{"audit", false, "", "What operators have changed, by whom and why, the latest first."}, &list_audit},
  }};
  return all;
}

} // namespace causeway::admin
