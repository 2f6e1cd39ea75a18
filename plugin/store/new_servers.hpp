#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"

#include <span>

namespace causeway::store::sql {

/// Numbers the servers that `batches` are the first to name. In the order of their names and before anything else of
/// the transaction: nodes that meet the same servers at the same time wait here for each other, and never in a circle.
/// (A room is first named by its own node.) @throws error
void number_new_servers(names& known, std::span<const store_batch> batches);

} // namespace causeway::store::sql
