#include "plugin/store/switch_rows.hpp"

#include "plugin/store/columns.hpp"

namespace causeway::store::sql {
namespace {

constexpr std::int64_t the_row = 1;
constexpr schema_step steps_of_switches[] = {{10, R"(
CREATE TABLE federation_switches(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  switches TEXT NOT NULL,
  since_ts INTEGER NOT NULL);
)"}};

} // namespace

schema_steps switch_steps() { return steps_of_switches; }

switch_writes::switch_writes(connection& db)
    : put_(db, insert_or_update<switch_columns>("federation_switches", {"id"})) {}

void switch_writes::apply(const put_switches& x) { write_row<switch_columns>(put_, x, the_row); }

switch_reads::switch_reads(connection& db)
    : all_(db, "SELECT " + select_list<switch_columns>() + " FROM federation_switches") {}

put_switches switch_reads::all() {
  auto rows = all_.query();
  return rows.next() ? read_row<switch_columns>(rows) : put_switches{};
}

} // namespace causeway::store::sql
