#include "plugin/database.hpp"

namespace causeway::store::sql {

fault to_fault(const error& x) {
  switch (x.kind) {
  case failure::machine: return {fault_code::store_failed, x.what()};
  case failure::damage: return {fault_code::store_damaged, x.what()};
  case failure::owner: return {fault_code::stale_owner, x.what()};
  case failure::statement: break;
  }
  return {fault_code::internal, x.what()};
}

std::int64_t connection::integer(std::string_view sql) {
  statement once{*this, sql};
  auto rows = once.query();
  return rows.next() ? rows.integer(0) : 0;
}

} // namespace causeway::store::sql
