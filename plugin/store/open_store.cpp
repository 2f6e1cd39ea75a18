#include "plugin/store/engine.hpp"

#include <utility>

namespace causeway::store {

result<std::unique_ptr<engine>> open_store(const config::store_options& options, const identity* wanted, seat place) {
  switch (options.engine) {
  case config::store_engine::sqlite: return open_sqlite(options, wanted);
  case config::store_engine::postgresql: return open_postgresql(options, wanted, std::move(place));
  }
  return fault{fault_code::internal, "no such engine"};
}

} // namespace causeway::store
